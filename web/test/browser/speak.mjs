// Somebody goes on stage, is muted, leaves; the far end is a second connection in the page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { launch, open, until } from "./chromium.mjs";

const [address] = process.argv.slice(2);
const browser = await launch();
const { page, problems } = await open(browser);
await page.addInitScript(readFileSync(new URL("loopback.js", import.meta.url), "utf8"));
const whip = () => page.evaluate(() => ({ offers: window.whip.offers, deleted: window.whip.deleted }));

await page.goto(address);
await page.getByRole("list", { name: "Live rooms" }).getByRole("link").first().tap();
await page.getByRole("button", { name: "Take the microphone" }).tap();
await page.getByRole("button", { name: "That's me" }).tap();
await page.getByText("A name needs at least one letter.").waitFor();
await page.getByLabel("Your name").fill("Ada");
await page.keyboard.press("Enter");
await page.getByRole("button", { name: "Leave the stage" }).waitFor();

const [offer] = (await whip()).offers;
assert.equal(offer.match(/^m=audio/gm).length, 9);
assert.equal(offer.match(/^a=sendonly/gm).length, 1);
assert.equal(offer.match(/^a=recvonly/gm).length, 8);
assert.equal(offer.match(/^a=fmtp:\d+ .*usedtx=1/gm).length, 9);
await until("one's own ring", () => page.evaluate(() =>
  Number(document.querySelector(".seat.mine .portrait").style.getPropertyValue("--fast")) > 0.1));

await page.getByRole("button", { name: "Mute", exact: true }).tap();
await page.locator(".seat.mine.muted").waitFor();
await page.getByRole("button", { name: "Unmute" }).tap();
await page.locator(".seat.mine.muted").waitFor({ state: "detached" });
await page.getByRole("button", { name: "Leave the stage" }).tap();
await page.getByRole("button", { name: "Take the microphone" }).waitFor();
await until("the session's end", async () => (await whip()).deleted === 1);
await until("sound in the audience", () => page.evaluate(() => window.rostrum.stats.rate > 0));
assert.deepEqual(problems, []);
await browser.close();
