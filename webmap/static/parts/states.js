// The designed states of a panel: empty, loading, error. Each stays in its panel; the rest of the page goes on.
import { h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { copyText } from "./copy.js";

/**
 * Nothing to show, and that is true: says so, and what stands beside it.
 * @param {{title: string, words?: string, good?: boolean, action?: Node | null}} what
 */
export function empty({ title, words = "", good = false, action = null }) {
  return h(
    "div",
    { class: "state", "data-state": "empty" },
    icon(good ? "check-circle" : "tray", `state__icon${good ? " state__icon--fine" : ""}`),
    h("h2", null, title),
    words && h("p", null, words),
    action && h("div", { class: "state__actions" }, action),
  );
}

/**
 * Grey rows of the shape of what comes; seen only after 200 ms.
 * @param {number} [rows]
 */
export function loading(rows = 6) {
  return h(
    "div",
    { class: "skeletons", role: "status", "data-state": "loading" },
    h("span", { class: "visually-hidden" }, t("state.loading")),
    Array.from({ length: rows }, (_, row) =>
      h(
        "div",
        { class: "skeleton-row", "aria-hidden": "true" },
        h("span", { class: "skeleton skeleton--dot" }),
        h(
          "div",
          null,
          h("span", { class: `skeleton skeleton--line ${row % 2 ? "w-45" : "w-60"}` }),
          h("span", { class: `skeleton skeleton--line ${row % 3 ? "w-80" : "w-60"}` }),
        ),
      ),
    ),
  );
}

/**
 * What did not happen, why, what now; with the number under which the server wrote it down.
 * @param {import("../api.js").ApiError} fault
 * @param {string} title
 * @param {() => void} [retry]
 */
export function failed(fault, title, retry) {
  return h(
    "div",
    { class: "state state--start", role: "alert", "data-state": "error" },
    icon(fault.unanswered ? "offline" : "warning", "state__icon state__icon--late"),
    h("h2", null, title),
    h("p", null, fault.words),
    h(
      "div",
      { class: "state__actions" },
      signInHelps(fault) && signInLink("button button--main"),
      !signInHelps(fault) && retry && h("button", { type: "button", class: "button button--main", onclick: retry }, t("state.retry")),
      fault.requestId && copyButton(fault.requestId),
    ),
    h(
      "div",
      { class: "state__facts" },
      fault.requestId && h("div", null, t("state.number"), " ", h("b", null, fault.requestId)),
      h("div", null, t("state.code"), " ", h("b", null, fault.code)),
    ),
  );
}

/**
 * A short fault beside a form: words, and the number small below.
 * @param {import("../api.js").ApiError} fault
 * @param {string} title
 * @param {string[]} [said] what is wrong, one by one, where more is known than the fault's own words
 */
export function faultBox(fault, title, said = []) {
  return h(
    "div",
    { class: "fault", role: "alert" },
    h("strong", null, title),
    said.length ? h("ul", null, said.map((words) => h("li", null, words))) : fault.words,
    signInHelps(fault) && [" ", signInLink("")],
    h("small", null, `${t("state.code")} ${fault.code}`, fault.requestId && ` · ${t("state.number")} ${fault.requestId}`),
  );
}

/** @param {import("../api.js").ApiError} fault */
function signInHelps(fault) {
  return fault.code === "session.required" || fault.code === "session.ended";
}

/** To the login and back to this very state. @param {string} look */
function signInLink(look) {
  return h("a", { class: look, href: `/login?next=${encodeURIComponent(location.pathname + location.search)}` }, t("common.sign_in"));
}

/** @param {string} requestId */
function copyButton(requestId) {
  return h("button", { type: "button", class: "button", onclick: () => copyText(requestId, t("state.copied")) }, t("state.copy_number"));
}
