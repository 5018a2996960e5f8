/**
 * The clock on a town's wall: moments from wall times and back, and where its days begin.
 *
 * Every moment is a number of milliseconds since 1970 (UTC). A wall time is what a clock in the town shows;
 * the zone is an IANA name from the town pack, so nothing here knows where the town is.
 */

/** @typedef {{year: number, month: number, day: number, hour: number, minute: number, second: number, weekday: number}} WallTime */

/** @type {Map<string, Intl.DateTimeFormat>} */
const formatters = new Map();

/** @param {string} zone @returns {Intl.DateTimeFormat} */
function formatter(zone) {
  let found = formatters.get(zone);
  if (!found) {
    found = new Intl.DateTimeFormat("en-US", {
      timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
      hour: "numeric", minute: "numeric", second: "numeric",
    });
    formatters.set(zone, found);
  }
  return found;
}

/**
 * The wall time of a moment.
 *
 * @param {number} at milliseconds since 1970
 * @param {string} zone IANA name
 * @returns {WallTime} weekday 0 is Sunday
 */
export function wallTime(at, zone) {
  /** @type {Record<string, number>} */
  const part = {};
  for (const { type, value } of formatter(zone).formatToParts(at)) {
    if (type !== "literal") part[type] = Number(value);
  }
  const { year, month, day, hour, minute, second } = part;
  return { year, month, day, hour, minute, second, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay() };
}

/**
 * How far a zone is ahead of UTC at a moment, in milliseconds.
 *
 * @param {number} at @param {string} zone
 */
function offsetAt(at, zone) {
  const wall = wallTime(at, zone);
  const asUtc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second);
  return asUtc - Math.floor(at / 1000) * 1000;
}

/**
 * The moment at which a town's clock shows the given wall time.
 *
 * Around a change of summer time the second guess settles on the offset valid at the answer itself.
 *
 * @param {number} year @param {number} month 1–12 @param {number} day
 * @param {number} hour @param {number} minute @param {string} zone
 */
export function moment(year, month, day, hour, minute, zone) {
  const asUtc = Date.UTC(year, month - 1, day, hour, minute);
  const first = asUtc - offsetAt(asUtc, zone);
  return asUtc - offsetAt(first, zone);
}

/**
 * A moment from `2026-03-17T14:32` (the town's clock) or from RFC 3339 with a zone; null when it is neither.
 *
 * @param {string} text @param {string} zone @returns {number | null}
 */
export function parseMoment(text, zone) {
  const match = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/.exec(text);
  if (!match) return null;
  if (match[7]) {
    const at = Date.parse(text);
    return Number.isNaN(at) ? null : at;
  }
  const [year, month, day, hour, minute] = match.slice(1, 6).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59) return null;
  return moment(year, month, day, hour, minute, zone);
}

/** @param {number} value */
const two = (value) => String(value).padStart(2, "0");

/** `2026-03-17T14:32`, the form a URL carries. @param {number} at @param {string} zone */
export function formatMoment(at, zone) {
  const wall = wallTime(at, zone);
  return `${wall.year}-${two(wall.month)}-${two(wall.day)}T${two(wall.hour)}:${two(wall.minute)}`;
}

/** `14:32`, or `14:32:08` with seconds. @param {number} at @param {string} zone @param {boolean} [seconds] */
export function formatClock(at, zone, seconds = false) {
  const wall = wallTime(at, zone);
  return `${two(wall.hour)}:${two(wall.minute)}${seconds ? `:${two(wall.second)}` : ""}`;
}

/** The moment the town's day began. @param {number} at @param {string} zone */
export function dayStart(at, zone) {
  const wall = wallTime(at, zone);
  return moment(wall.year, wall.month, wall.day, 0, 0, zone);
}

/** The moment the town's day ends (a day of a summer-time change has 23 or 25 hours). @param {number} at @param {string} zone */
export function dayEnd(at, zone) {
  const wall = wallTime(at, zone);
  return moment(wall.year, wall.month, wall.day + 1, 0, 0, zone);
}
