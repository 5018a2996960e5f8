// The page of the supervision lane: figures, flags, supervised cases, projects. The address is the state.
import { ApiError, call, query } from "../api.js";
import { fill, find, h, icon } from "../dom.js";
import { may } from "../frame.js";
import { count, t } from "../i18n.js";
import { listenKeys, openKeys } from "../parts/keys.js";
import { liveState } from "../parts/live.js";
import { empty, failed, faultBox, loading } from "../parts/states.js";
import { VIEWS, readPlace, writePlace } from "./address.js";
import { caseTable } from "./case-table.js";
import { figureRow } from "./figures.js";
import { drawFilters } from "./filters.js";
import { flagEntry } from "./flag-list.js";
import { flagView } from "./flag-view.js";
import { projectEntry } from "./project-list.js";
import { projectView } from "./project-view.js";

const PAGE = 50;
const AGAIN_MS = 1_000; // many events, one question
const WIDE = matchMedia("(min-width: 900px)");
const NEW = "new";

const [list, foot, detail, split] = ["#list", "#foot", "#detail", "#split"].map((selector) => find(selector));
let place = readPlace(location.search);
/** @type {any[]} */
let items = [];
let next = "";
let total = 0;
let run = 0; // the number of the latest question: an older answer is dropped
let timer = 0;
/** @type {{code: string, name: string}[]} */
let organisations = [];

const page = {
  /** @param {string} [id] what is new is opened */
  onChanged(id) {
    if (id) place = { ...place, id };
    history.replaceState(null, "", writePlace(place));
    refresh();
    if (id) open();
  },
  back,
};
const flag = flagView(detail, page);
const project = projectView(detail, page);

/** What each view asks, and how a row of it looks. @type {Record<string, {path: string, extra: Record<string, string>, read: (answer: any) => any[]}>} */
const SOURCES = {
  flags: { path: "/api/v1/flags", extra: {}, read: (answer) => answer.flags },
  cases: { path: "/api/v1/queue", extra: { supervised: "1" }, read: (answer) => answer.features.map((/** @type {any} */ feature) => feature.properties) },
  projects: { path: "/api/v1/projects", extra: {}, read: (answer) => answer.projects },
};

figures();
load();
window.addEventListener("popstate", () => {
  place = readPlace(location.search);
  load();
});
document.addEventListener("click", followLinks);
listenKeys({
  j: () => move(1),
  k: () => move(-1),
  "/": () => focus("[name=q]"),
  n: () => (place.view === "projects" && may("supervise_3") ? go({ ...place, id: NEW }) : false),
  d: () => focus("#words"),
  Escape: () => (place.id ? go({ ...place, id: "" }) : false),
  "?": () => openKeys(/** @type {HTMLDialogElement} */ (find("#help")), [[["J", "K"], t("supervision.key_next")], [["/"], t("supervision.key_search")], [["D"], t("supervision.key_decide")], [["N"], t("supervision.key_new")], [["Esc"], t("supervision.key_back")]]),
});
liveState(find("#live"), "flag", later, refresh);

/** @param {string} selector @returns {false | void} */
function focus(selector) {
  const element = document.querySelector(selector);
  if (!element) return false;
  /** @type {HTMLElement} */ (element).focus();
}

function later() {
  clearTimeout(timer);
  timer = window.setTimeout(() => {
    figures();
    offer();
  }, AGAIN_MS);
}

/** The list does not move under the reader: what is new waits for a word. */
function offer() {
  const show = h("button", { type: "button", class: "button button--small", onclick: refresh }, t("incidents.new_show"));
  fill(find("#fresh"), h("div", { class: "fresh", role: "status" }, h("span", null, t("incidents.list_changed")), show));
}

function refresh() {
  clearTimeout(timer);
  fill(find("#fresh"));
  figures();
  load({ quiet: true });
}

/** @param {import("./address.js").Place} to */
function go(to) {
  const same = to.view === place.view && JSON.stringify(to.filters) === JSON.stringify(place.filters);
  place = to;
  history[same && !to.id ? "replaceState" : "pushState"](null, "", writePlace(place));
  if (!same) return load();
  draw();
  open();
}

/** A link to another state of this page changes it in place. @param {MouseEvent} event */
function followLinks(event) {
  const link = /** @type {Element} */ (event.target).closest("a");
  if (!link || link.pathname !== "/supervision" || event.ctrlKey || event.metaKey || event.shiftKey || link.closest(".tabs, .top__end")) return;
  event.preventDefault();
  go(readPlace(link.search));
}

async function figures() {
  try {
    const counted = await call("/api/v1/supervision/figures");
    organisations = counted.organisations;
    fill(find("#figures"), figureRow(counted));
    if (!document.activeElement?.closest("#filters")) filters();
  } catch (fault) {
    fill(find("#figures"), faultBox(/** @type {ApiError} */ (fault), t("incidents.figures_failed")));
  }
}

function filters() {
  drawFilters(find("#filters"), place, organisations, (changed) => go({ ...place, id: "", filters: Object.fromEntries(Object.entries(changed).filter(([, value]) => value)) }));
}

/** @param {{quiet?: boolean}} [how] without clearing what stands */
async function load({ quiet = false } = {}) {
  const mine = ++run;
  bar();
  if (!quiet) {
    fill(list, loading(8));
    fill(foot);
  }
  try {
    const answer = await ask();
    if (mine !== run) return;
    items = SOURCES[place.view].read(answer);
    next = answer.next ?? "";
    total = answer.count ?? items.length;
    if (!place.id && WIDE.matches && !quiet && place.view !== "cases" && items.length) {
      place = { ...place, id: items[0].id };
      history.replaceState(null, "", writePlace(place));
    }
    draw();
    if (!quiet) open();
  } catch (fault) {
    if (mine !== run) return;
    fill(list, failed(/** @type {ApiError} */ (fault), t(`supervision.failed_${place.view}`), load));
    fill(find("#count"));
  }
}

/** @param {Record<string, string>} [more] */
function ask(more = {}) {
  const { path, extra } = SOURCES[place.view];
  return call(`${path}${query({ ...extra, ...place.filters, ...more, limit: PAGE })}`);
}

async function further() {
  const mine = run;
  try {
    const answer = await ask({ cursor: next });
    if (mine !== run) return;
    const known = new Set(items.map((item) => item.id));
    items.push(...SOURCES[place.view].read(answer).filter((item) => !known.has(item.id)));
    next = answer.next ?? "";
    draw();
  } catch (fault) {
    if (mine === run) fill(foot, failed(/** @type {ApiError} */ (fault), t(`supervision.failed_${place.view}`), further));
  }
}

function bar() {
  fill(
    find("#views"),
    VIEWS.map((view) => h("a", { href: writePlace({ view, id: "", filters: {} }), "aria-current": view === place.view ? "page" : null }, t(`supervision.view_${view}`))),
  );
  if (!document.activeElement?.closest("#filters [name=q]")) filters();
  split.dataset.view = place.view;
}

function draw() {
  split.classList.toggle("has-one", Boolean(place.id) && place.view !== "cases");
  fill(find("#count"), t("supervision.count", { n: count(total) }));
  if (!items.length) fill(list, nothing());
  else if (place.view === "cases") fill(list, caseTable(items));
  else fill(list, items.map((item) => (place.view === "flags" ? flagEntry : projectEntry)(item, item.id === place.id, writePlace({ ...place, id: item.id }))));
  const left = total - items.length;
  fill(
    foot,
    h("span", null, left > 0 ? t("incidents.more_left", { n: count(left) }) : t("incidents.all_shown")),
    next && h("button", { type: "button", class: "button", onclick: further }, t("incidents.more", { n: Math.min(PAGE, Math.max(left, 1)) })),
    place.view === "projects" && may("supervise_3") && h("a", { class: "button button--main", href: writePlace({ ...place, id: NEW }) }, t("supervision.new_project")),
    h("span", { class: "list-foot__keys" }, h("span", { class: "key" }, "J"), " ", h("span", { class: "key" }, "K"), " ", h("span", { class: "key" }, "?")),
  );
}

function nothing() {
  const plain = !Object.keys(place.filters).length;
  const clear = plain ? null : h("a", { class: "button", href: writePlace({ view: place.view, id: "", filters: {} }) }, t("incidents.clear"));
  return empty({ title: t(`supervision.empty_${place.view}`), words: t(plain ? `supervision.empty_${place.view}_words` : "supervision.empty_filtered"), good: plain, action: clear });
}

function open() {
  if (place.view === "cases") return fill(detail);
  if (!place.id) return fill(detail, items.length ? h("p", { class: "state quiet" }, t("supervision.choose_one")) : "");
  if (place.view === "flags") return flag.show(place.id);
  return place.id === NEW ? project.create() : project.show(place.id);
}

/** Back to the list where only one of both has room. */
function back() {
  return h("a", { class: "button button--plain one__back", href: writePlace({ ...place, id: "" }) }, icon("back"), t("supervision.back"));
}

/** @param {number} step */
function move(step) {
  if (place.view === "cases" || !items.length) return false;
  const at = items.findIndex((item) => item.id === place.id);
  const to = items[Math.min(items.length - 1, Math.max(0, at + step))];
  if (!to || to.id === place.id) return false;
  go({ ...place, id: to.id });
  list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
}
