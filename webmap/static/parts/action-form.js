// One action on a case as a form in its place: kept while it is typed, sent once however often it is tried.
import { ApiError, call, newId } from "../api.js";
import { fill, h } from "../dom.js";
import { frame } from "../frame.js";
import { t } from "../i18n.js";
import { formatMoment } from "../map/town-clock.js";
import { serverNow } from "../server-time.js";
import { dropDraft, loadDraft, photos, saveDraft } from "./action-draft.js";
import { faultyField, missing, requestsOf, reviewDays } from "./action-spec.js";
import { photoSlot } from "./photo-slot.js";
import { sendPhoto } from "./photo-send.js";
import { refusalBox } from "./refusal.js";

const FAR_M = 100;
const MOST_WORDS = 4000;
const zone = frame.town?.timezone ?? "Asia/Shanghai";

/** @typedef {import("./action-spec.js").Action} Action */

/**
 * @param {Action} action
 * @param {() => any} shown the case as it is shown
 * @param {{onDone: (item: any) => void, onRefused: (fault: ApiError) => Promise<void>, onClose: () => void}} events
 */
export function actionForm(action, shown, { onDone, onRefused, onClose }) {
  const { id } = shown();
  let draft = loadDraft(id, action.id);
  let busy = false;
  let farTaken = false;
  const outcome = h("div", { class: "act__outcome" });
  const progress = h("div", { class: "act__progress", role: "status" });
  const submit = h("button", { type: "submit", class: "button button--main button--large" }, sendWords(action));
  const keep = () => saveDraft(id, action.id, draft);
  const set = (/** @type {string} */ name, /** @type {string} */ value) => {
    draft.values[name] = value;
    keep();
  };
  const slots = Object.fromEntries(
    action.fields.filter(({ kind }) => kind === "photo").map((one) => [one.name, photoSlot(one, { get: () => draft.photos[one.name], set: (photo) => takePhoto(one.name, photo) })]),
  );
  const form = h(
    "form",
    { class: "act", novalidate: true, "data-action": action.id, "aria-label": t(`inbox.act_${action.id}`), onsubmit: send },
    h("div", { class: "act__head" }, h("h3", null, t(`inbox.act_${action.id}`)), h("button", { type: "button", class: "button button--plain button--small", onclick: onClose }, t("inbox.later"))),
    action.id === "paper" && h("p", { class: "quiet" }, t("inbox.paper_words")),
    action.choice && choices(action, draft.values.choice, (name) => set("choice", name)),
    action.fields.map((one) => (one.kind === "photo" ? slots[one.name].element : fieldOf(one, draft.values[one.name] ?? "", set))),
    outcome,
    progress,
    h("div", { class: "act__foot" }, submit, h("small", { class: "quiet" }, t("inbox.kept"))),
  );
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    if (event.key === "Escape") onClose();
  });
  window.addEventListener("online", retry);

  const labelOf = (/** @type {string} */ name) => action.fields.find((one) => one.name === name)?.label ?? name;

  function retry() {
    if (draft.sent && form.isConnected) send();
  }

  /** @param {string} name @param {{id: string, name: string} | null} photo */
  function takePhoto(name, photo) {
    if (photo) draft.photos[name] = photo;
    else delete draft.photos[name];
    farTaken = false;
    keep();
  }

  /** @param {Event} [event] */
  async function send(event) {
    event?.preventDefault();
    if (busy) return;
    const lacking = missing(action, draft.values, draft.photos);
    mark(form, lacking);
    if (lacking.length) return fill(outcome, h("p", { class: "field__fault", role: "alert" }, t("inbox.lacking", { what: lacking.map((name) => t(`inbox.field_${labelOf(name)}`)).join(t("common.comma")) })));
    setBusy(true);
    try {
      const far = await sendPhotos();
      if (far !== null && !farTaken) return warnFar(far);
      onDone(await sendRequests());
    } catch (fault) {
      await failed(/** @type {ApiError} */ (fault));
    } finally {
      setBusy(false);
    }
  }

  /** Sends those that have not arrived; the largest distance of more than 100 m, else null. */
  async function sendPhotos() {
    const all = Object.entries(draft.photos);
    for (const [i, [name, photo]] of all.entries()) {
      if (!photo.photo_id) await sendOne(name, photo, { i: i + 1, n: all.length });
    }
    const distances = Object.values(draft.photos).map(({ distance_m }) => distance_m ?? 0);
    const most = Math.max(0, ...distances);
    return most > FAR_M ? most : null;
  }

  /** @param {string} name @param {{id: string, name: string, photo_id?: string, distance_m?: number | null}} photo @param {{i: number, n: number}} which */
  async function sendOne(name, photo, which) {
    const kept = await photos.get(photo.id);
    if (!kept) {
      slots[name].clear();
      throw new ApiError({ code: "photo.lost", message: "", status: 410 });
    }
    const bar = h("progress", { max: 1, value: 0, "aria-label": t("report.sending_photo", which) });
    fill(progress, h("span", null, t("report.sending_photo", which)), bar);
    const answer = await sendPhoto(id, kept, (share) => (bar.value = share));
    fill(progress);
    draft.photos[name] = { ...photo, photo_id: answer.id, distance_m: answer.exif?.distance_m ?? null };
    keep();
    slots[name].say(draft.photos[name].distance_m);
  }

  /** Each with a key of its own, kept before it leaves: a retry of the same is the same. */
  async function sendRequests() {
    const ids = Object.fromEntries(Object.entries(draft.photos).map(([name, { photo_id }]) => [name, photo_id ?? ""]));
    const { version, state } = shown();
    const fresh = requestsOf(action, draft.values, ids, { version, state, zone });
    if (!draft.sent || !sameWords(draft.sent.requests, fresh)) draft.sent = { requests: fresh, keys: fresh.map(newId), done: 0 };
    keep();
    let item = null;
    for (let i = draft.sent.done; i < draft.sent.requests.length; i += 1) {
      item = await call(`/api/v1/incidents/${id}/transitions`, { method: "POST", json: draft.sent.requests[i], headers: { "Idempotency-Key": draft.sent.keys[i] } });
      draft.sent.done = i + 1;
      keep();
    }
    window.removeEventListener("online", retry);
    dropDraft(id, action.id);
    return item;
  }

  /** @param {ApiError} fault */
  async function failed(fault) {
    fill(progress);
    if (fault.unanswered) {
      fill(outcome, h("div", { class: "hint", role: "alert", "data-state": "waiting" }, h("strong", null, t("report.waiting")), h("p", null, t("report.waiting_more"))));
      return;
    }
    draft.sent = null;
    keep();
    const seen = shown().version;
    await onRefused(fault);
    fill(outcome, refusalBox(fault, action, shown(), seen));
    mark(form, (fault.detail?.faults ?? []).flatMap((/** @type {any} */ one) => faultyField(action, one) ?? []));
  }

  /** @param {number} metres */
  function warnFar(metres) {
    const go = h("button", { type: "button", class: "button", onclick: () => sendFar() }, t("inbox.far_send"));
    fill(outcome, h("div", { class: "hint hint--amber", role: "alert", "data-state": "far" }, h("strong", null, t("inbox.far", { n: Math.round(metres) })), h("p", null, t("inbox.far_words")), go));
    go.focus();
  }

  function sendFar() {
    farTaken = true;
    send();
  }

  /** @param {boolean} on */
  function setBusy(on) {
    busy = on;
    submit.disabled = on;
    submit.classList.toggle("is-busy", on);
    if (on) fill(outcome);
  }

  return {
    element: form,
    action,
    focus: () => /** @type {HTMLElement | null} */ (form.querySelector("input, textarea, select"))?.focus(),
    /** Goes on with what was under way when the page was left. */
    resume() {
      if (draft.sent && navigator.onLine) send();
      else if (draft.sent) failed(new ApiError({ code: "network.offline", message: "" }));
    },
    /** Whether the action can still be taken. @param {boolean} on */
    offered(on) {
      submit.hidden = !on;
    },
  };
}

/**
 * Whether two sets of requests say the same, whatever version they saw: the first may have arrived.
 * @param {Record<string, any>[]} one @param {Record<string, any>[]} other
 */
function sameWords(one, other) {
  const plain = (/** @type {Record<string, any>[]} */ all) => JSON.stringify(all.map((request) => ({ ...request, version: null })));
  return plain(one.slice(-other.length)) === plain(other);
}

/** @param {Action} action */
const sendWords = (action) => (action.choice ? t("inbox.send") : t(action.id === "paper" ? "inbox.send_paper" : `loop.name_${action.offers[0].name}`));

/** @param {Action} action @param {string | undefined} chosen @param {(name: string) => void} onChoose */
function choices({ id, offers }, chosen, onChoose) {
  const choice = (/** @type {string} */ name) =>
    h(
      "label",
      { class: "act__choice" },
      h("input", { type: "radio", name: `${id}-choice`, value: name, checked: chosen === name, onchange: () => onChoose(name) }),
      h("span", null, t(`inbox.choice_${name}`)),
    );
  return h("fieldset", { class: "act__choices", "data-field": "choice" }, h("legend", { class: "field__label" }, t("inbox.field_choice")), offers.map(({ name }) => choice(name)));
}

/**
 * @param {import("./action-spec.js").Field} field
 * @param {string} value
 * @param {(name: string, value: string) => void} set
 */
function fieldOf({ name, kind, needed, label, reasons = [] }, value, set) {
  const input = inputOf(kind, reasons);
  input.value = value;
  input.addEventListener("input", () => set(name, input.value));
  const optional = !needed && h("small", { class: "quiet" }, ` ${t("report.optional")}`);
  return h("label", { class: "field", "data-field": name }, h("span", { class: "field__label" }, t(`inbox.field_${label}`), optional), input);
}

/** @param {string} kind @param {string[]} reasons */
function inputOf(kind, reasons) {
  if (kind === "words") return h("textarea", { class: "input", rows: 3, maxlength: MOST_WORDS });
  if (kind === "reason") return h("select", { class: "input" }, h("option", { value: "" }, t("inbox.choose")), reasons.map((code) => h("option", { value: code }, t(`loop.reason_${code}`))));
  if (kind === "line") return h("input", { class: "input", maxlength: 100 });
  const now = serverNow();
  if (kind === "moment") return h("input", { class: "input", type: "datetime-local", max: formatMoment(now, zone) });
  const { first, last } = reviewDays(now, zone);
  return h("input", { class: "input", type: "date", min: first, max: last });
}

/** @param {HTMLElement} form @param {string[]} lacking */
function mark(form, lacking) {
  for (const box of form.querySelectorAll("[data-field]")) {
    const bad = lacking.includes(/** @type {HTMLElement} */ (box).dataset.field ?? "");
    for (const input of box.querySelectorAll("input, textarea, select")) {
      if (bad) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  }
  /** @type {HTMLElement | null} */ (form.querySelector("[aria-invalid=true]"))?.focus();
}
