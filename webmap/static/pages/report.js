// The public report: place, kind, words, photos, a number if wanted. Nothing entered is ever lost.
import { ApiError, call, newId, query } from "../api.js";
import { fill, find, h } from "../dom.js";
import { t } from "../i18n.js";
import { addressField } from "../parts/address-field.js";
import { placeMap } from "../parts/place-map.js";
import { faultBox } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { when } from "../time.js";
import { blank, dropDraft, forgetSent, isEmpty, loadDraft, rememberSent, saveDraft, sentReports } from "./report-draft.js";
import { kindField } from "./report-kinds.js";
import { photoField } from "./report-photos.js";
import { reportedPlace, send, sendPhotos, showReceipt, tells } from "./report-send.js";

const RETRY_MS = 15_000;
const GPS = { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 };

const form = /** @type {HTMLFormElement} */ (find("#report-form"));
const words = /** @type {HTMLTextAreaElement} */ (find("#words"));
const phone = /** @type {HTMLInputElement} */ (find("#phone"));
const address = /** @type {HTMLInputElement} */ (find("#address"));
const found = find("#found");
const outcome = find("#outcome");
const submit = /** @type {HTMLButtonElement} */ (find("[type=submit]", form));
const receipt = find("#receipt");
const photos = photoField(find("#photos"), find("#photo-fault"));
const kinds = kindField(find("#categories"), (code) => {
  draft.category = code;
  keep();
});

let draft = loadDraft(newId);
/** @type {import("../parts/place-map.js").PlaceMap | null} */
let map = null;
let busy = false;
let retryTimer = 0;

showFields();
kinds.load();
showMine();
hintWeChat();
const photosLoaded = photos.load();
addressField(address, find("#candidates"), takeCandidate, t("report.address_none"));
placeMap(find("#map"), { onPick: (lon, lat) => setPlace({ lon, lat, crs: "cgcs2000", accuracy_m: null, how: "map", label: "" }) }).then((made) => {
  map = made;
  if (draft.place) map?.pin(draft.place.lon, draft.place.lat, { accuracy_m: draft.place.accuracy_m, fly: true });
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  trySend();
});
for (const field of [words, phone, address]) field.addEventListener("input", readFields);
find("[data-gps]").addEventListener("click", useGps);
find("[data-clear]").addEventListener("click", startOver);
window.addEventListener("online", () => draft.sent && trySend());
if (draft.receipt) {
  deliver(draft.receipt);
} else if (draft.sent) {
  showWaiting();
  trySend();
}

function showFields() {
  words.value = draft.description;
  phone.value = draft.phone;
  address.value = draft.address;
  find("[data-clear]").hidden = isEmpty(draft);
  kinds.show(draft.category, draft.description);
  showPlace();
}

function readFields() {
  draft.description = words.value;
  draft.phone = phone.value;
  draft.address = address.value;
  if (draft.place?.how === "address" && !tells(draft.address, draft.place.words ?? "")) dropPlace();
  keep();
  kinds.show(draft.category, draft.description);
  if (words.value.trim()) fault("words", "");
  if (address.value.trim()) fault("where", "");
}

function keep() {
  const kept = saveDraft(draft);
  find("[data-clear]").hidden = isEmpty(draft);
  if (kept) find("#kept").textContent = t("report.kept_at", { time: when(new Date().toISOString()) });
}

/** @param {"where" | "words" | "phone"} name @param {string} text */
function fault(name, text) {
  find(`#${name}-fault`).textContent = text;
  const field = { where: address, words, phone }[name];
  if (text) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

/** @param {import("./report-draft.js").Place} place */
function setPlace(place) {
  draft.place = place;
  map?.pin(place.lon, place.lat, { accuracy_m: place.accuracy_m, fly: place.how !== "map" });
  keep();
  fault("where", "");
  showPlace();
}

/** @param {import("../parts/address-field.js").Candidate} candidate */
function takeCandidate(candidate) {
  // A road is no answer to a door number: the words stay as typed unless the candidate says them too.
  if (tells(candidate.label, address.value)) address.value = candidate.label;
  draft.address = address.value;
  setPlace({ lon: candidate.lon, lat: candidate.lat, crs: "cgcs2000", accuracy_m: candidate.radius_m ?? null, how: "address", label: candidate.label, words: draft.address });
}

/** The words no longer say what was picked from the list: the picked point would contradict them. */
function dropPlace() {
  draft.place = null;
  map?.clear();
  showPlace();
}

async function showPlace() {
  const { place } = draft;
  found.hidden = !place;
  if (!place) return;
  const title = place.label ? t("report.near", { place: place.label }) : t("report.point_chosen");
  const extra = place.how === "gps" && place.accuracy_m ? t("report.gps_within", { n: Math.round(place.accuracy_m) }) : t("report.change_on_map");
  fill(found, h("b", null, title), h("small", null, t("report.locating")));
  try {
    const at = await call(`/api/v1/locate${query({ lon: place.lon, lat: place.lat, crs: place.crs, accuracy_m: place.accuracy_m })}`);
    if (draft.place !== place) return;
    const where = at.found ? reportedPlace(at, at.reason) : t("report.outside");
    fill(found, h("b", null, place.label ? title : where || title), h("small", null, place.label && where ? `${where} · ${extra}` : extra));
  } catch {
    fill(found, h("b", null, title), h("small", null, extra));
  }
}

function useGps() {
  if (!navigator.geolocation || !window.isSecureContext) return fault("where", t("report.gps_insecure"));
  const button = /** @type {HTMLButtonElement} */ (find("[data-gps]"));
  button.disabled = true;
  button.classList.add("is-busy");
  const done = () => {
    button.disabled = false;
    button.classList.remove("is-busy");
  };
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      done();
      setPlace({ lon: coords.longitude, lat: coords.latitude, crs: "wgs84", accuracy_m: coords.accuracy, how: "gps", label: "" });
    },
    (reason) => {
      done();
      find("#where-fault").textContent = t(reason.code === reason.PERMISSION_DENIED ? "report.gps_denied" : "report.gps_failed");
    },
    GPS,
  );
}

/** Marks what is missing; the number of faults. */
function check() {
  fault("words", words.value.trim() ? "" : t("report.need_words"));
  fault("where", draft.place || address.value.trim() ? "" : t("report.need_place"));
  const digits = phone.value.replace(/[\s()+-]/g, "");
  fault("phone", !digits || /^\d{7,15}$/.test(digits) ? "" : t("report.phone_bad"));
  return form.querySelectorAll("[aria-invalid=true]").length;
}

async function trySend() {
  if (busy) return;
  readFields();
  const missing = check();
  if (missing) {
    fill(outcome, h("div", { class: "fault", role: "alert" }, h("strong", null, t("report.not_sent")), t("report.fix_first", { n: missing })));
    /** @type {HTMLElement | null} */ (form.querySelector("[aria-invalid=true]"))?.focus();
    return;
  }
  setBusy(true, t("report.sending"));
  try {
    const answer = await send(draft, newId, keep);
    await finish(answer);
  } catch (reason) {
    const error = /** @type {ApiError} */ (reason);
    if (error.unanswered) showWaiting();
    else fill(outcome, faultBox(error, t("report.not_sent")));
  } finally {
    setBusy(false, t("report.submit"));
  }
}

/** @param {boolean} on @param {string} label */
function setBusy(on, label) {
  busy = on;
  submit.disabled = on;
  submit.classList.toggle("is-busy", on);
  submit.textContent = label;
}

function showWaiting() {
  fill(
    outcome,
    h(
      "div",
      { class: "hint", role: "status", "data-state": "waiting" },
      h("strong", null, t("report.waiting")),
      h("p", { class: "quiet" }, t("report.waiting_more")),
      h("button", { type: "button", class: "button", onclick: trySend }, t("report.retry_now")),
    ),
  );
  clearTimeout(retryTimer);
  retryTimer = window.setTimeout(() => draft.sent && trySend(), RETRY_MS);
}

/** @param {any} answer */
async function finish(answer) {
  clearTimeout(retryTimer);
  Object.assign(draft, { receipt: { ...answer, title: draft.sent?.title ?? "" }, sent: null });
  keep();
  await deliver(draft.receipt);
}

/** The photos follow; until the last has arrived the draft knows which report they belong to. @param {any} answer */
async function deliver(answer) {
  await photosLoaded;
  const all = photos.all();
  const left = await sendPhotos(answer, all, (i) => setBusy(true, t("report.sending_photo", { i, n: all.length })));
  await photos.keepOnly(left);
  if (!left.length) dropDraft();
  setBusy(false, t("report.submit"));
  showDone(answer, left);
}

/** @param {any} answer @param {import("./report-draft.js").Photo[]} left */
function showDone(answer, left) {
  form.hidden = true;
  find("#mine").hidden = true;
  receipt.hidden = false;
  showReceipt(receipt, answer, left, {
    again: resetForm,
    retryPhotos: () => deliver(answer),
    remember: () => rememberSent({ case_no: answer.case_no, query_code: answer.query_code ?? "", title: answer.title, at: new Date().toISOString() }),
  });
  receipt.focus();
  scrollTo(0, 0);
}

async function resetForm() {
  draft = blank(newId);
  dropDraft();
  await photos.clear();
  fill(outcome);
  form.hidden = false;
  receipt.hidden = true;
  showFields();
  showMine();
  address.focus();
}

async function startOver() {
  const before = draft;
  draft = { ...blank(newId) };
  saveDraft(draft);
  for (const name of /** @type {const} */ (["where", "words", "phone"])) fault(name, "");
  fill(outcome);
  showFields();
  toast(t("report.cleared"), {
    label: t("report.undo"),
    act: () => {
      draft = before;
      keep();
      showFields();
    },
  });
}

function showMine() {
  const mine = sentReports();
  const box = find("#mine");
  box.hidden = mine.length === 0;
  fill(
    box,
    h("h2", null, t("report.mine")),
    h("ul", null, mine.map((one) => h("li", null, h("b", null, one.title), h("span", null, `${t("report.case_no")} ${one.case_no}`), one.query_code && h("a", { href: `/progress#${one.query_code}` }, `${t("report.query_code")} ${one.query_code}`), h("span", null, when(one.at))))),
    h("button", { type: "button", class: "button button--small", "data-forget": true, onclick: forget }, t("report.forget")),
  );
}

function forget() {
  forgetSent();
  showMine();
}

function hintWeChat() {
  const inside = /MicroMessenger/i.test(navigator.userAgent);
  find("#wechat").hidden = !inside || new URLSearchParams(location.search).has("stay");
}

