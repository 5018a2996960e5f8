// What the case would be filed as and who would get it: each field can be changed; beside it how sure the rules are, and precedents.
import { call, query } from "../api.js";
import { fill, h, icon } from "../dom.js";
import { count, nameOf, t } from "../i18n.js";
import { wordFor } from "../pages/incident-rows.js";
import { symbol } from "../parts/symbol.js";
import { choices, orgName } from "./choices.js";
import { LIMIT_UNITS } from "../parts/limit-units.js";

/** @typedef {import("../pages/incident-view.js").Case} Case */
/** @typedef {import("./plan.js").Draft} Draft */

const PLATFORMS = ["public_order", "enforcement", "market", "service"];
const URGENCIES = ["U1", "U2", "U3", "U4"];

/** Counts of precedents by their query: they hardly change while a case is looked at. @type {Map<string, Promise<number>>} */
const counted = new Map();

/**
 * @param {Case} item
 * @param {Draft} draft changed in place
 * @param {() => void} onChange
 */
export function suggestionPanel(item, draft, onChange) {
  const body = h("div", { class: "decide" });
  const precedent = h("small", null);
  const draw = () => {
    const focused = document.activeElement?.getAttribute("name");
    fill(body, rows(item, draft, take));
    if (focused?.startsWith("decide-")) /** @type {HTMLElement | null} */ (body.querySelector(`[name="${focused}"]`))?.focus();
    drawPrecedent(precedent, draft);
  };
  const take = (/** @type {Partial<Draft>} */ change) => {
    Object.assign(draft, change);
    draw();
    onChange();
  };
  draw();
  return h("section", { class: "panel-section", "aria-labelledby": "decide-title" }, h("h2", { id: "decide-title" }, t("incident.suggestion"), precedent), body);
}

/** @param {Case} item @param {Draft} draft @param {(change: Partial<Draft>) => void} take */
function rows(item, draft, take) {
  const category = choices.categories.get(draft.category);
  const platform = category?.platform ?? item.platform ?? item.suggestion?.platform ?? "";
  const sure = (/** @type {boolean} */ same) => same && item.suggestion?.confidence != null && t("incident.confidence", { n: Number(item.suggestion.confidence).toFixed(2) });
  return [
    row(t("incident.suggest_platform"), platformPick(platform, draft, take), sure(platform === item.suggestion?.platform), symbol(platform)),
    row(t("incident.suggest_category"), categoryPick(platform, draft, take), sure(draft.category !== "" && draft.category === item.suggestion?.category)),
    category && h("div", { class: "decide__row" }, h("span", { class: "quiet" }, t("desk.filing_condition")), h("p", { class: "decide__said" }, category.filing_condition || t("common.none"), h("small", { class: "quiet" }, limitOf(category)))),
    row(t("incident.fact_urgency"), pick("decide-urgency", t("incident.fact_urgency"), draft.urgency, URGENCIES.map((code) => [code, wordFor("urgency", code)]), (urgency) => take({ urgency }))),
    row(t("incident.fact_lead"), pick("decide-lead", t("incident.fact_lead"), draft.lead_org, [["", t("desk.choose")], ...orgsFor(platform)], (lead_org) => take({ lead_org, co_orgs: draft.co_orgs.filter((code) => code !== lead_org) }))),
    helpers(draft, platform, take),
  ];
}

/** @param {import("./choices.js").Category} category */
const limitOf = ({ limit_value, limit_unit }) => (limit_value && limit_unit ? t("desk.handled_within", { limit: t(LIMIT_UNITS[limit_unit], { n: limit_value }) }) : "");

/** @param {string} label @param {HTMLElement} control @param {any} [beside] @param {any} [mark] */
function row(label, control, beside, mark) {
  return h("label", { class: `decide__row${mark ? " has-mark" : ""}` }, h("span", { class: "quiet" }, label), h("span", { class: "decide__pick" }, mark, control, beside && h("small", { class: "quiet" }, beside)));
}

/**
 * @param {string} name
 * @param {string} label
 * @param {string} value
 * @param {[string, string][]} options
 * @param {(value: string) => void} onTake
 */
function pick(name, label, value, options, onTake) {
  const known = options.some(([code]) => code === value) ? options : [...options, /** @type {[string, string]} */ ([value, value])];
  const element = h("select", { class: "input", name, "aria-label": label, onchange: () => onTake(element.value) }, known.map(([code, text]) => h("option", { value: code, selected: code === value }, text)));
  return element;
}

/** Another platform begins with its first category. @param {string} platform @param {Draft} draft @param {(change: Partial<Draft>) => void} take */
function platformPick(platform, draft, take) {
  const options = /** @type {[string, string][]} */ ([...(platform ? [] : [["", t("desk.choose")]]), ...PLATFORMS.map((code) => [code, wordFor("platform", code)])]);
  return pick("decide-platform", t("incident.suggest_platform"), platform, options, (code) => {
    const first = [...choices.categories.values()].find((one) => one.platform === code);
    if (first) take(withCategory(first.code));
  });
}

/** @param {string} platform @param {Draft} draft @param {(change: Partial<Draft>) => void} take */
function categoryPick(platform, draft, take) {
  const fitting = [...choices.categories.values()].filter((one) => !platform || one.platform === platform);
  const options = /** @type {[string, string][]} */ ([...(draft.category ? [] : [["", t("desk.choose")]]), ...fitting.map((one) => [one.code, nameOf(one)])]);
  return pick("decide-category", t("incident.suggest_category"), draft.category, options, (code) => take(withCategory(code)));
}

/** A category brings its urgency, lead and helpers. @param {string} code @returns {Partial<Draft>} */
function withCategory(code) {
  const category = choices.categories.get(code);
  return { category: code, urgency: category?.urgency ?? "U3", lead_org: category?.lead_org ?? "", co_orgs: [...(category?.co_orgs ?? [])] };
}

/** Organisations of the platform first. @param {string} platform @returns {[string, string][]} */
function orgsFor(platform) {
  const all = [...choices.organisations.values()];
  const near = all.filter((org) => org.platforms.includes(platform));
  return [...near, ...all.filter((org) => !near.includes(org))].map((org) => [org.code, org.name]);
}

/** @param {Draft} draft @param {string} platform @param {(change: Partial<Draft>) => void} take */
function helpers(draft, platform, take) {
  const without = (/** @type {string} */ code) => take({ co_orgs: draft.co_orgs.filter((one) => one !== code) });
  const chips = draft.co_orgs.map((code) =>
    h("button", { type: "button", class: "tag decide__helper", name: `decide-helper-${code}`, "aria-label": t("desk.without_helper", { name: orgName(code) }), onclick: () => without(code) }, orgName(code), icon("close")),
  );
  const free = orgsFor(platform).filter(([code]) => code !== draft.lead_org && !draft.co_orgs.includes(code));
  const add = pick("decide-add-helper", t("desk.add_helper"), "", [["", draft.co_orgs.length ? t("desk.add_helper") : t("desk.no_helper")], ...free], (code) => code && take({ co_orgs: [...draft.co_orgs, code] }));
  return h("div", { class: "decide__row" }, h("span", { class: "quiet" }, t("desk.helpers")), h("div", { class: "decide__helpers" }, chips, add));
}

/** Cases of the same category, and how many of them this organisation led: both are lists. @param {HTMLElement} element @param {Draft} draft */
async function drawPrecedent(element, draft) {
  const { category, lead_org } = draft;
  if (!category) return fill(element);
  const [all, led] = await Promise.all([counts({ category }), lead_org ? counts({ category, org: lead_org }) : Promise.resolve(0)]).catch(() => [null, null]);
  if (draft.category !== category || draft.lead_org !== lead_org || all === null) return;
  const link = (/** @type {number} */ n, /** @type {Record<string, string>} */ filters) => h("a", { href: `/incidents${query(filters)}` }, h("b", null, count(n)));
  fill(element, t("desk.same_kind"), " ", link(all, { category }), t("desk.cases"), lead_org && [t("desk.of_these"), " ", link(/** @type {number} */ (led), { category, org: lead_org }), t("desk.led_by_it")]);
}

/** @param {Record<string, string>} filters */
function counts(filters) {
  const key = query(filters);
  if (!counted.has(key)) counted.set(key, call(`/api/v1/counts/incident${key}`).then((answer) => answer.count));
  return /** @type {Promise<number>} */ (counted.get(key));
}
