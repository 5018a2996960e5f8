// A file of QGIS or CAD, looked at beside the map: its faults with their places, then drawn as one step of the draft.
import { call, newId } from "../api.js";
import { fill, find, h, icon } from "../dom.js";
import { has, nameOf, t } from "../i18n.js";
import { faultBox, loading } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { facts, isFine, reasonOf, stateOf } from "./file-look.js";
import { baseOf } from "./server.js";

/** @typedef {import("../api.js").ApiError} ApiError */
/** @typedef {import("./file-look.js").Look} Look */
/** @typedef {import("./file-look.js").FileFault} FileFault */

const TAKES = ".gpkg,.zip,.geojson,.json,.dxf,.csv,.xlsx,.parquet";
const WIDTH_M = "1";
const PATIENCE_MS = 120_000;
const SYSTEMS = ["EPSG:4490", "EPSG:4549", "EPSG:4528", "cgcs2000", "wgs84", "gcj02", "bd09"];

export class FilePanel {
  /** @param {import("./page.js").DraftPage} page */
  constructor(page) {
    this.page = page;
    /** @type {Look | null} */
    this.look = null;
    /** @type {ApiError | null} */
    this.fault = null;
    /** @type {string[]} layers to choose from */
    this.layers = [];
    this.run = 0;
    this.isBusy = false;
    this.id = "";
    this.input = h("input", { class: "visually-hidden", type: "file", name: "file", accept: TAKES, onchange: () => this.chosen() });
    this.crs = h("input", { class: "input", name: "crs", list: "file-systems", autocomplete: "off", maxlength: 40, onchange: () => this.see() });
    this.layer = h("select", { class: "input", name: "layer", onchange: () => this.see() });
    this.width = h("input", { class: "input", name: "width_m", type: "number", min: 0, step: 0.01, value: WIDTH_M, onchange: () => this.see() });
    this.body = h("div", { class: "file__look", "aria-live": "polite" });
    this.element = h("section", { class: "file", role: "dialog", "aria-labelledby": "file-title", tabindex: -1, onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event) });
  }

  get isOpen() {
    return this.element.isConnected;
  }

  open() {
    if (!this.isOpen) find("#map-area").append(this.element);
    this.draw();
    this.element.focus();
  }

  close() {
    this.element.remove();
    this.show(null);
    this.page.renderHead();
    /** @type {HTMLElement | null} */ (document.querySelector("#head summary"))?.focus();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    event.stopPropagation(); // the letters of the tools are no letters of the fields
    if (event.key === "Escape") this.close();
  }

  chosen() {
    this.layers = [];
    this.crs.value = "";
    this.see();
  }

  /** @returns {FormData | null} */
  form() {
    const [file] = this.input.files ?? [];
    if (!file) return null;
    const form = new FormData();
    form.set("file", file);
    form.set("width_m", this.width.value || "0");
    if (this.crs.value.trim()) form.set("crs", this.crs.value.trim());
    if (this.layers.length && this.layer.value) form.set("layer", this.layer.value);
    return form;
  }

  /** Asks what the file would do; of several questions the last one counts. */
  async see() {
    const form = this.form();
    if (!form) return this.draw();
    const mine = ++this.run;
    this.id = newId();
    this.set({ isBusy: true, fault: null });
    try {
      const look = await call(`${baseOf(this.page.planId)}/file`, { method: "POST", form, timeoutMs: PATIENCE_MS });
      if (mine === this.run) this.set({ look, isBusy: false });
    } catch (reason) {
      if (mine === this.run) this.refused(/** @type {ApiError} */ (reason));
    }
  }

  async apply() {
    const form = this.form();
    if (!form || !this.look) return;
    form.set("apply", "true");
    form.set("version", String(this.look.version));
    form.set("id", this.id); // sent again after a cut line it is the same step
    const seen = this.look.version;
    this.set({ isBusy: true, fault: null });
    try {
      const answer = await call(`${baseOf(this.page.planId)}/file`, { method: "POST", form, timeoutMs: PATIENCE_MS });
      this.set({ look: null, isBusy: false });
      this.close();
      await this.page.answered({ id: this.id, path: "edits", version: seen }, answer);
      this.page.bench.showWhole(false);
      toast(t("planner.file_drawn"));
    } catch (reason) {
      this.refused(/** @type {ApiError} */ (reason));
    }
  }

  /** @param {ApiError} fault */
  refused(fault) {
    if (fault.code === "file.layer_unknown") {
      this.layers = fault.detail?.layers ?? [];
      fill(this.layer, h("option", { value: "" }, ""), this.layers.map((name) => h("option", { value: name }, name)));
    }
    this.set({ fault, isBusy: false, ...(fault.code === "plan.conflict" ? {} : { look: null }) });
  }

  /** @param {{look?: Look | null, fault?: ApiError | null, isBusy?: boolean}} change */
  set(change) {
    Object.assign(this, change);
    this.draw();
    if (this.isOpen) this.show(this.look);
  }

  /** What the file draws, dashed, and the places of its faults. @param {Look | null} look */
  show(look) {
    const places = look?.faults.filter(({ hinders }) => hinders).flatMap(({ places }) => places.features) ?? [];
    this.page.bench.showFile(look?.drawn.features ?? [], places);
  }

  /** Drawn anew with the focus where it was, or on the panel. */
  draw() {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    const wasHere = this.element.contains(focused);
    this.fill();
    if (wasHere && document.activeElement !== focused) (this.element.contains(focused) ? focused : this.element)?.focus();
  }

  fill() {
    const [file] = this.input.files ?? [];
    const field = (/** @type {string} */ label, /** @type {HTMLElement} */ input, hint = "") => h("label", { class: "field" }, h("span", { class: "field__label" }, label), input, hint && h("span", { class: "field__hint" }, hint));
    const most = this.look?.most_m ?? 10;
    fill(
      this.element,
      h("div", { class: "file__head" }, h("h2", { id: "file-title" }, t("planner.file_title")), h("button", { type: "button", class: "button button--small", onclick: () => this.close() }, t("common.close"))),
      h("div", { class: "file__choose" }, h("label", { class: "button file__button", tabindex: 0, onkeydown: (/** @type {KeyboardEvent} */ event) => ["Enter", " "].includes(event.key) && this.input.click() }, icon("upload"), t("planner.file_choose"), this.input), h("span", { class: "file__name" }, file?.name ?? "")),
      !file && h("p", { class: "quiet small" }, t("planner.file_words")),
      file && h("div", { class: "file__fields" }, field(t("planner.file_width"), this.width), field(t("planner.file_crs"), this.crs), this.layers.length > 0 && field(t("planner.file_layer"), this.layer)),
      file && h("p", { class: "quiet small" }, t("planner.file_width_hint", { most }), " ", t("planner.file_crs_hint")),
      h("datalist", { id: "file-systems" }, SYSTEMS.map((value) => h("option", { value }))),
      this.body,
    );
    fill(this.body, this.isBusy ? loading(3) : [this.fault && this.faultWords(this.fault), this.look && this.seen(this.look)]);
  }

  /** @param {ApiError} fault */
  faultWords(fault) {
    const isConflict = fault.code === "plan.conflict";
    const again = h("button", { type: "button", class: "button button--small", onclick: () => this.see() }, t("planner.file_again"));
    return [faultBox(fault, t(this.look || isConflict ? "planner.file_not_drawn" : "planner.file_look_failed")), isConflict && h("div", { class: "planner__acts" }, again)];
  }

  /** @param {Look} look */
  seen(look) {
    const { areas } = this.page.draft;
    const gone = look.areas.gone.map((code) => nameOf(areas.get(code)) || code).join(t("common.comma"));
    const state = stateOf(look);
    return [
      h("p", { class: `file__state file__state--${state}`, "data-state": state }, icon(look.can_apply ? "check-circle" : "warning"), h("b", null, t(`planner.file_${state}`))),
      look.crs && h("p", { class: "small" }, t("planner.file_facts", facts(look)), gone && ` ${t("planner.file_gone", { names: gone })}`, h("span", { class: "quiet" }, ` ${t("planner.file_read_as", { crs: look.crs })}`)),
      look.suggested_crs.length > 0 && h("div", { class: "file__systems" }, look.suggested_crs.map(({ crs, share }) => h("button", { type: "button", class: "button button--small", "data-crs": crs, onclick: () => this.readAs(crs) }, t("planner.file_suggest", { crs, share: Math.round(share * 100) })))),
      isFine(look) ? h("p", { class: "small" }, t("planner.file_fine")) : h("ul", { class: "checks file__faults" }, look.faults.map((fault) => this.row(fault, look))),
      h(
        "div",
        { class: "file__foot" },
        state === "blocked" && (look.needs_m === null ? look.suggested_crs.length === 0 && h("span", { class: "quiet small" }, t("planner.file_no_repair")) : look.needs_m > look.width_m && h("button", { type: "button", class: "button", "data-act": "needs", onclick: () => this.repairTo(/** @type {number} */ (look.needs_m)) }, t("planner.file_needs", { m: look.needs_m }))),
        h("button", { type: "button", class: "button button--main", "data-act": "draw-file", disabled: !look.can_apply, onclick: () => this.apply() }, t("planner.file_draw")),
      ),
    ];
  }

  /** @param {FileFault} fault @param {Look} look */
  row(fault, look) {
    const level = !fault.hinders ? "amber" : fault.left ? "red" : "green";
    const mark = h("span", { class: `check__mark check__mark--${level}`, "aria-hidden": "true" }, level === "green" ? icon("check") : String(fault.count));
    const why = `planner.file_why_${fault.kind}`;
    const reason = has(why) && t(why, { m: fault.width_m ?? "–" });
    const left = fault.hinders && look.width_m > 0 && (fault.left ? fault.repairable && t("planner.file_left_n", { n: fault.left }) : t("planner.file_mended_n"));
    const words = h("div", { class: "check__words" }, h("b", null, h("span", { class: "visually-hidden" }, t(`planner.level_${level}`), " "), t(`planner.file_fault_${fault.kind}`, { n: fault.count })), h("small", null, [reason, reasonOf(fault, this.page.draft.areas, nameOf, t), left].filter(Boolean).join(t("common.semicolon"))));
    const zoom = fault.places.features.length > 0 && h("button", { type: "button", class: "button button--small", onclick: () => this.zoom(fault) }, t("planner.zoom_to"));
    return h("li", { "data-fault": fault.kind, "data-level": level }, mark, words, zoom);
  }

  /** @param {FileFault} fault */
  zoom(fault) {
    this.page.bench.view?.fit(fault.places.features.slice(0, 1).map(({ geometry }) => geometry), { maxZoom: 19, padding: 160 });
  }

  /** @param {string} crs */
  readAs(crs) {
    this.crs.value = crs;
    this.see();
  }

  /** @param {number} width_m */
  repairTo(width_m) {
    this.width.value = String(width_m);
    this.see();
  }
}
