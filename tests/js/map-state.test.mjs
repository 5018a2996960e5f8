import assert from "node:assert/strict";
import { test } from "node:test";
import { deservesHistory, emptyState, formatState, parseState } from "../../webmap/static/map/state.js";
import { tallied } from "../../webmap/static/map/layers-panel.js";
import { dayEnd, dayStart, formatClock, formatMoment, moment, parseMoment } from "../../webmap/static/map/town-clock.js";

const SHANGHAI = "Asia/Shanghai";
const NEW_YORK = "America/New_York";

test("every state comes back from its own address", () => {
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const some = (values) => values[Math.floor(random() * values.length)];
  for (let round = 0; round < 300; round += 1) {
    const state = {
      view: some([null, { lon: Number((random() * 360 - 180).toFixed(5)), lat: Number((random() * 170 - 85).toFixed(5)), zoom: Number((random() * 20).toFixed(2)) }]),
      on: some([null, [], ["incident"], ["incident", "patrol-coverage", "market-entity"]]),
      platforms: some([null, [], ["market"], ["public_order", "service"]]),
      at: some([null, moment(2026, 3, 17, Math.floor(random() * 24), Math.floor(random() * 60), SHANGHAI)]),
      sel: some([null, { kind: "incident", id: "01958f3c-7b42-7000-8000-0123456789ab" }, { kind: "grid", id: "330424105200001" }]),
      tab: some([null, "list", "feed"]),
      theme: some([null, "dark", "light"]),
      lang: some([null, "zh", "en"]),
      help: some([false, true]),
    };
    assert.deepEqual(parseState(formatState(state, SHANGHAI), SHANGHAI), state);
  }
});

test("the plain address is the plain state, and stays plain", () => {
  assert.deepEqual(parseState("", SHANGHAI), emptyState());
  assert.equal(formatState(emptyState(), SHANGHAI), "");
});

test("an address is readable", () => {
  const state = { ...emptyState(), view: { lon: 120.89, lat: 30.39, zoom: 12.4 }, on: ["incident", "hotspot"], at: moment(2026, 3, 17, 14, 32, SHANGHAI) };
  assert.equal(formatState(state, SHANGHAI), "?c=120.89000,30.39000,12.4&on=incident,hotspot&at=2026-03-17T14:32");
});

for (const [name, search] of [
  ["too few numbers", "?c=120.9,30.3"], ["words", "?c=a,b,c"], ["a place outside the world", "?c=500,30,12"], ["an empty part", "?c=,30,12"],
  ["a moment that is none", "?at=yesterday"], ["a month that is none", "?at=2026-13-01T00:00"], ["a selection without kind", "?sel=:x"],
  ["a theme that is none", "?theme=pink"], ["a language that is none", "?lang=fr"],
]) {
  test(`a bad part of an address is the default: ${name}`, () => assert.deepEqual(parseState(search, SHANGHAI), emptyState()));
}

test("codes with markup do not enter the state", () => {
  assert.deepEqual(parseState("?on=incident,%3Cb%3E,grid", SHANGHAI).on, ["incident", "grid"]);
});

test("a selection is a step in the history, panning is not", () => {
  const base = emptyState();
  assert.equal(deservesHistory(base, { ...base, sel: { kind: "grid", id: "1" } }), true);
  assert.equal(deservesHistory(base, { ...base, view: { lon: 1, lat: 2, zoom: 3 } }), false);
});

test("wall times are the town's, whatever the browser's zone", () => {
  assert.equal(new Date(moment(2026, 3, 17, 14, 32, SHANGHAI)).toISOString(), "2026-03-17T06:32:00.000Z");
  assert.equal(formatMoment(Date.parse("2026-03-17T06:32:00Z"), SHANGHAI), "2026-03-17T14:32");
  assert.equal(formatClock(Date.parse("2026-03-17T06:32:08Z"), SHANGHAI, true), "14:32:08");
});

test("each moment of a year survives the way through its wall time", () => {
  // The hour that is repeated in autumn names two moments; its wall time means one of them.
  for (let hour = 0; hour < 365 * 24; hour += 7) {
    const at = Date.UTC(2026, 0, 1) + hour * 3_600_000;
    const back = parseMoment(formatMoment(at, NEW_YORK), NEW_YORK);
    assert.ok(back === at || Math.abs(back - at) === 3_600_000, new Date(at).toISOString());
    assert.equal(formatMoment(back, NEW_YORK), formatMoment(at, NEW_YORK));
  }
});

test("a day has 24 hours, except where the clocks change", () => {
  const hours = (text, zone) => (dayEnd(Date.parse(text), zone) - dayStart(Date.parse(text), zone)) / 3_600_000;
  assert.equal(hours("2026-03-17T06:00:00Z", SHANGHAI), 24);
  assert.equal(hours("2026-03-08T18:00:00Z", NEW_YORK), 23);
  assert.equal(hours("2026-11-01T18:00:00Z", NEW_YORK), 25);
});

test("a moment with a zone means that zone", () => {
  assert.equal(parseMoment("2026-03-17T06:32:00Z", NEW_YORK), Date.parse("2026-03-17T06:32:00Z"));
  assert.equal(parseMoment("2026-03-17", SHANGHAI), null);
});

test("a legend counts all cases, those of chosen platforms, or says that it does not know", () => {
  const summary = { late: 3, open: 9, platforms: { a: { late: 1, open: 4 }, b: { late: 2, open: 5 } } };
  assert.equal(tallied(summary, "late", null), 3);
  assert.equal(tallied(summary, "late", ["b"]), 2);
  assert.equal(tallied(summary, "late", ["b", "none of these"]), 2);
  assert.equal(tallied({ late: null, open: 900, platforms: { a: { late: null, open: null } } }, "late", null), undefined);
  assert.equal(tallied({ late: null, open: 900, platforms: { a: { late: null, open: null } } }, "open", ["a"]), undefined);
  assert.equal(tallied(summary, "due-soon", null), undefined);
  assert.equal(tallied(null, "late", null), undefined);
});
