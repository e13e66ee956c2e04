// raised.mjs URL HOSTWAV GUESTWAV: a host opens a room, a listener raises a hand, is invited, speaks, is muted, held and moved
// back, while a third person listens. Prints what was measured, and what the host and the listener heard of the guest.
// ROSTRUM_SHOTS names a folder for pictures.
import { heard, heardLive, launch, phone, seconds, until } from "./chromium.mjs";

const [url, hostWav, guestWav] = process.argv.slice(2);
const one = await launch(hostWav);
const two = await launch(guestWav);
const loud = 0.01;
const faults = [];

const shot = (page, name) => process.env.ROSTRUM_SHOTS && page.screenshot({ path: `${process.env.ROSTRUM_SHOTS}/${name}.png` });
const crossings = (page) => page.evaluate(() => window.rostrum.crossings ?? []);
const button = (page, name) => page.getByRole("button", { name, exact: true });
const row = (page, list, name) => page.getByRole("dialog", { name: "Moderate" }).getByRole("region", { name: list })
  .getByRole("listitem").filter({ hasText: name });

/** Taps, and answers when, by the clock that all pages share. */
async function tap(target) {
  await target.waitFor();
  await target.evaluate((element) => element.addEventListener("click", () => { window.tapped = Date.now(); }, { capture: true, once: true }));
  await target.click();
  return target.page().evaluate(() => window.tapped);
}

/** When the first piece since a time came live that is loud, or the last. */
const firstLoud = (page, since) => page.evaluate(([since, loud]) => window.others.find((p) => p.at >= since && p.rms > loud)?.at, [since, loud]);
const lastLoud = (page) => page.evaluate((loud) => window.others.findLast((p) => p.rms > loud)?.at, loud);

async function enter(page) {
  await button(page, "Listen").click();
  await button(page, "Raise hand").waitFor();
  await page.waitForFunction(() => window.rostrum.stats?.played_seconds > 0.5);
}

async function nameOneself(page, name) {
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "That's me" }).click();
}

try {
  const host = await phone(one, `${url}/#/new`);
  await host.page.getByLabel("What is it about?").fill("Fog signals");
  await host.page.getByRole("switch").uncheck();
  await button(host.page, "Go live").click();
  await nameOneself(host.page, "Host");
  await button(host.page, "Leave the stage").waitFor();
  const room = host.page.url();

  const guest = await phone(two, room, "dark");
  const ear = await phone(one, room);
  faults.push(host.faults, guest.faults, ear.faults);
  await enter(ear.page);
  await enter(guest.page);
  await shot(guest.page, "live-1-listener");

  await button(guest.page, "Raise hand").click();
  await nameOneself(guest.page, "Guest");
  await guest.page.getByLabel("What would you like to say?").fill("A word about foghorns");
  await guest.page.getByRole("dialog").getByRole("button", { name: "Raise hand" }).click();
  await guest.page.getByText("You are 1st").waitFor();
  await shot(guest.page, "live-2-hand");

  await host.page.getByRole("button", { name: "Moderate: 1 raised hand" }).click();
  await row(host.page, "Raised hands", "A word about foghorns").waitFor();
  await shot(host.page, "live-3-panel");
  await row(host.page, "Raised hands", "Guest").getByRole("button", { name: /^Invite/ }).click();
  await row(host.page, "Invited", "Guest").waitFor();
  const accept = guest.page.getByRole("button", { name: "Accept and speak" });
  await accept.waitFor();
  await seconds(0.4);
  await shot(guest.page, "live-4-invited");

  // Accepting: heard by the host live, by the listener in a batch.
  await until("the host talks", () => guest.page.evaluate(() => document.querySelector(".seat.speaking") !== null));
  const accepted = await tap(accept);
  await button(guest.page, "Leave the stage").waitFor();
  const live = await until("the host hears the guest", () => firstLoud(host.page, accepted));
  const guestSeat = ear.page.locator(".seat.speaking").filter({ hasText: "Guest" });
  await guestSeat.waitFor();
  const relayed = await ear.page.evaluate(() => Date.now());
  const up = await until("the step to the stage", async () => (await crossings(guest.page))[0]);
  await button(host.page, "Close").click();
  await shot(guest.page, "live-5-speaker");

  // The guest alone, for the ears.
  await button(host.page, "Mute").click();
  await button(host.page, "Unmute").waitFor();
  const alone = Date.now() + 1500;
  await seconds(11);
  const atHost = await heardLive(host.page, alone);
  const atListener = await heard(ear.page);

  // Muted by the host, unmuted by oneself.
  await host.page.getByRole("button", { name: "Moderate" }).click();
  await until("the guest talks", async () => (await lastLoud(host.page)) > Date.now() - 100);
  const muted = await tap(row(host.page, "On stage", "Guest").getByRole("button", { name: /^Mute/ }));
  await row(host.page, "On stage", "Guest").getByText("Muted", { exact: true }).waitFor();
  const shown = await host.page.evaluate(() => Date.now());
  await button(guest.page, "Unmute").waitFor();
  await seconds(2.5); // silence has to stay
  const quiet = await lastLoud(host.page);
  await shot(guest.page, "live-6-muted");
  await ear.page.locator(".seat.muted").filter({ hasText: "Guest" }).waitFor();
  await button(guest.page, "Unmute").click();
  const again = await guest.page.evaluate(() => Date.now());
  await until("the guest is heard again", () => firstLoud(host.page, again));

  // Held until released.
  await row(host.page, "On stage", "Guest").getByRole("button", { name: "More for Guest" }).click();
  await row(host.page, "On stage", "Guest").getByRole("button", { name: /^Hold/ }).click();
  await button(guest.page, "Muted by a moderator").waitFor();
  await guest.page.getByText("You can speak when they release you.").first().waitFor();
  await seconds(0.5);
  await shot(guest.page, "live-7-held");
  await shot(host.page, "live-8-panel-held");
  await row(host.page, "On stage", "Guest").getByRole("button", { name: /^Release/ }).click();
  await button(guest.page, "Unmute").click();
  await button(guest.page, "Mute").waitFor();

  // Moved back, while the host talks.
  await button(host.page, "Close").click();
  await button(host.page, "Unmute").click();
  await button(host.page, "Mute").waitFor();
  await host.page.getByRole("button", { name: "Moderate" }).click();
  const before = await guest.page.evaluate(() => window.rostrum.stats.played_seconds);
  await until("the guest hears the host", async () => (await lastLoud(guest.page)) > Date.now() - 100);
  await row(host.page, "On stage", "Guest").getByRole("button", { name: /^Move to audience/ }).click();
  await guest.page.getByText("A moderator moved you to the audience.").first().waitFor();
  await button(guest.page, "Raise hand").waitFor();
  await until("the guest listens again", async () => (await guest.page.evaluate(() => window.rostrum.stats.played_seconds)) > before + 1);
  const down = await until("the step back", async () => (await crossings(guest.page))[1]);
  await shot(guest.page, "live-9-back");
  await ear.page.locator(".seat").filter({ hasText: "Guest" }).waitFor({ state: "detached" });
  const stats = await guest.page.evaluate(() => window.rostrum.stats);

  // Who may raise a hand is told with the sound; who was on stage before still may.
  await host.page.getByRole("radio", { name: "Nobody" }).click(); // checked is what the server says
  await ear.page.getByText("Hands are closed for now.").waitFor();
  await shot(ear.page, "live-a-closed");
  await host.page.getByRole("radio", { name: "Invited" }).click();
  await ear.page.getByText("Only people who were invited may raise a hand.").waitFor();
  await button(guest.page, "Raise hand").click();
  await guest.page.getByRole("dialog").getByRole("button", { name: "Raise hand" }).click();

  // Out of the room.
  await row(host.page, "Raised hands", "Guest").getByRole("button", { name: "More for Guest" }).click();
  await row(host.page, "Raised hands", "Guest").getByRole("button", { name: /^Remove/ }).click();
  await host.page.getByRole("alertdialog").getByRole("button", { name: "Remove from room" }).click();
  await guest.page.getByText("A moderator removed you from this room.").first().waitFor();
  await row(host.page, "Removed from the room", "Guest").getByRole("button", { name: /^Let in again/ }).waitFor();
  await shot(guest.page, "live-b-removed");
  await shot(host.page, "live-c-panel-removed");

  console.log(JSON.stringify({
    up, down, stats, atHost, atListener, faults: faults.flat(),
    heardLive: live - accepted, heardRelayed: relayed - accepted, silent: quiet - muted, shownMuted: shown - muted,
  }));
} finally {
  await one.close();
  await two.close();
}
