// A small map for one place: a pin to set, an accuracy circle, neighbours, a suggested reading. Base map and borders only.
import { call } from "../api.js";
import { h, s } from "../dom.js";
import { frame } from "../frame.js";
import { lang, t } from "../i18n.js";
import { bearLostLine } from "../map/map-errors.js";
import { MapImages } from "../map/map-images.js";
import * as maplibre from "../vendor/maplibre-gl-6.17.0/maplibre-gl.mjs";
import { symbol } from "./symbol.js";

const EARTH_RADIUS_M = 6_371_008.8;
const CLOSE_ZOOM = 15.5;
const CIRCLE_STEPS = 64;
const LEAST_REACH_M = 60;

/** Sources of the style that make up the base map; all else (incidents, entities …) is left out of a small map. */
const BASE = new Set(["town", "village", "grid", "zone", "landuse", "water", "road", "building", "place", "hillshade", "area-label"]);

/**
 * @typedef {object} Mark
 * @property {number} lon
 * @property {number} lat
 * @property {string | null} [platform]
 * @property {string} [label]
 */

/**
 * @typedef {object} PlaceMap
 * @property {(lon: number, lat: number, options?: {accuracy_m?: number | null, fly?: boolean}) => void} pin
 * @property {(mark: Mark) => void} incident the case itself, as the symbol of its platform
 * @property {(lon: number, lat: number, radius_m: number | null | undefined) => void} circle
 * @property {(marks: Mark[]) => void} others
 * @property {(mark: Mark | null) => void} suggest a reading of the coordinate that somebody must confirm
 * @property {(areas: Candidate[]) => void} candidates the grids a case may lie in, shaded by their share, which stands beside the circle
 * @property {(points: [number, number][]) => void} fit
 * @property {(center: [number, number], zoom: number) => void} go
 * @property {() => void} clear takes all marks off
 * @property {() => void} remove
 */

/** @typedef {{geometry: GeoJSON.Geometry, label: string, at: [number, number] | null}} Candidate */

/**
 * A map that is built once and shows one case after the other.
 * @typedef {object} MapHolder
 * @property {HTMLElement} element
 * @property {() => Promise<PlaceMap | null>} map
 * @property {((lon: number, lat: number) => void) | null} onPick
 */

/**
 * @param {string} label
 * @returns {MapHolder}
 */
export function mapHolder(label) {
  /** @type {Promise<PlaceMap | null> | null} */
  let made = null;
  /** @type {MapHolder} */
  const holder = {
    element: h("div", { class: "place-map case__map", "aria-label": label }),
    map: () => (made ??= placeMap(holder.element, { onPick: (lon, lat) => holder.onPick?.(lon, lat) })),
    onPick: null,
  };
  return holder;
}

/**
 * Builds the map inside an element. Says so in the element when the base map cannot be had; the form around it still works.
 * @param {HTMLElement} element
 * @param {{onPick?: ((lon: number, lat: number) => void) | null, center?: [number, number], zoom?: number}} [options]
 * @returns {Promise<PlaceMap | null>} null where the browser draws no map
 */
export async function placeMap(element, { onPick = null, center, zoom } = {}) {
  /** @type {any} */
  let style;
  try {
    style = baseOnly(await call(`/api/v1/style?theme=light&lang=${lang}`));
  } catch {
    element.append(h("p", { class: "place-map__state" }, t("common.map_failed")));
    return null;
  }
  /** @type {any} */
  let map;
  try {
    map = new maplibre.Map({
      container: element,
      style,
      center: center ?? frame.town?.center,
      zoom: zoom ?? frame.town?.zoom ?? 12,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 0,
      locale: {
        "Map.Title": element.getAttribute("aria-label") ?? t("common.tab_map"),
        "NavigationControl.ZoomIn": t("common.zoom_in"),
        "NavigationControl.ZoomOut": t("common.zoom_out"),
        "ScaleControl.Meters": t("common.unit_m"),
        "ScaleControl.Kilometers": t("common.unit_km"),
      },
    });
  } catch {
    element.append(h("p", { class: "place-map__state" }, t("common.map_no_webgl")));
    return null;
  }
  new MapImages(map, 0);
  bearLostLine(map);
  map.once("idle", () => performance.mark("map-idle"));
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibre.ScaleControl({ maxWidth: 110 }), "bottom-right");
  if (onPick) pickable(map, onPick);
  await new Promise((done) => map.once("style.load", done));
  addCandidates(map);
  addCircle(map);
  nameAreas(map);
  return handle(map);
}

/** @param {any} style */
function baseOnly(style) {
  const layers = style.layers.filter((/** @type {any} */ layer) => !layer.source || BASE.has(layer.source));
  const used = new Set(layers.map((/** @type {any} */ layer) => layer.source));
  const sources = Object.fromEntries(Object.entries(style.sources).filter(([id]) => used.has(id)));
  return { ...style, layers, sources };
}

/**
 * A tap takes the place under the finger; Enter or Space on the focused canvas takes the centre.
 * @param {any} map
 * @param {(lon: number, lat: number) => void} onPick
 */
function pickable(map, onPick) {
  const canvas = map.getCanvas();
  canvas.classList.add("is-pickable");
  map.on("click", (/** @type {any} */ event) => onPick(event.lngLat.lng, event.lngLat.lat));
  canvas.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    const { lng, lat } = map.getCenter();
    onPick(lng, lat);
  });
}

/** Names of villages and grids; the map is useful without them, so nothing waits. @param {any} map */
async function nameAreas(map) {
  const { areas } = await call("/api/v1/areas").catch(() => ({ areas: [] }));
  const features = areas.map((/** @type {any} */ area) => ({
    type: "Feature",
    geometry: { type: "Point", coordinates: [area.lon, area.lat] },
    properties: { code: area.code, level: area.level, name: area.name, name_en: area.name_en ?? "" },
  }));
  if (map._removed) return;
  map.getSource("area-label")?.setData({ type: "FeatureCollection", features });
}

/** Below the names of the base map. @param {any} map */
function addCandidates(map) {
  map.addSource("candidate", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
  const first = map.getStyle().layers.find((/** @type {any} */ layer) => layer.type === "symbol")?.id;
  map.addLayer({ id: "candidate-fill", type: "fill", source: "candidate", paint: { "fill-color": "#15202A", "fill-opacity": ["*", 0.1, ["get", "share"]] } }, first);
}

/** @param {any} map */
function addCircle(map) {
  map.addSource("accuracy", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
  map.addLayer({ id: "accuracy-fill", type: "fill", source: "accuracy", paint: { "fill-color": "#15202A", "fill-opacity": 0.14 } });
  map.addLayer({
    id: "accuracy-line",
    type: "line",
    source: "accuracy",
    paint: { "line-color": "#15202A", "line-width": 1.5, "line-dasharray": [3, 2] },
  });
}

/**
 * @param {any} map
 * @returns {PlaceMap}
 */
function handle(map) {
  /** @type {any} */
  let main = null;
  /** @type {any[]} */
  let others = [];
  /** @type {any} */
  let suggested = null;
  /** @type {any[]} */
  let labels = [];
  const put = (/** @type {Element} */ element, /** @type {number} */ lon, /** @type {number} */ lat, /** @type {"center" | "bottom" | "left"} */ anchor = "center") =>
    new maplibre.Marker({ element: /** @type {HTMLElement} */ (element), anchor }).setLngLat([lon, lat]).addTo(map);
  return {
    pin(lon, lat, { accuracy_m = null, fly = false } = {}) {
      main?.remove();
      main = put(pinElement(), lon, lat, "bottom");
      drawCircle(map, lon, lat, accuracy_m);
      if (!fly) return;
      // the whole circle is shown, so that a vague place looks vague
      const reach = ring(lon, lat, Math.max(accuracy_m ?? 0, LEAST_REACH_M));
      map.fitBounds(bounds(reach), { padding: 40, maxZoom: Math.max(map.getZoom(), CLOSE_ZOOM), duration: motion(400) });
    },
    incident(mark) {
      main?.remove();
      main = put(h("div", { class: "place-map__mark" }, symbol(mark.platform)), mark.lon, mark.lat);
    },
    circle: (lon, lat, radius_m) => drawCircle(map, lon, lat, radius_m),
    others(marks) {
      for (const marker of others) marker.remove();
      others = marks.map((mark) => put(otherElement(mark), mark.lon, mark.lat, mark.label ? "left" : "center"));
    },
    suggest(mark) {
      suggested?.remove();
      suggested = mark && put(h("div", { class: "place-map__suggested" }), mark.lon, mark.lat);
    },
    candidates(areas) {
      for (const label of labels) label.remove();
      labels = areas.flatMap(({ at, label }) => (at ? [put(h("div", { class: "place-map__share" }, label), at[0], at[1])] : []));
      const features = areas.map(({ geometry }, i) => ({ type: "Feature", properties: { share: i ? 0.4 : 1 }, geometry }));
      map.getSource("candidate").setData({ type: "FeatureCollection", features });
    },
    go: (center, zoom) => map.jumpTo({ center, zoom }),
    clear() {
      main?.remove();
      drawCircle(map, 0, 0, null);
      this.others([]);
      this.suggest(null);
      this.candidates([]);
    },
    fit(points) {
      if (!points.length) return;
      map.fitBounds(bounds(points), { padding: 64, maxZoom: 16, duration: 0 });
    },
    remove: () => map.remove(),
  };
}

/** @param {[number, number][]} points */
const bounds = (points) => points.reduce((all, point) => all.extend(point), new maplibre.LngLatBounds(points[0], points[0]));

/** @param {number} ms */
const motion = (ms) => (matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : ms);

function pinElement() {
  return h(
    "div",
    { class: "place-map__pin" },
    s(
      "svg",
      { viewBox: "0 0 44 56", "aria-hidden": "true" },
      s("path", { d: "M22 54C11 38 4 29 4 20a18 18 0 0 1 36 0c0 9-7 18-18 34z" }),
      s("circle", { cx: 22, cy: 20, r: 7 }),
    ),
  );
}

/** @param {Mark} mark */
function otherElement(mark) {
  return h(
    "div",
    { class: "place-map__mark place-map__mark--other" },
    symbol(mark.platform),
    mark.label && h("span", { class: "place-map__label" }, mark.label),
  );
}

/**
 * @param {any} map
 * @param {number} lon
 * @param {number} lat
 * @param {number | null | undefined} radius_m
 */
function drawCircle(map, lon, lat, radius_m) {
  const features = radius_m ? [{ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring(lon, lat, radius_m)] } }] : [];
  map.getSource("accuracy").setData({ type: "FeatureCollection", features });
}

/**
 * A ring of points at a distance, for looking only.
 * @param {number} lon
 * @param {number} lat
 * @param {number} radius_m
 * @returns {[number, number][]}
 */
export function ring(lon, lat, radius_m) {
  const degrees = (radius_m / EARTH_RADIUS_M) * (180 / Math.PI);
  const stretch = Math.cos((lat * Math.PI) / 180);
  return Array.from({ length: CIRCLE_STEPS + 1 }, (_, step) => {
    const angle = (2 * Math.PI * (step % CIRCLE_STEPS)) / CIRCLE_STEPS;
    return [lon + (degrees * Math.cos(angle)) / stretch, lat + degrees * Math.sin(angle)];
  });
}
