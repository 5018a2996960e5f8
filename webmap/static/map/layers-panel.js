/** The switches: platforms with their figures, then every layer of the registry with its legend and counts. */

import { call, query } from "../api.js";
import { fill, find, h } from "../dom.js";
import { count, t } from "../i18n.js";
import { failed } from "../parts/states.js";
import { figure, figureRow } from "./figures.js";
import { currentInk } from "./ink.js";
import { legendSpec } from "./legend.js";
import { platformSymbol } from "./symbol-svg.js";
import { drawImage, imageReach } from "./symbols.js";

/** @typedef {import("./town-data.js").TownData} TownData */
/** @typedef {import("./tile-address.js").RegistryLayer} RegistryLayer */

export class LayersPanel {
  /**
   * @param {TownData} data
   * @param {{on: () => Set<string>, platforms: () => string[] | null, at: () => number, zoom: () => number, setOn: (on: string[]) => void, setPlatforms: (codes: string[] | null) => void, retry: (layer: string) => void}} page
   */
  constructor(data, page) {
    this.data = data;
    this.page = page;
    /** @type {Map<string, number>} count of a legend entry by its address */
    this.counts = new Map();
    /** @type {Map<string, import("../api.js").ApiError>} */
    this.faults = new Map();
    /** Ids of the layers that are out of sight from here. */
    this.far = "";
  }

  show() {
    const keep = document.activeElement?.getAttribute?.("data-switch");
    fill(find("#platforms"), this.platforms());
    fill(find("#layers"), this.thematic());
    if (keep) /** @type {HTMLElement | null} */ (document.querySelector(`[data-switch="${CSS.escape(keep)}"]`))?.focus();
  }

  // ---- platforms ----------------------------------------------------------------------------------------------

  platforms() {
    const { data, page } = this;
    return h(
      "div",
      { class: "section" },
      figureRow(data, page.at()),
      h("div", { class: "section__head" }, h("h2", null, t("map.platforms")), h("span", null, t("map.platforms_unit"))),
      h("ul", null, data.platforms.map((platform) => this.platform(platform)), this.undecided()),
    );
  }

  /** @param {import("./symbol-svg.js").Platform} platform */
  platform(platform) {
    const { data, page } = this;
    const shown = page.platforms();
    const on = !shown || shown.includes(platform.code);
    const figures = data.summary && { open: 0, today: 0, late: 0, ...data.summary.platforms?.[platform.code] };
    const { from, to } = data.day(page.at());
    const of = { platform: platform.code };
    const past = data.summary?.at !== undefined;
    const until = past ? new Date(page.at()).toISOString() : to;
    return h(
      "li",
      { class: "platform", "data-off": !on, "data-platform": platform.code },
      h(
        "label",
        { class: "switch" },
        h("input", { type: "checkbox", checked: on, "data-switch": `platform:${platform.code}`, onchange: () => this.togglePlatform(platform.code) }),
        platformSymbol(platform),
        h("span", { class: "switch__name" }, data.platformName(platform.code)),
      ),
      figures && h(
        "span",
        { class: "platform__small" },
        h("a", { href: data.list({ ...of, from, to: until }) }, t(past ? "map.that_day" : "map.today"), " ", h("b", null, figure(figures.today))),
        figures.late > 0 && h("a", { href: past ? null : data.list({ ...of, late: 1 }), "data-tone": "late" }, t("map.late"), " ", h("b", null, count(figures.late))),
      ),
      figures && h("a", { class: "platform__open", href: data.list({ ...of, ...(past ? { open_since: until, to: until } : { open: 1 }) }), "aria-label": t("map.platform_open", { name: data.platformName(platform.code), n: figures.open ?? "–" }) }, figure(figures.open)),
    );
  }

  /** Cases of no platform yet: without this row the platforms would not add up to the whole. */
  undecided() {
    const figures = this.data.summary?.platforms?.[""];
    if (!figures?.open) return null;
    return h(
      "li",
      { class: "platform", "data-platform": "" },
      h("span", { class: "switch switch--none" }, platformSymbol(null), h("span", { class: "switch__name" }, t("common.platform_none"))),
      h("b", { class: "platform__open" }, count(figures.open)),
    );
  }

  /** @param {string} code */
  togglePlatform(code) {
    const all = this.data.platforms.map((platform) => platform.code);
    const shown = new Set(this.page.platforms() ?? all);
    if (!shown.delete(code)) shown.add(code);
    this.page.setPlatforms(shown.size === all.length ? null : all.filter((one) => shown.has(one)));
  }

  // ---- layers -------------------------------------------------------------------------------------------------

  thematic() {
    return h(
      "div",
      { class: "section" },
      h("div", { class: "section__head" }, h("h2", null, t("map.themes"))),
      h("ul", null, this.data.thematic().map((layer) => this.layer(layer))),
    );
  }

  /** @param {RegistryLayer} layer */
  layer(layer) {
    const on = this.page.on().has(layer.id);
    const fault = this.faults.get(layer.id);
    return h(
      "li",
      { class: "layer", "data-off": !on, "data-layer": layer.id },
      h(
        "div",
        { class: "layer__head" },
        h(
          "label",
          { class: "switch" },
          h("input", { type: "checkbox", checked: on, "data-switch": `layer:${layer.id}`, onchange: () => this.toggleLayer(layer.id) }),
          h("span", { class: "switch__name" }, this.data.word(layer.title)),
        ),
        h("span", { class: "layer__count" }, this.note(layer)),
      ),
      fault && failed(fault, t("map.layer_failed", { name: this.data.word(layer.title) }), () => this.page.retry(layer.id)),
      h("ul", { class: "legend" }, layer.legend.map((entry) => this.entry(layer, entry))),
    );
  }

  /** Too far away for this layer to be drawn? @param {RegistryLayer} layer */
  isFar(layer) {
    return (layer.minzoom ?? 0) > this.page.zoom();
  }

  /** The map moved: say of each layer whether it can be seen from here, if that changed. */
  moved() {
    const far = this.data.thematic().filter((layer) => this.isFar(layer)).map((layer) => layer.id).join();
    if (far === this.far) return;
    this.far = far;
    this.show();
  }

  /** @param {RegistryLayer} layer @param {RegistryLayer["legend"][number]} entry */
  entry(layer, entry) {
    const number = this.count(layer, entry);
    const listed = layer.id === "incident" && !this.isPast();
    return h(
      "li",
      { "data-legend": entry.id },
      this.swatch(layer, entry),
      h("span", null, this.data.word(entry.title)),
      number !== undefined && (listed ? h("a", { href: this.data.list(entry.filter ?? {}, this.page.platforms()) }, count(number)) : h("b", null, count(number))),
    );
  }

  /** Is another moment shown than now? */
  isPast() {
    return this.data.summary?.at !== undefined;
  }

  /** What is said beside a layer's name. @param {RegistryLayer} layer */
  note(layer) {
    if (this.isFar(layer)) return t("map.zoom_to_see");
    if (this.isPast() && layer.id !== "incident") return t("map.not_replayed");
    if (this.data.summary?.late === null) return t("map.not_counted");
    if (!layer.platform) return t("map.shared");
    return layer.platform === "by_feature" ? t("map.by_platform") : this.data.platformName(layer.platform);
  }

  /** The figures of the header say the same of cases, and newer; of a past moment they alone know. @param {RegistryLayer} layer @param {RegistryLayer["legend"][number]} entry */
  count(layer, entry) {
    const known = layer.id === "incident" ? tallied(this.data.summary, entry.id, this.page.platforms()) : undefined;
    if (this.isPast()) return known;
    return known ?? (entry.count_url ? this.counts.get(this.countAddress(layer, entry)) : undefined);
  }

  /** @param {RegistryLayer} layer @param {RegistryLayer["legend"][number]} entry */
  swatch(layer, entry) {
    const spec = legendSpec(layer, entry.symbol ?? {}, this.data);
    if (spec.image) {
      const size = 2 * imageReach(spec.image);
      const canvas = h("canvas", { width: size * 2, height: size * 2, "aria-hidden": "true" });
      canvas.style.width = canvas.style.height = `${size}px`;
      const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      pen.scale(2, 2);
      drawImage(pen, spec.image, currentInk(), 0);
      return canvas;
    }
    const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = spec.colour;
    return swatch;
  }

  /** @param {string} id */
  toggleLayer(id) {
    const on = new Set(this.page.on());
    if (!on.delete(id)) on.add(id);
    this.page.setOn(this.data.thematic().map((layer) => layer.id).filter((one) => on.has(one)));
  }

  // ---- counts -------------------------------------------------------------------------------------------------

  /** @param {RegistryLayer} layer @param {RegistryLayer["legend"][number]} entry */
  countAddress(layer, entry) {
    const url = entry.count_url ?? `/api/v1/counts/${layer.id}${query(entry.filter ?? {})}`;
    const shown = this.page.platforms();
    const filtered = shown && layer.filters.some((filter) => filter.name === "platform") && !url.includes("platform=");
    return filtered ? `${url}${url.includes("?") ? "&" : "?"}platform=${shown.join(",")}` : url;
  }

  /** Count the legends of the layers that are on. @param {string} [only] one layer */
  async countLegends(only) {
    const wanted = this.data.thematic().filter((layer) => this.page.on().has(layer.id) && (!only || layer.id === only));
    await Promise.all(wanted.flatMap((layer) => layer.legend.filter((entry) => entry.count_url).map(async (entry) => {
      const address = this.countAddress(layer, entry);
      const answer = await call(address).catch(() => null);
      if (answer) this.counts.set(address, answer.count);
    })));
    this.show();
  }

  /** @param {string} layer @param {import("../api.js").ApiError | null} fault */
  setFault(layer, fault) {
    if (fault) this.faults.set(layer, fault);
    else if (!this.faults.delete(layer)) return;
    this.show();
  }
}

/**
 * What the figures say of all cases, or of those of some platforms; undefined where they say nothing.
 *
 * @param {any} summary @param {string} name @param {string[] | null} platforms
 * @returns {number | undefined}
 */
export function tallied(summary, name, platforms) {
  if (!platforms) return summary?.[name] ?? undefined;
  if (typeof summary?.[name] !== "number") return undefined;
  const parts = platforms.map((code) => summary.platforms[code]?.[name]);
  return parts.includes(null) ? undefined : parts.reduce((sum, part) => sum + (part ?? 0), 0);
}
