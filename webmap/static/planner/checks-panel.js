// What the draft lacks (red), what to look at (amber), what holds (green). Each with places has a button that zooms there.
import { fill, h, icon } from "../dom.js";
import { nameOf, t, wordsFor } from "../i18n.js";

/** @typedef {import("./draft.js").Check} Check */

/**
 * @param {HTMLElement} element
 * @param {Check[]} checks
 * @param {Map<string, any>} areas
 * @param {{show: (check: Check) => void, staff: (() => void) | null, rename: ((code: string) => void) | null}} acts
 */
export function drawChecks(element, checks, areas, acts) {
  const count = (/** @type {string} */ level) => checks.filter((check) => check.level === level).length;
  const tags = [
    count("red") > 0 && h("span", { class: "tag tag--late" }, t("planner.to_fix", { n: count("red") })),
    count("amber") > 0 && h("span", { class: "tag tag--amber" }, t("planner.to_see", { n: count("amber") })),
    !count("red") && !count("amber") && h("span", { class: "tag tag--fine" }, t("planner.all_fine")),
  ];
  let n = 0;
  const rows = checks.map((check) => row(check, check.level === "green" ? 0 : ++n, areas, acts));
  fill(element, h("h2", null, t("planner.checks"), h("span", { class: "checks__tags" }, tags)), h("ul", { class: "checks" }, rows));
}

/** @param {Check} check @param {number} n @param {Map<string, any>} areas @param {Parameters<typeof drawChecks>[3]} acts */
function row(check, n, areas, acts) {
  const mark = h("span", { class: `check__mark check__mark--${check.level}`, "aria-hidden": "true" }, n ? String(n) : icon("check"));
  const level = h("span", { class: "visually-hidden" }, t(`planner.level_${check.level}`), " ");
  const names = check.level === "green" ? "" : namesOf(check.codes, areas);
  const words = h("div", { class: "check__words" }, h("b", null, level, t(`planner.check_${check.code}`, { n: check.count })), h("small", null, names || wordsFor("planner", `why_${check.code}`)));
  return h("li", { "data-check": check.code, "data-level": check.level }, mark, words, act(check, acts));
}

/** @param {Check} check @param {Parameters<typeof drawChecks>[3]} acts */
function act(check, acts) {
  const button = (/** @type {string} */ words, /** @type {() => void} */ onclick) => h("button", { type: "button", class: "button button--small", onclick }, words);
  if (check.code === "nobody" && acts.staff) return button(t("planner.go_staff"), acts.staff);
  const rename = acts.rename;
  if (check.code === "unnamed" && rename) return button(t("planner.go_name"), () => rename(check.codes[0]));
  return check.places?.features?.length > 0 && button(t("planner.zoom_to"), () => acts.show(check));
}

const NAMED = 3;

/** @param {string[]} codes @param {Map<string, any>} areas */
function namesOf(codes, areas) {
  const names = codes.slice(0, NAMED).map((code) => nameOf(areas.get(code)) || code).join(t("common.comma"));
  return codes.length > NAMED ? t("planner.and_more", { names, n: codes.length }) : names;
}
