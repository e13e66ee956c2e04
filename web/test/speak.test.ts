import assert from "node:assert/strict";
import test from "node:test";
import { preferOpus } from "../src/speak/sdp";
import { dbov } from "../src/speak/meter";
import { seatIn } from "../src/speak/slots";

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

test("a slot's seat is its newest source, while it is new", () => {
  assert.equal(seatIn([], 1000), undefined);
  assert.equal(seatIn([{ source: 2, timestamp: 700 }, { source: 5, timestamp: 950 }, { source: 3, timestamp: 900 }], 1000), 5);
  assert.equal(seatIn([{ source: 5, timestamp: 100 }], 1000), undefined);
});

test("levels are told as -dBov", () => {
  assert.equal(dbov(1), 0);
  assert.equal(dbov(0.1), 20);
  assert.equal(dbov(0), 127);
  assert.equal(dbov(NaN), 127);
  assert.equal(dbov(7), 0);
});
