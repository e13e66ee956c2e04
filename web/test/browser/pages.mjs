// Every page at several widths, by day and by night: readable, reachable by keyboard, nothing wider than the screen.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { known, launch, open } from "./chromium.mjs";

const [address] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await launch();

async function check(page, where) {
  await page.waitForTimeout(350); // a sheet slides in
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `${where}: ${over} px too wide`);
  const { violations } = await page.evaluate(() => window.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"] }));
  const told = violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.any[0]?.message ?? ""}`).join("; ")}`);
  assert.deepEqual(told, [], where);
}

/** Somebody who has been here before enters the first room. */
async function enter(colorScheme, width) {
  const opened = await open(browser, {
    colorScheme, viewport: { width, height: 700 }, bypassCSP: true, hasTouch: false, isMobile: false,
  });
  await opened.page.addInitScript(axe);
  await known(opened.page, "Ada");
  await opened.page.goto(address);
  await opened.page.getByRole("link", { name: "on stage" }).first().click();
  return opened;
}

for (const colorScheme of ["light", "dark"]) {
  for (const width of colorScheme === "light" ? [320, 1024] : [390]) {
    const { context, page, problems } = await open(browser, {
      colorScheme, viewport: { width, height: 700 }, bypassCSP: true, hasTouch: false, isMobile: false,
      reducedMotion: width === 320 ? "reduce" : "no-preference",
    });
    await page.addInitScript(axe);
    const where = (what) => `${what}, ${colorScheme}, ${width} px`;
    await page.goto(address);
    await page.getByRole("link", { name: "on stage" }).first().waitFor();
    await check(page, where("rooms"));
    for (const i of [0, 1, 2]) {
      await page.goto(address);
      await page.getByRole("link", { name: "on stage" }).nth(i).waitFor();
      const href = await page.getByRole("link", { name: "on stage" }).nth(i).getAttribute("href");
      await page.goto("about:blank");
      await page.goto(`${address}/${href}`);
      await page.getByRole("button", { name: "Listen" }).waitFor();
      await check(page, where(`room ${i}`));
    }
    await page.goto(address);
    await page.goto(`${address}/#/new`);
    await page.getByRole("heading", { name: "Start a room" }).waitFor();
    await check(page, where("new"));
    await page.getByLabel("What is it about?").fill("Tides");
    await page.keyboard.press("Enter");
    await page.getByLabel("Your name").waitFor();
    await check(page, where("name"));
    await page.keyboard.press("Escape");
    assert.deepEqual(problems, [], where("problems"));
    await context.close();
  }
}

// Asking to speak, being invited, moderating.
const tell = (what) => fetch(`${address}/test/${what}`, { method: "POST" });
await tell("ask");
for (const [colorScheme, width] of [["light", 320], ["dark", 390]]) {
  const where = (what) => `${what}, ${colorScheme}, ${width} px`;
  const { context, page, problems } = await enter(colorScheme, width);
  await page.getByRole("button", { name: "Raise hand" }).click();
  await check(page, where("note"));
  await page.keyboard.press("Tab"); // from the note to "Not now", then on
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText("You are 7th").waitFor();
  await check(page, where("hand up"));
  await tell("invite");
  await page.getByRole("alertdialog").waitFor();
  await check(page, where("invite"));
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Raise hand" }).waitFor();
  assert.deepEqual(problems, [], where("problems"));
  await context.close();
}
await tell("moderator");
for (const [colorScheme, width] of [["light", 320], ["dark", 430]]) {
  const { context, page } = await enter(colorScheme, width);
  await page.getByRole("button", { name: "Moderate: 3" }).click();
  await page.getByRole("button", { name: "More for Felix Okafor" }).click();
  await check(page, `panel, ${colorScheme}, ${width} px`);
  const wide = await page.evaluate(() => { const p = document.querySelector(".panel"); return p.scrollWidth - p.clientWidth; });
  assert.ok(wide <= 0, `the panel is ${wide} px too wide at ${width}`);
  await page.getByRole("button", { name: "Remove from room: Felix Okafor" }).click();
  await check(page, `removal, ${colorScheme}, ${width} px`);
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Remove from room", "the focus comes back");
  await page.keyboard.press("Escape");
  assert.match(await page.evaluate(() => document.activeElement.ariaLabel), /^Moderate/);
  await context.close();
}

// By keyboard alone: the skip link comes first, a card is entered with Enter, and the focus follows to the new heading.
const { page } = await open(browser, { hasTouch: false, isMobile: false });
await page.goto(address);
await page.getByRole("link", { name: "on stage" }).first().waitFor();
await page.keyboard.press("Tab");
assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
await page.keyboard.press("Tab");
await page.keyboard.press("Enter");
await page.getByRole("button", { name: "Pause" }).waitFor();
assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
await browser.close();
