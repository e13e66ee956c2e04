// demo.mjs URL: a newcomer alone at a desk raises a hand in the demo room, is invited by its bot, speaks and
// leaves.
import { launch, phone, until } from "./chromium.mjs";

const [url] = process.argv.slice(2);
const browser = await launch();
const button = (page, name) => page.getByRole("button", { name, exact: true });
try {
  const { page, faults } = await phone(browser, url);
  await page.getByRole("link", { name: /lighthouse/i }).first().click();
  await page.waitForFunction(() => window.rostrum.stats?.played_seconds > 0.5);
  await button(page, "Raise hand").click();
  await page.getByLabel("Your name").fill("Newcomer");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Raise hand" }).click();
  const begun = Date.now();
  await button(page, "Accept and speak").waitFor();
  const invited = Date.now() - begun;
  await until("somebody talks", () => page.evaluate(() => document.querySelector(".seat.speaking") !== null));
  await button(page, "Accept and speak").click();
  await button(page, "Leave the stage").waitFor();
  const up = await until("the step to the stage", () => page.evaluate(() => window.rostrum.crossings[0]));
  await until("the bots live", () => page.evaluate(() => window.others.findLast((p) => p.rms > 0.01)?.at > Date.now() - 200));
  await until("one's own ring", () => page.evaluate(() => document.querySelector(".seat.mine.speaking") !== null));

  await button(page, "Leave the stage").click();
  await button(page, "Raise hand").waitFor();
  const down = await until("the step back", () => page.evaluate(() => window.rostrum.crossings[1]));
  await until("sound in the audience", () => page.evaluate(() => window.rostrum.stats.rms > 0.005));
  console.log(JSON.stringify({ invited, up, down, faults }));
} finally {
  await browser.close();
}
