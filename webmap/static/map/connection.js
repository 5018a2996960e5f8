/** How the line to the server stands, in words: live with its delay, lost since when and at which attempt, recovered. */

import { fill, find, h, icon } from "../dom.js";
import { count, t } from "../i18n.js";
import { serverRate } from "../server-time.js";
import { formatClock } from "./town-clock.js";

/** @typedef {import("./stream-core.js").StreamMessage} StreamMessage */

const RECOVERED_MS = 5_000;

export class Connection {
  /** @param {import("./town-data.js").TownData} data @param {import("./feed-panel.js").FeedPanel} feed @param {() => void} again */
  constructor(data, feed, again) {
    this.data = data;
    this.feed = feed;
    this.again = again;
    this.status = "connecting";
    this.since = Date.now();
    this.attempt = 0;
    this.delay_s = /** @type {number | null} */ (null);
    /** Requests that got no answer while the stream stood. @type {{since: number, attempt: number} | null} */
    this.unanswered = null;
    /** When the picture was last known to be right. */
    this.freshAt = Date.now();
    this.band = h("div", { class: "map-over map-over--band", id: "map-band", role: "status", hidden: true });
    find("#map-frame").append(this.band);
    window.addEventListener("offline", () => this.request(false));
    window.addEventListener("online", () => this.again());
    setInterval(() => this.tick(), 1000);
  }

  /** @param {StreamMessage & {type: "status"}} message */
  set(message) {
    const before = this.status;
    Object.assign(this, { status: message.status, since: message.since, attempt: message.attempt });
    // A line that came back is taken for whole until a request says otherwise.
    if (message.status === "live" && before === "lost") this.unanswered = null;
    if (message.status === "live") this.fresh();
    if (message.status === "live" && before !== "lost" && !this.unanswered) this.band.hidden = true;
    this.show();
  }

  /** A request for figures was answered, or failed for want of an answer: the stream alone does not make a picture. @param {boolean} answered */
  request(answered) {
    if (answered && !this.unanswered) return;
    if (answered && this.status === "live") this.band.hidden = true;
    this.unanswered = answered ? null : { since: this.unanswered?.since ?? Date.now(), attempt: (this.unanswered?.attempt ?? 0) + 1 };
    this.show();
  }

  get lost() {
    return this.status === "lost" || (this.status === "live" && this.unanswered !== null);
  }

  fresh() {
    if (!this.unanswered) this.freshAt = Date.now();
  }

  /** @param {number} sentAt when the server committed, milliseconds of the server */
  heard(sentAt) {
    this.fresh();
    const delay = (this.data.now() - sentAt) / 1000 / Math.max(1, serverRate());
    if (delay >= 0 && delay < 60) this.delay_s = delay;
    this.show();
  }

  tick() {
    if (this.status === "live") this.fresh();
    if (this.lost) this.show();
  }

  show() {
    const element = find("#live");
    const states = { live: "live", lost: "lost", connecting: "waiting", refused: "lost", ended: "lost" };
    element.dataset.state = this.lost ? "lost" : states[/** @type {keyof typeof states} */ (this.status)] ?? "waiting";
    fill(find("#live-words"), this.words());
    if (this.lost) this.showLost();
    if (this.status === "refused" || this.status === "ended") this.showEnded();
  }

  words() {
    if (this.lost) return t("map.offline");
    if (this.status === "live") {
      if (this.delay_s === null) return t("map.live");
      const delay = [t("map.delay"), h("b", null, this.delay_s < 0.05 ? "< 0.1" : this.delay_s.toFixed(1)), t("map.seconds")].flatMap((part) => [" ", part]);
      return [t("map.live"), h("span", { class: "live__delay" }, delay)];
    }
    return t(this.status === "connecting" ? "map.connecting" : "map.signed_out");
  }

  showLost() {
    const { since, attempt } = this.status === "lost" ? this : this.unanswered ?? this;
    const seconds = Math.max(0, Math.round((Date.now() - since) / 1000));
    const time = formatClock(this.data.now() - (Date.now() - this.freshAt) * serverRate(), this.data.zone, true);
    this.band.dataset.state = "lost";
    fill(this.band, icon("offline"), h("span", null, h("strong", null, t("map.lost", { time })), h("span", null, t("map.lost_more", { seconds: count(seconds), n: count(Math.max(1, attempt)) }))),
      h("button", { type: "button", class: "button button--small", onclick: this.again }, t("state.retry")));
    this.band.hidden = false;
  }

  showEnded() {
    this.band.dataset.state = "lost";
    const next = encodeURIComponent(location.pathname + location.search);
    fill(this.band, icon("lock"), h("span", null, h("strong", null, t("map.signed_out")), h("span", null, t("map.signed_out_more"))), h("a", { class: "button button--small", href: `/login?next=${next}` }, t("common.sign_in")));
    this.band.hidden = false;
  }

  /** @param {number} events caught up */
  recovered(events) {
    this.band.dataset.state = "back";
    fill(this.band, icon("check"), h("span", null, h("strong", null, t("map.recovered", { n: count(events) })), h("span", null, t("map.recovered_more"))));
    this.band.hidden = false;
    this.feed.recovered(events);
    setTimeout(() => {
      if (this.band.dataset.state === "back") this.band.hidden = true;
    }, RECOVERED_MS);
  }
}
