// The tools of the rail: what each is called, its key, its picture.
import { h, s } from "../dom.js";
import { t } from "../i18n.js";

/** @typedef {import("./address.js").Tool} Tool */

/** @type {Record<Tool, {key: string, path: string}>} */
export const LOOK = {
  select: { key: "S", path: "M6 4l12 9-5.500 1 3 5.500-2.500 1.300-3-5.500L6 19z" },
  push: { key: "B", path: "M3 18c4 0 4-4 7-5M14 11c3-1 3-5 7-5M10 10h4v4h-4z" },
  junction: { key: "N", path: "M12 10V3M10.300 13.500L4 19M13.700 13.500L20 19M12 10a2.200 2.200 0 1 0 .01 0z" },
  split: { key: "X", path: "M4 5h16v14H4zM4 14l4-1M10.500 12l3-.8M16 10.500l4-1" },
  merge: { key: "G", path: "M4 5h16v14H4zM12 5v3M12 16v3M6.500 12h4M8.800 10l2 2-2 2M17.500 12h-4M15.200 10l-2 2 2 2" },
  cut: { key: "H", path: "M4 5h16v14H4zM12 5v7h8" },
  paint: { key: "T", path: "M5 19l1-4L16 5l3 3L9 18zM13.500 7.500l3 3" },
  measure: { key: "M", path: "M3 15L15 3l6 6L9 21zM7 11l2 2M10 8l3 3M13 5l2 2" },
};

/** @param {Tool} tool */
export const picture = (tool) => s("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: LOOK[tool].path }));

/**
 * @param {Tool} chosen @param {boolean} mayEdit without it only selecting and measuring are left
 * @param {(tool: Tool) => void} choose
 */
export function railOf(chosen, mayEdit, choose) {
  const shown = /** @type {Tool[]} */ (Object.keys(LOOK)).filter((tool) => mayEdit || tool === "select" || tool === "measure");
  const buttons = shown.map((tool) => {
    const title = `${t(`planner.tool_${tool}`)} (${LOOK[tool].key})`;
    return h("button", { type: "button", class: "tool", "data-tool": tool, "aria-pressed": String(tool === chosen), title, "aria-keyshortcuts": LOOK[tool].key, tabindex: tool === chosen ? 0 : -1, onclick: () => choose(tool) }, picture(tool), h("span", null, t(`planner.tool_${tool}`)));
  });
  return buttons;
}

/** One stop of the Tab key; arrows walk inside. @param {KeyboardEvent} event @param {HTMLElement} rail */
export function walkRail(event, rail) {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const buttons = /** @type {HTMLElement[]} */ ([...rail.querySelectorAll("button")]);
  const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  buttons[(at + step + buttons.length) % buttons.length]?.focus();
  event.preventDefault();
}
