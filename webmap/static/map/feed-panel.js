/** What happens, newest first. While the pointer or focus rests on it the list stands still. */

import { fill, find, h, icon } from "../dom.js";
import { count, has, t } from "../i18n.js";
import { empty } from "../parts/states.js";
import { day } from "../time.js";
import { placeOrReason } from "../place-name.js";
import { platformSymbol } from "./symbol-svg.js";
import { dayStart, formatClock } from "./town-clock.js";

/** @typedef {import("./events.js").TownEvent} TownEvent */
/** @typedef {import("./town-data.js").TownData} TownData */

const SHOWN = 120;
const RECOVERED_MS = 5_000;

export class FeedPanel {
  /** @param {TownData} data @param {(event: TownEvent) => void} open */
  constructor(data, open) {
    this.data = data;
    this.open = open;
    /** @type {TownEvent[]} */
    this.events = [];
    this.newest = "";
    /** @type {Node | null} the word about the connection, above the rows */
    this.gap = null;
    this.resting = false;
    const panel = find("#feed-panel");
    const rest = (/** @type {boolean} */ resting) => {
      this.resting = resting;
      if (!resting) this.show();
    };
    panel.addEventListener("pointerenter", () => rest(true));
    panel.addEventListener("pointerleave", () => rest(false));
    panel.addEventListener("focusin", () => rest(true));
    panel.addEventListener("focusout", (event) => !panel.contains(/** @type {Node | null} */ (event.relatedTarget)) && rest(false));
  }

  /** @param {TownEvent[]} events all, newest first @param {string} newest id of the one that just came */
  set(events, newest) {
    this.events = events;
    this.newest = newest;
    if (!this.resting) this.show();
  }

  /** @param {number} seconds @param {number} attempt @param {string} time what the map shows */
  lost(seconds, attempt, time) {
    this.gap = h("div", { class: "feed-gap", "data-state": "lost" }, h("b", null, t("map.lost", { time })), h("br"), t("map.lost_more", { seconds, n: attempt }));
    this.show();
  }

  /** @param {number} events how many were caught up */
  recovered(events) {
    this.gap = h("div", { class: "feed-gap" }, icon("check"), " ", h("b", null, t("map.recovered", { n: count(events) })));
    this.show();
    setTimeout(() => {
      this.gap = null;
      this.show();
    }, RECOVERED_MS);
  }

  show() {
    const panel = find("#feed-panel");
    const head = h("div", { class: "panel__head" }, h("h2", null, t("map.feed_title")), h("span", null, t("map.feed_count", { n: count(this.events.filter((event) => !event.id.startsWith("seed:")).length) })));
    const rows = this.events.slice(0, SHOWN).map((event) => this.row(event));
    const body = rows.length ? h("div", null, rows) : empty({ title: t("map.feed_empty"), words: t("map.feed_empty_words") });
    fill(panel, head, this.gap, body);
  }

  /** @param {TownEvent} event */
  row(event) {
    const { data } = event;
    const today = event.at >= dayStart(this.data.now(), this.data.zone);
    const time = !event.at ? "" : today ? formatClock(event.at, this.data.zone, true) : day(new Date(event.at));
    const sub = [placeOrReason(data), data.lead_org_name || (data.channel && has(`common.channel_${data.channel}`) ? t(`common.channel_${data.channel}`) : "")].filter(Boolean).join(" · ");
    return h(
      "button",
      { type: "button", class: `feed-row${event.id === this.newest ? " is-new" : ""}`, "data-event": event.id, onclick: () => this.open(event) },
      h("time", null, time),
      platformSymbol(this.data.platform(data.platform)),
      h("span", { class: "feed-row__words" }, h("b", null, kindWords(event)), data.title ?? "", sub && h("span", { class: "feed-row__sub" }, sub)),
    );
  }
}

/** Whether an event says what it is about: flags, projects and notices are told where they stand, not as a bare "changed". @param {TownEvent} event */
export const named = (event) => Boolean(event.data.title) || has(`map.event_${event.topic}_${event.kind}`);

/** What happened, as a word. @param {TownEvent} event */
export function kindWords(event) {
  if (event.data.step && has(`loop.did_${event.data.step}`)) return t(`loop.did_${event.data.step}`);
  for (const key of [`map.event_${event.topic}_${event.kind}`, `map.event_${event.kind}`]) if (has(key)) return t(key);
  const state = `common.state_${event.data.state}`;
  return has(state) ? t(state) : t("map.event_changed");
}
