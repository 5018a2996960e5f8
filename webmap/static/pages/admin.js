// Administration: accounts, roles, tokens. The address says which.
import { call, query } from "../api.js";
import { fill, find, h, icon } from "../dom.js";
import { frame } from "../frame.js";
import { count, nameOf, t, wordsFor } from "../i18n.js";
import { empty, failed, faultBox, loading } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { exactly, when } from "../time.js";
import { bulkDialog, closer } from "./admin-bulk.js";
import { secrets } from "./admin-secrets.js";
import { showTokens } from "./admin-tokens.js";

const PAGE = 50;
const TYPING_MS = 300;
const COLUMNS = ["username", "name", "role", "org", "areas", "status", "last", "acts"];
const AREAS_SHOWN = 3;

const list = find("#list");
const foot = find("#foot");
const dialog = /** @type {HTMLDialogElement} */ (find("#dialog"));
const parameters = new URLSearchParams(location.search);
let q = parameters.get("q") ?? "";
/** @type {any[]} */
let users = [];
let next = "";
let total = 0;
let run = 0;

const show = parameters.get("show") ?? "users";
if (show === "tokens") showTokens(dialog);
else if (show === "roles") showRoles();
else showUsers();

function showUsers() {
  let timer = 0;
  const input = h("input", {
    class: "input",
    type: "search",
    name: "q",
    value: q,
    maxlength: 100,
    placeholder: t("admin.search"),
    "aria-label": t("admin.search_label"),
    oninput: () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        q = input.value.trim();
        history.replaceState(null, "", `/admin${query({ show: "users", q })}`);
        load();
      }, TYPING_MS);
    },
  });
  fill(
    find("#tools"),
    h("label", { class: "with-icon admin-bar__search" }, icon("search"), input),
    h("button", { type: "button", class: "button button--main", onclick: () => bulkDialog(dialog, load) }, icon("plus"), t("admin.add")),
  );
  load();
}

async function load() {
  const mine = ++run;
  if (!users.length) fill(list, loading(8));
  try {
    const page = await call(`/api/v1/users${query({ q, limit: PAGE })}`);
    if (mine !== run) return;
    users = page.users;
    next = page.next ?? "";
    total = page.count;
    draw();
  } catch (fault) {
    if (mine === run) fill(list, failed(/** @type {import("../api.js").ApiError} */ (fault), t("admin.users_failed"), load));
  }
}

async function more() {
  try {
    const page = await call(`/api/v1/users${query({ q, limit: PAGE, cursor: next })}`);
    users.push(...page.users);
    next = page.next ?? "";
    draw();
  } catch (fault) {
    fill(foot, faultBox(/** @type {import("../api.js").ApiError} */ (fault), t("admin.users_failed")));
  }
}

function draw() {
  if (!users.length) {
    fill(list, empty({ title: t("admin.no_users") }));
    return fill(foot);
  }
  const head = COLUMNS.map((column) => h("th", { scope: "col", class: `col-${column}` }, t(`admin.col_${column}`)));
  fill(list, h("table", { class: "rows accounts" }, h("thead", null, h("tr", null, head)), h("tbody", null, users.map(row))));
  fill(foot, h("span", null, t("admin.count", { n: count(total) })), next && h("button", { type: "button", class: "button", onclick: more }, t("admin.more")));
}

/** @param {any} user */
function row(user) {
  const areas = user.roles.flatMap((/** @type {any} */ role) => role.areas);
  const shown = areas.slice(0, AREAS_SHOWN).join(t("common.comma")) + (areas.length > AREAS_SHOWN ? ` +${areas.length - AREAS_SHOWN}` : "");
  return h(
    "tr",
    { "data-username": user.username, class: user.disabled_at ? "is-off" : null },
    h("th", { scope: "row", class: "col-username" }, user.username),
    h("td", { class: "col-name" }, user.name),
    h("td", { class: "col-role" }, user.roles.map((/** @type {any} */ role) => nameOf(role)).join(t("common.comma"))),
    h("td", { class: "col-org" }, user.org_name ?? ""),
    h("td", { class: "col-areas small", title: areas.join(t("common.comma")) }, shown),
    h("td", { class: "col-status" }, status(user)),
    h("td", { class: "col-last", title: exactly(user.last_login_at) }, user.last_login_at ? when(user.last_login_at) : h("span", { class: "faint" }, t("admin.never"))),
    h("td", { class: "col-acts" }, h("div", { class: "acts" }, button("reset", () => resetDialog(user)), user.disabled_at ? button("enable", () => switchUser(user, "enable")) : button("disable", () => switchUser(user, "disable"), user.username === frame.viewer?.username))),
  );
}

/** @param {string} name @param {() => void} act @param {boolean} [off] */
const button = (name, act, off = false) => h("button", { type: "button", class: "button button--small", disabled: off, onclick: act }, t(`admin.${name}`));

/** @param {any} user */
function status(user) {
  if (user.disabled_at) return h("span", { class: "tag" }, t("admin.status_disabled"));
  if (user.locked_until && Date.parse(user.locked_until) > Date.now()) return h("span", { class: "tag tag--late" }, t("admin.status_locked"));
  if (user.must_change_password) return h("span", { class: "tag tag--amber" }, t("admin.status_new"));
  return h("span", { class: "tag tag--fine" }, t("admin.status_active"));
}

/** Disabling can be undone for ten seconds, and later in the list. @param {any} user @param {"disable" | "enable"} act */
async function switchUser(user, act) {
  try {
    await call(`/api/v1/users/${encodeURIComponent(user.username)}/${act}`, { method: "POST" });
    const undo = act === "disable" ? { label: t("admin.undo"), act: () => switchUser(user, "enable") } : null;
    toast(t(`admin.${act}d_done`, { name: user.name }), undo);
    await load();
  } catch (fault) {
    toast(`${t("admin.act_failed")}${t("common.colon")}${/** @type {import("../api.js").ApiError} */ (fault).words}`, null, { late: true });
  }
}

/** @param {any} user */
function resetDialog(user) {
  const answer = h("div", { "aria-live": "assertive" });
  const reset = async () => {
    try {
      const made = await call(`/api/v1/users/${encodeURIComponent(user.username)}/reset`, { method: "POST" });
      secrets(dialog, t("admin.reset_title", { name: user.name }), ["col_username", "col_name", "col_password"], [[made.username, user.name, made.password]]);
      load();
    } catch (fault) {
      fill(answer, faultBox(/** @type {import("../api.js").ApiError} */ (fault), t("admin.act_failed")));
    }
  };
  fill(
    dialog,
    h("div", { class: "dialog__head" }, h("h2", { id: "dialog-title" }, t("admin.reset_title", { name: user.name })), closer(dialog)),
    h("div", { class: "dialog__body" }, h("p", null, t("admin.reset_words")), answer),
    h("div", { class: "dialog__foot" }, h("button", { type: "button", class: "button", onclick: () => dialog.close() }, t("common.cancel")), h("button", { type: "button", class: "button button--main", onclick: reset }, t("admin.reset_go"))),
  );
  dialog.showModal();
}

/** Roles and what they may do: data of the pack, shown for those who give them out. */
function showRoles() {
  const { roles } = frame.data;
  const permissions = [...new Set(roles.flatMap((/** @type {any} */ role) => role.permissions))].sort();
  const cells = (/** @type {any} */ role) => permissions.map((permission) => h("td", { class: "mark" }, role.permissions.includes(permission) ? [icon("check"), h("span", { class: "visually-hidden" }, wordsFor("permission", permission))] : null));
  fill(find("#tools"), h("p", { class: "quiet" }, t("admin.roles_words")));
  fill(
    list,
    h(
      "div",
      { class: "scroll-x", tabindex: "0" },
      h(
        "table",
        { class: "rows matrix" },
        h("thead", null, h("tr", null, h("th", { scope: "col" }, t("admin.col_role")), h("th", { scope: "col" }, t("admin.col_reach")), permissions.map((permission) => h("th", { scope: "col", class: "turned", title: permission }, h("span", null, wordsFor("permission", permission)))))),
        h("tbody", null, roles.map((/** @type {any} */ role) => h("tr", null, h("th", { scope: "row" }, nameOf(role), " ", h("small", { class: "faint" }, role.code)), h("td", { class: "nowrap" }, t(`admin.reach_${role.reach}`)), cells(role)))),
      ),
    ),
  );
}
