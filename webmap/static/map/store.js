/** The page's one changing thing: its state, kept in the address, watched by the panels. */

import { deservesHistory, formatState, parseState } from "./state.js";

/** @typedef {import("./state.js").MapState} MapState */
/** @typedef {(state: MapState, before: MapState, back: boolean) => void} Watcher `back`: the browser's back or forward button */

export class Store {
  /** @param {string} zone IANA name of the town's clock */
  constructor(zone) {
    this.zone = zone;
    this.state = parseState(location.search, zone);
    /** @type {Set<Watcher>} */
    this.watchers = new Set();
    window.addEventListener("popstate", () => this.become(parseState(location.search, zone), true));
  }

  /** Change part of the state, and the address with it. @param {Partial<MapState>} patch */
  set(patch) {
    const next = { ...this.state, ...patch };
    const address = `${location.pathname}${formatState(next, this.zone)}${location.hash}`;
    const write = deservesHistory(this.state, next) ? "pushState" : "replaceState";
    history[write](null, "", address);
    this.become(next);
  }

  /** @param {MapState} next @param {boolean} [back] */
  become(next, back = false) {
    const before = this.state;
    this.state = next;
    for (const watcher of this.watchers) watcher(next, before, back);
  }

  /** @param {Watcher} watcher */
  watch(watcher) {
    this.watchers.add(watcher);
  }
}
