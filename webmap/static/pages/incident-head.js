// The head of a case, and the sheet that only paper shows.
import { call } from "../api.js";
import { fill, h } from "../dom.js";
import { frame } from "../frame.js";
import { t } from "../i18n.js";
import { faultBox } from "../parts/states.js";
import { clockSymbol, symbol } from "../parts/symbol.js";
import { serverNow } from "../server-time.js";
import { clock, exactly } from "../time.js";
import { placeOf, tags, timeLeft, wordFor } from "./incident-rows.js";

/**
 * @param {import("./incident-view.js").Case} item
 * @param {string} [cases] where another case opens
 */
export function head(item, cases = "/incidents/") {
  const time = clock(item);
  const who = h("span", null, reporterWords(item.reporter));
  const asked = h("div", { hidden: true });
  const canUnmask = Boolean(item.reporter) && (item.allowed ?? []).includes("unmask");
  const unmask = h("button", { type: "button", class: "link", onclick: () => askUnmask(item, asked, who, unmask) }, t("incident.unmask"));
  return h(
    "header",
    { class: "case__head" },
    h(
      "div",
      { class: "case__line" },
      h("span", { class: "quiet mono" }, item.case_no),
      h("span", { class: "tag" }, wordFor("state", item.state)),
      tags(item),
      h("span", { class: "case__reporter quiet" }, t("incident.reporter"), " ", who, canUnmask && [" ", unmask]),
    ),
    asked,
    h("div", { class: "case__title" }, clockSymbol(item.platform, time), h("h1", { id: "case-title" }, item.title), timeLeft(time)),
    moreThanTitle(item) && h("p", { class: "case__text pre" }, item.description),
    mergedWords(item, cases),
  );
}

/** Into which case this one went, and which ones went into it. @param {import("./incident-view.js").Case} item @param {string} cases */
function mergedWords({ merged_case: into, merged = [] }, cases) {
  const link = (/** @type {any} */ one) => h("a", { href: `${cases}${one.id}`, "data-id": one.id, title: one.title }, one.case_no);
  const several = merged.flatMap((/** @type {any} */ one, /** @type {number} */ i) => [i > 0 && t("common.comma"), link(one)]);
  return [
    into && h("p", { class: "case__merged" }, t("incident.merged_into"), " ", link(into), " ", into.title),
    merged.length > 0 && h("p", { class: "case__merged" }, t("incident.merged_here", { n: merged.length }), " ", several),
  ];
}

/** Whether the description says more than the title, which may be its first sentence. @param {{title: string, description?: string | null}} item */
export function moreThanTitle({ title, description }) {
  const bare = (/** @type {string} */ text) => text.replace(/[\s。．.，,！!？?；;]+$/u, "").trim();
  return Boolean(description) && bare(description ?? "") !== bare(title);
}

/** Name and number; who left no number is told apart from a masked one, and who is not shown from who left no name. @param {{name?: string | null, phone?: string | null, hidden?: boolean} | null} person */
export function reporterWords(person) {
  if (person?.hidden) return t("incident.hidden");
  if (!person?.name && !person?.phone) return t("incident.anonymous");
  return [person.name, person.phone || t("incident.no_phone")].filter(Boolean).join(" ");
}

/**
 * Asks for the reason in place; the server writes down who read what and why.
 * @param {import("./incident-view.js").Case} item
 * @param {HTMLElement} asked where the question stands
 * @param {HTMLElement} who where the answer goes
 * @param {HTMLElement} button
 */
function askUnmask(item, asked, who, button) {
  const input = h("input", { class: "input", maxlength: 500, required: true });
  const answer = h("div", { "aria-live": "assertive" });
  const show = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!input.value.trim()) return input.setAttribute("aria-invalid", "true");
    try {
      const person = await call(`/api/v1/incidents/${item.id}/unmask`, { method: "POST", json: { reason: input.value.trim() } });
      who.textContent = reporterWords(person);
      asked.hidden = true;
      button.hidden = true;
    } catch (fault) {
      fill(answer, faultBox(/** @type {import("../api.js").ApiError} */ (fault), t("incident.unmask_failed")));
    }
  };
  const close = () => {
    asked.hidden = true;
    button.focus();
  };
  fill(
    asked,
    h(
      "form",
      { class: "case__confirm case__unmask", onsubmit: show },
      h("label", { class: "case__reason" }, h("span", null, t("incident.unmask_reason")), input),
      h("button", { type: "submit", class: "button button--main" }, t("incident.unmask_show")),
      h("button", { type: "button", class: "button", onclick: close }, t("incident.cancel")),
      h("small", { class: "quiet" }, t("incident.unmask_words")),
      answer,
    ),
  );
  asked.hidden = false;
  input.focus();
}

/** The case as a sheet of A4: black and white, shapes carry the platform. @param {import("./incident-view.js").Case} item */
export function paper(item) {
  const cell = (/** @type {string} */ label, /** @type {any} */ value, wide = false) => [
    h("th", { scope: "row" }, label),
    h("td", wide ? { colspan: 3 } : null, value),
  ];
  const row = (/** @type {any[]} */ ...cells) => h("tr", null, cells);
  return h(
    "section",
    { class: "paper", "aria-hidden": "true" },
    h("h1", null, t("incident.paper_title", { town: frame.town?.name ?? "" })),
    h("p", null, item.case_no),
    h(
      "table",
      null,
      h(
        "tbody",
        null,
        row(cell(t("incidents.col_case"), item.title, true)),
        row(cell(t("incident.fact_state"), wordFor("state", item.state)), cell(t("incident.fact_urgency"), wordFor("urgency", item.urgency))),
        row(cell(t("incident.suggest_platform"), [symbol(item.platform), " ", wordFor("platform", item.platform ?? "none")]), cell(t("incident.fact_category"), item.category_name ?? "")),
        row(cell(t("incident.fact_channel"), wordFor("channel", item.channel)), cell(t("incident.fact_lead"), item.lead_org_name ?? "")),
        row(cell(t("incident.fact_occurred"), exactly(item.occurred_at)), cell(t("incident.fact_reported"), exactly(item.reported_at))),
        row(cell(t("incident.grid"), placeOf(item)), cell(t("incident.address"), item.address ?? "")),
        row(cell(t("incident.reporter"), reporterWords(item.reporter), true)),
        row(cell(t("report.words_label"), h("span", { class: "pre" }, item.description ?? ""), true)),
        h("tr", { class: "paper__room" }, cell(t("incident.paper_notes"), "", true)),
      ),
    ),
    h("p", { class: "paper__foot" }, t("incident.paper_printed", { who: frame.viewer?.name ?? "", time: exactly(new Date(serverNow()).toISOString()) }), frame.town?.synthetic && ` · ${t("common.synthetic")}`),
  );
}
