/** The table of indicators: a row a group, a column an indicator; each figure opens the cases it counts. */

import { query } from "../api.js";
import { h } from "../dom.js";
import { count, nameOf, t } from "../i18n.js";

/** @typedef {{numerator: number, denominator: number, share: number | null, of: Record<string, string> | null, in: Record<string, string> | null}} Figure */
/** @typedef {{key: string | null, name: string | null, name_en: string | null, indicators: Record<string, Figure>}} Group */

/** In the order of the table. */
export const INDICATORS = ["on_time_disposal", "on_time_closure", "accurate_dispatch", "valid_report", "satisfaction", "rework", "overdue_open", "extension", "supervision"];

/** A share in per cent with one decimal. @param {number} share */
export const percent = (share) => `${(share * 100).toFixed(1)}%`;

/** @param {Group[]} groups @param {string} by @param {(group: Group) => string} named */
export function table(groups, by, named) {
  return h(
    "table",
    { class: "rows indicators" },
    h("caption", { class: "visually-hidden" }, t("appraisal.title")),
    h("thead", null, h("tr", null, h("th", { scope: "col" }, t(`appraisal.by_${by}`)), INDICATORS.map((name) => h("th", { scope: "col", class: "end", title: t(`appraisal.${name}_means`) }, t(`appraisal.${name}`))))),
    h("tbody", null, groups.map((group) => row(group, named))),
  );
}

/** @param {Group} group @param {(group: Group) => string} named */
function row(group, named) {
  return h("tr", null, h("th", { scope: "row" }, named(group)), INDICATORS.map((name) => cell(group.indicators[name])));
}

/** @param {Figure | undefined} figure */
function cell(figure) {
  if (!figure || figure.share === null) return h("td", { class: "end quiet" }, t("appraisal.no_data"));
  return h(
    "td",
    { class: "end" },
    h("b", { class: "indicators__share" }, percent(figure.share)),
    h("span", { class: "indicators__parts" }, opens(figure.in, figure.numerator), " / ", opens(figure.of, figure.denominator)),
    bar(figure.share),
  );
}

/** As long as the share. @param {number} share */
function bar(share) {
  const filled = h("i", null);
  filled.style.inlineSize = `${Math.round(share * 100)}%`;
  return h("span", { class: "bar", "aria-hidden": "true" }, filled);
}

/** @param {Record<string, string> | null} filters @param {number} value */
const opens = (filters, value) => (filters ? h("a", { href: `/incidents${query(filters)}` }, count(value)) : count(value));

/** Names of a group in words. @param {Group} group @param {string} by @param {(code: string) => string} platform */
export function groupName(group, by, platform) {
  if (by === "town") return t("appraisal.whole_town");
  if (group.key === null) return t("appraisal.no_group");
  return by === "platform" ? platform(group.key) : nameOf(group) || group.key;
}
