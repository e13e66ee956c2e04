// Starts the machine's Chromium as a phone.
import { chromium } from "playwright-core";

const flags = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
];

export function launch(extra = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: [...flags, ...extra],
  });
}

const patience = 60_000; // ms

export const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

/** A page whose errors and refused requests end up in `problems`. */
export async function open(browser, options = {}) {
  const context = await browser.newContext({ ...phone, permissions: ["microphone"], ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  return { context, page, problems };
}

/** Makes the person at a page somebody who has been here before. */
export function known(page, name) {
  return page.addInitScript((called) => localStorage.setItem("rostrum.guest", JSON.stringify({
    user: { id: "us_0123456789abcdefghj9", name: called }, access_token: "token", expires_at: "2099-01-01T00:00:00Z",
  })), name);
}

/** Asks again until `question` answers something true, for at most as long as the busiest machine takes. */
export async function until(what, question) {
  const end = Date.now() + patience;
  let last;
  while (Date.now() < end) {
    last = await question();
    if (last) return last;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what}: not within ${patience} ms; last answer ${JSON.stringify(last)}`);
}

export async function shot(page, name) {
  if (process.env.ROSTRUM_SHOTS) await page.screenshot({ path: `${process.env.ROSTRUM_SHOTS}/${name}.png` });
}
