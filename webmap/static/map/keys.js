/** What the keys of the map are, as the help lists them. */

import { find } from "../dom.js";
import { t } from "../i18n.js";
import { openKeys } from "../parts/keys.js";

/** What to press, what it does. @type {[string[], string][]} */
const LIST = [
  [["/"], "search"], [["J", "K"], "next_previous"], [["Enter"], "open"], [["N"], "report"], [["C"], "copy"], [["[", "]"], "time"],
  [["L"], "live"], [["+", "−", "0"], "zoom"], [["← ↑ ↓ →"], "pan"], [["Tab"], "walk"], [["Esc"], "close"], [["?"], "help"],
];

export function openHelp() {
  const dialog = /** @type {HTMLDialogElement} */ (find("#help-dialog"));
  openKeys(dialog, LIST.map(([keys, what]) => [keys, t(`map.key_${what}`)]), t("map.help_mouse"));
}
