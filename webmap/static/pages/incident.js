// One case on a page of its own.
import { fill, find, h } from "../dom.js";
import { frame } from "../frame.js";
import { t } from "../i18n.js";
import { copyText } from "../parts/copy.js";
import { liveState } from "../parts/live.js";
import { incidentView } from "./incident-view.js";

const view = incidentView(find("#detail"), { compact: false, onChanged: () => fill(find("#fresh")) });
view.show(frame.data.id);

find("[data-copy-link]").addEventListener("click", () => copyText(location.href, t("incident.copied")));
find("[data-print]").addEventListener("click", () => window.print());
if (document.referrer.startsWith(`${location.origin}/incidents?`)) {
  /** @type {HTMLAnchorElement} */ (find("[data-back]")).href = document.referrer;
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /** @type {Element} */ (event.target).closest("input, select, textarea")) return;
  if (event.key === "c" || event.key === "C") copyText(location.href, t("incident.copied"));
});

liveState(find("#live"), "incident", (event) => {
  if (event.ref !== frame.data.id || (event.data?.version ?? Infinity) <= view.version()) return;
  const show = h("button", { type: "button", class: "button button--small", onclick: () => view.show(frame.data.id) }, t("incident.updated_show"));
  fill(find("#fresh"), h("div", { class: "fresh", role: "status" }, h("span", null, t("incident.updated")), show));
}, () => view.show(frame.data.id));
