// What an action on a case asks for, and the requests it makes.
import assert from "node:assert/strict";
import test from "node:test";
import { faultyField, actionsOf, keptBack, missing, requestsOf, reviewDays } from "../../webmap/static/parts/action-spec.js";

const offer = (name, reasons = []) => ({ name, needs: [], reasons, to: null });
const seen = { version: 5, state: "handling", zone: "Asia/Shanghai" };
const named = (offers, id) => actionsOf(offers).find((action) => action.id === id);

test("only what the server lists is an action, the main one first; the desk's steps are not here", () => {
  const offers = [offer("close"), offer("return", ["other"]), offer("sign"), offer("escalate")];
  assert.deepEqual(actionsOf(offers).map(({ id }) => id), ["sign", "return", "paper"]);
  assert.deepEqual(actionsOf([offer("accept")]), []);
});

test("a return offers the reasons that the server knows", () => {
  const [reason] = named([offer("return", ["not_our_duty", "other"])], "return").fields;
  assert.deepEqual(reason.reasons, ["not_our_duty", "other"]);
});

test("what is needed and empty is named, blanks count as empty", () => {
  const action = named([offer("feed_back")], "feed_back");
  assert.deepEqual(missing(action, { text: "  " }, {}), ["photo_after", "text"]);
  assert.deepEqual(missing(action, { text: "好了" }, { photo_after: {} }), []);
  assert.deepEqual(missing(named([offer("verify_found"), offer("verify_absent")], "verify"), { text: "x" }, {}), ["choice"]);
});

test("what is wrong is the words of a pass and the reason of a rework", () => {
  const action = named([offer("pass_inspection"), offer("rework")], "inspect");
  assert.deepEqual(requestsOf(action, { choice: "pass_inspection", text: "已看" }, {}, seen), [{ name: "pass_inspection", version: 5, text: "已看" }]);
  assert.deepEqual(requestsOf(action, { choice: "rework", text: "没扫净" }, {}, seen), [{ name: "rework", version: 5, reason: "没扫净" }]);
});

test("empty fields are not sent, photos go by their id", () => {
  const action = named([offer("feed_back")], "feed_back");
  assert.deepEqual(requestsOf(action, { text: " 已清理 ", public_text: "" }, { photo_after: "p1" }, seen), [{ name: "feed_back", version: 5, text: "已清理", photo_after: "p1" }]);
});

test("a returned slip is a sign and a feedback with the town's times; once signed only the feedback", () => {
  const values = { signer: "张伟", signed_at: "2026-03-17T14:40", handled_at: "2026-03-17T16:05", text: "已清运" };
  const paper = named([offer("sign"), offer("return")], "paper");
  const [{ then: [feedBack], ...sign }, ...others] = requestsOf(paper, values, { photo_after: "p1" }, { ...seen, state: "dispatched" });
  assert.deepEqual(others, []);
  assert.deepEqual(sign, { name: "sign", version: 5, text: "张伟", happened_at: "2026-03-17T06:40:00.000Z" });
  assert.deepEqual(feedBack, { name: "feed_back", text: "已清运", happened_at: "2026-03-17T08:05:00.000Z", photo_after: "p1" });
  assert.deepEqual(requestsOf(named([offer("feed_back")], "paper"), values, { photo_after: "p1" }, seen), [{ ...feedBack, version: 5 }]);
});

test("a fault of the server is shown at the field that it means", () => {
  const paper = named([offer("sign")], "paper");
  assert.equal(faultyField(paper, { field: "facts.happened_at", step: "sign" }), "signed_at");
  assert.equal(faultyField(paper, { field: "facts.happened_at", step: "feed_back" }), "handled_at");
  assert.equal(faultyField(paper, { field: "facts.photo_after" }), "photo_after");
  assert.equal(faultyField(paper, { field: "version" }), null);
});

test("a review lies between tomorrow and thirty days ahead on the town's calendar", () => {
  const night = Date.parse("2026-03-17T17:00:00Z"); // 18 March in the town
  assert.deepEqual(reviewDays(night, "Asia/Shanghai"), { first: "2026-03-19", last: "2026-04-17" });
});

test("telling reasons are told, the rest is folded, the desk's are left out", () => {
  const blocked = [
    { name: "return", code: "transition.returned_twice" },
    { name: "sign", code: "transition.not_from_here" },
    { name: "dispatch", code: "transition.needs_ruling" },
  ];
  assert.deepEqual(keptBack(blocked), { told: [blocked[0]], rest: [blocked[1]] });
});
