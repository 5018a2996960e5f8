// The fields of a transition as elements; what is typed goes at once into the values that outlive every drawing.
import { call } from "../api.js";
import { fill, h } from "../dom.js";
import { frame, may } from "../frame.js";
import { nameOf, t } from "../i18n.js";
import { reviewDays } from "../parts/action-spec.js";
import { serverNow } from "../server-time.js";
import { choices } from "./choices.js";
import { fieldsOf, replyField, tail } from "./forms.js";

/** @typedef {import("../pages/incident-view.js").Case} Case */
/** @typedef {import("./forms.js").Field} Field */
/** @typedef {Record<string, any>} Values */
/** @typedef {{item: Case, name: string, values: Values}} Form */

const DRAWN = /** @type {Record<import("./forms.js").Kind, (field: Field, form: Form) => any>} */ ({
  words: (field, form) => labelled(field, form, h("input", { class: "input", ...bound(field, form), maxlength: 200 })),
  long: (field, form) => [labelled(field, form, longField(field, form)), replies(field, form)],
  date: (field, form) => labelled(field, form, h("input", { class: "input", type: "date", ...bound(field, form), min: reviewable().first, max: reviewable().last })),
  reason_code: (field, form) => labelled(field, form, select(field, form, reasonsOf(form).map((code) => [code, t(`loop.reason_${code}`)]))),
  level: (field, form) => labelled(field, form, select(field, form, levels(form.item).map((level) => [String(level), t(`incident.supervision_${level}`)]))),
  share: (field, form) => labelled(field, form, select(field, form, [["1", t("desk.share_whole")], ["0.5", t("desk.share_half")], ["0.25", t("desk.share_quarter")]])),
  score: (field, form) => labelled(field, form, select(field, form, ["5", "4", "3", "2", "1"].map((n) => [n, t("desk.points", { n })]))),
  outcome: (field, form) => labelled(field, form, select(field, form, [["upheld", t("desk.outcome_upheld")], ["rejected", t("desk.outcome_rejected")]])),
  yes: (field, form) => tick(field, form, t("desk.field_satisfied")),
  condition: (field, form) => [closingCondition(form.item), tick(field, form, t("desk.field_condition_met"))],
  verifier: verifierField,
  into: intoField,
  category: (field, form) => labelled(field, form, select(field, form, [...choices.categories.values()].map((one) => [one.code, nameOf(one)]))),
  typed: (field, form) => labelled(field, form, h("input", { class: "input", ...bound(field, form), autocomplete: "off", inputmode: "numeric", maxlength: 4 }), t("desk.typed_hint", { n: tail(form.item.case_no) })),
});

/** @param {Form} form */
export const drawFields = (form) => fieldsOf(form.name).map((field) => DRAWN[field.kind](field, form));

/** Name, value and listener of a text field. @param {Field} field @param {Form} form */
function bound({ key, required }, { values }) {
  return {
    name: `act-${key}`,
    value: values[key] ?? "",
    "aria-required": String(required),
    oninput: (/** @type {Event} */ event) => {
      const input = /** @type {HTMLInputElement} */ (event.target);
      values[key] = input.value;
      input.removeAttribute("aria-invalid");
    },
  };
}

/** @param {Field} field @param {Form} form @param {HTMLElement} control @param {string} [hint] */
function labelled({ key, required }, form, control, hint = "") {
  const words = `${t(`desk.field_${key}`)}${required ? "" : ` (${t("report.optional")})`}`;
  return h("label", { class: "act__field" }, h("span", null, words), control, hint && h("small", { class: "quiet" }, hint));
}

/** @param {Field} field @param {Form} form */
function longField(field, form) {
  const { value, ...rest } = bound(field, form);
  const area = h("textarea", { class: "input", rows: 2, maxlength: 2000, ...rest });
  area.value = value;
  return area;
}

/** Ready words of the town; the one taken stays to be changed. @param {Field} field @param {Form} form */
function replies(field, form) {
  const ready = field.key === replyField(form.name) ? choices.replies[form.name] ?? [] : [];
  if (!ready.length) return null;
  const take = (/** @type {string} */ words, /** @type {Event} */ event) => {
    const area = /** @type {HTMLElement} */ (event.currentTarget).closest("form")?.querySelector(`[name="act-${field.key}"]`);
    if (area instanceof HTMLTextAreaElement) {
      area.value = words;
      area.dispatchEvent(new Event("input", { bubbles: true }));
      area.focus();
    }
  };
  return h("div", { class: "act__replies", role: "group", "aria-label": t("desk.replies") }, ready.map((words) => h("button", { type: "button", class: "chip", onclick: (/** @type {Event} */ event) => take(words, event) }, words)));
}

/** @param {Field} field @param {Form} form @param {[string, string][]} options */
function select({ key }, { values }, options) {
  values[key] ??= options[0]?.[0] ?? "";
  if (!options.some(([code]) => code === values[key])) values[key] = options[0]?.[0] ?? "";
  const element = h("select", { class: "input", name: `act-${key}`, onchange: () => (values[key] = element.value) }, options.map(([code, words]) => h("option", { value: code, selected: code === values[key] }, words)));
  return element;
}

/** @param {Field} field @param {Form} form @param {string} words */
function tick({ key }, { values }, words) {
  const box = h("input", { type: "checkbox", name: `act-${key}`, checked: Boolean(values[key]), onchange: () => (values[key] = box.checked) });
  return h("label", { class: "switch" }, box, h("span", null, words));
}

/** @param {Form} form @returns {string[]} */
const reasonsOf = ({ item, name, values }) => (item.transitions ?? []).find((/** @type {any} */ one) => one.name === name)?.reasons ?? [values.reason_code ?? "other"];

/** @param {Case} item */
const levels = (item) => [1, 2, 3].filter((level) => level > (item.supervision_level ?? 0) && may(`supervise_${level}`));

const reviewable = () => reviewDays(serverNow(), frame.town?.timezone ?? "UTC");

/** @param {Case} item */
function closingCondition(item) {
  const condition = choices.categories.get(item.category ?? "")?.closing_condition;
  return h("p", { class: "act__condition" }, h("span", { class: "quiet" }, t("desk.closing_condition")), " ", h("b", null, condition || t("desk.closing_condition_none")));
}

/** Who may be asked: read when the form opens, the nearest and least busy first. @param {Field} field @param {Form} form */
function verifierField(field, form) {
  const place = h("div", { class: "act__verifiers", role: "radiogroup", "aria-label": t("desk.field_verifier_id") }, h("p", { class: "quiet" }, t("state.loading")));
  call(`/api/v1/incidents/${form.item.id}/verifiers`).then(
    ({ verifiers }) => {
      form.values.verifier_id ??= verifiers[0]?.user_id;
      fill(place, verifiers.length ? verifiers.map((/** @type {any} */ one) => verifier(one, form)) : h("p", { class: "field__fault" }, t("error.transition.needs_verifier_id")));
      if (!verifiers.length) place.closest("form")?.querySelector("[type=submit]")?.setAttribute("aria-disabled", "true");
      if (document.activeElement === document.body) /** @type {HTMLElement | null} */ (place.querySelector("input"))?.focus();
    },
    (fault) => fill(place, h("p", { class: "field__fault" }, fault.words)),
  );
  return place;
}

/** @param {any} person @param {Form} form */
function verifier(person, { values }) {
  const radio = h("input", { type: "radio", name: "act-verifier_id", checked: values.verifier_id === person.user_id, onchange: () => (values.verifier_id = person.user_id) });
  return h("label", { class: "switch" }, radio, h("span", null, h("b", null, person.name), " ", person.org), h("small", { class: "quiet" }, t("desk.waiting", { n: person.waiting })));
}

/** @param {Field} field @param {Form} form */
function intoField(field, form) {
  const list = h("datalist", { id: "act-into-list" }, (form.item.duplicates ?? []).map((/** @type {any} */ one) => h("option", { value: one.case_no }, `${one.title} · ${t("incident.duplicate_distance", { n: Math.round(one.distance_m) })}`)));
  return [labelled(field, form, h("input", { class: "input", list: "act-into-list", ...bound(field, form), autocomplete: "off", maxlength: 64 }), t("desk.into_hint")), list];
}
