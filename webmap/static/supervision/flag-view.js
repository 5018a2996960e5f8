// One flag: what the rule found, the accountability record, the next step, and its case with log and clocks.
import { call, newId } from "../api.js";
import { fill, h, icon } from "../dom.js";
import { t } from "../i18n.js";
import { limits, log } from "../pages/incident-side.js";
import { failed, faultBox, loading } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { exactly, when } from "../time.js";
import { stateTag } from "./flag-list.js";
import { against, basisPairs, flagMark, momentsOf } from "./flag-words.js";

/** @param {string} title @param {any} extra @param {...any} children */
const section = (title, extra, ...children) => h("section", { class: "panel-section" }, h("h2", null, title, extra && h("small", null, extra)), ...children);

/**
 * @param {HTMLElement} element
 * @param {{onChanged: () => void, back: () => Node}} page
 */
export function flagView(element, { onChanged, back }) {
  let run = 0;

  /** @param {string} id @param {{words?: string, notice?: Node | null, quiet?: boolean}} [kept] what was typed, and why it is still here */
  async function show(id, kept = {}) {
    const mine = ++run;
    if (!kept.quiet) fill(element, loading(6));
    try {
      const flag = await call(`/api/v1/flags/${id}`);
      if (mine === run) draw(flag, kept);
    } catch (fault) {
      if (mine === run) fill(element, back(), failed(/** @type {any} */ (fault), t("supervision.flag_failed"), () => show(id, kept)));
    }
  }

  /** @param {any} flag @param {{words?: string, notice?: Node | null}} kept */
  function draw(flag, kept) {
    fill(
      element,
      h(
        "article",
        { class: "one", "data-flag": flag.id },
        head(flag),
        h("div", { class: "one__main" }, found(flag), record(flag), step(flag, kept)),
        h("div", { class: "one__side" }, caseSide(flag)),
      ),
    );
    markBasis(element, flag.basis);
  }

  /** @param {any} flag */
  function head(flag) {
    const issued = flag.state === "issued" || flag.state === "lifted";
    return h(
      "header",
      { class: "one__head" },
      h(
        "div",
        null,
        back(),
        h("h2", null, flagMark(flag), t("supervision.entry", { colour: t(`supervision.colour_${flag.colour}`), rule: t(`supervision.rule_${flag.rule}`) }), stateTag(flag)),
        h("p", null, t("supervision.against", { org: against(flag) }), t("common.comma"), t("supervision.proposed", { time: when(flag.created_at) })),
      ),
      h(
        "div",
        { class: "one__acts" },
        issued && h("a", { class: "button", href: `/supervision/flags/${flag.id}/notice` }, icon("print"), t("supervision.notice")),
        flag.incident_id && flag.case && h("a", { class: "button", href: `/incidents/${flag.incident_id}` }, t("supervision.open_case")),
      ),
    );
  }

  /** @param {any} flag @param {{words?: string, notice?: Node | null}} kept */
  function step(flag, kept) {
    if (!flag.allowed.length) return null;
    const words = h("textarea", { class: "input", id: "words", name: "words", maxlength: 2000, required: true, "aria-describedby": "words-hint" });
    words.value = kept.words ?? "";
    const trouble = h("div", { "aria-live": "assertive" }, kept.notice);
    const act = async (/** @type {string} */ name, /** @type {HTMLButtonElement} */ button) => {
      if (!words.value.trim()) {
        fill(trouble, h("p", { class: "field__fault" }, t("supervision.words_missing")));
        words.setAttribute("aria-invalid", "true");
        return words.focus();
      }
      button.classList.add("is-busy");
      button.disabled = true;
      await send(flag, name, words.value, trouble);
      button.classList.remove("is-busy");
      button.disabled = false;
    };
    const buttons = flag.allowed.map((/** @type {string} */ name, /** @type {number} */ n) =>
      h("button", { type: "button", class: `button${n === 0 ? " button--main" : ""}`, "data-step": name, onclick: (/** @type {Event} */ event) => act(name, /** @type {HTMLButtonElement} */ (event.currentTarget)) }, t(`supervision.step_${name}`)),
    );
    return section(
      t(`supervision.next_${flag.allowed[0]}`),
      null,
      h(
        "div",
        { class: "decide" },
        h("label", { class: "field" }, h("span", { class: "visually-hidden" }, t(`supervision.words_${flag.allowed[0]}`)), words),
        h("p", { class: "quiet small", id: "words-hint" }, t(`supervision.hint_${flag.allowed[0]}`)),
        trouble,
        h("div", { class: "decide__acts" }, buttons),
      ),
    );
  }

  /** @param {any} flag @param {string} name @param {string} words @param {HTMLElement} trouble */
  async function send(flag, name, words, trouble) {
    try {
      const after = await call(`/api/v1/flags/${flag.id}/steps`, { method: "POST", json: { name, version: flag.version, words }, headers: { "Idempotency-Key": newId() } });
      toast(t(`supervision.did_${name}`));
      draw(after, {});
      element.focus({ preventScroll: true });
      onChanged();
    } catch (reason) {
      const fault = /** @type {import("../api.js").ApiError} */ (reason);
      const box = fault.detail?.state ? refused(flag, fault, name) : faultBox(fault, t(`supervision.not_${name}`));
      if (fault.detail?.state) await show(flag.id, { words, notice: box, quiet: true });
      else fill(trouble, box);
      if (!element.contains(box)) element.prepend(box);
      onChanged();
    }
  }

  return { show };
}

/** Who was first, both versions, and that the words are still here. @param {any} seen @param {import("../api.js").ApiError} fault @param {string} name */
function refused(seen, fault, name) {
  const { last, state, version } = fault.detail;
  const version_words = (/** @type {string} */ code, /** @type {number} */ n) => t("loop.state_version", { state: t(`supervision.state_${code}`), n });
  return h(
    "div",
    { class: "fault", role: "alert", "data-refused": fault.code },
    h("strong", null, t(`supervision.not_${name}`)),
    last ? t("loop.changed_by", { who: last.actor ?? t("incident.log_system"), did: t(`supervision.log_${last.name}`), time: when(last.at) }) : fault.words,
    h("dl", { class: "pairs" }, h("dt", null, t("loop.you_saw")), h("dd", null, version_words(seen.state, seen.version)), h("dt", null, t("loop.is_now")), h("dd", null, version_words(state, version))),
    h("small", null, t("supervision.kept")),
  );
}

/** @param {any} flag */
function found(flag) {
  return section(
    t("supervision.found"),
    t("supervision.found_fixed"),
    h("p", { class: "quiet" }, t(`supervision.about_${flag.rule}`)),
    h("dl", { class: "pairs" }, basisPairs(flag).map(([name, value]) => [h("dt", null, name), h("dd", null, value)])),
    flag.basis.cases?.length > 0 &&
      h("ul", { class: "said" }, flag.basis.cases.map((/** @type {any} */ one) => h("li", null, t("supervision.photo_of"), " ", h("a", { href: `/incidents/${one.id}` }, one.case_no)))),
    flag.counted.length > 0 &&
      h("ul", { class: "said" }, flag.counted.map((/** @type {any} */ one) => h("li", null, h("a", { href: `/supervision?id=${one.id}` }, t(`supervision.rule_${one.rule}`), " ", one.case_no ?? ""), " ", h("span", { class: "quiet" }, when(one.decided_at))))),
  );
}

/** Decision, reply, lifting, appeal; each with who and when. @param {any} flag */
function record(flag) {
  const appeal = flag.appeal && flag.appeal !== "none" ? t(`supervision.appeal_${flag.appeal}`) : "";
  return section(
    t("supervision.record"),
    t("incident.log_only_grows"),
    appeal && h("p", { class: "hint" }, appeal, flag.incident_id && [" ", h("a", { href: `/incidents/${flag.incident_id}` }, t("supervision.open_case"))]),
    h(
      "div",
      null,
      flag.log.map((/** @type {any} */ row) =>
        h(
          "div",
          { class: "said", "data-step-done": row.name },
          h("div", null, h("b", null, t(`supervision.log_${row.name}`)), " ", h("small", null, row.actor ?? t("incident.log_system"), " ", h("time", { datetime: row.at, title: exactly(row.at) }, exactly(row.at)))),
          row.words && h("p", null, row.words),
        ),
      ),
    ),
  );
}

/** @param {any} flag */
function caseSide(flag) {
  const item = flag.case;
  if (!item) return section(t("supervision.case"), null, h("p", { class: "quiet" }, t(flag.incident_id ? "supervision.case_hidden" : "supervision.case_none")));
  return [
    section(
      t("supervision.case"),
      item.case_no,
      h("p", null, h("a", { class: "case-link", href: `/incidents/${item.id}` }, item.title)),
      h("p", { class: "quiet" }, t(`common.state_${item.state}`), t("common.comma"), item.lead_org_name ?? t("supervision.desk"), item.supervision_level > 0 && [t("common.comma"), t("supervision.level", { n: item.supervision_level })]),
    ),
    limits(item),
    log(item),
  ];
}

/** @param {HTMLElement} element @param {Record<string, any>} basis */
function markBasis(element, basis) {
  const moments = momentsOf(basis);
  for (const time of element.querySelectorAll(".log time")) {
    time.closest("li")?.classList.toggle("is-basis", moments.has(Date.parse(/** @type {HTMLTimeElement} */ (time).dateTime)));
  }
}
