// What kind of thing it is: a few chips that fit the words, all of them by platform on request, or "not sure".
import { call } from "../api.js";
import { fill, h } from "../dom.js";
import { nameOf, t } from "../i18n.js";
import { faultBox } from "../parts/states.js";
import { symbol } from "../parts/symbol.js";

const FIRST = 7;
const PLATFORMS = ["enforcement", "service", "public_order", "market"];

/** @typedef {{code: string, name: string, name_en?: string | null, platform: string}} Kind */

/**
 * @param {HTMLElement} box
 * @param {(code: string | null) => void} onChoose
 */
export function kindField(box, onChoose) {
  /** @type {Kind[]} */
  let kinds = [];
  let all = false;
  /** @type {string | null} */
  let chosen = null;
  let words = "";

  const draw = (focus = "") => {
    if (!kinds.length) return;
    fill(box, all ? grouped() : fitting(kinds, words, chosen).map(chip), toggle(), chip(null));
    if (focus) /** @type {HTMLElement | null} */ (box.querySelector(focus))?.focus();
  };

  const chip = (/** @type {Kind | null} */ kind) => {
    const choose = () => {
      chosen = kind?.code ?? null;
      onChoose(chosen);
      draw("[aria-pressed=true]");
    };
    const pressed = (kind?.code ?? null) === chosen;
    return h("button", { type: "button", class: "chip", "aria-pressed": String(pressed), onclick: choose }, kind ? nameOf(kind) : t("report.what_unsure"));
  };

  const toggle = () => {
    const turn = () => {
      all = !all;
      draw(".is-more");
    };
    return kinds.length > FIRST && h("button", { type: "button", class: "chip is-more", "aria-expanded": String(all), onclick: turn }, t(all ? "report.what_less" : "report.what_more"));
  };

  const grouped = () =>
    PLATFORMS.map((platform) => {
      const members = kinds.filter((kind) => kind.platform === platform);
      const title = h("h3", { class: "kinds__title" }, symbol(platform), t(`common.platform_${platform}`));
      return members.length > 0 && h("div", { class: "kinds" }, title, h("div", { class: "chips" }, members.map(chip)));
    });

  const load = async () => {
    try {
      kinds = mixed((await call("/api/v1/report-form")).categories);
      draw();
    } catch (fault) {
      fill(box, faultBox(/** @type {import("../api.js").ApiError} */ (fault), t("report.form_failed")));
    }
  };

  return {
    load,
    /** @param {string | null} code @param {string} text */
    show(code, text) {
      if (chosen === code && words === text) return;
      chosen = code;
      words = text;
      if (!all) draw();
    },
  };
}

/**
 * The few that fit best: those whose name shares most with the words, else as they come; the chosen one always.
 * @param {Kind[]} kinds
 * @param {string} words
 * @param {string | null} chosen
 */
export function fitting(kinds, words, chosen) {
  const scored = kinds.map((kind, i) => ({ kind, i, score: likeness(kind.name, words) }));
  scored.sort((a, b) => b.score - a.score || a.i - b.i);
  const first = scored.slice(0, FIRST).map(({ kind }) => kind);
  const kept = kinds.find((kind) => kind.code === chosen);
  return kept && !first.includes(kept) ? [kept, ...first.slice(0, FIRST - 1)] : first;
}

/**
 * How many pairs of neighbouring characters of a name stand in a text.
 * @param {string} name
 * @param {string} text
 */
export function likeness(name, text) {
  let pairs = 0;
  for (let i = 0; i + 1 < name.length; i += 1) if (text.includes(name.slice(i, i + 2))) pairs += 1;
  return pairs;
}

/** One of each platform in turn, so that the first few stand for all. @param {Kind[]} all */
function mixed(all) {
  const groups = PLATFORMS.map((platform) => all.filter((kind) => kind.platform === platform));
  const longest = Math.max(0, ...groups.map((group) => group.length));
  return Array.from({ length: longest }, (_, i) => groups.map((group) => group[i])).flat().filter(Boolean);
}
