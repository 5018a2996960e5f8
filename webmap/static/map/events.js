/**
 * What arrives over the event stream, reduced to what the page shows: the feed, the overlay of changes the tiles
 * do not hold yet, and the tiles to fetch again. Pure: it never looks at a clock or the network.
 */

/**
 * @typedef {object} TownEvent
 * @property {string} id cursor on the wire, `xid-position`
 * @property {string} topic `incident`, `area`, …
 * @property {string} kind what happened: `reported`, `accepted`, `bulk`, …
 * @property {string} ref id of what it happened to
 * @property {number} at when the server committed it, milliseconds
 * @property {Record<string, any>} data the payload
 */

/** How many feed lines are kept; a day of a busy town is a few hundred. */
export const FEED_LENGTH = 400;

/** How many cursors are remembered against doubles (a reconnect repeats at most one frame). */
const SEEN_LENGTH = 2000;

/**
 * The events of one frame, in order; a frame may carry one or several rows.
 *
 * @param {string | null} id @param {string} topic @param {string} text the frame's data
 * @returns {TownEvent[]} empty when the data is no JSON object: a broken frame must not stop the stream
 */
export function readFrame(id, topic, text) {
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    return [];
  }
  /** @type {any[]} */
  const rows = Array.isArray(body) ? body : Array.isArray(body?.events) ? body.events : [body];
  return rows.filter((row) => row && typeof row === "object").map((row, index) => ({
    id: String(row.id ?? row.cursor ?? (rows.length > 1 ? `${id}/${index}` : id ?? "")),
    topic: String(row.topic ?? topic),
    kind: String(row.kind ?? topic),
    ref: String(row.ref ?? ""),
    at: Date.parse(row.at) || 0,
    data: row.payload && typeof row.payload === "object" ? { ...row, ...row.payload } : row,
  }));
}

/**
 * Compare two cursors `xid-position` as the server orders them; unreadable ones count as equal.
 *
 * @param {string} one @param {string} other
 */
export function compareCursors(one, other) {
  const read = (/** @type {string} */ text) => /^(\d+)-(\d+)/.exec(text)?.slice(1).map((part) => BigInt(part)) ?? null;
  const [a, b] = [read(one), read(other)];
  if (!a || !b) return 0;
  for (const index of [0, 1]) {
    if (a[index] !== b[index]) return a[index] < b[index] ? -1 : 1;
  }
  return 0;
}

/** @typedef {{feed: TownEvent[], seen: string[], cursor: string | null}} FeedState */

/** @returns {FeedState} */
export const emptyFeed = () => ({ feed: [], seen: [], cursor: null });

/**
 * The feed after one more event; the same object when the event was already there.
 *
 * @param {FeedState} state @param {TownEvent} event @returns {FeedState}
 */
export function addEvent(state, event) {
  if (event.id && state.seen.includes(event.id)) return state;
  const at = state.feed.findIndex((other) => other.at <= event.at);
  const feed = state.feed.slice();
  feed.splice(at < 0 ? feed.length : at, 0, event);
  return {
    feed: feed.slice(0, FEED_LENGTH),
    seen: event.id ? [event.id, ...state.seen].slice(0, SEEN_LENGTH) : state.seen,
    cursor: event.id || state.cursor,
  };
}

const TIMES = ["occurred_at", "reported_at", "closed_at", "clock_started_at", "amber_at", "due_at"];

/**
 * The payload of an event as a tile would carry it: times in seconds since 1970, no nulls.
 *
 * @param {TownEvent} event @param {string} id @param {number} lon @param {number} lat
 */
function liveFeature(event, id, lon, lat) {
  /** @type {Record<string, any>} */
  const properties = {};
  for (const [name, value] of Object.entries(event.data)) {
    if (value === null || typeof value === "object") continue;
    properties[name] = TIMES.includes(name) && typeof value === "string" ? Math.floor(Date.parse(value) / 1000) : value;
  }
  Object.assign(properties, { id, layer: layerOf(event) });
  return { type: "Feature", geometry: { type: "Point", coordinates: [lon, lat] }, properties };
}

/** The layer an event is about. @param {TownEvent} event */
export function layerOf({ topic, data }) {
  return topic === "removed" ? String(data.topic ?? "") : String(data.layer ?? topic);
}

/**
 * Changes the tiles on the screen may not hold yet, drawn over them until those tiles have been fetched again.
 *
 * Each change is numbered; `settle` removes what was known before a fetch began and leaves what came during it.
 */
export class Overlay {
  constructor() {
    /** @type {Map<string, {feature: any, layer: string, seq: number | null, serial: number}>} */
    this.changes = new Map();
    this.serial = 0;
  }

  /**
   * Take in an event about a placed object. Returns whether the picture changed.
   *
   * @param {TownEvent} event
   */
  add(event) {
    const { lon, lat, id, is_open: open } = event.data;
    const key = String(id ?? event.ref);
    const seq = Number.isInteger(event.data.seq) ? event.data.seq : this.changes.get(key)?.seq ?? null;
    if (!key) return false;
    this.serial += 1;
    const gone = event.topic === "removed" || open === false || typeof lon !== "number" || typeof lat !== "number";
    const layer = layerOf(event);
    this.changes.set(key, { feature: gone ? null : liveFeature(event, key, lon, lat), layer, seq, serial: this.serial });
    return true;
  }

  /** Forget what was known when the fetch with this serial began. @param {number} serial */
  settle(serial) {
    for (const [key, change] of this.changes) {
      if (change.serial <= serial) this.changes.delete(key);
    }
  }

  /** Layers and numbers of the symbols in the tiles that are out of date. @returns {{layer: string, seq: number}[]} */
  hidden() {
    return [...this.changes.values()].flatMap(({ layer, seq }) => (seq === null ? [] : [{ layer, seq }]));
  }

  /** @returns {{type: "FeatureCollection", features: any[]}} */
  collection() {
    const features = [...this.changes.values()].map((change) => change.feature).filter(Boolean);
    return { type: "FeatureCollection", features };
  }
}
