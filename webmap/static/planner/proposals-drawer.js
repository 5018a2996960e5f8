// The drawer of proposals under the map: what counts, how many grids, and what comes of it beside today and the draft.
import { ApiError, call } from "../api.js";
import { fill, find, h, icon, s } from "../dom.js";
import { nameOf, t } from "../i18n.js";
import { groupOf } from "./draft.js";
import { collection, feature } from "./map-layers.js";
import { TOWN, WEIGHTS, askedOf, choicesOf, combined, gridsNow, named, pathsOf, printOf, shadeOf } from "./proposals.js";
import { baseOf } from "./server.js";

/** @typedef {import("./proposals.js").Choice} Choice */
/** @typedef {{fault: ApiError, area: string}} Failure */

const TIMEOUT_MS = 120_000;
const CARD_PX = { width: 116, height: 128 };
const LARGE_PX = { width: 300, height: 260 };
const LETTERS = "ABCDEFGH";

export class ProposalsDrawer {
  /** @param {import("./page.js").DraftPage} page */
  constructor(page) {
    this.page = page;
    this.element = find("#proposals");
    this.form = { count: "", least: "", most: "", weights: Object.fromEntries(Object.entries(WEIGHTS).map(([name, value]) => [name, String(value)])), seed: 0 };
    /** @type {any[]} */
    this.answers = [];
    /** @type {Failure[]} */
    this.failures = [];
    this.chosen = "draft";
    this.builtFor = "";
    this.print = "";
    /** @type {{abort: AbortController, done: number, all: number} | null} */
    this.run = null;
    this.cards = h("div", { class: "proposals__cards" });
    this.state = h("div", { class: "proposals__state", role: "status" });
    this.acts = h("div", { class: "planner__acts" });
  }

  /** The village that is looked at, or the town; empty: the drawer is closed. */
  get area() {
    const { proposals } = this.page.place;
    return proposals === TOWN || this.villages.some(({ code }) => code === proposals) ? proposals : "";
  }

  /** Villages whose grids can be drawn anew. */
  get villages() {
    const areas = [...this.page.draft.areas.values()];
    const parents = new Set(areas.filter((one) => one.is_leaf && one.level === "grid").map(({ parent }) => parent));
    return areas.filter(({ code }) => parents.has(code)).sort((a, b) => (a.code < b.code ? -1 : 1));
  }

  get isFresh() {
    return this.answers.length > 0 && this.print === printOf(this.page.draft, this.answers.map(({ area }) => area));
  }

  open() {
    const [code] = this.page.selectedCodes();
    const group = code && groupOf(this.page.draft.areas, code);
    const first = this.villages.find((one) => one.code === group) ?? this.villages.find((one) => one.code === this.page.place.scope) ?? this.villages[0];
    this.page.go({ proposals: first?.code ?? "" });
    /** @type {HTMLElement | null} */ (this.element.querySelector("[name=area]"))?.focus();
  }

  close() {
    this.run?.abort.abort();
    this.drop();
    this.page.go({ proposals: "" });
    /** @type {HTMLElement | null} */ (this.element.querySelector("button"))?.focus();
  }

  drop() {
    this.answers = [];
    this.failures = [];
    this.chosen = "draft";
  }

  /** Draws what there is now; the fields are never built anew under somebody's hands. */
  draw() {
    const { page, element } = this;
    const isOffered = page.plan.allowed.includes("edit") && page.isWide && this.villages.length > 0;
    element.hidden = !isOffered;
    if (!isOffered) return;
    if (!this.area) {
      this.builtFor = "";
      page.bench.show({ "plan-proposal": collection([]) });
      return fill(element, h("button", { type: "button", class: "proposals__open", "data-act": "proposals", "aria-expanded": "false", onclick: () => this.open() }, icon("down", "proposals__up"), h("b", null, t("planner.proposals")), h("span", { class: "quiet" }, t("planner.proposals_lead"))));
    }
    if (this.builtFor !== this.area) this.build();
    this.drawCards();
  }

  build() {
    const { villages } = this;
    this.builtFor = this.area;
    const choose = (/** @type {Event} */ event) => {
      this.run?.abort.abort();
      this.drop();
      this.form.count = "";
      this.page.go({ proposals: /** @type {HTMLSelectElement} */ (event.target).value });
      /** @type {HTMLElement | null} */ (this.element.querySelector("[name=area]"))?.focus();
    };
    const area = h("select", { class: "input", name: "area", "aria-label": t("planner.prop_area"), onchange: choose }, [...villages.map((one) => [one.code, nameOf(one)]), [TOWN, t("planner.prop_town", { n: villages.length })]].map(([code, name]) => h("option", { value: code, selected: code === this.area }, name)));
    const submit = (/** @type {Event} */ event) => {
      event.preventDefault();
      this.ask();
    };
    const bar = h(
      "form",
      { class: "proposals__bar", novalidate: true, onsubmit: submit },
      h("h2", null, t("planner.proposals")),
      area,
      this.area !== TOWN && this.field("count", t("planner.prop_count"), this.form.count, (text) => (this.form.count = text), String(this.leavesOf(this.area))),
      h("span", { class: "proposals__pair" }, this.field("least", t("planner.prop_least"), this.form.least, (text) => (this.form.least = text)), this.field("most", t("planner.prop_most"), this.form.most, (text) => (this.form.most = text))),
      h("fieldset", { class: "proposals__weights" }, h("legend", null, t("planner.prop_weights")), Object.keys(WEIGHTS).map((name) => this.field(`weight_${name}`, t(`planner.prop_${name}`), this.form.weights[name], (text) => (this.form.weights[name] = text)))),
      this.acts,
    );
    fill(this.element, bar, this.state, this.cards);
  }

  /** @param {string} name @param {string} label @param {string} value @param {(text: string) => void} set @param {string} [usual] */
  field(name, label, value, set, usual = "") {
    const input = h("input", { class: "input", name, inputmode: "decimal", maxlength: 7, value, placeholder: usual, oninput: () => set(input.value) });
    return h("label", null, h("span", null, label), input);
  }

  /** Grids of a village that are drawn anew. @param {string} village */
  leavesOf(village) {
    return [...this.page.draft.areas.values()].filter((one) => one.parent === village && one.is_leaf && one.kind !== "exclusive").length;
  }

  /** Asks for proposals, village by village; what has come stays when it is ended early. */
  async ask() {
    if (this.run) return;
    const areas = this.area === TOWN ? this.villages.map(({ code }) => code) : [this.area];
    const run = { abort: new AbortController(), done: 0, all: areas.length };
    if (this.answers.length) this.form.seed += 1;
    this.run = run;
    this.drop();
    this.drawCards();
    for (const area of areas) {
      try {
        this.answers.push(await this.proposed(area, run.abort.signal));
      } catch (fault) {
        if (run.abort.signal.aborted) break;
        this.failures.push({ fault: /** @type {ApiError} */ (fault), area });
        if (/** @type {ApiError} */ (fault).unanswered) break; // the others would wait as long
      }
      run.done += 1;
      this.drawState();
    }
    if (this.run === run) this.run = null;
    if (!this.area) return;
    this.print = printOf(this.page.draft, this.answers.map(({ area }) => area));
    if (this.answers.length) this.choose(choicesOf(this.answers)[0].name);
    else this.drawCards();
  }

  /** @param {string} area @param {AbortSignal} signal */
  proposed(area, signal) {
    const form = this.area === TOWN ? { ...this.form, count: "" } : this.form;
    return call(`${baseOf(this.page.planId)}/propose`, { method: "POST", json: askedOf(form, area), signal, timeoutMs: TIMEOUT_MS });
  }

  /** @param {string} name */
  choose(name) {
    this.chosen = name;
    this.drawCards();
    const shown = this.choice();
    if (shown) this.page.bench.view?.fit(shown.grids.map(({ geometry }) => geometry), { padding: 60 });
  }

  /** @returns {Choice | null} the proposal that is shown on the map */
  choice() {
    return choicesOf(this.answers).find(({ name }) => name === this.chosen) ?? null;
  }

  take() {
    const taken = this.choice();
    if (!taken || !this.isFresh) return;
    const areas = [...this.page.draft.areas.values()];
    for (const operation of taken.operations) this.page.edit(named(operation, areas), []);
    this.drop();
    this.drawCards();
  }

  drawCards() {
    if (!this.area) return;
    const { answers, page } = this;
    const all = answers.length ? this.all() : [];
    fill(this.cards, all.map((one, k) => this.card(one, k)));
    const shown = this.choice();
    page.bench.show({ "plan-proposal": collection(shown ? shown.grids.map(({ geometry, isOutside }) => feature(geometry, { isOutside })) : []) });
    this.drawState();
    this.drawActs();
  }

  /** Today and the draft, then what is proposed. */
  all() {
    const { answers, page } = this;
    const { effects } = page.draft;
    return [
      { name: "today", figures: combined(answers.map((one) => one.today)), grids: gridsNow(page.today, effects, 0, answers), operations: [] },
      { name: "draft", figures: combined(answers.map((one) => one.draft)), grids: gridsNow(page.draft, effects, 1, answers), operations: [] },
      ...choicesOf(answers),
    ];
  }

  drawActs() {
    const has = this.answers.length > 0;
    const isProposal = Boolean(this.choice()?.operations.length);
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.act;
    const side = has && h("button", { type: "button", class: "button button--small", "data-act": "beside", onclick: () => this.beside() }, t("planner.prop_beside"));
    const again = h("button", { type: "submit", class: `button button--small${has ? "" : " button--main"}`, "data-act": "ask", disabled: this.run !== null }, t(has ? "planner.prop_again" : "planner.prop_ask"));
    const take = has && h("button", { type: "button", class: "button button--small button--main", "data-act": "take", disabled: !isProposal || !this.isFresh || !this.page.mayEdit, onclick: () => this.take() }, t("planner.prop_take"));
    const close = h("button", { type: "button", class: "button button--small button--plain", "data-act": "close", onclick: () => this.close() }, t("common.close"));
    fill(this.acts, side, again, take, close);
    if (focused) /** @type {HTMLElement | null} */ (this.acts.querySelector(`[data-act="${focused}"]`))?.focus();
  }

  drawState() {
    const { run, failures, answers } = this;
    if (run) {
      const cancel = h("button", { type: "button", class: "button button--small", "data-act": "cancel", onclick: () => run.abort.abort() }, t("common.cancel"));
      return fill(this.state, h("span", null, run.all > 1 ? t("planner.prop_running_n", { n: run.done, all: run.all }) : t("planner.prop_running")), h("progress", { ...(run.all > 1 && { value: run.done }), max: run.all, "aria-label": t("planner.prop_running") }), cancel);
    }
    if (!answers.length && !failures.length) return fill(this.state, h("p", { class: "quiet" }, t("planner.prop_words")));
    fill(this.state, failures.map((one) => this.failureBox(one)), answers.length > 0 && !this.isFresh && h("p", { class: "planner__stale" }, t("planner.prop_stale")));
  }

  /** Why there is none, and what would help. @param {Failure} failure */
  failureBox({ fault, area }) {
    const { least, most, places } = fault.detail ?? {};
    const wanted = Number(this.form.count || this.leavesOf(area));
    const fits = typeof least === "number" && least <= most ? Math.min(Math.max(wanted, least), most) : null;
    const instead = fits !== null && this.area !== TOWN && h("button", { type: "button", class: "button button--small", onclick: () => this.instead(fits) }, t("planner.prop_instead", { n: fits }));
    const show = places && h("button", { type: "button", class: "button button--small", onclick: () => this.page.bench.showFound(places.features) }, t("planner.zoom_to"));
    return h("p", { class: "proposals__fault", role: "alert" }, h("b", null, t("planner.prop_none", { name: this.page.nameOf(area) })), " ", fault.words, " ", instead, show);
  }

  /** @param {number} count */
  instead(count) {
    this.form.count = String(count);
    /** @type {HTMLInputElement} */ (this.element.querySelector("[name=count]")).value = this.form.count;
    this.ask();
  }

  /** @param {Choice} one @param {number} k */
  card(one, k) {
    const { name, figures, grids } = one;
    const isNow = name === "today" || name === "draft";
    const title = isNow ? t(`planner.prop_card_${name}`) : t("planner.prop_card", { letter: LETTERS[k - 2] });
    const says = isNow ? t("planner.prop_grids", { n: figures.households.length }) : t(`planner.prop_about_${name}`);
    const said = Object.entries(sayings(figures)).map(([figure, text]) => [h("dt", null, t(`planner.prop_fig_${figure}`)), h("dd", null, text)]);
    const look = { type: "button", class: "proposal", "data-proposal": name, "aria-pressed": String(name === this.chosen), onclick: () => this.choose(name) };
    return h("button", look, h("span", { class: "proposal__head" }, h("b", null, title), h("small", null, says)), smallMap(grids, CARD_PX), h("dl", null, said));
  }

  /** All as large as the window allows, side by side. */
  beside() {
    const dialog = /** @type {HTMLDialogElement} */ (find("#dialog"));
    const cards = this.all().map(({ name, figures, grids }, k) => {
      const title = name === "today" || name === "draft" ? t(`planner.prop_card_${name}`) : `${t("planner.prop_card", { letter: LETTERS[k - 2] })} · ${t(`planner.prop_about_${name}`)}`;
      const rows = Object.entries({ ...sayings(figures), ...more(figures) }).map(([figure, text]) => h("tr", null, h("th", { scope: "row" }, t(`planner.prop_fig_${figure}`)), h("td", { class: "end" }, text)));
      return h("section", { class: "beside__one" }, h("h3", null, title), smallMap(grids, LARGE_PX), h("table", { class: "rows" }, h("tbody", null, rows)));
    });
    fill(dialog, h("div", { class: "dialog__head" }, h("h2", { id: "dialog-title" }, t("planner.prop_beside")), h("button", { type: "button", class: "button button--small", onclick: () => dialog.close() }, t("common.close"))), h("div", { class: "dialog__body beside", tabindex: 0 }, cards));
    dialog.classList.add("dialog--wide");
    dialog.addEventListener("close", () => dialog.classList.remove("dialog--wide"), { once: true });
    dialog.showModal();
  }
}

/** @param {import("./proposals.js").Figures} figures */
const sayings = (figures) => ({ difference: String(figures.difference), spread: figures.spread.toFixed(2), split: String(figures.split), moved: figures.moved === null ? "–" : `${Math.round(figures.moved * 100)}%` });

/** @param {import("./proposals.js").Figures} figures */
const more = (figures) => ({ border: t("planner.kilometres", { n: (figures.border_m / 1_000).toFixed(1) }), compactness: figures.compactness.toFixed(2), outside: String(figures.outside) });

/** @param {import("./proposals.js").Grid[]} grids @param {{width: number, height: number}} size */
function smallMap(grids, { width, height }) {
  const paths = pathsOf(grids, width - 4, height - 4);
  return s("svg", { class: "smallmap", viewBox: `-2 -2 ${width} ${height}`, "aria-hidden": "true" }, paths.map((d, k) => s("path", { d, class: grids[k].isOutside ? "is-outside" : `is-${shadeOf(grids[k], grids)}` })));
}
