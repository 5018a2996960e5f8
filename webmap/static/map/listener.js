/** What each message of the stream means for the page: feed, map, callout, figures, the word about the connection. */

import { call } from "../api.js";
import { find } from "../dom.js";
import { fetchLabels } from "./area-labels.js";
import { addEvent, emptyFeed } from "./events.js";
import { kindWords, named } from "./feed-panel.js";

/** @typedef {import("./events.js").TownEvent} TownEvent */
/** @typedef {import("./stream-core.js").StreamMessage} StreamMessage */

/** How many of the latest reports the feed begins with. */
const SEEDED = 30;

export class Listener {
  /**
   * @param {import("./town-data.js").TownData} data
   * @param {{view: import("./map-view.js").MapView, live: import("./live.js").Live, feed: import("./feed-panel.js").FeedPanel, callout: import("./callout.js").Callout, connection: import("./connection.js").Connection}} parts
   * @param {{at: () => number | null, selected: () => string | null, later: (what: "summary" | "list" | "detail") => void, missed: () => void, reset: () => void}} page
   */
  constructor(data, parts, page) {
    this.data = data;
    this.parts = parts;
    this.page = page;
    this.state = emptyFeed();
  }

  /** @param {StreamMessage} message */
  hear(message) {
    if (message.type === "status") this.parts.connection.set(message);
    else if (message.type === "events") for (const event of message.events) this.take(event);
    else if (message.type === "reset") this.page.reset();
    else {
      this.parts.live.mend();
      this.parts.connection.recovered(message.count);
    }
  }

  /** The latest reports, so that the feed does not begin with an empty wall. */
  async seed() {
    const answer = await call(`/api/v1/incidents?limit=${SEEDED}`).catch(() => null);
    for (const { properties, geometry } of answer?.features ?? []) {
      const [lon, lat] = geometry?.coordinates ?? [];
      const at = Date.parse(properties.reported_at);
      this.state = addEvent(this.state, { id: `seed:${properties.id}`, topic: "incident", kind: "created", ref: properties.id, at, data: { ...properties, lon, lat } });
    }
    this.parts.feed.set(this.state.feed, "");
  }

  /** @param {TownEvent} event */
  take(event) {
    const next = addEvent(this.state, event);
    if (next === this.state) return;
    const { live, connection, feed } = this.parts;
    const told = event.topic !== "removed" && event.kind !== "bulk" && named(event);
    this.state = told ? next : { ...next, feed: this.state.feed };
    live.take(event);
    if (event.at) connection.heard(event.at);
    if (told) feed.set(this.state.feed, event.id);
    if (event.topic === "incident" && event.kind === "created") this.announce(event);
    if (event.topic === "area" || event.data.layer === "area") this.areasChanged();
    this.askAgain(event);
  }

  /** @param {TownEvent} event */
  askAgain(event) {
    if (this.page.at() === null) {
      this.page.later("summary");
      this.page.later("list");
    } else {
      this.page.missed();
    }
    if (this.page.selected() === String(event.data.id ?? event.ref)) this.page.later("detail");
  }

  /** @param {TownEvent} event */
  announce({ data, ...event }) {
    const words = `${kindWords({ data, ...event })}: ${data.title ?? ""}, ${data.grid_name ?? ""}`;
    find(data.urgency === "U1" ? "#alarm" : "#speaker").textContent = words;
    if (this.page.at() === null && typeof data.lon === "number") this.parts.callout.show({ data, ...event });
  }

  /** Boundaries changed: fetch them and their names again. */
  areasChanged() {
    for (const layer of this.data.layers) if (layer.base && layer.renderer === "area") this.parts.view.refresh(layer.id);
    this.nameAreas();
  }

  nameAreas() {
    fetchLabels(this.data.town.code).then((labels) => this.parts.view.setLabels(labels), () => null);
  }
}
