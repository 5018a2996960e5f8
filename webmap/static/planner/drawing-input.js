// What a person draws on the map: points by click, tap and keyboard, a ring by dragging; told on as places, snapped.
import { DRAWS, isReady, thinned, withPoint } from "./drawing.js";
import { distance_m } from "./geometry.js";
import { snap } from "./snapping.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./snapping.js").Snap} Snap */
/**
 * @typedef {object} DrawingCallbacks
 * @property {() => {tool: string, mayDraw: boolean, arcs: Iterable<import("./snapping.js").Arc>, hasTarget: boolean}} state
 * @property {(at: Point, isWhole: boolean) => void} picked a click of a tool that draws nothing; with Shift all that belongs together
 * @property {(line: Point[], cursor: Snap | {at: Point, on: null} | null) => void} drawn the line so far, and where the pointer is
 * @property {(line: Point[]) => void} finished
 */

const SNAP_PX = 12;
const TOUCH_SNAP_PX = 22;
const CLOSE_PX = 14;
const LASSO_GAP_PX = 4;

export class DrawingInput {
  /** @param {import("./map-view.js").PlannerMap} view @param {DrawingCallbacks} tell */
  constructor(view, tell) {
    this.view = view;
    this.tell = tell;
    /** @type {Point[]} */
    this.line = [];
    /** @type {Point[] | null} a ring being dragged */
    this.lasso = null;
    this.isTouch = false;
    const { map } = view;
    map.on("click", (/** @type {any} */ event) => this.click([event.lngLat.lng, event.lngLat.lat], event.originalEvent.shiftKey));
    map.on("dblclick", () => this.finish());
    map.on("mousemove", (/** @type {any} */ event) => this.move([event.lngLat.lng, event.lngLat.lat]));
    map.on("mouseout", () => this.tell.drawn(this.line, null));
    const [down, moves, up] = /** @type {(keyof import("../vendor/maplibre-gl-6.17.0/maplibre-gl.mjs").MapEventType)[][]} */ ([["mousedown", "touchstart"], ["mousemove", "touchmove"], ["mouseup", "touchend"]]);
    for (const name of down) map.on(name, (/** @type {any} */ event) => this.press(event));
    for (const name of moves) map.on(name, (/** @type {any} */ event) => this.drag(event));
    for (const name of up) map.on(name, () => this.release());
    map.on("touchcancel", () => this.cancel());
  }

  get kind() {
    const { tool, mayDraw } = this.tell.state();
    return mayDraw || tool === "measure" ? DRAWS[tool] ?? null : null;
  }

  /** @param {Point} at @returns {Snap | {at: Point, on: null}} */
  snapped(at) {
    const { tool, arcs } = this.tell.state();
    const reach = this.view.metres(this.isTouch ? TOUCH_SNAP_PX : SNAP_PX);
    return (tool !== "measure" && snap(at, arcs, reach)) || { at, on: null };
  }

  /** @param {Point} at @param {boolean} isWhole */
  click(at, isWhole) {
    const { tool } = this.tell.state();
    if (!this.kind || tool === "paint") return this.tell.picked(at, isWhole);
    this.add(at);
  }

  /** @param {Point} at */
  add(at) {
    const { tool } = this.tell.state();
    const cursor = this.snapped(at);
    const [first] = this.line;
    if (this.kind === "ring" && isReady(tool, this.line) && distance_m(first, at) < this.view.metres(CLOSE_PX)) return this.finish();
    const before = this.line.length;
    this.line = withPoint(this.line, cursor.at);
    this.tell.drawn(this.line, cursor);
    // a line that comes to a border is done
    if ((tool === "split" || tool === "push") && before > 0 && cursor.on && this.line.length > before) this.finish();
  }

  /** @param {Point} at */
  move(at) {
    if (!this.kind || this.lasso) return;
    if (this.tell.state().tool === "paint") return;
    this.tell.drawn(this.line, this.snapped(at));
  }

  /** The middle of the map as a point: drawing by keyboard. */
  addCenter() {
    if (this.kind) this.add(this.view.center());
  }

  /** @param {any} event */
  press(event) {
    this.isTouch = event.type === "touchstart";
    const { tool, hasTarget, mayDraw } = this.tell.state();
    if (tool !== "paint" || !hasTarget || !mayDraw || (event.points?.length ?? 1) > 1) return;
    event.preventDefault();
    this.lasso = [[event.lngLat.lng, event.lngLat.lat]];
  }

  /** @param {any} event */
  drag(event) {
    if (!this.lasso) return;
    this.lasso.push([event.lngLat.lng, event.lngLat.lat]);
    this.tell.drawn(this.lasso, null);
  }

  release() {
    if (!this.lasso) return;
    const ring = thinned(this.lasso, this.view.metres(LASSO_GAP_PX));
    this.lasso = null;
    if (isReady("paint", ring)) this.tell.finished(ring);
    else this.tell.drawn([], null);
  }

  /** @returns {boolean} whether there was something to finish */
  finish() {
    const { tool } = this.tell.state();
    if (tool === "paint" || !isReady(tool, this.line)) return false;
    const { line } = this;
    if (tool !== "measure") this.line = [];
    this.tell.finished(line);
    return true;
  }

  /** @returns {boolean} whether there was a point to take back */
  back() {
    if (!this.line.length) return false;
    this.line = this.line.slice(0, -1);
    this.tell.drawn(this.line, null);
    return true;
  }

  /** @returns {boolean} whether there was a line to drop */
  cancel() {
    const had = this.line.length > 0 || this.lasso !== null;
    this.line = [];
    this.lasso = null;
    this.tell.drawn([], null);
    return had;
  }
}
