// The planner's map: base map, the draft above it, what is drawn just now. It knows the draft only as data.
import { call } from "../api.js";
import { h } from "../dom.js";
import { frame } from "../frame.js";
import { lang, t } from "../i18n.js";
import { bearLostLine } from "../map/map-errors.js";
import { MapImages } from "../map/map-images.js";
import * as maplibre from "../vendor/maplibre-gl-6.17.0/maplibre-gl.mjs";
import { boundsOf } from "./geometry.js";
import { EMPTY, LAYERS, SOURCES, baseOnly } from "./map-layers.js";

/** @typedef {import("./geometry.js").Point} Point */

const HATCH_PX = 16;
const TILE_PX = 512;
const EARTH_M = 40_075_016.686;
const FLY_MS = 400;

/**
 * @param {HTMLElement} element
 * @returns {Promise<PlannerMap | null>} null where no map can be drawn; the tables stay
 */
export async function plannerMap(element) {
  try {
    const style = await call(`/api/v1/style?theme=light&lang=${lang}`);
    const view = new PlannerMap(element, baseOnly(style));
    await new Promise((done) => view.map.once("style.load", done));
    view.addLayers();
    return view;
  } catch (fault) {
    element.append(h("p", { class: "planner__nomap" }, t(/** @type {any} */ (fault).code ? "planner.map_failed" : "planner.map_no_webgl")));
    return null;
  }
}

export class PlannerMap {
  /** @param {HTMLElement} element @param {any} style */
  constructor(element, style) {
    this.map = new maplibre.Map({
      container: element, style, center: frame.town?.center, zoom: frame.town?.zoom ?? 12, attributionControl: false, dragRotate: false, pitchWithRotate: false,
      touchPitch: false, doubleClickZoom: false, boxZoom: false, fadeDuration: 0, maxZoom: 20,
      locale: { "Map.Title": t("planner.map"), "NavigationControl.ZoomIn": t("common.zoom_in"), "NavigationControl.ZoomOut": t("common.zoom_out"), "ScaleControl.Meters": t("common.unit_m"), "ScaleControl.Kilometers": t("common.unit_km") },
    });
    new MapImages(this.map, 0);
    bearLostLine(this.map);
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new maplibre.NavigationControl({ showCompass: false }), "bottom-right");
    this.map.addControl(new maplibre.ScaleControl({ maxWidth: 110 }), "bottom-left");
    this.map.once("idle", () => performance.mark("map-idle"));
    /** @type {Map<string, any>} what sources are to show from the next frame on */
    this.shown = new Map();
    /** @type {Map<string, string>} what each source was given last, as text */
    this.last = new Map();
    this.frame = 0;
  }

  addLayers() {
    this.map.addImage("planner-hatch", hatch(), { pixelRatio: 2 });
    for (const id of SOURCES) this.map.addSource(id, { type: "geojson", data: /** @type {any} */ (EMPTY) });
    for (const layer of LAYERS) this.map.addLayer(layer);
  }

  /** Sets what sources show, once a frame, and only where it is other data. @param {Record<string, any>} data */
  show(data) {
    for (const [id, value] of Object.entries(data)) {
      const text = JSON.stringify(value);
      if (this.last.get(id) === text) continue; // loading it again would hold up what is new
      this.last.set(id, text);
      this.shown.set(id, value);
    }
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      for (const [id, value] of this.shown) /** @type {any} */ (this.map.getSource(id))?.setData(value);
      this.shown.clear();
    });
  }

  /** @param {Point} at */
  project(at) {
    return this.map.project(at);
  }

  /** The place below a pointer. @param {{clientX: number, clientY: number}} event @returns {Point} */
  placeOf({ clientX, clientY }) {
    const box = this.map.getCanvas().getBoundingClientRect();
    const { lng, lat } = this.map.unproject([clientX - box.left, clientY - box.top]);
    return [lng, lat];
  }

  /** @returns {Point} */
  center() {
    const { lng, lat } = this.map.getCenter();
    return [lng, lat];
  }

  /** How many metres a distance on the screen is. @param {number} px */
  metres(px) {
    return (px * EARTH_M * Math.cos((this.map.getCenter().lat * Math.PI) / 180)) / (TILE_PX * 2 ** this.map.getZoom());
  }

  /** Shows places whole. @param {any[]} geometries @param {{maxZoom?: number, isAtOnce?: boolean, padding?: number}} [how] */
  fit(geometries, { maxZoom = 17.5, isAtOnce = false, padding = 70 } = {}) {
    const box = boundsOf(geometries);
    if (!box) return;
    const still = isAtOnce || matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map.fitBounds([[box[0], box[1]], [box[2], box[3]]], { padding, maxZoom, duration: still ? 0 : FLY_MS });
  }
}

/** Blue lines from corner to corner. */
function hatch() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = HATCH_PX;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.fillStyle = "rgba(11, 95, 255, 0.1)";
  pen.fillRect(0, 0, HATCH_PX, HATCH_PX);
  pen.strokeStyle = "rgba(11, 95, 255, 0.75)";
  pen.lineWidth = 2;
  for (const shift of [-HATCH_PX, 0, HATCH_PX]) {
    pen.beginPath();
    pen.moveTo(shift - 2, HATCH_PX + 2);
    pen.lineTo(shift + HATCH_PX + 2, -2);
    pen.stroke();
  }
  return pen.getImageData(0, 0, HATCH_PX, HATCH_PX);
}
