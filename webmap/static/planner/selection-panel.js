// What is selected: a grid with its name and its borders, or a border with the two grids it divides.
import { fill, h } from "../dom.js";
import { nameOf, t } from "../i18n.js";
import { arcsOfLeaf, arcsOfPair } from "./draft.js";
import { length_m } from "./geometry.js";
import { isMovable, pairOf } from "./handles.js";

/** @typedef {import("./draft.js").Draft} Draft */
/** @typedef {import("./address.js").Selection} Selection */

/**
 * @param {HTMLElement} element @param {Draft} draft @param {Selection} sel
 * @param {{select: (sel: Selection) => void, describe: ((code: string, values: {name: string, name_en: string | null}) => void) | null}} acts
 */
export function drawSelection(element, draft, sel, acts) {
  const content = sel?.kind === "area" ? ofArea(draft, sel.id, acts) : sel?.kind === "border" ? ofBorder(draft, sel.id, acts) : null;
  element.hidden = !content;
  if (!content || !element.contains(document.activeElement) || !element.querySelector("input")) fill(element, content);
}

/** @param {Draft} draft @param {string} code @param {Parameters<typeof drawSelection>[3]} acts */
function ofArea(draft, code, acts) {
  const area = draft.areas.get(code);
  if (!area) return null;
  const name = nameOf(area) || code;
  const neighbours = new Map();
  for (const arc of arcsOfLeaf(draft.arcs.values(), code)) if (isMovable(arc)) neighbours.set(pairOf(arc), arc.left === code ? arc.right : arc.left);
  const buttons = [...neighbours].map(([pair, other]) => h("button", { type: "button", class: "chip", "data-border": pair, onclick: () => acts.select({ kind: "border", id: pair }) }, nameOf(draft.areas.get(other)) || other));
  return [
    h("h2", null, name, h("small", null, code)),
    area.is_leaf && acts.describe && nameForm(area, acts.describe),
    buttons.length > 0 && [h("h3", { class: "selection__sub" }, t("planner.borders_with")), h("div", { class: "chips" }, buttons)],
    closing(acts),
  ];
}

/** @param {any} area @param {(code: string, values: {name: string, name_en: string | null}) => void} describe */
function nameForm(area, describe) {
  const name = h("input", { class: "input", name: "area_name", value: area.name ?? "", required: true, maxlength: 200, "aria-label": t("planner.name"), placeholder: t("planner.name") });
  const english = h("input", { class: "input", name: "area_name_en", value: area.name_en ?? "", maxlength: 200, "aria-label": t("planner.name_en"), placeholder: t("planner.name_en") });
  const form = h("form", { class: "selection__name" }, name, english, h("button", { type: "submit", class: "button" }, t("planner.rename")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = { name: name.value.trim(), name_en: english.value.trim() || null };
    if (!values.name || (values.name === area.name && values.name_en === (area.name_en || null))) return;
    /** @type {HTMLElement} */ (document.activeElement)?.blur();
    describe(area.code, values);
  });
  return form;
}

/** @param {Draft} draft @param {string} pair @param {Parameters<typeof drawSelection>[3]} acts */
function ofBorder(draft, pair, acts) {
  const arcs = arcsOfPair(draft.arcs.values(), pair);
  if (!arcs.length) return null;
  const names = pair.split("-").map((code) => h("button", { type: "button", class: "link", onclick: () => acts.select({ kind: "area", id: code }) }, nameOf(draft.areas.get(code)) || code));
  const metres = Math.round(arcs.reduce((sum, arc) => sum + length_m(arc.line), 0));
  const vertices = arcs.reduce((sum, arc) => sum + arc.line.length, 0);
  return [h("h2", null, h("span", null, names[0], " | ", names[1])), h("p", { class: "quiet small" }, t("planner.border_facts", { m: metres, n: vertices })), closing(acts)];
}

/** @param {Parameters<typeof drawSelection>[3]} acts */
const closing = (acts) => h("button", { type: "button", class: "button button--small button--plain selection__close", onclick: () => acts.select(null) }, t("planner.unselect"));
