/** The newest case, beside its point: where, what is suggested, what it may repeat. Yields after 30 s or to the next. */

import { call } from "../api.js";
import { fill, find, h, icon } from "../dom.js";
import { has, nameOf, t } from "../i18n.js";
import { leaderStart, placeCallout } from "./callout-place.js";
import { placeOrReason } from "../place-name.js";
import { platformSymbol } from "./symbol-svg.js";
import { formatClock } from "./town-clock.js";

/** @typedef {import("./map-view.js").MapView} MapView */
/** @typedef {import("./town-data.js").TownData} TownData */

const STAY_MS = 30_000;

export class Callout {
  /** @param {MapView} view @param {TownData} data @param {(id: string) => void} open */
  constructor(view, data, open) {
    this.view = view;
    this.data = data;
    this.open = open;
    this.box = find("#callout");
    /** @type {{item: Record<string, any>, lon: number, lat: number, marker: any} | null} */
    this.now = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    view.map.on("move", () => this.follow());
    view.map.on("resize", () => this.place());
    view.map.on("moveend", () => this.place());
  }

  /** @param {import("./events.js").TownEvent} event */
  show(event) {
    const { lon, lat, id } = event.data;
    this.hide();
    const marker = this.view.mark("map-ping", lon, lat);
    this.now = { item: event.data, lon, lat, marker };
    this.draw(event.data, event.at);
    this.timer = setTimeout(() => this.hide(), STAY_MS);
    call(`/api/v1/incidents/${encodeURIComponent(id)}`).then((feature) => {
      if (this.now?.item.id === id) this.draw(feature.properties ?? feature, event.at);
    }, () => null);
  }

  /** @param {Record<string, any>} item @param {number} at */
  draw(item, at) {
    const channel = item.channel && has(`common.channel_${item.channel}`) ? t(`common.channel_${item.channel}`) : "";
    const shares = (item.grid_shares ?? []).filter((/** @type {any} */ one) => one.share >= 0.01);
    const where = shares.length > 1 ? shares.map((/** @type {any} */ one) => `${nameOf(one)} ${Math.round(one.share * 100)}%`).join(t("map.comma")) : placeOrReason(item);
    const proposed = item.suggestion;
    const lead = proposed && (proposed.lead_org_name || (typeof proposed.lead_org === "object" ? nameOf(proposed.lead_org) : ""));
    const repeats = item.duplicates?.length ?? 0;
    fill(
      this.box,
      h("div", { class: "callout__top" }, platformSymbol(this.data.platform(item.platform)), h("span", null, t("map.new_report")), h("span", null, formatClock(at, this.data.zone, true)), h("span", null, channel), item.urgency && h("b", null, t(`common.urgency_${item.urgency}`))),
      h("h2", null, h("a", { href: `?sel=incident:${encodeURIComponent(item.id)}`, onclick: (/** @type {Event} */ event) => { event.preventDefault(); this.open(item.id); } }, item.title)),
      where && h("div", null, where),
      lead && h("div", null, t("map.suggest_lead", { name: lead })),
      repeats > 0 && h("div", null, t("map.suggest_repeats", { n: repeats })),
      h("button", { type: "button", "aria-label": t("common.close"), onclick: () => this.hide() }, icon("close")),
    );
    this.box.hidden = false;
    this.place();
  }

  /** Choose the emptiest side; only when the map rests, so that it does not jump while it moves. */
  place() {
    if (!this.now) return;
    const { width, height } = this.view.map.getContainer().getBoundingClientRect();
    const anchor = this.view.map.project([this.now.lon, this.now.lat]);
    // A callout that points off the map would point at nothing: it waits until its place is in sight.
    this.box.hidden = !(anchor.x > 0 && anchor.y > 0 && anchor.x < width && anchor.y < height);
    if (this.box.hidden) {
      this.spot = undefined;
      this.follow();
      return;
    }
    const size = { width: this.box.offsetWidth, height: this.box.offsetHeight };
    const frame = this.view.map.getContainer().getBoundingClientRect();
    const panels = [...document.querySelectorAll(".map-over:not([hidden]), .map-buttons")].map((element) => {
      const box = element.getBoundingClientRect();
      return { left: box.left - frame.left, top: box.top - frame.top, width: box.width, height: box.height };
    }).filter((box) => box.width > 0);
    const spot = placeCallout(anchor, size, { width, height }, this.view.inView(), panels);
    this.box.style.transform = `translate(${Math.round(spot.left)}px, ${Math.round(spot.top)}px)`;
    this.spot = spot;
    this.follow();
  }

  /** The leader line follows its point while the map moves. */
  follow() {
    const line = document.querySelector("#callout-line line");
    const ring = document.querySelector("#callout-line circle");
    if (!line || !ring) return;
    if (!this.now || !this.spot) {
      for (const name of ["x1", "y1", "x2", "y2"]) line.setAttribute(name, "0");
      ring.setAttribute("r", "0");
      return;
    }
    const anchor = this.view.map.project([this.now.lon, this.now.lat]);
    const start = leaderStart(this.spot, anchor);
    const length = Math.hypot(anchor.x - start.x, anchor.y - start.y) || 1;
    const stop = Math.max(0, length - 22) / length;
    line.setAttribute("x1", String(start.x));
    line.setAttribute("y1", String(start.y));
    line.setAttribute("x2", String(start.x + (anchor.x - start.x) * stop));
    line.setAttribute("y2", String(start.y + (anchor.y - start.y) * stop));
  }

  hide() {
    clearTimeout(this.timer);
    this.now?.marker.remove();
    this.now = null;
    this.spot = undefined;
    this.box.hidden = true;
    fill(this.box);
    this.follow();
  }
}
