// One case of the inbox: head, what may be done, where it is, clocks, facts, photos, log.
import { ApiError, call } from "../api.js";
import { fill, h, icon } from "../dom.js";
import { has, t } from "../i18n.js";
import { actionForm } from "../parts/action-form.js";
import { draftsOf, dropDraft, loadDraft, settle } from "../parts/action-draft.js";
import { copyText } from "../parts/copy.js";
import { actionsOf, keptBack } from "../parts/action-spec.js";
import { failed, loading } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { when } from "../time.js";
import { head } from "./incident-head.js";
import { placeOf } from "./incident-rows.js";
import { facts, limits, log, photos } from "./incident-side.js";

/**
 * @param {HTMLElement} root
 * @param {{onChanged: () => void, onBack: () => void}} events
 */
export function inboxCase(root, { onChanged, onBack }) {
  /** @type {any} */
  let item = null;
  let run = 0;
  /** @type {ReturnType<typeof actionForm> | null} */
  let form = null;
  const top = h("div", null);
  const acts = h("section", { class: "panel-section acts", tabindex: -1, "aria-label": t("incident.actions") });
  const rest = h("div", { class: "inbox-case__rest" });
  const side = h("aside", { class: "case__side" });

  const show = async (/** @type {string} */ id) => {
    const mine = ++run;
    form = null;
    item = null;
    if (!id) return fill(root, h("div", { class: "state" }, icon("tray", "state__icon"), h("p", null, t("inbox.choose_case"))));
    fill(root, loading(6));
    try {
      const fresh = await read(id);
      if (mine !== run) return;
      item = fresh;
      fill(root, backBar(onBack), h("article", { class: "case case--compact", "data-id": id, "aria-labelledby": "case-title" }, h("div", { class: "case__main" }, top, acts, rest), side));
      draw();
      goOn();
      if (fresh.state === "dispatched") await call(`/api/v1/incidents/${id}/seen`, { method: "POST" }).then(onChanged, () => {});
    } catch (fault) {
      if (mine === run) fill(root, backBar(onBack), failed(/** @type {ApiError} */ (fault), t("incident.load_failed"), () => show(id)));
    }
  };

  /** Reads the case again; what is being typed stays. */
  const refresh = async () => {
    if (!item) return;
    const { id } = item;
    const fresh = await read(id).catch(() => null);
    // a slow answer may be older than what a step has brought meanwhile
    if (!fresh || item?.id !== id || fresh.version < item.version) return;
    item = fresh;
    draw();
  };

  const draw = () => {
    drawTimes();
    drawActs();
    fill(rest, photos(item, refresh));
  };

  /** All that says how much time is left. */
  const drawTimes = () => {
    fill(top, head(item), replyDue(item), whereBox(item));
    fill(side, limits(item), facts(item), log(item));
  };

  /** Time goes on; nothing is drawn under somebody's hands. */
  const tick = () => {
    const busy = top.contains(document.activeElement) || side.contains(document.activeElement);
    if (item && !busy) drawTimes();
  };

  const drawActs = () => {
    const actions = actionsOf(item.transitions);
    const open = form?.action.id;
    const typed = draftsOf(item.id);
    const buttons = actions.filter(({ id }) => id !== open).map((action, i) => button(action, i === 0 && !form, typed.includes(action.id)));
    form?.offered(actions.some(({ id }) => id === open));
    // the form itself is never built anew while somebody types in it
    for (const old of [...acts.children]) if (old !== form?.element) old.remove();
    if (form && form.element.parentElement !== acts) acts.append(form.element);
    acts.append(...typed.filter((id) => id !== open && !actions.some((one) => one.id === id)).map((id) => leftOver(item.id, id, drawActs)));
    acts.append(h("div", { class: "acts__buttons" }, buttons, item.dispatched && slipLink(item)), ...notNow(item, actions.length + Number(Boolean(form))));
  };

  const button = (/** @type {import("../parts/action-spec.js").Action} */ action, /** @type {boolean} */ main, /** @type {boolean} */ typed) =>
    h(
      "button",
      { type: "button", class: `button button--large${main ? " button--main" : ""}`, "data-act": action.id, onclick: () => start(action) },
      t(`inbox.act_${action.id}`),
      typed && h("span", { class: "tag" }, t("inbox.draft")),
    );

  const start = (/** @type {import("../parts/action-spec.js").Action} */ action, resumed = false) => {
    form?.element.remove();
    const made = actionForm(action, () => item, { onDone: (feature) => done(feature, made), onRefused: refresh, onClose: close });
    form = made;
    acts.prepend(form.element);
    drawActs();
    if (resumed || (action.fields.length === 0 && !action.choice)) form.element.requestSubmit();
    else form.focus();
  };

  const close = () => {
    const id = form?.action.id;
    form?.element.remove();
    form = null;
    drawActs();
    /** @type {HTMLElement | null} */ (acts.querySelector(`[data-act="${id}"]`))?.focus();
  };

  /** The next form may be open already: an event can be faster than the answer. */
  const done = (/** @type {any} */ feature, /** @type {ReturnType<typeof actionForm>} */ of) => {
    of.element.remove();
    if (form === of) form = null;
    if (feature.id !== item?.id) return;
    item = flatten(feature);
    draw();
    toast(t("inbox.done", { what: t(`inbox.act_${of.action.id}`) }));
    onChanged();
    if (!form) acts.focus();
  };

  /** A form that was left half typed or unsent opens again; what may have arrived although it is not open any more is asked for. */
  const goOn = async () => {
    const actions = actionsOf(item.transitions);
    const typed = draftsOf(item.id);
    const action = actions.find(({ id, fields }) => typed.includes(id) && fields.length > 0);
    if (action) {
      start(action);
      form?.resume();
    }
    for (const id of typed.filter((name) => !actions.some((one) => one.id === name))) await settle(item.id, id);
    if (typed.length) drawActs();
  };

  return { show, refresh, tick, id: () => item?.id ?? "", version: () => item?.version ?? 0 };
}

/** Words for a step that is not open any more: to be copied or dropped. @param {string} incident @param {string} action @param {() => void} redraw */
function leftOver(incident, action, redraw) {
  const words = Object.values(loadDraft(incident, action).values).join("\n");
  const drop = () => {
    dropDraft(incident, action);
    redraw();
  };
  return h(
    "div",
    { class: "hint acts__left", "data-left": action },
    h("strong", null, t("inbox.left_over", { what: t(`inbox.act_${action}`) })),
    h("p", { class: "pre" }, words),
    h("button", { type: "button", class: "button button--small", onclick: () => copyText(words, t("common.copied")) }, t("common.copy")),
    h("button", { type: "button", class: "button button--small", onclick: drop }, t("inbox.drop")),
  );
}

/** @param {string} id */
const read = async (id) => flatten(await call(`/api/v1/incidents/${encodeURIComponent(id)}`));

/** @param {any} feature */
function flatten(feature) {
  const [lon, lat] = feature.geometry?.coordinates ?? [null, null];
  const dispatched = feature.properties.log.some((/** @type {any} */ row) => row.to_state === "dispatched");
  return { id: feature.id, ...feature.properties, lon, lat, dispatched };
}

/** @param {() => void} onBack */
const backBar = (onBack) => h("div", { class: "inbox-case__back" }, h("button", { type: "button", class: "button button--plain", onclick: onBack }, icon("back"), t("inbox.title")));

/** @param {any} item */
const replyDue = ({ reply_due_at, supervision_level }) =>
  reply_due_at && h("p", { class: "inbox-case__due" }, icon("warning"), t("inbox.reply_due", { level: supervision_level, time: when(reply_due_at) }));

/** Where to go, and the map of it. @param {any} item */
function whereBox(item) {
  const map = item.lon !== null && `/?c=${item.lon},${item.lat},17&sel=incident:${item.id}`;
  return h(
    "p",
    { class: "inbox-case__where" },
    icon("pin"),
    h("span", null, h("b", null, placeOf(item)), item.address && h("span", null, item.address)),
    map && h("a", { class: "button", href: map }, t("inbox.on_map")),
  );
}

/** @param {any} item */
const slipLink = (item) => h("a", { class: "button button--large", href: `/incidents/${item.id}/slip`, target: "_blank", rel: "noopener" }, icon("print"), t("inbox.slip"));

/** What cannot be done now, with its reason; steps that the state does not allow stand folded. @param {any} item @param {number} open */
function notNow(item, open) {
  const { told, rest } = keptBack(item.blocked ?? []);
  const line = (/** @type {{name: string, code: string}} */ { name, code }) =>
    h("li", { "data-blocked": name }, h("b", null, t(`loop.name_${name}`)), t("common.colon"), has(`error.${code}`) ? t(`error.${code}`) : code);
  return [
    open === 0 && h("p", { class: "quiet" }, t("inbox.nothing_to_do", { state: t(`common.state_${item.state}`) })),
    told.length > 0 && h("ul", { class: "acts__blocked" }, told.map(line)),
    rest.length > 0 && h("details", { class: "acts__rest" }, h("summary", null, t("inbox.not_now", { n: rest.length })), h("ul", { class: "acts__blocked" }, rest.map(line))),
  ].filter((one) => one instanceof Node);
}
