import assert from "node:assert/strict";
import test from "node:test";

import { dayAfter, isPeriod, nameOfPeriod, PERIODS, periodOf } from "../../webmap/static/appraisal/period.js";

test("periods begin and end as the calendar does", () => {
  assert.deepEqual(periodOf("month", "2024-02-10"), { from: "2024-02-01", to: "2024-02-29" });
  assert.deepEqual(periodOf("last_month", "2026-01-31"), { from: "2025-12-01", to: "2025-12-31" });
  assert.deepEqual(periodOf("quarter", "2026-11-24"), { from: "2026-10-01", to: "2026-12-31" });
  assert.deepEqual(periodOf("year", "2026-11-24"), { from: "2026-01-01", to: "2026-12-31" });
  assert.deepEqual(periodOf("days_30", "2026-03-01"), { from: "2026-01-31", to: "2026-03-01" });
});

test("a period knows its name, another is one's own", () => {
  for (const name of PERIODS) assert.equal(nameOfPeriod(periodOf(name, "2026-05-14"), "2026-05-14"), name);
  assert.equal(nameOfPeriod({ from: "2026-05-02", to: "2026-05-14" }, "2026-05-14"), "own");
});

test("the day after the last of a year is the first of the next", () => {
  assert.equal(dayAfter("2026-12-31"), "2027-01-01");
});

test("only days in their order are a period", () => {
  assert.ok(isPeriod("2026-05-01", "2026-05-01"));
  for (const [from, to] of [["2026-05-02", "2026-05-01"], ["", "2026-05-01"], ["5/1/2026", "2026-05-02"]]) assert.ok(!isPeriod(from, to));
});
