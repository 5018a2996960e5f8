// Supervised cases by level, with the state of their reply.
import { h } from "../dom.js";
import { frame } from "../frame.js";
import { t } from "../i18n.js";
import { clockSymbol } from "../parts/symbol.js";
import { placeName } from "../place-name.js";
import { serverNow } from "../server-time.js";
import { clock, exactly, span } from "../time.js";
import { timeLeft } from "../pages/incident-rows.js";

const LEVEL = ["", "tag--thin", "tag--outlined", "tag--filled"];
const AT_DESK = ["accept", "dispatch", "close"];

/** @param {any[]} items */
export function caseTable(items) {
  const atDesk = AT_DESK.some((permission) => frame.viewer?.permissions.includes(permission));
  const heads = ["clock", "case", "place", "state", "lead"].map((name) => h("th", { scope: "col", class: `col-${name}` }, t(`incidents.col_${name}`)));
  return h(
    "table",
    { class: "rows cases" },
    h("caption", { class: "visually-hidden" }, t("supervision.view_cases")),
    h("thead", null, h("tr", null, heads, h("th", { scope: "col" }, t("supervision.col_level")), h("th", { scope: "col" }, t("supervision.col_reply")))),
    h("tbody", null, items.map((item) => row(item, atDesk))),
  );
}

/** @param {any} item @param {boolean} atDesk */
function row(item, atDesk) {
  const time = clock(item);
  return h(
    "tr",
    { "data-id": item.id },
    h("td", { class: "col-clock" }, h("span", { class: "clock-cell" }, clockSymbol(item.platform, time), timeLeft(time))),
    h("th", { scope: "row", class: "col-case" }, h("a", { class: "case-link", href: `/incidents/${item.id}` }, item.title), h("span", { class: "case-no" }, item.case_no, atDesk && [" ", h("a", { href: `/desk?id=${item.id}` }, t("supervision.at_desk"))])),
    h("td", { class: "col-place" }, placeName(item)),
    h("td", { class: "col-state" }, t(`common.state_${item.state}`)),
    h("td", { class: "col-lead" }, item.lead_org_name ?? ""),
    h("td", { class: "col-level" }, h("span", { class: `tag ${LEVEL[item.supervision_level]}` }, t("supervision.level", { n: item.supervision_level }))),
    h("td", { class: "col-reply" }, reply(item)),
  );
}

/** @param {any} item */
function reply(item) {
  if (!item.reply_due_at) return h("span", { class: "quiet" }, t("supervision.reply_none"));
  const left_s = (Date.parse(item.reply_due_at) - serverNow()) / 1000;
  const words = left_s < 0 ? t("supervision.reply_late", { span: span(left_s) }) : t("supervision.reply_left", { span: span(left_s) });
  return h("span", { class: left_s < 0 ? "late-words" : "", title: exactly(item.reply_due_at) }, words);
}
