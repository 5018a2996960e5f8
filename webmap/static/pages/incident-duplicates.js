// Near duplicates, side by side with the case: what differs can be seen at a glance.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { symbol } from "../parts/symbol.js";
import { placeName } from "../place-name.js";
import { when } from "../time.js";
import { wordFor } from "./incident-rows.js";

/** @typedef {{merge?: ((other: any) => void) | null, distinct?: ((other: any) => void) | null}} Acts what may be said of a duplicate */

/**
 * @param {import("./incident-view.js").Case} item
 * @param {Acts} [acts] where they are given, each one stands with what may be done, without the case itself beside it
 */
export function duplicatesPanel(item, acts) {
  const near = item.duplicates ?? [];
  return h(
    "section",
    { class: "case__panel" },
    h("h2", null, near.length ? t("incident.near_duplicates", { n: near.length }) : t("incident.no_duplicates")),
    h("p", { class: "quiet small" }, t("incident.duplicates_rule")),
    acts && near.map((/** @type {any} */ other, /** @type {number} */ i) => toDecide(other, acts, i === 0)),
    acts && near.length > 0 && h("p", { class: "quiet small" }, t("incident.merged_are_told")),
    !acts &&
      near.length > 0 &&
      h(
        "div",
        { class: "twins" },
        card({ ...item, photo: item.photos?.[0] && `${item.photos[0].url}?size=thumb`, distance_m: null }, item, true),
        near.map((/** @type {any} */ other) => card(other, item, false)),
      ),
  );
}

/** @param {any} one @param {Acts} acts @param {boolean} first */
function toDecide(one, { merge, distinct }, first) {
  const facts = [when(one.reported_at), t("incident.duplicate_distance", { n: Math.round(one.distance_m) }), wordFor("channel", one.channel)];
  return h(
    "div",
    { class: "twin twin--wide", "data-twin": one.id },
    h("div", { class: "twin__title" }, symbol(one.platform), h("a", { href: `/incidents/${one.id}` }, one.title), h("span", { class: "tag" }, wordFor("state", one.state))),
    h("div", { class: "small quiet" }, facts.join(" · ")),
    one.lead_org_name && h("div", { class: "small quiet" }, t("incident.led_by", { org: one.lead_org_name })),
    h(
      "div",
      { class: "state__actions" },
      merge && one.is_open && h("button", { type: "button", class: "button button--small", "aria-label": t("incident.merge_into", { title: one.title }), onclick: () => merge(one) }, t("incident.merge_here"), first && h("span", { class: "key" }, "M")),
      distinct && h("button", { type: "button", class: "button button--small button--plain", "aria-label": t("incident.not_the_same", { title: one.title }), onclick: () => distinct(one) }, t("incident.no_duplicate")),
    ),
  );
}

/**
 * @param {any} one
 * @param {import("./incident-view.js").Case} item
 * @param {boolean} self
 */
function card(one, item, self) {
  return h(
    "div",
    { class: `twin${self ? " twin--self" : ""}` },
    one.photo
      ? h("img", { class: "twin__photo", src: one.photo, alt: "", loading: "lazy" })
      : h("div", { class: "twin__photo twin__photo--none" }, t("incident.no_photo")),
    h("div", { class: "twin__title" }, symbol(one.platform), self ? h("b", null, one.title) : h("a", { href: `/incidents/${one.id}` }, one.title)),
    h("div", { class: "small quiet" }, self ? t("incident.this_case") : t("incident.duplicate_distance", { n: Math.round(one.distance_m) }), " · ", when(one.reported_at)),
    h("div", { class: "small quiet" }, one.grid === item.grid ? placeName(item) : one.grid_name),
    h("div", null, h("span", { class: "tag" }, wordFor("state", one.state))),
  );
}
