/** A day in quarters of an hour: counting, bars, and the steps of a replay. Pure. */

const QUARTER_MS = 900_000;

/**
 * How many moments fall into each quarter of an hour of a day.
 *
 * @param {number[]} times milliseconds; those outside the day are left out
 * @param {number} start @param {number} end of the day
 * @returns {number[]}
 */
export function binQuarters(times, start, end) {
  const bins = new Array(Math.ceil((end - start) / QUARTER_MS)).fill(0);
  for (const time of times) if (time >= start && time < end) bins[Math.floor((time - start) / QUARTER_MS)] += 1;
  return bins;
}

/**
 * Bars of a histogram, empty ones left out.
 *
 * @param {number[]} counts one a quarter @param {number} width px @param {number} height px of the highest bar
 * @returns {{x: number, width: number, height: number}[]}
 */
export function barsOf(counts, width, height) {
  const most = Math.max(4, ...counts);
  const slot = width / Math.max(1, counts.length);
  return counts.map((count, index) => ({ x: index * slot + slot * 0.15, width: slot * 0.7, height: (count / most) * height })).filter((bar) => bar.height > 0);
}

/**
 * The next moment of a replay: a quarter on, live once it has caught up, standing at the end of an earlier day.
 *
 * @param {number | null} at @param {number} now @param {number} end of the day shown @param {number} step milliseconds
 * @returns {number | null} null is live
 */
export function playStep(at, now, end, step) {
  if (at === null) return null;
  const next = at + step;
  if (next >= now) return null;
  return next >= end ? at : next;
}
