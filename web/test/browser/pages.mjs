// Every page at several widths, by day and by night: readable, reachable by keyboard, nothing wider than the screen.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { launch, open } from "./chromium.mjs";

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
