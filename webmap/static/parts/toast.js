// Short words at the foot of the page; an undo stays ten seconds.
import { find, h } from "../dom.js";

const STAY_MS = 4_000;
const UNDO_MS = 10_000;

/**
 * @param {string} words
 * @param {{label: string, act: () => void} | null} [undo]
 * @param {{late?: boolean}} [options]
 */
export function toast(words, undo = null, { late = false } = {}) {
  const element = h(
    "div",
    { class: `toast${late ? " toast--late" : ""}` },
    h("span", null, words),
    undo &&
      h("button", {
        type: "button",
        onclick: () => {
          element.remove();
          undo.act();
        },
      }, undo.label),
  );
  find("#toasts").append(element);
  setTimeout(() => element.remove(), undo ? UNDO_MS : STAY_MS);
}
