// One project: goal, deadline, tasks, progress with its evidence.
import { call, newId } from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { failed, loading } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { exactly, when } from "../time.js";
import { changed } from "./project-changes.js";
import { dayOf, lateTag } from "./project-list.js";
import { changeForm, progressForm, projectForm, refusal, taskForm } from "./project-forms.js";

const PHOTO_TIMEOUT_MS = 120_000;

/** @param {string} title @param {any} extra @param {...any} children */
const section = (title, extra, ...children) => h("section", { class: "panel-section" }, h("h2", null, title, extra && h("small", null, extra)), ...children);

/**
 * @param {HTMLElement} element
 * @param {{onChanged: (id?: string) => void, back: () => Node}} page
 */
export function projectView(element, { onChanged, back }) {
  let run = 0;
  /** @type {any[]} */
  let organisations = [];

  /** @param {string} id */
  async function show(id) {
    const mine = ++run;
    fill(element, loading(6));
    try {
      const [project, choices] = await Promise.all([call(`/api/v1/projects/${id}`), call("/api/v1/case-choices").catch(() => null)]);
      organisations = choices?.organisations ?? organisations;
      if (mine === run) draw(project);
    } catch (fault) {
      if (mine === run) fill(element, back(), failed(/** @type {any} */ (fault), t("supervision.project_failed"), () => show(id)));
    }
  }

  /** A form for a new project in place of one. */
  async function create() {
    const mine = ++run;
    fill(element, loading(4));
    try {
      ({ organisations } = await call("/api/v1/case-choices"));
      if (mine !== run) return;
      const form = projectForm(organisations, (json) => send("/api/v1/projects", "POST", json, "project_added", (made) => onChanged(made.id)));
      fill(element, h("article", { class: "one" }, h("header", { class: "one__head" }, h("div", null, back(), h("h2", null, t("supervision.new_project")))), h("div", { class: "one__main" }, section(t("supervision.what"), null, form))));
      /** @type {HTMLElement | null} */ (element.querySelector("[name=name]"))?.focus();
    } catch (fault) {
      if (mine === run) fill(element, back(), failed(/** @type {any} */ (fault), t("supervision.project_failed"), create));
    }
  }

  /**
   * Sends what a form holds; the form stays as it is when the server refuses it.
   * @param {string} path @param {string} method @param {any} json @param {string} done @param {(answer: any) => unknown} [then]
   * @returns {Promise<import("../api.js").ApiError | null>} what went wrong, or nothing
   */
  async function send(path, method, json, done, then) {
    try {
      const answer = await call(path, { method, json, headers: { "Idempotency-Key": newId() } });
      toast(t(`supervision.${done}`));
      if (then) await then(answer);
      else keepingWords(() => draw(answer));
      if (!then) onChanged();
      return null;
    } catch (fault) {
      return /** @type {import("../api.js").ApiError} */ (fault);
    }
  }

  /** Words begun in the report stay when another form of the page was sent meanwhile. @param {() => void} redraw */
  function keepingWords(redraw) {
    const begun = ["words", "percent", "cases"].map((name) => [name, field(name)?.value ?? ""]);
    redraw();
    for (const [name, value] of begun) {
      const now = field(name);
      if (now && value) now.value = value;
    }
  }

  /** @param {string} name @returns {HTMLInputElement | HTMLTextAreaElement | null} */
  const field = (name) => element.querySelector(`.one__main [name=${name}]`);

  /** @param {any} project */
  function draw(project) {
    const path = `/api/v1/projects/${project.id}`;
    const patch = (/** @type {any} */ json) => send(path, "PATCH", { version: project.version, ...json }, "saved");
    fill(
      element,
      h(
        "article",
        { class: "one", "data-project": project.id },
        head(project, back),
        h(
          "div",
          { class: "one__main" },
          section(t("supervision.goal"), null, h("p", { class: "prewrap" }, project.goal)),
          section(t("supervision.tasks"), t("supervision.tasks_done", { done: project.tasks_done, tasks: project.tasks }), taskTable(project, path, send), project.may.change && taskForm((json) => send(`${path}/tasks`, "POST", json, "task_added"))),
          project.may.report && section(t("supervision.report"), null, progressForm(project, (json, files) => report(path, json, files))),
          project.may.change && section(t("supervision.change"), null, changeForm(project, organisations, patch)),
        ),
        h("div", { class: "one__side" }, section(t("supervision.entries"), t("incident.log_only_grows"), entries(project, organisations))),
      ),
    );
  }

  /** The words first, then the photos; a photo that did not go up is said, the entry stands. @param {string} path @param {any} json @param {File[]} files */
  async function report(path, json, files) {
    return send(`${path}/progress`, "POST", json, "reported", async (made) => {
      let lost = 0;
      for (const file of files) {
        const form = new FormData();
        form.append("photo", file, file.name);
        await call(`${path}/progress/${made.entry}/photos`, { method: "POST", form, timeoutMs: PHOTO_TIMEOUT_MS }).catch(() => (lost += 1));
      }
      if (lost) toast(t("supervision.photos_lost", { n: lost }), null, { late: true });
      draw(files.length ? await call(path) : made);
      onChanged();
    });
  }

  return { show, create };
}

/** @param {any} project @param {() => Node} back */
function head(project, back) {
  const bar = h("i", null);
  bar.style.inlineSize = `${project.percent}%`;
  return h(
    "header",
    { class: "one__head" },
    h(
      "div",
      null,
      back(),
      h("h2", null, project.name, lateTag(project)),
      h("p", null, t("supervision.owned", { org: project.org_name, from: dayOf(project.starts_on), to: dayOf(project.due_on) })),
      h("div", { class: "percent" }, h("div", { class: "bar", role: "img", "aria-label": t("supervision.percent", { n: project.percent }) }, bar), h("b", null, `${project.percent}%`)),
    ),
  );
}

/** @param {any} project @param {string} path @param {(path: string, method: string, json: any, done: string) => Promise<import("../api.js").ApiError | null>} send */
function taskTable(project, path, send) {
  if (!project.task_list.length) return h("p", { class: "quiet" }, t("supervision.tasks_none"));
  const trouble = h("div", { "aria-live": "assertive" });
  const change = async (/** @type {any} */ task, /** @type {string} */ state) =>
    fill(trouble, refusal(await send(`${path}/tasks/${task.id}`, "PATCH", { version: task.version, state, reason: t(`supervision.task_${state}`) }, "saved")));
  return [
    h(
      "table",
      { class: "rows tasks" },
      h("thead", null, h("tr", null, ["task", "org", "until", "state"].map((name) => h("th", { scope: "col" }, t(`supervision.col_${name}`))))),
      h("tbody", null, project.task_list.map((/** @type {any} */ task) => h("tr", { "data-task": task.id }, h("th", { scope: "row" }, task.name), h("td", null, task.org_name), h("td", null, dayOf(task.due_on)), h("td", null, lateTag(task), task.may && stateSelect(task, change))))),
    ),
    trouble,
  ];
}

/** @param {any} task @param {(task: any, state: string) => unknown} change */
function stateSelect(task, change) {
  const states = task.may === "all" ? ["open", "doing", "done", "cancelled"] : ["open", "doing", "done"];
  if (!states.includes(task.state)) return null;
  const select = h("select", { class: "input", "aria-label": t("supervision.task_state", { name: task.name }), onchange: () => change(task, select.value) }, states.map((state) => h("option", { value: state, selected: state === task.state }, t(`supervision.task_${state}`))));
  return select;
}

/** @param {any} project @param {any[]} organisations */
function entries(project, organisations) {
  if (!project.entries.length) return h("p", { class: "quiet" }, t("supervision.entries_none"));
  const named = Object.fromEntries(project.task_list.map((/** @type {any} */ task) => [task.id, task.name]));
  return h(
    "div",
    { class: "entries" },
    project.entries.map((/** @type {any} */ entry) =>
      h(
        "div",
        { class: "said", "data-entry": entry.id },
        h("div", null, h("b", null, t(`supervision.entry_${entry.kind}`)), entry.percent !== null && ` ${entry.percent}%`, " ", h("small", null, entry.by, " ", h("time", { datetime: entry.at, title: exactly(entry.at) }, when(entry.at)))),
        entry.task && h("small", null, named[entry.task]),
        changes(entry.facts, organisations),
        entry.words && h("p", null, entry.words),
        (entry.photos.length > 0 || entry.cases.length > 0) && h("div", { class: "evidence" }, entry.photos.map(picture), entry.cases.map((/** @type {any} */ one) => h("a", { class: "tag", href: `/incidents/${one.id}` }, one.case_no, " ", t(`common.state_${one.state}`)))),
      ),
    ),
  );
}

/** What a change turned into what. @param {Record<string, [any, any]>} facts @param {any[]} organisations */
function changes(facts, organisations) {
  const words = (/** @type {string} */ name, /** @type {any} */ value) => (name === "org" ? organisations.find(({ code }) => code === value)?.name ?? String(value) : valueWords(name, value));
  return changed(facts).map(([name, before, after]) => h("p", { class: "small" }, t(`supervision.field_${name}`), " ", before === null ? "" : `${words(name, before)} → `, words(name, after)));
}

/** @param {string} name @param {any} value */
const valueWords = (name, value) => (name === "state" ? stateWords(value) : String(value));

/** @param {string} code of a project or a task */
const stateWords = (code) => t(["open", "doing"].includes(code) ? `supervision.task_${code}` : `supervision.project_${code}`);

/** @param {any} photo @param {number} n */
const picture = (photo, n) => h("a", { href: `${photo.url}?size=full`, target: "_blank", rel: "noopener" }, h("img", { src: `${photo.url}?size=thumb`, alt: t("supervision.photo_alt", { n: n + 1, time: when(photo.taken_at) }), loading: "lazy" }));
