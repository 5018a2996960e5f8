// A refused step: what did not happen, who changed what, both versions, what is allowed now. What was typed stays in the form above it.
import { h } from "../dom.js";
import { has, t } from "../i18n.js";
import { when } from "../time.js";
import { faultyField } from "./action-spec.js";
import { faultBox } from "./states.js";

/**
 * @param {import("../api.js").ApiError} fault
 * @param {import("./action-spec.js").Action} action
 * @param {any} item the case as it is now
 * @param {number} seen the version that its actor had before them
 */
export function refusalBox(fault, action, item, seen) {
  const title = t("inbox.not_done", { what: t(`inbox.act_${action.id}`) });
  const { detail } = fault;
  if (!detail?.state) return faultBox(fault, title, faultsOf(detail, action));
  return h(
    "div",
    { class: "fault refusal", role: "alert", "data-state": "refused", "data-code": fault.code },
    h("strong", null, title),
    fault.code === "incident.version_conflict" ? lastChange(detail) : h("p", null, fault.words),
    h("p", null, t("inbox.state_now", { state: t(`common.state_${detail.state}`), version: detail.version })),
    seen !== detail.version && h("p", null, t("inbox.versions", { seen, version: detail.version })),
    h("p", null, allowedWords(detail.allowed ?? [])),
    item.transitions.some((/** @type {any} */ one) => action.offers.some(({ name }) => name === one.name)) ? h("p", null, t("inbox.try_again")) : h("p", null, t("inbox.words_stay")),
    h("small", null, `${t("state.code")} ${fault.code}`, fault.requestId && ` · ${t("state.number")} ${fault.requestId}`),
  );
}

/** @param {any} detail */
function lastChange({ last }) {
  if (!last) return h("p", null, t("error.incident.version_conflict"));
  const did = has(`loop.did_${last.name}`) ? t(`loop.did_${last.name}`) : t(`incident.log_${last.name}`);
  return h("p", null, t("inbox.changed_by", { who: last.actor ?? t("incident.log_system"), time: when(last.at), did }));
}

/** @param {string[]} allowed */
function allowedWords(allowed) {
  const names = allowed.filter((name) => has(`loop.name_${name}`)).map((name) => t(`loop.name_${name}`));
  return names.length ? t("inbox.allowed_now", { what: names.join(t("common.comma")) }) : t("inbox.allowed_none");
}

/** The faults of single facts, said by the server in the language of the page, each with its field. @param {any} detail @param {import("./action-spec.js").Action} action @returns {string[]} */
function faultsOf(detail, action) {
  const labelOf = (/** @type {string | null} */ name) => action.fields.find((one) => one.name === name)?.label;
  return (detail?.faults ?? []).map((/** @type {any} */ one) => {
    const label = labelOf(faultyField(action, one));
    return label ? `${t(`inbox.field_${label}`)}${t("common.colon")}${one.message}` : one.message;
  });
}
