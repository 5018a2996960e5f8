// Accounts in bulk: paste or choose a file, look at the rows, make all or none; the passwords are shown once.
import { call } from "../api.js";
import { fill, h, icon } from "../dom.js";
import { frame } from "../frame.js";
import { has, nameOf, t } from "../i18n.js";
import { rowsOfFile, rowsOfText } from "../parts/table-file.js";
import { faultBox } from "../parts/states.js";
import { secrets } from "./admin-secrets.js";

const MOST = 500;
const FIELDS = ["username", "name", "role", "org", "areas", "platform", "password"];
/** Words a head line may use, in both languages. @type {Record<string, string[]>} */
const HEADS = {
  username: ["username", "user name", "user", "用户名", "账号", "登录名"],
  name: ["name", "姓名", "名字"],
  role: ["role", "角色"],
  org: ["org", "organisation", "organization", "单位", "部门"],
  areas: ["areas", "area", "区域", "网格", "村"],
  platform: ["platform", "平台"],
  password: ["password", "密码", "初始密码"],
};

/** @typedef {Record<string, any>} NewUser */

/**
 * @param {HTMLDialogElement} dialog
 * @param {() => void} onMade
 */
export function bulkDialog(dialog, onMade) {
  const text = h("textarea", { class: "input bulk__text", rows: 10, "aria-label": t("admin.bulk_paste"), placeholder: t("admin.bulk_paste"), spellcheck: "false", autofocus: true });
  const answer = h("div", { "aria-live": "assertive" });

  const list = () => {
    fill(
      dialog,
      h("div", { class: "dialog__head" }, h("h2", { id: "dialog-title" }, t("admin.bulk_title")), closer(dialog)),
      h(
        "div",
        { class: "dialog__body" },
        h("p", { class: "quiet" }, t("admin.bulk_words")),
        h("p", { class: "small" }, h("b", null, t("admin.bulk_columns"))),
        text,
        h("div", { class: "state__actions" }, fileButton(), h("button", { type: "button", class: "button", onclick: example }, t("admin.bulk_example"))),
        answer,
      ),
      h("div", { class: "dialog__foot" }, h("button", { type: "button", class: "button button--main", onclick: () => check(rowsOfText(text.value)) }, t("admin.bulk_check"))),
    );
    text.focus();
  };

  const fileButton = () => {
    const take = async (/** @type {Event} */ event) => {
      const file = /** @type {HTMLInputElement} */ (event.currentTarget).files?.[0];
      if (!file) return;
      try {
        const rows = await rowsOfFile(file);
        text.value = rows.map((row) => row.join("\t")).join("\n");
        check(rows);
      } catch {
        fill(answer, h("p", { class: "field__fault" }, t("admin.bulk_file_bad", { reason: t("admin.bulk_bad_xlsx") })));
      }
    };
    return h("label", { class: "button photo-button" }, icon("upload"), t("admin.bulk_file"), h("input", { type: "file", accept: ".csv,.tsv,.txt,.xlsx", class: "visually-hidden", onchange: take }));
  };

  const example = () => {
    text.value = exampleText();
    text.focus();
  };

  const check = async (/** @type {string[][]} */ rows) => {
    const users = usersOf(rows);
    if (!users.length) return fill(answer, h("p", { class: "field__fault" }, t("admin.bulk_none")));
    if (users.length > MOST) return fill(answer, h("p", { class: "field__fault" }, t("admin.bulk_too_many", { n: MOST })));
    try {
      await call("/api/v1/users", { method: "POST", json: { users, check: true } });
      preview(users, []);
    } catch (reason) {
      refused(users, /** @type {import("../api.js").ApiError} */ (reason));
    }
  };

  const refused = (/** @type {NewUser[]} */ users, /** @type {import("../api.js").ApiError} */ fault) => {
    const faults = fault.detail?.faults ?? [];
    const rowed = faults.filter((/** @type {any} */ one) => one.row !== undefined);
    const said = rowed.length ? h("div", { class: "fault", role: "alert" }, h("strong", null, t("admin.bulk_faults", { n: rowed.length }))) : faultBox(fault, t("admin.act_failed"));
    preview(users, rowed, said);
  };

  const preview = (/** @type {NewUser[]} */ users, /** @type {any[]} */ faults, /** @type {Node | null} */ said = null) => {
    fill(answer);
    fill(
      dialog,
      h("div", { class: "dialog__head" }, h("h2", { id: "dialog-title" }, t(faults.length ? "admin.bulk_title" : "admin.bulk_preview", { n: users.length })), closer(dialog)),
      h("div", { class: "dialog__body" }, said, previewTable(users, faults)),
      h(
        "div",
        { class: "dialog__foot" },
        h("button", { type: "button", class: "button", onclick: list }, t("admin.bulk_edit")),
        !faults.length && h("button", { type: "button", class: "button button--main", onclick: () => make(users) }, t("admin.bulk_make", { n: users.length })),
      ),
    );
  };

  const make = async (/** @type {NewUser[]} */ users) => {
    try {
      const made = (await call("/api/v1/users", { method: "POST", json: { users } })).users;
      onMade();
      const rows = made.map((/** @type {any} */ user, /** @type {number} */ i) => [user.username, users[i].name, user.password ?? ""]);
      secrets(dialog, t("admin.bulk_made", { n: made.length }), ["col_username", "col_name", "col_password"], rows);
    } catch (reason) {
      refused(users, /** @type {import("../api.js").ApiError} */ (reason));
    }
  };

  list();
  dialog.showModal();
}

/** @param {HTMLDialogElement} dialog */
export function closer(dialog) {
  return h("button", { type: "button", class: "button button--plain button--small", "aria-label": t("common.close"), onclick: () => dialog.close() }, icon("close"));
}

/**
 * Users from the cells of a table. A head line may name the columns in any order; without one the order is fixed.
 * @param {string[][]} rows
 * @returns {NewUser[]}
 */
export function usersOf(rows) {
  const named = (rows[0] ?? []).map((cell) => FIELDS.find((field) => HEADS[field].includes(cell.toLowerCase())));
  const headed = named.filter(Boolean).length >= 2;
  const columns = headed ? named : FIELDS;
  return rows.slice(headed ? 1 : 0).map((row) => userOf(row, columns));
}

/** @param {string[]} row @param {(string | undefined)[]} columns @returns {NewUser} */
function userOf(row, columns) {
  /** @type {NewUser} */
  const user = { username: "", name: "", role: "" };
  row.forEach((cell, i) => {
    const field = columns[i];
    if (!field || !cell) return;
    if (field === "areas") user.areas = cell.split(/[;；、\s]+/).filter(Boolean);
    else if (field === "role") user.role = codeOf(frame.data.roles, cell);
    else if (field === "org") user.org = codeOf(frame.data.orgs, cell);
    else user[field] = cell;
  });
  return user;
}

/** The code of a thing given by code or by name; what is unknown stays, and the server says so. @param {any[]} things @param {string} given */
function codeOf(things, given) {
  return things.find((thing) => thing.code === given || thing.name === given || thing.name_en === given)?.code ?? given;
}

function exampleText() {
  const role = frame.data.roles.find((/** @type {any} */ one) => one.reach === "town") ?? frame.data.roles[0];
  const head = FIELDS.map((field) => t(`admin.col_${field}`)).join("\t");
  return `${head}\n${["zhangwei", "张伟", role?.code ?? "", frame.data.orgs[0]?.code ?? "", "", "", ""].join("\t")}`;
}

/** @param {NewUser[]} users @param {any[]} faults */
function previewTable(users, faults) {
  const role = (/** @type {string} */ code) => nameOf(frame.data.roles.find((/** @type {any} */ one) => one.code === code)) || code;
  return h(
    "div",
    { class: "bulk__rows", tabindex: "0" },
    h(
      "table",
      { class: "rows" },
      h("thead", null, h("tr", null, h("th", { scope: "col" }, "#"), ["username", "name", "role", "org", "areas"].map((field) => h("th", { scope: "col" }, t(`admin.col_${field}`))))),
      h(
        "tbody",
        null,
        users.map((user, i) => {
          const wrong = faults.filter((fault) => fault.row === i);
          return [
            h("tr", { class: wrong.length ? "is-wrong" : null }, h("td", { class: "faint" }, String(i + 1)), h("td", null, user.username), h("td", null, user.name), h("td", null, role(user.role)), h("td", null, user.org ?? ""), h("td", null, (user.areas ?? []).join(t("common.comma")))),
            wrong.length > 0 && h("tr", { class: "is-wrong" }, h("td", null), h("td", { colspan: 5, class: "late" }, wrong.map(faultWords).join("；"))),
          ];
        }),
      ),
    ),
  );
}

/** @param {{field: string, code: string, message: string}} fault */
function faultWords(fault) {
  const key = fault.field === "password" ? "admin.fault_password" : `admin.fault_${fault.field}_${fault.code}`;
  return has(key) ? t(key) : fault.message;
}
