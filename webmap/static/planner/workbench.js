// The map of a draft and everything over it: handles, lines in progress, callout, hints, refusals.
import { fill, find, h } from "../dom.js";
import { nameOf, t } from "../i18n.js";
import { toast } from "../parts/toast.js";
import { arcsOfPair, groupOf, nextName } from "./draft.js";
import { DRAWS, cutOutOperation, handOverOperation, isNeighbour, leafAt, leafOf, measured, mergeOperation, pushOperation, splitOperation } from "./drawing.js";
import { DrawingInput } from "./drawing-input.js";
import { boundsOf, distance_m } from "./geometry.js";
import { HandleLayer } from "./handle-layer.js";
import { found, handlesOf, isMovable, leavesAt, moveOperation, movedLines, outlineOf, pairOf, removeOperation, shifted } from "./handles.js";
import { hintOf, legendOf } from "./hints.js";
import { EMPTY, collection, dataOf, feature, line as lineOf } from "./map-layers.js";
import { plannerMap } from "./map-view.js";
import { conflictBox, refusedBox, waitingBox } from "./messages.js";
import { arcsNear, snap } from "./snapping.js";
import { UnitBrush } from "./unit-brush.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./handles.js").Handle} Handle */

const PICK_PX = 9;
const HANDLE_SNAP_PX = 9;

export class Workbench {
  /** @param {import("./page.js").DraftPage} page */
  constructor(page) {
    this.page = page;
    /** @type {import("./map-view.js").PlannerMap | null} */
    this.view = null;
    /** @type {HandleLayer | null} */
    this.handles = null;
    /** @type {DrawingInput | null} */
    this.input = null;
    /** @type {string[]} leaves to be made one; the first one stays */
    this.merging = [];
    /** @type {string | null} who gets what is painted */
    this.target = null;
    this.brush = new UnitBrush(page, () => this.draw());
    /** @type {Point[] | null} a finished ring that waits for a target */
    this.ring = null;
    /** @type {string | null} the leaf that is pulled back from a junction, instead of moving all */
    this.pulled = null;
    /** @type {Handle | null} the junction at hand */
    this.junction = null;
    this.fingerprint = "";
    /** @type {{drawn: any[], places: any[]}} what a file would draw, and where it is wrong */
    this.file = { drawn: [], places: [] };
  }

  async start() {
    if (this.view) return;
    this.view = await plannerMap(find("#map"));
    if (!this.view) return;
    this.handles = new HandleLayer(find("#handles"), this.view, {
      moving: (handle, to, { isSnapping }) => this.moving(handle, to, isSnapping),
      dropped: (handle, to) => this.dropped(handle, to),
      cancelled: () => this.sketch([], null),
      clicked: (handle) => this.clicked(handle),
      removed: (handle) => this.removed(handle),
      focused: (handle) => this.focused(handle),
    });
    this.input = new DrawingInput(this.view, {
      state: () => ({ tool: this.page.place.tool, mayDraw: this.page.mayEdit && !this.ring, arcs: this.page.draft.arcs.values(), hasTarget: this.target !== null && !this.brush.isOn }),
      picked: (at, isWhole) => this.picked(at, isWhole),
      drawn: (line, cursor) => this.drawn(line, cursor),
      finished: (line) => this.finished(line),
    });
  }

  /** Draws what the page knows now. */
  draw() {
    const { page, view } = this;
    const { place, draft, today } = page;
    find("#map-area").dataset.tool = place.tool;
    this.drawMessage();
    fill(find("#hint"), this.hint());
    fill(find("#legend"), legendOf(place));
    if (!view) return;
    const focus = new Set(page.selectedCodes().map((code) => groupOf(draft.areas, code)).filter((code) => code !== null));
    const targets = [...this.merging, ...(this.target ? [this.target] : [])];
    const words = { name: (/** @type {any} */ area) => nameOf(area) || t("planner.unnamed"), households: t("planner.unit_households") };
    const waiting = [...page.sender.waiting.flatMap(({ lines }) => lines ?? []).map((points) => feature(lineOf(points))), ...this.file.drawn];
    view.show({ ...dataOf(draft, today, { view: place.view, sel: place.sel, focus, targets, words }), "plan-waiting": collection(waiting), "plan-units": page.mayEdit ? this.brush.data() : EMPTY, ...this.faultData() });
    this.drawHandles();
    if (this.brush.isOn && this.target && page.mayEdit) this.brush.load(groupOf(draft.areas, this.target) ?? "");
  }

  /** The borders as they will be once what is on its way has arrived. */
  arcs() {
    return shifted([...this.page.draft.arcs.values()], this.page.sender.waiting);
  }

  drawHandles() {
    const { page } = this;
    const { place } = page;
    const arcs = this.arcs();
    const isOn = page.mayEdit && page.refused?.fault.code !== "plan.conflict";
    const chosen = !isOn ? [] : place.tool === "junction" ? arcs.filter(isMovable) : place.sel?.kind === "border" && (place.tool === "select" || place.tool === "push") ? arcsOfPair(arcs, place.sel.id) : [];
    const outline = outlineOf(arcs);
    const handles = chosen.flatMap((arc) => handlesOf(arc, outline));
    this.handles?.set(place.tool === "junction" ? once(handles.filter(({ kind }) => kind === "junction")) : handles);
  }

  faultData() {
    const { refused } = this.page;
    const places = refused?.fault.detail?.places?.features ?? [];
    const { mine, theirs, by } = refused?.fault.detail ?? {};
    const others = [...(theirs ?? []), ...(by ? [by] : [])];
    const lines = [...others.map((/** @type {any} */ one) => feature(one.lines, { who: "theirs" })), ...(mine?.lines ? [feature(mine.lines, { who: "mine" })] : [])].filter(({ geometry }) => geometry);
    return { "plan-places": collection([...places, ...this.file.places].filter((/** @type {any} */ one) => one.geometry)), "plan-theirs": collection(lines) };
  }

  drawMessage() {
    const { page } = this;
    const { refused, sender } = page;
    const close = () => {
      page.refused = null;
      page.render();
    };
    /** @type {any} */
    let box = null;
    if (refused?.fault.code === "plan.conflict") box = conflictBox(refused.fault, { redo: () => page.solve("redo"), see: () => this.showFault(), drop: () => page.solve("drop") });
    else if (refused) box = refusedBox(refused.fault, { zoom: this.faultGeometries().length ? () => this.showFault() : null, close, areas: page.draft.areas });
    else if (this.ring) box = this.ringBox(this.ring);
    else if (sender.isCut && sender.waiting.length) box = waitingBox(sender.waiting.length, () => sender.pump());
    const holder = find("#message");
    const print = box ? `${box.dataset.refused ?? ""}${box.dataset.waiting ?? ""}${box.dataset.ring ?? ""}${refused?.fault.requestId ?? ""}` : "";
    if (print && print === this.fingerprint) return; // the same box stays as it is, with its focus
    this.fingerprint = print;
    fill(holder, box);
  }

  hint() {
    const { page } = this;
    const { tool } = page.place;
    if (!page.mayEdit && tool !== "measure") return null;
    const line = this.input?.line ?? [];
    const acts = [];
    if (tool === "merge" && this.merging.length > 1) acts.push(h("button", { type: "button", class: "button button--main button--small", "data-act": "merge", onclick: () => this.merge() }, t("planner.merge_n", { n: this.merging.length })));
    if (tool === "paint" && this.target) acts.push(...this.brush.acts(this.target, page.nameOf(this.target)));
    if (tool === "junction" && this.junction) acts.push(this.pullField(this.junction));
    if (tool === "measure" && line.length > 1) acts.push(h("b", null, measureWords(line)));
    const words = hintOf(tool, { points: line.length, merging: this.merging.map((code) => page.nameOf(code)), target: this.target ? page.nameOf(this.target) : "", isByBlocks: this.brush.isOn, sel: page.place.sel });
    return words || acts.length ? [h("span", null, words), acts] : null;
  }

  /** Moving a junction takes all its borders along, or pulls one leaf back from it. @param {Handle} junction */
  pullField(junction) {
    const leaves = leavesAt(this.page.draft.arcs.values(), junction.at);
    const choose = (/** @type {Event} */ event) => {
      this.pulled = /** @type {HTMLSelectElement} */ (event.target).value || null;
    };
    return h("select", { class: "input planner__pull", "aria-label": t("planner.pull"), onchange: choose }, h("option", { value: "" }, t("planner.pull_all")), leaves.map((code) => h("option", { value: code, selected: code === this.pulled }, t("planner.pull_one", { name: this.page.nameOf(code) }))));
  }

  /** @param {Handle} handle @param {Point} to @param {boolean} isSnapping @returns {Point} */
  moving(handle, to, isSnapping) {
    const arcs = this.arcs();
    const view = /** @type {import("./map-view.js").PlannerMap} */ (this.view);
    const own = arcs.filter((arc) => arc.id === handle.arc || arc.line.some((point) => distance_m(point, handle.at) < 0.01)).map(({ id }) => id);
    const found = isSnapping ? snap(to, arcs.filter(({ id }) => !own.includes(id)), view.metres(HANDLE_SNAP_PX)) : null;
    const at = found?.at ?? to;
    this.sketch(movedLines(arcs, handle, at), found ? at : null);
    this.callout(at, t(found ? "planner.moved_snapped" : "planner.moved_by", { m: distance_m(handle.at, at).toFixed(1) }));
    return at;
  }

  /** @param {Handle} handle @param {Point} to */
  dropped(handle, to) {
    const { place } = this.page;
    this.callout(null);
    const arcs = this.arcs();
    const now = found(arcs, handle);
    if (!now) return this.gone();
    const lines = movedLines(arcs, now.handle, to);
    const isPulled = place.tool === "junction" && this.pulled && handle.kind === "junction";
    const operation = isPulled ? { kind: "split_junction", at: handle.at, to, leaf: this.pulled } : moveOperation(now.arc, now.handle, to);
    this.sketch([], null);
    this.page.edit(operation, lines);
  }

  /** A new course of the border begins or ends at a vertex that is there. @param {Handle} handle */
  clicked(handle) {
    if (this.page.place.tool === "push") this.input?.add(handle.at);
  }

  /** @param {Handle} handle */
  removed(handle) {
    const now = found(this.arcs(), handle);
    if (!now) return this.gone();
    const operation = removeOperation(now.arc, now.handle);
    if (!operation) return toast(t("planner.not_removable"));
    this.page.edit(operation, [/** @type {any} */ (operation.line)]);
  }

  /** Somebody else took away what was to be moved. */
  gone() {
    this.sketch([], null);
    toast(t("planner.point_gone"), null, { late: true });
    this.drawHandles();
  }

  /** @param {Handle} handle */
  focused(handle) {
    if (this.page.place.tool !== "junction" || this.junction?.at === handle.at) return;
    this.junction = handle;
    this.pulled = null;
    fill(find("#hint"), this.hint());
  }

  /** A click where nothing is drawn. @param {Point} at @param {boolean} isWhole with Shift */
  picked(at, isWhole) {
    const { page } = this;
    const { tool, view: shown } = page.place;
    const draft = shown === "today" ? page.today : page.draft;
    const leaf = leafAt(at, draft.areas.values());
    if (this.ring) return leaf ? this.handOver(this.ring, leaf) : undefined;
    if (tool === "merge" && page.mayEdit) return leaf ? this.pickMerging(leaf) : undefined;
    if (tool === "paint" && page.mayEdit) {
      if (this.brush.isOn && this.target) return this.brush.pick(at, isWhole, this.target);
      this.target = leaf;
      return this.draw();
    }
    const reach = /** @type {import("./map-view.js").PlannerMap} */ (this.view).metres(PICK_PX);
    const [near] = arcsNear(at, [...draft.arcs.values()].filter(isMovable), reach);
    if (near && shown !== "today") return page.select({ kind: "border", id: pairOf(near.arc) });
    page.select(leaf ? { kind: "area", id: leaf } : null);
  }

  /** @param {string} leaf */
  pickMerging(leaf) {
    if (this.merging.includes(leaf)) this.merging = this.merging.filter((code) => code !== leaf);
    else if (this.merging.length && !isNeighbour(leaf, this.merging, this.page.draft.arcs.values())) return toast(t("planner.no_neighbour"));
    else this.merging = [...this.merging, leaf];
    this.draw();
  }

  merge() {
    if (this.merging.length < 2) return false;
    const operation = mergeOperation(this.merging);
    this.merging = [];
    this.page.edit(operation, []);
  }

  /** @param {Point[]} line @param {{at: Point, on: string | null} | null} cursor */
  drawn(line, cursor) {
    const { tool } = this.page.place;
    const last = line[line.length - 1];
    const next = cursor && last ? [feature(lineOf([last, cursor.at]), { part: "next" })] : [];
    const isRing = DRAWS[tool] === "ring";
    const parts = [
      isRing && line.length > 2 && feature({ type: "Polygon", coordinates: [[...line, line[0]]] }),
      line.length > 1 && feature(lineOf(isRing && tool === "paint" ? [...line, line[0]] : line)),
      ...next,
      ...(tool === "paint" ? [] : line.map((point) => feature({ type: "Point", coordinates: point }, { part: "dot" }))),
      cursor?.on && feature({ type: "Point", coordinates: cursor.at }, { part: "snap" }),
    ].filter(Boolean);
    this.view?.show({ "plan-sketch": collection(parts) });
    const words = cursor?.on && tool !== "measure" ? t(line.length && (tool === "split" || tool === "push") ? "planner.snapped_finish" : `planner.snapped_${cursor.on}`) : tool === "measure" && cursor && last ? measureWords([...line, cursor.at]) : "";
    this.callout(words ? /** @type {any} */ (cursor).at : null, words);
    fill(find("#hint"), this.hint());
  }

  /** @param {Point[][]} lines @param {Point | null} ring */
  sketch(lines, ring) {
    this.callout(null);
    this.view?.show({ "plan-sketch": collection([...lines.map((points) => feature(lineOf(points))), ...(ring ? [feature({ type: "Point", coordinates: ring }, { part: "snap" })] : [])]) });
  }

  /** @param {Point | null} at @param {string} [words] */
  callout(at, words = "") {
    const element = find("#callout");
    element.hidden = !at;
    if (!at || !this.view) return;
    const { x, y } = this.view.project(at);
    element.textContent = words;
    element.style.transform = `translate(${x + 16}px, ${y - 40}px)`;
  }

  /** @param {Point[]} line */
  finished(line) {
    const { page } = this;
    const { draft, place } = page;
    const arcs = [...draft.arcs.values()];
    this.callout(null);
    if (place.tool === "measure") return this.draw();
    if (place.tool === "cut") {
      if (page.refused?.fault.code !== "plan.conflict") page.refused = null; // what was said before is over
      this.ring = line;
      return this.draw();
    }
    if (place.tool === "paint") return this.handOver(line, /** @type {string} */ (this.target));
    const operation = place.tool === "split" ? splitOperation(line, draft.areas.values()) : pushOperation(line, arcs, draft.areas, place.sel?.kind === "border" ? place.sel.id : null);
    this.view?.show({ "plan-sketch": EMPTY });
    if (!operation) {
      toast(t(place.tool === "split" ? "planner.split_nowhere" : "planner.push_nowhere"), null, { late: true });
      return this.restore(line);
    }
    const values = operation.kind === "split" ? { values: nextName(draft.areas.values(), draft.areas.get(leafOf(line, draft.areas.values()) ?? "")?.parent ?? null) } : {};
    page.edit({ ...operation, ...values }, [line]);
  }

  /** A refused line stays to be mended: its last point is taken off. @param {Point[]} line */
  restore(line) {
    if (!this.input) return;
    this.input.line = line.slice(0, -1);
    this.drawn(this.input.line, null);
  }

  /** @param {Point[]} ring @param {string} to */
  handOver(ring, to) {
    this.ring = null;
    this.view?.show({ "plan-sketch": EMPTY });
    this.page.edit(handOverOperation(ring, to), [[...ring, ring[0]]]);
  }

  /** Who gets what the ring encloses: a click on a grid, one from the list, or a grid of its own. @param {Point[]} ring */
  ringBox(ring) {
    const { page } = this;
    const { areas } = page.draft;
    const from = leafOf([...ring, ring[0]], areas.values());
    const parent = from ? groupOf(areas, from) : null;
    // who may get it most likely: a neighbour in the village, the others of the village, all others, and last whose it is
    const rank = (/** @type {any} */ area) => (area.code === from ? 3 : area.parent !== parent ? 2 : from && isNeighbour(area.code, [from], page.draft.arcs.values()) ? 0 : 1);
    const leaves = [...areas.values()].filter((area) => area.is_leaf).sort((a, b) => rank(a) - rank(b) || (a.code < b.code ? -1 : 1));
    const select = h("select", { class: "input", "aria-label": t("planner.ring_to") }, leaves.map((area) => h("option", { value: area.code }, nameOf(area) || area.code)));
    const name = h("input", { class: "input", name: "cut_name", "aria-label": t("planner.name"), maxlength: 200, value: nextName(areas.values(), parent).name ?? "" });
    const asNew = () => {
      this.ring = null;
      this.view?.show({ "plan-sketch": EMPTY });
      page.edit(cutOutOperation(ring, { ...(name.value.trim() && { name: name.value.trim() }), kind: "exclusive" }), [[...ring, ring[0]]]);
    };
    const drop = () => {
      this.cancel();
      this.draw();
    };
    const title = t("planner.ring", { ha: (measured(ring).area_m2 / 10_000).toFixed(1) });
    return h(
      "div",
      { class: "planner__box", "data-ring": ring.length, role: "group", "aria-label": title },
      h("b", null, title),
      h("p", { class: "small" }, t("planner.ring_words")),
      h("div", { class: "planner__line" }, select, h("button", { type: "button", class: "button button--main button--small", "data-act": "hand-over", onclick: () => this.handOver(ring, select.value) }, t("planner.hand_over"))),
      h("div", { class: "planner__line" }, name, h("button", { type: "button", class: "button button--small", "data-act": "cut-out", onclick: asNew }, t("planner.cut_out"))),
      h("button", { type: "button", class: "button button--small button--plain", onclick: drop }, t("common.cancel")),
    );
  }

  /** A drawn line that was refused comes back, so that nothing drawn is lost. @param {import("./outbox.js").Sending} sending @param {import("../api.js").ApiError} fault */
  refused(sending, fault) {
    if (fault.code === "plan.conflict" || !sending.operation) return;
    const { kind, line, polygons } = sending.operation;
    if (kind === "split" && this.page.place.tool === "split") this.restore(line);
    if (kind === "reshape" && this.page.place.tool === "push") this.restore(line);
    if ((kind === "cut_out" || kind === "hand_over") && this.page.place.tool === "cut") this.ring = polygons[0][0];
  }

  /** What a file would draw, dashed, and the places of its faults in red. @param {any[]} drawn @param {any[]} places */
  showFile(drawn, places) {
    this.file = { drawn, places };
    this.draw();
  }

  faultGeometries() {
    const data = this.faultData();
    return [...data["plan-places"].features, ...data["plan-theirs"].features].map(({ geometry }) => geometry);
  }

  showFault() {
    this.view?.fit(this.faultGeometries(), { maxZoom: 18, padding: 140 });
  }

  /** What sources of the map show. @param {Record<string, any>} data */
  show(data) {
    this.view?.show(data);
  }

  /** Places that somebody else names, in red. @param {any[]} features */
  showFound(features) {
    this.view?.fit(features.map(({ geometry }) => geometry), { maxZoom: 16.5 });
    this.show({ "plan-places": collection(features) });
  }

  /** @param {import("./draft.js").Check} check */
  showPlaces(check) {
    const geometries = check.places.features.map((/** @type {any} */ one) => one.geometry);
    const areas = check.codes.map((code) => this.page.draft.areas.get(code)?.geometry).filter(Boolean);
    this.view?.fit(geometries.length > 1 || !areas.length ? geometries : areas, { maxZoom: 16.5 });
    this.view?.show({ "plan-places": collection(check.places.features) });
    find("#map-area").scrollIntoView({ block: "nearest" });
  }

  /** The selection, else what changed, else the town. @param {boolean} isAtOnce */
  showWhole(isAtOnce) {
    const { draft, place } = this.page;
    if (place.sel && this.page.selectedCodes().length) return this.showSelected(isAtOnce);
    const changed = [...draft.areas.values()].filter((area) => area.is_leaf && (area.is_new || area.is_changed));
    this.view?.fit((changed.length ? changed : [...draft.areas.values()].filter(({ level }) => level === "town")).map(({ geometry }) => geometry), { isAtOnce, padding: 50 });
  }

  /** @param {boolean} [isAtOnce] */
  showSelected(isAtOnce = false) {
    const { draft, place } = this.page;
    const codes = this.page.selectedCodes();
    if (!codes.length || !this.view) return;
    const geometries = place.sel?.kind === "border" ? arcsOfPair(draft.arcs.values(), place.sel.id).map((arc) => lineOf(arc.line)) : codes.map((code) => draft.areas.get(groupOf(draft.areas, code) ?? code)?.geometry);
    if (boundsOf(geometries)) this.view.fit(geometries, { isAtOnce, padding: place.sel?.kind === "border" ? 120 : 60 });
  }

  /** Others moved borders: a line in progress stays, and is judged by the server. */
  lineMoved() {
    if (this.input?.line.length) this.drawn(this.input.line, null);
  }

  finish() {
    if (this.brush.isOn && this.target) return this.brush.give(this.target);
    if (this.page.place.tool === "merge") return this.merge() !== false;
    return this.input?.finish() ?? false;
  }

  addCenter() {
    if (this.brush.isOn && this.target && this.view) return this.brush.pick(this.view.center(), false, this.target);
    if (!this.input?.kind || this.ring) return false;
    this.input.addCenter();
  }

  back() {
    return this.input?.back() ?? false;
  }

  /** Esc: the line, then the tool's choice, then the tool, then the selection. */
  escape() {
    const { page } = this;
    if (this.cancel()) return this.draw();
    if (page.refused && page.refused.fault.code !== "plan.conflict") {
      page.refused = null;
      return page.render();
    }
    if (page.place.tool !== "select") return page.go({ tool: "select" });
    if (page.place.sel) return page.select(null);
    return false;
  }

  /** @returns {boolean} whether something was in progress */
  cancel() {
    const had = Boolean(this.input?.cancel()) || this.merging.length > 0 || this.target !== null || this.ring !== null;
    this.brush.isOn = false;
    this.brush.drop();
    this.merging = [];
    this.target = null;
    this.ring = null;
    this.pulled = null;
    this.junction = null;
    return had;
  }

  /** The page is left: what the arrows moved is queued, and goes out on return. */
  leave() {
    this.handles?.commit();
  }
}

/** @param {Point[]} line */
function measureWords(line) {
  const { length_m, area_m2 } = measured(line);
  const length = length_m < 1_000 ? t("common.metres", { n: length_m.toFixed(0) }) : t("planner.kilometres", { n: (length_m / 1_000).toFixed(2) });
  return line.length > 2 ? t("planner.measured", { length, area: t("planner.hectares", { n: (area_m2 / 10_000).toFixed(2) }) }) : length;
}

/** Each junction once, though several borders end there. @param {Handle[]} handles */
function once(handles) {
  const seen = new Set();
  return handles.filter(({ at }) => !seen.has(String(at)) && seen.add(String(at)));
}
