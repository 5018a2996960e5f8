// Tokens of programs: listed, made, revoked.
import { call } from "../api.js";
import { fill, find, h } from "../dom.js";
import { frame } from "../frame.js";
import { t, wordsFor } from "../i18n.js";
import { empty, failed, faultBox, loading } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { when } from "../time.js";
import { closer } from "./admin-bulk.js";
import { secrets } from "./admin-secrets.js";

const COLUMNS = ["name", "username", "scopes", "created", "expires", "status", "acts"];

/** @param {HTMLDialogElement} dialog */
export function showTokens(dialog) {
  const list = find("#list");
  fill(find("#tools"), h("button", { type: "button", class: "button button--main", onclick: () => tokenDialog(dialog, load) }, t("admin.add_token")));

  const load = async () => {
    fill(list, loading(4));
    try {
      const { tokens } = await call("/api/v1/tokens");
      if (!tokens.length) return fill(list, empty({ title: t("admin.no_tokens"), words: t("admin.no_tokens_words") }));
      const head = COLUMNS.map((column) => h("th", { scope: "col" }, t(column === "name" ? "admin.token_name" : `admin.col_${column}`)));
      fill(list, h("table", { class: "rows" }, h("thead", null, h("tr", null, head)), h("tbody", null, tokens.map(row))));
    } catch (fault) {
      fill(list, failed(/** @type {import("../api.js").ApiError} */ (fault), t("admin.tokens_failed"), load));
    }
  };

  const row = (/** @type {any} */ token) => {
    const state = token.revoked_at ? "revoked" : token.expires_at && Date.parse(token.expires_at) < Date.now() ? "expired" : "active";
    return h(
      "tr",
      null,
      h("th", { scope: "row" }, token.name),
      h("td", null, token.username),
      h("td", null, token.scopes?.length ? token.scopes.map((/** @type {string} */ scope) => [h("span", { class: "tag", title: scope }, wordsFor("permission", scope)), " "]) : t("admin.all_scopes")),
      h("td", null, when(token.created_at)),
      h("td", null, token.expires_at ? when(token.expires_at) : t("admin.no_expiry")),
      h("td", null, h("span", { class: state === "active" ? "tag tag--fine" : "tag" }, t(`admin.${state}`))),
      h("td", null, state === "active" && h("button", { type: "button", class: "button button--small button--danger", onclick: () => revokeDialog(dialog, token, load) }, t("admin.revoke"))),
    );
  };

  load();
}

/** @param {HTMLDialogElement} dialog @param {() => void} onMade */
function tokenDialog(dialog, onMade) {
  const permissions = [...new Set(frame.data.roles.flatMap((/** @type {any} */ role) => role.permissions))].sort();
  const answer = h("div", { "aria-live": "assertive" });
  const field = (/** @type {string} */ label, /** @type {any} */ attributes) => h("label", { class: "field" }, h("span", { class: "field__label" }, label), h("input", { class: "input", ...attributes }));
  const make = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
    const days = Number(form.get("days"));
    const wanted = { username: form.get("username"), name: form.get("name"), scopes: form.getAll("scopes"), ...(days > 0 && { days }) };
    try {
      const made = await call("/api/v1/tokens", { method: "POST", json: wanted });
      onMade();
      secrets(dialog, t("admin.token_title"), ["col_username", "token_name", "col_token"], [[made.username, made.name, made.token]]);
    } catch (fault) {
      fill(answer, faultBox(/** @type {import("../api.js").ApiError} */ (fault), t("admin.token_failed")));
    }
  };
  fill(
    dialog,
    h("div", { class: "dialog__head" }, h("h2", { id: "dialog-title" }, t("admin.token_title")), closer(dialog)),
    h(
      "form",
      { onsubmit: make },
      h(
        "div",
        { class: "dialog__body" },
        field(t("admin.token_user"), { name: "username", required: true, maxlength: 64, value: frame.viewer?.username ?? "", autocomplete: "off" }),
        field(t("admin.token_name"), { name: "name", required: true, maxlength: 100, placeholder: t("admin.token_name_hint"), autocomplete: "off", autofocus: true }),
        field(t("admin.token_days"), { name: "days", type: "number", min: 1, max: 3650, value: 365 }),
        h("fieldset", null, h("legend", { class: "field__label" }, t("admin.token_scopes")), h("div", { class: "checks" }, permissions.map((permission) => h("label", { class: "check" }, h("input", { type: "checkbox", name: "scopes", value: permission }), wordsFor("permission", permission))))),
        answer,
      ),
      h("div", { class: "dialog__foot" }, h("button", { type: "button", class: "button", onclick: () => dialog.close() }, t("common.cancel")), h("button", { type: "submit", class: "button button--main" }, t("admin.token_make"))),
    ),
  );
  dialog.showModal();
}

/** @param {HTMLDialogElement} dialog @param {any} token @param {() => void} onDone */
function revokeDialog(dialog, token, onDone) {
  const answer = h("div", { "aria-live": "assertive" });
  const revoke = async () => {
    try {
      await call(`/api/v1/tokens/${token.token_id}`, { method: "DELETE" });
      dialog.close();
      toast(t("admin.revoked_done"));
      onDone();
    } catch (fault) {
      fill(answer, faultBox(/** @type {import("../api.js").ApiError} */ (fault), t("admin.act_failed")));
    }
  };
  fill(
    dialog,
    h("div", { class: "dialog__head" }, h("h2", { id: "dialog-title" }, t("admin.revoke_title", { name: token.name })), closer(dialog)),
    h("div", { class: "dialog__body" }, h("p", null, t("admin.revoke_words")), answer),
    h("div", { class: "dialog__foot" }, h("button", { type: "button", class: "button", onclick: () => dialog.close() }, t("common.cancel")), h("button", { type: "button", class: "button button--main", onclick: revoke }, t("admin.revoke"))),
  );
  dialog.showModal();
}
