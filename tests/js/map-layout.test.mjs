import assert from "node:assert/strict";
import { test } from "node:test";
import { freePart, leaderStart, placeCallout } from "../../webmap/static/map/callout-place.js";
import { barsOf, binQuarters, playStep, scaleOf, usualLine, usualUntil } from "../../webmap/static/map/day-bars.js";
import { labelPoint } from "../../webmap/static/map/label-point.js";
import { waitFor } from "../../webmap/static/map/pace.js";
import { addressesOf, tileAddress } from "../../webmap/static/map/tile-address.js";

const MAP = { width: 1000, height: 700 };
const SIZE = { width: 300, height: 140 };
const covers = (box, { x, y }) => x >= box.left && x <= box.left + box.width && y >= box.top && y <= box.top + box.height;

test("a callout goes to the side without symbols", () => {
  const anchor = { x: 500, y: 350 };
  const left = Array.from({ length: 40 }, (_, index) => ({ x: 150 + (index % 8) * 40, y: 200 + Math.floor(index / 8) * 60 }));
  assert.ok(placeCallout(anchor, SIZE, MAP, left, []).left > anchor.x);
  const right = left.map(({ x, y }) => ({ x: 1000 - x, y }));
  assert.ok(placeCallout(anchor, SIZE, MAP, right, []).left + SIZE.width < anchor.x);
});

test("a callout stays on the map and off its own point, wherever that is", () => {
  for (let x = 0; x <= MAP.width; x += 50) for (let y = 0; y <= MAP.height; y += 50) {
    const box = placeCallout({ x, y }, SIZE, MAP, [], []);
    assert.ok(box.left >= 0 && box.top >= 0 && box.left + box.width <= MAP.width && box.top + box.height <= MAP.height);
    assert.ok(!covers(box, { x, y }), `${x},${y}`);
    const start = leaderStart(box, { x, y });
    assert.ok(covers(box, start));
  }
});

test("a callout avoids panels over the map", () => {
  const panel = { left: 0, top: 0, width: 440, height: 700 };
  assert.ok(placeCallout({ x: 500, y: 350 }, SIZE, MAP, [], [panel]).left >= 440);
});

test("beside a dialog the larger strip of the map is free", () => {
  const frame = { left: 300, top: 50, width: 1000, height: 700 };
  assert.deepEqual(freePart(frame, { left: 700, top: 100, width: 560, height: 600 }), { left: 0, top: 0, width: 400, height: 700 });
  assert.deepEqual(freePart(frame, { left: 0, top: 100, width: 560, height: 600 }), { left: 260, top: 0, width: 740, height: 700 });
  assert.deepEqual(freePart(frame, { left: 0, top: 350, width: 2000, height: 900 }), { left: 0, top: 0, width: 1000, height: 300 });
  assert.deepEqual(freePart(frame, { left: 0, top: 0, width: 10, height: 10 }), { left: 0, top: 0, width: 1000, height: 700 });
});

test("bars count each report once", () => {
  const start = 1_000_000_000_000;
  const end = start + 86_400_000;
  const times = [start - 1, start, start + 899_999, start + 900_000, end - 1, end];
  const bins = binQuarters(times, start, end);
  assert.equal(bins.length, 96);
  assert.deepEqual([bins[0], bins[1], bins[95]], [2, 1, 1]);
  assert.equal(bins.reduce((a, b) => a + b), 4);
  const bars = barsOf(bins, 960, 100);
  assert.equal(bars.length, 3);
  assert.ok(bars.every((bar) => bar.height <= 100));
});

test("a replay ends live today, and stands at the end of an earlier day", () => {
  const step = 900_000;
  assert.equal(playStep(0, 10 * step, 20 * step, step), step);
  assert.equal(playStep(9.5 * step, 10 * step, 20 * step, step), null);
  assert.equal(playStep(19.5 * step, 99 * step, 20 * step, step), 19.5 * step);
  assert.equal(playStep(null, 1, 2, step), null);
});

const ring = (...points) => [...points, points[0]];
const inRing = (point, [x0, y0, x1, y1]) => point[0] > x0 && point[0] < x1 && point[1] > y0 && point[1] < y1;

test("a name stands inside its area: in the arm of a U, beside a hole, in the largest part", () => {
  const u = { type: "Polygon", coordinates: [ring([0, 0], [9, 0], [9, 9], [6, 9], [6, 3], [3, 3], [3, 9], [0, 9])] };
  const at = labelPoint(u);
  assert.ok(!(at[0] > 3 && at[0] < 6 && at[1] > 3), `${at}`);
  const holed = { type: "Polygon", coordinates: [ring([0, 0], [10, 0], [10, 10], [0, 10]), ring([3, 3], [3, 7], [7, 7], [7, 3])] };
  assert.ok(!inRing(labelPoint(holed), [3, 3, 7, 7]));
  const parts = { type: "MultiPolygon", coordinates: [[ring([0, 0], [1, 0], [1, 1], [0, 1])], [ring([20, 20], [30, 20], [30, 30], [20, 30])]] };
  assert.ok(inRing(labelPoint(parts), [20, 20, 30, 30]));
});

test("a square is named in its middle", () => {
  const [x, y] = labelPoint({ type: "Polygon", coordinates: [ring([120, 30], [120.1, 30], [120.1, 30.1], [120, 30.1])] });
  assert.ok(Math.abs(x - 120.05) < 0.002 && Math.abs(y - 30.05) < 0.002);
});

test("an empty geometry has no name", () => {
  assert.equal(labelPoint({ type: "MultiPolygon", coordinates: [] }), null);
  assert.equal(labelPoint({ type: "Point", coordinates: [1, 2] }), null);
});

const LAYER = { id: "incident", tiles: "/tiles/incident/{z}/{x}/{y}.mvt", filters: ["platform", "open", "open_since", "to"].map((name) => ({ name })) };

test("live shows the open cases, a moment those open then, none of a platform that is off", () => {
  assert.equal(tileAddress(LAYER, { platforms: null, at: null }), `${LAYER.tiles}?open=1`);
  const at = Date.UTC(2026, 2, 17, 6, 32);
  assert.equal(tileAddress(LAYER, { platforms: ["service", "market"], at }), `${LAYER.tiles}?platform=market,service&open_since=2026-03-17T06:32:00Z&to=2026-03-17T06:32:00Z`);
  assert.equal(tileAddress(LAYER, { platforms: [], at: null }), `${LAYER.tiles}?platform=-&open=1`);
});

test("a layer without these filters has one address", () => {
  assert.equal(tileAddress({ tiles: "/t", filters: [] }, { platforms: ["market"], at: 5 }), "/t");
});

test("small scales draw from a source of their own", () => {
  const far = { ...LAYER, style: { far: { below: 14, filter: { attention: "1" } } } };
  assert.deepEqual(addressesOf(far, { platforms: null, at: null }).map(([name]) => name), ["incident", "incident~far"]);
  assert.match(addressesOf(far, { platforms: null, at: null })[1][1], /\?open=1&attention=1$/);
});

test("one event is followed at once, a stream of them every few seconds", () => {
  assert.equal(waitFor(1000, -Infinity, 150, 3000), 150);
  let now = 0;
  let last = -Infinity;
  let asked = 0;
  while (now < 60_000) {
    now += waitFor(now, last, 150, 3000);
    last = now;
    asked += 1;
  }
  assert.ok(asked <= 21 && asked >= 19, `${asked} askings in a minute`);
  assert.equal(waitFor(10_000, 1000, 150, 3000), 150, "after a quiet while at once again");
  assert.ok(waitFor(1000, 1000, 150, 3000, 1) > waitFor(1000, 1000, 150, 3000, 0), "screens are spread");
});

test("the usual day is a line of hourly means on the scale of the bars", () => {
  const usual = [0, 0, 0, 0, 2, 2, 2, 2];
  assert.deepEqual(usualLine(usual, 100, 40, 4), [[25, 0], [75, 20]]);
  assert.equal(scaleOf([1, 2]), 4);
  assert.equal(scaleOf([1, 9]), 9);
});

test("what is usual by now counts the quarter under way by its share", () => {
  const usual = [4, 4, 8, 8];
  assert.equal(usualUntil(usual, 0), 0);
  assert.equal(usualUntil(usual, 0.5), 8);
  assert.equal(usualUntil(usual, 0.625), 12);
  assert.equal(usualUntil(usual, 1), 24);
});
