// Where a case lies: small map, candidate grids, how it was found; and moving it, or taking a suggested reading.
import { ApiError, call, query } from "../api.js";
import { fill, h } from "../dom.js";
import { may } from "../frame.js";
import { has, nameOf, t } from "../i18n.js";
import { addressField } from "../parts/address-field.js";
import { refusedBox, saysState } from "../parts/conflict.js";
import { listenKeys } from "../parts/keys.js";
import { mapHolder } from "../parts/place-map.js";
import { shareAt } from "../parts/share-point.js";
import { toast } from "../parts/toast.js";
import { placeAt, placeName } from "../place-name.js";
import { wordFor } from "./incident-rows.js";

const CRS_NAMES = /** @type {Record<string, string>} */ ({ gcj02: "GCJ-02", bd09: "BD-09", wgs84: "WGS 84", cgcs2000: "CGCS2000" });
const CLOSE_ZOOM = 15.5;
const WHOLE_CIRCLE_M = 300;
const NEAR_DEG = 0.006;

/** @param {string | null | undefined} crs */
export const crsName = (crs) => (crs ? CRS_NAMES[crs] ?? crs : t("incident.crs_unknown"));

/**
 * @param {import("./incident-view.js").Case} item
 * @param {() => Promise<void>} onSaved
 * @param {import("../parts/place-map.js").MapHolder} [holder] a map kept from case to case; else the panel has its own
 */
export function placePanel(item, onSaved, holder) {
  const canMove = (may("triage") || may("accept")) && item.state !== "archived";
  const shown = holder ?? mapHolder(t("incident.map"));
  const bar = h("div", { class: "case__move", hidden: true });
  const move = h("button", { type: "button", class: "button case__move-start" }, t("incident.move_place"), h("span", { class: "key" }, "P"));
  const box = h("div", { class: "case__map-box" }, shown.element, canMove && !item.triage_reason && move);
  const mover = new Mover(item, bar, onSaved, shown);
  move.addEventListener("click", () => mover.start());
  const element = h("section", { class: "case__place", "aria-label": t("incident.place") }, item.triage_reason && triageBox(item, mover, canMove), box, bar);
  const stopKeys = canMove ? listenKeys(placeKeys(item, mover)) : null;
  return {
    element,
    how: howPanel(item, mover, canMove),
    ready: () => mover.draw(),
    /** Whether a place is being chosen: then the panel is not drawn anew under the hand. */
    busy: () => !bar.hidden,
    remove() {
      mover.remove(!holder);
      stopKeys?.();
    },
  };
}

/**
 * @param {import("./incident-view.js").Case} item
 * @param {Mover} mover
 * @returns {Record<string, (event: KeyboardEvent) => unknown>}
 */
function placeKeys(item, mover) {
  const grid = (/** @type {number} */ i) => () => {
    const share = (item.grid_shares ?? [])[i];
    if (!share) return false;
    mover.toGrid(share);
  };
  return { p: () => mover.start(), Escape: () => (mover.bar.hidden ? false : mover.stop()), 1: grid(0), 2: grid(1), 3: grid(2) };
}

/** The state of moving: a map, at most one chosen place, a reason. */
class Mover {
  /**
   * @param {import("./incident-view.js").Case} item
   * @param {HTMLElement} bar
   * @param {() => Promise<void>} onSaved
   * @param {import("../parts/place-map.js").MapHolder} holder
   */
  constructor(item, bar, onSaved, holder) {
    this.item = item;
    this.bar = bar;
    this.onSaved = onSaved;
    this.holder = holder;
    this.version = item.version;
    /** @type {import("../parts/place-map.js").PlaceMap | null} */
    this.map = null;
    this.picking = false;
    this.gone = false;
  }

  async draw() {
    const { item, holder } = this;
    const known = item.lon !== null;
    holder.onPick = (lon, lat) => this.picking && this.toPoint(lon, lat);
    const made = await holder.map();
    if (this.gone || !made) return;
    this.map = made;
    made.clear();
    if (known) made.go([item.lon, item.lat], zoomFor(item.place?.radius_m));
    if (known) made.incident({ lon: item.lon, lat: item.lat, platform: item.platform });
    if (known && item.place?.radius_m) made.circle(item.lon, item.lat, item.place.radius_m);
    const marks = (item.duplicates ?? []).filter((/** @type {any} */ one) => one.lon != null);
    const twins = marks.map((/** @type {any} */ one) => ({ lon: one.lon, lat: one.lat, platform: one.platform, label: t("incident.duplicate_distance", { n: Math.round(one.distance_m) }) }));
    made.others(twins);
    await Promise.all([this.drawReading(made), this.drawCandidates(made), this.drawNeighbours(made, twins)]);
  }

  /** The grids it may lie in. @param {import("../parts/place-map.js").PlaceMap} made */
  async drawCandidates(made) {
    const { item } = this;
    const shares = (item.grid_shares ?? []).slice(0, 3);
    if (item.lon === null || shares.length < 2) return;
    const areas = await Promise.all(shares.map((/** @type {any} */ share) => call(`/api/v1/areas/${share.code}`).catch(() => null)));
    if (this.gone) return;
    made.candidates(
      areas.flatMap((area, i) =>
        area ? [{ geometry: area.geometry, label: percent(shares[i].share), at: shareAt(area.geometry, item.lon, item.lat, item.place?.radius_m ?? 0) }] : [],
      ),
    );
  }

  /** Other open cases nearby. @param {import("../parts/place-map.js").PlaceMap} made @param {any[]} twins */
  async drawNeighbours(made, twins) {
    const { item } = this;
    if (item.lon === null) return;
    const [x, y] = [NEAR_DEG / Math.cos((item.lat * Math.PI) / 180), NEAR_DEG];
    const bbox = [item.lon - x, item.lat - y, item.lon + x, item.lat + y].map((value) => value.toFixed(6)).join(",");
    const near = await call(`/api/v1/incidents${query({ open: "1", bbox, limit: 60 })}`).catch(() => ({ features: [] }));
    if (this.gone) return;
    const known = new Set([item.id, ...(item.duplicates ?? []).map((/** @type {any} */ one) => one.id)]);
    const others = near.features.filter((/** @type {any} */ one) => one.geometry && !known.has(one.id));
    made.others([...twins, ...others.map((/** @type {any} */ one) => ({ lon: one.geometry.coordinates[0], lat: one.geometry.coordinates[1], platform: one.properties.platform }))]);
  }

  /** Where the suggested reading would put the case, beside where it lies as given. @param {import("../parts/place-map.js").PlaceMap} made */
  async drawReading(made) {
    const { item } = this;
    const reading = suggestedReading(item);
    if (!reading || item.place?.raw_lon == null) return;
    const at = await call(`/api/v1/locate${query(readingQuery(item, reading))}`).catch(() => null);
    if (this.gone || at?.lon == null) return;
    made.suggest({ lon: at.lon, lat: at.lat });
    made.fit(item.lon === null ? [[at.lon, at.lat]] : [[item.lon, item.lat], [at.lon, at.lat]]);
    const words = document.getElementById("reading");
    const where = placeAt(at);
    if (words && where) words.textContent = readingWords(reading, where);
  }

  /** @param {boolean} whole the map too */
  remove(whole) {
    this.gone = true;
    if (whole) this.holder.map().then((made) => made?.remove());
  }

  start() {
    this.picking = true;
    this.bar.hidden = false;
    const input = h("input", { class: "input", role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "place-candidates", autocomplete: "off", maxlength: 500, "aria-label": t("incident.triage_search"), placeholder: t("report.address_hint") });
    const list = h("ul", { class: "candidates", id: "place-candidates", role: "listbox", "aria-label": t("incident.triage_search"), hidden: true });
    addressField(input, list, (candidate) => this.toPoint(candidate.lon, candidate.lat, candidate.label), t("report.address_none"));
    fill(
      this.bar,
      h("p", { class: "case__move-hint" }, t("incident.pick_hint")),
      h("div", { class: "case__move-search" }, input, list),
      h("button", { type: "button", class: "button", onclick: () => this.stop() }, t("incident.cancel")),
    );
    input.focus();
  }

  stop() {
    this.picking = false;
    this.bar.hidden = true;
    fill(this.bar);
    const { item } = this;
    if (item.lon === null) return;
    this.map?.incident({ lon: item.lon, lat: item.lat, platform: item.platform });
    this.map?.circle(item.lon, item.lat, item.place?.radius_m);
  }

  /** @param {number} lon @param {number} lat @param {string} [label] */
  async toPoint(lon, lat, label = "") {
    this.map?.pin(lon, lat, { fly: Boolean(label) });
    const at = await call(`/api/v1/locate${query({ lon, lat, crs: "cgcs2000" })}`).catch(() => null);
    const where = at?.found ? placeAt(at) : t("incident.picked_outside");
    this.confirm(t("incident.picked", { grid: where }), { lon, lat, crs: "cgcs2000" }, label || t("incident.reason_map"));
  }

  /** @param {{code: string, name: string}} grid */
  toGrid(grid) {
    this.confirm(t("incident.choose_grid", { grid: nameOf(grid) }), { grid: grid.code }, t("incident.reason_grid"));
  }

  takeSuggestion() {
    this.confirm(t("incident.triage_accept"), { accept_suggestion: true }, t("incident.reason_suggestion"));
  }

  /**
   * Asks for the reason in place, without a dialog.
   * @param {string} title
   * @param {any} change
   * @param {string} reason a usual one, to be changed
   */
  confirm(title, change, reason) {
    this.bar.hidden = false;
    const input = h("input", { class: "input", value: reason, maxlength: 500, "aria-describedby": "reason-hint" });
    const answer = h("div", { "aria-live": "assertive" });
    const form = h(
      "form",
      {
        class: "case__confirm",
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          this.save(change, input, answer);
        },
      },
      h("b", null, title),
      h("label", { class: "case__reason" }, h("span", null, t("incident.reason")), input),
      h("button", { type: "submit", class: "button button--main" }, t("incident.save_place")),
      h("button", { type: "button", class: "button", onclick: () => this.stop() }, t("incident.cancel")),
      h("small", { class: "quiet", id: "reason-hint" }, t("incident.reason_hint")),
      answer,
    );
    fill(this.bar, form);
    input.focus();
    input.select();
  }

  /** @param {any} change @param {HTMLInputElement} input @param {HTMLElement} answer */
  async save(change, input, answer) {
    const reason = input.value.trim();
    if (!reason) {
      input.setAttribute("aria-invalid", "true");
      return fill(answer, h("p", { class: "field__fault" }, t("incident.reason_needed")));
    }
    try {
      const saved = await call(`/api/v1/incidents/${this.item.id}/place`, { method: "PATCH", json: { version: this.version, reason, ...change } });
      this.bar.hidden = true;
      const grid = placeName(saved.properties);
      toast(grid ? t("incident.place_saved", { grid }) : t("incident.place_saved_outside"));
      await this.onSaved();
    } catch (reason) {
      const fault = /** @type {ApiError} */ (reason);
      fill(answer, refusedBox(fault, t("incident.place_failed"), { state: this.item.state, version: this.version }));
      // pressed again it is done on the case as it is now, with the words that stand there
      if (saysState(fault)) this.version = fault.detail.version;
    }
  }
}

/**
 * Another reading of the coordinate that falls into the town, where there is one.
 * @param {import("./incident-view.js").Case} item
 * @returns {{crs: string} | null}
 */
function suggestedReading(item) {
  const how = item.place?.how ?? {};
  if (how.suggested_crs) return { crs: how.suggested_crs };
  return item.triage_reason === "swapped" ? { crs: "swapped" } : null;
}

/**
 * @param {import("./incident-view.js").Case} item
 * @param {Mover} mover
 * @param {boolean} canMove
 */
function triageBox(item, mover, canMove) {
  const reading = suggestedReading(item);
  return h(
    "div",
    { class: "case__triage" },
    h("h2", null, t("incident.triage_title", { reason: wordFor("triage", item.triage_reason) })),
    h("p", { id: "reading" }, reading ? readingWords(reading, "") : t("incident.triage_words")),
    item.address && h("p", { class: "quiet" }, t("incident.address"), " ", item.address),
    canMove &&
      h(
        "div",
        { class: "state__actions" },
        reading && h("button", { type: "button", class: "button button--main", onclick: () => mover.takeSuggestion() }, t("incident.triage_accept")),
        h("button", { type: "button", class: `button${reading ? "" : " button--main"}`, onclick: () => mover.start() }, t("incident.triage_pick"), h("span", { class: "key" }, "P")),
      ),
  );
}

/** @param {import("./incident-view.js").Case} item @param {{crs: string}} reading */
function readingQuery(item, reading) {
  const { raw_lon, raw_lat, source_crs } = item.place;
  return reading.crs === "swapped" ? { lon: raw_lat, lat: raw_lon, crs: source_crs ?? "cgcs2000" } : { lon: raw_lon, lat: raw_lat, crs: reading.crs };
}

/** @param {{crs: string}} reading @param {string} grid */
function readingWords(reading, grid) {
  if (reading.crs === "swapped") return grid ? t("incident.triage_swapped", { grid }) : t("incident.triage_swapped_town");
  const crs = crsName(reading.crs);
  return grid ? t("incident.triage_suggested", { crs, grid }) : t("incident.triage_suggested_town", { crs });
}

/**
 * Candidate grids with their shares, and how the place was found.
 * @param {import("./incident-view.js").Case} item
 * @param {Mover} mover
 * @param {boolean} canMove
 */
function howPanel(item, mover, canMove) {
  const shares = item.grid_shares ?? [];
  return h(
    "section",
    { class: "case__panel" },
    h("h2", null, t("incident.shares")),
    shares.length > 0 && h("ol", { class: "shares" }, shares.map((/** @type {any} */ share, /** @type {number} */ i) => shareRow(share, i))),
    shares.length === 0 && item.grid_name && h("p", null, h("b", null, placeName(item)), h("span", { class: "quiet" }, ` ${t("incident.shares_one")}`)),
    shares.length === 0 && !item.grid_name && h("p", { class: "quiet" }, item.triage_reason ? t("incident.shares_none_reason", { reason: wordFor("triage", item.triage_reason) }) : t("incident.shares_none")),
    h("h3", { class: "quiet case__sub" }, t("incident.how")),
    h("ul", { class: "case__how quiet" }, howLines(item).map((line) => h("li", null, line))),
    canMove &&
      shares.length > 1 &&
      h("div", { class: "state__actions" }, shares.slice(0, 3).map((/** @type {any} */ share, /** @type {number} */ i) => h("button", { type: "button", class: "button", onclick: () => mover.toGrid(share) }, t("incident.choose_grid", { grid: nameOf(share) }), h("span", { class: "key" }, String(i + 1))))),
  );
}

/** @param {number} share */
const percent = (share) => (share > 0 && share < 0.005 ? "< 1%" : `${Math.round(share * 100)}%`);

/** So near that the whole circle is seen. @param {number | null | undefined} radius_m */
const zoomFor = (radius_m) => (radius_m ? Math.min(CLOSE_ZOOM, Math.max(11, CLOSE_ZOOM - Math.log2(radius_m / WHOLE_CIRCLE_M))) : CLOSE_ZOOM);

/** @param {{name: string, name_en?: string, share: number}} share @param {number} i */
function shareRow(share, i) {
  const fillBar = h("i", null);
  fillBar.style.inlineSize = `${Math.round(share.share * 100)}%`;
  return h("li", null, h("span", null, i === 0 ? h("b", null, nameOf(share)) : nameOf(share)), h("b", null, percent(share.share)), h("div", { class: `bar${i ? " bar--second" : ""}` }, fillBar));
}

/** @param {import("./incident-view.js").Case} item */
function howLines(item) {
  const place = item.place ?? {};
  const level = place.level && has(`incident.level_${place.level}`) ? t(`incident.level_${place.level}`) : place.level;
  const lines = [level && (item.address ? `${level}${t("common.colon")}${item.address}` : level)];
  if (place.score != null && place.radius_m != null) lines.push(t("incident.score", { score: Number(place.score).toFixed(2), radius: Math.round(place.radius_m) }));
  if (place.accuracy_m != null) lines.push(t("incident.accuracy", { n: Math.round(place.accuracy_m) }));
  if (item.lon !== null && place.source_crs && place.source_crs !== "cgcs2000") lines.push(t("incident.converted", { crs: crsName(place.source_crs) }));
  if (place.raw_lon != null) lines.push(t("incident.raw", { lon: place.raw_lon, lat: place.raw_lat, crs: crsName(place.source_crs) }));
  if (!place.level && !item.address) lines.push(t("incident.no_address"));
  return lines.filter(Boolean);
}
