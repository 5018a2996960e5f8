// Times and durations as people say them: 14:32, 3 月 17 日, 剩 59 分, 超 20 分.
import { frame } from "./frame.js";
import { lang, t } from "./i18n.js";
import { serverNow } from "./server-time.js";

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86400;

const zone = frame.town?.timezone || undefined; // the town's clock, wherever the browser stands
const parts = new Intl.DateTimeFormat("en-GB", {
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
  timeZone: zone,
});
const englishDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: zone });

/**
 * The parts of a moment on the town's clock.
 * @param {string | Date} moment
 * @returns {Record<string, string>}
 */
function split(moment) {
  return Object.fromEntries(parts.formatToParts(new Date(moment)).map(({ type, value }) => [type, value]));
}

/**
 * `14:32` today, `3 月 17 日 14:32` this year, with the year before that. Empty for null.
 * @param {string | null | undefined} moment RFC 3339
 * @param {Date} [now]
 */
export function when(moment, now = new Date(serverNow())) {
  if (!moment) return "";
  const then = split(moment);
  const today = split(now);
  const clock = `${then.hour}:${then.minute}`;
  if (then.year === today.year && then.month === today.month && then.day === today.day) return clock;
  return `${day(moment, then.year !== today.year)} ${clock}`;
}

/**
 * The full moment with date, for titles, logs and paper: `2026-03-17 14:31:52`.
 * @param {string | null | undefined} moment RFC 3339
 */
export function exactly(moment) {
  if (!moment) return "";
  const then = split(moment);
  return `${then.year}-${then.month}-${then.day} ${then.hour}:${then.minute}:${then.second}`;
}

/**
 * @param {string | Date} moment
 * @param {boolean} [withYear]
 */
export function day(moment, withYear = false) {
  const then = split(moment);
  if (lang === "en") return englishDay.format(new Date(moment)) + (withYear ? ` ${then.year}` : "");
  return `${withYear ? `${then.year} 年 ` : ""}${Number(then.month)} 月 ${Number(then.day)} 日`;
}

/**
 * A span in its two largest units: `3 天 2 时`, `1 时 22 分`, `59 分`.
 * @param {number} seconds
 */
export function span(seconds) {
  const s = Math.abs(seconds);
  const d = Math.floor(s / DAY_S);
  const h = Math.floor((s % DAY_S) / HOUR_S);
  const m = Math.floor((s % HOUR_S) / MINUTE_S);
  if (d) return h ? t("common.days_hours", { d, h }) : t("common.days", { n: d });
  if (h) return m ? t("common.hours_minutes", { h, m }) : t("common.hours", { n: h });
  return t("common.minutes", { m });
}

/**
 * A span of work time: a work day has eight hours.
 * @param {number} seconds
 */
export function workSpan(seconds) {
  const days = Math.floor(seconds / (8 * HOUR_S));
  const rest = seconds - days * 8 * HOUR_S;
  if (!days) return span(rest);
  const hours = Math.floor(rest / HOUR_S);
  return hours ? t("common.days_hours", { d: days, h: hours }) : t("common.days", { n: days });
}

/**
 * The share of a limit that is used, drawn so that 75 % is reached at the amber moment: nights and weekends lie on either side of it.
 * @param {number} at @param {number} start @param {number} warn NaN where it is not known @param {number} due
 */
export function shareUsed(at, start, warn, due) {
  if (!(due > start)) return 0;
  const known = warn > start && warn < due;
  const share = !known ? (at - start) / (due - start) : at < warn ? 0.75 * ((at - start) / (warn - start)) : 0.75 + 0.25 * ((at - warn) / (due - warn));
  return Math.min(1, Math.max(0, share));
}

/**
 * How the clock of a case stands: `late`, `amber` (from 75 % of the limit on), `run`, `suspended` or `none`; the share used, and the words.
 * A case is late after its deadline, not at it; a suspended one has no running clock.
 * @param {{due_at?: string | null, amber_at?: string | null, clock_started_at?: string | null, closed_at?: string | null, is_open?: boolean, state?: string}} item
 * @param {Date} [now]
 * @returns {{state: "late" | "amber" | "run" | "suspended" | "none", share: number, words: string}}
 */
export function clock(item, now = new Date(serverNow())) {
  if (item.state === "suspended") return { state: "suspended", share: 0, words: "" };
  if (!item.due_at || (item.is_open === false && !item.closed_at)) return { state: "none", share: 0, words: "" };
  const due = Date.parse(item.due_at);
  const at = item.closed_at ? Date.parse(item.closed_at) : now.getTime();
  const left_s = (due - at) / 1000;
  if (left_s < 0) return { state: "late", share: 1, words: t("common.late_by", { span: span(left_s) }) };
  const start = item.clock_started_at ? Date.parse(item.clock_started_at) : due;
  const warn = item.amber_at ? Date.parse(item.amber_at) : NaN;
  const share = shareUsed(at, start, warn, due);
  if (item.closed_at) return { state: "none", share: 0, words: t("common.in_time") };
  const amber = item.amber_at ? at >= Date.parse(item.amber_at) : share >= 0.75;
  return { state: amber ? "amber" : "run", share, words: t("common.left", { span: span(left_s) }) };
}
