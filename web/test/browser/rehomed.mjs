// The room gets another home: its listener waits a told gap out; its speaker, muted or not, connects anew.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { launch, open, until } from "./chromium.mjs";

const [address] = process.argv.slice(2);
const browser = await launch();
const { page, problems } = await open(browser);
await page.addInitScript(readFileSync(new URL("loopback.js", import.meta.url), "utf8"));
await page.addInitScript(keepStates);
const tell = (what) => fetch(`${address}/test/${what}`, { method: "POST" });
const joins = async () => (await fetch(`${address}/test/joins`)).json();
const stats = () => page.evaluate(() => window.rostrum.stats);
const offers = () => page.evaluate(() => window.whip.offers.length);
const states = () => page.evaluate(() => window.states.splice(0));
const seen = [];
const onStage = () => until("on stage again", async () => {
  seen.push(...await states());
  return seen.includes("retrying") && seen.at(-1) === "stage";
});

/** Every word of the status line. */
function keepStates() {
  window.states = [];
  let last;
  setInterval(() => {
    const now = document.querySelector(".status")?.dataset.state;
    if (now && now !== last) window.states.push(last = now);
  }, 10);
}

// In the audience: the sound stops and goes on. Nothing else happens.
await page.goto(address);
await page.getByRole("list", { name: "Live rooms" }).getByRole("link").first().tap();
await until("sound", async () => (await stats())?.rms > 0.005);
await states();
const before = await stats();
await tell("move");
await until("the hole", async () => (await stats()).rate === 0);
await until("sound after the hole", async () => (await stats()).rate > 0 && (await stats()).rms > 0.005);
const after = await stats();
assert.deepEqual(await states(), []);
assert.equal(await joins(), 1, "the listener connected again");
assert.equal(after.gaps, before.gaps + 1);
assert.equal(after.lost, 0);
assert.ok(after.underruns > before.underruns);
await until("a usual buffer", async () => {
  const { buffered_ms: length } = await stats();
  return length > 200 && length < 2000;
});
assert.equal(await page.locator(".toast").textContent(), "");

// On stage: another session, with the microphone as it was, and no word to the home that is gone.
await page.getByRole("button", { name: "Take the microphone" }).tap();
await page.getByLabel("Your name").fill("Ada");
await page.keyboard.press("Enter");
await page.getByRole("button", { name: "Leave the stage" }).waitFor();
assert.equal(await offers(), 1);
await page.waitForTimeout(1500); // a home that answered a moment before a move is taken for the new one
await states();
await tell("move");
await until("another offer", async () => (await offers()) === 2);
await onStage();
assert.deepEqual(seen.splice(0), ["retrying", "stage"]);
await page.getByRole("button", { name: "Mute", exact: true }).waitFor();
await until("one's own ring", () => page.evaluate(() =>
  Number(document.querySelector(".seat.mine .portrait").style.getPropertyValue("--fast")) > 0.1));

await page.getByRole("button", { name: "Mute", exact: true }).tap();
await page.locator(".seat.mine.muted").waitFor();
await page.waitForTimeout(1500);
await tell("move");
await until("a third offer", async () => (await offers()) === 3);
await onStage();
seen.splice(0);
await page.locator(".seat.mine.muted").waitFor();
for (const end = Date.now() + 1500; Date.now() < end; await page.waitForTimeout(50)) { // the microphone beeps once a second
  assert.ok((await page.evaluate(() => window.whip.heard())) < 0.001, "the microphone is open");
}
await page.getByRole("button", { name: "Unmute" }).tap();
await page.locator(".seat.mine.muted").waitFor({ state: "detached" });
await until("the microphone at the far end", () => page.evaluate(() => window.whip.heard() > 0.01));
assert.equal(await joins(), 1);
assert.equal(await page.evaluate(() => window.whip.deleted), 0);

// The SFU ends the session, or falls silent: the same.
await page.evaluate(() => window.whip.far.close());
await until("a fourth offer", async () => (await offers()) === 4);
await onStage();
await page.getByRole("button", { name: "Leave the stage" }).tap();
await page.getByRole("button", { name: "Take the microphone" }).waitFor();
await until("the session's end", async () => (await page.evaluate(() => window.whip.deleted)) === 1);
assert.deepEqual(problems, []);
await browser.close();
