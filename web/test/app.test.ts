import assert from "node:assert/strict";
import test from "node:test";
import { initials, paletteOf, palettesOf } from "../src/app/avatar";
import { follow, strength } from "../src/app/rings";
import { hashOf, parseRoute } from "../src/app/route";
import { en } from "../src/text/en";
import { conjunction, counted, sentence, t } from "../src/text/text";

test("addresses and pages fit", () => {
  const room = "rm_0123456789abcdefghjk";
  assert.deepEqual(parseRoute(`#/rooms/${room}`), { page: "room", room });
  assert.equal(hashOf(parseRoute(`#/rooms/${room}`)), `#/rooms/${room}`);
  for (const strange of ["", "#", "#/", "#/rooms/", "#/rooms/rm_x", "#/rooms/../x", `#/rooms/${room}/x`]) {
    assert.deepEqual(parseRoute(strange), { page: "rooms" }, strange);
  }
});

test("texts are filled in", () => {
  assert.equal(t("card.host", { name: "Ada {count}" }), "Hosted by Ada {count}");
  assert.equal(counted("say.rooms", 1), "1 live room");
  assert.equal(counted("say.rooms", 1200), "1,200 live rooms");
  assert.equal(conjunction(["Ada", "Ben", "Cleo"]), "Ada, Ben, and Cleo");
  assert.equal(sentence("stage_full"), en["error.stage_full"]);
  assert.equal(sentence("of a newer version"), en["error.internal"]);
});

test("avatars come from names", () => {
  assert.equal(initials("ada quist"), "AQ");
  assert.equal(initials("  Élodie  van der Berg "), "ÉB");
  assert.equal(initials("👩‍🚀 Cleo"), "👩‍🚀C");
  assert.equal(initials(""), "");
  assert.equal(paletteOf("Ada"), paletteOf("Ada"));
  const crowd = Array.from({ length: 10 }, (_, i) => `Person ${i}`);
  assert.equal(new Set(palettesOf(crowd)).size, 10);
  assert.equal(palettesOf([...crowd, "one more"]).length, 11);
});

test("rings follow quickly up and slowly down", () => {
  assert.equal(strength(127), 0);
  assert.equal(strength(0), 1);
  assert.ok(strength(30) > 0.4 && strength(30) < 0.8);
  assert.ok(follow(0, 1, 0.016, 0.03, 0.16) > 1 - follow(1, 0, 0.016, 0.03, 0.16));
  assert.ok(follow(0.5, 1, 10, 0.03, 0.16) > 0.999);
});
