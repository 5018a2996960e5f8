/**
 * One connection to the event stream that never gives up: it resumes after the last event it has seen, counts
 * what it caught up, and says how it stands. Used inside the shared worker and, without one, in the page.
 */

import { FrameParser, backoff } from "./sse.js";
import { readFrame } from "./events.js";

/** @typedef {import("./events.js").TownEvent} TownEvent */
/**
 * @typedef {{type: "status", status: "connecting" | "live" | "lost" | "refused" | "ended", since: number, attempt: number}
 *   | {type: "events", events: TownEvent[], received: number}
 *   | {type: "reset"} | {type: "recovered", count: number, seconds: number}} StreamMessage
 */

/** The server's heartbeat comes every 15 s; two missed ones mean the line is dead. */
export const SILENCE_MS = 35_000;

export class EventStream {
  /**
   * @param {string} url
   * @param {(message: StreamMessage) => void} tell
   * @param {{fetch?: typeof fetch, now?: () => number, random?: () => number}} [tools] replaced in tests
   */
  constructor(url, tell, tools = {}) {
    this.url = url;
    this.tell = tell;
    this.fetch = tools.fetch ?? ((/** @type {any} */ input, /** @type {any} */ init) => fetch(input, init));
    this.now = tools.now ?? Date.now;
    this.random = tools.random ?? Math.random;
    /** @type {string | null} */
    this.cursor = null;
    this.attempt = 0;
    this.since = this.now();
    /** @type {StreamMessage & {type: "status"}} */
    this.status = { type: "status", status: "connecting", since: this.since, attempt: 0 };
    /** @type {number | null} when the line was lost, for the recovery message */
    this.lostAt = null;
    this.stopped = false;
    /** @type {AbortController | null} */
    this.abort = null;
    /** @type {(() => void) | null} ends the wait before the next attempt */
    this.wake = null;
  }

  /** Connect, and stay connected until `stop`. */
  async run() {
    while (!this.stopped) {
      this.attempt += 1;
      let outcome = "lost";
      try {
        outcome = await this.connect();
      } catch {
        outcome = "lost";
      }
      if (this.stopped) return;
      if (outcome === "refused" || outcome === "ended") {
        this.say(/** @type {"refused" | "ended"} */ (outcome));
        return;
      }
      if (this.status.status !== "lost") this.lostAt = this.now();
      this.say("lost");
      await this.pause(backoff(this.attempt, this.random));
    }
  }

  /** @returns {Promise<"lost" | "refused" | "ended">} */
  async connect() {
    this.abort = new AbortController();
    /** @type {Record<string, string>} */
    const headers = { Accept: "text/event-stream" };
    if (this.cursor) headers["Last-Event-ID"] = this.cursor;
    const answer = await this.fetch(this.url, { headers, signal: this.abort.signal, cache: "no-store", credentials: "same-origin" });
    if (answer.status === 401 || answer.status === 403) return "refused";
    if (!answer.ok || !answer.body) return "lost";
    this.opened();
    return this.read(answer.body.getReader());
  }

  opened() {
    this.attempt = 0;
    this.say("live");
  }

  /** @param {ReadableStreamDefaultReader<Uint8Array>} reader @returns {Promise<"lost" | "ended">} */
  async read(reader) {
    const parser = new FrameParser();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await this.withSilenceLimit(reader.read());
      if (done) return "lost";
      for (const frame of parser.push(decoder.decode(value, { stream: true }))) {
        if (frame.type === "end") return "ended";
        this.take(frame);
      }
      // A heartbeat carries a cursor without data: the backlog after a long quiet time stays short.
      if (parser.id !== null) this.cursor = parser.id;
    }
  }

  /** @param {import("./sse.js").Frame} frame */
  take(frame) {
    if (frame.id !== null) this.cursor = frame.id;
    if (frame.type === "reset") {
      this.tell({ type: "reset" });
      return;
    }
    const events = readFrame(frame.id, frame.type, frame.data);
    if (!events.length) return;
    if (frame.type === "hello") this.greet(events[0].data);
    else this.tell({ type: "events", events, received: this.now() });
  }

  /** The server's greeting follows the backlog and counts it. @param {Record<string, any>} hello */
  greet(hello) {
    if (this.lostAt === null) return;
    const seconds = Math.max(0, Math.round((this.now() - this.lostAt) / 1000));
    this.lostAt = null;
    this.tell({ type: "recovered", count: Number(hello.caught_up) || 0, seconds });
  }

  /**
   * Half-open connections deliver nothing for ever; the heartbeat shows that a line lives.
   *
   * @template T @param {Promise<T>} reading @returns {Promise<T>}
   */
  async withSilenceLimit(reading) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const silence = new Promise((_, reject) => {
      timer = setTimeout(() => {
        this.abort?.abort();
        reject(new Error("silence"));
      }, SILENCE_MS);
    });
    try {
      return await Promise.race([reading, /** @type {Promise<T>} */ (silence)]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {"live" | "lost" | "refused" | "ended"} status */
  say(status) {
    if (status !== this.status.status) this.since = this.now();
    this.status = { type: "status", status, since: this.since, attempt: this.attempt };
    this.tell(this.status);
  }

  /** @param {number} milliseconds */
  async pause(milliseconds) {
    await /** @type {Promise<void>} */ (new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    }));
    this.wake = null;
  }

  /** Try again now: the browser says the network is back, or a person asks. */
  nudge() {
    this.wake?.();
  }

  stop() {
    this.stopped = true;
    this.abort?.abort();
    this.wake?.();
  }
}
