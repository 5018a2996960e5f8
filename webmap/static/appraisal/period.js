/** Periods of the calendar in the town's time: from its first moment to the first moment after it. Pure. */

/** @typedef {{from: string, to: string}} Period days, ``to`` the last one that belongs to it */

export const PERIODS = /** @type {const} */ (["month", "last_month", "quarter", "year", "days_30"]);

/** @param {number} year @param {number} month from 0, may run over @param {number} day */
const iso = (year, month, day) => new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10);

/**
 * A period by its name.
 *
 * @param {string} name one of PERIODS @param {string} today YYYY-MM-DD in the town
 * @returns {Period}
 */
export function periodOf(name, today) {
  const [year, month, day] = today.split("-").map(Number);
  const first = Math.floor((month - 1) / 3) * 3;
  const spans = {
    month: [iso(year, month - 1, 1), iso(year, month, 0)],
    last_month: [iso(year, month - 2, 1), iso(year, month - 1, 0)],
    quarter: [iso(year, first, 1), iso(year, first + 3, 0)],
    year: [iso(year, 0, 1), iso(year, 12, 0)],
    days_30: [iso(year, month - 1, day - 29), today],
  };
  const [from, to] = spans[/** @type {keyof typeof spans} */ (name)] ?? spans.month;
  return { from, to };
}

/** The name of a period that is one of ours, else "own". @param {Period} period @param {string} today */
export const nameOfPeriod = (period, today) =>
  PERIODS.find((name) => {
    const known = periodOf(name, today);
    return known.from === period.from && known.to === period.to;
  }) ?? "own";

/** The day after. @param {string} day YYYY-MM-DD */
export function dayAfter(day) {
  const [year, month, date] = day.split("-").map(Number);
  return iso(year, month - 1, date + 1);
}

/** Whether two texts are days, the first no later than the second. @param {string} from @param {string} to */
export const isPeriod = (from, to) => /^\d{4}-\d{2}-\d{2}$/.test(from) && /^\d{4}-\d{2}-\d{2}$/.test(to) && from <= to;
