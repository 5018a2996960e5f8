// The forms of projects. Each keeps what was typed until the server has it.
import { call } from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { faultBox } from "../parts/states.js";
import { STATES, changesOf, taskAt } from "./project-changes.js";

/** @typedef {import("../api.js").ApiError} ApiError */
/** @typedef {(json: any) => Promise<ApiError | null>} Send what went wrong, or nothing */

/** @param {string} name @param {HTMLElement} input @param {boolean} [wide] */
const field = (name, input, wide = false) => h("label", { class: `field${wide ? " wide" : ""}` }, h("span", { class: "field__label" }, t(`supervision.field_${name}`)), input);

/** @param {string} name @param {Record<string, any>} [more] */
const input = (name, more = {}) => h("input", { class: "input", name, required: true, maxlength: 200, ...more });

/** @param {string} name @param {Record<string, any>} [more] @param {string} [words] what stands in it at first */
const area = (name, more = {}, words = "") => h("textarea", { class: "input", name, required: true, maxlength: 4000, ...more }, words);

/** @param {any[]} organisations @param {string} name @param {string} [chosen] */
const orgs = (organisations, name, chosen = "") => h("select", { class: "input", name, required: true }, h("option", { value: "" }, t("supervision.choose")), organisations.map((org) => h("option", { value: org.code, selected: org.code === chosen }, org.name)));

/**
 * @param {any[]} children @param {string} label @param {(values: Record<string, any>) => Promise<ApiError | null>} send
 * @param {string} look
 */
function form(children, label, send, look = "form-grid") {
  const trouble = h("div", { class: "wide", "aria-live": "assertive" });
  const button = h("button", { class: "button button--main" }, label);
  /** @type {HTMLFormElement} */
  const element = h("form", { class: look, onsubmit: submit }, children, trouble, h("div", { class: "wide" }, button));
  async function submit(/** @type {Event} */ event) {
    event.preventDefault();
    button.disabled = true;
    button.classList.add("is-busy");
    const fault = await send(Object.fromEntries(new FormData(element)));
    fill(trouble, refusal(fault, element));
    button.disabled = false;
    button.classList.remove("is-busy");
    /** @type {HTMLElement | null} */ (element.querySelector("[aria-invalid=true]"))?.focus();
  }
  return element;
}

/**
 * What was not saved and why, each fault by the name of its field, which is marked in the form.
 * @param {ApiError | null} fault
 * @param {HTMLElement} [element] the form
 */
export function refusal(fault, element) {
  for (const input of element?.querySelectorAll("[aria-invalid]") ?? []) input.removeAttribute("aria-invalid");
  if (!fault) return null;
  const faults = (fault.detail?.faults ?? []).map((/** @type {any} */ one) => {
    const input = element ? inputOf(element, one.field) : null;
    input?.setAttribute("aria-invalid", "true");
    const label = input?.closest("label")?.querySelector(".field__label")?.textContent ?? "";
    const task = taskAt(one.field);
    const line = task ? t("supervision.nth_task", { n: task.line + 1 }) : "";
    const what = [line, label].filter(Boolean).join(" ");
    return what ? `${what}${t("common.colon")}${one.message}` : one.message;
  });
  return faultBox(fault, t("supervision.not_saved"), faults);
}

/** @param {HTMLElement} element @param {string} field as the server names it */
function inputOf(element, field) {
  const task = taskAt(field);
  if (!task) return element.querySelector(`[name="${CSS.escape(field.split(".")[0])}"]`);
  return begun(element)[task.line]?.querySelector(`[name="task_${CSS.escape(task.field)}"]`) ?? null;
}

/** @param {any[]} organisations @param {Send} send */
export function projectForm(organisations, send) {
  const lines = h("div", { class: "wide" });
  const add = () => lines.append(taskLine(organisations));
  add();
  return form(
    [
      field("name", input("name"), true),
      field("goal", area("goal"), true),
      field("org", orgs(organisations, "org"), true),
      field("starts_on", input("starts_on", { type: "date" })),
      field("due_on", input("due_on", { type: "date" })),
      h("fieldset", { class: "wide" }, h("legend", { class: "field__label" }, t("supervision.tasks")), lines, h("button", { type: "button", class: "button button--small", onclick: add }, t("supervision.add_task"))),
    ],
    t("supervision.create"),
    ({ name, goal, org, starts_on, due_on }) => send({ name, goal, org, starts_on, due_on, tasks: tasksOf(lines) }),
  );
}

/** @param {any[]} organisations */
function taskLine(organisations) {
  const line = h(
    "div",
    { class: "task-line" },
    field("task", input("task_name", { required: false })),
    field("org", h("select", { class: "input", name: "task_org" }, h("option", { value: "" }, t("supervision.choose")), organisations.map((org) => h("option", { value: org.code }, org.name)))),
    field("due_on", input("task_due_on", { type: "date", required: false })),
    h("button", { type: "button", class: "button button--plain", onclick: () => line.remove() }, t("supervision.remove")),
  );
  return line;
}

/** @param {Element} line @param {string} name */
const valueOf = (line, name) => /** @type {HTMLInputElement} */ (line.querySelector(`[name=${name}]`)).value.trim();

/** Lines of tasks that were begun; an empty one is none. @param {HTMLElement} within */
const begun = (within) => [...within.querySelectorAll(".task-line")].filter((line) => ["task_name", "task_org", "task_due_on"].some((name) => valueOf(line, name)));

/** @param {HTMLElement} lines */
const tasksOf = (lines) => begun(lines).map((line) => ({ name: valueOf(line, "task_name"), org: valueOf(line, "task_org"), due_on: valueOf(line, "task_due_on") }));

/** A task for a project that stands; the organisations are asked for when it is opened. @param {Send} send */
export function taskForm(send) {
  const holder = h("div", null);
  const open = h("button", { type: "button", class: "button button--small", onclick: show }, t("supervision.add_task"));
  async function show() {
    open.disabled = true;
    const { organisations } = await call("/api/v1/case-choices").catch(() => ({ organisations: [] }));
    fill(holder, form([field("task", input("name"), true), field("org", orgs(organisations, "org")), field("due_on", input("due_on", { type: "date" }))], t("supervision.add_task"), (values) => send(values)));
    /** @type {HTMLElement} */ (holder.querySelector("[name=name]")).focus();
  }
  holder.append(open);
  return holder;
}

/** @param {any} project @param {(json: any, files: File[]) => Promise<ApiError | null>} send */
export function progressForm(project, send) {
  const tasks = project.task_list.filter((/** @type {any} */ task) => task.state !== "cancelled");
  const photos = h("input", { class: "input", type: "file", name: "photos", accept: "image/*", multiple: true });
  return form(
    [
      field("words", area("words"), true),
      tasks.length > 0 && field("of_task", h("select", { class: "input", name: "task" }, h("option", { value: "" }, t("supervision.whole_project")), tasks.map((/** @type {any} */ task) => h("option", { value: task.id }, task.name)))),
      project.may.percent && field("percent", input("percent", { type: "number", min: 0, max: 100, required: false, placeholder: String(project.percent) })),
      field("cases", input("cases", { required: false, placeholder: t("supervision.cases_hint"), maxlength: 1000 }), true),
      field("photos", photos, true),
    ],
    t("supervision.report"),
    ({ words, task, percent, cases }) =>
      send(
        { words, ...(task && { task }), ...(percent && { percent: Number(percent) }), cases: String(cases ?? "").split(/[\s,，、;；]+/).filter(Boolean) },
        [...(photos.files ?? [])],
      ),
  );
}

/** All that a project was set up with, and its state; only what differs is sent. @param {any} project @param {any[]} organisations @param {Send} send */
export function changeForm(project, organisations, send) {
  // its own stays to be chosen when the others could not be had
  const known = organisations.some(({ code }) => code === project.org) ? organisations : [{ code: project.org, name: project.org_name }, ...organisations];
  return form(
    [
      field("name", input("name", { value: project.name }), true),
      field("goal", area("goal", {}, project.goal), true),
      field("org", orgs(known, "org", project.org), true),
      field("starts_on", input("starts_on", { type: "date", value: project.starts_on })),
      field("due_on", input("due_on", { type: "date", value: project.due_on })),
      field("state", h("select", { class: "input", name: "state" }, STATES.map((state) => h("option", { value: state, selected: state === project.state }, t(`supervision.project_${state}`))))),
      field("reason", area("reason"), true),
    ],
    t("supervision.change"),
    (values) => send(changesOf(project, values)),
  );
}
