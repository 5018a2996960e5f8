// The inbox: what waits for this person, live, and the case that is open beside it.
import { ApiError, call } from "../api.js";
import { fill, find, h } from "../dom.js";
import { may } from "../frame.js";
import { t } from "../i18n.js";
import { chime, isOn, switchSound } from "../parts/chime.js";
import { liveState } from "../parts/live.js";
import { failed, loading } from "../parts/states.js";
import { every } from "../server-time.js";
import { inboxCase } from "./inbox-case.js";
import { drawGroups, pageOfQueue } from "./inbox-list.js";
import { asLongAsBefore } from "./inbox-pages.js";

const GATHER_MS = 400;
const MINUTE_MS = 60_000;

const list = find("#list");
const split = find(".inbox");
const title = document.title;
const view = inboxCase(find("#detail"), { onChanged: () => soon(), onBack: () => go("") });
/** @type {import("./inbox-list.js").Group[]} */
let groups = [];
let loaded = false;
/** @type {Set<string> | null} */
let known = null;
let timer = 0;

const opened = () => new URLSearchParams(location.search).get("id") ?? "";

/** @param {string} id */
function go(id) {
  const lang = new URLSearchParams(location.search).get("lang");
  const search = new URLSearchParams({ ...(id && { id }), ...(lang && { lang }) }).toString();
  history.pushState(null, "", search ? `?${search}` : location.pathname);
  open();
}

async function open() {
  const id = opened();
  split.classList.toggle("is-open", id !== "");
  if (loaded) drawGroups(list, groups, id);
  await view.show(id);
  if (id && matchMedia("(max-width: 899px)").matches) scrollTo(0, 0);
}

async function refresh() {
  try {
    const told = await call("/api/v1/inbox");
    // rows that were loaded stay: what somebody reads does not fold because of an event
    groups = await asLongAsBefore(told.groups, groups, pageOfQueue);
    loaded = true;
    redraw();
    tell(groups.find(({ id }) => id === "unseen"));
  } catch (fault) {
    if (!loaded) fill(list, failed(/** @type {ApiError} */ (fault), t("inbox.load_failed"), refresh));
  }
}

/** The list drawn anew, with the focus where it was. */
function redraw() {
  const id = list.contains(document.activeElement) && /** @type {HTMLElement | null} */ (document.activeElement?.closest("[data-id]"))?.dataset.id;
  drawGroups(list, groups, opened());
  if (id) /** @type {HTMLElement | null} */ (list.querySelector(`[data-id="${CSS.escape(id)}"]`))?.focus();
}

/** The mark of what nobody opened yet, and the tone for what is new in it. @param {import("./inbox-list.js").Group | undefined} unseen */
function tell(unseen) {
  const count = unseen?.count ?? 0;
  document.title = count ? `(${count}) ${title}` : title;
  const tab = document.querySelector("[data-tab=inbox]");
  tab?.querySelector(".tabs__count")?.remove();
  if (count) tab?.append(h("span", { class: "tabs__count" }, String(count)));
  const now = new Set((unseen?.cases ?? []).map(({ id }) => id));
  const fresh = (unseen?.cases ?? []).filter(({ id }) => known && !known.has(id));
  known = now;
  if (fresh.length === 0) return;
  chime();
  find("#speaker").textContent = t("inbox.came_in", { n: fresh.length, title: fresh[0].title });
}

/** Several events at once are one reading. */
function soon() {
  clearTimeout(timer);
  timer = window.setTimeout(refresh, GATHER_MS);
}

function soundSwitch() {
  const words = () => t(isOn() ? "inbox.sound_on" : "inbox.sound_off");
  const button = h("button", { type: "button", class: "button button--plain", "data-sound": true, onclick: () => turn() }, words());
  const turn = () => {
    switchSound(!isOn());
    fill(button, words());
    chime();
  };
  return button;
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || /** @type {Element} */ (event.target).closest("input, select, textarea")) return;
  const step = { j: 1, k: -1 }[event.key.toLowerCase()];
  if (!step) return;
  const rows = /** @type {HTMLElement[]} */ ([...list.querySelectorAll(".entry")]);
  const at = rows.findIndex((row) => row === document.activeElement || (document.activeElement === document.body && row.ariaCurrent === "true"));
  rows[Math.min(Math.max(at + step, 0), rows.length - 1)]?.focus();
}

fill(list, loading(5));
if (may("handle")) find("#sound").append(soundSwitch());
list.addEventListener("click", (event) => {
  const link = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("a.entry"));
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(link.dataset.id ?? "");
});
addEventListener("popstate", open);
document.addEventListener("keydown", onKey);
window.addEventListener("online", soon);
liveState(find("#live"), "incident", (event) => {
  soon();
  if (event.ref === view.id() && (event.data?.version ?? Infinity) > view.version()) view.refresh();
}, () => {
  refresh();
  view.refresh();
});
every(MINUTE_MS, () => {
  if (loaded) redraw();
  view.tick();
});
refresh();
open();
