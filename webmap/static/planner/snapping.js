// Where a dragged point or the end of a line comes to lie: on a vertex, else on an edge. Pure.
import { distance_m, isSame, nearestOn, onLattice } from "./geometry.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {{id: string, left: string | null, right: string | null, rank: string, line: Point[]}} Arc */
/** @typedef {{at: Point, on: "vertex" | "edge", arc: Arc, distance_m: number}} Snap */

/** A vertex wins against an edge that is nearer, up to this share of the reach. */
const EDGE_SHARE = 0.75;

/**
 * The nearest vertex within reach, else the nearest place of an edge; on the town's outline only vertices, since no line may cut it.
 * @param {Point} at
 * @param {Iterable<Arc>} arcs
 * @param {number} reach_m
 * @param {Point[]} [except] points that are being moved themselves
 * @returns {Snap | null}
 */
export function snap(at, arcs, reach_m, except = []) {
  /** @type {Snap | null} */
  let vertex = null;
  /** @type {Snap | null} */
  let edge = null;
  for (const arc of arcs) {
    arc.line.forEach((point, k) => {
      const far = distance_m(at, point);
      const isOwn = except.some((one) => isSame(one, point));
      if (!isOwn && far <= reach_m && (!vertex || far < vertex.distance_m)) vertex = { at: point, on: "vertex", arc, distance_m: far };
      const next = arc.line[k + 1];
      if (!next || arc.rank === "town" || isOwn || except.some((one) => isSame(one, next))) return;
      const place = nearestOn(at, point, next);
      const off = distance_m(at, place);
      if (off <= reach_m * EDGE_SHARE && (!edge || off < edge.distance_m)) edge = { at: onLattice(place), on: "edge", arc, distance_m: off };
    });
  }
  return vertex ?? edge;
}

/**
 * The arcs that a point lies on or within reach of, nearest first.
 * @param {Point} at
 * @param {Iterable<Arc>} arcs
 * @param {number} reach_m
 * @returns {{arc: Arc, distance_m: number}[]}
 */
export function arcsNear(at, arcs, reach_m) {
  const found = [];
  for (const arc of arcs) {
    const far = Math.min(...arc.line.slice(1).map((point, k) => distance_m(at, nearestOn(at, arc.line[k], point))));
    if (far <= reach_m) found.push({ arc, distance_m: far });
  }
  return found.sort((a, b) => a.distance_m - b.distance_m);
}
