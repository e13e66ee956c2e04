// listen.mjs URL SECONDS [SCREENSHOT]: opens the first live room and listens.
import { launch, phone, seconds } from "./chromium.mjs";

const [url, length, screenshot] = process.argv.slice(2);
const browser = await launch();
try {
  const { page, faults } = await phone(browser, url);
  await page.getByRole("link", { name: /lighthouse/i }).first().click();
  await page.waitForFunction(() => window.rostrum.stats?.played_seconds > 0.5, undefined, { timeout: 15000 });
  await seconds(Number(length) / 2);
  const rings = await page.getByText("speaking").count();
  await seconds(Number(length) / 2);
  if (screenshot) await page.screenshot({ path: screenshot });
  const stats = await page.evaluate(() => window.rostrum.stats);
  console.log(JSON.stringify({ stats, rings, faults }));
} finally {
  await browser.close();
}
