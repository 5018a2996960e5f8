// The figures above the lists; each opens what it counts.
import { h } from "../dom.js";
import { may } from "../frame.js";
import { count, t } from "../i18n.js";
import { writePlace } from "./address.js";

/** @param {any} counted */
export function figureRow(counted) {
  const { flags, supervised, appeals, projects } = counted;
  const one = (/** @type {string} */ key, /** @type {number} */ value, /** @type {string} */ view, /** @type {Record<string, string>} */ filters, late = false) =>
    h(
      "a",
      { class: `figure${late && value > 0 ? " figure--late" : ""}`, href: writePlace({ view, id: "", filters }), "data-figure": key },
      h("span", null, t(`supervision.fig_${key}`)),
      h("b", null, count(value)),
    );
  return [
    may("supervise_3") && one("proposed", flags.proposed, "flags", { state: "proposed" }),
    one("issued_red", flags.issued_red, "flags", { state: "issued", colour: "red" }, true),
    one("issued", flags.issued, "flags", { state: "issued" }),
    one("unreplied", flags.unreplied, "flags", { unreplied: "1" }),
    one("appeals", appeals, "flags", { appeal: "open" }),
    one("level_3", supervised.level_3, "cases", { level: "3" }, true),
    one("reply", supervised.reply, "cases", { reply: "1" }),
    one("projects_late", projects.late, "projects", { late: "1" }, true),
    one("projects_open", projects.open, "projects", { open: "1" }),
  ];
}
