// The handles of borders, what moving one asks of the server, and what it would look like meanwhile. Pure.
import { isSame, keyOf, middle } from "./geometry.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./snapping.js").Arc} Arc */
/** @typedef {{kind: "vertex" | "junction" | "middle", at: Point, arc: string, index: number}} Handle */

/** A pair of codes as the address names it. @param {{left: string | null, right: string | null}} arc */
export const pairOf = ({ left, right }) => [left ?? "out", right ?? "out"].sort().join("-");

/** Whether a border may be moved: the town's outline may not. @param {Arc} arc */
export const isMovable = (arc) => arc.rank !== "town" && arc.left !== null && arc.right !== null;

/**
 * The points of the outline, where nothing may be moved away from.
 * @param {Iterable<Arc>} arcs
 */
export function outlineOf(arcs) {
  const keys = new Set();
  for (const arc of arcs) if (arc.rank === "town") for (const point of arc.line) keys.add(keyOf(point));
  return keys;
}

/**
 * @param {Arc} arc
 * @param {Set<string>} outline
 * @returns {Handle[]} in the order of the line, middles between
 */
export function handlesOf(arc, outline) {
  if (!isMovable(arc)) return [];
  const last = arc.line.length - 1;
  const isRing = isSame(arc.line[0], arc.line[last]);
  /** @type {Handle[]} */
  const handles = [];
  arc.line.forEach((at, index) => {
    const isEnd = index === 0 || index === last;
    if (!(isRing && index === last) && !(isEnd && outline.has(keyOf(at)))) {
      handles.push({ kind: isEnd && !isRing ? "junction" : "vertex", at, arc: arc.id, index });
    }
    if (index < last) handles.push({ kind: "middle", at: middle(at, arc.line[index + 1]), arc: arc.id, index });
  });
  return handles;
}

/**
 * Only those with room: junctions first, then vertices, then middles; the others come when one looks closer.
 * @param {Handle[]} handles
 * @param {(at: Point) => {x: number, y: number}} project
 * @param {number} gap_px
 */
export function withRoom(handles, project, gap_px) {
  /** @type {Map<string, {x: number, y: number}[]>} */
  const cells = new Map();
  const kept = new Set();
  for (const kind of ["junction", "vertex", "middle"]) {
    for (const handle of handles) {
      if (handle.kind !== kind) continue;
      const { x, y } = project(handle.at);
      const [column, row] = [Math.floor(x / gap_px), Math.floor(y / gap_px)];
      const near = [-1, 0, 1].flatMap((dx) => [-1, 0, 1].flatMap((dy) => cells.get(`${column + dx},${row + dy}`) ?? []));
      if (near.some((other) => Math.hypot(other.x - x, other.y - y) < gap_px)) continue;
      const cell = `${column},${row}`;
      cells.set(cell, [...(cells.get(cell) ?? []), { x, y }]);
      kept.add(handle);
    }
  }
  return handles.filter((handle) => kept.has(handle));
}

/**
 * A handle on the borders as they are now: an answer that came while it was moved gave them other ids. Null where its point is gone.
 * @param {Arc[]} arcs @param {Handle} handle
 * @returns {{arc: Arc, handle: Handle} | null}
 */
export function found(arcs, handle) {
  const isMiddle = handle.kind === "middle";
  const indexIn = (/** @type {Arc} */ arc) => arc.line.findIndex((point, k) => (isMiddle ? k < arc.line.length - 1 && isSame(middle(point, arc.line[k + 1]), handle.at) : isSame(point, handle.at)));
  const own = arcs.filter(({ id }) => id === handle.arc);
  for (const arc of [...own, ...arcs.filter(isMovable)]) {
    const index = indexIn(arc);
    if (index >= 0) return { arc, handle: { ...handle, arc: arc.id, index } };
  }
  return null;
}

/** @param {Arc} arc @returns {[string, string]} */
const between = (arc) => [/** @type {string} */ (arc.left), /** @type {string} */ (arc.right)];

/**
 * What moving a handle asks of the server.
 * @param {Arc} arc @param {Handle} handle @param {Point} to
 */
export function moveOperation(arc, handle, to) {
  if (handle.kind !== "middle") return { kind: "move_vertex", at: handle.at, to };
  return { kind: "reshape", between: between(arc), line: [arc.line[handle.index], to, arc.line[handle.index + 1]] };
}

/**
 * What taking a vertex out asks; null where it cannot go: junctions, and what would leave no line.
 * @param {Arc} arc @param {Handle} handle
 */
export function removeOperation(arc, handle) {
  if (handle.kind !== "vertex" || arc.line.length < 3) return null;
  const last = arc.line.length - 1;
  const isRing = isSame(arc.line[0], arc.line[last]);
  if (isRing && arc.line.length < 5) return null;
  const before = arc.line[handle.index - 1] ?? arc.line[last - 1];
  return { kind: "reshape", between: between(arc), line: [before, arc.line[handle.index + 1]] };
}

/**
 * The lines as they would be with a handle elsewhere.
 * @param {Iterable<Arc>} arcs @param {Handle} handle @param {Point} to
 * @returns {Point[][]}
 */
export function movedLines(arcs, handle, to) {
  const lines = [];
  for (const arc of arcs) {
    if (handle.kind === "middle") {
      if (arc.id === handle.arc) lines.push([...arc.line.slice(0, handle.index + 1), to, ...arc.line.slice(handle.index + 1)]);
    } else if (arc.line.some((point) => isSame(point, handle.at))) {
      lines.push(arc.line.map((point) => (isSame(point, handle.at) ? to : point)));
    }
  }
  return lines;
}

/**
 * The leaves that meet at a point, for pulling one of them back from it.
 * @param {Iterable<Arc>} arcs @param {Point} at
 */
export function leavesAt(arcs, at) {
  const codes = new Set();
  for (const arc of arcs) if ([arc.line[0], arc.line[arc.line.length - 1]].some((end) => isSame(end, at))) [arc.left, arc.right].forEach((code) => code && codes.add(code));
  return [...codes].sort();
}

/**
 * Borders with the vertex moves that are still on their way, so that the next one starts from where the last one ended.
 * @template {Arc} T
 * @param {T[]} arcs @param {{operation?: any}[]} waiting
 * @returns {T[]}
 */
export function shifted(arcs, waiting) {
  const moves = waiting.map(({ operation }) => operation).filter((operation) => operation?.kind === "move_vertex");
  const place = (/** @type {Point} */ point) => moves.reduce((at, move) => (isSame(at, move.at) ? move.to : at), point);
  return moves.length ? arcs.map((arc) => ({ ...arc, line: arc.line.map(place) })) : arcs;
}
