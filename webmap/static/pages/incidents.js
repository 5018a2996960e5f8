// The list of incidents and the triage queue. The address is the state; the server counts.
import { ApiError, call, query as queryString } from "../api.js";
import { fill, find, h } from "../dom.js";
import { frame, may } from "../frame.js";
import { count, nameOf, t } from "../i18n.js";
import { liveState } from "../parts/live.js";
import { empty, failed, loading } from "../parts/states.js";
import { every, serverNow } from "../server-time.js";
import { figureStrip } from "./incident-figures.js";
import { filterBar } from "./incident-filters.js";
import { readQuery, writeQuery } from "./incident-query.js";
import { queueEntry, row, table } from "./incident-rows.js";
import { incidentView } from "./incident-view.js";

const PAGE = 50;
const TICK_MS = 30_000;
const FIGURES_MS = 1_000; // many events, one question
const WIDE = matchMedia("(min-width: 900px)");

const list = find("#list");
const foot = find("#foot");
let query = ask(location.search);
const triage = query.triage === "1";
let chosen = new URLSearchParams(location.search).get("id") ?? "";
/** @type {import("./incident-rows.js").Incident[]} */
let items = [];
let next = "";
let total = 0;
let isFaulty = false; // the list says why it has no rows
let figuresTimer = 0;
let run = 0; // the number of the latest question: an older answer is dropped

const figures = triage ? null : figureStrip(find("#figures"));
const filters = triage ? null : filterBar(find("#filters"), () => query, go);
const detail = triage ? incidentView(find("#detail"), { compact: true, onChanged: () => load() }) : null;

load();
figures?.();
window.addEventListener("popstate", () => {
  query = ask(location.search);
  chosen = new URLSearchParams(location.search).get("id") ?? "";
  filters?.draw();
  load();
});
document.addEventListener("click", followFilterLinks);
document.addEventListener("keydown", keys);
every(TICK_MS, () => document.visibilityState === "visible" && draw());
liveState(find("#live"), "incident", changed, () => {
  figures?.();
  load();
});

/** The query of an address; the queue holds open cases only. @param {string} search */
function ask(search) {
  const asked = readQuery(search);
  return asked.triage === "1" ? { ...asked, open: "1" } : asked;
}

/** @param {import("./incident-query.js").Query} to */
function go(to) {
  query = to;
  history.pushState(null, "", `/incidents${writeQuery(query)}`);
  filters?.draw();
  load();
}

/** A link to another state of this list changes it in place. @param {MouseEvent} event */
function followFilterLinks(event) {
  const link = /** @type {Element} */ (event.target).closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || link.pathname !== "/incidents") return;
  const to = readQuery(link.search);
  if ((to.triage === "1") !== triage) return;
  event.preventDefault();
  if (triage) return choose(new URLSearchParams(link.search).get("id") ?? "");
  go(to);
}

async function load() {
  const mine = ++run;
  fill(list, loading(triage ? 5 : 8));
  fill(foot);
  try {
    const page = await call(`/api/v1/incidents${queryString({ ...query, limit: PAGE })}`);
    if (mine !== run) return;
    items = page.features.map((/** @type {any} */ feature) => feature.properties);
    next = page.next ?? "";
    total = page.count ?? items.length;
    isFaulty = false;
    if (triage && !items.some((item) => item.id === chosen)) chosen = items[0]?.id ?? "";
    draw();
    if (triage && WIDE.matches) detail?.show(chosen);
  } catch (fault) {
    if (mine !== run) return;
    isFaulty = true;
    fill(list, refused(/** @type {ApiError} */ (fault)));
    sayCount("");
  }
}

/** A filter that cannot be read is not mended by asking again. @param {ApiError} fault */
function refused(fault) {
  if (!fault.code?.startsWith("filter.")) return failed(fault, t("incidents.list_failed"), load);
  const which = Object.keys(fault.detail?.fields ?? {}).map((name) => `${name}=${query[name] ?? ""}`);
  return empty({ title: t("incidents.unread"), words: [fault.words, ...which].join(" "), action: clearLink() });
}

async function more() {
  const mine = run;
  const button = /** @type {HTMLButtonElement | null} */ (foot.querySelector("button"));
  button?.classList.add("is-busy");
  try {
    const page = await call(`/api/v1/incidents${queryString({ ...query, cursor: next, limit: PAGE })}`);
    if (mine !== run) return;
    const known = new Set(items.map((item) => item.id));
    items.push(...page.features.map((/** @type {any} */ feature) => feature.properties).filter((/** @type {any} */ item) => !known.has(item.id)));
    next = page.next ?? "";
    draw();
  } catch (fault) {
    fill(foot, failed(/** @type {ApiError} */ (fault), t("incidents.list_failed"), more));
  }
}

function draw() {
  if (isFaulty) return;
  document.querySelector(".split")?.classList.toggle("is-empty", !items.length);
  if (!items.length) {
    fill(list, nothing());
    fill(foot);
    return sayCount(t("incidents.matching", { n: 0 }));
  }
  const now = new Date(serverNow());
  if (triage) {
    fill(list, !may("triage") && h("p", { class: "split__kept quiet small" }, keptBy()), items.map((item) => queueEntry(item, now, item.id === chosen)));
  } else {
    const { element, body } = table();
    body.append(...items.map((item) => row(item, now)));
    fill(list, element);
    mark();
  }
  sayCount(t("incidents.matching", { n: count(total) }));
  drawFoot();
}

function drawFoot() {
  const left = total - items.length;
  fill(
    foot,
    h("span", null, left > 0 ? t("incidents.more_left", { n: count(left) }) : t("incidents.all_shown")),
    next && h("button", { type: "button", class: "button", onclick: more }, t("incidents.more", { n: Math.min(PAGE, Math.max(left, 1)) })),
    h("span", { class: "list-foot__keys" }, h("span", { class: "key" }, "J"), " ", h("span", { class: "key" }, "K"), " ", t("incidents.keys")),
  );
}

function nothing() {
  if (triage) {
    fill(find("#detail"));
    return may("triage") ? empty({ title: t("incidents.empty_triage"), words: t("incidents.empty_triage_words"), good: true }) : notTheirs();
  }
  if (onlyLate()) return empty({ title: t("incidents.empty_late"), words: t("incidents.empty_late_words"), good: true });
  return empty({ title: t("incidents.empty_title"), words: t("incidents.empty_words"), action: clearLink() });
}

const clearLink = () => h("a", { class: "button", href: "/incidents" }, t("incidents.clear"));

/** Whether the list asks for late cases and nothing else: then its emptiness is good news. */
const onlyLate = () => query.late === "1" && Object.keys(query).every((name) => name === "late" || name === "open");

/** Whoever may not place cases sees the queue only as far as the own scope goes: its emptiness says nothing of the queue. */
function notTheirs() {
  const own = h("a", { class: "button", href: "/incidents?open=1" }, t("incidents.own_cases"));
  return empty({ title: t("incidents.not_theirs"), words: keptBy(), action: own });
}

function keptBy() {
  const who = frame.data.keepers.map(nameOf).join(t("common.comma"));
  return who ? t("incidents.kept_by", { who }) : t("incidents.kept_by_nobody");
}

/** @param {string} text */
function sayCount(text) {
  const place = document.getElementById("count");
  if (place) place.textContent = triage ? (total || may("triage") ? count(total) : "") : text;
}

/** @param {string} id */
function choose(id) {
  if (!WIDE.matches) return location.assign(`/incidents/${id}`);
  chosen = id;
  history.replaceState(null, "", `/incidents${writeQuery(query, { id })}`);
  draw();
  detail?.show(id);
}

function mark() {
  for (const element of list.querySelectorAll("[data-id]")) {
    element.classList.toggle("is-selected", /** @type {HTMLElement} */ (element).dataset.id === chosen);
  }
}

/** @param {KeyboardEvent} event */
function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || /** @type {Element} */ (event.target).closest("input, select, textarea, dialog")) return;
  if (event.key === "/") {
    event.preventDefault();
    return /** @type {HTMLElement | null} */ (document.querySelector("[name=q]"))?.focus();
  }
  const step = { j: 1, J: 1, k: -1, K: -1 }[event.key];
  if (step) return move(step);
  if (event.key === "Enter" && chosen && !/** @type {Element} */ (event.target).closest("a, button")) location.assign(`/incidents/${chosen}`);
}

/** @param {number} step */
function move(step) {
  const at = items.findIndex((item) => item.id === chosen);
  const to = items[Math.min(items.length - 1, Math.max(0, at + step))];
  if (!to) return;
  if (triage) return choose(to.id);
  chosen = to.id;
  mark();
  list.querySelector(".is-selected")?.scrollIntoView({ block: "nearest" });
}

/** Something changed on the server: figures follow; a row is replaced, other changes wait for a word. @param {import("../map/events.js").TownEvent} event */
function changed(event) {
  clearTimeout(figuresTimer);
  figuresTimer = window.setTimeout(() => figures?.(), FIGURES_MS);
  const at = items.findIndex((item) => item.id === event.ref);
  if (at >= 0 && event.data?.case_no) {
    items[at] = { ...items[at], ...event.data };
    return draw();
  }
  const place = document.getElementById("fresh");
  if (!place) return load();
  const show = h("button", { type: "button", class: "button button--small", onclick: refresh }, t("incidents.new_show"));
  fill(place, h("div", { class: "fresh", role: "status" }, h("span", null, t("incidents.list_changed")), show));
}

function refresh() {
  fill(find("#fresh"));
  load();
}
