// One incident as a row of the list: symbol and ring, title, place, time left.
import { h } from "../dom.js";
import { has, t, wordOf } from "../i18n.js";
import { clockSymbol } from "../parts/symbol.js";
import { placeName } from "../place-name.js";
import { clock, exactly, when } from "../time.js";

/**
 * @typedef {object} Incident
 * @property {string} id
 * @property {string} case_no
 * @property {string} title
 * @property {string | null} platform
 * @property {string | null} category_name
 * @property {string} urgency
 * @property {string} state
 * @property {boolean} is_open
 * @property {string} channel
 * @property {string | null} grid_name
 * @property {string | null} village_name
 * @property {string | null} lead_org_name
 * @property {string} reported_at
 * @property {string | null} due_at
 * @property {string | null} triage_reason
 * @property {number} supervision_level
 */

/** A word of the catalogue for a code, else the code itself. @param {string} group @param {string | null | undefined} code */
export function wordFor(group, code) {
  if (!code) return "";
  const key = `common.${group}_${code}`;
  return has(key) ? t(key) : code;
}

const SUPERVISION = ["", "tag--thin", "tag--outlined", "tag--filled"];

/** Urgency and supervision as tags; U3 and U4 are the rule and say nothing. @param {Incident} item */
export function tags(item) {
  const level = item.supervision_level ?? 0;
  return [
    item.urgency === "U1" && h("span", { class: "tag tag--late" }, "U1"),
    item.urgency === "U2" && h("span", { class: "tag tag--strong" }, "U2"),
    level > 0 && h("span", { class: `tag ${SUPERVISION[level]}` }, t("incidents.supervised", { level })),
  ];
}

/** Where the case lies, or that nobody knows yet. @param {Incident} item */
export function placeOf(item) {
  if (item.grid_name) return placeName(item);
  if (item.triage_reason) return h("span", { class: "tag tag--amber" }, wordFor("triage", item.triage_reason));
  return placeName(item) || t("incidents.no_grid");
}

/** @param {{state: string, words: string}} time */
export function timeLeft(time) {
  const tone = time.state === "late" ? "late" : time.state === "amber" ? "amber" : "quiet";
  return h("span", { class: `${tone} time-left` }, time.words);
}

/**
 * @param {Incident} item
 * @param {Date} now
 */
export function row(item, now) {
  const time = clock(item, now);
  return h(
    "tr",
    { "data-id": item.id, "data-platform": item.platform ?? "" },
    h("td", { class: "col-clock" }, h("div", { class: "clock-cell" }, clockSymbol(item.platform, time), timeLeft(time))),
    h(
      "th",
      { class: "col-case", scope: "row" },
      h("a", { class: "case-link", href: `/incidents/${item.id}` }, item.title),
      " ",
      tags(item),
      h("small", { class: "case-no" }, item.case_no),
    ),
    h("td", { class: "col-place" }, placeOf(item)),
    h("td", { class: "col-category" }, wordOf(item, "category_name") || h("span", { class: "faint" }, t("incidents.no_category"))),
    h("td", { class: "col-state" }, h("span", { class: "tag" }, wordFor("state", item.state))),
    h("td", { class: "col-lead" }, item.lead_org_name ?? h("span", { class: "faint" }, t("incidents.no_lead"))),
    h("td", { class: "col-channel" }, wordFor("channel", item.channel)),
    h("td", { class: "col-reported nowrap", title: exactly(item.reported_at) }, when(item.reported_at, now)),
  );
}

const COLUMNS = ["clock", "case", "place", "category", "state", "lead", "channel", "reported"];

/** An empty table with its head; rows go into the body. */
export function table() {
  const body = h("tbody", null);
  const head = COLUMNS.map((name) => h("th", { class: `col-${name}`, scope: "col" }, t(`incidents.col_${name}`)));
  return { body, element: h("table", { class: "rows cases" }, h("thead", null, h("tr", null, head)), body) };
}

/**
 * The same incident as an entry of the triage queue: why it waits stands first.
 * @param {Incident} item
 * @param {Date} now
 * @param {boolean} selected
 */
export function queueEntry(item, now, selected) {
  const time = clock(item, now);
  return h(
    "a",
    { class: "entry", href: `/incidents?triage=1&id=${item.id}`, "data-id": item.id, "aria-current": selected ? "true" : null },
    clockSymbol(item.platform, time),
    h(
      "span",
      { class: "entry__words" },
      h("b", null, item.title),
      h("small", null, wordFor("triage", item.triage_reason), " · ", wordFor("channel", item.channel), " ", when(item.reported_at, now)),
    ),
    timeLeft(time),
  );
}
