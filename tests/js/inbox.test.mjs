// The list of the inbox as it grows and is read anew.
import assert from "node:assert/strict";
import test from "node:test";
import { asLongAsBefore, nextPage } from "../../webmap/static/pages/inbox-pages.js";

const cases = (from, to) => Array.from({ length: to - from }, (_, n) => ({ id: `case-${from + n}` }));
const group = (id, shown, all) => ({ id, count: all, filters: { state: id }, cases: cases(0, shown), next: shown < all ? String(shown) : null });

/** A server with so many cases in each state; it notes what it was asked. */
function server(sizes, asked = []) {
  return async ({ state, cursor, limit }) => {
    asked.push({ state, cursor, limit });
    const start = Number(cursor);
    const end = Math.min(start + limit, sizes[state]);
    return { features: cases(start, end).map((properties) => ({ properties })), next: end < sizes[state] ? String(end) : null };
  };
}

test("rows that were loaded are there again after the list was read anew", async () => {
  const load = server({ handling: 120, dispatched: 40 });
  const before = [group("handling", 30, 120), group("dispatched", 30, 40)];
  await nextPage(before[0], load);
  assert.deepEqual([before[0].cases.length, before[0].next], [80, "80"]);
  const after = await asLongAsBefore([group("handling", 30, 119), group("dispatched", 30, 40)], before, load);
  assert.deepEqual(after.map((one) => one.cases.length), [80, 30]);
  assert.equal(new Set(after[0].cases.map(({ id }) => id)).size, 80);
});

test("a list of first pages asks for nothing more; a group that shrank ends where it ends", async () => {
  const asked = [];
  await asLongAsBefore([group("handling", 30, 120)], [group("handling", 30, 120)], server({ handling: 120 }, asked));
  assert.deepEqual(asked, []);
  const [shrunk] = await asLongAsBefore([group("handling", 30, 45)], [{ ...group("handling", 30, 120), cases: cases(0, 80) }], server({ handling: 45 }));
  assert.deepEqual([shrunk.cases.length, shrunk.next], [45, null]);
});

test("a page that cannot be had leaves the first rows and the way to more", async () => {
  const lost = async () => { throw new Error("offline"); };
  const [kept] = await asLongAsBefore([group("handling", 30, 120)], [{ ...group("handling", 30, 120), cases: cases(0, 80) }], lost);
  assert.deepEqual([kept.cases.length, kept.next], [30, "30"]);
});

test("a case that moved up between two pages is not shown twice", async () => {
  const one = { ...group("handling", 30, 120), next: "29" };
  const fresh = await nextPage(one, server({ handling: 120 }));
  assert.deepEqual([fresh[0].id, one.cases.length], ["case-30", 79]);
});
