// One's own password. The session goes on under a new cookie; every other one ends.
import { call } from "../api.js";
import { fill, find, h } from "../dom.js";
import { frame } from "../frame.js";
import { t } from "../i18n.js";
import { faultBox } from "../parts/states.js";
import { toast } from "../parts/toast.js";

const LEAST_CHARACTERS = 10;
const SEEN_MS = 1_200;

const form = /** @type {HTMLFormElement} */ (find("#password-form"));
const place = find("#password-fault");
const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const wrong = refuse();
  if (wrong) {
    fill(place, h("div", { class: "fault", role: "alert" }, h("strong", null, t("account.failed")), wrong));
    return;
  }
  fill(place);
  try {
    await call("/api/v1/me/password", { method: "POST", json: { old: field("old").value, new: field("new").value } });
    form.reset();
    toast(t("account.done"));
    setTimeout(() => location.assign(frame.data.person.must_change_password ? frame.data.next : "/account"), SEEN_MS);
  } catch (fault) {
    fill(place, faultBox(/** @type {import("../api.js").ApiError} */ (fault), t("account.failed")));
  }
});

/** Why the new password cannot be sent, or nothing. */
function refuse() {
  if (field("new").value.length < LEAST_CHARACTERS) return t("account.short");
  return field("new").value === field("again").value ? "" : t("account.different");
}
