// The filter bar: platforms, stage, state, place, period, words. Each change is a new address.
import { call, query as queryString } from "../api.js";
import { fill, h, icon } from "../dom.js";
import { frame } from "../frame.js";
import { has, nameOf, t } from "../i18n.js";
import { dayStart } from "../map/town-clock.js";
import { symbol } from "../parts/symbol.js";
import { serverNow } from "../server-time.js";
import { day } from "../time.js";
import { CONTROLLED, change, isPlain } from "./incident-query.js";
import { wordFor } from "./incident-rows.js";

const DAY_MS = 86_400_000;
const TYPING_MS = 350;
const PLATFORMS = ["public_order", "enforcement", "market", "service"];
/** Which states make up which stage; those of no stage are no longer open. @type {Record<string, string[]>} */
const STAGES = {
  accept: ["reported", "verifying", "accepted", "filed"],
  handle: ["dispatched", "returned", "handling", "suspended", "transferred_up"],
  evaluate: ["awaiting_inspection"],
  done: ["closed", "evaluated", "archived", "merged", "declined", "voided"],
};
const PERIODS = [1, 7, 30, 365];

/** @typedef {import("./incident-query.js").Query} Query */

/**
 * Draws the bar. Areas come later; the bar does not wait for them.
 * @param {HTMLElement} element
 * @param {() => Query} current
 * @param {(next: Query) => void} onChange
 */
export function filterBar(element, current, onChange) {
  /** @type {{villages: any[], grids: any[]}} */
  const areas = { villages: [], grids: [] };
  const set = (/** @type {Query} */ values) => onChange(change(current(), values));

  const search = searchField(set);
  const counted = h("output", { class: "filters__count", id: "count" });
  const controls = h("div", { class: "filters__controls", id: "controls" });
  const more = moreButton(controls);
  fill(element, search.element, more.element, counted, controls);
  const draw = () => {
    const query = current();
    const focused = document.activeElement?.getAttribute("name");
    search.show(query.q ?? "");
    more.show(Object.keys(query).filter((name) => name !== "q").length);
    fill(
      controls,
      platformSwitch(query, set),
      h("div", { class: "chips" }, toggle("open", query, set), toggle("late", query, set), toggle("amber", query, set)),
      stateSelect(query, set),
      areas.villages.length > 0 && select("village", query, (values) => set({ ...values, grid: "" }), areas.villages.map((area) => [area.code, nameOf(area)])),
      areas.grids.length > 0 && select("grid", query, set, gridsOf(areas.grids, query.village)),
      periodSelect(query, set),
      otherFilters(query, set),
      !isPlain(query) && h("a", { class: "button button--plain button--small", href: "/incidents", "data-clear-filters": true }, t("incidents.clear")),
    );
    if (focused) /** @type {HTMLElement | null} */ (controls.querySelector(`[name="${focused}"]`))?.focus();
  };

  loadAreas().then((found) => {
    Object.assign(areas, found);
    draw();
  });
  draw();
  return { draw };
}

async function loadAreas() {
  const level = (/** @type {string} */ name) =>
    call(`/api/v1/areas${queryString({ level: name })}`)
      .then((answer) => (answer.features ?? answer.areas ?? answer).map((/** @type {any} */ area) => area.properties ?? area))
      .catch(() => []);
  const [villages, grids] = await Promise.all([level("village"), level("grid")]);
  return { villages, grids };
}

/** @param {any[]} grids @param {string | undefined} village @returns {[string, string][]} */
function gridsOf(grids, village) {
  return grids.filter((grid) => !village || (grid.parent?.code ?? grid.parent) === village).map((grid) => [grid.code, nameOf(grid)]);
}

/** On a phone the filters wait behind this button, which says how many are set. @param {HTMLElement} controls */
function moreButton(controls) {
  const words = h("span", null);
  const toggleControls = () => {
    const open = controls.classList.toggle("is-open");
    element.setAttribute("aria-expanded", String(open));
  };
  const element = h("button", { type: "button", class: "button filters__more", "aria-expanded": "false", "aria-controls": controls.id, onclick: toggleControls }, words, icon("down"));
  const show = (/** @type {number} */ n) => fill(words, n ? t("incidents.filters_set", { n }) : t("incidents.filters"));
  return { element, show };
}

/** The words are kept while somebody types. @param {(values: Query) => void} set */
function searchField(set) {
  let timer = 0;
  const input = h("input", {
    class: "input",
    name: "q",
    type: "search",
    maxlength: 200,
    placeholder: t("incidents.search"),
    "aria-label": t("incidents.search_label"),
    oninput: () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => set({ q: input.value.trim() }), TYPING_MS);
    },
  });
  const element = h("label", { class: "with-icon filters__search" }, icon("search"), input, h("span", { class: "key", "aria-hidden": "true" }, "/"));
  const show = (/** @type {string} */ text) => {
    if (document.activeElement !== input) input.value = text;
  };
  return { element, show };
}

/** @param {Query} query @param {(values: Query) => void} set */
function platformSwitch(query, set) {
  return h(
    "div",
    { class: "chips", role: "group", "aria-label": t("incidents.filter_platform") },
    PLATFORMS.map((platform) => {
      const on = query.platform === platform;
      const press = () => set({ platform: on ? "" : platform });
      return h("button", { type: "button", class: "chip", name: `platform-${platform}`, "aria-pressed": String(on), onclick: press }, symbol(platform), wordFor("platform", platform));
    }),
  );
}

/** @param {"open" | "late" | "amber"} name @param {Query} query @param {(values: Query) => void} set */
function toggle(name, query, set) {
  const on = query[name] === "1";
  return h("button", { type: "button", class: "chip", name: `toggle-${name}`, "aria-pressed": String(on), onclick: () => set({ [name]: on ? "" : "1" }) }, t(`incidents.toggle_${name}`));
}

/** Stage or state in one: a stage is all of its states. @param {Query} query @param {(values: Query) => void} set */
function stateSelect(query, set) {
  const now = query.stage ? `stage:${query.stage}` : query.state ? `state:${query.state}` : "";
  const option = (/** @type {string} */ value, /** @type {string} */ label) => h("option", { value, selected: value === now }, label);
  const group = (/** @type {[string, string[]]} */ [stage, states]) =>
    h(
      "optgroup",
      { label: t(`incidents.stage_${stage}`) },
      stage !== "done" && option(`stage:${stage}`, t("incidents.stage_all", { stage: t(`incidents.stage_${stage}`) })),
      states.map((state) => option(`state:${state}`, wordFor("state", state))),
    );
  const several = now.includes(",") && option(now, query.state?.split(",").map((state) => wordFor("state", state)).join(t("common.comma")) ?? "");
  const take = () => {
    const [name, value] = element.value.split(":");
    set({ stage: "", state: "", ...(value && { [name]: value }) });
  };
  const element = h("select", { class: `input${now ? " is-set" : ""}`, name: "state", "aria-label": t("incidents.filter_state"), onchange: take }, option("", t("incidents.all_states")), several, Object.entries(STAGES).map(group));
  return element;
}

/**
 * @param {"village" | "grid"} name
 * @param {Query} query
 * @param {(values: Query) => void} set
 * @param {[string, string][]} choices
 */
function select(name, query, set, choices) {
  const all = { village: "all_villages", grid: "all_grids" }[name];
  const options = [["", t(`incidents.${all}`)], ...choices].map(([value, label]) => h("option", { value, selected: (query[name] ?? "") === value }, label));
  const element = h("select", { class: `input${query[name] ? " is-set" : ""}`, name, "aria-label": t(`incidents.filter_${name}`), onchange: () => set({ [name]: element.value }) }, options);
  return element;
}

/** @param {Query} query @param {(values: Query) => void} set */
function periodSelect(query, set) {
  const start = dayStart(serverNow(), frame.town?.timezone ?? "UTC");
  const choices = PERIODS.map((days) => [new Date(start - (days - 1) * DAY_MS).toISOString().replace(".000Z", "Z"), t(days === 1 ? "incidents.period_today" : `incidents.period_${days}`)]);
  const from = query.from ?? "";
  const known = !from || choices.some(([value]) => Date.parse(value) === Date.parse(from));
  const options = [
    h("option", { value: "", selected: !from }, t("incidents.period_any")),
    choices.map(([value, label]) => h("option", { value, selected: from !== "" && Date.parse(value) === Date.parse(from) }, label)),
    !known && h("option", { value: from, selected: true }, `${dayOf(from)} →`),
  ];
  const element = h("select", { class: `input${from ? " is-set" : ""}`, name: "from", "aria-label": t("incidents.filter_period"), onchange: () => set({ from: element.value }) }, options);
  return element;
}

/** Filters that came with a link and have no control: shown, and each can be taken off. @param {Query} query @param {(values: Query) => void} set */
function otherFilters(query, set) {
  return Object.entries(query)
    .filter(([name]) => !CONTROLLED.has(name))
    .map(([name, value]) => {
      const label = has(`incidents.only_${name}`) ? t(`incidents.only_${name}`) : name;
      return h("button", { type: "button", class: "chip is-on", onclick: () => set({ [name]: "" }) }, `${label} ${shown(name, value)}`, icon("close"));
    });
}

/** Filters of indicators: with 1 their name says it all. */
const YES_OR_NO = new Set(["valid", "taken", "handled_in_time", "unhandled", "closed_in_time", "reworked", "returned", "extended", "supervised", "revisited", "satisfied"]);

/** The day of a moment; what is none is shown as it stands in the address. @param {string} moment */
const dayOf = (moment) => (Number.isNaN(Date.parse(moment)) ? moment : day(moment, true));

/** @param {string} name @param {string | undefined} value */
function shown(name, value = "") {
  if (name === "bbox" || (YES_OR_NO.has(name) && value === "1")) return "";
  if (YES_OR_NO.has(name)) return t("incidents.no");
  if (/_from$|_to$|^to$/.test(name)) return dayOf(value);
  if (name === "channel") return wordFor("channel", value);
  return value;
}
