/** Indicators of the closed loop. The address is the state: period and grouping. */

import { ApiError, call, query } from "../api.js";
import { fill, find, h } from "../dom.js";
import { frame } from "../frame.js";
import { nameOf, t } from "../i18n.js";
import { empty, failed, loading } from "../parts/states.js";
import { serverNow } from "../server-time.js";
import { dayAfter, isPeriod, nameOfPeriod, PERIODS, periodOf } from "./period.js";
import { groupName, table } from "./table.js";

const GROUPS = ["town", "platform", "org", "village", "grid", "category"];
/** Groups by area, which may also be those of the day a case occurred. */
const THEN = { village: "village_then", grid: "grid_then" };
const NOW = Object.fromEntries(Object.entries(THEN).map(([now, then]) => [then, now]));
const zone = frame.town?.timezone ?? "Asia/Shanghai";
const today = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" }).format(serverNow());
const form = /** @type {HTMLFormElement} */ (find("#ask"));
const place = find("#table");
/** @type {Record<string, string>} */
const platforms = {};
let run = 0;

const state = read();
draw();
load();
window.addEventListener("popstate", () => {
  Object.assign(state, read());
  draw();
  load();
});

function read() {
  const asked = new URLSearchParams(location.search);
  const [from, to] = [asked.get("from") ?? "", asked.get("to") ?? ""];
  const by = asked.get("by") ?? "org";
  return { ...(isPeriod(from, to) ? { from, to } : periodOf("month", today)), by: GROUPS.includes(NOW[by] ?? by) ? by : "org" };
}

/** @param {Partial<typeof state>} change */
function go(change) {
  Object.assign(state, change);
  history.pushState(null, "", query(state));
  draw();
  load();
}

/** The first moment of a day in the town, with its offset. @param {string} day */
function moment(day) {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(new Date(`${day}T00:00:00Z`));
  const offset = parts.find((part) => part.type === "timeZoneName")?.value.replace("GMT", "") || "+00:00";
  return `${day}T00:00:00${offset}`;
}

function draw() {
  const name = nameOfPeriod(state, today);
  const days = (/** @type {"from" | "to"} */ edge) =>
    h("label", { class: "field" }, h("span", { class: "field__label" }, t(`appraisal.${edge}`)), h("input", { class: "input", type: "date", name: edge, value: state[edge], max: "2100-12-31", onchange: pick }));
  fill(
    form,
    h("label", { class: "field" }, h("span", { class: "field__label" }, t("appraisal.period")),
      h("select", { class: "input", name: "period", onchange: (/** @type {Event} */ event) => go(periodOf(/** @type {HTMLSelectElement} */ (event.target).value, today)) },
        [...PERIODS, ...(name === "own" ? ["own"] : [])].map((one) => h("option", { value: one, selected: one === name, disabled: one === "own" }, t(`appraisal.period_${one}`))))),
    days("from"),
    days("to"),
    h("div", { class: "segments", role: "group", "aria-label": t("appraisal.group") }, GROUPS.map((by) => h("button", { type: "button", "aria-pressed": String(by === (NOW[state.by] ?? state.by)), onclick: () => go({ by }) }, t(`appraisal.by_${by}`)))),
    boundaries(),
  );
}

/** Which boundaries an area has in the table: those of today, or of the day each case occurred. */
function boundaries() {
  const now = NOW[state.by] ?? state.by;
  const then = THEN[/** @type {keyof typeof THEN} */ (now)];
  if (!then) return null;
  const choice = (/** @type {string} */ by, /** @type {string} */ words) => h("button", { type: "button", "data-by": by, "aria-pressed": String(by === state.by), onclick: () => go({ by }) }, t(words));
  return h("div", { class: "segments", role: "group", "aria-label": t("appraisal.boundaries") }, choice(now, "appraisal.as_now"), choice(then, "appraisal.as_then"));
}

function pick() {
  const [from, to] = ["from", "to"].map((edge) => /** @type {HTMLInputElement} */ (form.elements.namedItem(edge)).value);
  if (isPeriod(from, to)) go({ from, to });
}

async function load() {
  const mine = (run += 1);
  fill(place, loading(8));
  try {
    const [answer] = await Promise.all([call(`/api/v1/indicators${query({ from: moment(state.from), to: moment(dayAfter(state.to)), by: state.by })}`), names()]);
    if (mine !== run) return;
    const groups = answer.groups.filter((/** @type {any} */ group) => Object.values(group.indicators).some((figure) => figure.denominator > 0));
    if (!groups.length) fill(place, empty({ title: t("appraisal.none"), words: t("appraisal.none_words") }));
    else fill(place, table(groups, state.by, (group) => groupName(group, state.by, (code) => platforms[code] ?? code)));
  } catch (fault) {
    if (mine === run) fill(place, failed(/** @type {ApiError} */ (fault), t("appraisal.failed"), load));
  }
}

async function names() {
  if (Object.keys(platforms).length) return;
  for (const platform of await call("/api/v1/platforms")) platforms[platform.code] = nameOf(platform);
}
