// What each transition asks for: fields, their order, what they begin with, and the facts they become. Pure.

/** @typedef {import("../pages/incident-view.js").Case} Case */
/** @typedef {"words" | "long" | "reason_code" | "date" | "level" | "share" | "score" | "yes" | "condition" | "verifier" | "into" | "outcome" | "category" | "typed"} Kind */
/** @typedef {{key: string, kind: Kind, required: boolean}} Field */

/** Fields by transition; `?` is optional, `kind:` where it is not the key. @type {Record<string, string>} */
const FIELDS = {
  decline: "reason_code reason public_text?",
  ask_verify: "verifier_id",
  merge: "into",
  unmerge: "reason",
  verify_found: "text", verify_unclear: "text", verify_absent: "text",
  withdraw: "reason",
  reclassify: "category reason",
  suspend: "review_on", deny_suspend: "reason", resume: "reason",
  extend: "share", deny_extension: "reason",
  receive: "external_ref", escalate: "reason", lower: "reason", transfer_up: "reason external_ref",
  county_return: "reason", send_down: "reason", county_result: "text public_text?",
  rework: "reason", pass_inspection: "text", close: "condition_met public_text?",
  evaluate: "score satisfied?", reopen: "reason",
  decide_appeal: "outcome reason",
  ask_void: "reason typed", unask_void: "reason", void: "reason typed",
  supervise: "level reason", remind: "text",
};

/** @type {Record<string, Kind>} */
const KINDS = {
  reason: "long", text: "long", public_text: "long", external_ref: "words", reason_code: "reason_code", review_on: "date", level: "level",
  share: "share", score: "score", satisfied: "yes", condition_met: "condition", verifier_id: "verifier", into: "into", outcome: "outcome", category: "category", typed: "typed",
};
const NUMBERS = new Set(["level", "share", "score", "verifier_id"]);

/** @param {string} name @returns {Field[]} empty for a step that asks nothing */
export function fieldsOf(name) {
  return (FIELDS[name] ?? "").split(" ").filter(Boolean).map((text) => {
    const key = text.replace("?", "");
    return { key, kind: KINDS[key], required: !text.endsWith("?") };
  });
}

/** The field that ready replies of the town fill. @param {string} name */
export const replyField = (name) => {
  const keys = fieldsOf(name).map((field) => field.key);
  return ["public_text", "text", "reason"].find((key) => keys.includes(key)) ?? null;
};

/**
 * What a form begins with.
 * @param {string} name
 * @param {Case} item
 * @returns {Record<string, any>}
 */
export function begin(name, item) {
  const asked = (/** @type {string} */ of) => (item.log ?? []).findLast((/** @type {any} */ row) => row.name === of)?.facts ?? {};
  if (name === "merge") return { into: (item.duplicates ?? []).find((/** @type {any} */ one) => one.is_open)?.case_no ?? "" };
  if (name === "suspend") return { review_on: asked("ask_suspend").review_on ?? "" };
  if (name === "extend") return { share: String(asked("ask_extension").share ?? 1) };
  if (name === "supervise") return { level: String(Math.min(3, (item.supervision_level ?? 0) + 1)) };
  if (name === "receive") return { external_ref: item.county_ref ?? "" };
  if (name === "evaluate") return { score: "5", satisfied: true };
  return {};
}

/**
 * The first field that still wants something; null when all is there.
 * @param {string} name
 * @param {Record<string, any>} values
 * @param {Case} item
 */
export function wanting(name, values, item) {
  const bad = (/** @type {Field} */ { key, required }) => {
    if (key === "typed") return values.typed?.trim() !== tail(item.case_no);
    return required && (values[key] === undefined || values[key] === false || String(values[key]).trim() === "");
  };
  return fieldsOf(name).find(bad)?.key ?? null;
}

/** What is typed to void a case: the last four digits of its number. @param {string} caseNo */
export const tail = (caseNo) => caseNo.slice(-4);

/**
 * The facts of a form as the server takes them.
 * @param {string} name
 * @param {Record<string, any>} values
 * @returns {Record<string, any>}
 */
export function factsOf(name, values) {
  const given = fieldsOf(name).filter(({ key }) => key !== "typed" && values[key] !== undefined && values[key] !== "");
  return Object.fromEntries(given.map(({ key }) => [key, NUMBERS.has(key) ? Number(values[key]) : typeof values[key] === "string" ? values[key].trim() : values[key]]));
}
