/** What is picked: from the map, a list, the feed or the search; marked on the map, kept in the address. */

import { ApiError, call, query } from "../api.js";
import { toast } from "../parts/toast.js";
import { freePart } from "./callout-place.js";

/** @typedef {import("./map-view.js").MapView} MapView */
/** @typedef {import("./map-view.js").Seen} Seen */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./town-data.js").TownData} TownData */

const MARGIN_PX = 40;
/** Below this zoom a click on empty ground means the village, above it the grid. */
const GRID_ZOOM = 12.5;
/** What the search calls a kind → the layer that holds it. @type {Record<string, string>} */
const LAYER_OF = { incident: "incident", entity: "market-entity", site: "service-site", grid: "grid", village: "village", town: "town" };
export const AREAS = ["grid", "village", "town", "zone", "area"];

export class Selection {
  /**
   * @param {MapView} view @param {TownData} data @param {Store} store
   * @param {{choose: (found: Seen[]) => void, close: () => void, show: (layer: string) => void}} page
   */
  constructor(view, data, store, page) {
    this.view = view;
    this.data = data;
    this.store = store;
    this.page = page;
    /** @type {{remove: () => void} | null} */
    this.marker = null;
  }

  /** @param {Seen[]} found under the pointer @param {{lon: number, lat: number}} at */
  pick(found, at) {
    const unique = [...new Map(found.map((one) => [`${one.layer}:${one.properties.id}`, one])).values()];
    if (unique.length === 1) this.feature(unique[0].layer, String(unique[0].properties.id), unique[0].lon, unique[0].lat);
    else if (unique.length > 1) this.page.choose(unique);
    else if (this.store.state.sel) this.clear();
    else this.area(at);
  }

  /**
   * A tile knows an object by its number; the address carries its permanent id.
   *
   * @param {string} layer @param {string} id @param {number} [lon] @param {number} [lat]
   */
  async feature(layer, id, lon, lat) {
    if (lon !== undefined && lat !== undefined && Number.isFinite(lon)) this.mark(lon, lat);
    if (!/^\d+$/.test(id) || AREAS.includes(layer)) {
      this.select(layer, id);
      return;
    }
    try {
      const feature = await call(`/api/v1/features/${layer}/${id}`);
      this.select(layer, String(feature.id ?? feature.properties.id));
    } catch (error) {
      if (error instanceof ApiError) toast(error.words, null, { late: true });
    }
  }

  /** @param {{lon: number, lat: number}} at */
  async area({ lon, lat }) {
    const answer = await call(`/api/v1/locate${query({ lon, lat, crs: "cgcs2000" })}`).catch(() => null);
    if (!answer) return;
    const { grid, village } = answer;
    const far = this.view.map.getZoom() < GRID_ZOOM;
    if (village && (far || !grid)) this.select("village", village.code);
    else if (grid) this.select("grid", grid.code);
  }

  /** @param {string} kind @param {string} id @param {number} [lon] @param {number} [lat] brought into view if out of sight */
  select(kind, id, lon, lat) {
    this.store.set({ sel: { kind, id } });
    if (lon !== undefined && lat !== undefined && Number.isFinite(lon)) this.reveal(lon, lat);
  }

  clear() {
    if (this.store.state.sel) this.store.set({ sel: null });
    else this.page.close();
  }

  /** @param {number} lon @param {number} lat */
  reveal(lon, lat) {
    const { width, height } = this.view.map.getContainer().getBoundingClientRect();
    const { x, y } = this.view.map.project([lon, lat]);
    const hidden = x < MARGIN_PX || y < MARGIN_PX || x > width - MARGIN_PX || y > height - MARGIN_PX;
    if (hidden) this.view.centreOn(lon, lat);
  }

  /**
   * Keep a place in sight beside an open dialog: the dialog goes to the other side, and what it still hides moves out.
   *
   * @param {number} lon @param {number} lat @param {HTMLElement} dialog
   */
  beside(lon, lat, dialog) {
    const frame = this.view.map.getContainer().getBoundingClientRect();
    const { x, y } = this.view.map.project([lon, lat]);
    dialog.dataset.side = frame.left + x < window.innerWidth / 2 ? "end" : "start";
    const { left, top, width, height } = freePart(frame, dialog.getBoundingClientRect());
    const inside = x > left + MARGIN_PX && x < left + width - MARGIN_PX && y > top + MARGIN_PX && y < top + height - MARGIN_PX;
    if (!inside) this.view.centreOn(lon, lat, [left + (width - frame.width) / 2, top + (height - frame.height) / 2]);
  }

  /** @param {number} lon @param {number} lat */
  mark(lon, lat) {
    this.unmark();
    this.marker = this.view.mark("map-picked", lon, lat);
  }

  markArea() {
    this.unmark();
    this.view.setPickedArea(this.store.state.sel?.id ?? null);
  }

  unmark() {
    this.marker?.remove();
    this.marker = null;
    this.view.setPickedArea(null);
  }

  /** @param {import("./search-box.js").Hit} hit */
  goToHit(hit) {
    const placed = hit.lon !== null && hit.lat !== null && hit.lon !== undefined && hit.lat !== undefined;
    if (hit.bbox) this.view.goToBox(hit.bbox);
    else if (placed) this.view.goTo(/** @type {number} */ (hit.lon), /** @type {number} */ (hit.lat));
    const layer = LAYER_OF[hit.kind];
    if (!layer) {
      if (placed) this.mark(/** @type {number} */ (hit.lon), /** @type {number} */ (hit.lat));
      return;
    }
    this.select(layer, hit.id);
    if (!AREAS.includes(layer)) this.page.show(layer);
  }

  /** @param {import("./events.js").TownEvent} event */
  openEvent(event) {
    const { id, lon, lat } = event.data;
    if (event.topic === "incident" && (id ?? event.ref)) this.select("incident", String(id ?? event.ref), lon, lat);
    else if (typeof lon === "number") this.view.goTo(lon, lat);
  }
}
