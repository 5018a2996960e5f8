// What a tool wants next, in words; and the legend of what the map shows.
import { h } from "../dom.js";
import { t } from "../i18n.js";

/**
 * @param {string} tool
 * @param {{points: number, merging: string[], target: string, isByBlocks: boolean, sel: import("./address.js").Selection}} state
 */
export function hintOf(tool, { points, merging, target, isByBlocks, sel }) {
  if (tool === "select") return sel?.kind === "border" ? t("planner.hint_border") : t("planner.hint_select");
  if (tool === "merge") return merging.length ? t("planner.hint_merge_more", { name: merging[0] }) : t("planner.hint_merge");
  if (tool === "paint" && target && isByBlocks) return t("planner.hint_paint_blocks");
  if (tool === "paint") return target ? t("planner.hint_paint_to", { name: target }) : t("planner.hint_paint");
  if (points > 0 && tool !== "measure") return t(`planner.hint_${tool}_on`);
  return t(`planner.hint_${tool}`);
}

/** @param {import("./address.js").Place} place */
export function legendOf({ view, sel, tool }) {
  const lines = [];
  if (sel?.kind === "border" && view !== "today") lines.push(["selected", "planner.legend_selected"]);
  if (view !== "today") lines.push(["today", "planner.legend_today"], ["handed", "planner.legend_handed"]);
  if (view === "both") lines.push(["new", "planner.legend_new"]);
  if (["push", "split", "cut", "paint"].includes(tool)) lines.push(["sketch", "planner.legend_sketch"]);
  if (view === "today") lines.push(["border", "planner.legend_border"]);
  return lines.map(([look, key]) => h("li", null, h("i", { class: `key-line key-line--${look}` }), t(key)));
}
