// Handles as buttons over the map: each can be dragged by mouse, pen and finger, and reached and moved by keyboard.
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { distance_m, moved } from "./geometry.js";
import { withRoom } from "./handles.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./handles.js").Handle} Handle */
/**
 * @typedef {object} HandleCallbacks
 * @property {(handle: Handle, to: Point, options: {isSnapping: boolean}) => Point} moving shows the handle at a place; returns where it comes to lie
 * @property {(handle: Handle, to: Point) => void} dropped
 * @property {() => void} cancelled
 * @property {(handle: Handle) => void} clicked pressed and let go where it was
 * @property {(handle: Handle) => void} removed
 * @property {(handle: Handle) => void} focused
 */

const GAP_PX = 15;
const TOUCH_GAP_PX = 26;
const STEP_M = 1;
const FAR_STEP_M = 10;
const NUDGE_WAIT_MS = 900;
const ARROWS = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] });

export class HandleLayer {
  /** @param {HTMLElement} element @param {import("./map-view.js").PlannerMap} view @param {HandleCallbacks} tell */
  constructor(element, view, tell) {
    this.element = element;
    this.view = view;
    this.tell = tell;
    /** @type {Handle[]} */
    this.handles = [];
    /** @type {{handle: Handle, button: HTMLElement}[]} */
    this.drawn = [];
    /** @type {{handle: Handle, button: HTMLElement, at: Point, timer: number} | null} moved by keys, not yet sent */
    this.nudged = null;
    this.dragging = false;
    /** @type {Point | null} where the focus belongs when the handles come anew */
    this.focusAt = null;
    view.map.on("move", () => this.place());
    view.map.on("moveend", () => this.draw());
  }

  /** @param {Handle[]} handles */
  set(handles) {
    this.handles = handles;
    this.draw();
  }

  draw() {
    if (this.dragging || this.nudged) return this.place();
    const before = this.drawn.find(({ button }) => button === document.activeElement);
    const wanted = this.focusAt ?? before?.handle.at ?? null;
    const size = this.view.map.getCanvas().getBoundingClientRect();
    const gap = matchMedia("(pointer: coarse)").matches ? TOUCH_GAP_PX : GAP_PX;
    const inView = this.handles.filter(({ at }) => {
      const { x, y } = this.view.project(at);
      return x > -20 && y > -20 && x < size.width + 20 && y < size.height + 20;
    });
    const shown = withRoom(inView, (at) => this.view.project(at), gap);
    const counted = shown.filter(({ kind }) => kind !== "middle").length;
    let n = 0;
    this.drawn = shown.map((handle) => {
      n += handle.kind === "middle" ? 0 : 1;
      return { handle, button: this.button(handle, n, counted) };
    });
    fill(this.element, this.drawn.map(({ button }) => button));
    this.place();
    if (wanted) this.focusNear(wanted);
  }

  /** @param {Point} at */
  focusNear(at) {
    const near = this.drawn.filter(({ handle }) => handle.kind !== "middle").sort((a, b) => distance_m(at, a.handle.at) - distance_m(at, b.handle.at))[0];
    if (!near) return;
    this.focusAt = null;
    near.button.focus({ preventScroll: true });
  }

  place() {
    for (const { handle, button } of this.drawn) this.put(button, this.nudged?.handle === handle ? this.nudged.at : handle.at);
  }

  /** @param {HTMLElement} button @param {Point} at */
  put(button, at) {
    const { x, y } = this.view.project(at);
    button.style.transform = `translate(${x}px, ${y}px)`;
  }

  /** @param {Handle} handle @param {number} n @param {number} all */
  button(handle, n, all) {
    const label = t(`planner.handle_${handle.kind}`, { n, all });
    const button = h("button", { type: "button", class: `handle handle--${handle.kind}`, "aria-label": label, "data-handle": handle.kind, "data-lon": handle.at[0], "data-lat": handle.at[1], tabindex: handle.kind === "middle" ? -1 : 0 });
    button.addEventListener("pointerdown", (event) => this.grab(event, handle, button));
    button.addEventListener("keydown", (event) => this.key(event, handle, button));
    button.addEventListener("focus", () => this.tell.focused(handle));
    button.addEventListener("blur", () => this.commit());
    return button;
  }

  /** @param {PointerEvent} event @param {Handle} handle @param {HTMLElement} button */
  grab(event, handle, button) {
    if (event.button !== 0) return;
    event.preventDefault();
    button.focus({ preventScroll: true });
    button.setPointerCapture(event.pointerId);
    this.dragging = true;
    let to = handle.at;
    let isMoved = false;
    const start = [event.clientX, event.clientY];
    const move = (/** @type {PointerEvent} */ now) => {
      if (!isMoved && Math.hypot(now.clientX - start[0], now.clientY - start[1]) < 3) return;
      isMoved = true;
      to = this.tell.moving(handle, this.view.placeOf(now), { isSnapping: !now.altKey });
      this.put(button, to);
    };
    const end = (/** @type {boolean} */ isKept) => {
      this.dragging = false;
      for (const [name, listener] of Object.entries(listeners)) button.removeEventListener(name, /** @type {any} */ (listener));
      document.removeEventListener("keydown", escape, true);
      if (isKept && isMoved) {
        this.focusAt = to;
        this.tell.dropped(handle, to);
      } else {
        this.put(button, handle.at);
        this.tell.cancelled();
        if (isKept) this.tell.clicked(handle);
      }
    };
    const escape = (/** @type {KeyboardEvent} */ key) => {
      if (key.key !== "Escape") return;
      key.preventDefault();
      key.stopPropagation();
      end(false);
    };
    const listeners = { pointermove: move, pointerup: () => end(true), pointercancel: () => end(false) };
    for (const [name, listener] of Object.entries(listeners)) button.addEventListener(name, /** @type {any} */ (listener));
    document.addEventListener("keydown", escape, true);
  }

  /** @param {KeyboardEvent} event @param {Handle} handle @param {HTMLElement} button */
  key(event, handle, button) {
    const arrow = ARROWS[event.key];
    if (arrow) {
      const step = event.shiftKey ? FAR_STEP_M : STEP_M;
      this.nudge(handle, button, arrow[0] * step, arrow[1] * step);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.focusAt = handle.at;
      this.tell.removed(handle);
    } else if (event.key === "Enter") {
      if (this.nudged) this.commit();
      else this.tell.clicked(handle);
    } else if (event.key === "Escape" && this.nudged) {
      this.drop();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {Handle} handle @param {HTMLElement} button @param {number} east_m @param {number} north_m */
  nudge(handle, button, east_m, north_m) {
    const from = this.nudged?.handle === handle ? this.nudged.at : handle.at;
    clearTimeout(this.nudged?.timer);
    const at = this.tell.moving(handle, moved(from, east_m, north_m), { isSnapping: false });
    this.nudged = { handle, button, at, timer: window.setTimeout(() => this.commit(), NUDGE_WAIT_MS) };
    this.put(button, at);
  }

  /** What the arrows moved is one edit. */
  commit() {
    if (!this.nudged) return;
    const { handle, at, timer, button } = this.nudged;
    clearTimeout(timer);
    this.nudged = null;
    if (button === document.activeElement) this.focusAt = at;
    this.tell.dropped(handle, at);
    this.draw(); // what came while it was moved
  }

  drop() {
    if (!this.nudged) return;
    clearTimeout(this.nudged.timer);
    this.nudged = null;
    this.place();
    this.tell.cancelled();
  }
}
