/** What the page knows of its town, shared by the panels: registry, platforms, names, figures, the moment shown. */

import { lang } from "../i18n.js";
import { query } from "../api.js";
import { serverNow, setTime } from "../server-time.js";
import { dayEnd, dayStart } from "./town-clock.js";

/** @typedef {import("./symbol-svg.js").Platform} Platform */
/** @typedef {import("./tile-address.js").RegistryLayer} RegistryLayer */

export class TownData {
  /** @param {{me: any, layers: RegistryLayer[], platforms: Platform[]}} parts */
  constructor({ me, layers, platforms }) {
    this.me = me;
    this.town = me.town;
    this.zone = me.town.timezone;
    this.layers = layers;
    this.platforms = platforms;
    this.byCode = new Map(platforms.map((platform) => [platform.code, platform]));
    /** @type {any} the latest summary */
    this.summary = null;
    if (me.now) setTime(me.now, me.rate ?? 1, Date.now());
  }

  /** The server's now, milliseconds. */
  now() {
    return serverNow();
  }

  /** @param {string | null | undefined} code */
  platform(code) {
    return this.byCode.get(code ?? "") ?? null;
  }

  /** @param {string | null | undefined} code */
  platformName(code) {
    const platform = this.platform(code);
    return platform ? (lang === "en" ? platform.name_en || platform.name : platform.name) : "";
  }

  /** @param {{zh: string, en: string} | null | undefined} title */
  word(title) {
    return title ? title[lang] || title.zh : "";
  }

  /** Layers a person can switch: not the base map. */
  thematic() {
    return this.layers.filter((layer) => !isBase(layer));
  }

  /** @param {string} layout `wall`, `desk` or `phone` */
  defaultOn(layout) {
    return this.thematic().filter((layer) => /** @type {any} */ (layer.default_on)?.[layout]).map((layer) => layer.id);
  }

  /** May the viewer? @param {string} permission */
  may(permission) {
    return (this.me.permissions ?? []).includes(permission);
  }

  /**
   * The address of the list whose count equals a figure.
   *
   * @param {Record<string, any>} filters @param {string[] | null} platforms
   */
  list(filters, platforms = null) {
    return `/incidents${query({ ...filters, ...(platforms && !filters.platform ? { platform: platforms.join(",") } : {}) })}`;
  }

  /** RFC 3339 bounds of the day of a moment. @param {number} at */
  day(at) {
    return { from: new Date(dayStart(at, this.zone)).toISOString(), to: new Date(dayEnd(at, this.zone)).toISOString() };
  }
}

/** @param {any} layer */
export const isBase = (layer) => Boolean(layer.base) || layer.renderer === "area";

/** `wall`, `desk` or `phone`: the layout the screen's width gives. */
export function layoutNow() {
  if (window.matchMedia("(min-width: 1600px)").matches) return "wall";
  return window.matchMedia("(max-width: 899px)").matches ? "phone" : "desk";
}
