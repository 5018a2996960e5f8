// An edit that was refused because somebody else changed the border first, fitted to the line as it is now. Pure.
import { distance_m, nearestOn, onLattice } from "./geometry.js";
import { isMovable } from "./handles.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./snapping.js").Arc} Arc */

/**
 * @param {any} operation
 * @param {Arc[]} arcs the borders as they are now
 * @returns {any | null} null where there is nothing left that it fits
 */
export function rebased(operation, arcs) {
  const movable = arcs.filter(isMovable);
  if (operation.kind === "move_vertex" || operation.kind === "split_junction") {
    const at = nearestVertex(operation.at, movable);
    return at && { ...operation, at };
  }
  if (operation.kind === "reshape") {
    const [one, other] = operation.between;
    const shared = movable.filter(({ left, right }) => (left === one && right === other) || (left === other && right === one));
    if (!shared.length) return null;
    const { line } = operation;
    const ends = [line[0], line[line.length - 1]].map((end) => nearestPlace(end, shared));
    return { ...operation, line: [ends[0], ...line.slice(1, -1), ends[1]] };
  }
  const codes = new Set(arcs.flatMap(({ left, right }) => [left, right]));
  const named = [operation.leaf, operation.to, operation.into, ...(operation.codes ?? [])].filter(Boolean);
  return named.every((code) => codes.has(code)) ? operation : null;
}

/** @param {Point} at @param {Arc[]} arcs @returns {Point | null} */
function nearestVertex(at, arcs) {
  const points = arcs.flatMap(({ line }) => line);
  return points.reduce((/** @type {Point | null} */ best, point) => (!best || distance_m(at, point) < distance_m(at, best) ? point : best), null);
}

/** A vertex within two metres is taken, else the place on the line. @param {Point} at @param {Arc[]} arcs @returns {Point} */
function nearestPlace(at, arcs) {
  const vertex = nearestVertex(at, arcs);
  if (vertex && distance_m(at, vertex) < 2) return vertex;
  const places = arcs.flatMap(({ line }) => line.slice(1).map((point, k) => nearestOn(at, line[k], point)));
  return onLattice(places.reduce((best, place) => (distance_m(at, place) < distance_m(at, best) ? place : best)));
}
