// How a file that is to be drawn is told: its state, its figures, whom a fault concerns.
import assert from "node:assert/strict";
import { test } from "node:test";
import { facts, isFine, reasonOf, stateOf } from "../../webmap/static/planner/file-look.js";

const fault = (more) => ({ kind: "gap", count: 1, left: 0, repairable: true, hinders: true, width_m: 0.9, codes: [], rows: [], places: { features: [] }, ...more });
const look = (more) => ({ version: 0, crs: "EPSG:4490", width_m: 1, most_m: 10, needs_m: 1, areas: { by_code: 1, by_overlap: 0, new: 0, unchanged: 3, changed: 1, gone: [] }, faults: [], suggested_crs: [], drawn: { features: [] }, can_apply: true, ...more });

test("a look is ready, mended, blocked, or nothing new", () => {
  assert.equal(stateOf(look({})), "ready");
  assert.equal(stateOf(look({ faults: [fault({ kind: "unnamed", hinders: false })] })), "ready");
  assert.equal(stateOf(look({ faults: [fault({})] })), "mended");
  assert.equal(stateOf(look({ faults: [fault({}), fault({ left: 1 })], can_apply: false })), "blocked");
  assert.equal(stateOf(look({ can_apply: false })), "same");
  assert.equal(stateOf(look({ faults: [fault({})], can_apply: false })), "same"); // what was repaired is what is there
  assert.equal(isFine(look({})), true);
});

test("grids that end count as changed", () => {
  assert.deepEqual(facts(look({ areas: { by_code: 1, by_overlap: 0, new: 2, unchanged: 3, changed: 1, gone: ["a", "b"] } })), { changed: 3, new: 2, unchanged: 3 });
});

test("a fault names its areas, else the rows of the file", () => {
  const areas = new Map([["1", { name: "六里 1" }], ["2", { name: "" }]]);
  const t = (key, values) => (key === "common.comma" ? "、" : `${key} ${values.rows}`);
  const told = (more) => reasonOf(fault(more), areas, ({ name }) => name, t);
  assert.equal(told({ codes: ["1", "2", "9"] }), "六里 1、2、9");
  assert.equal(told({ codes: ["1", "2", "9", "8"] }), "六里 1、2、9 …");
  assert.equal(told({ rows: [4, 7] }), "planner.file_rows 4、7");
  assert.equal(told({}), "");
});
