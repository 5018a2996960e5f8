// The figures above the list; each opens the rows it counts.
import { call } from "../api.js";
import { fill, h } from "../dom.js";
import { count, t } from "../i18n.js";
import { faultBox } from "../parts/states.js";
import { writeQuery } from "./incident-query.js";

/**
 * @param {HTMLElement} element
 * @returns {() => Promise<void>} draws them anew
 */
export function figureStrip(element) {
  return async () => {
    try {
      const summary = await call("/api/v1/summary");
      fill(element, figures(summary).map(one));
    } catch (fault) {
      fill(element, faultBox(/** @type {import("../api.js").ApiError} */ (fault), t("incidents.figures_failed")));
    }
  };
}

/** @param {any} summary */
function figures(summary) {
  const today = summary.day_start;
  return [
    { key: "open", value: summary.open, query: { open: "1" } },
    { key: "late", value: summary.late, query: { open: "1", late: "1" }, late: true },
    { key: "amber", value: summary.amber, query: { open: "1", amber: "1" } },
    { key: "today_reported", value: summary.today_reported, query: { from: today } },
    { key: "today_closed", value: summary.today_closed, query: { closed_from: today } },
    { key: "triage", value: summary.triage, query: { open: "1", triage: "1" } },
  ];
}

/** @param {{key: string, value: number, query: any, late?: boolean}} figure */
function one({ key, value, query, late }) {
  return h(
    "a",
    { class: `figure${late && value > 0 ? " figure--late" : ""}`, href: `/incidents${writeQuery(query)}`, "data-figure": key },
    h("span", null, t(`incidents.fig_${key}`)),
    h("b", null, count(value)),
  );
}
