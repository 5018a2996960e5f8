// Correcting title and description: in place, with a reason; both wordings stay in the log.
import { call } from "../api.js";
import { fill, h } from "../dom.js";
import { may } from "../frame.js";
import { t } from "../i18n.js";
import { refusedBox, saysState } from "../parts/conflict.js";
import { toast } from "../parts/toast.js";
import { wordings } from "./kept.js";

/** @param {import("../pages/incident-view.js").Case} item @param {() => Promise<void>} onSaved */
export function wordsForm(item, onSaved) {
  if (!(may("accept") || may("triage")) || ["archived", "voided"].includes(item.state)) return null;
  const place = h("div", { class: "desk-words" });
  const closed = () => fill(place, h("button", { type: "button", class: "link small", name: "correct-words", onclick: open }, t("desk.correct_words")));
  const open = () => {
    fill(place, form(item, onSaved, closed));
    place.querySelector("input")?.focus();
  };
  if (wordings.all()[item.id]) fill(place, form(item, onSaved, closed));
  else closed();
  return place;
}

/** @param {import("../pages/incident-view.js").Case} item @param {() => Promise<void>} onSaved @param {() => void} close */
function form(item, onSaved, close) {
  const written = wordings.all()[item.id];
  // what was corrected meanwhile is not written over
  let version = written?.version ?? item.version;
  const title = h("input", { class: "input", name: "words-title", value: written?.words.title ?? item.title, maxlength: 200, required: true });
  const description = h("textarea", { class: "input", name: "words-description", rows: 3, maxlength: 10_000 });
  description.value = written?.words.description ?? item.description ?? "";
  const reason = h("input", { class: "input", name: "words-reason", maxlength: 500, required: true, value: written?.words.reason ?? "", placeholder: t("desk.words_reason_hint") });
  const keep = () => wordings.set(item.id, { version, words: { title: title.value, description: description.value, reason: reason.value } });
  const leave = () => {
    wordings.drop(item.id);
    close();
  };
  const answer = h("div", { "aria-live": "assertive" });
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const empty = [title, reason].find((input) => !input.value.trim());
    if (empty) {
      empty.setAttribute("aria-invalid", "true");
      return empty.focus();
    }
    const json = { version, title: title.value.trim(), description: description.value.trim(), reason: reason.value.trim() };
    try {
      await call(`/api/v1/incidents/${item.id}/words`, { method: "PATCH", json });
      leave();
      toast(t("desk.words_saved"));
      await onSaved();
    } catch (reasonOf) {
      const fault = /** @type {import("../api.js").ApiError} */ (reasonOf);
      fill(answer, refusedBox(fault, t("desk.words_failed"), { state: item.state, version }));
      if (saysState(fault)) version = fault.detail.version;
    }
  };
  const field = (/** @type {string} */ words, /** @type {HTMLElement} */ control) => h("label", { class: "act__field" }, h("span", null, words), control);
  return h(
    "form",
    { class: "act__form", onsubmit: send, novalidate: true, onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && leave(), oninput: keep },
    field(t("incident.field_title"), title),
    field(t("incident.field_description"), description),
    field(t("incident.reason"), reason),
    answer,
    h("div", { class: "act__row" }, h("button", { type: "submit", class: "button button--main" }, t("common.save")), h("button", { type: "button", class: "button", onclick: leave }, t("incident.cancel"))),
  );
}
