import assert from "node:assert/strict";
import { test } from "node:test";
import { byUrgency, clockOf, ringPercent } from "../../webmap/static/map/clock.js";

const facts = (more) => ({ due: 1000, warn: 750, state: "handling", at: 0, ...more });

test("below three quarters a case has no ring, then a growing one, then a full one", () => {
  assert.deepEqual(clockOf(facts({ at: 749 })), { state: "none", share: 0, left: 251 });
  assert.equal(clockOf(facts({ at: 750 })).state, "warn");
  assert.equal(clockOf(facts({ at: 750 })).share, 0.75);
  assert.equal(clockOf(facts({ at: 875 })).share, 0.875);
  assert.equal(clockOf(facts({ at: 1000 })).state, "warn", "a case is late after its deadline, not at it");
  assert.deepEqual(clockOf(facts({ at: 1001 })), { state: "late", share: 1, left: -1 });
});

test("no limit runs for a suspended or closed case, however late", () => {
  assert.equal(clockOf(facts({ at: 5000, state: "suspended" })).state, "suspended");
  for (const state of ["closed", "archived", "declined", "void", "merged"]) assert.equal(clockOf(facts({ at: 5000, state })).state, "closed");
  assert.equal(clockOf(facts({ due: null, at: 5000 })).state, "none");
});

test("in a replay a case closed later was still late", () => {
  assert.equal(clockOf(facts({ state: "closed", closed: 3000, at: 2000 })).state, "late");
  assert.equal(clockOf(facts({ state: "closed", closed: 3000, at: 3000 })).state, "closed");
});

test("a running clock never draws the full circle that means late", () => {
  for (let at = 750; at <= 1000; at += 1) {
    const { state, share } = clockOf(facts({ at }));
    assert.equal(state, "warn");
    assert.ok([75, 80, 85, 90, 95].includes(ringPercent(share)));
  }
  assert.equal(ringPercent(0.799), 75);
  assert.equal(ringPercent(0.8), 80);
});

test("the latest comes first, then the nearest deadline, then those without one", () => {
  const cases = [facts({ due: null }), facts({ due: 500 }), facts({ due: -10 }), facts({ due: -900 }), facts({ due: 20 })];
  assert.deepEqual(cases.sort(byUrgency).map((one) => one.due), [-900, -10, 20, 500, null]);
});

test("urgency is an order: asymmetric and transitive", () => {
  const cases = [null, -5, 0, 5, 900].flatMap((due) => ["handling", "suspended", "closed"].map((state) => facts({ due, state })));
  for (const a of cases) for (const b of cases) {
    assert.equal(Math.sign(byUrgency(a, b)), -Math.sign(byUrgency(b, a)) + 0 || 0);
    for (const c of cases) if (byUrgency(a, b) < 0 && byUrgency(b, c) < 0) assert.ok(byUrgency(a, c) < 0);
  }
});
