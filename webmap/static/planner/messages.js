// What stands over the map when something needs a person: refused, in conflict, waiting for the network.
import { h } from "../dom.js";
import { has, nameOf, t } from "../i18n.js";
import { faultBox } from "../parts/states.js";
import { when } from "../time.js";

/** @typedef {import("../api.js").ApiError} ApiError */

/**
 * Refused by the rules of a partition: what did not happen, why, what to do.
 * @param {ApiError} fault @param {{zoom: (() => void) | null, close: () => void, areas: Map<string, any>}} acts
 */
export function refusedBox(fault, { zoom, close, areas }) {
  const kind = fault.code.startsWith("partition.") ? fault.code.slice("partition.".length) : "";
  const closing = h("button", { type: "button", class: "button button--small", onclick: close }, t("planner.understood"));
  if (!kind || !has(`planner.todo_${kind}`)) {
    return h("div", { class: "planner__box", "data-refused": fault.code }, faultBox(fault, t("planner.not_done")), wayWords(fault, areas), h("div", { class: "planner__acts" }, closing));
  }
  return h(
    "div",
    { class: "planner__box fault", role: "alert", "data-refused": fault.code },
    h("strong", null, t(`planner.refused_${kind}`)),
    h("p", null, t(`planner.todo_${kind}`)),
    h("div", { class: "planner__acts" }, zoom && h("button", { type: "button", class: "button button--small", onclick: zoom }, t("planner.zoom_to")), closing),
  );
}

/** An undo that a later step stands in the way of: which, whose. @param {ApiError} fault @param {Map<string, any>} areas */
function wayWords(fault, areas) {
  const by = fault.detail?.by;
  if (!by) return null;
  const names = (by.codes ?? []).map((/** @type {string} */ code) => areas.get(code)).filter((/** @type {any} */ area) => area?.is_leaf).map(nameOf).join(" | ");
  return h("p", null, t("planner.in_the_way_of", { n: by.seq, who: by.user ?? "", time: when(by.at), what: `${t(`planner.did_${by.kind}`)} ${names}` }));
}

/**
 * Somebody else was first: both lines are on the map, and three ways on.
 * @param {ApiError} fault @param {{redo: () => void, see: () => void, drop: () => void}} acts
 */
export function conflictBox(fault, { redo, see, drop }) {
  const theirs = fault.detail?.theirs ?? [];
  const who = theirs.map((/** @type {any} */ one) => t("planner.conflict_by", { who: one.user ?? "", time: when(one.at), what: t(`planner.did_${one.kind}`) })).join(t("common.semicolon"));
  return h(
    "div",
    { class: "planner__box fault", role: "alert", "data-refused": "plan.conflict" },
    h("strong", null, t("planner.conflict")),
    h("p", null, who),
    h("ul", { class: "planner__keys" }, h("li", null, h("i", { class: "key-line key-line--theirs" }), t("planner.conflict_theirs")), h("li", null, h("i", { class: "key-line key-line--mine" }), t("planner.conflict_mine"))),
    h(
      "div",
      { class: "planner__acts" },
      h("button", { type: "button", class: "button button--main button--small", "data-act": "redo", onclick: redo }, t("planner.conflict_redo")),
      h("button", { type: "button", class: "button button--small", "data-act": "see", onclick: see }, t("planner.conflict_see")),
      h("button", { type: "button", class: "button button--small", "data-act": "drop", onclick: drop }, t("planner.conflict_drop")),
    ),
  );
}

/** @param {number} n @param {() => void} retry */
export const waitingBox = (n, retry) =>
  h("div", { class: "planner__box planner__box--waiting", role: "status", "data-waiting": n }, h("b", null, t("planner.waiting", { n })), h("span", null, t("planner.waiting_words")), h("button", { type: "button", class: "button button--small", onclick: retry }, t("planner.send_now")));
