import assert from "node:assert/strict";
import test from "node:test";
import { preferOpus } from "../src/speak/sdp";
import { voiceOf } from "../src/speak/slots";

const wish = { usedtx: "1", useinbandfec: "1" };

test("an offer asks for DTX and FEC in every section, once", () => {
  const sdp = ["v=0", "m=audio 9 UDP/TLS/RTP/SAVPF 111 63", "a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1",
    "a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111", "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=rtpmap:111 opus/48000/2", ""].join("\r\n");
  const lines = preferOpus(sdp, wish).split("\r\n");
  assert.deepEqual(lines.filter((line) => line.startsWith("a=fmtp:111")),
    ["a=fmtp:111 minptime=10;usedtx=1;useinbandfec=1", "a=fmtp:111 usedtx=1;useinbandfec=1"]);
  assert.ok(lines.includes("a=fmtp:63 111/111"));
  assert.equal(preferOpus(lines.join("\r\n"), wish), lines.join("\r\n"));
  assert.ok(preferOpus(sdp, wish).endsWith("\r\n"));
});

test("a slot's voice is its newest source, while it is new", () => {
  assert.equal(voiceOf([], [], 1000), undefined);
  assert.deepEqual(voiceOf([{ source: 2, timestamp: 700 }, { source: 5, timestamp: 950 }], [{ source: 99, timestamp: 950, audioLevel: 0.1 }], 1000),
    { seat: 5, dbov: 20 });
  assert.deepEqual(voiceOf([{ source: 5, timestamp: 950, audioLevel: 1 }], [], 1000), { seat: 5, dbov: 0 });
  assert.deepEqual(voiceOf([{ source: 5, timestamp: 950 }], [], 1000), { seat: 5, dbov: 127 });
  assert.equal(voiceOf([{ source: 5, timestamp: 100 }], [], 1000), undefined);
});
