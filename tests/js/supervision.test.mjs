// The pure parts of the supervision page: its address, what a flag rests on in words.
import assert from "node:assert/strict";
import test from "node:test";
import { readPlace, writePlace } from "../../webmap/static/supervision/address.js";
import { changed, changesOf, taskAt } from "../../webmap/static/supervision/project-changes.js";
import { basisPairs, momentsOf } from "../../webmap/static/supervision/flag-words.js";

const DUE = "2026-03-20T09:00:00+08:00";

test("an address that is read and written again is the same", () => {
  for (const address of ["/supervision", "/supervision?state=proposed&colour=red&id=7", "/supervision?view=cases&level=3&reply=1", "/supervision?view=projects&late=1&q=%E6%B2%B3"]) {
    assert.equal(writePlace(readPlace(address.slice("/supervision".length))), address);
  }
});

test("a view that is none is the flags, a filter of another view is left out", () => {
  assert.deepEqual(readPlace("?view=constructor&level=3&rule=reworks"), { view: "flags", id: "", filters: { rule: "reworks" } });
});

test("a flag says its times and by how much, or that it was not done when it was proposed", () => {
  const basis = { started_at: "2026-03-17T09:00:00+08:00", due_at: DUE, limit: { value: 3, unit: "work_day" }, until: "2026-03-20T11:00:00+08:00" };
  const names = (given) => basisPairs({ rule: "late_handling", basis: given, created_at: "2026-03-20T10:00:00+08:00" }).map(([name]) => name);
  assert.deepEqual(names(basis), ["supervision.basis_started_at", "supervision.basis_limit", "supervision.basis_due_at", "supervision.basis_until", "supervision.basis_late"]);
  const open = basisPairs({ rule: "late_handling", basis: { ...basis, until: null }, created_at: "2026-03-20T10:00:00+08:00" });
  assert.ok(open.some(([, words]) => words === "supervision.still_open"));
});

test("the whole has no limit of its own to show, counts show each time", () => {
  const whole = basisPairs({ rule: "late_whole", basis: { due_at: DUE, until: DUE, limit: { value: 1, unit: "work_day" } }, created_at: DUE });
  assert.ok(!whole.some(([name]) => name === "supervision.basis_limit"));
  const twice = { count: 2, at_least: 2, times: [{ at: DUE, reason: "未清" }, { at: DUE, reason: null }] };
  assert.equal(basisPairs({ rule: "reworks", basis: twice, created_at: DUE }).length, 4);
});

test("the rows of the log that a basis names are found by their moment", () => {
  const moments = momentsOf({ started_at: DUE, until: null, times: [{ at: "2026-03-20T01:00:00Z" }] });
  assert.deepEqual([...moments], [Date.parse(DUE)]);
});

const PROJECT = { name: "河道整治", goal: "无漂浮物", org: "water_station", starts_on: "2026-03-01", due_on: "2026-06-30", state: "running" };

test("a changed project sends what differs and why", () => {
  assert.deepEqual(changesOf(PROJECT, { ...PROJECT, reason: "x" }), { reason: "x" });
  const given = { ...PROJECT, name: " 河道整治二期 ", goal: "无漂浮物 ", org: "village_206", reason: "分工变了" };
  assert.deepEqual(changesOf(PROJECT, given), { name: "河道整治二期", org: "village_206", reason: "分工变了" });
});

test("the record says each field before and after, not what did not change", () => {
  const facts = { of: ["划线", "划线"], created: [null, "河道整治"], goal: ["无漂浮物", "水质三类"], org: ["a", "b"], due_on: ["2026-06-30", "2026-06-30"] };
  assert.deepEqual(changed(facts), [["goal", "无漂浮物", "水质三类"], ["org", "a", "b"]]);
});


test("a fault of a task is that of its line and field; others are of the project", () => {
  assert.deepEqual(taskAt("tasks.1.due_on"), { line: 1, field: "due_on" });
  assert.equal(taskAt("due_on"), null);
});
