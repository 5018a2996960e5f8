// Painting with blocks: which are there, which are picked, and the grid that gets them.
import { call } from "../api.js";
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { toast } from "../parts/toast.js";
import { collection, feature } from "./map-layers.js";
import { baseOf } from "./server.js";
import { householdsOf, paintOperation, toggled, unitAt, unitsOf } from "./units.js";

const TIMEOUT_MS = 60_000;

export class UnitBrush {
  /** @param {import("./page.js").DraftPage} page @param {() => void} changed */
  constructor(page, changed) {
    this.page = page;
    this.changed = changed;
    this.isOn = false;
    /** @type {import("./units.js").Unit[]} */
    this.units = [];
    /** @type {Set<number>} */
    this.picked = new Set();
    this.loadedFor = "";
  }

  /** @param {string} area the village whose blocks are shown */
  async load(area) {
    const version = this.page.draft.version;
    const wanted = `${area} ${version}`;
    if (this.loadedFor === wanted) return;
    this.loadedFor = wanted;
    try {
      const found = await call(`${baseOf(this.page.planId)}/units?area=${encodeURIComponent(area)}`, { timeoutMs: TIMEOUT_MS });
      if (this.loadedFor !== wanted || !this.isOn) return;
      this.units = unitsOf(found);
      this.picked = new Set();
    } catch (fault) {
      this.isOn = false;
      toast(/** @type {import("../api.js").ApiError} */ (fault).words, null, { late: true });
    }
    this.changed();
  }

  toggle() {
    this.isOn = !this.isOn;
    this.drop();
    this.changed();
  }

  /** @returns {boolean} whether anything was picked */
  drop() {
    const had = this.picked.size > 0;
    this.picked = new Set();
    this.units = [];
    this.loadedFor = "";
    return had;
  }

  /** @param {import("./geometry.js").Point} at @param {boolean} isWhole the natural village and not the block alone @param {string} target */
  pick(at, isWhole, target) {
    const unit = unitAt(this.units, at);
    if (!unit || unit.leaf === target) return;
    this.picked = toggled(this.picked, this.units.filter(({ leaf }) => leaf !== target), unit, isWhole);
    this.changed();
  }

  /** @param {string} target @returns {boolean} whether there was anything to give */
  give(target) {
    if (!this.picked.size) return false;
    const operation = paintOperation(this.units, this.picked, target);
    const lines = operation.polygons.map((/** @type {any} */ rings) => [...rings[0], rings[0][0]]);
    this.picked = new Set();
    this.page.edit(operation, lines);
    return true;
  }

  /** The data of the map's source. */
  data() {
    return collection(this.isOn ? this.units.map(({ id, geometry }) => feature(geometry, { isPicked: this.picked.has(id) })) : []);
  }

  /** What stands beside the hint of the tool. @param {string} target @param {string} name */
  acts(target, name) {
    const switcher = h("button", { type: "button", class: "button button--small", "data-act": "units", "aria-pressed": String(this.isOn), onclick: () => this.toggle() }, t("planner.by_blocks"));
    const says = this.isOn && h("b", null, this.units.length ? t("planner.blocks_picked", { n: this.picked.size, households: householdsOf(this.units, this.picked) }) : t("planner.blocks_loading"));
    const give = this.picked.size > 0 && h("button", { type: "button", class: "button button--main button--small", "data-act": "give", onclick: () => this.give(target) }, t("planner.blocks_give", { name }));
    return [switcher, says, give];
  }
}
