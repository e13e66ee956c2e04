// Pictures of asking, being invited, speaking and moderating, on two phones, by day and by night.
import { readFileSync } from "node:fs";
import { known, launch, open, shot, until } from "./chromium.mjs";

const [address] = process.argv.slice(2);
const loopback = readFileSync(new URL("loopback.js", import.meta.url), "utf8");
const tell = (what) => fetch(`${address}/test/${what}`, { method: "POST" });
const browser = await launch();
const sizes = [[390, 844], [320, 640]];

async function enter(colorScheme, [width, height]) {
  const { context, page } = await open(browser, { colorScheme, viewport: { width, height } });
  await page.addInitScript(loopback);
  await known(page, "Ada");
  await page.goto(address);
  await page.getByRole("list", { name: "Live rooms" }).getByRole("link").first().tap();
  await until("sound", () => page.evaluate(() => window.rostrum.stats?.rms > 0.005));
  return { context, page };
}

await tell("ask");
for (const colorScheme of ["light", "dark"]) {
  for (const size of sizes) {
    const name = (what) => `raised-${colorScheme}-${size[0]}-${what}`;
    const { context, page } = await enter(colorScheme, size);
    await shot(page, name("1-listener"));
    await page.getByRole("button", { name: "Raise hand" }).tap();
    await page.getByLabel("What would you like to say?").fill("I have a story about fog.");
    await page.waitForTimeout(350);
    await shot(page, name("2-note"));
    await page.getByRole("dialog").getByRole("button", { name: "Raise hand" }).tap();
    await page.getByText("You are 7th").waitFor();
    await shot(page, name("3-hand-up"));
    await tell("invite");
    await page.getByRole("alertdialog").waitFor();
    await page.waitForTimeout(350);
    await shot(page, name("4-invited"));
    await page.getByRole("button", { name: "Accept and speak" }).tap();
    await page.getByRole("button", { name: "Leave the stage" }).waitFor();
    await page.waitForTimeout(900);
    await shot(page, name("5-speaker"));
    await tell("hold-me");
    await page.getByRole("button", { name: "Muted by a moderator" }).waitFor();
    await page.waitForTimeout(300);
    await shot(page, name("6-held"));
    await tell("audience-me");
    await page.getByRole("button", { name: "Raise hand" }).waitFor();
    await page.waitForTimeout(300);
    await shot(page, name("7-moved"));
    await context.close();
  }
}
await tell("hands-closed");
const { context, page } = await enter("light", sizes[1]);
await page.getByText("Hands are closed").waitFor();
await shot(page, "raised-light-320-8-closed");
await context.close();

await tell("hands-open");
await tell("moderator");
for (const colorScheme of ["light", "dark"]) {
  for (const size of sizes) {
    const name = (what) => `raised-${colorScheme}-${size[0]}-${what}`;
    const { context, page } = await enter(colorScheme, size);
    await page.getByRole("button", { name: "Moderate: 3" }).waitFor();
    await shot(page, name("a-room"));
    await page.getByRole("button", { name: "Take the microphone" }).tap();
    await page.getByRole("button", { name: "Leave the stage" }).waitFor();
    await page.waitForTimeout(900);
    await shot(page, name("b-stage"));
    await page.getByRole("button", { name: "Moderate: 3" }).tap();
    await page.waitForTimeout(400);
    await shot(page, name("c-panel"));
    const panel = page.getByRole("dialog", { name: "Moderate" });
    await panel.getByRole("button", { name: "More for Felix Okafor" }).tap();
    await panel.getByRole("region", { name: "On stage" }).scrollIntoViewIfNeeded();
    await panel.getByText("Who may raise a hand").scrollIntoViewIfNeeded();
    await shot(page, name("d-panel-seats"));
    await panel.getByRole("button", { name: "Remove from room: Felix Okafor" }).tap();
    await page.waitForTimeout(350);
    await shot(page, name("e-remove"));
    await page.getByRole("button", { name: "Not now" }).tap();
    await page.evaluate(() => document.querySelector(".panel").scrollTo(0, 1e6));
    await shot(page, name("f-panel-end"));
    await page.getByRole("button", { name: "Close" }).tap();
    await page.getByRole("button", { name: "Leave the stage" }).tap();
    await page.waitForTimeout(300);
    await context.close();
  }
}
await browser.close();
