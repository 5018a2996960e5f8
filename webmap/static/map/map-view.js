/**
 * The map itself: style, images, layers on and off, what is picked, what is under the pointer. It knows nothing of
 * panels; it tells by callbacks what a person did.
 */

import * as maplibre from "../vendor/maplibre-gl-6.17.0/maplibre-gl.mjs";
import { t } from "../i18n.js";
import { serverNow } from "../server-time.js";
import { MapImages } from "./map-images.js";
import { addressesOf } from "./tile-address.js";

/** @typedef {import("./tile-address.js").RegistryLayer} RegistryLayer */
/** @typedef {{on: Set<string>, platforms: string[] | null, at: number | null}} Filter what is drawn */
/** @typedef {{layer: string, properties: Record<string, any>, lon: number, lat: number, x: number, y: number}} Seen */
/**
 * @typedef {object} MapCallbacks
 * @property {(view: {lon: number, lat: number, zoom: number}) => void} moved
 * @property {(found: Seen[], at: {lon: number, lat: number}) => void} picked
 * @property {(at: {lon: number, lat: number}) => void} asked a report is wanted here
 * @property {() => void} settled everything in view is drawn
 * @property {(layer: string, message: string) => void} failed
 * @property {(done: number, all: number, layer: string) => void} progress
 */

const PICK_PX = 7;
const FLY_MS = 600;
const LONG_PRESS_MS = 550;

export class MapView {
  /**
   * @param {HTMLElement} container
   * @param {{style: any, layers: RegistryLayer[], town: any, view: {lon: number, lat: number, zoom: number} | null, filter: Filter, labels: any | null}} start
   * @param {MapCallbacks} tell
   */
  constructor(container, { style, layers, town, view, filter, labels }, tell) {
    this.layers = layers;
    this.town = town;
    this.tell = tell;
    this.now_s = Math.floor(serverNow() / 1000);
    /** Symbols hidden in the tiles, as `layer/number`. @type {Set<string>} */
    this.hidden = new Set();
    /** The map's clock waits while tiles are fetched: both at once would lose the fetch. @type {number | null} */
    this.waitingNow = null;
    this.fetching = false;
    this.overlay = { type: "FeatureCollection", features: /** @type {any[]} */ ([]) };
    this.labels = labels ?? { type: "FeatureCollection", features: [] };
    this.filter = filter;
    /** @type {Map<string, string>} source → its tile address now */
    this.addresses = new Map();
    this.reduced = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map = new maplibre.Map({
      container, style: this.prepared(style), attributionControl: false, fadeDuration: 0, dragRotate: false, pitchWithRotate: false,
      touchPitch: false, maxPitch: 0,
      // What changed is fetched by name; a tile that only grew old must not vanish while the line is down.
      refreshExpiredTiles: false,
      // Slices of larger tiles are kept by place alone, so that a changed tile would still be cut from the old one.
      zoomLevelsToOverscale: undefined,
      minZoom: town.min_zoom ?? undefined, maxZoom: town.max_zoom ?? 20,
      center: view ? [view.lon, view.lat] : undefined, zoom: view?.zoom, locale: { "Map.Title": t("map.map_label"), "ScaleControl.Meters": t("common.unit_m"), "ScaleControl.Kilometers": t("common.unit_km") },
      transformRequest: (/** @type {string} */ url) => ({ url: new URL(url, location.origin).href }),
    });
    this.images = new MapImages(this.map, this.now_s);
    /** The whole town is shown until a person looks elsewhere; a changed window fits it again. */
    this.isWhole = !view;
    if (this.isWhole) this.fit(false);
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new maplibre.ScaleControl({ maxWidth: 140, unit: "metric" }), "bottom-left");
    this.listen();
    /** The style stands; before that nothing can be set on the map. */
    this.ready = new Promise((resolve) => this.map.once("style.load", () => resolve(undefined)));
  }

  /** Fill in what the style leaves to the page. @param {any} style */
  prepared(style) {
    this.filterSources(style);
    for (const layer of style.layers) {
      const id = layer.metadata?.layer;
      if (id) layer.layout = { ...layer.layout, visibility: this.drawn(id) ? "visible" : "none" };
    }
    style.sources["area-label"].data = this.labels;
    style.sources.live.data = this.overlay;
    style.state.now.default = this.now_s;
    return style;
  }

  /** @param {any} style */
  filterSources(style) {
    for (const layer of this.layers) {
      for (const [name, address] of addressesOf(layer, this.filter)) {
        if (!style.sources[name]) continue;
        this.addresses.set(name, address);
        style.sources[name].tiles = [address];
      }
    }
  }

  listen() {
    const { map, tell } = this;
    map.on("movestart", (event) => {
      if (/** @type {any} */ (event).originalEvent) this.isWhole = false;
    });
    map.on("resize", () => this.isWhole && this.fit(false));
    map.on("moveend", () => {
      if (this.isWhole) return;
      const { lng, lat } = map.getCenter();
      tell.moved({ lon: lng, lat, zoom: map.getZoom() });
    });
    map.on("click", (event) => this.click(event));
    map.on("contextmenu", (event) => tell.asked({ lon: event.lngLat.lng, lat: event.lngLat.lat }));
    map.once("idle", () => performance.mark("map-idle"));
    map.on("idle", () => tell.settled());
    map.on("error", (event) => tell.failed(/** @type {any} */ (event).sourceId ?? "", event.error?.message ?? ""));
    map.on("sourcedata", () => this.report());
    map.on("mousemove", (event) => {
      map.getCanvas().style.cursor = this.find(event.point, PICK_PX).length ? "pointer" : "";
    });
    this.listenLongPress();
  }

  /** A long press on a phone is a right click on a desk. */
  listenLongPress() {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const stop = () => clearTimeout(timer);
    this.map.on("touchstart", (event) => {
      stop();
      if (event.originalEvent.touches.length > 1) return;
      timer = setTimeout(() => this.tell.asked({ lon: event.lngLat.lng, lat: event.lngLat.lat }), LONG_PRESS_MS);
    });
    for (const name of /** @type {const} */ (["touchend", "touchmove", "touchcancel", "movestart"])) this.map.on(name, stop);
  }

  /** Move the map's clock: rings grow, badges count. @param {number} at milliseconds */
  setNow(at) {
    if (this.fetching) {
      this.waitingNow = at;
      return;
    }
    this.now_s = Math.floor(at / 1000);
    this.map.setGlobalStateProperty("now", this.now_s);
    this.images.tick(this.now_s);
  }

  // ---- what is drawn ------------------------------------------------------------------------------------------

  /**
   * Draw these layers, of these platforms, at this moment.
   *
   * @param {Filter} filter
   */
  show(filter) {
    this.filter = filter;
    for (const layer of this.map.getStyle()?.layers ?? []) {
      const id = /** @type {any} */ (layer.metadata)?.layer;
      if (id) this.map.setLayoutProperty(layer.id, "visibility", this.drawn(id) ? "visible" : "none");
    }
    for (const layer of this.layers) {
      for (const [name, address] of addressesOf(layer, filter)) {
        if (this.addresses.get(name) === address) continue;
        this.addresses.set(name, address);
        /** @type {any} */ (this.map.getSource(name))?.setTiles([address]);
      }
    }
  }

  /** @param {string} id */
  drawn(id) {
    const layer = this.layers.find((other) => other.id === id);
    const { on, platforms } = this.filter;
    const own = layer?.platform && layer.platform !== "by_feature";
    return on.has(id) && !(own && platforms && !platforms.includes(/** @type {string} */ (layer.platform)));
  }

  /**
   * Changes the tiles may not hold yet.
   *
   * @param {any} collection what is drawn above the tiles
   * @param {{layer: string, seq: number}[]} hidden whose symbols in the tiles are out of date
   */
  setOverlay(collection, hidden) {
    this.overlay = collection;
    /** @type {any} */ (this.map.getSource("live"))?.setData(collection);
    const before = this.hidden;
    this.hidden = new Set(hidden.map(({ layer, seq }) => `${layer}/${seq}`));
    for (const key of before) if (!this.hidden.has(key)) this.hide(key, false);
    for (const key of this.hidden) if (!before.has(key)) this.hide(key, true);
  }

  /** @param {string} key `layer/number` @param {boolean} hidden */
  hide(key, hidden) {
    const [layer, seq] = key.split("/");
    for (const source of [layer, `${layer}~far`]) {
      if (this.map.getSource(source)) this.map.setFeatureState({ source, sourceLayer: layer, id: Number(seq) }, { hidden });
    }
  }

  /** Draw the border of one area thicker. @param {string | null} code */
  setPickedArea(code) {
    this.map.setGlobalStateProperty("picked", code ?? "");
  }

  /** @param {any} collection one point an area with `name`, `name_en`, `level` */
  setLabels(collection) {
    this.labels = collection;
    /** @type {any} */ (this.map.getSource("area-label"))?.setData(collection);
  }

  /**
   * Ask for a layer's tiles again. Those that did not change cost an empty answer; those kept out of sight are dropped,
   * so that none of them comes back old.
   *
   * @param {string} layer
   */
  refresh(layer) {
    for (const name of [layer, `${layer}~far`]) if (this.map.getSource(name)) this.map.refreshTiles(name);
  }

  /** Do something once what is loaded now has been drawn: the first frame takes it up, the second shows it. @param {() => void} act */
  afterDrawing(act) {
    this.map.once("render", () => {
      this.map.once("render", act);
      this.map.triggerRepaint();
    });
    this.map.triggerRepaint();
  }

  /** Tiles are being fetched, or have come: then the clock may go on. @param {boolean} fetching */
  setFetching(fetching) {
    this.fetching = fetching;
    if (fetching || this.waitingNow === null) return;
    const at = this.waitingNow;
    this.waitingNow = null;
    this.setNow(at);
  }

  /** @param {string} layer */
  loaded(layer) {
    return [layer, `${layer}~far`].every((name) => !this.map.getSource(name) || this.map.isSourceLoaded(name));
  }

  /** How many of the drawn layers have arrived. */
  report() {
    const wanted = this.layers.filter((layer) => this.map.getSource(layer.id) && (layer.base || layer.renderer === "area" || this.drawn(layer.id)));
    const waiting = wanted.filter((layer) => !this.loaded(layer.id));
    this.tell.progress(wanted.length - waiting.length, wanted.length, waiting[0]?.id ?? "");
  }

  /** Change theme or language: a new style with the same content. @param {any} style */
  async restyle(style) {
    this.images.forget();
    this.map.setStyle(this.prepared(style), { diff: false });
    await new Promise((resolve) => this.map.once("style.load", resolve));
    for (const key of this.hidden) this.hide(key, true);
    this.setNow(this.now_s * 1000);
  }

  // ---- looking and picking ------------------------------------------------------------------------------------

  /** @param {{x: number, y: number}} point @param {number} reach px @returns {Seen[]} nearest drawing order first */
  find(point, reach) {
    const ids = this.thematicIds();
    if (!ids.length) return [];
    const box = /** @type {any} */ ([[point.x - reach, point.y - reach], [point.x + reach, point.y + reach]]);
    return this.query(box, ids).filter((feature) => !this.isHidden(feature)).map((feature) => this.seen(feature));
  }

  /** Is this a symbol of a tile that the overlay replaces? @param {any} feature */
  isHidden(feature) {
    return feature.source !== "live" && this.hidden.has(`${feature.layer.metadata?.layer}/${feature.id}`);
  }

  /**
   * What these style layers show in a box (null: everywhere in view).
   *
   * While a tile is exchanged for an empty one MapLibre still asks its old index and throws; there is nothing to see then.
   *
   * @param {any} box @param {string[]} layers
   * @returns {any[]}
   */
  query(box, layers) {
    try {
      return this.map.queryRenderedFeatures(box ?? undefined, { layers: layers.filter((id) => this.map.getLayer(id)) });
    } catch {
      return [];
    }
  }

  thematicIds() {
    return (this.map.getStyle()?.layers ?? []).filter((layer) => /** @type {any} */ (layer.metadata)?.layer && layer.layout?.visibility !== "none").map((layer) => layer.id);
  }

  /** @param {any} feature @returns {Seen} */
  seen(feature) {
    const geometry = feature.geometry;
    const [lon, lat] = geometry.type === "Point" ? geometry.coordinates : [NaN, NaN];
    const { x, y } = Number.isFinite(lon) ? this.map.project([lon, lat]) : { x: NaN, y: NaN };
    const properties = { ...feature.properties, id: feature.properties.id ?? feature.id };
    return { layer: feature.layer.metadata.layer, properties, lon, lat, x, y };
  }

  /** Point objects in view, each once, clusters too. @returns {Seen[]} */
  inView() {
    const ids = this.thematicIds();
    if (!ids.length) return [];
    /** @type {Map<string, Seen>} */
    const found = new Map();
    for (const feature of this.query(null, ids)) {
      if (this.isHidden(feature)) continue;
      const seen = this.seen(feature);
      if (Number.isFinite(seen.x)) found.set(`${seen.layer}:${seen.properties.id ?? `${seen.lon},${seen.lat}`}`, seen);
    }
    return [...found.values()];
  }

  /** @param {any} event */
  click(event) {
    const found = this.find(event.point, PICK_PX);
    const cluster = found.find((one) => one.properties.cluster);
    if (cluster && !found.some((one) => !one.properties.cluster)) {
      this.isWhole = false;
      this.map.easeTo({ center: [cluster.lon, cluster.lat], zoom: Math.min(this.map.getZoom() + 2, this.map.getMaxZoom()), duration: this.reduced ? 0 : 300 });
      return;
    }
    this.tell.picked(found.filter((one) => !one.properties.cluster), { lon: event.lngLat.lng, lat: event.lngLat.lat });
  }

  /** @param {boolean} [animated] */
  fit(animated = true) {
    this.isWhole = true;
    const { bounds, center, zoom } = this.town;
    const duration = animated && !this.reduced ? FLY_MS : 0;
    if (!bounds) {
      if (center) this.map.easeTo({ center, zoom: zoom ?? 12, duration });
      return;
    }
    const [west, south, east, north] = bounds;
    const padding = { top: 14, bottom: 14, left: 20, right: 20 };
    const camera = this.map.cameraForBounds([[west, south], [east, north]], { padding });
    if (!camera) return;
    // A hair below a whole zoom the coarser tiles would be drawn; the margin has room for the difference.
    const fits = camera.zoom ?? zoom;
    this.map.easeTo({ ...camera, zoom: Math.ceil(fits) - fits < 0.1 ? Math.ceil(fits) : fits, duration });
  }

  /** @param {number} lon @param {number} lat @param {number} [zoom] no closer than asked, never farther away than now */
  goTo(lon, lat, zoom = 15.5) {
    this.isWhole = false;
    const target = { center: /** @type {[number, number]} */ ([lon, lat]), zoom: Math.max(zoom, this.map.getZoom()) };
    if (this.reduced) this.map.jumpTo(target);
    else this.map.easeTo({ ...target, duration: FLY_MS });
  }

  /** @param {[number, number, number, number]} bbox */
  goToBox([west, south, east, north]) {
    this.isWhole = false;
    this.map.fitBounds([[west, south], [east, north]], { padding: 60, maxZoom: 16, duration: this.reduced ? 0 : FLY_MS });
  }

  /** @param {number} steps of zoom, as the buttons and keys do */
  zoomBy(steps) {
    this.isWhole = false;
    this.map.easeTo({ zoom: this.map.getZoom() + steps, duration: this.reduced ? 0 : 200 });
  }

  /** @param {number} x @param {number} y px */
  panBy(x, y) {
    this.isWhole = false;
    this.map.panBy([x, y], { duration: this.reduced ? 0 : 150 });
  }

  /** @param {{lon: number, lat: number, zoom: number}} view */
  jump({ lon, lat, zoom }) {
    this.isWhole = false;
    this.map.jumpTo({ center: [lon, lat], zoom });
  }

  /** Bring a place to the middle, or beside it. @param {number} lon @param {number} lat @param {[number, number]} [offset] px */
  centreOn(lon, lat, offset = [0, 0]) {
    this.isWhole = false;
    this.map.easeTo({ center: [lon, lat], offset, duration: this.reduced ? 0 : 300 });
  }

  /** A mark that follows a place on the map. @param {string} className @param {number} lon @param {number} lat */
  mark(className, lon, lat) {
    const element = document.createElement("div");
    element.className = className;
    // The list beside the map says the same in words; the marker's own role and label would only repeat it.
    const marker = new maplibre.Marker({ element }).setLngLat([lon, lat]).addTo(this.map);
    for (const name of ["role", "aria-label", "tabindex"]) element.removeAttribute(name);
    element.setAttribute("aria-hidden", "true");
    return marker;
  }

  centre() {
    const { lng, lat } = this.map.getCenter();
    return { lon: lng, lat };
  }

  /** @returns {[number, number, number, number]} west, south, east, north */
  bounds() {
    const bounds = this.map.getBounds();
    return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
  }
}
