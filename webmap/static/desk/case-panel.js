// The case in the middle and on the right: who, what, where; clocks, decision, actions, log. Read anew when somebody else changed it.
import { call } from "../api.js";
import { fill, h, icon } from "../dom.js";
import { frame, may } from "../frame.js";
import { t } from "../i18n.js";
import { duplicatesPanel } from "../pages/incident-duplicates.js";
import { head } from "../pages/incident-head.js";
import { placePanel } from "../pages/incident-place.js";
import { facts, limits, log, photos } from "../pages/incident-side.js";
import { flatten } from "../pages/incident-view.js";
import { mapHolder } from "../parts/place-map.js";
import { empty, failed, loading } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { actionsPanel } from "./actions-panel.js";
import { choices } from "./choices.js";
import { isWriting, keep, keptDraft } from "./kept.js";
import { draftOf, isUndecided } from "./plan.js";
import { suggestionPanel } from "./suggestion-panel.js";
import { wordsForm } from "./words-form.js";

/** @typedef {import("../pages/incident-view.js").Case} Case */
/** @typedef {import("./plan.js").Draft} Draft */

/**
 * @param {{centre: HTMLElement, side: HTMLElement, fresh: HTMLElement}} places
 * @param {{onChanged: (fresh: Case) => void, onBack: () => void}} options
 */
export function casePanel(places, { onChanged, onBack }) {
  return new CasePanel(places, onChanged, onBack);
}

class CasePanel {
  /** @param {{centre: HTMLElement, side: HTMLElement, fresh: HTMLElement}} places @param {(fresh: Case) => void} onChanged @param {() => void} onBack */
  constructor(places, onChanged, onBack) {
    this.places = places;
    this.onChanged = onChanged;
    this.onBack = onBack;
    this.holder = mapHolder(t("incident.map"));
    /** @type {Case | null} */
    this.item = null;
    /** @type {Map<string, {version: number, draft: Draft}>} what was decided and not yet sent */
    this.drafts = new Map();
    /** @type {ReturnType<typeof placePanel> | null} */
    this.place = null;
    /** @type {ReturnType<typeof actionsPanel> | null} */
    this.actions = null;
    this.run = 0;
    this.wanted = false; // the focus, once the case is there
  }

  /** The focus goes to the case, at once or when it has come. */
  focus() {
    this.wanted = !this.item;
    if (this.item) restoreFocus("#case-title");
  }

  /** @param {string} id @returns {Promise<void>} */
  async show(id) {
    const mine = ++this.run;
    fill(this.places.fresh);
    if (!id) return this.nothing();
    if (this.item?.id !== id) this.wait();
    try {
      const fresh = flatten(await call(`/api/v1/incidents/${encodeURIComponent(id)}`));
      // a slow answer may be older than what a step has brought meanwhile
      if (mine !== this.run || (this.item?.id === id && fresh.version < this.item.version)) return;
      this.draw(fresh);
      this.noteSeen(fresh);
    } catch (fault) {
      if (mine !== this.run) return;
      this.clear();
      fill(this.places.centre, this.back(), failed(/** @type {import("../api.js").ApiError} */ (fault), t("incident.load_failed"), () => this.show(id)));
    }
  }

  nothing() {
    this.clear();
    fill(this.places.centre, empty({ title: t("desk.none_chosen"), words: t("desk.none_chosen_words") }));
  }

  /** A dispatch opened by somebody of its organisation is no longer unseen. @param {Case} item */
  noteSeen(item) {
    if (item.state === "dispatched" && may("handle")) call(`/api/v1/incidents/${item.id}/seen`, { method: "POST" }).catch(() => null);
  }

  /** What is shown stays in sight, out of reach, until the next one is there. */
  wait() {
    const { centre, side } = this.places;
    if (!this.item) {
      this.clear();
      return fill(centre, loading(5));
    }
    this.place?.remove();
    this.place = null;
    this.actions = null;
    this.item = null;
    for (const part of [centre, side]) part.toggleAttribute("inert", true);
  }

  ready() {
    for (const part of [this.places.centre, this.places.side]) part.toggleAttribute("inert", false);
  }

  /** The clocks move on. */
  tick() {
    const old = this.places.side.firstElementChild;
    if (this.item && old) old.replaceWith(limits(this.item));
  }

  clear() {
    this.ready();
    this.place?.remove();
    this.place = null;
    this.actions = null;
    this.item = null;
    fill(this.places.centre);
    fill(this.places.side);
  }

  reload = async () => {
    if (this.item) await this.show(this.item.id);
    if (this.item) this.onChanged(this.item);
  };

  /** Somebody changed the case that is shown: drawn anew at once, unless it is being written on. @param {number} version */
  async changedElsewhere(version) {
    const { item } = this;
    // an answer under way brings its own version
    if (!item || version <= item.version || this.actions?.busy) return;
    const typing = document.querySelector(".desk__centre form, .desk__side :is(select, input, textarea):focus");
    if (!typing && !isWriting(item.id) && !this.place?.busy() && !this.isTouched(item)) return this.show(item.id);
    const show = h("button", { type: "button", class: "button button--small", onclick: () => this.show(item.id) }, t("incident.updated_show"));
    fill(this.places.fresh, h("div", { class: "fresh", role: "status" }, h("span", null, t("incident.updated")), show));
  }

  /** Whether the decision differs from what the case came with. @param {Case} item */
  isTouched(item) {
    const draft = this.drafts.get(item.id)?.draft;
    return draft !== undefined && JSON.stringify(draft) !== JSON.stringify(draftOf(item, choices.categories));
  }

  /** The decision that was begun, as long as it is of this case; what was touched outlives a new version. @param {Case} item @returns {Draft} */
  draftFor(item) {
    const known = this.drafts.get(item.id);
    const kept = known && (known.version === item.version || (this.item?.id === item.id && this.isTouched(this.item)));
    const draft = kept ? known.draft : (!known && keptDraft(item)) || draftOf(item, choices.categories);
    this.drafts.set(item.id, { version: item.version, draft });
    return draft;
  }

  /** @param {Case} item */
  draw(item) {
    const focus = focusMark();
    this.ready();
    const draft = this.draftFor(item);
    this.place?.remove();
    this.item = item;
    const place = placePanel(item, this.reload, this.holder);
    this.place = place;
    const actions = actionsPanel(item, draft, (fresh, done) => this.done(item.id, fresh, done));
    this.actions = actions;
    const shown = item.photos?.length > 0;
    fill(
      this.places.centre,
      h(
        "article",
        { class: "case desk-case", "data-id": item.id, "data-state": item.state, "data-version": item.version, "aria-labelledby": "case-title" },
        this.back(),
        head(item, "/desk?stage=all&id="),
        wordsForm(item, this.reload),
        shown && h("div", { class: "desk-photos" }, photos(item, this.reload)),
        place.element,
        h("div", { class: "case__pair" }, place.how, duplicatesPanel(item, this.duplicateActs(item))),
      ),
    );
    const decide = isUndecided(item) ? suggestionPanel(item, draft, () => this.decided(item, draft)) : facts(item);
    fill(this.places.side, limits(item), decide, actions.element, !shown && photos(item, this.reload), log(item));
    document.title = `${item.title} · ${document.title.split(" · ").slice(-1)[0]}`;
    restoreFocus(this.wanted ? "#case-title" : focus);
    this.wanted = false;
    place.ready();
  }

  /** @param {Case} item @param {Draft} draft */
  decided(item, draft) {
    keep(item, draft);
    this.actions?.draw();
  }

  back() {
    return h("button", { type: "button", class: "button button--plain desk-back", onclick: this.onBack }, icon("back"), t("desk.back"));
  }

  /** @param {string} id @param {Case | null} fresh @param {string[]} done */
  async done(id, fresh, done) {
    if (done.length) this.drafts.delete(id);
    if (this.item?.id !== id) return;
    if (fresh) this.draw(flatten(fresh));
    else await this.show(id);
    if (this.item) this.onChanged(this.item);
  }

  /** @param {Case} item */
  duplicateActs(item) {
    const canMerge = (item.transitions ?? []).some((/** @type {any} */ one) => one.name === "merge");
    if (item.state === "merged" || (!may("accept") && !may("merge"))) return {};
    return {
      merge: canMerge ? (/** @type {any} */ other) => this.mergeInto(other) : null,
      distinct: (/** @type {any} */ other) => this.tellApart(item, other),
    };
  }

  /** @param {any} other */
  mergeInto(other) {
    const { actions } = this;
    if (!actions) return;
    actions.kept.values.merge = { into: other.case_no };
    if (actions.kept.open !== "merge") actions.start("merge");
    else actions.draw();
  }

  /** Not the same: not offered again, for either of the two; ten seconds to take it back. @param {Case} item @param {any} other */
  async tellApart(item, other) {
    const path = `/api/v1/incidents/${item.id}/distinct/${other.id}`;
    try {
      await call(path, { method: "POST" });
      await this.show(item.id);
      const undo = async () => {
        await call(path, { method: "DELETE" });
        if (this.item?.id === item.id) await this.show(item.id);
      };
      toast(t("desk.told_apart"), { label: t("report.undo"), act: undo });
    } catch (fault) {
      toast(/** @type {import("../api.js").ApiError} */ (fault).words, null, { late: true });
    }
  }
}

/** What has the focus, in words that outlive drawing anew. */
function focusMark() {
  const element = /** @type {HTMLElement | null} */ (document.activeElement);
  if (!element?.closest(".desk__centre, .desk__side")) return null;
  const name = element.getAttribute("name");
  return element.dataset.act ? `[data-act="${element.dataset.act}"]` : name ? `[name="${name}"]` : "#case-title";
}

/** @param {string | null} mark */
function restoreFocus(mark) {
  if (!mark) return;
  const title = document.getElementById("case-title");
  title?.setAttribute("tabindex", "-1");
  const found = /** @type {HTMLElement | null} */ (document.querySelector(mark));
  (found ?? title)?.focus({ preventScroll: true });
}

/** The address of a case that others can open. @param {string} id */
export const linkTo = (id) => `${location.origin}/desk?id=${id}${frame.lang === "en" ? "&lang=en" : ""}`;
