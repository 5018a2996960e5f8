// Proposals of several villages as one choice, their small maps, and the names of new grids.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readPlace, writePlace } from "../../webmap/static/planner/address.js";
import { askedOf, choicesOf, combined, gridsNow, named, pathsOf, printOf, shadeOf } from "../../webmap/static/planner/proposals.js";

const box = (west, east) => ({ type: "Polygon", coordinates: [[[west, 0], [east, 0], [east, 0.01], [west, 0.01], [west, 0]]] });
const grid = (households, isOutside = false) => ({ geometry: box(0, 0.01), households, isOutside });
const figures = (households, more = {}) => ({ households, spread: 0, difference: Math.max(...households) - Math.min(...households), border_m: 100, compactness: 0.5, split: 1, moved: 0.1, outside: 0, ...more });
const answer = (area, proposals) => ({ area, bounds: [10, 400], today: figures([100, 300]), draft: figures([100, 300]), proposals });
const proposal = (name, households) => ({ name, ...figures(households), grids: { features: households.map((n) => ({ geometry: box(0, 0.01), properties: { code: null, households: n, outside: n > 400 } })) }, operation: { kind: "redraw", area: name, leaves: [] } });

test("the figures of a town are those of its villages taken together", () => {
  const town = combined([figures([100, 300], { moved: 0.5 }), figures([200], { split: 2, moved: 0, compactness: 0.8 })]);
  assert.deepEqual(town.households, [100, 300, 200]);
  assert.equal(town.difference, 200);
  assert.ok(Math.abs(town.spread - Math.sqrt(20_000 / 3) / 200) < 1e-12);
  assert.equal(town.border_m, 200);
  assert.equal(town.split, 3);
  assert.ok(Math.abs((town.moved ?? 0) - 200 / 600) < 1e-12);
  assert.ok(Math.abs(town.compactness - 0.6) < 1e-12);
  const alone = figures([1, 2]);
  assert.equal(combined([alone]), alone);
});

test("a village whose plans are all alike stands in every choice", () => {
  const choices = choicesOf([answer("v", [proposal("asked", [200, 200]), proposal("balance", [199, 201])]), answer("w", [proposal("asked", [500])])]);
  assert.deepEqual(choices.map(({ name }) => name), ["asked", "balance"]);
  assert.deepEqual(choices[1].figures.households, [199, 201, 500]);
  assert.deepEqual(choices[1].operations.map(({ area }) => area), ["balance", "asked"]);
  assert.deepEqual(choicesOf([answer("v", [{ ...proposal("asked", [1]), operation: null }])])[0].operations, []); // what is there already
  assert.deepEqual(choices[0].grids.map(({ isOutside }) => isOutside), [false, false, true]);
});

test("grids of today have the households of today, and say when they are out of range", () => {
  const area = (code, more = {}) => [code, { code, parent: "v", is_leaf: true, kind: "base", geometry: box(0, 1), ...more }];
  const draft = { areas: new Map([area("a"), area("b"), area("x", { parent: "w" }), area("e", { kind: "exclusive" })]) };
  const effects = new Map([["a", { households: [500, 300] }], ["b", { households: [20, null] }], ["e", { households: [0, 0] }]]);
  const now = gridsNow(draft, effects, 0, [answer("v", [])]);
  assert.deepEqual(now.map(({ households, isOutside }) => [households, isOutside]), [[500, true], [20, false], [0, false]]);
  assert.deepEqual(gridsNow(draft, effects, 1, [answer("v", [])]).map(({ households }) => households), [300, null, 0]);
});

test("more households are darker", () => {
  const all = [grid(50), grid(90), grid(110), grid(150)];
  assert.deepEqual(all.map((one) => shadeOf(one, all)), [0, 1, 2, 3]);
  assert.equal(shadeOf(grid(null), [grid(null)]), 0);
});

test("small maps keep proportions, north up, inside their box", () => {
  const [left, right] = pathsOf([{ ...grid(1), geometry: box(0, 0.01) }, { ...grid(1), geometry: box(0.01, 0.02) }], 100, 100);
  assert.equal(left, "M0.0 75.0L50.0 75.0L50.0 25.0L0.0 25.0L0.0 75.0Z");
  assert.match(right, /^M50.0 75.0L100.0 75.0/);
  assert.deepEqual(pathsOf([], 10, 10), []);
});

test("new grids are called one further each, old ones stay as they are", () => {
  const areas = [{ code: "a", name: "丙村第 2 网格", name_en: "", is_leaf: true, parent: "v" }];
  const made = named({ kind: "redraw", area: "v", leaves: [{ code: "a", polygons: [1], values: {} }, { polygons: [2], values: {} }, { polygons: [3], values: {} }] }, areas);
  assert.deepEqual(made.leaves.map(({ values }) => values.name), [undefined, "丙村第 3 网格", "丙村第 4 网格"]);
  assert.equal(areas.length, 1);
});

test("a draft that changed there makes proposals stale, elsewhere not", () => {
  const areas = new Map([["a", { parent: "v" }], ["b", { parent: "v" }], ["c", { parent: "w" }]]);
  const draft = (...ids) => ({ areas, arcs: new Map(ids.map(([id, left, right]) => [id, { id, left, right }])) });
  const before = printOf(draft(["1", "a", "b"], ["2", "c", null]), ["v"]);
  assert.equal(printOf(draft(["3", "c", null], ["1", "a", "b"]), ["v"]), before);
  assert.notEqual(printOf(draft(["4", "a", "b"], ["2", "c", null]), ["v"]), before);
});

test("empty fields are left to the server, odd ones too", () => {
  const form = { count: " 5 ", least: "", most: "many", weights: { balance: "2.5", compact: "", together: "-3", stay: "1000" }, seed: 2 };
  assert.deepEqual(askedOf(form, "v"), { area: "v", seed: 2, count: 5, weights: { balance: 2.5, compact: 2, together: 0, stay: 100 } });
});

test("the address says whose proposals are open", () => {
  const place = readPlace("/planner/p", "?proposals=town&sel=area:x");
  assert.equal(place.proposals, "town");
  assert.equal(writePlace(place), "/planner/p?sel=area:x&proposals=town");
});
