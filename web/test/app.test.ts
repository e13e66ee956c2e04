import assert from "node:assert/strict";
import test from "node:test";
import { initials, paletteOf, palettesOf } from "../src/app/avatar";
import { ahead } from "../src/app/crossing";
import { follow, strength } from "../src/app/rings";
import { hashOf, parseRoute } from "../src/app/route";
import { en } from "../src/text/en";
import { conjunction, counted, ordinal, sentence, t } from "../src/text/text";

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

test("places in a queue", () => {
  const places = [1, 2, 3, 4, 11, 12, 13, 21, 22, 103, 111, 1001].map(ordinal);
  assert.deepEqual(places, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "103rd", "111th", "1,001st"]);
  assert.equal(t("hand.place", { place: ordinal(7) }), "You are 7th");
  assert.equal(counted("hand.of", 12), "of 12 hands");
});

test("media times are compared over the wrap of 32 bits", () => {
  assert.equal(ahead(1000, 400), 600);
  assert.equal(ahead(400, 1000), -600);
  assert.equal(ahead(100, 2 ** 32 - 100), 200);
  assert.equal(ahead((7 * 2 ** 32 + 500) % 2 ** 32, 7 * 2 ** 32 + 200), 300);
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
