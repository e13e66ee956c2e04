// A listener: hears, sees who speaks in time with the sound, comes through a torn connection and a hole, pauses.
import assert from "node:assert/strict";
import { launch, open, until } from "./chromium.mjs";

const [address] = process.argv.slice(2);
const browser = await launch();
const { page, problems } = await open(browser);
const stats = () => page.evaluate(() => window.rostrum.stats);
const tell = (fault) => fetch(`${address}/test/${fault}`, { method: "POST" });
const ring = (seat) => page.evaluate((i) =>
  Number(document.querySelectorAll(".portrait")[i].style.getPropertyValue("--fast")), seat - 1);

const buffered = () => until("a usual buffer", async () => {
  const { buffered_ms: length } = await stats();
  return length > 200 && length < 2000;
});

await page.goto(address);
await page.getByRole("list", { name: "Live rooms" }).getByRole("link").first().tap();
await until("sound", async () => (await stats())?.rms > 0.005);
await until("seat 1 alone", async () => (await ring(1)) > 0.4 && (await ring(2)) < 0.1);
await until("seat 2 alone", async () => (await ring(2)) > 0.4 && (await ring(1)) < 0.1);
await page.getByText("12 listening").waitFor();

// A mute is shown when it is heard, which is later than its card arrives.
const told = Date.now();
await tell("mute");
await page.locator(".seat.muted").waitFor();
const heard = Date.now() - told;
assert.ok(heard > 250, `the mute was shown after ${heard} ms, before it could be heard`);
await tell("unmute");
await page.locator(".seat.muted").waitFor({ state: "detached" });

const before = await stats();
assert.ok(before.underruns < before.batches / 10, JSON.stringify(before)); // none, but on a busy machine
assert.equal(before.lost, 0);
assert.equal(before.decoder_faults, 0);

await tell("hangup");
await until("batches after the tear", async () => (await stats()).batches > before.batches + 15);
await tell("holes");
await until("gaps", async () => (await stats()).gaps === 5);
await until("sound after the hole", async () => (await stats()).rms > 0.005);
const after = await stats();
assert.equal(after.lost, 0, JSON.stringify(after));
await buffered();

await page.getByRole("button", { name: "Pause" }).tap();
const paused = await stats();
await page.getByRole("button", { name: "Listen again" }).tap();
await until("sound after the pause", async () => (await stats()).batches > paused.batches + 5 && (await stats()).rate > 0);

// A connection acknowledges every 10 s; those before were torn earlier.
await until("an acknowledgement", async () => (await (await fetch(`${address}/test/acknowledged`)).json()) > 0);

await tell("end");
await page.getByRole("heading", { name: "This room is over" }).waitFor();
await page.getByRole("link", { name: "See what is live" }).waitFor();
assert.deepEqual(problems, []);
console.log(JSON.stringify(await stats()));
await browser.close();
