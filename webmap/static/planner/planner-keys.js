// The keys of the planner: letters for tools, undo and redo, a line by keyboard.
import { find } from "../dom.js";
import { t } from "../i18n.js";
import { listenKeys, openKeys } from "../parts/keys.js";
import { LOOK } from "./tools.js";

const TYPING = "input, textarea, select, [contenteditable]";

/** @param {import("./page.js").DraftPage} page */
export function listenPlannerKeys(page) {
  const { bench } = page;
  const tool = (/** @type {any} */ name) => () => (page.mayEdit || name === "select" || name === "measure" ? page.go({ tool: name }) : false);
  const onMap = () => document.activeElement === document.body || find("#map").contains(document.activeElement);
  listenKeys({
    ...Object.fromEntries(Object.entries(LOOK).map(([name, { key }]) => [key.toLowerCase(), tool(name)])),
    Escape: () => bench.escape(),
    Enter: () => onMap() && bench.finish(),
    " ": () => onMap() && bench.addCenter(),
    Backspace: () => onMap() && bench.back(),
    "?": () => help(),
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "z") return;
    if (/** @type {Element} */ (event.target).closest(TYPING) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    page.again(event.shiftKey ? "redo" : "undo");
  });
}

function help() {
  const tools = /** @type {[string[], string][]} */ (Object.entries(LOOK).map(([name, { key }]) => [[key], t(`planner.tool_${name}`)]));
  const more = /** @type {[string[], string][]} */ ([
    [["Ctrl Z"], t("planner.key_undo")], [["Ctrl Shift Z"], t("planner.key_redo")], [["Tab"], t("planner.key_walk")], [["← ↑ ↓ →"], t("planner.key_nudge")],
    [["Shift ← ↑ ↓ →"], t("planner.key_nudge_far")], [["Delete"], t("planner.key_delete")], [["Space"], t("planner.key_point")], [["Enter"], t("planner.key_finish")], [["Backspace"], t("planner.key_back")], [["Alt"], t("planner.key_alt")], [["Esc"], t("planner.key_cancel")],
  ]);
  openKeys(/** @type {HTMLDialogElement} */ (find("#help")), [...tools, ...more], t("planner.key_note"));
}
