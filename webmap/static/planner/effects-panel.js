// The table of effects: today on the left, the draft on the right of each figure; how evenly the grids carry it below.
import { fill, h } from "../dom.js";
import { nameOf, t } from "../i18n.js";
import { shortName } from "./draft.js";
import { ALL, CHANGED, COLUMNS, isChanged, rowsOf, shown, spreadOf } from "./figures.js";

/** @typedef {import("./draft.js").Draft} Draft */
/** @typedef {import("./figures.js").Pair} Pair */

/**
 * @param {HTMLElement} element
 * @param {Draft} draft @param {Draft} today
 * @param {{scope: string, changed: Set<string>, selected: string | null, choose: (scope: string) => void, open: (code: string) => void}} look
 */
export function drawEffects(element, draft, today, { scope, changed, selected, choose, open }) {
  const rows = rowsOf(draft.effects.values(), draft.areas, scope, changed);
  const isVillage = scope !== ALL && scope !== CHANGED;
  const heads = Object.keys(COLUMNS).map((name) => h("th", { scope: "col", colspan: 2, title: t(`planner.about_${name}`) }, t(`planner.fig_${name}`)));
  const scroll = element.querySelector(".effects__table")?.scrollTop ?? 0;
  const head = h("h2", null, t("planner.effects"), h("small", null, t("planner.today_draft")));
  const table = h(
    "table",
    { class: "effects" },
    h("thead", null, h("tr", null, h("th", { scope: "col" }, t("planner.grid")), heads)),
    h("tbody", null, rows.map((row) => bodyRow(row, draft, today, isVillage, selected, open))),
    rows.length > 1 && h("tfoot", null, h("tr", null, h("th", { scope: "row", title: t("planner.about_spread") }, t("planner.spread")), Object.keys(COLUMNS).map((name) => pairCells(spreadOf(rows, draft.effects)[name] ?? null, 2)))),
  );
  const holder = h("div", { class: "effects__table", tabindex: 0, role: "group", "aria-label": t("planner.effects") }, table);
  fill(element, head, scopeField(draft, scope, changed.size, choose), rows.length ? holder : h("p", { class: "quiet" }, t("planner.no_changes")));
  holder.scrollTop = scroll;
}

/** @param {import("./figures.js").Row} row @param {Draft} draft @param {Draft} today @param {boolean} isVillage @param {string | null} selected @param {(code: string) => void} open */
function bodyRow({ code, isNew, isGone, cells }, draft, today, isVillage, selected, open) {
  const area = draft.areas.get(code) ?? today.areas.get(code);
  const parent = draft.areas.get(area?.parent ?? "") ?? today.areas.get(area?.parent ?? "");
  const name = area ? (isVillage ? shortName(area, parent, nameOf) : nameOf(area) || code.slice(-3)) : code;
  const tag = isNew ? h("span", { class: "tag tag--edit" }, t("planner.new_tag")) : isGone ? h("span", { class: "tag" }, t("planner.gone_tag")) : null;
  const label = isGone ? h("span", null, name) : h("button", { type: "button", class: "link", onclick: () => open(code) }, name);
  return h("tr", { "data-code": code, class: code === selected ? "is-selected" : null }, h("th", { scope: "row" }, label, tag), Object.entries(cells).map(([figure, { pair }]) => pairCells(pair, COLUMNS[figure])));
}

/** @param {Pair | null} pair @param {number} decimals */
function pairCells(pair, decimals) {
  if (!pair) return [h("td"), h("td")];
  return [h("td", { class: "was" }, shown(pair[0], decimals)), h("td", { class: isChanged(pair, decimals) ? "now is-changed" : "now" }, shown(pair[1], decimals))];
}

/** @param {Draft} draft @param {string} scope @param {number} changed @param {(scope: string) => void} choose */
function scopeField(draft, scope, changed, choose) {
  const parents = [...new Set([...draft.areas.values()].filter((area) => area.is_leaf && area.parent).map(({ parent }) => /** @type {string} */ (parent)))].sort();
  const leaves = [...draft.areas.values()].filter((area) => area.is_leaf).length;
  const options = [[CHANGED, t("planner.scope_changed", { n: changed })], [ALL, t("planner.scope_all", { n: leaves })], ...parents.map((code) => [code, nameOf(draft.areas.get(code))])];
  const select = h("select", { class: "input effects__scope", "aria-label": t("planner.scope"), onchange: (/** @type {Event} */ event) => choose(/** @type {HTMLSelectElement} */ (event.target).value) }, options.map(([value, words]) => h("option", { value, selected: value === scope }, words)));
  return select;
}
