/** Figures of the town: in the header of the wall, above the switches on a desk, over the map. Each opens its rows. */

import { fill, find, h } from "../dom.js";
import { count, t } from "../i18n.js";
import { ringSymbol } from "./symbol-svg.js";

/** @typedef {import("./town-data.js").TownData} TownData */

/**
 * The figures of the header: what is counted, in which words, behind which list.
 *
 * @param {TownData} data @param {any} summary @param {number} at
 */
export function headline(data, summary, at) {
  const { from, to } = data.day(at);
  const past = summary.at !== undefined;
  const until = past ? new Date(at).toISOString() : to;
  const day = past ? "_day" : "";
  return [
    { id: "late", words: "late", value: summary.late, href: past ? pastLate(summary.late) : data.list({ late: 1 }), tone: "late" },
    { id: "open", words: "open", value: summary.open, href: data.list(past ? { open_since: until, to: until } : { open: 1 }), tone: "" },
    { id: "reported", words: `reported${day}`, value: summary.today_reported, href: data.list({ from, to: until }), tone: "" },
    { id: "closed", words: `closed${day}`, value: summary.today_closed, href: data.list({ closed_from: from, closed_to: until }), tone: "" },
    // Open ones that are not on the map wait here; when one was placed is not kept, so only now counts.
    !past && { id: "triage", words: "triage", value: summary.triage, href: data.may("triage") ? data.list({ open: 1, triage: 1 }) : null, tone: "" },
  ].filter((one) => one !== false);
}

/** The server compares deadlines with its own now: the late ones of a past moment stand in the list beside the map. @param {number | null} late */
function pastLate(late) {
  if (late === null) return null;
  const query = new URLSearchParams(location.search);
  query.set("tab", "list");
  return `?${query}`;
}

/** A figure, or a dash where it cannot be known. @param {number | null | undefined} value */
export const figure = (value) => (value === null || value === undefined ? "–" : count(value));

/** @param {TownData} data @param {number} at */
export function showFigures(data, at) {
  const { summary } = data;
  if (!summary) return;
  fill(find("#figures"), headline(data, summary, at).map((one) =>
    h("a", { href: one.href, "data-figure": one.id, "data-tone": one.tone && one.value ? one.tone : null },
      t(`map.figure_${one.words}`), h("b", null, figure(one.value)), t("map.cases")),
  ));
  showFacts(data);
  showClocks(data);
}

/** The same figures for a desk, as four columns. @param {TownData} data @param {number} at */
export function figureRow(data, at) {
  if (!data.summary) return null;
  return h("div", { class: "figure-row" }, headline(data, data.summary, at).map((one) =>
    h("a", { href: one.href, "data-tone": one.tone && one.value ? one.tone : null }, h("b", null, figure(one.value)), t(`map.figure_${one.words}`)),
  ));
}

/** Size of the town. @param {TownData} data */
function showFacts(data) {
  const areas = data.summary.areas ?? {};
  const facts = [
    areas.area_km2 && h("span", null, t("map.fact_town"), " ", h("b", null, Number(areas.area_km2).toFixed(1)), " km²"),
    areas.villages && h("span", null, h("b", null, areas.villages), " ", t("map.fact_villages")),
    areas.grids && h("span", null, h("b", null, areas.grids), " ", t("map.fact_grids")),
  ];
  fill(find("#map-facts"), facts.filter(Boolean));
}

/** What the two rings mean, and how many wear them. @param {TownData} data */
function showClocks(data) {
  const { summary } = data;
  const past = summary.at !== undefined;
  const ring = (/** @type {"amber" | "late"} */ name, /** @type {any} */ clock) =>
    h("a", { href: !past ? data.list({ [name]: 1 }) : name === "late" ? pastLate(summary.late) : null }, ringSymbol(undefined, clock), h("span", null, t(`map.ring_${name}`), " ", h("b", null, figure(summary[name]))));
  fill(find("#map-clocks"), ring("amber", { state: "warn", share: 0.8 }), ring("late", { state: "late", share: 1 }));
}

/** The stages of the loop; they add up to the open ones, supervision lies above and is not added. @param {TownData} data */
export function showLoop(data) {
  const { summary } = data;
  const element = find("#loop");
  if (!summary?.stages) {
    fill(element, summary && h("p", { class: "loop__quiet" }, t("map.loop_live_only")));
    return;
  }
  const stages = ["accept", "handle", "evaluate"].filter((stage) => summary.stages[stage]);
  const sum = h("div", { class: "loop__sum" }, h("span", null, t("map.loop_title"), " ", h("b", null, count(summary.open ?? 0)), " ", t("map.cases")), inTime(data, summary));
  fill(
    element,
    h("div", { class: "loop__top" }, sum, supervision(data, summary.supervision)),
    h("div", { class: "loop__stages" }, stages.map((stage, index) => [index > 0 && arrow(), stageBox(data, stage, summary.stages[stage])])),
  );
}

/** Handled in time, of those whose handling was due today. @param {TownData} data @param {any} summary */
function inTime(data, summary) {
  const share = summary.today_in_time;
  if (!share) return null;
  const due = { handle_due_from: summary.day_start, handle_due_to: summary.now, valid: 1 };
  return h("a", { href: data.list(due) }, t("map.loop_in_time"), " ", h("b", null, `${count(share.n)} / ${count(share.of)}`));
}

function arrow() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", "#i-next");
  svg.append(use);
  return svg;
}

/** @param {TownData} data @param {string} stage @param {any} figures a number, or states with their numbers */
function stageBox(data, stage, figures) {
  const states = typeof figures === "number" ? [] : Object.entries(figures.states ?? figures).filter(([name, value]) => typeof value === "number" && !["total", "n", "count"].includes(name));
  const total = typeof figures === "number" ? figures : figures.total ?? figures.n ?? figures.count ?? states.reduce((sum, [, value]) => sum + Number(value), 0);
  return h(
    "div",
    { class: "stage", "data-stage": stage },
    h("a", { class: "stage__all", href: data.list({ stage, open: 1 }) }, t(`map.stage_${stage}`), " ", h("b", null, count(total))),
    states.length > 1 && states.filter(([, value]) => value).map(([state, value]) => h("a", { class: "stage__state", href: data.list({ state, open: 1 }) }, t(`common.state_${state}`), " ", h("b", null, count(Number(value))))),
  );
}

/** @param {TownData} data @param {any} figures levels with their numbers */
function supervision(data, figures) {
  if (!figures || !figures.total) return null;
  return h(
    "div",
    { class: "loop__supervise" },
    h("a", { href: data.list({ supervised: 1, open: 1 }) }, t("map.supervise"), " ", h("b", null, count(figures.total))),
    [1, 2, 3].filter((level) => figures[level]).map((level) => h("a", { class: "loop__level", href: data.list({ level, open: 1 }) }, t(`map.supervise_${level}`), " ", h("b", null, count(figures[level])))),
    figures.waiting > 0 && h("a", { class: "loop__level", href: data.list({ reply: 1, open: 1 }) }, t("map.supervise_waiting"), " ", h("b", null, count(figures.waiting))),
    h("small", null, t("map.supervise_words")),
  );
}
