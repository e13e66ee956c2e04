// rehomed.mjs URL ROOM WAV: Ada and Ben speak to each other, Cleo listens. Ben mutes himself. Says which node they are on, and
// waits for a line: the time at which it was lost. Then says what came of it.
import { createInterface } from "node:readline/promises";
import { launch, phone, seconds, until } from "./chromium.mjs";

const [url, room, wav] = process.argv.slice(2);
const browser = await launch(wav);
const loud = 0.01;
const lines = createInterface({ input: process.stdin });
const button = (page, name) => page.getByRole("button", { name, exact: true });
const sessions = [];
let sockets = 0;

/** Every word of the status line and of the bar that tells faults, with its time. */
function keepWords() {
  window.words = { states: [], said: [] };
  const keep = (list, word) => {
    if (word && list.at(-1)?.word !== word) list.push({ at: Date.now(), word });
  };
  setInterval(() => {
    keep(window.words.states, document.querySelector(".status")?.dataset.state);
    keep(window.words.said, document.querySelector(".toast")?.textContent);
  }, 20);
}

async function enter(name) {
  const { page, faults } = await phone(browser, `${url}/#/rooms/${room}`);
  await page.evaluate(keepWords);
  page.on("response", (answer) => {
    const made = answer.request().method() === "POST" && answer.status() === 201 && answer.headers()["location"];
    if (made) sessions.push({ at: Date.now(), node: /whip\/([^.]+)\./.exec(made)?.[1] });
  });
  page.on("websocket", (socket) => { if (name === "Cleo" && socket.url().includes("/listen")) sockets++; });
  await button(page, "Listen").click();
  await page.getByLabel("Your name").fill(name);
  await button(page, "That's me").click();
  return { page, faults };
}

async function speak(name) {
  const person = await enter(name);
  await button(person.page, "Take the microphone").click();
  await button(person.page, "Leave the stage").waitFor();
  return person;
}

/** When something loud came live between two times; 0: never. */
const heard = (page, from, to = Infinity) => page.evaluate(([from, to, loud]) =>
  window.others.find((p) => p.at >= from && p.at < (to ?? Infinity) && p.rms > loud)?.at ?? 0, [from, to, loud]);
const words = (page, since) => page.evaluate((since) => ({
  states: window.words.states.filter((s) => s.at >= since), said: window.words.said.filter((s) => s.at >= since),
}), since);

try {
  const ada = await speak("Ada");
  const { speakers } = await (await fetch(`${url}/v1/rooms/${room}`)).json();
  const { seat } = speakers.find((s) => s.name === "Ada");
  const ben = await speak("Ben");
  const cleo = await enter("Cleo");
  await until("Ada hears Ben", () => heard(ada.page, 0));
  await until("Ben hears Ada", () => heard(ben.page, 0));
  await cleo.page.waitForFunction(() => window.rostrum.stats?.played_seconds > 2);
  await button(ben.page, "Mute").click();
  await button(ben.page, "Unmute").waitFor();
  await seconds(2);
  const before = await cleo.page.evaluate(() => window.rostrum.stats);
  console.log(JSON.stringify({ home: sessions.at(-1).node, seat }));

  const lost = Number((await lines[Symbol.asyncIterator]().next()).value);
  const back = async ({ page }) => until("on stage again", async () =>
    (await words(page, lost)).states.findLast((s) => s.word === "stage")?.at);
  const adaBack = await back(ada), benBack = await back(ben);
  const adaHeard = await until("Ben hears Ada again", () => heard(ben.page, lost + 1000));
  await seconds(2);
  const benMuted = await button(ben.page, "Unmute").isVisible();
  const benLoud = (await heard(ada.page, lost + 500)) > 0;
  const opened = Date.now();
  await button(ben.page, "Unmute").click();
  const benHeard = await until("Ada hears Ben again", () => heard(ada.page, opened));
  await until("Cleo hears the program again", () => cleo.page.evaluate(() => window.rostrum.stats.rms > 0.005));

  const stats = await cleo.page.evaluate(() => window.rostrum.stats);
  const told = { Ada: await words(ada.page, lost), Ben: await words(ben.page, lost), Cleo: await words(cleo.page, lost) };
  console.log(JSON.stringify({
    ada_heard: adaHeard - lost, ben_heard: benHeard - opened, ben_muted: benMuted, ben_loud: benLoud,
    states: Object.fromEntries(Object.entries(told).map(([name, { states }]) => [name, states.map((s) => s.word)])),
    back: { Ada: adaBack - lost, Ben: benBack - lost }, sockets, announced: told.Cleo.said.map((s) => s.word),
    stats: { ...stats, gaps: stats.gaps - before.gaps },
    home: sessions.at(-1).node, sessions: sessions.filter((s) => s.at > lost).length,
    faults: [...ada.faults, ...ben.faults, ...cleo.faults],
  }));
} finally {
  lines.close();
  await browser.close();
}
