/**
 * An endless silent sound in an <audio> element. A page that plays through an AudioContext alone has no media session
 * in most browsers (no lock screen, no headset button) and is muted by the ring switch of an iPhone.
 */
export function silentLoop(): HTMLAudioElement {
  const seconds = 10; // shorter sounds get no media session
  const rate = 8000;
  const length = seconds * rate;
  const bytes = new Uint8Array(44 + length).fill(128, 44);
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string) => [...value].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // one channel
  view.setUint32(24, rate, true);
  view.setUint32(28, rate, true); // bytes a second
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true); // bits
  text(36, "data");
  view.setUint32(40, length, true);

  const audio = new Audio(URL.createObjectURL(new Blob([bytes], { type: "audio/wav" })));
  audio.loop = true;
  return audio;
}
