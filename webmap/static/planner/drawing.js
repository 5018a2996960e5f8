// Lines and rings in progress, and the operation that a finished one is. Pure.
import { area_m2, distance_m, holds, isSame, length_m, middle } from "./geometry.js";
import { isMovable, pairOf } from "./handles.js";
import { arcsNear } from "./snapping.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./snapping.js").Arc} Arc */
/** @typedef {{code: string, level: string, parent: string | null, is_leaf: boolean, geometry: any}} Area */

/** What each tool draws; the others act on handles and clicks. @type {Record<string, "line" | "ring">} */
export const DRAWS = { push: "line", split: "line", measure: "line", cut: "ring", paint: "ring" };
const LEAST_POINTS = { line: 2, ring: 3 };
const ON_LINE_M = 1.5;

/** @param {Point[]} line @param {Point} at the same place twice is once */
export const withPoint = (line, at) => (line.length && isSame(line[line.length - 1], at) ? line : [...line, at]);

/** Whether a tool's line can be finished as it is. @param {string} tool @param {Point[]} line */
export const isReady = (tool, line) => line.length >= (LEAST_POINTS[DRAWS[tool]] ?? Infinity);

/**
 * The leaf that most of a line lies in.
 * @param {Point[]} line @param {Iterable<Area>} areas
 * @returns {string | null}
 */
export function leafOf(line, areas) {
  /** @type {Map<string, number>} */
  const found = new Map();
  const leaves = [...areas].filter((area) => area.is_leaf);
  line.slice(1).forEach((point, k) => {
    const at = middle(line[k], point);
    const leaf = leaves.find((area) => holds(area.geometry, at));
    if (leaf) found.set(leaf.code, (found.get(leaf.code) ?? 0) + distance_m(line[k], point));
  });
  return [...found].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

/** The leaf at a place. @param {Point} at @param {Iterable<Area>} areas */
export function leafAt(at, areas) {
  for (const area of areas) if (area.is_leaf && holds(area.geometry, at)) return area.code;
  return null;
}

/** @param {Point[]} line @param {Iterable<Area>} areas */
export function splitOperation(line, areas) {
  const leaf = leafOf(line, areas);
  return leaf && line.length >= 2 ? { kind: "split", leaf, line } : null;
}

/**
 * A new course of a border: between the two leaves on whose border both ends lie, else between their parents.
 * @param {Point[]} line @param {Arc[]} arcs @param {Map<string, Area>} areas @param {string | null} [chosen] the pair that is selected
 */
export function pushOperation(line, arcs, areas, chosen = null) {
  if (line.length < 2) return null;
  const movable = arcs.filter(isMovable);
  const [first, last] = [line[0], line[line.length - 1]].map((end) => arcsNear(end, movable, ON_LINE_M).map(({ arc }) => arc));
  const pairs = first.map(pairOf).filter((pair) => last.some((arc) => pairOf(arc) === pair));
  const pair = pairs.find((one) => one === chosen) ?? pairs[0];
  const arc = first.find((one) => pairOf(one) === pair);
  if (arc) return { kind: "reshape", between: [arc.left, arc.right], line };
  const above = (/** @type {Arc} */ one) => [one.left, one.right].map((code) => areas.get(code ?? "")?.parent ?? null);
  const apart = (/** @type {Arc} */ one) => Boolean(above(one)[0] && above(one)[1] && above(one)[0] !== above(one)[1]);
  const name = (/** @type {Arc} */ one) => above(one).sort().join("-");
  const village = first.filter(apart).find((one) => last.filter(apart).some((other) => name(other) === name(one)));
  return village ? { kind: "reshape", between: above(village), line } : null;
}

/** What lies in a ring goes to a leaf. @param {Point[]} ring @param {string} to */
export const handOverOperation = (ring, to) => ({ kind: "hand_over", polygons: [[ring]], to });

/** What lies in a ring becomes a grid of its own. @param {Point[]} ring @param {{name?: string, kind?: string}} values */
export const cutOutOperation = (ring, values) => ({ kind: "cut_out", polygons: [[ring]], values });

/** @param {string[]} codes the first one stays */
export const mergeOperation = (codes) => ({ kind: "merge", codes: codes.slice(1), into: codes[0] });

/** Whether a leaf shares a border with any of some. @param {string} code @param {string[]} codes @param {Iterable<Arc>} arcs */
export function isNeighbour(code, codes, arcs) {
  for (const arc of arcs) if ((arc.left === code && codes.includes(arc.right ?? "")) || (arc.right === code && codes.includes(arc.left ?? ""))) return true;
  return false;
}

/** Length of a line, and the area it would enclose. @param {Point[]} line */
export const measured = (line) => ({ length_m: length_m(line), area_m2: area_m2(line) });

/**
 * Fewer points where a finger drew many: no kept point is farther than this from the next by less.
 * @param {Point[]} line @param {number} gap_m
 */
export function thinned(line, gap_m) {
  /** @type {Point[]} */
  const kept = [];
  for (const point of line) if (!kept.length || distance_m(kept[kept.length - 1], point) >= gap_m) kept.push(point);
  return kept;
}
