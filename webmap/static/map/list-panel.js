/**
 * The cases beside the map: overdue ones, or all in view, nearest deadline first. It holds in words what the map
 * shows as symbols, so that nobody needs the map to reach a case.
 */

import { ApiError, call, query } from "../api.js";
import { fill, find, h } from "../dom.js";
import { count, t } from "../i18n.js";
import { placeOrReason } from "../place-name.js";
import { empty, failed, loading } from "../parts/states.js";
import { when } from "../time.js";
import { byUrgency, clockOf } from "./clock.js";
import { caseClock, factsOf, toneOf } from "./case-clock.js";
import { ringSymbol } from "./symbol-svg.js";

/** @typedef {import("./town-data.js").TownData} TownData */

const PAGE = 200;
const SKELETON_MS = 200;

export class ListPanel {
  /**
   * @param {TownData} data
   * @param {{platforms: () => string[] | null, at: () => number | null, bounds: () => [number, number, number, number] | null, select: (id: string, lon: number, lat: number) => void, selected: () => string | null}} page
   */
  constructor(data, page) {
    this.data = data;
    this.page = page;
    /** @type {"late" | "view"} */
    this.mode = "late";
    /** @type {any[]} */
    this.features = [];
    this.total = 0;
    /** @type {string | null} */
    this.next = null;
    this.known = false;
    /** @type {ApiError | null} */
    this.fault = null;
    /** @type {AbortController | null} */
    this.pending = null;
    /** Cases open at the moment of a replay. @type {any[]} */
    this.past = [];
  }

  filters() {
    const platforms = this.page.platforms();
    return {
      open: 1,
      ...(this.mode === "late" ? { late: 1 } : { bbox: this.page.bounds()?.map((value) => value.toFixed(5)).join(",") }),
      ...(platforms ? { platform: platforms.join(",") } : {}),
    };
  }

  /** A replay hands over the cases that were open at its moment. @param {any[] | null} features */
  showPast(features) {
    this.past = features ?? [];
    const at = /** @type {number} */ (this.page.at());
    const platforms = this.page.platforms();
    const [west, south, east, north] = this.page.bounds() ?? [-180, -90, 180, 90];
    this.features = this.past.filter((feature) => {
      if (platforms && !platforms.includes(feature.properties.platform)) return false;
      if (this.mode === "late") return clockOf(pastFacts(feature.properties, at)).state === "late";
      const [lon, lat] = feature.geometry?.coordinates ?? [NaN, NaN];
      return lon >= west && lon <= east && lat >= south && lat <= north;
    });
    Object.assign(this, { total: this.features.length, next: null, fault: null, known: true });
    this.show();
  }

  /** Ask again; the old rows stay until the new ones are there. */
  async load() {
    this.pending?.abort();
    if (this.page.at() !== null) {
      this.showPast(this.past);
      return;
    }
    const pending = (this.pending = new AbortController());
    const skeleton = setTimeout(() => !this.known && this.draw(loading(6)), SKELETON_MS);
    try {
      const answer = await call(`/api/v1/incidents${query({ ...this.filters(), limit: PAGE })}`, { signal: pending.signal });
      Object.assign(this, { features: answer.features, total: answer.count ?? answer.features.length, next: answer.next, fault: null, known: true });
    } catch (error) {
      if (pending.signal.aborted) return;
      this.fault = error instanceof ApiError ? error : new ApiError({ code: "page.fault", message: String(error) });
    } finally {
      clearTimeout(skeleton);
    }
    this.show();
  }

  async more() {
    const answer = await call(`/api/v1/incidents${query({ ...this.filters(), limit: PAGE, cursor: this.next })}`).catch(() => null);
    if (!answer) return;
    this.features = [...this.features, ...answer.features];
    this.next = answer.next;
    this.show();
  }

  show() {
    if (this.fault && !this.known) {
      this.draw(failed(this.fault, t("map.list_failed"), () => this.load()));
      return;
    }
    if (!this.known) return;
    if (!this.features.length) {
      const good = this.mode === "late";
      const back = h("a", { class: "button", href: this.data.list({ open: 1 }) }, t("map.see_open", { n: this.data.summary?.open ?? 0 }));
      this.draw(empty({ title: t(good ? "map.none_late" : "map.none_view"), words: t(good ? "map.none_late_words" : "map.none_view_words"), good, action: back }));
      return;
    }
    const at = this.page.at() ?? this.data.now();
    const facts = (/** @type {any} */ feature) => (this.page.at() === null ? factsOf : pastFacts)(feature.properties, at);
    const rows = [...this.features].sort((one, other) => byUrgency(facts(one), facts(other)));
    this.draw(h("ol", { class: "rows-list" }, rows.map((feature) => h("li", null, this.row(feature, at)))), this.foot());
  }

  foot() {
    const rest = this.total - this.features.length;
    if (rest <= 0 || !this.next) return null;
    return h("div", { class: "panel__foot" }, h("button", { type: "button", class: "button", onclick: () => this.more() }, t("map.rest_below", { n: count(rest) })));
  }

  /** @param {...any} content */
  draw(...content) {
    const panel = find("#list-panel");
    const kept = panel.scrollTop;
    const focused = document.activeElement?.getAttribute?.("data-id");
    fill(panel, this.head(), ...content);
    panel.scrollTop = kept;
    if (focused) /** @type {HTMLElement | null} */ (panel.querySelector(`[data-id="${CSS.escape(focused)}"]`))?.focus();
  }

  head() {
    const button = (/** @type {"late" | "view"} */ mode) =>
      h("button", { type: "button", "aria-pressed": String(this.mode === mode), onclick: () => this.switchTo(mode) }, t(`map.list_${mode}`));
    return h(
      "div",
      { class: "panel__head" },
      h("h2", null, t(this.mode === "late" ? "map.list_late_title" : "map.list_view_title"), " ", h("b", null, this.known ? count(this.total) : "…"), " ", t("map.cases")),
      h("div", { class: "segments", role: "group", "aria-label": t("map.list_which") }, button("late"), button("view")),
    );
  }

  /** @param {"late" | "view"} mode */
  switchTo(mode) {
    if (this.mode === mode) return;
    this.mode = mode;
    this.known = false;
    this.load();
  }

  /** @param {any} feature @param {number} at */
  row(feature, at) {
    const item = feature.properties;
    // At a past moment a case that is closed today was still running.
    const clock = caseClock(this.page.at() === null ? item : { ...item, is_open: undefined }, at);
    const [lon, lat] = feature.geometry?.coordinates ?? [];
    const place = [placeOrReason(item), item.lead_org_name || t(`common.channel_${item.channel}`), when(item.reported_at, new Date(at))].filter(Boolean).join(" · ");
    const level = item.supervision_level > 0 && this.page.at() === null ? levelTag(item.supervision_level) : null;
    const tag = item.urgency === "U1" ? h("span", { class: "tag tag--late" }, "U1") : item.urgency === "U2" ? h("span", { class: "tag" }, "U2") : null;
    return h(
      "button",
      { type: "button", class: "row", "data-id": item.id, "aria-current": String(this.page.selected() === item.id), onclick: () => this.page.select(item.id, lon, lat) },
      ringSymbol(this.data.platform(item.platform), clock),
      h("span", { class: "row__main" }, h("span", { class: "row__title" }, level, h("span", null, item.title), tag), h("span", { class: "row__sub" }, place)),
      h("span", { class: `row__end ${toneOf(clock.state)}` }, clock.words, this.page.at() === null ? cause(item) : null),
    );
  }

  /** The row after (or before) the selected one. @param {1 | -1} step */
  step(step) {
    const rows = /** @type {HTMLButtonElement[]} */ ([...find("#list-panel").querySelectorAll(".row")]);
    if (!rows.length) return;
    const now = rows.findIndex((row) => row.dataset.id === this.page.selected());
    const target = rows[Math.max(0, Math.min(rows.length - 1, now < 0 ? (step > 0 ? 0 : rows.length - 1) : now + step))];
    target.click();
    target.scrollIntoView({ block: "nearest" });
  }

  mark() {
    for (const row of find("#list-panel").querySelectorAll(".row")) row.setAttribute("aria-current", String(/** @type {HTMLElement} */ (row).dataset.id === this.page.selected()));
  }
}

/** Level of supervision: filled, outlined, thin. @param {1 | 2 | 3} level */
const levelTag = (level) => h("span", { class: `tag ${["", "tag--thin", "tag--outlined", "tag--filled"][level]}` }, t(`map.level_${level}`));

/** Why it is supervised, and whether the organisation has answered. @param {Record<string, any>} item */
function cause(item) {
  if (!item.supervision_level) return null;
  if (item.rework_count >= 2) return h("small", null, t("map.cause_rework", { n: item.rework_count }));
  if (item.return_count >= 2) return h("small", null, t("map.cause_return", { n: item.return_count }));
  return h("small", null, t(item.reply_due_at ? "map.cause_waiting" : "map.cause_replied"));
}

/** @param {Record<string, any>} item @param {number} at a past moment */
const pastFacts = (item, at) => factsOf({ ...item, is_open: undefined }, at);
