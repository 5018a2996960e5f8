// Signing in; back to the page that asked for it.
import { call } from "../api.js";
import { fill, find, h } from "../dom.js";
import { frame } from "../frame.js";
import { t } from "../i18n.js";
import { faultBox } from "../parts/states.js";

const form = /** @type {HTMLFormElement} */ (find("#login-form"));
const username = /** @type {HTMLInputElement} */ (form.elements.namedItem("username"));
const password = /** @type {HTMLInputElement} */ (form.elements.namedItem("password"));
const place = find("#login-fault");
const submit = /** @type {HTMLButtonElement} */ (find("[type=submit]", form));

form.addEventListener("submit", signIn);
find("[data-show]", form).addEventListener("click", showPassword);
for (const button of document.querySelectorAll("[data-login]")) button.addEventListener("click", () => fillIn(/** @type {HTMLElement} */ (button)));

/** @param {Event} event */
async function signIn(event) {
  event.preventDefault();
  if (!username.value.trim() || !password.value) {
    fill(place, h("div", { class: "fault", role: "alert" }, h("strong", null, t("login.failed")), t("login.empty")));
    (username.value.trim() ? password : username).focus();
    return;
  }
  fill(place);
  submit.classList.add("is-busy");
  submit.disabled = true;
  try {
    await call("/api/v1/session", { method: "POST", json: { username: username.value.trim(), password: password.value } });
    location.assign(frame.data.next);
  } catch (fault) {
    fill(place, faultBox(/** @type {import("../api.js").ApiError} */ (fault), t("login.failed")));
    password.select();
  } finally {
    submit.classList.remove("is-busy");
    submit.disabled = false;
  }
}

/** @param {Event} event */
function showPassword(event) {
  const button = /** @type {HTMLElement} */ (event.currentTarget);
  const shown = password.type === "password";
  password.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
  button.setAttribute("aria-label", t(shown ? "login.hide_password" : "login.show_password"));
}

/** @param {HTMLElement} button */
function fillIn(button) {
  for (const other of document.querySelectorAll("[data-login]")) other.classList.toggle("is-on", other === button);
  username.value = button.dataset.login ?? "";
  password.value = frame.data.demo_password;
  submit.focus();
}
