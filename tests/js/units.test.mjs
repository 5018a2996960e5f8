// Blocks that are painted with: picked one by one or by natural village, given as one operation.
import assert from "node:assert/strict";
import { test } from "node:test";
import { householdsOf, paintOperation, toggled, unitAt, unitsOf } from "../../webmap/static/planner/units.js";

const box = (west) => [[[west, 0], [west + 1, 0], [west + 1, 1], [west, 1], [west, 0]]];
const found = {
  features: [["A", 10, "东浜"], ["A", 20, "东浜"], ["B", 5, null]].map(([leaf, households, natural_village], id) => ({ id, properties: { leaf, households, natural_village }, geometry: id ? { type: "Polygon", coordinates: box(id) } : { type: "MultiPolygon", coordinates: [box(0)] } })),
};
const units = unitsOf(found);

test("a place is in one block or in none", () => {
  assert.equal(unitAt(units, [1.5, 0.5])?.id, 1);
  assert.equal(unitAt(units, [0.5, 0.5])?.households, 10);
  assert.equal(unitAt(units, [9, 9]), null);
});

test("one more click takes a block out again, with its natural village where that was meant", () => {
  const one = toggled(new Set(), units, units[0], false);
  assert.deepEqual([...one], [0]);
  assert.deepEqual([...toggled(one, units, units[0], false)], []);
  const whole = toggled(new Set(), units, units[1], true);
  assert.deepEqual([...whole].sort(), [0, 1]);
  assert.equal(householdsOf(units, whole), 30);
  assert.deepEqual([...toggled(whole, units, units[0], true)], []);
  assert.deepEqual([...toggled(new Set(), units, units[2], true)], [2]); // in no natural village: alone
});

test("picked blocks are given as open rings with the names of their natural villages", () => {
  const operation = paintOperation(units, new Set([0, 2]), "C");
  assert.deepEqual(operation, { kind: "hand_over", to: "C", polygons: [[box(0)[0].slice(0, -1)], [box(2)[0].slice(0, -1)]], units: ["东浜"] });
  assert.equal("units" in paintOperation(units, new Set([2]), "C"), false);
});
