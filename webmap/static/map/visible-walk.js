/**
 * The map is one stop of the keyboard; inside it, Tab walks what is visible by urgency and Enter opens it. After the
 * last object Tab leaves the map, so nobody is caught in it.
 */

import { find } from "../dom.js";
import { t } from "../i18n.js";
import { caseClock, factsOf } from "./case-clock.js";
import { byUrgency } from "./clock.js";

export class VisibleWalk {
  /** @param {import("./map-view.js").MapView} view @param {import("./town-data.js").TownData} data @param {(layer: string, id: string) => void} open */
  constructor(view, data, open) {
    this.view = view;
    this.data = data;
    this.open = open;
    /** @type {import("./map-view.js").Seen[]} */
    this.seen = [];
    this.index = -1;
    /** @type {any} */
    this.marker = null;
    const canvas = view.map.getCanvas();
    canvas.addEventListener("focus", () => this.enter());
    canvas.addEventListener("blur", () => this.leave());
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  enter() {
    const at = this.data.now();
    const facts = (/** @type {import("./map-view.js").Seen} */ one) => factsOf(one.properties, at);
    this.seen = this.view.inView().filter((one) => !one.properties.cluster).sort((one, other) => byUrgency(facts(one), facts(other)));
    this.index = -1;
  }

  leave() {
    this.marker?.remove();
    this.marker = null;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === "Enter" && this.index >= 0) {
      event.preventDefault();
      const one = this.seen[this.index];
      this.open(one.layer, String(one.properties.id));
    }
    if (event.key !== "Tab") return;
    const next = this.index + (event.shiftKey ? -1 : 1);
    if (next < 0 || next >= this.seen.length) {
      this.leave();
      return;
    }
    event.preventDefault();
    this.index = next;
    this.show();
  }

  show() {
    const one = this.seen[this.index];
    this.leave();
    this.marker = this.view.mark("map-picked", one.lon, one.lat);
    const clock = caseClock(one.properties, this.data.now());
    const name = one.properties.title ?? one.properties.name ?? "";
    find("#speaker").textContent = t("map.walk", { n: this.index + 1, all: this.seen.length, name, clock: clock.words });
  }
}
