// The dialogs of a draft: who is responsible, why it goes back, when it comes into force.
import { call } from "../api.js";
import { fill, find, h } from "../dom.js";
import { nameOf, t } from "../i18n.js";
import { failed, faultBox, loading } from "../parts/states.js";
import { frame } from "../frame.js";
import { parseMoment } from "../map/town-clock.js";
import { baseOf } from "./server.js";

/** @typedef {import("../api.js").ApiError} ApiError */

const zone = frame.town?.timezone ?? "Asia/Shanghai";
const ROLES = ["primary_responsible", "liaison_cadre", "primary_informant"];
const SHOWN_PAIRS = 12;

/**
 * @param {string} title @param {any[]} body @param {{label: string, act: () => Promise<void>, main?: boolean} | null} [main]
 */
function open(title, body, main = null) {
  const dialog = /** @type {HTMLDialogElement} */ (find("#dialog"));
  const faults = h("div", { class: "dialog__fault" });
  const go = main && h("button", { type: "submit", class: "button button--main" }, main.label);
  const form = h(
    "form",
    null,
    h("div", { class: "dialog__head" }, h("h2", { id: "dialog-title" }, title), h("button", { type: "button", class: "button button--small", onclick: () => dialog.close() }, t("common.close"))),
    h("div", { class: "dialog__body" }, body, faults),
    go && h("div", { class: "dialog__foot" }, h("button", { type: "button", class: "button", onclick: () => dialog.close() }, t("common.cancel")), go),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!main || !go) return;
    go.disabled = true;
    fill(faults);
    try {
      await main.act();
      dialog.close();
    } catch (fault) {
      fill(faults, faultBox(/** @type {ApiError} */ (fault), t("planner.not_done")));
    } finally {
      go.disabled = false;
    }
  });
  fill(dialog, form);
  if (!dialog.open) dialog.showModal();
}

/** @param {string} plan @param {(answer: any) => void} done */
export function returnDialog(plan, done) {
  const reason = h("textarea", { class: "input", name: "reason", required: true, maxlength: 2000 });
  open(t("planner.return_title"), [h("label", { class: "field" }, h("span", { class: "field__label" }, t("planner.return_reason")), reason)], {
    label: t("planner.act_return"),
    act: async () => done(await call(`${baseOf(plan)}/return`, { method: "POST", json: { reason: reason.value.trim() } })),
  });
}

/**
 * What changes hands, a moment, and the number of open cases typed by whoever publishes.
 * @param {string} plan @param {Map<string, any>} areas @param {Map<string, any>} today @param {(answer: any) => void} done
 */
export async function publishDialog(plan, areas, today, done) {
  open(t("planner.publish_title"), [loading(4)]);
  let impact;
  try {
    impact = await call(`${baseOf(plan)}/impact`, { timeoutMs: 60_000 });
  } catch (fault) {
    return open(t("planner.publish_title"), [failed(/** @type {ApiError} */ (fault), t("planner.impact_failed"), () => publishDialog(plan, areas, today, done))]);
  }
  const cases = impact.counts.open_incidents;
  const at = h("input", { class: "input", type: "datetime-local", name: "at" });
  const typed = h("input", { class: "input", name: "count", inputmode: "numeric", pattern: "[0-9]+", required: true, autocomplete: "off" });
  const counts = h("p", null, t("planner.impact_counts", { cases, entities: impact.counts.entities, addresses: impact.counts.addresses }));
  const fields = [
    counts,
    impact.pairs.length > 0 && pairsTable(impact.pairs, impact.codes, areas, today),
    h("p", { class: "small" }, h("a", { href: `${baseOf(plan)}/impact.gpkg` }, t("planner.impact_file"))),
    h("label", { class: "field" }, h("span", { class: "field__label" }, t("planner.publish_at")), at, h("span", { class: "field__hint" }, t("planner.publish_hint"))),
    h("label", { class: "field" }, h("span", { class: "field__label" }, t("planner.publish_typed", { n: cases })), typed, h("span", { class: "field__hint" }, t("planner.publish_typed_hint"))),
  ];
  open(t("planner.publish_title"), fields, {
    label: t("planner.act_publish"),
    act: async () => {
      const given = at.value ? parseMoment(at.value, zone) : null;
      const moment = given === null ? null : new Date(given).toISOString();
      done(await call(`${baseOf(plan)}/publish`, { method: "POST", json: { at: moment, count: Number(typed.value) }, timeoutMs: 120_000 }));
    },
  });
}

/** @param {any[]} pairs @param {Record<string, string>} codes @param {Map<string, any>} areas @param {Map<string, any>} today */
function pairsTable(pairs, codes, areas, today) {
  const draftCode = new Map(Object.entries(codes).map(([draft, final]) => [final, draft]));
  const name = (/** @type {string | null} */ code, /** @type {boolean} */ isNew) => (code ? nameOf(isNew ? areas.get(draftCode.get(code) ?? code) : today.get(code)) || code : t("planner.outside"));
  const rows = pairs.slice(0, SHOWN_PAIRS).map((pair) => h("tr", null, h("th", { scope: "row" }, `${name(pair.from, false)} → ${name(pair.to, true)}`), ["open_incidents", "entities", "households"].map((kind) => h("td", { class: "end" }, String(pair[kind] ?? 0)))));
  const heads = ["open_incidents", "entities", "households"].map((kind) => h("th", { scope: "col", class: "end" }, t(`planner.moves_${kind}`)));
  return h("div", null, h("table", { class: "rows" }, h("thead", null, h("tr", null, h("th", { scope: "col" }, t("planner.moves")), heads)), h("tbody", null, rows)), pairs.length > SHOWN_PAIRS && h("p", { class: "quiet small" }, t("planner.moves_more", { n: pairs.length - SHOWN_PAIRS })));
}

/**
 * Who is to be responsible for the leaves that have nobody.
 * @param {string} plan @param {string[]} codes @param {Map<string, any>} areas @param {() => void} done
 */
export async function staffDialog(plan, codes, areas, done) {
  open(t("planner.staff_title"), [loading(4)]);
  let known;
  try {
    known = await call(`${baseOf(plan)}/staff`);
  } catch (fault) {
    return open(t("planner.staff_title"), [failed(/** @type {ApiError} */ (fault), t("planner.staff_failed"), () => staffDialog(plan, codes, areas, done))]);
  }
  const holds = (/** @type {string} */ code, /** @type {string} */ role) => [...known.staff, ...known.today].find((one) => one.code === code && one.role === role)?.staff ?? "";
  /** @type {{code: string, role: string, select: HTMLSelectElement}[]} */
  const chosen = [];
  const groups = codes.map((code) => {
    const fields = ROLES.map((role) => {
      const select = h("select", { class: "input", name: `${code}.${role}`, required: true }, h("option", { value: "" }, t("planner.staff_choose")), known.people.map((/** @type {any} */ one) => h("option", { value: one.code, selected: one.code === holds(code, role) }, [one.name, one.post ?? one.org].filter(Boolean).join(" · "))));
      chosen.push({ code, role, select });
      return h("label", { class: "field" }, h("span", { class: "field__label" }, t(`planner.role_${role}`)), select);
    });
    return h("fieldset", { class: "staff" }, h("legend", null, nameOf(areas.get(code)) || code), fields);
  });
  open(t("planner.staff_title"), [h("p", { class: "quiet" }, t("planner.staff_words")), groups], {
    label: t("common.save"),
    act: async () => {
      const mine = chosen.filter(({ select }) => select.value).map(({ code, role, select }) => ({ code, role, staff: select.value }));
      const others = known.staff.filter((/** @type {any} */ one) => !codes.includes(one.code)).map((/** @type {any} */ { code, role, staff }) => ({ code, role, staff }));
      await call(`${baseOf(plan)}/staff`, { method: "PUT", json: { staff: [...others, ...mine] } });
      done();
    },
  });
}
