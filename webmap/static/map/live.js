/**
 * Events of the stream, brought onto the map: at once as an overlay, then as the tiles that hold them. A burst of
 * events costs one fetch of the touched tiles; what arrives during a fetch stays on the overlay until the next.
 */

import { Overlay } from "./events.js";

/** @typedef {import("./events.js").TownEvent} TownEvent */
/** @typedef {import("./map-view.js").MapView} MapView */
/** @typedef {[number, number, number, number]} Box */

const GATHER_MS = 150;
const SETTLE_MS = 250;
const RETRY_MS = 4_000;
/** A point moves no farther than this in one correction that we would otherwise miss the old tile of, degrees. */
const POINT_MARGIN = 1e-7;

export class Live {
  /** @param {MapView} view @param {(layer: string) => boolean} isLayer */
  constructor(view, isLayer) {
    this.view = view;
    this.isLayer = isLayer;
    this.overlay = new Overlay();
    /** @type {Map<string, Box[] | null>} layer → boxes to fetch again; null: all of it */
    this.waiting = new Map();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {{serial: number, layers: string[]} | null} the fetch under way */
    this.fetching = null;
    /** Layers with a tile that did not come: what they show may be old. @type {Set<string>} */
    this.broken = new Set();
    view.map.on("sourcedata", () => this.check());
  }

  /** A tile did not come: the overlay stays, and the layer is fetched again in a while and on reconnect. @param {string} layer */
  fail(layer) {
    if (!this.broken.size) setTimeout(() => this.mend(), RETRY_MS);
    this.broken.add(layer);
  }

  /** Fetch again what did not come. */
  mend() {
    const layers = [...this.broken];
    this.broken.clear();
    this.all(layers);
  }

  /** @param {TownEvent} event */
  take(event) {
    const layer = event.topic === "removed" ? String(event.data.topic ?? "") : String(event.data.layer ?? event.topic);
    if (!this.isLayer(layer)) return;
    const one = event.kind !== "bulk" && (event.topic === "removed" || typeof event.data.id === "string");
    if (one && this.overlay.add(event)) this.draw();
    this.want(layer, one || event.data.bbox ? boxesOf(event) : null);
  }

  draw() {
    this.view.setOverlay(this.overlay.collection(), this.overlay.hidden());
  }

  /** @param {string} layer @param {Box[] | null} boxes */
  want(layer, boxes) {
    const before = this.waiting.get(layer);
    this.waiting.set(layer, boxes === null || before === null ? null : [...(before ?? []), ...boxes]);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fetch(), GATHER_MS);
  }

  /** Fetch all tiles of these layers again: the stream was reset. @param {string[]} layers */
  all(layers) {
    for (const layer of layers) this.want(layer, null);
  }

  fetch() {
    if (this.fetching) return;
    this.fetching = { serial: this.overlay.serial, layers: [...this.waiting.keys()] };
    for (const [layer, boxes] of this.waiting) {
      if (boxes === null || boxes.length > 12) this.view.refresh(layer, null);
      else for (const box of boxes) this.view.refresh(layer, box);
    }
    this.waiting.clear();
    // Nothing to load (the touched tiles are out of sight) must not leave the overlay for ever.
    setTimeout(() => this.check(), SETTLE_MS);
  }

  /** Once the fetched tiles are there, they speak for what was known when the fetch began. */
  check() {
    const { fetching } = this;
    if (!fetching || fetching.layers.some((layer) => !this.view.loaded(layer))) return;
    this.fetching = null;
    if (!fetching.layers.some((layer) => this.broken.has(layer))) this.overlay.settle(fetching.serial);
    this.draw();
    if (this.waiting.size) this.fetch();
  }
}

/** The places an event touches: where the object is, and where it was. @param {TownEvent} event @returns {Box[] | null} */
function boxesOf(event) {
  const { lon, lat, lon_before: lonBefore, lat_before: latBefore, bbox } = event.data;
  if (Array.isArray(bbox) && bbox.length === 4) return [/** @type {Box} */ (bbox)];
  const points = [[lon, lat], [lonBefore, latBefore]].filter(([x, y]) => typeof x === "number" && typeof y === "number");
  return points.length ? points.map(([x, y]) => /** @type {Box} */ ([x - POINT_MARGIN, y - POINT_MARGIN, x + POINT_MARGIN, y + POINT_MARGIN])) : null;
}
