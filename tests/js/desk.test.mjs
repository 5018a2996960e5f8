// The pure parts of the desk: its address, the queue as values, what can be done and what each step asks for.
import assert from "node:assert/strict";
import test from "node:test";
import { atStage, atWaiting, changed, figuresQuery, queueQuery, readAddress, writeAddress } from "../../webmap/static/desk/address.js";
import { marked } from "../../webmap/static/desk/alerts.js";
import { fitting } from "../../webmap/static/desk/bulk.js";
import { begin, factsOf, fieldsOf, replyField, wanting } from "../../webmap/static/desk/forms.js";
import { buttons, decided, draftOf, isUndecided, mainAction, missing, maybeArrived } from "../../webmap/static/desk/plan.js";
import { arrived, joined, neighbour, reach, stageOf } from "../../webmap/static/desk/queue.js";
import { keyOf } from "../../webmap/static/parts/keys.js";
import { contains, shareAt } from "../../webmap/static/parts/share-point.js";

const offers = (...names) => names.map((name) => ({ name, needs: [], reasons: [], to: null }));
const everything = () => true;
const DRAFT = { category: "ZF-01", urgency: "U2", lead_org: "squad", co_orgs: ["police"] };

test("an address that is read and written again is the same", () => {
  const address = "/desk?stage=handle&platform=market&q=%E6%B8%A3%E5%9C%9F&unseen=1&level=2&id=7";
  assert.equal(writeAddress(readAddress(address.slice(5))), address);
});

test("a stage that is none is the first one, an unknown name is left out", () => {
  assert.deepEqual(readAddress("?stage=nonsense&colour=red"), { stage: "accept", id: "", filters: {} });
});

test("supervision is what is supervised, beside the stages", () => {
  assert.deepEqual(queueQuery(readAddress("?stage=supervised&platform=market")), { platform: "market", supervised: "1" });
  assert.deepEqual(queueQuery(readAddress("?stage=handle")), { stage: "handle" });
});

test("what waits is looked for in all stages, and a stage is without it", () => {
  const desk = readAddress("?stage=handle&platform=market&id=7");
  const late = atWaiting(desk, "late");
  assert.deepEqual(late, { stage: "all", id: "", filters: { platform: "market", late: "1" } });
  assert.deepEqual(queueQuery(late), { platform: "market", late: "1" });
  assert.deepEqual(figuresQuery(late.filters), { platform: "market" });
  assert.deepEqual(atWaiting(late, "asked").filters, { platform: "market", asked: "1" });
  assert.deepEqual(atWaiting(late, "late"), { stage: "accept", id: "", filters: { platform: "market" } });
  assert.deepEqual(atStage(late, "supervised"), { stage: "supervised", id: "", filters: { platform: "market" } });
});

test("an empty filter is taken off", () => {
  assert.deepEqual(changed({ platform: "market", late: "1" }, { late: "", village: "x" }), { platform: "market", village: "x" });
});

const rows = (...ids) => ids.map((id) => ({ id, state: "reported" }));

test("the next case is the one below, at the ends there is none", () => {
  assert.equal(neighbour(rows("a", "b", "c"), "b", 1, 1), "c");
  assert.equal(neighbour(rows("a", "b", "c"), "a", 0, -1), null);
  assert.equal(neighbour(rows("a", "b"), "b", 1, 1), null);
});

test("after a case that left the list comes the one that took its place, before it the one above", () => {
  assert.equal(neighbour(rows("a", "c"), "b", 1, 1), "c");
  assert.equal(neighbour(rows("a", "c"), "b", 1, -1), "a");
});

test("pages are joined without doubles, and what arrived is known", () => {
  assert.deepEqual(joined(rows("a", "b"), rows("b", "c")).map((row) => row.id), ["a", "b", "c"]);
  assert.deepEqual(arrived(rows("a", "b"), rows("n", "a")), ["n"]);
});

test("a list that was read on is read again as far, within bounds", () => {
  assert.deepEqual([0, 50, 51, 9999].map((n) => reach(n, 50, 500)), [50, 50, 100, 500]);
});

test("every open state has its stage, what is closed has none", () => {
  assert.deepEqual(["filed", "suspended", "awaiting_inspection", "closed"].map(stageOf), ["accept", "handle", "evaluate", null]);
});

test("the main action of a report is three steps, as far as the account may", () => {
  const item = { state: "reported", lon: 1, transitions: offers("accept", "decline") };
  assert.deepEqual(mainAction(item, DRAFT, everything).names, ["accept", "file", "dispatch"]);
  assert.deepEqual(mainAction(item, DRAFT, (word) => word !== "dispatch").names, ["accept", "file"]);
});

test("without a place a report can only be accepted", () => {
  assert.deepEqual(mainAction({ state: "reported", lon: null, transitions: offers("accept") }, DRAFT, everything).names, ["accept"]);
});

test("what the steps lack is said before they are tried", () => {
  const item = { state: "accepted", lon: 1, transitions: offers("file") };
  assert.equal(mainAction(item, { ...DRAFT, category: "" }, everything).missing, "transition.category_missing");
  assert.equal(mainAction(item, { ...DRAFT, lead_org: "" }, everything).missing, "transition.lead_missing");
  assert.equal(mainAction(item, DRAFT, everything).missing, null);
});

test("another category than the one filed means filing again, with a reason", () => {
  const item = { state: "filed", category: "ZF-02", lon: 1, transitions: offers("dispatch", "reclassify") };
  assert.deepEqual(mainAction(item, DRAFT, everything), { names: ["reclassify", "file", "dispatch"], form: "reclassify", missing: null });
  assert.deepEqual(mainAction({ ...item, category: "ZF-01" }, DRAFT, everything).names, ["dispatch"]);
});

test("what was asked for is decided before anything else", () => {
  assert.equal(mainAction({ state: "handling", transitions: offers("remind", "supervise", "suspend", "deny_suspend") }, DRAFT, everything).form, "suspend");
  assert.equal(mainAction({ state: "handling", transitions: offers("remind") }, DRAFT, everything), null);
});

test("buttons stand in order; what is rare and what belongs to the inbox stand apart", () => {
  const item = { state: "handling", transitions: offers("transfer_up", "feed_back", "supervise", "remind", "ask_void", "unask_void") };
  assert.deepEqual(buttons(item, null), { usual: ["remind", "supervise"], rare: ["transfer_up", "ask_void", "unask_void"], inbox: ["feed_back"] });
});

test("the single main action has no second button, steps of a chain keep theirs", () => {
  const filed = { state: "filed", category: "ZF-01", lon: 1, transitions: offers("dispatch") };
  assert.deepEqual(buttons(filed, mainAction(filed, DRAFT, everything)).usual, []);
  const report = { state: "reported", lon: 1, transitions: offers("accept") };
  assert.deepEqual(buttons(report, mainAction(report, DRAFT, everything)).usual, ["accept"]);
});

test("a missing action is named with its reason, steps of other states are not", () => {
  const item = { state: "reported", blocked: [{ name: "dispatch", code: "transition.not_from_here" }, { name: "file", code: "transition.place_missing" }, { name: "close", code: "transition.not_from_here" }] };
  assert.deepEqual(missing(item), [{ name: "dispatch", code: "desk.first_file" }, { name: "file", code: "transition.place_missing" }]);
});

test("a decision begins with what is decided, then suggested, then usual for the category", () => {
  const categories = new Map([["ZF-01", { lead_org: "squad", co_orgs: ["police"] }]]);
  const suggested = { state: "reported", urgency: "U3", category: null, lead_org: null, suggestion: { category: "ZF-01", lead_org: "village" } };
  assert.deepEqual(draftOf(suggested, categories), { category: "ZF-01", urgency: "U3", lead_org: "village", co_orgs: ["police"] });
  const returned = { state: "returned", urgency: "U3", category: "ZF-01", lead_org: "market", co_orgs: [] };
  assert.deepEqual(draftOf(returned, categories), { category: "ZF-01", urgency: "U3", lead_org: "market", co_orgs: [] });
});

test("it is decided here as long as the case is not out", () => {
  assert.ok(isUndecided({ state: "filed", transitions: offers("dispatch") }));
  assert.ok(!isUndecided({ state: "reported", transitions: offers("remind") }));
  assert.ok(!isUndecided({ state: "handling", transitions: offers("remind") }));
});

test("each step of a chain takes its part of the decision", () => {
  assert.deepEqual(decided("accept", DRAFT), {});
  assert.deepEqual(decided("file", DRAFT), { category: "ZF-01", urgency: "U2" });
  assert.deepEqual(decided("dispatch", DRAFT), { lead_org: "squad", co_orgs: ["police"] });
});

test("a form wants what is needed and leaves out what is empty", () => {
  const item = { case_no: "330424105202611250046" };
  assert.equal(wanting("decline", { reason_code: "other" }, item), "reason");
  assert.equal(wanting("decline", { reason_code: "other", reason: " x " }, item), null);
  assert.deepEqual(factsOf("decline", { reason_code: "other", reason: " x ", public_text: "" }), { reason_code: "other", reason: "x" });
});

test("closing wants the condition confirmed, voiding the number typed", () => {
  const item = { case_no: "330424105202611250046" };
  assert.equal(wanting("close", { condition_met: false }, item), "condition_met");
  assert.deepEqual(factsOf("close", { condition_met: true }), { condition_met: true });
  assert.equal(wanting("void", { reason: "误报", typed: "0047" }, item), "typed");
  assert.equal(wanting("void", { reason: "误报", typed: "0046" }, item), null);
  assert.deepEqual(factsOf("void", { reason: "误报", typed: "0046" }), { reason: "误报" });
});

test("numbers leave as numbers", () => {
  assert.deepEqual(factsOf("supervise", { level: "2", reason: "x" }), { level: 2, reason: "x" });
  assert.deepEqual(factsOf("extend", { share: "0.5" }), { share: 0.5 });
  assert.deepEqual(factsOf("ask_verify", { verifier_id: 7 }), { verifier_id: 7 });
});

test("a form begins with what was asked for", () => {
  const log = [{ name: "ask_suspend", facts: { review_on: "2026-12-01" } }, { name: "remind", facts: {} }];
  assert.deepEqual(begin("suspend", { log }), { review_on: "2026-12-01" });
  assert.deepEqual(begin("merge", { duplicates: [{ case_no: "1", is_open: false }, { case_no: "2", is_open: true }] }), { into: "2" });
  assert.deepEqual(begin("supervise", { supervision_level: 1 }), { level: "2" });
});

test("ready words go to the reporter where there is one, else into the words", () => {
  assert.deepEqual(["decline", "close", "remind", "rework", "accept"].map(replyField), ["public_text", "public_text", "text", "reason", null]);
  assert.deepEqual(fieldsOf("accept"), []);
});

test("only what fits is done with many", () => {
  const many = [{ id: "a", state: "reported" }, { id: "b", state: "handling" }, { id: "c", state: "closed" }];
  assert.deepEqual(fitting(many, "accept").map((row) => row.id), ["a"]);
  assert.deepEqual(fitting(many, "remind").map((row) => row.id), ["b"]);
});

test("the title carries the number of what is new", () => {
  assert.equal(marked("渣土 · 一网", 2), "(2) 渣土 · 一网");
  assert.equal(marked("(2) 渣土 · 一网", 0), "渣土 · 一网");
});

const press = (key, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, ...more });

test("letters act outside inputs and while they are on; Ctrl Enter always", () => {
  assert.equal(keyOf(press("A"), { typing: false, letters: true }), "a");
  assert.equal(keyOf(press("a"), { typing: true, letters: true }), null);
  assert.equal(keyOf(press("a"), { typing: false, letters: false }), null);
  assert.equal(keyOf(press("1"), { typing: false, letters: false }), "1");
  assert.equal(keyOf(press("Enter", { ctrlKey: true }), { typing: true, letters: false }), "Ctrl Enter");
  assert.equal(keyOf(press("a", { ctrlKey: true }), { typing: false, letters: true }), null);
  assert.equal(keyOf(press("a", { isComposing: true }), { typing: false, letters: true }), null);
});

const SQUARE = { type: "Polygon", coordinates: [[[120, 30], [120.1, 30], [120.1, 30.1], [120, 30.1], [120, 30]], [[120.04, 30.04], [120.06, 30.04], [120.06, 30.06], [120.04, 30.06], [120.04, 30.04]]] };

test("a point in a hole is not in the polygon", () => {
  assert.ok(contains(SQUARE, 120.02, 30.02));
  assert.ok(!contains(SQUARE, 120.05, 30.05));
  assert.ok(!contains(SQUARE, 120.2, 30.05));
});

test("a share stands outside the circle on the side of its grid", () => {
  const [lon, lat] = shareAt(SQUARE, 120, 30.02, 80);
  assert.ok(lon > 120);
  assert.ok(Math.abs(lat - 30.02) < 1e-4);
  assert.equal(shareAt(SQUARE, 121, 30, 80), null);
});

test("a step without an answer is the same one until something else happened to the case", () => {
  assert.equal(maybeArrived(undefined, 3), false);
  assert.deepEqual([3, 4, 5].map((version) => maybeArrived({ version: 3 }, version)), [true, true, false]);
});
