// listen.mjs URL SECONDS [SCREENSHOT]: opens the first live room and listens.
import { launch, phone, seconds } from "./chromium.mjs";

const [url, length, screenshot] = process.argv.slice(2);
const browser = await launch();
try {
  const { page, faults } = await phone(browser, url);
  await page.getByRole("link", { name: /lighthouse/i }).first().click();
  await page.waitForFunction(() => window.rostrum.stats?.played_seconds > 0.5);
  let loudest = 0, rings = 0;
  for (let i = 0; i < Number(length) * 4; i++) {
    await seconds(0.25);
    loudest = Math.max(loudest, await page.evaluate(() => window.rostrum.stats.rms));
    rings = Math.max(rings, await page.getByText("speaking").count());
  }
  if (screenshot) await page.screenshot({ path: screenshot });
  const stats = await page.evaluate(() => window.rostrum.stats);
  console.log(JSON.stringify({ stats, loudest, rings, faults }));
} finally {
  await browser.close();
}
