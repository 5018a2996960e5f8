// What a reporter may answer: withdraw, evaluate, ask once that it is done again.
import { ApiError, call } from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { faultBox } from "../parts/states.js";

const MOST_WORDS = 1000;
const SCORES = [1, 2, 3, 4, 5];

/**
 * Words typed so far outlive a reload, not the window: the machine may be shared.
 * @param {string} code
 */
function draftOf(code) {
  const key = `onegrid.progress.${code}`;
  /** @type {Record<string, string>} */
  const values = JSON.parse(sessionStorage.getItem(key) ?? "{}");
  return {
    values,
    set(/** @type {string} */ name, /** @type {string} */ value) {
      values[name] = value;
      sessionStorage.setItem(key, JSON.stringify(values));
    },
    drop: () => sessionStorage.removeItem(key),
  };
}

/**
 * @param {string} code
 * @param {import("./progress-steps.js").Told} told
 * @param {(told: any) => void} onAnswered
 */
export function answers(code, told, onAnswered) {
  const draft = draftOf(code);
  const outcome = h("div", { "aria-live": "assertive" });
  /** @type {Record<string, () => HTMLElement>} */
  const forms = { withdraw: () => withdrawForm(draft, send), evaluate: () => evaluateForm(draft, send), reopen: () => reopenForm(draft, send) };

  /** @param {string} name @param {Record<string, any>} facts */
  async function send(name, facts) {
    fill(outcome);
    try {
      const after = await call("/api/v1/progress/answers", { method: "POST", json: { code, name, ...facts } });
      draft.drop();
      onAnswered(after);
    } catch (reason) {
      await refused(/** @type {ApiError} */ (reason), name, facts);
    }
  }

  /** A first answer may have arrived although nobody heard: then it counts, and is not a fault. @param {ApiError} fault @param {string} name @param {Record<string, any>} facts */
  async function refused(fault, name, facts) {
    const fresh = fault.unanswered ? null : await call("/api/v1/progress", { method: "POST", json: { code } }).catch(() => null);
    if (fresh && arrived(name, facts, told, fresh)) {
      draft.drop();
      return onAnswered(fresh);
    }
    const see = fresh && h("button", { type: "button", class: "button", onclick: () => onAnswered(fresh) }, t("progress.see_now"));
    fill(outcome, faultBox(fault, t(`progress.not_${name}`)), see);
  }

  return h("div", { class: "answers" }, told.may.map((name) => forms[name]()), outcome);
}

/**
 * Whether an answer is in what the server tells now.
 * @param {string} name
 * @param {Record<string, any>} facts
 * @param {import("./progress-steps.js").Told} before
 * @param {import("./progress-steps.js").Told} after
 */
function arrived(name, facts, before, after) {
  if (name === "withdraw") return after.ended === "declined" && after.decline_reason === "withdrawn";
  if (name === "evaluate") return after.score === facts.score && after.is_satisfied === facts.satisfied;
  return after.reopen_count > before.reopen_count;
}

/** @typedef {ReturnType<typeof draftOf>} Draft */
/** @typedef {(name: string, facts: Record<string, any>) => Promise<void>} Send */

/** @param {string} name @param {() => Record<string, any> | null} read what is sent; null when something is missing @param {Send} send @param {...any} children */
function answerForm(name, read, send, ...children) {
  const button = h("button", { type: "submit", class: `button button--large${name === "evaluate" ? " button--main" : ""}` }, t(`progress.${name}`));
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const facts = read();
    if (!facts) return;
    button.disabled = true;
    await send(name, facts);
    button.disabled = false;
  };
  return h("form", { class: "card answer", "data-answer": name, novalidate: true, onsubmit: submit }, h("h2", null, t(`progress.${name}_title`)), h("p", { class: "quiet" }, t(`progress.${name}_words`)), children, button);
}

/** @param {Draft} draft @param {string} name @param {string} label */
function wordsField(draft, name, label) {
  const input = h("textarea", { class: "input", rows: 3, maxlength: MOST_WORDS });
  const fault = h("p", { class: "field__fault", role: "alert" });
  input.value = draft.values[name] ?? "";
  input.addEventListener("input", () => draft.set(name, input.value));
  const need = (/** @type {string} */ words) => {
    fault.textContent = input.value.trim() ? "" : words;
    if (!fault.textContent) return true;
    input.setAttribute("aria-invalid", "true");
    input.focus();
    return false;
  };
  return { element: [h("label", { class: "field" }, h("span", { class: "field__label" }, label), input), fault], text: () => input.value.trim(), need };
}

/** @param {Draft} draft @param {Send} send */
function withdrawForm(draft, send) {
  const words = wordsField(draft, "withdraw", t("progress.why_optional"));
  return answerForm("withdraw", () => (words.text() ? { reason: words.text() } : {}), send, words.element);
}

/** @param {Draft} draft @param {Send} send */
function reopenForm(draft, send) {
  const words = wordsField(draft, "reopen", t("progress.why_reopen"));
  return answerForm("reopen", () => (words.need(t("progress.need_why")) ? { reason: words.text() } : null), send, words.element);
}

/** @param {Draft} draft @param {Send} send */
function evaluateForm(draft, send) {
  const fault = h("p", { class: "field__fault", role: "alert" });
  const radio = (/** @type {string} */ group, /** @type {string} */ value, /** @type {string} */ words) =>
    h("label", { class: "act__choice" }, h("input", { type: "radio", name: group, value, checked: draft.values[group] === value, onchange: () => draft.set(group, value) }), h("span", null, words));
  const scores = h("fieldset", { class: "act__choices answer__scores" }, h("legend", { class: "field__label" }, t("progress.score")), SCORES.map((n) => radio("score", String(n), t(`progress.score_${n}`))));
  const satisfied = h("fieldset", { class: "act__choices" }, h("legend", { class: "field__label" }, t("progress.satisfied")), radio("satisfied", "yes", t("progress.yes")), radio("satisfied", "no", t("progress.no")));
  const read = () => {
    const { score, satisfied: said } = draft.values;
    fault.textContent = score && said ? "" : t("progress.need_score");
    return score && said ? { score: Number(score), satisfied: said === "yes" } : null;
  };
  return answerForm("evaluate", read, send, scores, satisfied, fault);
}
