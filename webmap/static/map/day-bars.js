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
  const most = scaleOf(counts);
  const slot = width / Math.max(1, counts.length);
  return counts.map((count, index) => ({ x: index * slot + slot * 0.15, width: slot * 0.7, height: (count / most) * height })).filter((bar) => bar.height > 0);
}

/**
 * A day's usual course as a line: an hour's mean at its middle, so that one odd quarter makes no peak.
 *
 * @param {number[]} usual reports a quarter, on average @param {number} width px @param {number} height px of the highest bar @param {number} most of the scale
 * @returns {[number, number][]} points from the left; height counts upwards
 */
export function usualLine(usual, width, height, most) {
  const hours = Math.floor(usual.length / 4);
  return Array.from({ length: hours }, (_, hour) => {
    const mean = usual.slice(hour * 4, hour * 4 + 4).reduce((sum, value) => sum + value, 0) / 4;
    return /** @type {[number, number]} */ ([((hour + 0.5) / hours) * width, (mean / most) * height]);
  });
}

/**
 * What was usual until a moment of the day.
 *
 * @param {number[]} usual reports a quarter @param {number} share of the day that is over
 */
export function usualUntil(usual, share) {
  const quarters = share * usual.length;
  const whole = Math.floor(quarters);
  const sum = usual.slice(0, whole).reduce((total, value) => total + value, 0);
  return Math.round(sum + (usual[whole] ?? 0) * (quarters - whole));
}

/** The scale of a day's bars: the highest, but no less than four. @param {number[]} counts */
export const scaleOf = (counts) => Math.max(4, ...counts);

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
