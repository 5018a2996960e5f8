/** The body of a case's detail: time, place with the grids in question, suggestion, duplicates, photos, log. */

import { h } from "../dom.js";
import { has, lang, nameOf, t } from "../i18n.js";
import { exactly, when } from "../time.js";
import { logSentence } from "../parts/case-log.js";
import { placeOrReason } from "../place-name.js";
import { platformSymbol } from "./symbol-svg.js";

/** @typedef {import("./town-data.js").TownData} TownData */

/**
 * @param {Record<string, any>} item properties of `/api/v1/incidents/{id}`
 * @param {TownData} data @param {number} at @param {(id: string) => void} open
 */
export function incidentBody(item, data, at, open) {
  return [
    item.description && h("p", { class: "pre" }, item.description),
    facts(item, at),
    photos(item.photos ?? []),
    place(item),
    suggestion(item, data),
    duplicates(item.duplicates ?? [], data, open),
    log(item.log ?? [], item.channel),
  ];
}

/** @param {string} label @param {any} value */
const pair = (label, value) => (value ? [h("dt", null, label), h("dd", null, value)] : null);

/** @param {Record<string, any>} item @param {number} at */
function facts(item, at) {
  const now = new Date(at);
  const channel = item.channel && has(`common.channel_${item.channel}`) ? t(`common.channel_${item.channel}`) : item.channel;
  const category = lang === "en" ? item.category_name_en || item.category_name : item.category_name;
  return h(
    "dl",
    { class: "pairs" },
    pair(t("map.reported"), [when(item.reported_at, now), channel && ` · ${channel}`]),
    item.occurred_at && item.occurred_at !== item.reported_at && pair(t("map.occurred"), when(item.occurred_at, now)),
    pair(t("map.place"), [placeOrReason(item), item.address && h("span", { class: "quiet" }, ` ${item.address}`)]),
    pair(t("map.category"), category),
    pair(t("map.lead"), item.lead_org_name),
    pair(t("map.due"), item.due_at && when(item.due_at, now)),
    item.closed_at && pair(t("map.closed_at"), when(item.closed_at, now)),
    item.supervision_level ? pair(t("map.supervise"), t(`map.supervise_${item.supervision_level}`)) : null,
    item.reporter && !item.reporter.hidden && pair(t("map.reporter"), [item.reporter.name, item.reporter.phone && ` ${item.reporter.phone}`]),
  );
}

/** @param {any[]} list */
function photos(list) {
  if (!list.length) return null;
  const thumb = (/** @type {any} */ photo) => h("a", { href: photo.url, target: "_blank", rel: "noopener" },
    h("img", { src: photo.thumb_url ?? `${photo.url}${photo.url.includes("?") ? "&" : "?"}size=thumb`, alt: t("map.photo_of", { time: when(photo.taken_at) || t("common.unknown") }), loading: "lazy" }));
  return h("section", null, h("h3", null, t("map.photos")), h("div", { class: "photos" }, list.map(thumb)));
}

/** How the place was found, and which grids it may lie in. @param {Record<string, any>} item */
function place(item) {
  const found = item.place ?? {};
  const shares = item.grid_shares ?? [];
  if (!Object.keys(found).length && !shares.length && !item.triage_reason) return null;
  const how = [
    found.level && has(`incident.level_${found.level}`) && t(`incident.level_${found.level}`),
    found.score !== null && found.score !== undefined && t("map.score", { score: Number(found.score).toFixed(2) }),
    found.radius_m && t("map.radius", { n: Math.round(found.radius_m) }),
    found.accuracy_m && t("map.accuracy", { n: Math.round(found.accuracy_m) }),
    found.source_crs && found.source_crs !== "cgcs2000" && t("map.converted", { crs: String(found.source_crs).toUpperCase() }),
  ].filter(Boolean);
  return h(
    "section",
    null,
    h("h3", null, t("map.place_found")),
    item.triage_reason && h("p", { class: "words-warn" }, t(`common.triage_${item.triage_reason}`)),
    shares.map(share),
    how.length > 0 && h("p", { class: "quiet small" }, how.join(lang === "en" ? "; " : "，")),
    item.grid_now && item.grid_now.code !== item.grid && h("p", { class: "quiet small" }, t("map.grid_now", { name: nameOf(item.grid_now) })),
  );
}

/** @param {{code: string, name: string, name_en?: string, share: number}} one */
export function share(one) {
  const percent = Math.round(one.share * 100);
  return h(
    "div",
    { class: "share" },
    h("span", null, nameOf(one) || one.code), h("b", null, `${percent}%`),
    h("progress", { class: "share__bar", max: 100, value: percent, "aria-label": `${nameOf(one)} ${percent}%` }),
  );
}

/** @param {Record<string, any>} item @param {TownData} data */
function suggestion(item, data) {
  const proposed = item.suggestion;
  if (!proposed || (!proposed.platform && !proposed.category)) return null;
  const lead = nameOf({ name: proposed.lead_org_name, name_en: proposed.lead_org_name_en }) || (typeof proposed.lead_org === "object" ? nameOf(proposed.lead_org) : proposed.lead_org);
  const category = (typeof proposed.category === "object" ? nameOf(proposed.category) : lang === "en" ? proposed.category_name_en || proposed.category_name : proposed.category_name) || proposed.category;
  const platform = data.platformName(proposed.platform);
  const confidence = proposed.confidence !== undefined && proposed.confidence !== null ? t("map.confidence", { n: Number(proposed.confidence).toFixed(2) }) : "";
  return h(
    "section",
    null,
    h("h3", null, t("map.suggestion"), h("span", null, confidence)),
    h("p", null, [platform, category, lead].filter(Boolean).join(" · ")),
  );
}

/** @param {any[]} list @param {TownData} data @param {(id: string) => void} open */
function duplicates(list, data, open) {
  if (!list.length) return null;
  const row = (/** @type {any} */ one) => h(
    "button",
    { type: "button", class: "row", onclick: () => open(one.id) },
    platformSymbol(data.platform(one.platform)),
    h("span", { class: "row__main" }, h("span", { class: "row__title" }, h("span", null, one.title)), h("span", { class: "row__sub" }, [one.case_no, has(`common.state_${one.state}`) && t(`common.state_${one.state}`), when(one.reported_at)].filter(Boolean).join(" · "))),
    h("span", { class: "row__end" }, t("common.metres", { n: Math.round(one.distance_m) })),
  );
  return h("section", null, h("h3", null, t("map.duplicates", { n: list.length })), h("div", null, list.map(row)));
}

/** @param {any[]} entries @param {string} channel */
function log(entries, channel) {
  if (!entries.length) return null;
  const newestFirst = [...entries].reverse();
  const row = (/** @type {any} */ entry) => {
    const { words, detail, reason } = logSentence(entry, channel);
    return [h("time", { datetime: entry.at, title: exactly(entry.at) }, when(entry.at)), h("span", null, words, [detail, reason].filter(Boolean).map((said) => h("span", { class: "quiet" }, ` · ${said}`)))];
  };
  return h("section", null, h("h3", null, t("map.log"), h("span", null, t("map.log_words"))), h("div", { class: "log" }, newestFirst.map(row)));
}
