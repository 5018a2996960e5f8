// Several cases at once, for what is safe at once: accepting and reminding. One transition each; those refused are named.
import { h } from "../dom.js";
import { t, wordsFor } from "../i18n.js";
import { choices } from "./choices.js";
import { perform } from "./run.js";

/** @typedef {import("./queue.js").Incident} Incident */

/** What can be done with many, and from which states. @type {Record<string, string[]>} */
const FROM = {
  accept: ["reported"],
  remind: ["dispatched", "returned", "handling", "suspended", "transferred_up", "awaiting_inspection"],
};

/** @param {Incident[]} rows @param {string} name */
export const fitting = (rows, name) => rows.filter((row) => FROM[name].includes(row.state));

/**
 * The bar under the queue while cases are being picked.
 * @param {Incident[]} picked
 * @param {{may: (permission: string) => boolean, onDone: (words: string, refused: string[]) => void, onCancel: () => void}} options
 */
export function bulkBar(picked, { may, onDone, onCancel }) {
  const usual = choices.replies.remind?.[0] ?? t("desk.remind_usual");
  const words = h("input", { class: "input", "aria-label": t("desk.field_text"), value: usual, maxlength: 200 });
  const can = { accept: may("accept"), remind: may("dispatch") || may("supervise_1") };
  const act = async (/** @type {string} */ name, /** @type {Event} */ event) => {
    const button = /** @type {HTMLButtonElement} */ (event.currentTarget);
    button.classList.add("is-busy");
    const facts = name === "remind" ? { text: words.value.trim() || usual } : {};
    const { done, refused } = await each(fitting(picked, name), name, facts);
    onDone(t("desk.bulk_done", { what: wordsFor("loop", `name_${name}`), n: done }), refused);
  };
  const button = (/** @type {"accept" | "remind"} */ name) => {
    const n = fitting(picked, name).length;
    return can[name] && h("button", { type: "button", class: "button", "data-bulk": name, disabled: n === 0, onclick: (/** @type {Event} */ event) => act(name, event) }, t("desk.bulk_act", { what: wordsFor("loop", `name_${name}`), n }));
  };
  return h(
    "div",
    { class: "bulk", role: "group", "aria-label": t("desk.bulk") },
    h("b", null, t("desk.picked", { n: picked.length })),
    can.remind && fitting(picked, "remind").length > 0 && words,
    h("div", { class: "act__row" }, button("accept"), button("remind"), h("button", { type: "button", class: "button button--plain", onclick: onCancel }, t("incident.cancel"))),
  );
}

/** @param {Incident[]} rows @param {string} name @param {Record<string, any>} facts */
async function each(rows, name, facts) {
  let done = 0;
  /** @type {string[]} */
  const refused = [];
  for (const row of rows) {
    const { fault } = await perform(row.id, /** @type {any} */ (row).version, [{ name, facts }]);
    if (fault) refused.push(`${row.title}${t("common.colon")}${fault.words}`);
    else done += 1;
  }
  return { done, refused };
}
