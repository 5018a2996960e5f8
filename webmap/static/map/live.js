/**
 * Events of the stream, brought onto the map: at once as an overlay, then as the tiles that hold them. A burst of
 * events costs one fetch of the tiles in view; what arrives during a fetch stays on the overlay until the next.
 */

import { layerOf, Overlay } from "./events.js";
import { Pace } from "./pace.js";

/** @typedef {import("./events.js").TownEvent} TownEvent */
/** @typedef {import("./map-view.js").MapView} MapView */

const GATHER_MS = 150;
/** Between two fetches; the overlay shows meanwhile what came. */
const GAP_MS = 3_000;
const SETTLE_MS = 250;
const RETRY_MS = 4_000;
/** An event that came so lately proves the line. */
const PROVEN_MS = 5_000;
/** Even if a message were lost in the browser, the map is right again within this time; unchanged tiles cost nothing. */
const ANYWAY_MS = 60_000;

export class Live {
  /** @param {MapView} view @param {string[]} layers ids that tiles are drawn of @param {() => Promise<boolean>} reachable whether the server would answer */
  constructor(view, layers, reachable) {
    this.view = view;
    this.layers = layers;
    this.reachable = reachable;
    this.provenAt = 0;
    this.asking = false;
    this.overlay = new Overlay();
    /** Layers to fetch again. @type {Set<string>} */
    this.waiting = new Set();
    this.pace = new Pace(() => this.fetch(), GATHER_MS, GAP_MS);
    /** The fetch under way. @type {{serial: number, layers: string[]} | null} */
    this.fetching = null;
    /** Layers with a tile that did not come: what they show may be old. @type {Set<string>} */
    this.broken = new Set();
    view.map.on("sourcedata", () => this.check());
    setInterval(() => this.all(this.layers), ANYWAY_MS);
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
    const layer = layerOf(event);
    this.provenAt = Date.now();
    if (!this.layers.includes(layer)) return;
    const one = event.kind !== "bulk" && (event.topic === "removed" || typeof event.data.id === "string");
    if (one && this.overlay.add(event)) this.draw();
    this.all([layer]);
  }

  draw() {
    this.view.setOverlay(this.overlay.collection(), this.overlay.hidden());
  }

  /** Fetch the tiles of these layers again. @param {string[]} layers */
  all(layers) {
    for (const layer of layers) this.waiting.add(layer);
    if (this.waiting.size) this.pace.ask();
  }

  /** A tile that does not come takes the old one off the map: the line is tried first. */
  async fetch() {
    if (this.asking) return;
    this.asking = true;
    const there = Date.now() - this.provenAt < PROVEN_MS || (await this.reachable());
    this.asking = false;
    if (there) this.begin();
    else setTimeout(() => this.all([]), RETRY_MS);
  }

  begin() {
    // A tile that is being laid out would swallow the fetch: begin when it stands.
    if (this.fetching || ![...this.waiting].every((layer) => this.view.loaded(layer))) return;
    this.fetching = { serial: this.overlay.serial, layers: [...this.waiting] };
    this.view.setFetching(true);
    for (const layer of this.waiting) this.view.refresh(layer);
    this.waiting.clear();
    // Layers without a tile in view have nothing to load and say nothing.
    setTimeout(() => this.check(), SETTLE_MS);
  }

  /** @param {number} serial */
  settle(serial) {
    this.overlay.settle(serial);
    this.draw();
  }

  /** Once the fetched tiles are there, they speak for what was known when the fetch began. */
  check() {
    const { fetching } = this;
    if (fetching) {
      if (!fetching.layers.every((layer) => this.view.loaded(layer))) return;
      this.fetching = null;
      this.view.setFetching(false);
      // The overlay goes once the tiles are on the screen, or a symbol would be gone for a moment.
      if (!fetching.layers.some((layer) => this.broken.has(layer))) this.view.afterDrawing(() => this.settle(fetching.serial));
    }
    if (this.waiting.size) this.all([]);
  }
}
