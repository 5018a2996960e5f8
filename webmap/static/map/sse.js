/**
 * Server-sent events read from a byte stream, so that a reconnect can name the last event it has seen.
 *
 * `EventSource` gives up for good on the first answer that is not 200 and cannot then be told where to resume;
 * a reader over `fetch` can. The parser follows the event-stream grammar: lines end in LF, CR or CRLF.
 */

/** @typedef {{id: string | null, type: string, data: string}} Frame */

/** A parser that accepts text in pieces cut anywhere. */
export class FrameParser {
  constructor() {
    this.rest = "";
    /** @type {string[]} */
    this.data = [];
    this.type = "";
    /** @type {string | null} */
    this.id = null;
    /** @type {number | null} wait before a reconnect, milliseconds */
    this.retry = null;
  }

  /**
   * The frames completed by one more piece of text.
   *
   * @param {string} text
   * @returns {Frame[]}
   */
  push(text) {
    /** @type {Frame[]} */
    const frames = [];
    let buffer = this.rest + text;
    // A CR at the very end may be half of a CRLF: keep it for the next piece.
    const held = buffer.endsWith("\r") ? "\r" : "";
    if (held) buffer = buffer.slice(0, -1);
    const lines = buffer.split(/\r\n|\n|\r/);
    this.rest = (lines.pop() ?? "") + held;
    for (const line of lines) this.line(line, frames);
    return frames;
  }

  /** @param {string} line @param {Frame[]} frames */
  line(line, frames) {
    if (line === "") {
      if (this.data.length) frames.push({ id: this.id, type: this.type || "message", data: this.data.join("\n") });
      this.data = [];
      this.type = "";
      return;
    }
    if (line.startsWith(":")) return;
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.data.push(value);
    else if (field === "event") this.type = value;
    else if (field === "id" && !value.includes("\0")) this.id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.retry = Number(value);
  }
}

/**
 * How long to wait before the n-th attempt to reconnect: at once, then doubling up to 15 s, with some spread so
 * that a hundred screens do not return in the same instant.
 *
 * @param {number} attempt 1 for the first
 * @param {() => number} [random] in 0–1
 * @returns {number} milliseconds
 */
export function backoff(attempt, random = Math.random) {
  if (attempt <= 1) return 200;
  const ceiling = Math.min(15_000, 500 * 2 ** (attempt - 2));
  return Math.round(ceiling * (0.75 + random() / 2));
}
