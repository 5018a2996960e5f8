// The list of flags: newest first.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { exactly, when } from "../time.js";
import { against, flagMark } from "./flag-words.js";

/** @param {any} flag @param {boolean} chosen @param {string} href */
export function flagEntry(flag, chosen, href) {
  const over = flag.case_no ? flag.title : t("supervision.over_flags", { n: flag.basis.count, month: flag.basis.month });
  return h(
    "a",
    { class: "entry", href, "data-id": flag.id, "aria-current": chosen ? "true" : null },
    flagMark(flag),
    h(
      "span",
      { class: "entry__words" },
      h("b", null, t("supervision.entry", { colour: t(`supervision.colour_${flag.colour}`), rule: t(`supervision.rule_${flag.rule}`) })),
      h("small", null, against(flag)),
      h("small", null, over),
    ),
    h("span", { class: "entry__end" }, stateTag(flag), h("time", { class: "small", datetime: flag.created_at, title: exactly(flag.created_at) }, h("br"), when(flag.created_at))),
  );
}

/** @param {any} flag */
export function stateTag(flag) {
  if (flag.state === "issued" && flag.appeal === "open") return h("span", { class: "tag tag--strong" }, t("supervision.appeal_open"));
  if (flag.state === "issued" && !flag.replied_at) return h("span", { class: "tag tag--thin" }, t("supervision.unreplied"));
  return h("span", { class: `tag${flag.state === "proposed" ? " tag--strong" : ""}` }, t(`supervision.state_${flag.state}`));
}
