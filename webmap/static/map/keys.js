/** The keyboard of the page. Letters work outside inputs only and can be turned off; `?` lists them. */

import { fill, find, h } from "../dom.js";
import { t } from "../i18n.js";

/** Keys as the help lists them: what to press, what it does. @type {[string[], string][]} */
const LIST = [
  [["/"], "search"], [["J", "K"], "next_previous"], [["Enter"], "open"], [["N"], "report"], [["C"], "copy"], [["[", "]"], "time"],
  [["L"], "live"], [["+", "−", "0"], "zoom"], [["← ↑ ↓ →"], "pan"], [["Tab"], "walk"], [["Esc"], "close"], [["?"], "help"],
];

const STORED = "map.keys";

export function lettersOn() {
  try {
    return localStorage.getItem(STORED) !== "off";
  } catch {
    return true;
  }
}

/**
 * @param {Record<string, (event: KeyboardEvent) => void>} actions by key
 */
export function listenKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("input, textarea, select, [contenteditable]") && event.key !== "Escape") return;
    if (document.querySelector("dialog[open]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const letter = /^[a-z]$/.test(key);
    if (letter && !lettersOn()) return;
    const act = actions[key];
    if (!act) return;
    event.preventDefault();
    act(event);
  });
}

export function openHelp() {
  const dialog = /** @type {HTMLDialogElement} */ (find("#help-dialog"));
  const rows = LIST.map(([keys, what]) => [h("dt", null, keys.map((key) => [h("kbd", { class: "key" }, key), " "])), h("dd", null, t(`map.key_${what}`))]);
  const toggle = h("input", { type: "checkbox", checked: lettersOn(), onchange: (/** @type {Event} */ event) => keep(/** @type {HTMLInputElement} */ (event.target).checked) });
  fill(
    dialog,
    h("div", { class: "dialog__head" }, h("h2", { id: "help-title" }, t("map.help")), h("button", { type: "button", class: "button button--small", onclick: () => dialog.close() }, t("common.close"))),
    h("div", { class: "dialog__body" }, h("dl", { class: "keys" }, rows), h("label", { class: "switch" }, toggle, h("span", null, t("map.keys_letters"))), h("p", { class: "quiet small" }, t("map.help_mouse"))),
  );
  dialog.showModal();
}

/** @param {boolean} on */
function keep(on) {
  try {
    localStorage.setItem(STORED, on ? "on" : "off");
  } catch {
    // A browser without storage keeps the letters on.
  }
}
