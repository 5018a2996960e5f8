/**
 * When to ask the server again. One event is followed at once; a stream of events is followed every few seconds, so
 * that a busy hour on a thousand screens does not ask ten times a second for what the next event changes anyway.
 */

/**
 * How long to wait, milliseconds.
 *
 * @param {number} now @param {number} last when it was asked last (−Infinity: never)
 * @param {number} gather wait for what comes together @param {number} gap least time between two askings
 * @param {number} [spread] 0–1, so that screens do not ask in the same instant
 */
export function waitFor(now, last, gather, gap, spread = 0) {
  const earliest = last + gap * (1 + spread * 0.3);
  return Math.max(gather, earliest - now);
}

/** Runs an action paced; several askings within one wait are one. */
export class Pace {
  /** @param {() => void} act @param {number} gather_ms @param {number} gap_ms */
  constructor(act, gather_ms, gap_ms) {
    this.act = act;
    this.gather_ms = gather_ms;
    this.gap_ms = gap_ms;
    this.last = -Infinity;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** Soon. */
  ask() {
    if (this.timer !== undefined) return;
    const wait = waitFor(Date.now(), this.last, this.gather_ms, this.gap_ms, Math.random());
    this.timer = setTimeout(() => this.run(), wait);
  }

  /** Without waiting for the gap: a person changed something. */
  askNow() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.run(), this.gather_ms);
  }

  run() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.last = Date.now();
    this.act();
  }
}
