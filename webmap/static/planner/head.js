// The head of a draft: name, who edits it, its four steps, undo, redo and what the viewer may do next.
import { fill, h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { when } from "../time.js";

const STEPS = ["draft", "in_review", "approved", "published"];

/**
 * @param {HTMLElement} element
 * @param {any} plan
 * @param {{changed: number, red: number, isBusy: boolean, me: string, narrow: boolean}} facts
 * @param {{file: () => void, undo: () => void, redo: () => void, submit: () => void, approve: () => void, giveBack: () => void, publish: () => void, retire: () => void}} acts
 */
export function drawHead(element, plan, { changed, red, isBusy, me, narrow }, acts) {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.act;
  const others = plan.editors.filter((/** @type {any} */ one) => one.user !== me).map((/** @type {any} */ one) => one.user).join(t("common.comma"));
  const meta = [t("planner.changed_n", { n: changed }), others && t("planner.with", { who: others }), t("planner.based_on", { time: when(plan.based_on) })].filter(Boolean);
  const title = h("div", { class: "planner__title" }, h("h1", null, plan.name), h("p", null, h("a", { href: "/planner" }, t("planner.drafts")), ` · ${meta.join(" · ")}`));
  const may = (/** @type {string} */ step) => plan.allowed.includes(step) && !narrow;
  const button = (/** @type {string} */ act, /** @type {() => void} */ onclick, /** @type {Record<string, any>} */ more = {}, /** @type {any} */ extra = null) =>
    h("button", { type: "button", class: `button${more.main ? " button--main" : ""}`, "data-act": act, disabled: more.off ?? false, title: more.title ?? null, onclick }, t(`planner.act_${act}`), extra);
  const key = h("kbd", { class: "key planner__wide", "aria-hidden": "true" }, "Ctrl Z");
  fill(
    element,
    title,
    stepsOf(plan),
    h(
      "div",
      { class: "planner__acts" },
      filesMenu(element, plan.id, may("edit") ? acts.file : null),
      may("edit") && button("undo", acts.undo, { off: !plan.can_undo || isBusy }, key),
      may("edit") && button("redo", acts.redo, { off: !plan.can_redo || isBusy }),
      plan.state === "draft" && may("edit") && button("submit", acts.submit, { main: true, off: !plan.allowed.includes("submit") || red > 0 || isBusy, title: red > 0 ? t("planner.submit_red", { n: red }) : plan.version ? null : t("planner.submit_empty") }),
      may("return") && button("return", acts.giveBack),
      may("approve") && button("approve", acts.approve, { main: true }),
      may("publish") && button("publish", acts.publish, { main: true }),
      may("retire") && button("retire", acts.retire),
    ),
  );
  if (focused) /** @type {HTMLElement | null} */ (element.querySelector(`[data-act="${focused}"]`))?.focus();
}

/**
 * A file in, the plan out as a file, the plan on paper. It stays open while the head is drawn anew.
 * @param {HTMLElement} element @param {string} id @param {(() => void) | null} draw
 */
function filesMenu(element, id, draw) {
  const isOpen = Boolean(element.querySelector("details[open]"));
  const close = () => element.querySelector("details")?.removeAttribute("open");
  const pick = () => {
    close();
    draw?.();
  };
  return h(
    "details",
    { class: "files", open: isOpen, onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && close() },
    h("summary", { class: "button", "data-act": "files" }, t("planner.files"), icon("down")),
    h(
      "div",
      { class: "files__list" },
      draw && h("button", { type: "button", "data-act": "file", onclick: pick }, t("planner.act_file")),
      h("a", { href: `/api/v1/plans/${id}/file.gpkg`, "data-act": "file-out", onclick: close }, t("planner.file_out")),
      h("a", { href: `/planner/${id}/sheet`, target: "_blank", "data-act": "sheet", onclick: close }, t("planner.file_sheet")),
    ),
  );
}

/** @param {any} plan */
function stepsOf(plan) {
  const at = plan.state === "retired" ? STEPS.length : STEPS.indexOf(plan.state);
  const said = (/** @type {string} */ step) => {
    if (step === "in_review" && plan.submitted_by && at >= 1) return plan.submitted_by;
    if (step === "approved") return at >= 2 && plan.approved_by ? plan.approved_by : t("planner.second_person");
    if (step === "published" && (plan.published_at || plan.publish_at)) return when(plan.published_at ?? plan.publish_at);
    return "";
  };
  const items = STEPS.map((step, k) => h("li", { class: k < at ? "is-done" : null, "aria-current": k === at ? "step" : null }, h("i", { "aria-hidden": "true" }), h("span", null, t(`planner.step_${step}`)), said(step) && h("small", null, said(step))));
  return h("ol", { class: "steps", "aria-label": t("planner.steps") }, items);
}
