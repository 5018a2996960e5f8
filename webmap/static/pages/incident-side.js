// The right side of a case: limits, suggestion, facts, photos, log.
import { ApiError, call, newId } from "../api.js";
import { fill, h, icon } from "../dom.js";
import { may } from "../frame.js";
import { nameOf, t, wordOf, wordsFor } from "../i18n.js";
import { LIMIT_UNITS } from "../parts/limit-units.js";
import { logSentence } from "../parts/case-log.js";
import { faultBox } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { placeName } from "../place-name.js";
import { serverNow } from "../server-time.js";
import { clock, day, exactly, span, when, workSpan } from "../time.js";
import { timeLeft, wordFor } from "./incident-rows.js";

const FAR_M = 100;
const PHOTO_TIMEOUT_MS = 120_000;

/** @typedef {import("./incident-view.js").Case} Case */

/** @param {string} title @param {any} extra @param {...any} children */
const section = (title, extra, ...children) => h("section", { class: "panel-section" }, h("h2", null, title, extra && h("small", null, extra)), ...children);

/** Stage and total clock; the tick stands at 75 %. @param {Case} item */
export function limits(item) {
  const clocks = item.clocks?.length ? item.clocks : item.due_at ? [{ stage: "whole", ...item }] : [];
  return section(t("incident.limits"), null, clocks.length ? clocks.map((/** @type {any} */ one) => clockRow(one, item)) : h("p", { class: "quiet" }, t("incident.no_limits")));
}

/** @param {any} one @param {Case} item */
function clockRow(one, item) {
  const start = one.clock_started_at ?? one.started_at ?? item.clock_started_at;
  const timed = { ...one, clock_started_at: start, due_at: one.due_at, closed_at: one.closed_at ?? one.ended_at ?? one.stopped_at ?? item.closed_at };
  // at the county only the clock of the stage stands
  const stands = Boolean(one.paused_at) || item.state === "suspended";
  const time = stands ? { ...clock({ ...timed, state: "suspended" }), words: t("incident.stands") } : clock(timed);
  const name = one.stage ?? "whole";
  const bar = h("i", null);
  bar.style.inlineSize = `${Math.round((time.state === "late" ? 1 : time.share) * 100)}%`;
  const wall_s = start ? ((timed.closed_at ? Date.parse(timed.closed_at) : serverNow()) - Date.parse(start)) / 1000 : 0;
  const used = one.in_work_time ? t("incident.used_work", { span: workSpan(one.used_s) }) : t("incident.used", { span: span(one.used_s ?? wall_s) });
  return h(
    "div",
    { class: `limit limit--${time.state}` },
    h("div", { class: "limit__line" }, h("span", null, wordsFor("loop", `clock_${name}`)), timeLeft(time)),
    h("div", { class: "limit__bar" }, h("div", { class: "bar" }, bar), h("i", { class: "limit__tick" })),
    h("div", { class: "limit__line small quiet" }, h("span", null, one.paused_at ? t("incident.paused", { time: when(one.paused_at) }) : used), h("span", null, limitWords({ ...one, due_at: stands ? null : one.due_at }))),
  );
}

/** Less than an hour is said in minutes. @param {{value: number, unit: string}} limit */
const limitOf = ({ value, unit }) => (unit === "urgent_hour" && value < 1 ? t("common.minutes", { m: Math.round(value * 60) }) : t(LIMIT_UNITS[unit], { n: value }));

/** 1 工作时，到 15:31; the whole says its end alone, as its limit is the sum of its stages. @param {any} one */
function limitWords({ stage, limit, due_at }) {
  const until = due_at ? t("incident.until", { time: when(due_at) }) : "";
  const given = limit && stage !== "whole" ? limitOf(limit) : "";
  return [given, until].filter(Boolean).join(t("incident.then"));
}

/** What the rules suggest, why, and what else it could be. @param {Case} item */
export function suggestion(item) {
  const given = item.suggestion ?? {};
  if (!given.platform && !given.category) return section(t("incident.suggestion"), null, h("p", { class: "quiet" }, t("incident.suggestion_none")));
  const confidence = given.confidence != null ? t("incident.confidence", { n: Number(given.confidence).toFixed(2) }) : null;
  const row = (/** @type {string} */ name, /** @type {any} */ value) => value && [h("dt", null, name), h("dd", { class: "suggested" }, value)];
  const quiet = (/** @type {string} */ name, /** @type {string[]} */ words) => words.length > 0 && [h("dt", null, name), h("dd", { class: "quiet" }, words.join(t("common.comma")))];
  return section(
    t("incident.suggestion"),
    confidence,
    h(
      "dl",
      { class: "pairs" },
      row(t("incident.suggest_platform"), given.platform && wordFor("platform", given.platform)),
      row(t("incident.suggest_category"), wordOf(given, "category_name") || given.category),
      row(t("incident.suggest_lead"), given.lead_org_name ?? given.lead_org),
      quiet(t("incident.because"), reasons(given.rules ?? [], given.words ?? [])),
      quiet(t("incident.alternatives"), (given.alternatives ?? []).map((/** @type {any} */ other) => wordOf(other, "category_name") || other.category)),
    ),
  );
}

/**
 * The words that spoke for it: those of rules and keywords. Where a case does not hold them, a rule is said without its code.
 * @param {string[]} rules @param {string[]} matched
 */
export function reasons(rules, matched) {
  const keywords = rules.filter((rule) => rule.startsWith("keyword:")).map((rule) => rule.slice(8));
  const words = [...new Set([...matched, ...keywords])].map((word) => t("incident.keyword", { word }));
  if (!words.length && rules.some((rule) => rule !== "likeness")) words.push(t("incident.rule"));
  return rules.includes("likeness") ? [...words, t("incident.likeness")] : words;
}

/** @param {any} thing */
const label = (thing) => (thing ? nameOf(thing) || thing.code : "");

/** @param {Case} item */
export function facts(item) {
  const row = (/** @type {string} */ name, /** @type {any} */ value) => value && [h("dt", null, name), h("dd", null, value)];
  const moved = item.grid_then && item.grid_now && item.grid_then.code !== item.grid_now.code;
  return section(
    t("incident.facts"),
    null,
    h(
      "dl",
      { class: "pairs" },
      row(t("incident.fact_category"), wordOf(item, "category_name")),
      row(t("incident.fact_lead"), item.lead_org_name),
      row(t("incident.grid"), moved ? label(item.grid_then) : placeName(item)),
      moved && row(t("incident.grid_now"), label(item.grid_now)),
      row(t("incident.address"), item.address),
      row(t("incident.fact_channel"), wordFor("channel", item.channel)),
      row(t("incident.fact_level"), item.escalation && item.escalation !== "town" && t(`incident.tier_${item.escalation}`)),
      row(t("incident.fact_county"), item.county_ref),
      row(t("incident.fact_review"), item.state === "suspended" && item.review_on && day(`${item.review_on}T12:00:00Z`)),
      row(t("incident.fact_occurred"), exactly(item.occurred_at)),
      row(t("incident.fact_reported"), exactly(item.reported_at)),
      row(t("incident.fact_closed"), exactly(item.closed_at)),
    ),
  );
}

/** @param {Case} item @param {() => Promise<void>} onChanged */
export function photos(item, onChanged) {
  const taken = item.photos ?? [];
  const fault = h("div", { "aria-live": "assertive" });
  return section(
    t("incident.photos"),
    taken.length ? String(taken.length) : null,
    taken.length ? h("ul", { class: "photo-list" }, taken.map(photoTile)) : h("p", { class: "quiet" }, t("incident.no_photos")),
    may("report") && item.is_open && photoButton(item, fault, onChanged),
    fault,
  );
}

/** @param {any} photo @param {number} i */
function photoTile(photo, i) {
  const far = photo.exif?.distance_m;
  const words = far == null ? t("incident.photo_no_place") : t(far > FAR_M ? "incident.photo_far" : "incident.photo_distance", { n: Math.round(far) });
  const alt = t("incident.photo_alt", { n: i + 1, time: when(photo.taken_at) });
  return h(
    "li",
    null,
    h("a", { href: `/api/v1/photos/${photo.id}?size=full`, target: "_blank", rel: "noopener" }, h("img", { src: `/api/v1/photos/${photo.id}?size=thumb`, alt, loading: "lazy" })),
    h("small", { class: far > FAR_M ? "amber" : "quiet" }, words),
  );
}

/** @param {Case} item @param {HTMLElement} fault @param {() => Promise<void>} onChanged */
function photoButton(item, fault, onChanged) {
  const send = async (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.currentTarget);
    for (const file of input.files ?? []) {
      const form = new FormData();
      form.append("photo", file, file.name);
      try {
        await call(`/api/v1/incidents/${item.id}/photos`, { method: "POST", form, headers: { "Idempotency-Key": newId() }, timeoutMs: PHOTO_TIMEOUT_MS });
      } catch (reason) {
        fill(fault, faultBox(/** @type {ApiError} */ (reason), t("incident.photo_failed")));
        return;
      }
    }
    toast(t("incident.photo_added"));
    await onChanged();
  };
  return h("label", { class: "button photo-button" }, icon("camera"), t("incident.photo_add"), h("input", { type: "file", accept: "image/*,.heic,.heif", multiple: true, class: "visually-hidden", onchange: send }));
}

/** Newest first; nothing in it ever changes. @param {Case} item */
export function log(item) {
  const rows = [...(item.log ?? [])].reverse();
  return section(t("incident.log"), t("incident.log_only_grows"), h("ol", { class: "log" }, rows.map((row) => logRow(row, item))), rows.some((row) => row.facts?.imported) && h("p", { class: "quiet small log__note" }, t("incident.log_imported")));
}

/** @param {any} row @param {Case} item */
function logRow(row, item) {
  const { words, detail, reason } = logSentence(row, item.channel);
  return h(
    "li",
    null,
    h("time", { datetime: row.at, title: exactly(row.at) }, when(row.at)),
    h("div", null, words, detail && [" ", h("span", { class: "quiet log__detail" }, detail)], reason && h("div", { class: "quiet" }, reason)),
  );
}
