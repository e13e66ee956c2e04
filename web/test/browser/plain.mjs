// A page that came over plain http from another machine: no microphone, no WebCodecs; it says so and plays listen.ogg.
import assert from "node:assert/strict";
import { launch, open, shot, until } from "./chromium.mjs";

const address = new URL(process.argv[2]);
address.hostname = "another-machine.test";
const browser = await launch(["--host-resolver-rules=MAP another-machine.test 127.0.0.1"]);
const { page, problems } = await open(browser, { permissions: [] });
await page.goto(address.href);
await page.getByRole("list", { name: "Live rooms" }).getByRole("link").first().tap();
await page.getByText("start Rostrum with --tls").waitFor();
await page.getByRole("link", { name: "Play the room in another player" }).waitFor();
await until("the stream plays", () => page.evaluate(() => window.rostrum.stats.played_seconds > 0.5));
await until("a ring", () => page.evaluate(() =>
  Math.max(...[...document.querySelectorAll(".portrait")].map((p) => Number(p.style.getPropertyValue("--fast")))) > 0.4));
assert.equal(await page.getByRole("button", { name: "Take the microphone" }).count(), 0);
await shot(page, "plain-http");
assert.deepEqual(problems, []);
await browser.close();
