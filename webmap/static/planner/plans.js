// The list of boundary drafts, by state, with the form for a new one.
import { call, newId, query } from "../api.js";
import { fill, find, h } from "../dom.js";
import { may } from "../frame.js";
import { t } from "../i18n.js";
import { liveState } from "../parts/live.js";
import { empty, failed, faultBox, loading } from "../parts/states.js";
import { when } from "../time.js";

/** What each button of the list asks for. @type {Record<string, string>} */
const STATES = { open: "draft,in_review,approved", published: "published", retired: "retired" };
const AGAIN_MS = 500;

export function plansPage() {
  const list = find("#plans");
  let state = new URLSearchParams(location.search).get("state") ?? "open";
  if (!STATES[state]) state = "open";
  let run = 0;
  let timer = 0;

  if (may("plan")) newForm(/** @type {HTMLFormElement} */ (find("#new")));
  load();
  const later = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => load(true), AGAIN_MS);
  };
  liveState(find("#live"), "plan", later, later);
  window.addEventListener("popstate", () => {
    state = new URLSearchParams(location.search).get("state") ?? "open";
    load();
  });

  async function load(isQuiet = false) {
    const mine = ++run;
    fill(find("#states"), Object.keys(STATES).map((name) => h("button", { type: "button", "aria-pressed": String(name === state), onclick: () => choose(name) }, t(`planner.list_${name}`))));
    if (!isQuiet) fill(list, loading(4));
    try {
      const { plans } = await call(`/api/v1/plans${query({ state: STATES[state] })}`);
      if (mine === run) fill(list, plans.length ? table(plans) : nothing());
    } catch (fault) {
      if (mine === run) fill(list, failed(/** @type {import("../api.js").ApiError} */ (fault), t("planner.list_failed"), () => load()));
    }
  }

  /** @param {string} name */
  function choose(name) {
    state = name;
    history.pushState(null, "", name === "open" ? "/planner" : `/planner?state=${name}`);
    load();
  }

  function nothing() {
    const words = state === "open" && may("plan") ? t("planner.empty_words") : "";
    return empty({ title: t(`planner.empty_${state}`), words });
  }
}

/** @param {any[]} plans */
function table(plans) {
  const heads = ["name", "state", "steps", "by", "based_on"].map((name) => h("th", { scope: "col", class: name === "steps" ? "end" : null }, t(`planner.col_${name}`)));
  const rows = plans.map((plan) =>
    h(
      "tr",
      { "data-plan": plan.id },
      h("th", { scope: "row" }, h("a", { href: `/planner/${plan.id}` }, plan.name)),
      h("td", null, h("span", { class: `tag${plan.state === "in_review" ? " tag--strong" : ""}` }, t(`planner.state_${plan.state}`)), plan.reason && h("small", { class: "plans__reason" }, t("planner.returned_because", { reason: plan.reason }))),
      h("td", { class: "end" }, String(plan.version)),
      h("td", null, `${plan.created_by ?? ""} ${when(plan.created_at)}`),
      h("td", null, when(plan.based_on)),
    ),
  );
  return h("div", { class: "plans__table" }, h("table", { class: "rows" }, h("thead", null, h("tr", null, heads)), h("tbody", null, rows)));
}

/** @param {HTMLFormElement} form */
function newForm(form) {
  form.hidden = false;
  let id = newId(); // a retry after a cut line opens no second draft
  const input = h("input", { class: "input", name: "name", required: true, maxlength: 200, autocomplete: "off", placeholder: t("planner.new_placeholder") });
  const button = h("button", { type: "submit", class: "button button--main" }, t("planner.new"));
  const fault = h("div", { class: "plans__fault" });
  fill(form, h("label", { class: "field" }, h("span", { class: "field__label" }, t("planner.new_name")), input), button, fault);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    fill(fault);
    if (!input.value.trim()) return input.focus();
    button.disabled = true;
    try {
      const plan = await call("/api/v1/plans", { method: "POST", json: { id, name: input.value.trim() } });
      id = newId();
      location.assign(`/planner/${plan.id}`);
    } catch (reason) {
      fill(fault, faultBox(/** @type {import("../api.js").ApiError} */ (reason), t("planner.not_opened")));
    } finally {
      button.disabled = false;
    }
  });
}
