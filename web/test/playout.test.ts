import assert from "node:assert/strict";
import test from "node:test";
import { Playout } from "../src/listen/playout";

const quantum = 128;
const cadence = 9600;
const target = 9600 + 19200;

/** A tone whose phase follows media time, so that what comes out says where it is from. */
function tone(media: number, length: number, loud = 0.5): Float32Array {
  return Float32Array.from({ length }, (_, i) => loud * Math.sin(((media + i) * 2 * Math.PI * 100) / 48000));
}

/** Plays for some seconds with a batch arriving every 200 ms (`skew` per million faster or slower). */
function play(p: Playout, seconds: number, { from = 0, skew = 0, rate = 48000, loud = 0.5 } = {}) {
  const out = new Float32Array(quantum);
  let media = from;
  let largest = 0;
  let before: number | undefined;
  for (let t = 0; t < seconds; t += quantum / rate) {
    while (media - from <= t * 48000 * (1 + skew / 1e6)) {
      p.push(media, tone(media, cadence, loud));
      media += cadence;
    }
    p.pull(out);
    for (const sample of out) {
      if (before !== undefined) largest = Math.max(largest, Math.abs(sample - before));
      before = sample;
    }
  }
  return { media, largest };
}

test("samples come out as they went in, after the target is there", () => {
  const p = new Playout(48000, target, cadence);
  const out = new Float32Array(quantum);
  p.push(960, tone(960, target - 1));
  p.pull(out);
  assert.ok(out.every((sample) => sample === 0));
  p.push(960 + target - 1, tone(960 + target - 1, cadence));
  assert.equal(p.position, 960);
  p.pull(out);
  assert.deepEqual([...out], [...tone(960, quantum)]);
  assert.equal(p.position, 960 + quantum);
});

test("even delivery never runs dry, at any device rate", () => {
  for (const rate of [44100, 48000]) {
    const p = new Playout(rate, target, cadence);
    play(p, 60, { rate });
    assert.equal(p.stats.underruns, 0);
    assert.ok(Math.abs(p.stats.played / 48000 - 60) < 1, `${p.stats.played}`);
  }
});

test("a device clock that is off is followed", () => {
  for (const skew of [-400, 400]) {
    const p = new Playout(48000, target, cadence);
    play(p, 600, { skew });
    assert.equal(p.stats.underruns, 0, `skew ${skew}`);
    assert.ok(p.depth > cadence && p.depth < target + 24000, `skew ${skew}: depth ${p.depth}`);
    assert.ok(Math.abs(p.rate - 1) < 0.002, `rate ${p.rate}`);
  }
});

test("running dry is counted once, and waited out", () => {
  const p = new Playout(48000, target, cadence);
  const { media } = play(p, 3);
  const out = new Float32Array(quantum);
  for (let i = 0; i < 1000; i++) p.pull(out);
  assert.equal(p.stats.underruns, 1);
  assert.ok(!p.running);
  assert.ok(out.every((sample) => Math.abs(sample) < 1e-6));
  p.push(media, tone(media, cadence));
  p.pull(out);
  assert.ok(!p.running, "one batch is not enough");
  p.push(media + cadence, tone(media, 2 * cadence));
  p.pull(out);
  assert.ok(p.running);
});

test("what is there already is not heard twice", () => {
  const p = new Playout(48000, target, cadence);
  p.push(0, tone(0, 9600));
  p.push(0, tone(0, 9600));
  p.push(4800, tone(4800, 9600));
  assert.equal(p.depth, 14400);
});

test("a hole is silence, as long as it has not been waited out", () => {
  const p = new Playout(48000, target, cadence);
  p.push(0, tone(0, target));
  p.push(target + 480, tone(0, cadence)); // a short hole with the target there: it is skipped
  assert.equal(p.depth, target + cadence);

  const dry = new Playout(48000, target, cadence);
  play(dry, 2);
  const out = new Float32Array(quantum);
  while (dry.running) dry.pull(out);
  dry.push(48000 * 20, tone(0, cadence));
  assert.ok(Math.abs(dry.depth - target) <= 4, `${dry.depth}`);
  dry.pull(out);
  assert.ok(dry.running);
  for (let i = 0; i < (target - cadence) / quantum; i++) dry.pull(out);
  assert.ok(dry.position! >= 48000 * 20 - quantum && dry.position! < 48000 * 20 + cadence, `${dry.position}`);
});

test("a gap that is told in time does not run dry", () => {
  const p = new Playout(48000, target, cadence);
  let media = play(p, 3).media;
  const out = new Float32Array(quantum);
  for (let told = 0; told < 10; told++) {
    p.gap(media += cadence);
    for (let i = 0; i < cadence / quantum; i++) p.pull(out);
  }
  assert.equal(p.stats.underruns, 0);
  assert.ok(out.every((sample) => sample === 0));
  assert.ok(media - p.position! > cadence && media - p.position! <= target, `${media - p.position!}`);
});

test("too much is played faster, quiet places left out, very much skipped", () => {
  const late = new Playout(48000, target, cadence);
  late.push(0, tone(0, target + 48000));
  play(late, 60, { from: target + 48000 });
  assert.ok(late.depth < target + 14400, `depth ${late.depth}`);
  assert.equal(late.stats.skipped, 0);
  assert.equal(late.stats.trimmed, 0);

  const quiet = new Playout(48000, target, cadence);
  quiet.push(0, tone(0, target + 96000, 0));
  play(quiet, 4, { from: target + 96000, loud: 0 });
  assert.ok(quiet.stats.trimmed > 48000, `trimmed ${quiet.stats.trimmed}`);

  const stopped = new Playout(48000, target, cadence);
  stopped.push(0, tone(0, 48000 * 30));
  stopped.pull(new Float32Array(quantum));
  assert.ok(stopped.stats.skipped > 48000 * 20 && stopped.depth < target + quantum);
});

test("a ring that overflows keeps the newest", () => {
  const p = new Playout(48000, target, cadence, 96000);
  for (let media = 0; media < 480000; media += cadence) p.push(media, tone(media, cadence));
  assert.ok(p.depth <= 96000);
  assert.equal(p.stats.skipped, 480000 - 96000);
  const out = new Float32Array(quantum);
  p.pull(out);
  assert.deepEqual([...out], [...tone(480000 - 96000, quantum)]);
});

test("a change of rate does not click", () => {
  const p = new Playout(44100, target, cadence);
  p.push(0, tone(0, target + 60000));
  const { largest } = play(p, 20, { from: target + 60000, rate: 44100 });
  assert.ok(largest < 0.02, `largest step ${largest}`);
});
