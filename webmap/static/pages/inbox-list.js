// What waits, in groups; the nearest deadline first in each.
import { call, query } from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { draftsOf } from "../parts/action-draft.js";
import { empty } from "../parts/states.js";
import { clockSymbol } from "../parts/symbol.js";
import { toast } from "../parts/toast.js";
import { serverNow } from "../server-time.js";
import { clock, when } from "../time.js";
import { nextPage } from "./inbox-pages.js";
import { placeOf, tags, timeLeft, wordFor } from "./incident-rows.js";

/** @typedef {import("./inbox-pages.js").Group} Group */

/** A page of the queue. @param {Record<string, any>} asked */
export const pageOfQueue = (asked) => call(`/api/v1/queue${query(asked)}`);

/**
 * @param {HTMLElement} root
 * @param {Group[]} groups
 * @param {string} selected id of the open case
 */
export function drawGroups(root, groups, selected) {
  const full = groups.filter(({ count }) => count > 0);
  if (full.length === 0) {
    fill(root, empty({ title: t("inbox.empty"), words: t("inbox.empty_words", { time: when(new Date(serverNow()).toISOString()) }), good: true }));
    return;
  }
  fill(root, full.map((group) => groupBox(group, selected)));
}

/** @param {Group} group @param {string} selected */
function groupBox(group, selected) {
  const rows = h("ul", null, group.cases.map((item) => h("li", null, entry(item, group.id, selected))));
  const heading = h("h2", { class: "inbox-group__head" }, t(`inbox.group_${group.id}`), h("span", { class: `inbox-group__count${group.id === "unseen" ? " is-unseen" : ""}` }, String(group.count)));
  return h("section", { class: "inbox-group", "data-group": group.id }, heading, rows, group.next && moreButton(group, rows, selected));
}

/** @param {Group} group @param {HTMLElement} rows @param {string} selected */
function moreButton(group, rows, selected) {
  const words = () => t("incidents.more_left", { n: group.count - rows.children.length });
  const more = h("button", { type: "button", class: "button inbox-group__more", onclick: () => load() }, words());
  const load = async () => {
    more.disabled = true;
    try {
      const fresh = await nextPage(group, pageOfQueue);
      rows.append(...fresh.map((item) => h("li", null, entry(item, group.id, selected))));
      fill(more, words());
    } catch (fault) {
      toast(/** @type {import("../api.js").ApiError} */ (fault).words, null, { late: true });
    }
    more.disabled = false;
    more.hidden = !group.next;
  };
  return more;
}

/** @param {any} item @param {string} group @param {string} selected */
function entry(item, group, selected) {
  const time = clock(item);
  return h(
    "a",
    { class: `entry${group === "unseen" ? " entry--unseen" : ""}`, href: `/inbox?id=${item.id}`, "data-id": item.id, "aria-current": item.id === selected ? "true" : null },
    clockSymbol(item.platform, time),
    h(
      "span",
      { class: "entry__words" },
      h("b", null, item.title),
      h("small", null, placeOf(item), " · ", wordFor("state", item.state)),
      h("span", { class: "entry__tags" }, tags(item), marks(item, group)),
    ),
    timeLeft(time),
  );
}

/** @param {any} item @param {string} group */
function marks(item, group) {
  return [
    group === "unseen" && h("span", { class: "tag tag--new" }, t("inbox.unseen")),
    group === "reply" && h("span", { class: "tag tag--late" }, t("inbox.reply_by", { time: when(item.reply_due_at) })),
    item.rework_count > 0 && h("span", { class: "tag tag--amber" }, t("inbox.reworked", { n: item.rework_count })),
    item.extension === "pending" && h("span", { class: "tag" }, t("inbox.asked_extension")),
    item.suspension === "pending" && h("span", { class: "tag" }, t("inbox.asked_suspension")),
    draftsOf(item.id).length > 0 && h("span", { class: "tag" }, t("inbox.draft")),
  ];
}
