// Chromium with a microphone that plays a file, and an ear on what it plays.
import { createRequire } from "node:module";
const { chromium } = createRequire(new URL("../../web/package.json", import.meta.url))("playwright-core");

const quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const alone = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"];
const media = [
  "--autoplay-policy=no-user-gesture-required", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
];

const patience = 60_000; // ms

/** A browser whose microphone plays a WAV file over and over; without one it beeps. */
export function launch(microphone) {
  const spoken = microphone ? [`--use-file-for-fake-audio-capture=${microphone}`] : [];
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: [...alone, ...quiet, ...media, ...spoken] });
}

/** A phone-sized page at which every sound that reaches the loudspeaker is kept too. */
export async function phone(browser, url, scheme = "light", viewport = { width: 390, height: 844 }) {
  const page = await browser.newPage({ viewport, deviceScaleFactor: 2, colorScheme: scheme });
  page.setDefaultTimeout(patience);
  const faults = [];
  page.on("pageerror", (fault) => faults.push(String(fault)));
  await page.addInitScript(listenToLoudspeaker);
  await page.addInitScript(listenToOthers);
  await page.goto(url);
  return { page, faults };
}

function listenToLoudspeaker() {
  window.loudspeaker = [];
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to === this.context.destination && !this.context.ear) {
      const ear = this.context.createScriptProcessor(4096, 1, 1);
      ear.onaudioprocess = (event) => window.loudspeaker.push(event.inputBuffer.getChannelData(0).slice());
      this.context.ear = ear;
      window.loudspeaker.rate = this.context.sampleRate;
      connect.call(ear, to);
    }
    if (to === this.context.destination) connect.call(this, this.context.ear);
    return connect.call(this, to, ...rest);
  };
}

/** Keeps what arrives live from the others on stage, decoded, with the time of each piece. */
function listenToOthers() {
  window.others = [];
  const Plain = window.RTCPeerConnection;
  let context, ear;
  window.RTCPeerConnection = class extends Plain {
    constructor(...options) {
      super(...options);
      this.addEventListener("track", ({ track }) => {
        if (track.kind !== "audio") return;
        if (!context) {
          context = new AudioContext();
          window.others.rate = context.sampleRate;
          ear = context.createScriptProcessor(2048, 1, 1);
          ear.onaudioprocess = (event) => {
            const samples = event.inputBuffer.getChannelData(0).slice();
            const rms = Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / samples.length);
            window.others.push({ at: Date.now(), rms, samples });
          };
          context.ear = context.createGain(); // this is not the loudspeaker
          ear.connect(context.destination);
        }
        context.createMediaStreamSource(new MediaStream([track])).connect(ear);
      });
    }
  };
}

/** What the loudspeaker played so far: mono, 48 kHz, 16 bit, base64. */
export function heard(page) {
  return encode(page, "loudspeaker", 0);
}

/** The same of what came live from the others since a time. */
export function heardLive(page, since = 0) {
  return encode(page, "others", since);
}

function encode(page, name, since) {
  return page.evaluate(([name, since]) => {
    const kept = window[name];
    const samples = kept.filter((part) => !part.samples || part.at >= since).flatMap((part) => [...(part.samples ?? part)]);
    const step = kept.rate / 48000;
    const out = new Int16Array(Math.floor(samples.length / step));
    for (let i = 0; i < out.length; i++) out[i] = Math.max(-1, Math.min(1, samples[Math.floor(i * step)])) * 32767;
    const bytes = new Uint8Array(out.buffer);
    let text = "";
    for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    return btoa(text);
  }, [name, since]);
}

/** Asks again until `question` answers something true, for at most as long as the busiest machine takes. */
export async function until(what, question) {
  const end = Date.now() + patience;
  let last;
  while (Date.now() < end) {
    last = await question();
    if (last) return last;
    await seconds(0.05);
  }
  throw new Error(`${what}: not within ${patience} ms; last answer ${JSON.stringify(last)}`);
}

export const seconds = (n) => new Promise((done) => setTimeout(done, n * 1000));
