// One draft: what is known of it, what the person does, who is told. The address is the state of the view.
import { ApiError, call } from "../api.js";
import { fill, find, h } from "../dom.js";
import { frame } from "../frame.js";
import { nameOf, t } from "../i18n.js";
import { liveState } from "../parts/live.js";
import { failed, loading } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { serverNow } from "../server-time.js";
import { exactly } from "../time.js";
import { readPlace, writePlace } from "./address.js";
import { drawChecks } from "./checks-panel.js";
import { publishDialog, returnDialog, staffDialog } from "./dialogs.js";
import { applied, arcsOfPair, changedLeaves, emptyDraft, groupOf, isWhole } from "./draft.js";
import { drawEffects } from "./effects-panel.js";
import { ALL, CHANGED } from "./figures.js";
import { FilePanel } from "./file-panel.js";
import { keepFocus } from "./focus.js";
import { pairOf } from "./handles.js";
import { drawHead } from "./head.js";
import { drawHistory, stepWords } from "./history-panel.js";
import { listenPlannerKeys } from "./planner-keys.js";
import { ProposalsDrawer } from "./proposals-drawer.js";
import { rebased } from "./rebasing.js";
import { drawSelection } from "./selection-panel.js";
import { Sender, baseOf, readAll, readSince } from "./server.js";
import { railOf, walkRail } from "./tools.js";
import { Workbench } from "./workbench.js";

/** @typedef {import("./address.js").Selection} Selection */
/** @typedef {import("./draft.js").Draft} Draft */
/** @typedef {import("./outbox.js").Sending} Sending */

const READ_ONLY = matchMedia("(max-width: 899px)");
const EVENTS_MS = 300;
const PANELS = ["effects", "checks", "history"];

/** @param {string} planId */
export async function draftPage(planId) {
  const page = new DraftPage(planId);
  /** @type {any} */ (window).onegridPlanner = page; // for whoever looks into a page that misbehaves, and for the tests
  await page.load();
}

export class DraftPage {
  /** @param {string} planId */
  constructor(planId) {
    this.planId = planId;
    this.place = readPlace(location.pathname, location.search);
    /** @type {any} */
    this.plan = null;
    this.draft = emptyDraft();
    this.today = emptyDraft();
    /** @type {{fault: ApiError, sending: Sending | null} | null} the refusal that stands over the map */
    this.refused = null;
    /** @type {any[] | null} the steps of the chosen border */
    this.borderSteps = null;
    this.panel = "effects";
    this.isCatchingUp = false;
    this.isListening = false;
    this.seenVersion = 0; // the newest that an event told of
    this.timer = 0;
    this.savedAt = "";
    this.bench = new Workbench(this);
    this.files = new FilePanel(this);
    this.proposals = new ProposalsDrawer(this);
    this.sender = new Sender(planId, {
      answered: (sending, answer) => this.answered(sending, answer),
      refused: (sending, fault) => this.refuse(sending, fault),
      changed: () => this.sendingChanged(),
    });
  }

  /** Whether there is room to work, not only to look. */
  get isWide() {
    return !READ_ONLY.matches;
  }

  get mayEdit() {
    return Boolean(this.plan?.allowed.includes("edit")) && this.isWide && this.place.view !== "today";
  }

  /** The scope of the table: what was chosen, else the village at hand, else what changed. */
  get scope() {
    if (this.place.scope) return this.place.scope;
    const [code] = this.selectedCodes();
    const group = code && groupOf(this.draft.areas, code);
    return group || (changedLeaves(this.draft).length ? CHANGED : ALL);
  }

  /** @returns {string[]} */
  selectedCodes() {
    const { sel } = this.place;
    if (!sel) return [];
    return (sel.kind === "area" ? [sel.id] : sel.id.split("-")).filter((code) => this.draft.areas.has(code));
  }

  async load() {
    for (const id of PANELS) fill(find(`#${id}`), loading(4));
    try {
      const [all] = await Promise.all([readAll(this.planId), this.bench.start()]);
      this.plan = all.head;
      this.draft = applied(emptyDraft(), { version: Math.min(all.areas.version, all.borders.version), areas: all.areas, borders: all.borders });
      this.today = applied(emptyDraft(), { version: 0, areas: all.today.areas, borders: all.today.borders });
    } catch (fault) {
      const box = failed(/** @type {ApiError} */ (fault), t("planner.load_failed"), () => this.load());
      for (const id of PANELS) fill(find(`#${id}`));
      return fill(find("#effects"), box);
    }
    this.listen();
    this.render();
    this.bench.showWhole(true);
    await this.figures();
    this.sender.pump();
  }

  /** The figures and checks of the whole draft; the map does not wait for them. */
  async figures() {
    try {
      const base = baseOf(this.planId);
      const [effects, checks] = await Promise.all([call(`${base}/effects`, { timeoutMs: 60_000 }), call(`${base}/checks`, { timeoutMs: 60_000 })]);
      if (effects.version >= this.draft.version) this.draft = applied(this.draft, { version: this.draft.version, effects, checks: checks.checks });
      this.render();
    } catch (fault) {
      fill(find("#effects"), failed(/** @type {ApiError} */ (fault), t("planner.figures_failed"), () => this.figures()));
      fill(find("#checks"));
    }
  }

  listen() {
    if (this.isListening) return;
    this.isListening = true;
    listenPlannerKeys(this);
    READ_ONLY.addEventListener("change", () => this.render());
    window.addEventListener("popstate", () => {
      this.place = readPlace(location.pathname, location.search);
      this.bench.cancel();
      this.borderSteps = null;
      this.render();
    });
    window.addEventListener("beforeunload", () => this.bench.leave());
    find("#rail").addEventListener("keydown", (event) => walkRail(/** @type {KeyboardEvent} */ (event), find("#rail")));
    liveState(find("#live"), "plan", (event) => this.hear(event), () => this.catchUp());
  }

  /** @param {import("../map/events.js").TownEvent} event */
  hear(event) {
    if (event.data.plan !== this.planId) return;
    this.seenVersion = Math.max(this.seenVersion, event.data.version ?? 0);
    const isMoved = event.kind !== "edited";
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => (isMoved ? this.readPlan() : this.catchUpLater()), EVENTS_MS);
  }

  catchUpLater() {
    if (!this.sender.isBusy && this.seenVersion > this.draft.version) this.catchUp();
  }

  /** What others did since. */
  async catchUp() {
    if (this.isCatchingUp) return;
    const before = this.draft.version;
    this.isCatchingUp = true;
    try {
      this.draft = applied(this.draft, await readSince(this.planId, before));
      await this.readPlan();
    } catch {
      return; // the stream says that the line is cut, and asks again when it is back
    } finally {
      this.isCatchingUp = false;
    }
    for (const step of this.plan.steps.filter((/** @type {any} */ one) => one.seq > before && one.user !== frame.viewer?.name).slice(0, 2)) {
      toast(t("planner.other_did", { who: step.user ?? "", what: stepWords(step, this.draft.areas, this.today.areas) }));
    }
    this.bench.lineMoved();
  }

  async readPlan() {
    this.plan = await call(baseOf(this.planId));
    this.render();
  }

  /** @param {Sending} sending @param {any} answer */
  async answered(sending, answer) {
    const before = this.draft;
    this.draft = isWhole(before, sending.version) ? applied(before, answer) : applied(before, await readSince(this.planId, before.version));
    this.plan = await call(baseOf(this.planId));
    this.refused = null;
    this.borderSteps = null;
    this.savedAt = exactly(new Date(serverNow()).toISOString()).slice(11);
    this.followSelection(sending, answer, before);
    this.render();
  }

  /** What was made is what is looked at next; what is gone is not. @param {Sending} sending @param {any} answer @param {Draft} before */
  followSelection(sending, answer, before) {
    const made = answer.areas.features.map((/** @type {any} */ one) => one.properties).find((/** @type {any} */ one) => one.is_leaf && !before.areas.has(one.code));
    const kind = sending.operation?.kind;
    const next = kind === "merge" ? sending.operation.into : kind === "split" || kind === "cut_out" ? made?.code : null;
    if (next) this.place = { ...this.place, sel: { kind: /** @type {const} */ ("area"), id: next }, tool: /** @type {const} */ ("select") };
    const { sel } = this.place;
    if (sel?.kind === "area" && !this.draft.areas.has(sel.id)) this.place = { ...this.place, sel: null };
    if (sel?.kind === "border" && !arcsOfPair(this.draft.arcs.values(), sel.id).length) this.place = { ...this.place, sel: null };
    history.replaceState(null, "", writePlace(this.place));
  }

  /** @param {Sending} sending @param {ApiError} fault */
  refuse(sending, fault) {
    this.refused = { fault, sending };
    this.bench.refused(sending, fault);
    this.render();
    if (fault.code === "plan.not_draft") this.readPlan().catch(() => null);
  }

  /** An edit as the person made it: sent, or kept until it can be. @param {any} operation @param {[number, number][][]} lines */
  edit(operation, lines) {
    this.refused = null;
    this.sender.send({ path: "edits", version: this.draft.version, operation, lines });
  }

  /** @param {"undo" | "redo"} path */
  again(path) {
    if (!this.mayEdit || this.sender.waiting.length || !this.plan[`can_${path}`]) return false;
    this.refused = null;
    this.sender.send({ path, version: this.draft.version });
    return true;
  }

  sendingChanged() {
    if (!this.plan) return;
    this.renderHead();
    this.bench.draw();
    if (!this.sender.isBusy && this.isListening) this.catchUpLater();
  }

  /** The conflict solved: on the line as it is now, or not at all. @param {"redo" | "drop"} how */
  async solve(how) {
    const sending = this.refused?.sending;
    if (!sending) return;
    try {
      this.draft = applied(this.draft, await readSince(this.planId, this.draft.version));
    } catch (fault) {
      return toast(/** @type {ApiError} */ (fault).words, null, { late: true });
    }
    const operation = how === "redo" && sending.operation ? rebased(sending.operation, [...this.draft.arcs.values()]) : null;
    this.refused = null;
    if (how === "redo" && !operation) toast(t("planner.conflict_nowhere"), null, { late: true });
    this.sender.release(operation && { path: "edits", version: this.draft.version, operation, lines: sending.lines });
    await this.readPlan().catch(() => this.render());
  }

  /** @param {Partial<import("./address.js").Place>} change @param {{isStep?: boolean, isFar?: boolean}} [how] `isFar`: the map goes there */
  go(change, { isStep = false, isFar = false } = {}) {
    const was = this.place;
    this.place = { ...was, ...change };
    if ("tool" in change && change.tool !== was.tool) this.bench.cancel();
    if ("sel" in change) {
      this.borderSteps = null;
      if (!("scope" in change)) this.place = { ...this.place, scope: "" };
    }
    history[isStep ? "pushState" : "replaceState"](null, "", writePlace(this.place));
    this.render();
    if (isFar) this.bench.showSelected();
  }

  /** @param {Selection} sel @param {boolean} [isFar] */
  select(sel, isFar = false) {
    this.go({ sel, ...(this.place.tool === "junction" && { tool: /** @type {const} */ ("select") }) }, { isStep: true, isFar });
  }

  /** @param {string} step @param {any} [json] */
  async move(step, json = {}) {
    try {
      this.plan = await call(`${baseOf(this.planId)}/${step}`, { method: "POST", json });
      toast(t(`planner.moved_${this.plan.state}`));
    } catch (fault) {
      this.refused = { fault: /** @type {ApiError} */ (fault), sending: null };
    }
    this.render();
  }

  /** A draft of its own leads back: it goes the way of every draft. */
  async wayBack() {
    try {
      const draft = await call(`${baseOf(this.planId)}/retire`, { method: "POST", json: {} });
      location.assign(`/planner/${draft.id}`);
    } catch (fault) {
      this.refused = { fault: /** @type {ApiError} */ (fault), sending: null };
      this.render();
    }
  }

  renderHead() {
    const acts = {
      file: () => this.files.open(),
      undo: () => this.again("undo"),
      redo: () => this.again("redo"),
      submit: () => this.move("submit"),
      approve: () => this.move("approve"),
      giveBack: () => returnDialog(this.planId, (plan) => this.took(plan)),
      publish: () => publishDialog(this.planId, this.draft.areas, this.today.areas, (plan) => this.took(plan)),
      retire: () => this.wayBack(),
    };
    const red = this.draft.checks.filter(({ level }) => level === "red").length;
    const { waiting, isBusy } = this.sender;
    drawHead(find("#head"), this.plan, { changed: changedLeaves(this.draft).length, red, isBusy: waiting.length > 0 || isBusy, me: frame.viewer?.name ?? "", narrow: !this.isWide }, acts);
    const state = waiting.length ? (this.sender.isCut ? "waiting" : "sending") : "saved";
    fill(find("#saved"), waiting.length ? t(`planner.saved_${state}`, { n: waiting.length }) : this.savedAt && t("planner.saved_at", { time: this.savedAt }));
    find("#saved").dataset.state = state;
  }

  /** @param {any} plan */
  took(plan) {
    this.plan = plan;
    toast(t(plan.state === "approved" && plan.publish_at ? "planner.moved_planned" : `planner.moved_${plan.state}`));
    this.render();
  }

  render() {
    if (!this.plan) return;
    document.title = document.title.replace(/^[^·]*/, `${this.plan.name} `);
    this.renderHead();
    const { mayEdit, place } = this;
    keepFocus(find("#rail"), (rail) => fill(rail, railOf(place.tool, mayEdit, (tool) => this.go({ tool }))));
    keepFocus(find("#views"), (views) => fill(views, ["today", "draft", "both"].map((view) => h("button", { type: "button", "data-view": view, "aria-pressed": String(view === place.view), onclick: () => this.go({ view: /** @type {any} */ (view) }) }, t(`planner.view_${view}`)))));
    this.renderPanels();
    this.bench.draw();
    this.proposals.draw();
  }

  renderPanels() {
    const { draft, place, mayEdit } = this;
    keepFocus(find("#side-tabs"), (tabs) => fill(tabs, PANELS.map((name) => h("button", { type: "button", "data-tab": name, "aria-pressed": String(name === this.panel), onclick: () => this.showPanel(name) }, t(`planner.${name}`), this.countOf(name)))));
    find("#side").dataset.shown = this.panel;
    fill(find("#review"), this.reviewWords());
    drawSelection(find("#selection"), draft, place.sel, { select: (sel) => this.select(sel, true), describe: mayEdit ? (code, values) => this.edit({ kind: "describe", code, values }, []) : null });
    if (draft.effects.size) {
      const selected = place.sel?.kind === "area" ? place.sel.id : null;
      keepFocus(find("#effects"), (element) => drawEffects(element, draft, this.today, { scope: this.scope, changed: new Set(changedLeaves(draft)), selected, choose: (scope) => this.go({ scope }), open: (code) => this.select({ kind: "area", id: code }, true) }));
      keepFocus(find("#checks"), (element) => drawChecks(element, draft.checks, draft.areas, { show: (check) => this.bench.showPlaces(check), staff: this.plan.allowed.includes("staff") && this.isWide ? () => this.staff() : null, rename: mayEdit ? (code) => this.rename(code) : null }));
    }
    const hasBorder = place.sel?.kind === "border";
    keepFocus(find("#history"), (element) => drawHistory(element, this.plan.steps, { areas: draft.areas, today: this.today.areas, only: this.borderSteps, hasBorder, who: () => this.whoChanged(), all: () => this.allSteps() }));
  }

  /** @param {string} name */
  showPanel(name) {
    this.panel = name;
    this.renderPanels();
  }

  /** @param {string} name */
  countOf(name) {
    const n = name === "checks" ? this.draft.checks.filter(({ level }) => level === "red").length : 0;
    return n > 0 && h("span", { class: "tabs__count" }, String(n));
  }

  reviewWords() {
    const { plan } = this;
    const said = [];
    if (plan.state === "draft" && plan.steps.some((/** @type {any} */ one) => one.kind === "way_back")) said.push(h("p", null, t("planner.moved_back")));
    if (plan.state === "draft" && plan.reason) said.push(h("p", null, h("b", null, t("planner.returned")), " ", plan.reason));
    if (plan.state === "approved" && plan.reason) said.push(h("p", null, h("b", null, t("planner.not_published")), " ", plan.reason));
    if (plan.state === "in_review") said.push(h("p", null, plan.allowed.includes("approve") ? t("planner.review_you", { who: plan.submitted_by ?? "" }) : t("planner.review_other", { who: plan.submitted_by ?? "" })));
    if (plan.state === "approved" && plan.publish_at) said.push(h("p", null, t("planner.planned", { time: exactly(plan.publish_at) })));
    else if (plan.state === "approved") said.push(h("p", null, plan.allowed.includes("publish") ? t("planner.publish_you") : t("planner.publish_other")));
    if (!this.isWide) said.push(h("p", { class: "quiet" }, t("planner.read_only")));
    return said.length > 0 && h("div", { class: "panel-section planner__review" }, said);
  }

  staff() {
    const codes = this.draft.checks.find(({ code }) => code === "nobody")?.codes ?? [];
    staffDialog(this.planId, codes, this.draft.areas, () => this.figures());
  }

  /** @param {string} code */
  rename(code) {
    this.select({ kind: "area", id: code }, true);
    this.showPanel("effects");
    /** @type {HTMLElement | null} */ (document.querySelector("[name=area_name]"))?.focus();
  }

  async whoChanged() {
    const { sel } = this.place;
    const [arc] = [...this.draft.arcs.values()].filter((one) => sel?.kind === "border" && pairOf(one) === sel.id);
    if (!arc) return;
    const [lon, lat] = arc.line[Math.floor(arc.line.length / 2)];
    try {
      this.borderSteps = (await call(`${baseOf(this.planId)}/history?lon=${lon}&lat=${lat}`)).steps;
      this.renderPanels();
    } catch (fault) {
      toast(/** @type {ApiError} */ (fault).words, null, { late: true });
    }
  }

  allSteps() {
    this.borderSteps = null;
    this.renderPanels();
  }

  /** A name for messages. @param {string | null | undefined} code */
  nameOf(code) {
    return nameOf(this.draft.areas.get(code ?? "")) || code || "";
  }
}
