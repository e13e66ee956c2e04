// speak.mjs URL ROOM WAV SECONDS: one browser takes the microphone and plays the file into it, a second one listens.
import { launch, phone, heard, seconds } from "./chromium.mjs";

const [url, room, wav, length] = process.argv.slice(2);
const speaking = await launch(wav);
const listening = await launch();
try {
  const ear = await phone(listening, `${url}/#/rooms/${room}`);
  await enter(ear.page, "Grace");
  await ear.page.waitForFunction(() => window.rostrum.stats?.played_seconds > 0.5);
  const mouth = await phone(speaking, `${url}/#/rooms/${room}`);
  await enter(mouth.page, "Ada");
  await mouth.page.getByRole("button", { name: "Take the microphone" }).click();
  await seconds(Number(length));
  const text = await mouth.page.evaluate(() => document.body.innerText);
  const stats = await ear.page.evaluate(() => window.rostrum.stats);
  console.log(JSON.stringify({ pcm: await heard(ear.page), stats, text, faults: [...ear.faults, ...mouth.faults] }));
} finally {
  await speaking.close();
  await listening.close();
}

async function enter(page, name) {
  await page.getByRole("button", { name: "Listen", exact: true }).click();
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "That's me" }).click();
}
