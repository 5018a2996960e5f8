// What is shown this once: initial passwords and tokens, to be copied or saved.
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { copyText } from "../parts/copy.js";
import { toCsv } from "../parts/table-file.js";
import { closer } from "./admin-bulk.js";

/**
 * @param {HTMLDialogElement} dialog
 * @param {string} title
 * @param {string[]} columns names of `admin.…` strings
 * @param {string[][]} rows the last cell of each is the secret
 */
export function secrets(dialog, title, columns, rows) {
  const heads = columns.map((column) => t(`admin.${column}`));
  const copy = () => copyText(rows.map((row) => row.join("\t")).join("\n"), t("admin.copied"));
  const save = () => {
    const link = h("a", { href: URL.createObjectURL(new Blob([toCsv([heads, ...rows])], { type: "text/csv" })), download: "onegrid.csv" });
    link.click();
    URL.revokeObjectURL(link.href);
  };
  fill(
    dialog,
    h("div", { class: "dialog__head" }, h("h2", { id: "dialog-title" }, title), closer(dialog)),
    h(
      "div",
      { class: "dialog__body" },
      h("div", { class: "hint hint--edit" }, h("strong", null, t("admin.secret_title")), h("p", { class: "quiet" }, t("admin.secret_words"))),
      h(
        "div",
        { class: "bulk__rows", tabindex: "0" },
        h(
          "table",
          { class: "rows" },
          h("thead", null, h("tr", null, heads.map((head) => h("th", { scope: "col" }, head)))),
          h("tbody", null, rows.map((row) => h("tr", null, row.map((cell, i) => h("td", null, i === row.length - 1 ? h("code", { class: "secret" }, cell) : cell))))),
        ),
      ),
    ),
    h(
      "div",
      { class: "dialog__foot" },
      h("button", { type: "button", class: "button", onclick: save }, t("admin.download")),
      h("button", { type: "button", class: "button", onclick: copy }, t("admin.copy_all")),
      h("button", { type: "button", class: "button button--main", onclick: () => dialog.close() }, t("admin.done")),
    ),
  );
}
