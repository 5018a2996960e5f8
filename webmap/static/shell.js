// What every page has: the person's menu, sign-out, the large-text switch, the word about a lost connection.
import { call } from "./api.js";
import { fill, h, icon } from "./dom.js";
import { serverNow } from "./server-time.js";
import { exactly } from "./time.js";
import { t } from "./i18n.js";

const COOKIE_S = 365 * 86_400;
const RECOVERED_MS = 5_000;

for (const menu of document.querySelectorAll("[data-menu]")) openable(menu);
document.querySelector("[data-sign-out]")?.addEventListener("click", signOut);
document.querySelector("[data-large-text]")?.addEventListener("click", switchLargeText);
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
// The map says it over the map: a second banner would push the map down and make it fit anew.
if (!document.getElementById("map-frame")) {
  window.addEventListener("offline", showLost);
  window.addEventListener("online", showBack);
  if (!navigator.onLine) showLost();
}

/** @param {Element} menu */
function openable(menu) {
  const button = menu.querySelector("button");
  const list = /** @type {HTMLElement | null} */ (menu.querySelector(".menu__list"));
  if (!button || !list) return;
  const set = (/** @type {boolean} */ open) => {
    button.setAttribute("aria-expanded", String(open));
    list.hidden = !open;
  };
  button.addEventListener("click", () => set(list.hidden));
  menu.addEventListener("keydown", (event) => {
    if (/** @type {KeyboardEvent} */ (event).key !== "Escape" || list.hidden) return;
    set(false);
    button.focus();
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(/** @type {Node} */ (event.target))) set(false);
  });
}

async function signOut() {
  await call("/api/v1/session", { method: "DELETE" }).catch(() => null);
  location.assign("/login");
}

/** @param {Event} event */
function switchLargeText(event) {
  const on = document.documentElement.classList.toggle("large-text");
  document.cookie = `text=${on ? "large" : "normal"}; Path=/; Max-Age=${COOKIE_S}; SameSite=Lax`;
  /** @type {HTMLElement} */ (event.currentTarget).setAttribute("aria-pressed", String(on));
}

function banner() {
  return /** @type {HTMLElement} */ (document.getElementById("banner"));
}

function showLost() {
  const now = exactly(new Date(serverNow()).toISOString());
  fill(
    banner(),
    h("div", { class: "banner banner--lost" }, icon("offline"), h("strong", null, t("state.lost", { time: now.slice(11) })), t("state.lost_more")),
  );
}

function showBack() {
  fill(banner(), h("div", { class: "banner banner--back" }, icon("check"), h("strong", null, t("state.back"))));
  setTimeout(() => fill(banner()), RECOVERED_MS);
}
