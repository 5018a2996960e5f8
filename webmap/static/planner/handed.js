// What changes hands where a border was pushed: the rings between its course today and in the draft. Pure.
import { keyOf } from "./geometry.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./snapping.js").Arc} Arc */
/** @typedef {Map<string, {at: Point, to: Set<string>}>} Net */

/**
 * Rings of the lines that only one of both has. Lines that end within (a split) enclose nothing of it and are left out.
 * @param {Iterable<Arc>} today @param {Iterable<Arc>} draft
 * @returns {Point[][]}
 */
export function handedRings(today, draft) {
  const [old, now] = [edgesOf(today), edgesOf(draft)];
  /** @type {Net} */
  const net = new Map();
  for (const [key, edge] of old) if (!now.has(key)) link(net, edge);
  for (const [key, edge] of now) if (!old.has(key)) link(net, edge);
  prune(net);
  return rings(net);
}

/** @param {Iterable<Arc>} arcs */
function edgesOf(arcs) {
  /** @type {Map<string, [Point, Point]>} */
  const edges = new Map();
  for (const { line } of arcs) line.slice(1).forEach((point, k) => edges.set([keyOf(line[k]), keyOf(point)].sort().join(" "), [line[k], point]));
  return edges;
}

/** @param {Net} net @param {[Point, Point]} edge */
function link(net, [a, b]) {
  for (const [one, other] of [[a, b], [b, a]]) {
    const node = net.get(keyOf(one)) ?? { at: one, to: new Set() };
    node.to.add(keyOf(other));
    net.set(keyOf(one), node);
  }
}

/** @param {Net} net */
function prune(net) {
  const ends = [...net].filter(([, node]) => node.to.size === 1).map(([key]) => key);
  while (ends.length) {
    const key = /** @type {string} */ (ends.pop());
    const node = net.get(key);
    if (!node || node.to.size > 1) continue;
    net.delete(key);
    for (const other of node.to) {
      const there = net.get(other);
      there?.to.delete(key);
      if (there?.to.size === 1) ends.push(other);
      if (there?.to.size === 0) net.delete(other);
    }
  }
}

/** Walks each simple ring once; where more than two lines meet, the walk stops and nothing is claimed. @param {Net} net */
function rings(net) {
  const seen = new Set();
  const found = [];
  for (const [start, node] of net) {
    if (seen.has(start) || node.to.size !== 2) continue;
    const ring = [];
    let [before, here] = ["", start];
    while (!seen.has(here)) {
      seen.add(here);
      const place = net.get(here);
      if (!place || place.to.size !== 2) break;
      ring.push(place.at);
      const next = [...place.to].find((key) => key !== before) ?? before;
      [before, here] = [here, next];
    }
    if (here === start && ring.length > 2) found.push([...ring, ring[0]]);
  }
  return found;
}
