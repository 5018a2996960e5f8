/** How a case from the API stands against its limit, in words and as a ring. */

import { span } from "../time.js";
import { t } from "../i18n.js";
import { clockOf } from "./clock.js";

/** @param {any} value RFC 3339, seconds since 1970, or nothing @returns {number | null} milliseconds */
export function momentOf(value) {
  if (value === null || value === undefined || value === "") return null;
  if (typeof value === "number") return value * 1000;
  const at = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value);
  return Number.isNaN(at) ? null : at;
}

/**
 * @param {Record<string, any>} item properties of an incident
 * @param {number} at milliseconds
 * @returns {import("./clock.js").ClockFacts}
 */
export function factsOf(item, at) {
  const state = item.is_open === false ? "closed" : item.state;
  return { due: momentOf(item.due_at), warn: momentOf(item.amber_at), state, closed: momentOf(item.closed_at), at };
}

/**
 * The clock of a case, with the share used from its start on (the lists show all of it, the map only from 75 %).
 *
 * @param {Record<string, any>} item @param {number} at
 */
export function caseClock(item, at) {
  const facts = factsOf(item, at);
  const clock = clockOf(facts);
  const start = momentOf(item.clock_started_at);
  let share = clock.share;
  if (clock.state === "none" && facts.due !== null && start !== null && facts.due > start) {
    const upper = facts.warn !== null && facts.warn > start ? 0.75 * ((at - start) / (facts.warn - start)) : (at - start) / (facts.due - start);
    share = Math.max(0, Math.min(1, upper));
  }
  return { ...clock, share, words: clockWords(clock) };
}

/** @param {{state: string, left: number | null}} clock */
function clockWords(clock) {
  if (clock.state === "suspended") return t("map.suspended");
  if (clock.state === "closed") return t("map.closed");
  if (clock.left === null) return "";
  return t(clock.state === "late" ? "common.late_by" : "common.left", { span: span(clock.left / 1000) });
}

/** The class of the words: red when late, amber when near. @param {string} state */
export const toneOf = (state) => (state === "late" ? "words-late" : state === "warn" ? "words-warn" : "");
