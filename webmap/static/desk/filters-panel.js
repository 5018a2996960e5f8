// Search, the four stages with their counts, filters, and what waits for somebody: each figure is the list it opens.
import { call, query } from "../api.js";
import { fill, h, icon } from "../dom.js";
import { count, has, nameOf, t } from "../i18n.js";
import { wordFor } from "../pages/incident-rows.js";
import { LINKED, STAGES, WAITING, atStage, atWaiting, changed, writeAddress } from "./address.js";

const TYPING_MS = 350;
const PLATFORMS = ["public_order", "enforcement", "market", "service"];
const CHANNELS = ["hotline", "public", "snapshot", "app", "grid_worker", "village", "patrol", "window", "video", "phone", "higher"];

/** @typedef {import("./address.js").Desk} Desk */

/**
 * @param {HTMLElement} element
 * @param {() => Desk} current
 * @param {{onGo: (next: Desk, typed?: boolean) => void}} events
 */
export function filtersPanel(element, current, { onGo }) {
  /** @type {[string, string][]} */
  let villages = [];
  /** @type {Record<string, number>} */
  let figures = {};
  const set = (/** @type {Desk["filters"]} */ values, typed = false) => onGo({ ...current(), filters: changed(current().filters, values) }, typed);
  const search = searchField(current().filters.q ?? "", (q) => set({ q }, true));
  const stages = h("nav", { class: "segments stages", "aria-label": t("desk.stages") });
  const picks = h("div", { class: "desk__picks" });
  const waiting = h("div", { class: "chips desk__waiting", role: "group", "aria-label": t("desk.waiting_for") });
  fill(element, search.element, stages, picks, waiting);

  /** Figures come again and again: an opened choice of the other filters stays open. */
  const drawFigures = () => {
    const desk = current();
    const focused = document.activeElement?.getAttribute("name");
    fill(stages, STAGES.map((stage) => stageLink(desk, stage, figures[stage])));
    fill(waiting, WAITING.map((name) => waitingChip(name, desk, figures[name], onGo)), linked(desk, set));
    refocus(focused);
  };
  /** @param {string | null | undefined} name */
  const refocus = (name) => {
    const lost = name && name !== "q" && document.activeElement === document.body;
    if (lost) /** @type {HTMLElement | null} */ (element.querySelector(`[name="${name}"]`))?.focus({ preventScroll: true });
  };
  const draw = () => {
    const desk = current();
    const focused = document.activeElement?.getAttribute("name");
    search.show(desk.filters.q ?? "");
    drawFigures();
    fill(
      picks,
      pick("platform", t("incidents.all_platforms"), PLATFORMS.map((code) => [code, wordFor("platform", code)]), desk, set),
      pick("village", t("incidents.all_villages"), villages, desk, set),
      pick("channel", t("desk.all_channels"), CHANNELS.map((code) => [code, wordFor("channel", code)]), desk, set),
      h("span", { class: "desk__order small quiet" }, t("desk.order")),
    );
    refocus(focused);
  };
  call(`/api/v1/areas${query({ level: "village" })}`).then(
    ({ areas }) => {
      villages = areas.map((/** @type {any} */ area) => [area.code, nameOf(area)]);
      draw();
    },
    () => null,
  );
  draw();
  return {
    draw,
    focus: () => search.focus(),
    /** @param {Record<string, number>} told */
    figures(told) {
      figures = told;
      drawFigures();
    },
  };
}

/** @param {string} q @param {(q: string) => void} onTyped */
function searchField(q, onTyped) {
  let timer = 0;
  const input = h("input", { class: "input", name: "q", type: "search", value: q, maxlength: 200, placeholder: t("incidents.search"), "aria-label": t("incidents.search_label") });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => onTyped(input.value.trim()), TYPING_MS);
  });
  return {
    element: h("label", { class: "with-icon" }, icon("search"), input, h("span", { class: "key", "aria-hidden": "true" }, "/")),
    focus: () => input.focus(),
    show(/** @type {string} */ text) {
      if (document.activeElement !== input) input.value = text;
    },
  };
}

/** @param {Desk} desk @param {Desk["stage"]} stage @param {number | undefined} n */
function stageLink(desk, stage, n) {
  return h("a", { href: writeAddress(atStage(desk, stage)), "data-stage": stage, name: `stage-${stage}`, "aria-current": desk.stage === stage ? "true" : null }, t(`desk.stage_${stage}`), " ", h("b", null, n === undefined ? "" : count(n)));
}

/**
 * @param {"platform" | "village" | "channel"} name
 * @param {string} all
 * @param {[string, string][]} options
 * @param {Desk} desk
 * @param {(values: Desk["filters"]) => void} set
 */
function pick(name, all, options, desk, set) {
  const value = desk.filters[name] ?? "";
  const known = !value || options.some(([code]) => code === value) ? options : [...options, [value, value]];
  const element = h("select", { class: `input desk__pick${value ? " is-set" : ""}`, name, "aria-label": t(`desk.filter_${name}`), onchange: () => set({ [name]: element.value }) }, h("option", { value: "" }, all), known.map(([code, words]) => h("option", { value: code, selected: code === value }, words)));
  return element;
}

/** Nothing waiting shows no chip, unless it is the filter now. @param {typeof WAITING[number]} name @param {Desk} desk @param {number | undefined} n @param {(next: Desk) => void} onGo */
function waitingChip(name, desk, n, onGo) {
  const on = desk.filters[name] === "1";
  if (!n && !on) return null;
  return h("button", { type: "button", class: `chip${name === "late" && n ? " chip--late" : ""}`, name: `waiting-${name}`, "aria-pressed": String(on), onclick: () => onGo(atWaiting(desk, name)) }, t(`desk.waiting_${name}`), " ", h("b", null, count(n ?? 0)));
}

/** Filters that came with a link: shown, and each can be taken off. @param {Desk} desk @param {(values: Desk["filters"]) => void} set */
function linked({ filters }, set) {
  return LINKED.filter((name) => filters[name]).map((name) => {
    const label = has(`incidents.only_${name}`) ? t(`incidents.only_${name}`) : has(`desk.only_${name}`) ? t(`desk.only_${name}`) : name;
    return h("button", { type: "button", class: "chip is-on", name: `linked-${name}`, onclick: () => set({ [name]: "" }) }, `${label} ${filters[name] === "1" ? "" : filters[name]}`, icon("close"));
  });
}
