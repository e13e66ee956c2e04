// Pictures of every page on a phone, for people to look at: node test/browser/shots.mjs ADDRESS, with ROSTRUM_SHOTS a folder.
import { readFileSync } from "node:fs";
import { launch, open, shot, until } from "./chromium.mjs";

const [address] = process.argv.slice(2);
const loopback = readFileSync(new URL("loopback.js", import.meta.url), "utf8");
const browser = await launch();

for (const colorScheme of ["light", "dark"]) {
  const { context, page, problems } = await open(browser, { colorScheme });
  await page.addInitScript(loopback);
  await page.goto(address);
  const list = page.getByRole("list", { name: "Live rooms" });
  await list.getByRole("link").first().waitFor();
  await shot(page, `${colorScheme}-1-rooms`);
  await list.getByRole("link").first().tap();
  await until("sound", () => page.evaluate(() => (window.rostrum.stats?.played_seconds ?? 0) > 1.5));
  await until("a ring", () => page.evaluate(() =>
    Math.max(...[...document.querySelectorAll(".portrait")].map((p) => Number(p.style.getPropertyValue("--slow")))) > 0.65));
  await shot(page, `${colorScheme}-2-room`);
  await page.getByRole("button", { name: "Take the microphone" }).tap();
  await page.getByLabel("Your name").fill("Ada Quist");
  await page.waitForTimeout(400);
  await shot(page, `${colorScheme}-3-name`);
  await page.getByRole("button", { name: "That's me" }).tap();
  await page.getByRole("button", { name: "Leave the stage" }).waitFor();
  await page.waitForTimeout(1200);
  await shot(page, `${colorScheme}-4-stage`);
  await page.getByRole("button", { name: "Mute" }).tap();
  await page.waitForTimeout(700);
  await shot(page, `${colorScheme}-5-muted`);
  await page.getByRole("link", { name: "All rooms" }).tap();
  await page.getByRole("link", { name: "Start a room" }).tap();
  await page.waitForTimeout(300);
  await shot(page, `${colorScheme}-6-new`);
  if (problems.length > 0) console.log(problems);
  await context.close();
}

for (const [width, colorScheme] of [[320, "light"], [1280, "dark"]]) {
  const { context, page } = await open(browser, { viewport: { width, height: width === 320 ? 640 : 900 }, colorScheme });
  await page.goto(address);
  const links = page.getByRole("list", { name: "Live rooms" }).getByRole("link");
  await links.first().waitFor();
  await shot(page, `${width}-rooms`);
  await page.evaluate(() => scrollTo(0, 1e6));
  await shot(page, `${width}-rooms-end`);
  for (const i of [1, 2]) {
    await page.goto(address);
    await links.nth(i).waitFor();
    const href = await links.nth(i).getAttribute("href");
    await page.goto("about:blank");
    await page.goto(address + "/" + href);
    await page.getByRole("button", { name: "Listen" }).waitFor();
    await shot(page, `${width}-room-${i}`);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) console.log(`room ${i} is ${over} px too wide at ${width}`);
  }
  await context.close();
}
await browser.close();
