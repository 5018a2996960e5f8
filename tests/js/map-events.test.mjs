import assert from "node:assert/strict";
import { test } from "node:test";
import { addEvent, compareCursors, emptyFeed, Overlay, readFrame } from "../../webmap/static/map/events.js";
import { named } from "../../webmap/static/map/feed-panel.js";
import { backoff, FrameParser } from "../../webmap/static/map/sse.js";
import { EventStream } from "../../webmap/static/map/stream-core.js";

const frame = (id, data, event = "incident") => `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
const event = (id, at = 0, more = {}) => ({ id, topic: "incident", kind: "created", ref: id, at, data: { id: `case-${id}`, seq: 1, lon: 120.9, lat: 30.4, title: "t", ...more } });

test("a stream cut anywhere gives the same frames", () => {
  const text = `retry: 1000\n${frame("1-1", { a: 1 })}: still here\r\n\r\n${frame("1-2", { text: "一网\n" })}data: x\rdata: y\r\r`;
  const whole = new FrameParser();
  const expected = whole.push(`${text}\n`);
  assert.equal(expected.length, 3);
  assert.equal(expected[2].data, "x\ny");
  assert.equal(whole.retry, 1000);
  for (let cut = 1; cut < text.length; cut += 1) {
    const parser = new FrameParser();
    assert.deepEqual([...parser.push(text.slice(0, cut)), ...parser.push(`${text.slice(cut)}\n`)], expected);
  }
});

test("a heartbeat carries a cursor without an event", () => {
  const parser = new FrameParser();
  assert.deepEqual(parser.push(": still here\nid: 9-9\n\n"), []);
  assert.equal(parser.id, "9-9");
});

test("a broken frame is skipped, not thrown", () => {
  assert.deepEqual(readFrame("1-1", "incident", "{broken"), []);
  assert.deepEqual(readFrame("1-1", "incident", "null"), []);
  assert.equal(readFrame("1-1", "incident", '{"kind":"created","ref":"x","at":"2026-03-17T06:32:00Z"}')[0].at, Date.UTC(2026, 2, 17, 6, 32));
});

test("cursors compare as numbers, beyond what a double holds", () => {
  assert.equal(compareCursors("9-1", "10-1"), -1);
  assert.equal(compareCursors("10-2", "10-11"), -1);
  assert.equal(compareCursors("9007199254740993-1", "9007199254740992-1"), 1);
  assert.equal(compareCursors("x", "10-1"), 0);
});

test("an event seen twice is shown once, and the newest stands first", () => {
  let state = emptyFeed();
  for (const one of [event("1", 10), event("2", 20), event("1", 10), event("3", 15)]) state = addEvent(state, one);
  assert.deepEqual(state.feed.map((one) => one.id), ["2", "3", "1"]);
  assert.equal(addEvent(state, event("2", 20)), state);
});

test("the overlay keeps what came during a fetch and forgets what came before", () => {
  const overlay = new Overlay();
  overlay.add(event("1", 0, { id: "a", seq: 1 }));
  const started = overlay.serial;
  overlay.add(event("2", 0, { id: "b", seq: 2 }));
  overlay.add(event("3", 0, { id: "a", seq: 1, title: "newer" }));
  overlay.settle(started);
  assert.deepEqual(overlay.collection().features.map((one) => [one.properties.id, one.properties.title]), [["a", "newer"], ["b", "t"]].sort());
  overlay.settle(overlay.serial);
  assert.deepEqual(overlay.collection().features, []);
});

test("a closed, removed or unplaced case hides its symbol without a new one", () => {
  const overlay = new Overlay();
  overlay.add(event("1", 0, { id: "a", seq: 7, is_open: false }));
  overlay.add(event("2", 0, { id: "b", seq: 8, lon: null, lat: null }));
  overlay.add({ ...event("3"), topic: "removed", ref: "c", data: { topic: "incident", ref: "c" } });
  assert.deepEqual(overlay.hidden(), [{ layer: "incident", seq: 7 }, { layer: "incident", seq: 8 }]);
  assert.deepEqual(overlay.collection().features, []);
});

test("times on the overlay are seconds, as in a tile", () => {
  const overlay = new Overlay();
  overlay.add(event("1", 0, { id: "a", due_at: "2026-03-17T06:32:00.5Z", grid_shares: [1], closed_at: null }));
  const { properties } = overlay.collection().features[0];
  assert.equal(properties.due_at, Date.UTC(2026, 2, 17, 6, 32) / 1000);
  assert.ok(!("closed_at" in properties) && !("grid_shares" in properties));
});

test("waits grow to fifteen seconds and are spread", () => {
  assert.equal(backoff(1), 200);
  assert.ok(backoff(3, () => 0) < backoff(3, () => 1));
  for (let attempt = 2; attempt < 40; attempt += 1) assert.ok(backoff(attempt, () => 1) <= 15_000 * 1.25);
});

/** A body that gives its pieces and then ends. */
const body = (...pieces) => new ReadableStream({ start: (to) => { for (const piece of pieces) to.enqueue(new TextEncoder().encode(piece)); to.close(); } });

test("after a cut the stream names the last event it has seen, and tells what it caught up", async () => {
  const asked = [];
  const answers = [
    () => new Response(body(frame("5-1", { cursor: "5-1", caught_up: 0 }, "hello"), frame("6-1", { kind: "created", id: "a" }), ": still here\nid: 7-3\n\n")),
    () => { throw new TypeError("cut"); },
    () => new Response("busy", { status: 503 }),
    () => new Response(body(frame("8-1", { kind: "created", id: "b" }), frame("9-1", { cursor: "9-1", caught_up: 1 }, "hello"))),
  ];
  const told = [];
  const stream = new EventStream("/api/v1/events", (message) => {
    told.push(message);
    if (message.type === "recovered") stream.stop();
  }, { fetch: async (url, { headers }) => { asked.push(headers["Last-Event-ID"] ?? null); return answers[asked.length - 1](); }, random: () => 0 });
  stream.pause = async () => {};
  await stream.run();
  assert.deepEqual(asked, [null, "7-3", "7-3", "7-3"]);
  assert.deepEqual(told.filter((message) => message.type === "events").flatMap((message) => message.events.map((one) => one.data.id)), ["a", "b"]);
  assert.equal(told.at(-1).type, "recovered");
  assert.equal(told.at(-1).count, 1);
});

test("who may not listen is not tried again; who was signed out is told", async () => {
  for (const [answer, status] of [[new Response("", { status: 401 }), "refused"], [new Response(body(frame("1-1", {}, "end"))), "ended"]]) {
    let calls = 0;
    const told = [];
    const stream = new EventStream("/x", (message) => told.push(message), { fetch: async () => { calls += 1; return answer; } });
    await stream.run();
    assert.equal(calls, 1);
    assert.equal(told.at(-1).status, status);
  }
});

test("an event that does not say what it is about is no row of the feed", () => {
  assert.ok(named(event("1-1")));
  assert.ok(!named({ id: "1-2", topic: "supervision", kind: "flag", ref: "f", at: 0, data: { case_no: "3" } }));
  assert.ok(!named(event("1-3", 0, { title: "" })));
});
