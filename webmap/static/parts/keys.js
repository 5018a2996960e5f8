// The keyboard of a page. Letters work outside inputs only and can be turned off; `?` lists them.
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";

const STORED = "map.keys";
const TYPING = "input, textarea, select, [contenteditable]";

/** Whether single letters act; one switch for all pages of this browser. */
export function lettersOn() {
  try {
    return localStorage.getItem(STORED) !== "off";
  } catch {
    return true;
  }
}

/**
 * The key of an event as pages name it: letters small, `Ctrl Enter` in one word; null where it must not act: a letter while they
 * are off, anything but Escape and Ctrl Enter while somebody types, all of it under an open dialog.
 * @param {{key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, isComposing: boolean}} event
 * @param {{typing: boolean, letters: boolean}} where
 * @returns {string | null}
 */
export function keyOf(event, { typing, letters }) {
  if (event.isComposing || event.altKey) return null;
  if (event.ctrlKey || event.metaKey) return event.key === "Enter" ? "Ctrl Enter" : null;
  if (typing && event.key !== "Escape") return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return /^[a-z]$/.test(key) && !letters ? null : key;
}

/** @param {KeyboardEvent} event */
const pressed = (event) => keyOf(event, { typing: Boolean(/** @type {Element} */ (event.target).closest(TYPING)), letters: lettersOn() });

/**
 * Acts on keys of the whole page.
 * @param {Record<string, (event: KeyboardEvent) => unknown>} actions by key; one that returns false did nothing with it
 * @returns {() => void} stops it
 */
export function listenKeys(actions) {
  const listen = (/** @type {KeyboardEvent} */ event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const act = actions[pressed(event) ?? ""];
    if (act && act(event) !== false) event.preventDefault();
  };
  document.addEventListener("keydown", listen);
  return () => document.removeEventListener("keydown", listen);
}

/**
 * The list of keys, with the switch of the letters.
 * @param {HTMLDialogElement} dialog
 * @param {[string[], string][]} list what to press, what it does in words
 * @param {string} [note]
 */
export function openKeys(dialog, list, note = "") {
  const rows = list.map(([keys, what]) => [h("dt", null, keys.map((key) => [h("kbd", { class: "key" }, key), " "])), h("dd", null, what)]);
  const toggle = h("input", { type: "checkbox", checked: lettersOn(), onchange: (/** @type {Event} */ event) => keep(/** @type {HTMLInputElement} */ (event.target).checked) });
  fill(
    dialog,
    h("div", { class: "dialog__head" }, h("h2", { id: "help-title" }, t("common.keys")), h("button", { type: "button", class: "button button--small", onclick: () => dialog.close() }, t("common.close"))),
    h("div", { class: "dialog__body" }, h("dl", { class: "keys" }, rows), h("label", { class: "switch" }, toggle, h("span", null, t("common.keys_letters"))), note && h("p", { class: "quiet small" }, note)),
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
