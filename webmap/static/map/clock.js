/**
 * The clock of a case: how much of its time limit is used, and what the ring around its symbol says.
 *
 * Limits run in working time, so the share between start and deadline is not linear in wall time. The server
 * therefore names two moments, the warning (75 % used) and the deadline; between them the ring is drawn linearly.
 */

/** @typedef {"none" | "warn" | "late" | "suspended" | "closed"} ClockState */
/** @typedef {{due: number | null, warn: number | null, state?: string | null, closed?: number | null, at: number}} ClockFacts milliseconds */

/** The share at which a case is worth a ring. */
export const WARN_SHARE = 0.75;

/** Ring shares are drawn in steps, so that a wall of cases needs a handful of images and not a hundred. */
export const RING_STEP = 0.05;

/** States in which no limit runs. */
const STOPPED = new Set(["closed", "archived", "declined", "void", "voided", "merged", "self_handled"]);

/**
 * What the ring of a case says at a moment.
 *
 * @param {ClockFacts} facts
 * @returns {{state: ClockState, share: number, left: number | null}} share in 0–1 (0 below the warning), left in
 *   milliseconds until the deadline, negative when it has passed
 */
export function clockOf({ due, warn, state, closed = null, at }) {
  // In a replay a case closed since then was still running.
  if (state && STOPPED.has(state) && (closed === null || closed <= at)) return { state: "closed", share: 0, left: null };
  if (state === "suspended") return { state: "suspended", share: 0, left: null };
  if (due === null) return { state: "none", share: 0, left: null };
  const left = due - at;
  if (left < 0) return { state: "late", share: 1, left };
  if (warn === null || at < warn) return { state: "none", share: 0, left };
  const span = Math.max(due - warn, 1);
  const share = WARN_SHARE + (1 - WARN_SHARE) * Math.min(1, (at - warn) / span);
  return { state: "warn", share, left };
}

/**
 * A share rounded down to a drawn step, as whole percent: 75, 80, 85, 90, 95.
 *
 * A full circle means late, so a running clock never reaches 100.
 *
 * @param {number} share
 */
export function ringPercent(share) {
  const step = Math.floor((share + 1e-9) / RING_STEP) * RING_STEP;
  return Math.min(95, Math.max(75, Math.round(step * 100)));
}

/**
 * Order by urgency: late first (latest first), then the nearest deadline, then those without one.
 *
 * @param {ClockFacts} one @param {ClockFacts} other
 */
export function byUrgency(one, other) {
  const left = (/** @type {ClockFacts} */ facts) => clockOf(facts).left ?? Number.POSITIVE_INFINITY;
  const [a, b] = [left(one), left(other)];
  return a === b ? 0 : a - b;
}
