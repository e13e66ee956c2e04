// A listener raises a hand, sees the place, is invited, speaks, is muted by a moderator and moved back.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { launch, open, until } from "./chromium.mjs";

const [address] = process.argv.slice(2);
const browser = await launch();
const { page, problems } = await open(browser);
await page.addInitScript(readFileSync(new URL("loopback.js", import.meta.url), "utf8"));
const tell = (what) => fetch(`${address}/test/${what}`, { method: "POST" });
const dials = async () => (await (await fetch(`${address}/test/dials`)).json()) ?? [];
const crossings = () => page.evaluate(() => window.rostrum.crossings);

await tell("ask");
await page.goto(address);
await page.getByRole("list", { name: "Live rooms" }).getByRole("link").first().tap();
await until("sound", () => page.evaluate(() => window.rostrum.stats?.rms > 0.005));
assert.equal(await page.getByRole("button", { name: "Take the microphone" }).count(), 0);

// Whoever only listens has no events socket.
assert.deepEqual(await dials(), []);
await page.getByRole("button", { name: "Raise hand" }).tap();
await page.getByLabel("Your name").fill("Ada");
await page.keyboard.press("Enter");
await page.getByLabel("What would you like to say?").fill("About\nfog");
await page.getByText("131 characters left").waitFor();
await page.getByRole("dialog").getByRole("button", { name: "Raise hand" }).tap();
await page.getByText("You are 7th of 12 hands").waitFor();
assert.deepEqual(await dials(), [""]);

// A torn socket resumes; what is known stays on the page.
await tell("tear");
await until("another socket", async () => (await dials()).length === 2);
assert.match((await dials())[1], /^1-\d+$/);
await page.getByText("You are 7th of 12 hands").waitFor();
await page.getByRole("button", { name: "Lower your hand" }).tap();
await page.getByRole("button", { name: "Raise hand" }).waitFor();

// An invite: put away, answered, declined; then accepted.
await tell("invite");
const dialog = page.getByRole("alertdialog", { name: "Come on stage?" });
await dialog.waitFor();
await dialog.getByText(/^\d+ s left to answer$/).waitFor();
await dialog.getByText("Nora Lind invites you").waitFor();
await page.keyboard.press("Escape");
await page.getByRole("button", { name: "Answer the invite" }).tap();
await dialog.getByRole("button", { name: "Decline" }).tap();
await page.getByRole("button", { name: "Raise hand" }).waitFor();
await tell("invite");
const before = await page.evaluate(() => window.rostrum.stats.played_seconds);
await dialog.getByRole("button", { name: "Accept and speak" }).tap();
await page.getByRole("button", { name: "Leave the stage" }).waitFor();
const [up] = await until("a measured step", async () => (await crossings()).length === 1 && (await crossings())[0].dip_ms !== undefined && crossings());
assert.ok(await page.evaluate(() => window.rostrum.stats.played_seconds) > before, "the batches went on playing");
assert.ok(up.connected_ms >= up.seated_ms && up.replaced_ms >= up.connected_ms, JSON.stringify(up));
assert.ok(up.dip_ms < 3000, JSON.stringify(up)); // less than 100, but on a busy machine

// On stage the socket is the truth.
await tell("hold-me");
await page.getByText("You can speak when they release you.").first().waitFor();
await page.getByRole("button", { name: "Muted by a moderator" }).waitFor();
await tell("release-me");
await page.getByRole("button", { name: "Unmute" }).tap();
await page.getByRole("button", { name: "Mute", exact: true }).waitFor();
await tell("mute-me");
await page.getByRole("button", { name: "Unmute" }).waitFor();
await page.locator(".seat.mine.muted").waitFor();
await tell("audience-me");
await page.getByText("A moderator moved you to the audience.").first().waitFor();
await page.getByRole("button", { name: "Raise hand" }).waitFor();
await until("sound in the audience", () => page.evaluate(() => window.rostrum.stats.rate > 0));
const [, down] = await until("a measured step back", async () => (await crossings()).length === 2 && crossings());
assert.ok(down.dip_ms === undefined || down.dip_ms < 3000, JSON.stringify(down));

// Hands that are closed are said to be.
await tell("hands-closed");
await page.getByText("Hands are closed for now.").waitFor();
assert.deepEqual(problems, []);
console.log(JSON.stringify({ up, down }));
await browser.close();
