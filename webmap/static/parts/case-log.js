// A row of a case's log as a sentence: who did what, from which state to which or through which channel, and why.
import { has, t } from "../i18n.js";
import { exactly } from "../time.js";

/**
 * @typedef {object} LogRow
 * @property {string} name
 * @property {string | null} from_state
 * @property {string | null} to_state
 * @property {string | null} [actor]
 * @property {string | null} [actor_org]
 * @property {string | null} [reason]
 * @property {Record<string, any> | null} [facts]
 */

/** What the fields of a correction are called; those of the place are one. @type {Record<string, string>} */
const FIELDS = {
  title: "incident.field_title",
  description: "incident.field_description",
  category_id: "incident.fact_category",
  platform_code: "incident.suggest_platform",
  lead_org_id: "incident.fact_lead",
  urgency: "incident.fact_urgency",
  geom: "incident.place",
  grid_id: "incident.place",
  grid_now_id: "incident.place",
  triage_reason: "incident.place",
  place_level: "incident.place",
};

/**
 * @param {LogRow} row
 * @param {string} channel of the case: a report by nobody known came from the public, or from a program
 */
export function logSentence(row, channel) {
  const did = didWhat(row);
  const who = whoDid(row, channel);
  return {
    words: who ? t("incident.log_by", { who, did }) : did,
    detail: row.name === "report" ? throughWhat(channel) : change(row),
    reason: [scoreOf(row), said(row), row.facts?.text, fromPaper(row)].filter(Boolean).map((part) => part.replace(/[。.]+$/u, "")).join(t("common.stop")),
  };
}

/** The kind of reason and the words; what the system gives is a kind only. @param {LogRow} row */
export function reasonOf({ reason, facts }) {
  const kinds = [facts?.reason_code, reason].filter((code) => code && has(`loop.reason_${code}`));
  return [...new Set(kinds.map((code) => t(`loop.reason_${code}`))), kinds.includes(reason) ? "" : reason].filter(Boolean).join(t("common.comma"));
}

/** @param {LogRow} row */
function said(row) {
  const reason = reasonOf(row);
  return reason && t("incident.log_reason", { reason });
}

/** What was answered when the case was evaluated. @param {LogRow} row */
function scoreOf({ name, facts }) {
  if (name !== "evaluate" || facts?.score === undefined) return "";
  const satisfied = facts.satisfied === undefined || facts.satisfied === null ? "" : t(facts.satisfied ? "loop.satisfied" : "loop.not_satisfied");
  return [t("loop.scored", { score: facts.score }), satisfied].filter(Boolean).join(t("common.comma"));
}

/** When it really happened, where it was entered from the returned paper. @param {LogRow} row */
const fromPaper = ({ facts }) => (facts?.happened_at ? t("loop.from_paper", { time: exactly(facts.happened_at) }) : "");

/** How a report came in, where that is not said already. @param {string} channel */
const throughWhat = (channel) => (channel !== "public" && has(`common.channel_${channel}`) ? t(`common.channel_${channel}`) : "");

/** From which state to which, where it changed. @param {LogRow} row */
function change({ from_state, to_state }) {
  return from_state && to_state && from_state !== to_state ? `${t(`common.state_${from_state}`)} → ${t(`common.state_${to_state}`)}` : "";
}

/** A correction of nothing but the place is a placing. @param {LogRow} row */
function didWhat(row) {
  if (has(`loop.did_${row.name}`)) return t(`loop.did_${row.name}`);
  if (row.name !== "correct") return t(`incident.log_${row.name}`);
  const fields = [...new Set(Object.keys(row.facts ?? {}).flatMap((name) => FIELDS[name] ?? []))];
  if (fields.length === 0) return t("incident.log_correct");
  if (fields.every((key) => key === "incident.place")) return t("incident.log_place");
  return t("incident.log_corrected", { fields: fields.map((key) => t(key)).join(t("common.comma")) });
}

/** The person with its organisation; nobody for what a file says has happened, but for the import itself. @param {LogRow} row @param {string} channel */
function whoDid(row, channel) {
  if (row.facts?.imported && row.name !== "import") return "";
  if (row.actor && row.actor_org) return t("incident.log_person", { name: row.actor, org: row.actor_org });
  if (row.actor) return row.actor;
  if (row.facts?.by === "reporter") return t("incident.log_reporter");
  return t(["report", "photo"].includes(row.name) && channel === "public" ? "incident.log_public" : "incident.log_system");
}
