// The queue: nearest deadline first, read on as one scrolls; what is drawn again keeps its place, its selection and the hand on it.
import { fill, h } from "../dom.js";
import { count, t } from "../i18n.js";
import { placeOf, tags, timeLeft, wordFor } from "../pages/incident-rows.js";
import { failed, loading } from "../parts/states.js";
import { clockSymbol } from "../parts/symbol.js";
import { clock, when } from "../time.js";

/** @typedef {import("./queue.js").Incident} Incident */
/**
 * @typedef {object} Shown
 * @property {Incident[]} rows
 * @property {number} total
 * @property {boolean} more whether the server has another page
 * @property {string} chosen
 * @property {Set<string>} fresh ids that came while the page was open and were not looked at
 * @property {Set<string> | null} picked while several are being picked
 * @property {(id: string) => string} address of a case
 */

/**
 * @param {HTMLElement} scroller
 * @param {HTMLElement} foot
 * @param {{onMore: () => void, onPick: (id: string, on: boolean) => void}} events
 */
export function queuePanel(scroller, foot, { onMore, onPick }) {
  const list = h("ol", { class: "queue__list" });
  /** @type {Map<string, HTMLElement>} */
  const drawn = new Map();
  const end = h("div", { class: "queue__end" });
  new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && onMore()).observe(end);

  /** Rows keep their element, so that neither the focus nor the scroll is lost. @param {Shown} shown */
  const show = (shown) => {
    if (!scroller.contains(list)) fill(scroller, list, end);
    const anchor = anchorOf(scroller, list);
    const focused = /** @type {HTMLElement | null} */ (document.activeElement?.closest("[data-id]"))?.dataset.id;
    const inside = list.contains(document.activeElement);
    const elements = shown.rows.map((row) => {
      const element = drawn.get(row.id) ?? h("li", { "data-id": row.id });
      drawn.set(row.id, element);
      drawRow(element, row, shown, onPick);
      return element;
    });
    const gone = new Set(drawn.keys());
    for (const row of shown.rows) gone.delete(row.id);
    for (const id of gone) drawn.delete(id);
    list.replaceChildren(...elements);
    if (inside && focused) /** @type {HTMLElement | null} */ (drawn.get(focused)?.querySelector("a, input"))?.focus({ preventScroll: true });
    if (anchor) keep(scroller, drawn, anchor);
    drawFoot(shown);
  };

  /** @param {Shown} shown */
  const drawFoot = ({ rows, total }) => {
    const left = Math.max(0, total - rows.length);
    fill(foot, h("span", null, left ? t("desk.more_left", { n: count(left) }) : t("desk.all_shown", { n: count(rows.length) })), h("span", { class: "list-foot__keys" }, h("span", { class: "key" }, "J"), " ", h("span", { class: "key" }, "K"), " ", t("incidents.keys")));
  };

  return {
    show,
    wait() {
      drawn.clear();
      fill(scroller, loading(9));
      fill(foot);
    },
    /** @param {import("../api.js").ApiError} fault @param {() => void} again */
    fail(fault, again) {
      drawn.clear();
      fill(scroller, failed(fault, t("desk.queue_failed"), again));
      fill(foot);
    },
    /** @param {Node} state */
    empty(state) {
      drawn.clear();
      list.replaceChildren();
      fill(scroller, state);
      fill(foot);
    },
    /** @param {string} id */
    reveal: (id) => drawn.get(id)?.scrollIntoView({ block: "nearest" }),
  };
}

/**
 * @param {HTMLElement} element
 * @param {Incident} row
 * @param {Shown} shown
 * @param {(id: string, on: boolean) => void} onPick
 */
function drawRow(element, row, { chosen, fresh, picked, address }, onPick) {
  const time = clock(row);
  const mark = JSON.stringify([row, time.words, Math.round(time.share * 40), row.id === chosen, fresh.has(row.id), picked && picked.has(row.id)]);
  if (element.dataset.mark === mark) return;
  element.dataset.mark = mark;
  element.className = fresh.has(row.id) ? "is-fresh" : "";
  const box = picked && h("input", { type: "checkbox", class: "entry__pick", checked: picked.has(row.id), "aria-label": t("desk.pick", { title: row.title }), onchange: (/** @type {Event} */ event) => onPick(row.id, /** @type {HTMLInputElement} */ (event.target).checked) });
  fill(
    element,
    box,
    h(
      "a",
      { class: "entry", href: address(row.id), "data-id": row.id, "aria-current": row.id === chosen ? "true" : null },
      clockSymbol(row.platform, time),
      h("span", { class: "entry__words" }, h("b", null, row.title, " ", tags(row)), h("small", { class: "entry__parts" }, h("span", null, placeOf(row)), h("span", { class: "nowrap" }, wordFor("channel", row.channel), " ", when(row.reported_at)))),
      h("span", { class: "entry__end" }, row.state === "suspended" ? h("span", { class: "quiet" }, wordFor("state", "suspended")) : timeLeft(time), fresh.has(row.id) && h("span", { class: "tag tag--strong" }, t("desk.new"))),
    ),
  );
}

/** The first row in sight and where it stands; none at the top, where what is new may push. @param {HTMLElement} scroller @param {HTMLElement} list */
function anchorOf(scroller, list) {
  if (scroller.scrollTop === 0) return null;
  const top = scroller.getBoundingClientRect().top;
  const rows = /** @type {HTMLElement[]} */ ([...list.children]);
  return rows.filter((row) => row.getBoundingClientRect().bottom > top).slice(0, 12).map((row) => ({ id: row.dataset.id ?? "", at: row.getBoundingClientRect().top }));
}

/** The first of these that is still there stands where it stood. @param {HTMLElement} scroller @param {Map<string, HTMLElement>} drawn @param {{id: string, at: number}[]} anchor */
function keep(scroller, drawn, anchor) {
  const still = anchor.find(({ id }) => drawn.get(id)?.isConnected);
  if (still) scroller.scrollTop += /** @type {HTMLElement} */ (drawn.get(still.id)).getBoundingClientRect().top - still.at;
}
