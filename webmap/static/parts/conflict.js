// Refused because the case is no longer what was looked at: who changed what, both versions, what is allowed now.
import { h } from "../dom.js";
import { t, wordsFor } from "../i18n.js";
import { when } from "../time.js";
import { faultBox } from "./states.js";

/** @typedef {import("../api.js").ApiError} ApiError */
/** @typedef {{state: string, version: number}} Seen what the person looked at */

/** Whether a refusal says how the case stands now. @param {ApiError} fault */
export const saysState = (fault) => Boolean(fault.detail?.state && fault.detail?.version);

/** Who did what last, where the server said it. @param {any} last @returns {string} */
export function lastWords(last) {
  if (!last) return "";
  const values = { who: last.actor ?? t("incident.log_system"), did: wordsFor("loop", `did_${last.name}`), time: when(last.at) };
  return t("loop.changed_by", { ...values, did: values.did.startsWith("did_") ? t("incident.log_correct") : values.did });
}

/**
 * The refusal in its panel. What was typed stays where it was typed.
 * @param {ApiError} fault
 * @param {string} title what did not happen
 * @param {Seen} seen
 */
export function refusedBox(fault, title, seen) {
  const { detail } = fault;
  if (!saysState(fault)) return faultBox(fault, title, (detail?.faults ?? []).map((/** @type {any} */ one) => one.message));
  const state = (/** @type {string} */ code) => t(`common.state_${code}`);
  const may = (detail.allowed ?? []).map((/** @type {string} */ name) => wordsFor("loop", `name_${name}`));
  return h(
    "div",
    { class: "fault", role: "alert", "data-refused": fault.code },
    h("strong", null, title),
    fault.code === "incident.version_conflict" ? lastWords(detail.last) || t("loop.changed") : fault.words,
    h(
      "dl",
      { class: "pairs refused" },
      h("dt", null, t("loop.you_saw")),
      h("dd", null, t("loop.state_version", { state: state(seen.state), n: seen.version })),
      h("dt", null, t("loop.is_now")),
      h("dd", null, t("loop.state_version", { state: state(detail.state), n: detail.version })),
      may.length > 0 && [h("dt", null, t("loop.may_now")), h("dd", null, may.join(t("common.comma")))],
    ),
    h("small", null, t("loop.kept")),
  );
}
