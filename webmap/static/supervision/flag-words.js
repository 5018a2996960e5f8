// What a flag rests on, in words: times, limits, distances, counts.
import { s } from "../dom.js";
import { has, t } from "../i18n.js";
import { LIMIT_UNITS } from "../parts/limit-units.js";
import { exactly, span } from "../time.js";

/**
 * @typedef {object} Flag
 * @property {string} id
 * @property {"yellow" | "red"} colour
 * @property {string} rule
 * @property {string} state
 * @property {number} version
 * @property {string} created_at
 * @property {Record<string, any>} basis
 * @property {string[]} allowed
 */

/** A flag on its pole: red is filled, yellow outlined; one that is past is dashed. @param {{colour: string, state: string}} flag */
export const flagMark = ({ colour, state }) =>
  s(
    "svg",
    { class: `flag-mark flag-mark--${colour}${state === "lifted" || state === "dismissed" ? " is-past" : ""}`, viewBox: "0 0 26 30", "aria-hidden": "true" },
    s("path", { class: "flag-mark__cloth", d: "M5 4h17l-4 6 4 6H5z" }),
    s("path", { class: "flag-mark__pole", d: "M5 2v26" }),
  );

/** Whom it is raised against. @param {any} flag */
export const against = (flag) => flag.org_name ?? t("supervision.desk");

/**
 * The basis as names and values, in the order in which one reads them.
 * @param {{rule: string, basis: Record<string, any>, created_at: string}} flag
 * @returns {[string, string][]}
 */
export function basisPairs({ rule, basis, created_at }) {
  const time = (/** @type {string} */ name) => basis[name] && /** @type {[string, string]} */ ([t(`supervision.basis_${name}`), exactly(basis[name])]);
  const pairs = [
    time("started_at"),
    basis.limit && rule !== "late_whole" && [t("supervision.basis_limit"), t(LIMIT_UNITS[basis.limit.unit], { n: basis.limit.value })],
    time("due_at"),
    basis.due_at && [t("supervision.basis_until"), basis.until ? exactly(basis.until) : t("supervision.still_open")],
    !basis.due_at && time("until"),
    basis.due_at && [t("supervision.basis_late"), lateWords(basis, created_at)],
    basis.stage && has(`loop.clock_${basis.stage}`) && [t("supervision.basis_stage"), t(`loop.clock_${basis.stage}`)],
    basis.took_s !== undefined && [t("supervision.basis_took_s"), span(basis.took_s)],
    basis.within_minutes !== undefined && [t("supervision.basis_within_minutes"), t("common.minutes", { m: basis.within_minutes })],
    basis.distance_m !== undefined && [t("supervision.basis_distance_m"), t("supervision.metres", { n: Math.round(basis.distance_m) })],
    basis.over_m !== undefined && [t("supervision.basis_over_m"), t("supervision.metres", { n: Math.round(basis.over_m) })],
    basis.level && [t("supervision.basis_level"), t("supervision.level", { n: basis.level })],
    basis.month && [t("supervision.basis_month"), basis.month],
    basis.count !== undefined && [t("supervision.basis_count"), t("supervision.times", { n: basis.count })],
    basis.at_least !== undefined && [t("supervision.basis_at_least"), t("supervision.times", { n: basis.at_least })],
    ...(basis.times ?? []).map((/** @type {any} */ one, /** @type {number} */ n) => [t("supervision.basis_time", { n: n + 1 }), [exactly(one.at), reasonWords(one.reason)].filter(Boolean).join(" ")]),
    time("at"),
    basis.reason && [t("supervision.basis_reason"), reasonWords(basis.reason)],
  ];
  return pairs.filter(Boolean);
}

/** By how much, until it ended or until it was proposed. @param {Record<string, any>} basis @param {string} proposed */
function lateWords(basis, proposed) {
  const late = span((Date.parse(basis.until ?? proposed) - Date.parse(basis.due_at)) / 1000);
  return basis.until ? late : t("supervision.when_proposed", { span: late });
}

/** @param {string | null} reason */
const reasonWords = (reason) => (reason && has(`loop.reason_${reason}`) ? t(`loop.reason_${reason}`) : reason ?? "");

/** The moments that a basis names; the rows of the log at these moments are marked. @param {Record<string, any>} basis */
export const momentsOf = (basis) => new Set([basis.started_at, basis.until, basis.at, ...(basis.times ?? []).map((/** @type {any} */ one) => one.at)].filter(Boolean).map((at) => Date.parse(at)));
