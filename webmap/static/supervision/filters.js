// The filters of each view, as the address has them.
import { fill, h, icon } from "../dom.js";
import { t } from "../i18n.js";

const RULES = ["late_handling", "late_whole", "reworks", "returns", "no_reply", "far_photo", "same_photo", "quick_close", "supervised", "repeated"];
const WAIT_MS = 300;

/** @typedef {import("./address.js").Place} Place */

/**
 * @param {HTMLElement} element
 * @param {Place} place
 * @param {{code: string, name: string}[]} organisations
 * @param {(filters: Record<string, string>) => void} go
 */
export function drawFilters(element, place, organisations, go) {
  const set = (/** @type {string} */ name, /** @type {string} */ value) => go({ ...place.filters, [name]: value });
  const choice = (/** @type {string} */ name, /** @type {[string, string][]} */ options) => {
    const select = h(
      "select",
      { class: `input${place.filters[name] ? " is-set" : ""}`, name, "aria-label": t(`supervision.filter_${name}`), onchange: () => set(name, select.value) },
      h("option", { value: "" }, t(`supervision.filter_${name}`)),
      options.map(([value, words]) => h("option", { value, selected: value === place.filters[name] }, words)),
    );
    return select;
  };
  const toggle = (/** @type {string} */ name) =>
    h("button", { type: "button", class: "chip", "aria-pressed": String(place.filters[name] === "1"), onclick: () => set(name, place.filters[name] ? "" : "1") }, t(`supervision.filter_${name}`));
  const words = (/** @type {string} */ group, /** @type {string[]} */ codes) => codes.map((code) => /** @type {[string, string]} */ ([code, t(`supervision.${group}_${code}`)]));
  const orgs = choice("org", [...organisations.map(({ code, name }) => /** @type {[string, string]} */ ([code, name])), ...(place.view === "flags" ? [/** @type {[string, string]} */ (["-", t("supervision.desk")])] : [])]);
  const controls = {
    flags: () => [choice("state", words("state", ["proposed", "issued", "dismissed", "lifted"])), choice("colour", words("colour", ["yellow", "red"])), choice("rule", words("rule", RULES)), orgs, toggle("unreplied")],
    cases: () => [choice("level", ["3", "2", "1"].map((n) => [n, t("supervision.level", { n })])), toggle("reply"), choice("platform", ["public_order", "enforcement", "market", "service"].map((code) => [code, t(`common.platform_${code}`)]))],
    projects: () => [choice("state", words("project", ["planned", "running", "paused", "done", "cancelled"])), toggle("open"), toggle("late")],
  };
  fill(element, controls[/** @type {keyof typeof controls} */ (place.view)](), search(place.filters.q ?? "", (value) => set("q", value)));
}

/** @param {string} value @param {(value: string) => void} go */
function search(value, go) {
  let timer = 0;
  const input = h("input", { class: "input", type: "search", name: "q", value, "aria-label": t("supervision.search"), placeholder: t("supervision.search"), oninput: () => later(), onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && go(input.value) });
  const later = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => go(input.value), WAIT_MS);
  };
  return h("label", { class: "with-icon filters__search" }, icon("search"), input);
}
