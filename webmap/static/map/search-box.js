/** One box for everything with a place: address, entity, case number, grid code, village. */

import { ApiError, call, query } from "../api.js";
import { fill, find, h } from "../dom.js";
import { has, lang, t } from "../i18n.js";

/** @typedef {{kind: string, id: string, title: string, title_en?: string | null, subtitle?: string, lon: number | null, lat: number | null, bbox?: [number, number, number, number] | null, score?: number}} Hit */

const WAIT_MS = 160;
const LIMIT = 12;

export class SearchBox {
  /** @param {(hit: Hit) => void} choose */
  constructor(choose) {
    this.choose = choose;
    /** @type {HTMLInputElement} */
    this.input = find("#search");
    this.list = find("#search-results");
    /** @type {Hit[]} */
    this.hits = [];
    this.active = -1;
    /** @type {AbortController | null} */
    this.pending = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.input.addEventListener("input", () => this.later());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("focus", () => this.hits.length && this.open(true));
    document.addEventListener("pointerdown", (event) => {
      if (!find("#search-box").contains(/** @type {Node} */ (event.target))) this.open(false);
    });
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), WAIT_MS);
  }

  async ask() {
    const words = this.input.value.trim();
    this.pending?.abort();
    if (!words) {
      this.hits = [];
      this.open(false);
      return;
    }
    const pending = (this.pending = new AbortController());
    try {
      const answer = await call(`/api/v1/search${query({ q: words, limit: LIMIT })}`, { signal: pending.signal });
      this.hits = Array.isArray(answer) ? answer : answer.results ?? [];
      this.show(words);
    } catch (error) {
      if (pending.signal.aborted) return;
      this.hits = [];
      const fault = error instanceof ApiError ? error.words : String(error);
      fill(this.list, h("li", { class: "note", role: "alert" }, t("map.search_failed"), " ", fault));
      this.open(true);
    }
  }

  /** @param {string} words */
  show(words) {
    this.active = this.hits.length ? 0 : -1;
    if (!this.hits.length) fill(this.list, h("li", { class: "note" }, t("map.search_none", { q: words })));
    else fill(this.list, this.hits.map((hit, index) => this.option(hit, index)));
    this.mark();
    this.open(true);
    find("#speaker").textContent = t("map.search_count", { n: this.hits.length });
  }

  /** @param {Hit} hit @param {number} index */
  option(hit, index) {
    const kind = has(`map.kind_${hit.kind}`) ? t(`map.kind_${hit.kind}`) : hit.kind;
    // An address says below its name how exactly it was found.
    const below = has(`incident.level_${hit.subtitle}`) ? t(`incident.level_${hit.subtitle}`) : hit.subtitle;
    return h(
      "li",
      { role: "option", id: `hit-${index}`, "aria-selected": "false", onclick: () => this.take(index), onpointermove: () => this.mark(index) },
      h("span", { class: "kind" }, kind), h("span", null, (lang === "en" && hit.title_en) || hit.title), below && h("span", { class: "sub" }, below),
    );
  }

  /** @param {number} [index] */
  mark(index = this.active) {
    this.active = index;
    this.list.querySelectorAll("[role=option]").forEach((option, at) => {
      option.setAttribute("aria-selected", String(at === index));
      if (at === index) option.scrollIntoView({ block: "nearest" });
    });
    if (index < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `hit-${index}`);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    // A key that picks a word of an input method is not for us.
    if (event.isComposing) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step && this.hits.length) {
      event.preventDefault();
      this.open(true);
      this.mark((this.active + step + this.hits.length) % this.hits.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (this.active >= 0 && !this.list.hidden) this.take(this.active);
      else this.ask();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (this.list.hidden) this.input.blur();
      this.open(false);
    }
  }

  /** @param {number} index */
  take(index) {
    const hit = this.hits[index];
    if (!hit) return;
    this.open(false);
    this.choose(hit);
  }

  /** @param {boolean} open */
  open(open) {
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
  }
}
