/**
 * Report a case from the map: tap a place, say what is there, send. What is typed is kept in this browser until the
 * server has it; sending again is the same report (its id is made here).
 */

import { ApiError, call, newId, query } from "../api.js";
import { fill, find, h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { faultBox } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { placeAt } from "../place-name.js";
import { share } from "./detail-incident.js";

const DRAFT = "map.report";

/** @typedef {{id: string, title: string, description: string, lon: number | null, lat: number | null, address: string, at: string}} Draft */

/** @returns {Draft | null} */
function kept() {
  try {
    return JSON.parse(localStorage.getItem(DRAFT) ?? "null");
  } catch {
    return null;
  }
}

/** @param {Draft | null} draft */
function keep(draft) {
  try {
    if (draft) localStorage.setItem(DRAFT, JSON.stringify(draft));
    else localStorage.removeItem(DRAFT);
  } catch {
    // Without storage the words still stand in the open form.
  }
}

export class ReportForm {
  /**
   * @param {{pin: (lon: number, lat: number) => void, beside: (lon: number, lat: number, dialog: HTMLElement) => void, unpin: () => void, done: (id: string, lon: number | null, lat: number | null) => void, centre: () => {lon: number, lat: number}}} page
   */
  constructor(page) {
    this.page = page;
    this.dialog = /** @type {HTMLDialogElement} */ (find("#report-dialog"));
    this.dialog.addEventListener("close", () => this.page.unpin());
    /** @type {Draft} */
    this.draft = fresh();
  }

  /** @param {{lon: number, lat: number} | null} at the place, or null: the middle of the map */
  open(at) {
    const place = at ?? this.page.centre();
    const before = kept();
    this.draft = { ...(before ?? fresh()), ...(before && !at && before.lon !== null ? {} : place) };
    this.build();
    const { lon, lat } = /** @type {{lon: number, lat: number}} */ (this.draft);
    this.page.pin(lon, lat);
    if (!this.dialog.open) this.dialog.showModal();
    this.page.beside(lon, lat, this.dialog);
    this.find();
  }

  build() {
    const { draft } = this;
    this.title = h("input", { class: "input input--large", name: "title", maxlength: 120, required: true, autofocus: true, value: draft.title, placeholder: t("map.report_title_hint"), oninput: () => this.typed() });
    this.words = h("textarea", { class: "input", name: "description", maxlength: 4000, rows: 3, placeholder: t("map.report_words_hint"), oninput: () => this.typed() });
    this.words.value = draft.description;
    this.address = h("input", { class: "input", name: "address", maxlength: 200, value: draft.address, placeholder: t("map.report_address_hint"), oninput: () => this.typed() });
    this.photo = h("input", { class: "input", type: "file", accept: "image/*", name: "photo" });
    this.where = h("div", { class: "report-place" }, icon("pin"), h("div", null, t("state.loading")));
    this.fault = h("div", { role: "alert" });
    this.send = h("button", { type: "submit", class: "button button--main" }, t("map.report_send"));
    const field = (/** @type {string} */ label, /** @type {HTMLElement} */ input) => h("label", { class: "field" }, h("span", { class: "field__label" }, t(label)), input);
    fill(
      this.dialog,
      h("form", { class: "report-form", novalidate: true, onsubmit: (/** @type {Event} */ event) => this.submit(event) },
        h("div", { class: "dialog__head" }, h("h2", { id: "report-title" }, t("map.report_heading")), h("button", { type: "button", class: "button button--small", onclick: () => this.dialog.close() }, t("common.close"))),
        h("div", { class: "dialog__body" }, this.where, field("map.report_title", this.title), field("map.report_words", this.words), field("map.report_address", this.address), field("map.report_photo", this.photo), this.fault),
        h("div", { class: "dialog__foot" }, h("span", { class: "quiet small" }, t("map.report_kept")), this.send)),
    );
  }

  typed() {
    Object.assign(this.draft, { title: this.title?.value ?? "", description: this.words?.value ?? "", address: this.address?.value ?? "" });
    keep(this.draft);
  }

  /** Say in words where the pin is. */
  async find() {
    const { lon, lat } = this.draft;
    const body = /** @type {HTMLElement} */ (this.where?.lastElementChild);
    try {
      const answer = await call(`/api/v1/locate${query({ lon, lat, crs: "cgcs2000" })}`);
      const shares = (answer.shares ?? []).filter((/** @type {any} */ one) => one.share >= 0.01);
      const words = answer.found ? placeAt(answer) : t("map.report_outside");
      fill(body, h("b", null, words), shares.length > 1 ? shares.map(share) : null, h("div", { class: "quiet small" }, `${lon?.toFixed(5)}, ${lat?.toFixed(5)}`));
    } catch {
      fill(body, h("b", null, `${lon?.toFixed(5)}, ${lat?.toFixed(5)}`));
    }
  }

  /** @param {Event} event */
  async submit(event) {
    event.preventDefault();
    this.typed();
    const { draft } = this;
    const title = draft.title.trim() || draft.description.trim().slice(0, 40);
    if (!title) {
      this.title?.setAttribute("aria-invalid", "true");
      fill(/** @type {HTMLElement} */ (this.fault), h("div", { class: "fault" }, h("strong", null, t("map.report_needs_title"))));
      this.title?.focus();
      return;
    }
    this.busy(true);
    try {
      const answer = await call("/api/v1/incidents", { method: "POST", json: this.body(title) });
      await this.sendPhoto(answer.id);
      keep(null);
      this.dialog.close();
      toast(t("map.report_done", { case_no: answer.case_no ?? "" }));
      this.page.done(answer.id, draft.lon, draft.lat);
    } catch (error) {
      const fault = error instanceof ApiError ? error : new ApiError({ code: "page.fault", message: String(error) });
      fill(/** @type {HTMLElement} */ (this.fault), faultBox(fault, t("map.report_failed")));
    } finally {
      this.busy(false);
    }
  }

  /** @param {string} title */
  body(title) {
    const { draft } = this;
    return {
      id: draft.id, title, description: draft.description.trim(), lon: draft.lon, lat: draft.lat, crs: "cgcs2000",
      ...(draft.address.trim() ? { address: draft.address.trim() } : {}), client_at: draft.at, channel: "map",
    };
  }

  /** The case stands already; a photo that fails is said, and can be added in the case. @param {string} id */
  async sendPhoto(id) {
    const file = this.photo?.files?.[0];
    if (!file) return;
    const form = new FormData();
    form.append("photo", file);
    try {
      await call(`/api/v1/incidents/${id}/photos`, { method: "POST", form, headers: { "Idempotency-Key": newId() }, timeoutMs: 60_000 });
    } catch {
      toast(t("map.report_photo_failed"), null, { late: true });
    }
  }

  /** @param {boolean} busy */
  busy(busy) {
    if (!this.send) return;
    this.send.disabled = busy;
    this.send.classList.toggle("is-busy", busy);
  }
}

/** @returns {Draft} */
function fresh() {
  return { id: newId(), title: "", description: "", lon: null, lat: null, address: "", at: new Date().toISOString() };
}
