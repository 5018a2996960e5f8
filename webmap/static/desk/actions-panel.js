// What may be done now, as buttons of what the server lists; a form opens in place; a refusal says how the case stands and keeps the words.
import { fill, h } from "../dom.js";
import { may } from "../frame.js";
import { has, t, wordsFor } from "../i18n.js";
import { refusedBox } from "../parts/conflict.js";
import { reasonOf } from "../parts/case-log.js";
import { toast } from "../parts/toast.js";
import { when } from "../time.js";
import { orgName } from "./choices.js";
import { drawFields } from "./form-fields.js";
import { begin, factsOf, fieldsOf, wanting } from "./forms.js";
import { forget, keep, keptOf } from "./kept.js";
import { ASKED, LETTERS, buttons, decided, mainAction, missing, offered } from "./plan.js";
import { perform } from "./run.js";

/** @typedef {import("../pages/incident-view.js").Case} Case */
/** @typedef {import("./plan.js").Draft} Draft */
/** @typedef {import("./run.js").Outcome} Outcome */

/**
 * @param {Case} item
 * @param {Draft} draft
 * @param {(fresh: Case | null, done: string[]) => Promise<void>} onDone the case as it is now, or null when it must be read again
 */
export function actionsPanel(item, draft, onDone) {
  const element = h("section", { class: "panel-section act", "aria-labelledby": "act-title" });
  const panel = new Actions(element, item, draft, onDone);
  panel.draw();
  return panel;
}

class Actions {
  /**
   * @param {HTMLElement} element
   * @param {Case} item
   * @param {Draft} draft
   * @param {(fresh: Case | null, done: string[]) => Promise<void>} onDone
   */
  constructor(element, item, draft, onDone) {
    this.element = element;
    this.item = item;
    this.draft = draft;
    this.onDone = onDone;
    this.kept = keptOf(item);
    this.busy = false;
  }

  get main() {
    return mainAction(this.item, this.draft, may);
  }

  draw() {
    const { item } = this;
    const { usual, rare, inbox } = buttons(item, this.main);
    const absent = missing(item);
    fill(
      this.element,
      h("h2", { id: "act-title" }, t("desk.actions"), absent.length > 0 && h("small", { class: "act__missing" }, missingWords(absent[0]))),
      this.mainButton(),
      usual.length > 0 && h("div", { class: "act__row" }, usual.map((name) => this.button(name))),
      rare.length > 0 && h("details", { class: "act__rare", open: rare.includes(this.kept.open) || (!this.main && !usual.length) }, h("summary", null, t("desk.rare")), h("div", { class: "act__row" }, rare.map((name) => this.button(name)))),
      absent.length > 1 && h("details", { class: "act__rare" }, h("summary", null, t("desk.not_now", { n: absent.length })), h("ul", { class: "act__absent quiet small" }, absent.map((one) => h("li", null, missingWords(one))))),
      inbox.length > 0 && h("p", { class: "small" }, t("desk.in_inbox"), t("common.colon"), h("a", { href: `/inbox?id=${item.id}` }, namesOf(inbox))),
      !this.main && !usual.length && !rare.length && !inbox.length && h("p", { class: "quiet" }, t("incident.actions_none")),
      this.form(),
    );
  }

  mainButton() {
    const { main } = this;
    if (!main) return null;
    const words = mainWords(main.names, this.draft);
    return [
      h("button", { type: "button", class: "button button--main act__main", "data-act": "main", "aria-disabled": main.missing ? "true" : null, onclick: () => this.doMain() }, words, h("span", { class: "key" }, "Ctrl Enter")),
      main.missing && h("p", { class: "field__fault" }, t(`error.${main.missing}`)),
    ];
  }

  /** @param {string} name */
  button(name) {
    const letter = LETTERS[name];
    const open = this.kept.open === name;
    return h("button", { type: "button", class: "button", "data-act": name, "aria-expanded": fieldsOf(name).length ? String(open) : null, onclick: () => this.start(name) }, verb(name), letter && h("span", { class: "key" }, letter.toUpperCase()));
  }

  /** The main action; while a form is open, its sending. */
  async doMain() {
    if (this.kept.open) return this.send();
    const { main } = this;
    if (!main || main.missing) return;
    if (main.form) return this.start(main.form, main.names);
    await this.run(main.names.map((name) => ({ name, facts: decided(name, this.draft) })));
  }

  /** Opens the form of a transition, or makes it when it asks nothing. @param {string} name @param {string[]} [steps] what is done with it */
  async start(name, steps = [name]) {
    if (!offered(this.item).includes(name)) return;
    if (this.kept.open === name) return this.close();
    if (!fieldsOf(name).length) return this.run([{ name, facts: decided(name, this.draft) }]);
    Object.assign(this.kept, { open: name, steps, refused: null });
    this.kept.values[name] ??= begin(name, this.item);
    if (name === "reclassify" && steps.length > 1) this.kept.values[name].category = this.draft.category;
    this.draw();
    const first = /** @type {HTMLElement | null} */ (this.element.querySelector("form input, form textarea, form select"));
    first?.focus();
    this.element.querySelector("form")?.scrollIntoView({ block: "nearest" });
  }

  close() {
    const name = this.kept.open;
    Object.assign(this.kept, { open: "", steps: [], refused: null });
    if (!offered(this.item).includes(name)) delete this.kept.values[name];
    keep(this.item, this.draft);
    this.draw();
    /** @type {HTMLElement | null} */ (this.element.querySelector(`[data-act="${name}"]`) ?? this.element.querySelector("[data-act]"))?.focus();
  }

  form() {
    const { open, refused, steps } = this.kept;
    const fault = refused && refusedBox(refused.fault, refused.title, refused.seen);
    if (!open) return fault && h("div", { class: "act__refused" }, fault);
    const values = (this.kept.values[open] ??= {});
    const gone = !offered(this.item).includes(open);
    return h(
      "form",
      {
        class: "act__form",
        "data-form": open,
        novalidate: true,
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          this.send();
        },
        onkeydown: (/** @type {KeyboardEvent} */ event) => {
          if (event.key === "Escape") this.close();
          else return;
          event.stopPropagation();
        },
        oninput: () => keep(this.item, this.draft),
        onchange: () => keep(this.item, this.draft),
      },
      h("h3", null, steps.length > 1 ? mainWords(steps, this.draft) : verb(open)),
      askedWords(this.item, open),
      drawFields({ item: this.item, name: open, values }),
      gone && !fault && h("p", { class: "hint", role: "status" }, t("desk.gone", { state: t(`common.state_${this.item.state}`) })),
      fault,
      h(
        "div",
        { class: "act__row" },
        h("button", { type: "submit", class: "button button--main", "aria-disabled": gone ? "true" : null }, t("desk.send"), h("span", { class: "key" }, "Ctrl Enter")),
        h("button", { type: "button", class: "button", onclick: () => this.close() }, t("incident.cancel")),
      ),
    );
  }

  async send() {
    const { open, steps } = this.kept;
    const values = this.kept.values[open] ?? {};
    if (!offered(this.item).includes(open) || this.element.querySelector("form [type=submit][aria-disabled=true]")) return;
    const wants = wanting(open, values, this.item);
    if (wants) {
      const field = /** @type {HTMLElement | null} */ (this.element.querySelector(`[name="act-${wants}"]`));
      field?.setAttribute("aria-invalid", "true");
      field?.focus();
      return toast(t("desk.wanting", { field: t(`desk.field_${wants}`) }), null, { late: true });
    }
    const draft = open === "reclassify" ? { ...this.draft, category: values.category } : this.draft;
    await this.run(steps.map((name) => ({ name, facts: { ...decided(name, draft), ...(name === open ? factsOf(open, values) : {}) } })));
  }

  /** @param {import("./run.js").Step[]} steps */
  async run(steps) {
    if (this.busy) return;
    this.setBusy(true);
    this.kept.refused = null;
    const seen = { state: this.item.state, version: this.item.version };
    const outcome = await perform(this.item.id, this.item.version, steps);
    this.setBusy(false);
    if (outcome.fault) return this.refuse(outcome, outcome.item ? { state: outcome.item.properties.state, version: outcome.item.properties.version } : seen);
    forget(this.item.id);
    toast(doneWords(outcome.done, this.draft));
    await this.onDone(outcome.item, outcome.done);
  }

  /** Stopped at a refusal: what was done before it stands, what was typed too. @param {Outcome} outcome @param {{state: string, version: number}} seen */
  async refuse(outcome, seen) {
    const fault = /** @type {import("../api.js").ApiError} */ (outcome.fault);
    const not = t("desk.not_done", { what: wordsFor("loop", `name_${outcome.failed}`) });
    const title = outcome.done.length ? t("desk.stopped", { done: namesOf(outcome.done), not }) : not;
    this.kept.refused = { fault, title, seen };
    if (outcome.done.includes(this.kept.open)) Object.assign(this.kept, { open: "", steps: [] });
    if (fault.unanswered) {
      this.draw();
      this.element.querySelector(".fault")?.scrollIntoView({ block: "nearest" });
      return;
    }
    await this.onDone(null, outcome.done);
  }

  /** @param {boolean} on */
  setBusy(on) {
    this.busy = on;
    for (const button of this.element.querySelectorAll("button")) button.classList.toggle("is-busy", on && button.matches(".button--main"));
  }
}

/** A step as the word on its button. @param {string} name */
const verb = (name) => (has(`desk.do_${name}`) ? t(`desk.do_${name}`) : wordsFor("loop", `name_${name}`));

/** What whoever decides decides on: who asked for it, when and why. @param {Case} item @param {string} name */
function askedWords(item, name) {
  const row = (item.log ?? []).findLast((/** @type {any} */ one) => one.name === ASKED[name]);
  return row && h("p", { class: "act__asked" }, t("desk.asked_for", { who: row.actor ?? t("incident.log_system"), time: when(row.at), why: reasonOf(row) }));
}

/** @param {string[]} names */
const namesOf = (names) => names.map((name) => wordsFor("loop", `name_${name}`)).join(t("common.comma"));

/** 受理、立案并派遣给综合执法中队; a single step by its own verb. @param {string[]} names @param {Draft} draft */
function mainWords(names, draft) {
  const last = names[names.length - 1];
  const before = names.slice(0, -1).map((name, i) => (i ? wordsFor("loop", `name_${name}`).toLowerCase() : wordsFor("loop", `name_${name}`)));
  const what = last.endsWith("dispatch") && draft.lead_org ? t(`desk.${last}_to`, { org: orgName(draft.lead_org) }) : verb(last);
  return before.length ? t("desk.and", { before: before.join(t("common.comma")), last: what }) : what;
}

/** @param {string[]} names @param {Draft} draft */
function doneWords(names, draft) {
  const sent = names.some((name) => name.endsWith("dispatch")) && draft.lead_org;
  return sent ? t("desk.done_sent", { what: namesOf(names), org: orgName(draft.lead_org) }) : t("desk.done", { what: namesOf(names) });
}

/** @param {{name: string, code: string}} one */
const missingWords = ({ name, code }) => t("desk.missing", { what: wordsFor("loop", `name_${name}`), why: t(code === "desk.first_file" ? "desk.first_file" : `error.${code}`).replace(/[。.]$/, "") });
