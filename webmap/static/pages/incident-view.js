// A case: head, place with map, candidates, duplicates on the left; limits, suggestion, photos, log on the right.
import { ApiError, call } from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { failed, loading } from "../parts/states.js";
import { duplicatesPanel } from "./incident-duplicates.js";
import { head, paper } from "./incident-head.js";
import { placePanel } from "./incident-place.js";
import { facts, limits, log, photos, suggestion } from "./incident-side.js";

/** @typedef {any} Case the Feature of GET /api/v1/incidents/{id}, flattened: properties plus lon and lat */

/**
 * @param {HTMLElement} root
 * @param {{compact: boolean, onChanged: () => void}} options compact: without what belongs on a page of its own
 */
export function incidentView(root, { compact, onChanged }) {
  /** @type {Case | null} */
  let item = null;
  let run = 0;
  /** @type {{remove: () => void} | null} */
  let place = null;

  const show = async (/** @type {string} */ id) => {
    const mine = ++run;
    if (!id) return fill(root);
    if (item?.id !== id) fill(root, loading(6));
    try {
      const fresh = flatten(await call(`/api/v1/incidents/${encodeURIComponent(id)}`));
      if (mine !== run) return;
      item = fresh;
      draw(fresh);
    } catch (fault) {
      if (mine !== run) return;
      item = null;
      fill(root, failed(/** @type {ApiError} */ (fault), t("incident.load_failed"), () => show(id)));
    }
  };

  const reload = async () => {
    const id = item?.id;
    onChanged();
    if (id) await show(id);
  };

  const draw = (/** @type {Case} */ one) => {
    place?.remove();
    const panel = placePanel(one, reload);
    place = panel;
    fill(
      root,
      h(
        "article",
        { class: `case${compact ? " case--compact" : ""}`, "data-id": one.id, "aria-labelledby": "case-title" },
        h("div", { class: "case__main" }, head(one), panel.element, h("div", { class: "case__pair" }, panel.how, duplicatesPanel(one))),
        h("aside", { class: "case__side" }, limits(one), suggestion(one), facts(one), photos(one, reload), log(one)),
      ),
      !compact && paper(one),
    );
    document.title = `${one.title} · ${document.title.split(" · ").slice(-1)[0]}`;
    panel.ready();
  };

  return { show, version: () => item?.version ?? 0 };
}

/** @param {any} feature @returns {Case} */
export function flatten(feature) {
  const [lon, lat] = feature.geometry?.coordinates ?? [null, null];
  return { id: feature.id, ...feature.properties, lon, lat };
}
