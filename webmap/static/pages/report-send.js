// Sending a report exactly once, its photos after it, and the receipt.
import { ApiError, call } from "../api.js";
import { fill, h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { copyText } from "../parts/copy.js";
import { placeAt } from "../place-name.js";

const TITLE_CHARACTERS = 40;
const PHOTO_TIMEOUT_MS = 120_000;

/** @typedef {import("./report-draft.js").Draft} Draft */
/** @typedef {import("./report-draft.js").Photo} Photo */

/**
 * The body of the request. The title is the first sentence of the text.
 * @param {Draft} draft
 * @param {Date} now
 */
export function bodyOf(draft, now) {
  const description = draft.description.trim();
  const address = draft.address.trim();
  const { place } = draft;
  return {
    id: draft.id,
    title: titleOf(description),
    description,
    channel: "public",
    client_at: now.toISOString(),
    ...(draft.category && { category: draft.category }),
    ...(place && { lon: place.lon, lat: place.lat, crs: place.crs }),
    ...(place?.accuracy_m && { accuracy_m: place.accuracy_m }),
    ...(address && { address }),
    ...(draft.phone.trim() && { reporter: { phone: draft.phone.trim() } }),
  };
}

/**
 * Whether one address says all that another says, spaces and width of characters apart.
 * @param {string} longer @param {string} words
 */
export function tells(longer, words) {
  const plain = (/** @type {string} */ text) => text.normalize("NFKC").replace(/\s+/g, "").toLowerCase();
  return plain(longer).includes(plain(words));
}

/** Where a report lies; what is only a guess is said as one. @param {any} answer @param {string | null | undefined} reason why a person must look */
export function reportedPlace(answer, reason) {
  const place = placeAt(answer);
  if (!place) return t("report.placed_triage");
  return reason ? t("report.placed_roughly", { place }) : place;
}

/** @param {string} text */
export function titleOf(text) {
  const first = text.split(/[\n。！？!?；;]/, 1)[0].trim() || text.trim();
  return first.length > TITLE_CHARACTERS ? `${first.slice(0, TITLE_CHARACTERS - 1)}…` : first;
}

/**
 * Sends the report. A body that got no answer is sent again as it was, with its id; changed text gets a new id.
 * @param {Draft} draft changed in place: `sent` holds the body under way
 * @param {() => string} newId
 * @param {() => void} keep stores the draft
 * @returns {Promise<any>} the server's answer
 * @throws {ApiError}
 */
export async function send(draft, newId, keep) {
  const fresh = bodyOf(draft, new Date());
  if (draft.sent && !same(draft.sent, fresh)) {
    draft.id = newId();
    fresh.id = draft.id;
    draft.sent = null;
  }
  draft.sent ??= fresh;
  keep();
  try {
    return await call("/api/v1/incidents", { method: "POST", json: draft.sent });
  } catch (fault) {
    if (!(/** @type {ApiError} */ (fault).unanswered)) draft.sent = null;
    keep();
    throw fault;
  }
}

/**
 * Whether two bodies say the same, their time of sending apart.
 * @param {any} one
 * @param {any} other
 */
function same(one, other) {
  const plain = (/** @type {any} */ body) => JSON.stringify({ ...body, client_at: null });
  return plain(one) === plain(other);
}

/**
 * Sends the photos one after another; each has its own id, so a retry doubles none.
 * @param {{id: string, query_code?: string}} report
 * @param {Photo[]} photos
 * @param {(done: number) => void} onStep
 * @returns {Promise<Photo[]>} those that did not arrive
 */
export async function sendPhotos(report, photos, onStep) {
  const left = [];
  for (const [index, photo] of photos.entries()) {
    onStep(index + 1);
    const form = new FormData();
    form.append("photo", photo.file, photo.name || "photo.jpg");
    if (report.query_code) form.append("query_code", report.query_code);
    try {
      await call(`/api/v1/incidents/${report.id}/photos`, {
        method: "POST",
        form,
        headers: { "Idempotency-Key": photo.id, ...(report.query_code && { "X-Query-Code": report.query_code }) },
        timeoutMs: PHOTO_TIMEOUT_MS,
      });
    } catch {
      left.push(photo);
    }
  }
  return left;
}

/**
 * What the reporter takes away: both numbers, where it was placed, what is still missing.
 * @param {HTMLElement} element
 * @param {any} answer
 * @param {Photo[]} left photos that did not arrive
 * @param {{again: () => void, retryPhotos: () => void, remember: () => void}} acts
 */
export function showReceipt(element, answer, left, acts) {
  const both = `${t("report.case_no")} ${answer.case_no}  ${t("report.query_code")} ${answer.query_code ?? ""}`;
  fill(
    element,
    icon("check-circle", "state__icon state__icon--fine"),
    h("h1", null, t("report.done_title")),
    h("p", { class: "quiet" }, t("report.done_words")),
    h(
      "dl",
      { class: "receipt__codes" },
      h("div", null, h("dt", null, t("report.case_no")), h("dd", { "data-case-no": true }, answer.case_no)),
      answer.query_code &&
        h("div", null, h("dt", null, t("report.query_code")), h("dd", { class: "receipt__code", "data-query-code": true }, answer.query_code)),
      h("div", null, h("dt", null, t("report.placed_in")), h("dd", { class: "receipt__place" }, reportedPlace(answer, answer.triage_reason))),
    ),
    h("p", { class: "quiet" }, t("report.code_hint")),
    left.length > 0 &&
      h(
        "div",
        { class: "fault", role: "alert" },
        h("strong", null, t("report.photos_failed", { n: left.length })),
        h("button", { type: "button", class: "button", onclick: acts.retryPhotos }, t("report.photos_retry")),
      ),
    h(
      "div",
      { class: "state__actions" },
      h("button", { type: "button", class: "button button--main", onclick: () => copyText(both, t("report.copied")) }, t("report.copy_both")),
      answer.query_code && h("a", { class: "button", href: `/progress#${answer.query_code}` }, t("report.follow")),
      h("button", { type: "button", class: "button", "data-remember": true, onclick: remember(acts.remember) }, t("report.remember")),
      h("button", { type: "button", class: "button", onclick: acts.again }, t("report.again")),
    ),
  );
}

/** A device may be everybody's: its memory is used when asked only. @param {() => void} act */
function remember(act) {
  return (/** @type {Event} */ event) => {
    const button = /** @type {HTMLButtonElement} */ (event.currentTarget);
    act();
    button.disabled = true;
    button.textContent = t("report.remembered");
  };
}
