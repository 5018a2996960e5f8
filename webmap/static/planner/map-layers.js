// The layers of the planner's map over the town's base map, and how a draft becomes their data. Pure.
import { labelPoint } from "../map/label-point.js";
import { difference } from "./figures.js";
import { handedRings } from "./handed.js";
import { pairOf } from "./handles.js";

/** @typedef {import("./draft.js").Draft} Draft */
/** @typedef {import("./address.js").Place} Place */

const INK = "#15202A";
const EDIT = "#0B5FFF";
const LATE = "#B3121D";
const HALO = "#FFFFFF";
const FONT = ["Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "sans-serif"];
export const EMPTY = { type: "FeatureCollection", features: [] };
export const SOURCES = ["plan-areas", "plan-today", "plan-borders", "plan-handed", "plan-units", "plan-proposal", "plan-labels", "plan-selected", "plan-sketch", "plan-waiting", "plan-places", "plan-theirs"];

/** Sources of the style that make up the base map here: borders and names of areas come from the draft itself. */
const BASE = new Set(["landuse", "water", "road", "building", "place", "hillshade"]);

/** @param {any} style */
export function baseOnly(style) {
  const layers = style.layers.filter((/** @type {any} */ layer) => !layer.source || BASE.has(layer.source) || (layer.source === "town" && layer.type === "fill"));
  const used = new Set(layers.map((/** @type {any} */ layer) => layer.source));
  return { ...style, layers, sources: Object.fromEntries(Object.entries(style.sources).filter(([id]) => used.has(id))) };
}

const rounded = { "line-join": "round", "line-cap": "round" };
const byRank = (/** @type {number} */ grid, /** @type {number} */ village, /** @type {number} */ town) => ["match", ["get", "rank"], "town", town, "village", village, grid];

/** Layers from the lowest on. @type {any[]} */
export const LAYERS = [
  { id: "plan-veil", type: "fill", source: "plan-areas", filter: ["==", ["get", "role"], "far"], paint: { "fill-color": "#EEF0EF", "fill-opacity": 0.55 } },
  { id: "plan-changed", type: "fill", source: "plan-areas", filter: ["==", ["get", "isNew"], true], paint: { "fill-color": EDIT, "fill-opacity": 0.1 } },
  { id: "plan-picked", type: "fill", source: "plan-areas", filter: ["==", ["get", "role"], "picked"], paint: { "fill-color": INK, "fill-opacity": 0.08 } },
  { id: "plan-target", type: "fill", source: "plan-areas", filter: ["==", ["get", "role"], "target"], paint: { "fill-color": EDIT, "fill-opacity": 0.16 } },
  { id: "plan-handed", type: "fill", source: "plan-handed", paint: { "fill-pattern": "planner-hatch" } },
  { id: "plan-border-case", type: "line", source: "plan-borders", layout: rounded, paint: { "line-color": HALO, "line-opacity": 0.7, "line-width": byRank(3.5, 5, 6.5) } },
  { id: "plan-border", type: "line", source: "plan-borders", layout: rounded, paint: { "line-color": INK, "line-opacity": ["case", ["get", "far"], 0.45, 1], "line-width": byRank(1.5, 2.6, 3.4) } },
  { id: "plan-border-new", type: "line", source: "plan-borders", filter: ["get", "isNew"], layout: rounded, paint: { "line-color": EDIT, "line-width": 2.2 } },
  { id: "plan-today", type: "line", source: "plan-today", layout: { "line-join": "round" }, paint: { "line-color": INK, "line-width": 1.3, "line-dasharray": [2, 2] } },
  { id: "plan-units-fill", type: "fill", source: "plan-units", paint: { "fill-color": EDIT, "fill-opacity": ["case", ["get", "isPicked"], 0.3, 0] } },
  { id: "plan-units", type: "line", source: "plan-units", paint: { "line-color": EDIT, "line-opacity": 0.55, "line-width": 1 } },
  { id: "plan-proposal-fill", type: "fill", source: "plan-proposal", paint: { "fill-color": ["case", ["get", "isOutside"], "#A86200", EDIT], "fill-opacity": ["case", ["get", "isOutside"], 0.18, 0.06] } },
  { id: "plan-proposal-case", type: "line", source: "plan-proposal", layout: rounded, paint: { "line-color": HALO, "line-width": 5 } },
  { id: "plan-proposal", type: "line", source: "plan-proposal", layout: { "line-join": "round" }, paint: { "line-color": EDIT, "line-width": 2.5, "line-dasharray": [2.4, 1.2] } },
  { id: "plan-selected-case", type: "line", source: "plan-selected", layout: rounded, paint: { "line-color": HALO, "line-width": 6 } },
  { id: "plan-selected", type: "line", source: "plan-selected", layout: rounded, paint: { "line-color": EDIT, "line-width": 3 } },
  { id: "plan-theirs-case", type: "line", source: "plan-theirs", layout: rounded, paint: { "line-color": HALO, "line-width": 8 } },
  { id: "plan-theirs", type: "line", source: "plan-theirs", filter: ["==", ["get", "who"], "theirs"], layout: rounded, paint: { "line-color": INK, "line-width": 4.5 } },
  { id: "plan-mine", type: "line", source: "plan-theirs", filter: ["==", ["get", "who"], "mine"], layout: { "line-join": "round" }, paint: { "line-color": EDIT, "line-width": 3, "line-dasharray": [2, 1.2] } },
  { id: "plan-waiting", type: "line", source: "plan-waiting", layout: { "line-join": "round" }, paint: { "line-color": EDIT, "line-width": 2.5, "line-dasharray": [1, 1.4] } },
  { id: "plan-sketch-fill", type: "fill", source: "plan-sketch", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": EDIT, "fill-opacity": 0.12 } },
  { id: "plan-sketch-case", type: "line", source: "plan-sketch", layout: rounded, paint: { "line-color": HALO, "line-width": 5 } },
  { id: "plan-sketch", type: "line", source: "plan-sketch", filter: ["!=", ["get", "part"], "next"], layout: rounded, paint: { "line-color": EDIT, "line-width": 2.5 } },
  { id: "plan-sketch-next", type: "line", source: "plan-sketch", filter: ["==", ["get", "part"], "next"], paint: { "line-color": EDIT, "line-width": 2.5, "line-dasharray": [2.4, 1.6] } },
  { id: "plan-sketch-dot", type: "circle", source: "plan-sketch", filter: ["==", ["get", "part"], "dot"], paint: { "circle-radius": 4.5, "circle-color": EDIT, "circle-stroke-color": HALO, "circle-stroke-width": 1.5 } },
  { id: "plan-snap", type: "circle", source: "plan-sketch", filter: ["==", ["get", "part"], "snap"], paint: { "circle-radius": 11, "circle-color": "rgba(255,255,255,0.35)", "circle-stroke-color": EDIT, "circle-stroke-width": 2.5 } },
  { id: "plan-places-fill", type: "fill", source: "plan-places", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": LATE, "fill-opacity": 0.3 } },
  { id: "plan-places-line", type: "line", source: "plan-places", filter: ["!=", ["geometry-type"], "Point"], layout: rounded, paint: { "line-color": LATE, "line-width": 3 } },
  { id: "plan-places-dot", type: "circle", source: "plan-places", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 9, "circle-color": "rgba(179,18,29,0.18)", "circle-stroke-color": LATE, "circle-stroke-width": 3 } },
  {
    id: "plan-village-name", type: "symbol", source: "plan-labels", filter: ["==", ["get", "isLeaf"], false], maxzoom: 13.2,
    layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": ["interpolate", ["linear"], ["zoom"], 11, 12, 13, 16], "text-padding": 2, "text-letter-spacing": 0.06 },
    paint: { "text-color": "#465460", "text-halo-color": HALO, "text-halo-width": 2 },
  },
  {
    id: "plan-leaf-name", type: "symbol", source: "plan-labels", filter: ["==", ["get", "isLeaf"], true], minzoom: 12.4,
    layout: {
      "text-field": ["format", ["get", "name"], {}, "\n", {}, ["get", "count"], { "font-scale": 1.12 }, ["get", "unit"], { "font-scale": 0.85 }, ["get", "by"], { "text-color": EDIT, "font-scale": 0.95 }],
      "text-font": ["Noto Sans CJK SC Bold", ...FONT], "text-size": ["interpolate", ["linear"], ["zoom"], 12, 11, 14, 15, 17, 17], "text-line-height": 1.25, "text-padding": 2, "symbol-sort-key": ["get", "order"],
      "text-variable-anchor-offset": ["center", [0, 0], "top", [0, 0.6], "bottom", [0, -0.6], "left", [0.8, 0], "right", [-0.8, 0]],
    },
    paint: { "text-color": INK, "text-halo-color": HALO, "text-halo-width": 2 },
  },
];

/** @param {any} geometry @param {Record<string, any>} [properties] */
export const feature = (geometry, properties = {}) => ({ type: "Feature", properties, geometry });
/** @param {any[]} features */
export const collection = (features) => ({ type: "FeatureCollection", features });
/** @param {import("./geometry.js").Point[]} coordinates */
export const line = (coordinates) => ({ type: "LineString", coordinates });

/**
 * The data of the sources that show the draft.
 * @param {Draft} draft @param {Draft} today
 * @param {{view: Place["view"], sel: Place["sel"], focus: Set<string>, targets: string[], words: {name: (area: any) => string, households: string}}} look `focus`: parents whose leaves are worked on; empty: all
 */
export function dataOf(draft, today, { view, sel, focus, targets, words }) {
  const shown = view === "today" ? today : draft;
  const isFar = (/** @type {string | null} */ code) => focus.size > 0 && !focus.has(shown.areas.get(code ?? "")?.parent ?? "");
  const role = (/** @type {string} */ code) => (targets.includes(code) ? "target" : sel?.kind === "area" && sel.id === code ? "picked" : isFar(code) ? "far" : "plain");
  const leaves = [...shown.areas.values()].filter((area) => area.is_leaf);
  return {
    "plan-areas": collection(leaves.map((area) => feature(area.geometry, { code: area.code, role: role(area.code), isNew: view !== "today" && area.is_new }))),
    "plan-borders": collection([...shown.arcs.values()].map((arc) => feature(line(arc.line), { rank: arc.rank, far: isFar(arc.left) && isFar(arc.right), isNew: view === "both" && !arc.isToday }))),
    "plan-today": view === "today" ? EMPTY : collection(missing(today, draft).map((arc) => feature(line(arc.line)))),
    "plan-handed": view === "today" ? EMPTY : collection(handedRings(today.arcs.values(), draft.arcs.values()).map((ring) => feature({ type: "Polygon", coordinates: [ring] }))),
    "plan-selected": collection(sel?.kind === "border" && view !== "today" ? [...draft.arcs.values()].filter((arc) => pairOf(arc) === sel.id).map((arc) => feature(line(arc.line))) : []),
    "plan-labels": collection([...shown.areas.values()].filter((area) => area.level !== "town" && area.geometry).flatMap((area) => labelOf(area, shown === today ? 0 : 1, draft, isFar(area.code), words))),
  };
}

/** Borders of today that the draft has not as they were. @param {Draft} today @param {Draft} draft */
const missing = (today, draft) => [...today.arcs.values()].filter((arc) => !draft.arcs.has(arc.id));

/** @param {any} area @param {0 | 1} side @param {Draft} draft @param {boolean} isFar @param {{name: (area: any) => string, households: string}} words */
function labelOf(area, side, draft, isFar, words) {
  const point = labelPoint(area.geometry);
  if (!point) return [];
  const pair = draft.effects.get(area.code)?.households;
  const value = pair?.[side] ?? null;
  const by = side === 1 && area.is_leaf && pair ? difference(pair) : "";
  const said = { name: words.name(area), count: area.is_leaf && !isFar && value !== null ? String(value) : "", unit: area.is_leaf && !isFar && value !== null ? words.households : "", by: by && ` ${by}` };
  return [feature({ type: "Point", coordinates: point }, { ...said, isLeaf: area.is_leaf, order: isFar ? 2 : by ? 0 : 1 })];
}
