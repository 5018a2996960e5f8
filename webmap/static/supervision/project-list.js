// The list of projects: the nearest deadline first.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { day } from "../time.js";

/** A day of the town as people say it. @param {string} date YYYY-MM-DD */
export const dayOf = (date) => day(`${date}T12:00:00Z`, new Date(`${date}T12:00:00Z`).getUTCFullYear() !== new Date().getUTCFullYear());

/** @param {any} project @param {boolean} chosen @param {string} href */
export function projectEntry(project, chosen, href) {
  return h(
    "a",
    { class: "entry", href, "data-id": project.id, "aria-current": chosen ? "true" : null },
    h(
      "span",
      { class: "entry__words" },
      h("b", null, project.name),
      h("small", null, project.org_name),
      h("small", null, t("supervision.project_line", { percent: project.percent, done: project.tasks_done, tasks: project.tasks })),
    ),
    h("span", { class: "entry__end" }, lateTag(project), h("span", { class: "small" }, h("br"), t("supervision.until_day", { day: dayOf(project.due_on) }))),
  );
}

/** State, or by how many days it is late. @param {any} thing a project or a task */
export function lateTag(thing) {
  const group = "task_list" in thing || "percent" in thing ? "project" : "task";
  if (thing.late_days > 0) return h("span", { class: "tag tag--late" }, t(thing.done_on ? "supervision.done_late" : "supervision.late_days", { n: thing.late_days }));
  return h("span", { class: `tag${thing.state === "done" ? " tag--fine" : ""}` }, t(`supervision.${group}_${thing.state}`));
}
