/** What is known of the picked object: a case, an entity, a site, an area, or several things on one spot. */

import { ApiError, call } from "../api.js";
import { fill, find, h, icon } from "../dom.js";
import { count, has, lang, nameOf, t } from "../i18n.js";
import { failed, loading } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { when } from "../time.js";
import { caseClock, toneOf } from "./case-clock.js";
import { incidentBody } from "./detail-incident.js";
import { platformSymbol, ringSymbol } from "./symbol-svg.js";

/** @typedef {import("./town-data.js").TownData} TownData */
/** @typedef {import("./map-view.js").Seen} Seen */

export class DetailPanel {
  /**
   * @param {TownData} data
   * @param {{at: () => number, close: () => void, select: (kind: string, id: string) => void, place: (lon: number, lat: number) => void, area: (bbox: [number, number, number, number] | null) => void, zoomTo: (lon: number, lat: number) => void, closed: () => void}} page
   */
  constructor(data, page) {
    this.data = data;
    this.page = page;
    this.panel = find("#detail-panel");
    /** @type {AbortController | null} */
    this.pending = null;
    /** @type {{kind: string, id: string} | null} */
    this.shown = null;
  }

  /** @param {{kind: string, id: string} | null} sel */
  async show(sel) {
    this.pending?.abort();
    this.shown = sel;
    this.panel.hidden = !sel;
    if (!sel) {
      fill(this.panel);
      this.page.closed();
      return;
    }
    const pending = (this.pending = new AbortController());
    const slow = setTimeout(() => this.draw("", [], loading(5)), 200);
    try {
      const feature = await call(addressOf(sel), { signal: pending.signal });
      clearTimeout(slow);
      this.render(sel, feature);
    } catch (error) {
      if (pending.signal.aborted) return;
      const fault = error instanceof ApiError ? error : new ApiError({ code: "page.fault", message: String(error) });
      this.draw(t("map.detail"), [], failed(fault, t("map.detail_failed"), () => this.show(sel)));
    } finally {
      clearTimeout(slow);
    }
  }

  /** Ask again for what is shown: it changed. */
  reload() {
    if (this.shown) this.show(this.shown);
  }

  /** @param {{kind: string, id: string}} sel @param {any} feature */
  render(sel, feature) {
    const item = feature.properties ?? feature;
    const point = feature.geometry?.type === "Point" ? feature.geometry.coordinates : null;
    if (point) this.page.place(point[0], point[1]);
    else this.page.area(boxOf(feature.geometry));
    if (sel.kind === "incident") this.incident(item, point);
    else if (["grid", "village", "town", "area"].includes(sel.kind)) this.areaDetail(sel, item);
    else this.object(sel, item, point);
  }

  /** @param {Record<string, any>} item @param {[number, number] | null} point */
  incident(item, point) {
    const clock = caseClock(item, this.page.at());
    const top = [
      ringSymbol(this.data.platform(item.platform), clock),
      h("span", { class: "mono" }, item.case_no ?? t("map.no_case_no")),
      has(`common.state_${item.state}`) && h("span", { class: "tag" }, t(`common.state_${item.state}`)),
      item.urgency && h("span", { class: `tag ${item.urgency === "U1" ? "tag--late" : ""}` }, t(`common.urgency_${item.urgency}`)),
      clock.words && h("span", { class: toneOf(clock.state) }, clock.words),
    ];
    const actions = [
      point && h("button", { type: "button", class: "button button--small", onclick: () => this.page.zoomTo(point[0], point[1]) }, t("map.zoom_here")),
      h("button", { type: "button", class: "button button--small", onclick: () => copyLink() }, t("map.copy_link"), h("kbd", { class: "key" }, "C")),
      h("a", { class: "button button--small", href: `/incidents/${encodeURIComponent(item.id)}` }, t("map.open_in_list")),
    ];
    this.draw(item.title, top, incidentBody(item, this.data, this.page.at(), (id) => this.page.select("incident", id)), h("div", { class: "actions" }, actions));
  }

  /** An entity, a site or any other registry layer's object: its columns as the registry titles them. @param {{kind: string, id: string}} sel @param {Record<string, any>} item @param {[number, number] | null} point */
  object(sel, item, point) {
    const layer = this.data.layers.find((one) => one.id === sel.kind);
    const code = layer?.platform === "by_feature" ? item.platform : layer?.platform;
    const top = [platformSymbol(this.data.platform(code)), h("span", null, layer ? this.data.word(layer.title) : sel.kind)];
    const titled = ["name", "title"].find((name) => item[name]) ?? "";
    const rows = (layer?.columns ?? []).filter((column) => column.name !== titled && isTold(column.name, item));
    const pairs = rows.map((column) => [h("dt", null, this.data.word(column.title)), h("dd", null, valueWords(column, item[column.name]))]);
    const actions = point && h("div", { class: "actions" }, h("button", { type: "button", class: "button button--small", onclick: () => this.page.zoomTo(point[0], point[1]) }, t("map.zoom_here")));
    this.draw(lang === "en" && item.name_en ? item.name_en : item[titled] ?? sel.id, top, h("dl", { class: "pairs" }, pairs), actions);
  }

  /** @param {{kind: string, id: string}} sel @param {Record<string, any>} item */
  areaDetail(sel, item) {
    const level = item.level ?? sel.kind;
    const top = [h("span", null, has(`map.level_${level}`) ? t(`map.level_${level}`) : level), h("span", { class: "mono" }, item.code)];
    const filter = level === "town" ? {} : { [level === "village" ? "village" : "grid"]: item.code };
    const figure = h("b", null, "…");
    const late = h("b", null, "…");
    const { data } = this;
    const pairs = [
      h("dt", null, t("map.figure_open")), h("dd", null, h("a", { href: data.list({ ...filter, open: 1 }) }, figure), " ", t("map.cases")),
      h("dt", null, t("map.figure_late")), h("dd", null, h("a", { href: data.list({ ...filter, late: 1 }) }, late), " ", t("map.cases")),
      item.area_km2 !== undefined || item.area_m2 ? [h("dt", null, t("map.area")), h("dd", null, `${(item.area_km2 ?? item.area_m2 / 1e6).toFixed(2)} km²`)] : null,
      item.households ? [h("dt", null, t("map.households")), h("dd", null, count(item.households))] : null,
      item.parent_name ? [h("dt", null, t("map.parent")), h("dd", null, item.parent_name)] : null,
    ];
    this.draw(nameOf(item), top, h("dl", { class: "pairs" }, pairs));
    const ask = (/** @type {string} */ more, /** @type {HTMLElement} */ into) =>
      call(`/api/v1/counts/incident?${new URLSearchParams({ ...filter, [more]: "1" })}`).then((answer) => fill(into, count(answer.count)), () => fill(into, "–"));
    ask("open", figure);
    ask("late", late);
  }

  /** Several objects on one spot: a list to choose from. @param {Seen[]} found */
  choose(found) {
    this.shown = null;
    this.panel.hidden = false;
    const rows = found.map((one) => h(
      "button",
      { type: "button", class: "row", onclick: () => this.page.select(one.layer, String(one.properties.id)) },
      platformSymbol(this.data.platform(one.properties.platform ?? this.data.layers.find((layer) => layer.id === one.layer)?.platform)),
      h("span", { class: "row__main" }, h("span", { class: "row__title" }, h("span", null, one.properties.title ?? one.properties.name ?? "")),
        h("span", { class: "row__sub" }, this.data.word(this.data.layers.find((layer) => layer.id === one.layer)?.title))),
      h("span"),
    ));
    this.draw(t("map.here", { n: found.length }), [], h("div", null, rows));
    /** @type {HTMLElement | null} */ (this.panel.querySelector(".row"))?.focus();
  }

  /** @param {string} title @param {any[]} top @param {any} body @param {any} [actions] */
  draw(title, top, body, actions = null) {
    this.panel.hidden = false;
    const close = h("button", { type: "button", class: "button button--plain detail__close", "aria-label": t("common.close"), onclick: () => this.page.close() }, icon("close"));
    fill(
      this.panel,
      h("div", { class: "detail__head" }, h("div", { class: "detail__top" }, top), title && h("h2", null, title), close),
      h("div", { class: "detail__body" }, actions, body),
    );
  }
}

/** Columns that say nothing to a person, or are said elsewhere. */
const HIDDEN = new Set(["id", "seq", "layer", "platform", "is_open", "version", "grid", "plate_id", "duty", "next_inspection_at"]);
/** Columns whose emptiness is the very thing to see. */
const MUST_HAVE = /_responsible$/;

/** @param {string} name of a column @param {Record<string, any>} item */
function isTold(name, item) {
  if (HIDDEN.has(name) || (name === "name_en" && lang === "zh")) return false;
  return MUST_HAVE.test(name) || (item[name] !== null && item[name] !== undefined && item[name] !== "");
}

/** @param {{kind: string, id: string}} sel */
function addressOf({ kind, id }) {
  const safe = encodeURIComponent(id);
  if (kind === "incident") return `/api/v1/incidents/${safe}`;
  if (["grid", "village", "town", "area"].includes(kind)) return `/api/v1/areas/${safe}`;
  return `/api/v1/features/${encodeURIComponent(kind)}/${safe}`;
}

/** @param {{name: string, type: string}} column @param {any} value */
function valueWords(column, value) {
  if (value === null || value === undefined || value === "") return h("span", { class: MUST_HAVE.test(column.name) ? "words-late" : "faint" }, t(MUST_HAVE.test(column.name) ? "map.missing" : "common.none"));
  if (column.type === "bool") return t(value ? "map.yes" : "map.no");
  if (column.type === "time") return when(value);
  if (column.type === "date") return String(value);
  if (Array.isArray(value)) return value.join(lang === "en" ? ", " : "、");
  const word = `map.value_${column.name}_${value}`;
  return has(word) ? t(word) : String(value);
}

/** @param {any} geometry @returns {[number, number, number, number] | null} */
export function boxOf(geometry) {
  if (!geometry?.coordinates) return null;
  const flat = geometry.coordinates.flat(Infinity);
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    west = Math.min(west, flat[index]);
    east = Math.max(east, flat[index]);
    south = Math.min(south, flat[index + 1]);
    north = Math.max(north, flat[index + 1]);
  }
  return Number.isFinite(west) ? [west, south, east, north] : null;
}

/** Put the address of what is seen on the clipboard; where a page may not, show it for copying by hand. */
export async function copyLink() {
  try {
    await navigator.clipboard.writeText(location.href);
    toast(t("map.link_copied"));
  } catch {
    toast(location.href);
  }
}
