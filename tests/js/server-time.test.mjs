// The server's time in the browser: told by answers, running at the server's rate.
import assert from "node:assert/strict";
import test from "node:test";
import { hearTime, serverNow, serverRate, setTime, timeAt } from "../../webmap/static/server-time.js";

const NOON = Date.parse("2026-03-17T12:00:00+08:00");

test("a minute of the browser is an hour of a demo that runs sixty times as fast", () => {
  const read = { here: 1_000, there: NOON, rate: 60 };
  assert.equal(timeAt(read, 61_000), NOON + 3_600_000);
  assert.equal(timeAt({ ...read, rate: 1 }, 61_000), NOON + 60_000);
  assert.equal(timeAt({ ...read, rate: 0 }, 61_000), NOON, "a fixed clock stands");
});

test("an answer was written halfway between asking and hearing", () => {
  const now = Date.now();
  setTime("2026-03-17T12:00:00+08:00", 1, now - 4_000, now);
  assert.ok(Math.abs(serverNow() - NOON - 2_000) < 500);
});

test("the header of an answer sets time and rate, what cannot be read changes nothing", () => {
  hearTime("2026-03-17T04:00:00+00:00 60", Date.now());
  assert.equal(serverRate(), 60);
  assert.ok(Math.abs(serverNow() - NOON) < 60_000);
  for (const header of [null, "", "soon", "soon 60", "2026-03-17T04:00:00Z fast"]) hearTime(header, Date.now());
  assert.equal(serverRate(), 60);
  assert.ok(serverNow() >= NOON);
});
