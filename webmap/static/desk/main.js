// The desk: the queue on the left, the case in the middle, the decision on the right. The address is the state.
import { ApiError, call, query as queryString } from "../api.js";
import { fill, find, h } from "../dom.js";
import { may } from "../frame.js";
import { t } from "../i18n.js";
import { chime } from "../parts/chime.js";
import { copyText } from "../parts/copy.js";
import { listenKeys, openKeys } from "../parts/keys.js";
import { liveState } from "../parts/live.js";
import { empty, faultBox } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { every, serverNow } from "../server-time.js";
import { clock, exactly } from "../time.js";
import { figuresQuery, queueQuery, readAddress, writeAddress } from "./address.js";
import { marked, soundSwitch } from "./alerts.js";
import { bulkBar } from "./bulk.js";
import { casePanel } from "./case-panel.js";
import { loadChoices } from "./choices.js";
import { filtersPanel } from "./filters-panel.js";
import { LETTERS } from "./plan.js";
import { arrived, joined, neighbour, reach } from "./queue.js";
import { queuePanel } from "./queue-panel.js";

/** @typedef {import("./address.js").Desk} Desk */
/** @typedef {import("./queue.js").Incident} Incident */

const PAGE = 50;
const MOST = 500;
const TICK_MS = 30_000;
const QUIET_MS = 700; // many events, one question
const PATIENCE_MS = 3_000; // but a busy town is not waited out
const NARROW = matchMedia("(max-width: 899px)");
/** The keys as the list shows them. */
const KEYS = /** @type {[string[], string][]} */ ([
  [["/"], "search"], [["J", "K"], "next"], [["Enter"], "open"], [["Ctrl Enter"], "main"], [["A"], "accept"], [["V"], "verify"], [["M"], "merge"], [["D"], "decline"],
  [["1", "2", "3"], "grid"], [["P"], "place"], [["C"], "copy"], [["Esc"], "close"], [["?"], "keys"],
]);

/** @type {Desk} */
let desk = readAddress(location.search);
/** @type {Incident[]} */
let rows = [];
let next = "";
let total = 0;
let place = 0; // of the chosen case when it was last in the list
let run = 0;
let reading = false;
let narrowed = false; // by other filters since the queue was read
/** @type {Set<string>} */
const fresh = new Set();
/** @type {Set<string> | null} */
let picked = null;
let timer = 0;
let waitingSince = 0;
let readAt = serverNow(); // when the queue was last read

const queue = queuePanel(find("#queue"), find("#queue-foot"), { onMore: more, onPick: pick });
const filters = filtersPanel(find("#filters"), () => desk, { onGo: go });
const shown = casePanel({ centre: find("#case"), side: find("#side"), fresh: find("#fresh") }, { onChanged: () => renew(), onBack: () => choose("", { push: true }) });

start();

async function start() {
  listen();
  try {
    await loadChoices();
  } catch (fault) {
    toast(/** @type {ApiError} */ (fault).words, null, { late: true });
  }
  await load();
}

function listen() {
  window.addEventListener("popstate", () => {
    const before = desk;
    desk = readAddress(location.search);
    filters.draw();
    if (writeAddress({ ...before, id: "" }) !== writeAddress({ ...desk, id: "" })) load();
    else show(desk.id);
  });
  document.addEventListener("click", followLinks);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && renew());
  every(TICK_MS, () => document.visibilityState === "visible" && (draw(), shown.tick()));
  liveState(find("#live"), "incident", happened, () => {
    load({ quiet: true });
    shown.changedElsewhere(Infinity);
  });
  const letters = Object.fromEntries(Object.entries(LETTERS).map(([name, letter]) => [letter, () => act(name)]));
  listenKeys({
    ...letters, j: () => step(1), k: () => step(-1), Enter: enter, "Ctrl Enter": main, "/": () => filters.focus(), c: copy, "?": help,
    Escape: () => (picked ? switchBulk() : false),
  });
  find("#help-open").addEventListener("click", help);
  find("#bulk-switch").addEventListener("click", switchBulk);
  soundSwitch(find("#sound"));
}

/** The main action; in a form it is the form's own. A key held down acts once. @param {KeyboardEvent} event */
function main(event) {
  const target = /** @type {Element} */ (event.target);
  const form = target.closest("form");
  if (event.repeat || target.closest("#filters, #bulk")) return false;
  if (form) form.requestSubmit();
  else shown.actions?.doMain();
}

/** @param {string} name */
function act(name) {
  if (!shown.actions?.element.querySelector(`[data-act="${name}"]`)) return false;
  shown.actions.start(name);
}

function help() {
  openKeys(/** @type {HTMLDialogElement} */ (find("#help-dialog")), KEYS.map(([keys, what]) => [keys, t(`desk.key_${what}`)]));
}

function copy() {
  if (desk.id) copyText(`${location.origin}${writeAddress(desk)}`, t("incident.copied"));
}

/** @param {Desk} to @param {boolean} [typed] words in the search field change the address in place */
function go(to, typed = false) {
  desk = to;
  narrowed = true;
  history[typed ? "replaceState" : "pushState"](null, "", writeAddress(desk));
  filters.draw();
  load();
}

/** Links to other states of the desk change it in place. @param {MouseEvent} event */
function followLinks(event) {
  const link = /** @type {Element} */ (event.target).closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || link.pathname !== "/desk" || link.target || link.hreflang) return;
  event.preventDefault();
  const to = readAddress(link.search);
  // a case beside the one that is shown, in the queue or not, changes no filter
  if (link.dataset.id) return choose(link.dataset.id, { push: true });
  go(to);
}

/** Reads the queue from its start; quietly, as far as it was read and without a skeleton. @param {{quiet?: boolean}} [how] */
async function load({ quiet = false } = {}) {
  const mine = ++run;
  if (!quiet) queue.wait();
  const limit = quiet ? reach(rows.length, PAGE, MOST) : PAGE;
  readFigures(mine);
  try {
    const page = await call(`/api/v1/queue${queryString({ ...queueQuery(desk), limit })}`);
    if (mine !== run) return;
    const before = rows;
    rows = page.features.map((/** @type {any} */ feature) => feature.properties);
    next = page.next ?? "";
    total = page.count ?? rows.length;
    readAt = serverNow();
    fill(find("#queue-fault"));
    if (quiet) for (const id of arrived(before, rows)) if (isNew(id)) fresh.add(id);
    settle(quiet);
  } catch (fault) {
    if (mine !== run) return;
    if (!quiet) queue.fail(/** @type {ApiError} */ (fault), () => load());
    else fill(find("#queue-fault"), faultBox(/** @type {ApiError} */ (fault), t("desk.queue_old", { time: clockTime(readAt) })));
  }
}

/** @param {number} mine */
async function readFigures(mine) {
  const told = await call(`/api/v1/queue/figures${queryString(figuresQuery(desk.filters))}`).catch(() => null);
  if (told && mine === run) filters.figures(told);
}

/** Which case is shown after the queue was read; one that other filters left out is not, as keys would act on it. @param {boolean} quiet */
function settle(quiet) {
  const gone = narrowed && desk.id !== "" && !rows.some((row) => row.id === desk.id);
  narrowed = false;
  if (!quiet && (gone || !desk.id)) {
    desk = { ...desk, id: NARROW.matches ? "" : (rows[0]?.id ?? "") };
    history.replaceState(null, "", writeAddress(desk));
  }
  draw();
  if (!quiet) show(desk.id);
}

/** @param {string} id */
function show(id) {
  fresh.delete(id);
  document.body.classList.toggle("has-case", id !== "");
  if (NARROW.matches) scrollTo(0, 0);
  draw();
  shown.show(id).then(() => markTitle());
  queue.reveal(id);
}

async function more() {
  if (!next || reading) return;
  const mine = run;
  reading = true;
  try {
    const page = await call(`/api/v1/queue${queryString({ ...queueQuery(desk), cursor: next, limit: PAGE })}`);
    if (mine !== run) return;
    rows = joined(rows, page.features.map((/** @type {any} */ feature) => feature.properties));
    next = page.next ?? "";
    draw();
  } catch (fault) {
    fill(find("#queue-fault"), faultBox(/** @type {ApiError} */ (fault), t("desk.queue_failed")));
  } finally {
    reading = false;
  }
}

function draw() {
  const at = rows.findIndex((row) => row.id === desk.id);
  if (at >= 0) place = at;
  if (!rows.length) queue.empty(nothing());
  else queue.show({ rows, total, more: Boolean(next), chosen: desk.id, fresh, picked, address: (id) => writeAddress({ ...desk, id }) });
  markTitle();
  drawBulk();
}

function nothing() {
  const filtered = Object.keys(desk.filters).length > 0;
  const clear = h("a", { class: "button", href: writeAddress({ stage: desk.stage === "all" ? "accept" : desk.stage, id: "", filters: {} }) }, t("incidents.clear"));
  if (filtered) return empty({ title: t("incidents.empty_title"), words: t("incidents.empty_words"), action: clear });
  return empty({ title: t(`desk.empty_${desk.stage}`), words: t("desk.empty_since", { time: clockTime(readAt) }), good: true });
}

/** 14:32, on the town's clock. @param {number} at */
const clockTime = (at) => exactly(new Date(at).toISOString()).slice(11, 16);

function markTitle() {
  document.title = marked(document.title, fresh.size);
}

/** @param {string} id @param {{push: boolean}} how */
function choose(id, { push }) {
  desk = { ...desk, id };
  history[push ? "pushState" : "replaceState"](null, "", writeAddress(desk));
  show(id);
}

/** @param {1 | -1} by */
function step(by) {
  const id = neighbour(rows, desk.id, place, by);
  if (!id) return;
  choose(id, { push: true });
  if (by > 0 && rows[rows.length - 1]?.id === id) more();
  const row = rows.find((one) => one.id === id);
  if (row) say(t("desk.said", { i: rows.indexOf(row) + 1, n: total, title: row.title, left: clock(row).words }));
}

/** The case gets the focus; on a link or button Enter is its own. @param {KeyboardEvent} event */
function enter(event) {
  if (/** @type {Element} */ (event.target).closest("a, button, summary, canvas") || !desk.id) return false;
  shown.focus();
}

/** @param {string} words */
function say(words) {
  find("#speaker").textContent = words;
}

/** Ids whose report came while this page was open. @type {Set<string>} */
const reported = new Set();
const isNew = (/** @type {string} */ id) => reported.has(id);

/** @param {import("../map/events.js").TownEvent} event */
function happened(event) {
  if (event.kind === "created") announce(event);
  if (event.ref === desk.id && event.data?.version) shown.changedElsewhere(event.data.version);
  if (event.data?.state === "dispatched" && may("handle") && event.kind === "updated") announce(event);
  renew();
}

/** A new case, or one dispatched to us: marked, heard, said; U1 at once. @param {import("../map/events.js").TownEvent} event */
function announce(event) {
  if (reported.has(event.ref)) return;
  reported.add(event.ref);
  chime();
  const urgent = event.data?.urgency === "U1";
  const words = t(urgent ? "desk.new_urgent" : "desk.new_case", { title: event.data?.title ?? "" });
  if (urgent) find("#alarm").textContent = words;
  else say(words);
}

/** Reads again a moment later: many events are one question. */
function renew() {
  const now = Date.now();
  waitingSince ||= now;
  clearTimeout(timer);
  timer = window.setTimeout(() => {
    waitingSince = 0;
    load({ quiet: true });
  }, Math.max(0, Math.min(QUIET_MS, waitingSince + PATIENCE_MS - now)));
}

function switchBulk() {
  picked = picked ? null : new Set();
  find("#bulk-switch").setAttribute("aria-pressed", String(picked !== null));
  draw();
}

/** @param {string} id @param {boolean} on */
function pick(id, on) {
  if (on) picked?.add(id);
  else picked?.delete(id);
  draw();
}

function drawBulk() {
  const bar = find("#bulk");
  if (!picked) return fill(bar);
  const chosen = rows.filter((row) => picked?.has(row.id));
  const mark = chosen.map((row) => `${row.id}${row.state}`).join();
  if (bar.dataset.mark === mark && bar.childElementCount) return; // what is typed in it stays
  bar.dataset.mark = mark;
  fill(bar, bulkBar(chosen, { may, onDone: bulkDone, onCancel: switchBulk }));
}

/** @param {string} words @param {string[]} refused */
function bulkDone(words, refused) {
  toast(words);
  for (const one of refused) toast(one, null, { late: true });
  switchBulk();
  renew();
  if (desk.id) shown.reload();
}
