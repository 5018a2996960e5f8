// The steps of a draft, newest first: what, where, who, when. An undo is a step of its own.
import { fill, h } from "../dom.js";
import { nameOf, t, wordsFor } from "../i18n.js";
import { when } from "../time.js";

/** @typedef {{seq: number, user: string, at: string, kind: string, codes: string[], about: string[] | null, summary?: any, takes_back: number | null, taken_back: boolean}} Step */

/**
 * @param {HTMLElement} element
 * @param {Step[]} steps
 * @param {{areas: Map<string, any>, today: Map<string, any>, only: Step[] | null, hasBorder: boolean, who: () => void, all: () => void}} look `only`: the steps of the chosen border
 */
export function drawHistory(element, steps, look) {
  const shown = look.only ?? steps;
  const link = look.only
    ? h("button", { type: "button", class: "link", onclick: look.all }, t("planner.history_all"))
    : look.hasBorder && h("button", { type: "button", class: "link", onclick: look.who }, t("planner.history_border"));
  const rows = shown.map((step) => h("li", { "data-seq": step.seq, class: step.taken_back ? "is-undone" : null }, h("span", { class: "history__seq" }, String(step.seq)), h("span", { class: "history__what" }, stepWords(step, look.areas, look.today)), h("span", { class: "history__who" }, `${step.user ?? ""} ${when(step.at)}`)));
  const none = h("p", { class: "quiet" }, t(look.only ? "planner.history_none_here" : "planner.history_none"));
  fill(element, h("h2", null, t(look.only ? "planner.history_of_border" : "planner.history"), link), rows.length ? h("ol", { class: "history" }, rows) : none, h("p", { class: "quiet small" }, t("planner.history_note")));
}

/**
 * A step in words: what was done to which areas, and how much land changed hands.
 * @param {Step} step @param {Map<string, any>} areas @param {Map<string, any>} today
 */
export function stepWords(step, areas, today) {
  if (step.takes_back) return t(`planner.did_${step.kind}`, { n: step.takes_back });
  const touched = step.codes.filter((code) => (areas.get(code) ?? today.get(code))?.is_leaf ?? true);
  const names = (step.about ?? touched).slice(0, 3).map((code) => shortCode(areas.get(code) ?? today.get(code), code)).join(" | ");
  const land = step.summary?.area_m2 ? t("planner.hectares", { n: (step.summary.area_m2 / 10_000).toFixed(step.summary.area_m2 < 1_000 ? 2 : 1) }) : "";
  return [`${wordsFor("planner", `did_${step.kind}`)} ${names}`, land].filter(Boolean).join(t("planner.sep"));
}

/** @param {any} area @param {string} code */
const shortCode = (area, code) => nameOf(area) || code.slice(-3);
