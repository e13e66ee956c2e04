// A moderator looks after the queue, the invites and the seats.
import assert from "node:assert/strict";
import { known, launch, open, until } from "./chromium.mjs";

const [address] = process.argv.slice(2);
const browser = await launch();
const { page, problems } = await open(browser);
const tell = (what) => fetch(`${address}/test/${what}`, { method: "POST" });
await tell("moderator");
await known(page, "Ada");
await page.goto(address);
await page.getByRole("list", { name: "Live rooms" }).getByRole("link").first().tap();
await page.getByRole("button", { name: "Moderate: 3 raised hands" }).tap();
const panel = page.getByRole("dialog", { name: "Moderate" });
const hands = panel.getByRole("region", { name: "Raised hands" }).getByRole("listitem");
const seats = panel.getByRole("region", { name: "On stage" }).getByRole("listitem");
const inOrder = () => hands.locator(".person-name").allTextContents();
assert.deepEqual((await inOrder()).slice(0, 2), ["Mai", "Tomás Ferreira-Albuquerque"]);
await hands.nth(0).getByText("waiting 7 minutes").waitFor();
await hands.nth(1).getByText("connection lost").waitFor();

await hands.nth(0).getByRole("button", { name: "Invite: Mai" }).tap();
const invites = panel.getByRole("region", { name: "Invited" }).getByRole("listitem");
await until("two invites", async () => (await invites.count()) === 2);
await invites.filter({ hasText: "Bo" }).getByRole("button", { name: "Withdraw: Bo" }).tap();
await until("one invite", async () => (await invites.count()) === 1);
await hands.nth(1).getByRole("button", { name: /^Lower/ }).tap();
await until("two hands", async () => (await hands.count()) === 2);

// The host stands higher: nothing but a mute is offered.
const host = seats.filter({ hasText: "Nora Lind" });
assert.equal(await host.getByRole("button", { name: /More/ }).count(), 0);
await tell("lag");
await host.getByRole("button", { name: "Mute: Nora Lind" }).tap();
await host.getByText("Muting…").waitFor(); // until the SFU does it
await tell("catch-up");
await host.getByText("Muted", { exact: true }).waitFor();

const felix = seats.filter({ hasText: "Felix Okafor" });
await felix.getByText("Muted by a moderator").waitFor();
await felix.getByRole("button", { name: "Release: Felix Okafor" }).tap();
await felix.getByText("Muted", { exact: true }).waitFor();
await felix.getByRole("button", { name: "More for Felix Okafor" }).tap();
assert.equal(await felix.getByRole("button", { name: /Make moderator/ }).count(), 0, "that is the host's");
await felix.getByRole("button", { name: "Remove from room: Felix Okafor" }).tap();
const sure = page.getByRole("alertdialog", { name: "Remove Felix Okafor?" });
await sure.getByRole("button", { name: "Not now" }).tap();
await felix.getByRole("button", { name: "Move to audience: Felix Okafor" }).tap();
await until("one seat", async () => (await seats.count()) === 1);

await panel.getByRole("radio", { name: "Nobody" }).tap();
await panel.getByText("Closing hands lowers all that are up.").waitFor();
await panel.getByRole("button", { name: "Close" }).tap();
await panel.waitFor({ state: "hidden" });
assert.deepEqual(problems, []);
await browser.close();
