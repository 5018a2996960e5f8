// How a report goes on, by its query code. The code stands behind # only: that part of an address is never sent anywhere.
import { ApiError, call } from "../api.js";
import { fill, find, h, icon } from "../dom.js";
import { has, lang, t } from "../i18n.js";
import { failed } from "../parts/states.js";
import { exactly, when } from "../time.js";
import { answers } from "./progress-answers.js";
import { codeOf, steps } from "./progress-steps.js";
import { sentReports } from "./report-draft.js";

const input = /** @type {HTMLInputElement} */ (find("#code"));
const result = find("#result");
const fault = find("#code-fault");
let run = 0;

find("#ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const code = codeOf(input.value);
  fault.textContent = code.length < 8 ? t("progress.code_short") : "";
  if (fault.textContent) return input.focus();
  if (location.hash === `#${code}`) ask();
  else location.hash = code;
});
addEventListener("hashchange", ask);
showMine();
ask();

async function ask() {
  const mine = ++run;
  const code = codeOf(decodeURIComponent(location.hash.slice(1)));
  keepFragment();
  if (!code) return fill(result);
  input.value = code;
  fault.textContent = "";
  fill(result, h("p", { class: "quiet", role: "status", "data-state": "loading" }, t("state.loading")));
  try {
    const told = await call("/api/v1/progress", { method: "POST", json: { code } });
    if (mine === run) draw(code, told);
  } catch (reason) {
    if (mine === run) fill(result, h("div", { class: "card" }, failed(/** @type {ApiError} */ (reason), t("progress.not_shown"), ask)));
  }
}

/** The other language shows the same report. */
function keepFragment() {
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll("a[hreflang]"))) link.hash = location.hash;
}

/** @param {string} code @param {any} told */
function draw(code, told) {
  fill(
    result,
    h(
      "section",
      { class: "card progress", "data-stage": told.stage ?? told.ended },
      h("div", { class: "progress__head" }, h("h2", { tabindex: "-1" }, told.title), h("p", { class: "quiet" }, `${t("report.case_no")} ${told.case_no} · ${t("progress.reported", { time: when(told.reported_at) })}`)),
      h("p", { class: "progress__now" }, nowWords(told)),
      picture(told),
      facts(told),
    ),
    answers(code, told, (after) => {
      draw(code, after);
      /** @type {HTMLElement | null} */ (result.querySelector("h2"))?.focus();
    }),
  );
}

/** Where it stands, in one sentence. @param {any} told */
function nowWords(told) {
  if (told.ended === "declined") return told.decline_reason === "withdrawn" ? t("progress.withdrawn") : t("progress.declined", { reason: reasonWords(told.decline_reason) });
  if (told.ended) return t("progress.voided");
  if (told.suspended) return t("progress.suspended");
  return t(`progress.now_${told.stage}`, { org: told.org ?? t("progress.some_org") });
}

/** @param {string | null} code */
const reasonWords = (code) => (code && has(`loop.reason_${code}`) ? t(`loop.reason_${code}`) : t("loop.reason_other"));

/** @param {any} told */
function picture(told) {
  const all = steps(told);
  const step = (/** @type {ReturnType<typeof steps>[number]} */ { name, state, at }, /** @type {number} */ i) =>
    h(
      "li",
      { class: `step step--${state}`, "data-step": name, "aria-current": state === "now" ? "step" : null },
      h("span", { class: "step__mark" }, state === "done" ? icon("check") : String(i + 1)),
      h("b", null, t(`progress.step_${name}`)),
      h("span", { class: "step__time" }, at ? h("time", { datetime: at, title: exactly(at) }, when(at)) : t(`progress.state_${state}`)),
    );
  return h("ol", { class: "steps", "aria-label": t("progress.steps") }, all.map(step));
}

/** @param {any} told */
function facts(told) {
  const platform = lang === "en" ? told.platform_en || told.platform : told.platform;
  const running = !told.ended && ["received", "accepted", "filed", "dispatched", "handled"].includes(told.stage);
  const row = (/** @type {string} */ name, /** @type {any} */ value) => value && [h("dt", null, t(`progress.${name}`)), h("dd", null, value)];
  return [
    told.merged && h("p", { class: "hint" }, t("progress.merged")),
    told.answer && h("div", { class: "progress__answer" }, h("h3", null, t("progress.answer")), h("p", { class: "pre" }, told.answer)),
    h("dl", { class: "pairs" }, row("platform", platform), row("org", told.org), running && row("due", when(told.due_at)), row("score", told.score && t(`progress.score_${told.score}`)), told.reopen_count > 0 && row("reopened", t("progress.times", { n: told.reopen_count }))),
  ];
}

function showMine() {
  const mine = sentReports().filter(({ query_code }) => query_code);
  const box = find("#mine");
  box.hidden = mine.length === 0;
  fill(box, h("h2", null, t("report.mine")), h("ul", null, mine.map((one) => h("li", null, h("a", { href: `#${one.query_code}` }, h("b", null, one.title)), h("span", { class: "quiet" }, when(one.at))))));
}
