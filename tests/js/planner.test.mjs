// The pure modules of the planner: geometry, snapping, handles, lines, the draft, its outbox, its figures.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readPlace, writePlace } from "../../webmap/static/planner/address.js";
import { applied, changedLeaves, emptyDraft, groupOf, isWhole, nextName, shortName } from "../../webmap/static/planner/draft.js";
import { cutOutOperation, isNeighbour, isReady, leafOf, mergeOperation, pushOperation, splitOperation, thinned, withPoint } from "../../webmap/static/planner/drawing.js";
import { difference, isChanged, rowsOf, spreadOf, variation } from "../../webmap/static/planner/figures.js";
import { area_m2, boundsOf, distance_m, holds, length_m, moved, nearestOn } from "../../webmap/static/planner/geometry.js";
import { handedRings } from "../../webmap/static/planner/handed.js";
import { found, handlesOf, leavesAt, moveOperation, movedLines, outlineOf, pairOf, removeOperation, shifted, withRoom } from "../../webmap/static/planner/handles.js";
import { answered, bodyOf, emptyOutbox, keep, kept, queued, unanswered, wait_ms } from "../../webmap/static/planner/outbox.js";
import { rebased } from "../../webmap/static/planner/rebasing.js";
import { arcsNear, snap } from "../../webmap/static/planner/snapping.js";

// A town of two grids side by side, 0.02° by 0.01°: A on the left, B on the right of a border with three points.
//   (0,.01)---(.01,.01)---(.02,.01)
//      |   A   (.01,.005)   B   |
//    (0,0)----(.01,0)-----(.02,0)
const BORDER = { id: "ab", left: "A", right: "B", rank: "grid", isToday: true, line: [[0.01, 0], [0.01, 0.005], [0.01, 0.01]] };
const WEST = { id: "a", left: null, right: "A", rank: "town", isToday: true, line: [[0.01, 0], [0, 0], [0, 0.01], [0.01, 0.01]] };
const EAST = { id: "b", left: "B", right: null, rank: "town", isToday: true, line: [[0.01, 0], [0.02, 0], [0.02, 0.01], [0.01, 0.01]] };
const ARCS = [BORDER, WEST, EAST];
const box = (west, east) => ({ type: "MultiPolygon", coordinates: [[[[west, 0], [east, 0], [east, 0.01], [west, 0.01], [west, 0]]]] });
const leaf = (code, west, east, more = {}) => ({ code, name: `丙村第 ${code === "A" ? 1 : 2} 网格`, name_en: "", level: "grid", kind: "base", parent: "V", is_leaf: true, is_new: false, is_changed: false, geometry: box(west, east), ...more });
const AREAS = [leaf("A", 0, 0.01), leaf("B", 0.01, 0.02)];

test("metres are those of the globe near the equator", () => {
  assert.ok(Math.abs(distance_m([0, 0], [0.01, 0]) - 1112) < 1);
  assert.ok(Math.abs(distance_m([120, 60], [120.01, 60]) - 556) < 1);
  assert.ok(Math.abs(distance_m([120, 30], moved([120, 30], 3, 4)) - 5) < 0.02);
  assert.ok(Math.abs(area_m2([[0, 0], [0.01, 0], [0.01, 0.01], [0, 0.01]]) / 1112 ** 2 - 1) < 0.001);
  assert.equal(Math.round(length_m([[0, 0], [0.01, 0], [0.01, 0.01]])), 2224);
  assert.equal(area_m2([[0, 0], [1, 1]]), 0);
});

test("a moved point lies on the lattice", () => {
  const [lon, lat] = moved([120.1234567, 30.1234567], 1, 0);
  assert.equal(lat, 30.1234567);
  assert.equal(lon, Number(lon.toFixed(7)));
});

test("the nearest place of a segment ends at its ends", () => {
  assert.deepEqual(nearestOn([0.5, 1], [0, 0], [1, 0]), [0.5, 0]);
  assert.deepEqual(nearestOn([2, 1], [0, 0], [1, 0]), [1, 0]);
  assert.deepEqual(nearestOn([2, 1], [1, 0], [1, 0]), [1, 0]);
});

test("a hole is outside", () => {
  const holed = { type: "Polygon", coordinates: [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]], [[1, 1], [3, 1], [3, 3], [1, 3], [1, 1]]] };
  assert.equal(holds(holed, [0.5, 2]), true);
  assert.equal(holds(holed, [2, 2]), false);
  assert.equal(holds({ type: "Point", coordinates: [0, 0] }, [0, 0]), false);
  assert.deepEqual(boundsOf([holed, null]), [0, 0, 4, 4]);
  assert.equal(boundsOf([]), null);
});

test("a vertex wins over a nearer edge, and the outline is met at vertices only", () => {
  const near = snap([0.01002, 0.00505], ARCS, 20);
  assert.equal(near?.on, "vertex");
  assert.deepEqual(near?.at, [0.01, 0.005]);
  const edge = snap([0.01005, 0.0025], ARCS, 20);
  assert.equal(edge?.on, "edge");
  assert.deepEqual(edge?.at, [0.01, 0.0025]);
  assert.equal(snap([0.005, 0.00001], ARCS, 20), null);
  assert.equal(snap([0.0001, 0.0001], ARCS, 20)?.on, "vertex");
  assert.equal(snap([0.01, 0.005], ARCS, 5, [[0.01, 0.005]]), null);
});

test("arcs near a place come nearest first", () => {
  assert.deepEqual(arcsNear([0.01, 0.0001], ARCS, 20).map(({ arc }) => arc.id), ["ab", "a", "b"]);
  assert.deepEqual(arcsNear([0.005, 0.005], ARCS, 20), []);
});

test("ends on the outline have no handle, middles lie between", () => {
  const kinds = handlesOf(BORDER, outlineOf(ARCS)).map(({ kind, index }) => `${kind} ${index}`);
  assert.deepEqual(kinds, ["middle 0", "vertex 1", "middle 1"]);
  assert.deepEqual(handlesOf(WEST, new Set()), []);
  assert.equal(handlesOf(BORDER, new Set())[0].kind, "junction");
  assert.equal(pairOf({ left: "B", right: "A" }), pairOf(BORDER));
});

test("a closed border has no junctions and each vertex once", () => {
  const island = { ...BORDER, line: [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]] };
  const handles = handlesOf(island, new Set());
  assert.deepEqual(handles.filter(({ kind }) => kind !== "middle").map(({ kind, index }) => `${kind} ${index}`), ["vertex 0", "vertex 1", "vertex 2", "vertex 3"]);
  assert.deepEqual(removeOperation(island, handles[0])?.line, [[0, 1], [1, 0]]);
});

test("a vertex is moved, a middle makes one, one is taken out", () => {
  const [middle, vertex] = handlesOf(BORDER, outlineOf(ARCS));
  assert.deepEqual(moveOperation(BORDER, vertex, [0.011, 0.005]), { kind: "move_vertex", at: [0.01, 0.005], to: [0.011, 0.005] });
  assert.deepEqual(moveOperation(BORDER, middle, [0.011, 0.002]), { kind: "reshape", between: ["A", "B"], line: [[0.01, 0], [0.011, 0.002], [0.01, 0.005]] });
  assert.deepEqual(removeOperation(BORDER, vertex), { kind: "reshape", between: ["A", "B"], line: [[0.01, 0], [0.01, 0.01]] });
  assert.equal(removeOperation(BORDER, middle), null);
  assert.deepEqual(movedLines(ARCS, vertex, [0.011, 0.005]), [[[0.01, 0], [0.011, 0.005], [0.01, 0.01]]]);
  assert.equal(movedLines(ARCS, middle, [0.011, 0.002])[0].length, 4);
  assert.deepEqual(leavesAt(ARCS, [0.01, 0]), ["A", "B"]);
});

test("what is on its way counts as done for the next move", () => {
  const waiting = [{ operation: { kind: "move_vertex", at: [0.01, 0.005], to: [0.011, 0.005] } }, { operation: { kind: "move_vertex", at: [0.011, 0.005], to: [0.012, 0.005] } }, { operation: { kind: "merge" } }];
  assert.deepEqual(shifted([BORDER], waiting)[0].line[1], [0.012, 0.005]);
  assert.equal(shifted(ARCS, []), ARCS);
});

test("handles without room wait until one looks closer, junctions last", () => {
  const handles = handlesOf(BORDER, new Set());
  const far = withRoom(handles, ([lon, lat]) => ({ x: lon * 100, y: lat * 100 }), 15);
  assert.deepEqual(far.map(({ kind }) => kind), ["junction"]);
  assert.equal(withRoom(handles, ([lon, lat]) => ({ x: lon * 1e5, y: lat * 1e5 }), 15).length, handles.length);
});

test("a line divides the leaf that most of it lies in", () => {
  const line = [[0, 0.004], [0.009, 0.004], [0.012, 0.004]];
  assert.equal(leafOf(line, AREAS), "A");
  assert.deepEqual(splitOperation(line, AREAS), { kind: "split", leaf: "A", line });
  assert.equal(splitOperation([[1, 1], [2, 2]], AREAS), null);
});

test("a new course goes to the border that both ends lie on", () => {
  const line = [[0.01, 0.002], [0.012, 0.005], [0.01, 0.008]];
  assert.deepEqual(pushOperation(line, ARCS, new Map()), { kind: "reshape", between: ["A", "B"], line });
  assert.equal(pushOperation([[0.01, 0.002], [0.015, 0.005]], ARCS, new Map()), null);
});

test("over several leaves a new course goes to the villages", () => {
  const areas = new Map([leaf("A", 0, 1), leaf("B", 0, 1, { parent: "W" }), leaf("C", 0, 1, { parent: "W" })].map((area) => [area.code, area]));
  const arcs = [{ ...BORDER, rank: "village" }, { ...BORDER, id: "ac", right: "C", rank: "village", line: [[0.01, 0.01], [0.01, 0.02]] }];
  assert.deepEqual(pushOperation([[0.01, 0.002], [0.012, 0.01], [0.01, 0.018]], arcs, areas)?.between, ["V", "W"]);
});

test("what is finished is long enough, and the same place twice is once", () => {
  assert.equal(isReady("split", [[0, 0]]), false);
  assert.equal(isReady("cut", [[0, 0], [1, 0]]), false);
  assert.equal(isReady("cut", [[0, 0], [1, 0], [1, 1]]), true);
  assert.equal(isReady("select", [[0, 0], [1, 0], [1, 1]]), false);
  assert.equal(withPoint([[0, 0]], [0, 0]).length, 1);
  assert.deepEqual(mergeOperation(["A", "B", "C"]), { kind: "merge", codes: ["B", "C"], into: "A" });
  assert.deepEqual(cutOutOperation([[0, 0], [1, 0], [1, 1]], {}).polygons[0].length, 1);
  assert.equal(isNeighbour("B", ["A"], ARCS), true);
  assert.equal(isNeighbour("C", ["A"], ARCS), false);
  assert.equal(thinned([[0, 0], [0.000001, 0], [0.001, 0]], 5).length, 2);
});

const change = (version, more = {}) => ({ version, areas: { features: [], removed: [] }, borders: { features: [], removed: [] }, ...more });
const arcFeature = (arc) => ({ id: arc.id, properties: { left: arc.left, right: arc.right, rank: arc.rank, is_today: true }, geometry: { coordinates: arc.line } });
const areaFeature = ({ geometry, ...properties }) => ({ id: properties.code, properties, geometry });

test("an answer takes out what is gone and puts in what came; an older one does nothing", () => {
  const first = applied(emptyDraft(), change(0, { areas: { features: AREAS.map(areaFeature) }, borders: { features: ARCS.map(arcFeature) } }));
  assert.equal(first.arcs.size, 3);
  const bent = { ...BORDER, id: "ab2", line: [[0.01, 0], [0.011, 0.005], [0.01, 0.01]] };
  const second = applied(first, change(1, { areas: { features: [areaFeature({ ...AREAS[0], is_changed: true })], removed: [] }, borders: { features: [arcFeature(bent)], removed: ["ab"] } }));
  assert.deepEqual([...second.arcs.keys()].sort(), ["a", "ab2", "b"]);
  assert.deepEqual(changedLeaves(second), ["A"]);
  assert.equal(applied(second, change(0)), second);
  assert.equal(isWhole(second, 1), true);
  assert.equal(isWhole(second, 0), false);
  assert.equal(first.arcs.size, 3);
});

test("a grid that was made and undone leaves the table; one of today stays as gone", () => {
  const effect = (code, today) => ({ code, level: "grid", kind: "base", parent: "V", area_m2: [today, 1], households: [today, 5] });
  const draft = applied(emptyDraft(), change(1, { effects: { areas: [effect("A", 3), effect("N", null)] } }));
  const after = applied(draft, change(2, { areas: { features: [], removed: ["A", "N"] } }));
  assert.deepEqual([...after.effects.keys()], ["A"]);
});

test("names: the next number, the short one, the group", () => {
  const areas = new Map(AREAS.map((area) => [area.code, area]));
  assert.deepEqual(nextName(AREAS, "V"), { name: "丙村第 3 网格" });
  assert.deepEqual(nextName(AREAS, "W"), {});
  assert.equal(shortName(AREAS[0], { name: "丙村" }, (area) => area.name), "第 1 网格");
  assert.equal(groupOf(areas, "A"), "V");
  assert.equal(groupOf(areas, "X"), null);
});

test("between today and the draft lies what changes hands; a dividing line encloses nothing", () => {
  const bent = { ...BORDER, line: [[0.01, 0], [0.012, 0.005], [0.01, 0.01]] };
  const [ring] = handedRings(ARCS, [bent, WEST, EAST]);
  assert.equal(ring.length, 5);
  assert.deepEqual(ring[0], ring[4]);
  assert.deepEqual(handedRings(ARCS, [...ARCS, { ...BORDER, id: "c", line: [[0.01, 0.005], [0.02, 0.01]] }]), []);
  assert.deepEqual(handedRings(ARCS, ARCS), []);
});

test("what waits is kept, sent with the same id and body, and gone once answered", () => {
  const store = new Map();
  const storage = { setItem: (key, value) => store.set(key, value), getItem: (key) => store.get(key) ?? null, removeItem: (key) => store.delete(key) };
  const one = { id: "1", path: "edits", version: 4, operation: { kind: "merge" }, lines: [[[0, 0], [1, 1]]] };
  let outbox = queued(emptyOutbox(), one);
  keep(storage, "p", outbox);
  assert.deepEqual(kept(storage, "p").waiting, [one]);
  assert.deepEqual(bodyOf(kept(storage, "p").waiting[0]), { id: "1", version: 4, operation: { kind: "merge" } });
  outbox = unanswered(unanswered(outbox));
  assert.ok(wait_ms(outbox) > wait_ms(unanswered(emptyOutbox())));
  assert.ok(wait_ms({ waiting: [], tries: 50 }) <= 15_000);
  outbox = answered(outbox, "1");
  assert.deepEqual(outbox, emptyOutbox());
  keep(storage, "p", outbox);
  assert.equal(store.size, 0);
  store.set("planner.outbox.p", "{broken");
  assert.deepEqual(kept(storage, "p"), emptyOutbox());
  assert.deepEqual(kept(null, "p"), emptyOutbox());
});

test("an edit is fitted to the line as it is now, or is told to have no place", () => {
  const bent = { ...BORDER, line: [[0.01, 0], [0.011, 0.0051], [0.01, 0.01]] };
  assert.deepEqual(rebased({ kind: "move_vertex", at: [0.01, 0.005], to: [0.012, 0.006] }, [bent, WEST, EAST]), { kind: "move_vertex", at: [0.011, 0.0051], to: [0.012, 0.006] });
  const pushed = rebased({ kind: "reshape", between: ["B", "A"], line: [[0.01, 0], [0.013, 0.005], [0.01, 0.01]] }, [bent]);
  assert.deepEqual(pushed.line, [[0.01, 0], [0.013, 0.005], [0.01, 0.01]]);
  assert.equal(rebased({ kind: "reshape", between: ["A", "C"], line: [[0, 0], [1, 1]] }, [bent]), null);
  assert.equal(rebased({ kind: "split", leaf: "Z", line: [] }, ARCS), null);
  assert.equal(rebased({ kind: "split", leaf: "A", line: [] }, ARCS)?.leaf, "A");
});

test("figures: what shows no difference has not changed; spread is that of the grids shown", () => {
  const effect = (code, today, draft, more = {}) => ({ code, level: "grid", kind: "base", parent: "V", area_m2: [today === null ? null : 1, 1], households: [today, draft], incidents_90d: [1, 1], entities: [0, 0], hours_week: [2.01, 2.04], compactness: [0.5, 0.5], ...more });
  const effects = new Map([effect("A", 10, 12), effect("B", 30, 12), effect("N", null, 16), effect("X", 7, 7, { kind: "exclusive" }), { ...effect("V", 40, 40), level: "village", parent: null }].map((one) => [one.code, one]));
  const areas = new Map(["A", "B", "N", "X"].map((code) => [code, { is_leaf: true }]).concat([["V", { is_leaf: false }]]));
  const rows = rowsOf(effects.values(), areas, "V", new Set(["A"]));
  assert.deepEqual(rows.map(({ code, isNew }) => [code, isNew]), [["A", false], ["B", false], ["N", true], ["X", false]]);
  assert.equal(rows[0].cells.households.isChanged, true);
  assert.equal(rows[0].cells.hours_week.isChanged, false);
  assert.deepEqual(rowsOf(effects.values(), areas, "changed", new Set(["A"])).map(({ code }) => code), ["A"]);
  const spread = spreadOf(rows, effects);
  assert.equal(spread.households[0], 0.5);
  assert.equal(spread.entities[0], null);
  assert.equal(variation([4]), null);
  assert.equal(difference([10, 12]), "+2");
  assert.equal(difference([10, 8]), "−2");
  assert.equal(difference([10, 10]), "");
  assert.equal(isChanged(undefined, 0), false);
});

test("the address reads back as it was written", () => {
  const place = { plan: "p1", sel: { kind: "border", id: "A-B" }, view: "both", tool: "split", scope: "V", proposals: "" };
  const text = writePlace(place);
  assert.equal(text, "/planner/p1?sel=border:A-B&view=both&tool=split&scope=V");
  assert.deepEqual(readPlace("/planner/p1", text.slice(text.indexOf("?"))), place);
  assert.deepEqual(readPlace("/planner/p1", "?sel=nothing&view=x"), { plan: "p1", sel: null, view: "draft", tool: "select", scope: "", proposals: "" });
});

test("a handle is found on the borders as they are now, by its place", () => {
  const [, vertex] = handlesOf(BORDER, new Set()).filter(({ kind }) => kind !== "middle");
  const renamed = [{ ...BORDER, id: "new", line: [[0.01, 0], [0.01, 0.002], ...BORDER.line.slice(1)] }, WEST, EAST];
  assert.deepEqual(found(renamed, vertex), { arc: renamed[0], handle: { ...vertex, arc: "new", index: 2 } });
  assert.equal(found([{ ...BORDER, line: [BORDER.line[0], BORDER.line[2]] }], vertex), null);
  const dot = handlesOf(BORDER, new Set()).filter(({ kind }) => kind === "middle")[1];
  assert.equal(found(renamed, dot)?.handle.index, 2);
});
