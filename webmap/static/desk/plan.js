// What can be done with a case now: the main action, the others in their order, and what is missing and why. Pure.

/** @typedef {import("../pages/incident-view.js").Case} Case */
/** @typedef {{category: string, urgency: string, lead_org: string, co_orgs: string[]}} Draft what the desk would file and dispatch */
/** @typedef {{names: string[], form: string | null, missing: string | null}} Main */

/** Steps that lead on from a state, one after the other. @type {Record<string, string[]>} */
const ONWARD = {
  reported: ["accept", "file", "dispatch"],
  accepted: ["file", "dispatch"],
  filed: ["dispatch"],
  returned: ["redispatch"],
};

/** Single steps that are the main one when they are offered, the most pressing first. */
const LEADING = ["suspend", "extend", "close", "pass_inspection", "decide_appeal"];

/** The order of buttons; what is not named comes after, what is rare stands behind 其他. */
const ORDER = [
  "accept", "receive", "ask_verify", "merge", "decline", "verify_found", "verify_absent", "verify_unclear", "file", "dispatch", "redispatch", "reclassify",
  "pass_inspection", "close", "rework", "suspend", "deny_suspend", "extend", "deny_extension", "remind", "supervise", "resume",
  "county_return", "send_down", "county_result", "evaluate", "reopen", "decide_appeal",
];
const RARE = new Set(["escalate", "lower", "transfer_up", "ask_void", "unask_void", "void", "unmerge", "withdraw"]);
/** What an organisation does with its own cases is done in its inbox, photos and paper included. */
const INBOX = new Set(["sign", "feed_back", "self_handle", "return", "ask_suspend", "ask_extension", "reply", "appeal"]);

/** The letter of a transition. @type {Record<string, string>} */
export const LETTERS = { accept: "a", ask_verify: "v", merge: "m", decline: "d" };

/**
 * Whether a step that got no answer may be the one that is asked for now: nothing but itself has happened since.
 * @param {{version: number} | undefined} sent
 * @param {number} version of the case now
 */
export const maybeArrived = (sent, version) => sent !== undefined && version - sent.version <= 1;

/** The asking that a step decides on. @type {Record<string, string>} */
export const ASKED = {
  suspend: "ask_suspend", deny_suspend: "ask_suspend", extend: "ask_extension", deny_extension: "ask_extension",
  void: "ask_void", decide_appeal: "appeal",
};

/** @param {Case} item @returns {string[]} */
export const offered = (item) => (item.transitions ?? []).map((/** @type {any} */ one) => one.name);

/** Whether its category, lead and helpers are still to be decided here. @param {Case} item */
export const isUndecided = (item) => item.state in ONWARD && offered(item).some((name) => ["accept", "file", "dispatch", "redispatch", "reclassify"].includes(name));

/**
 * The main action: as many steps in a row as this person may make, or one single step.
 * @param {Case} item
 * @param {Draft} draft
 * @param {(permission: string) => boolean} may
 * @returns {Main | null}
 */
export function mainAction(item, draft, may) {
  const can = offered(item);
  const steps = stepsOnward(item, draft, may);
  if (steps.length && can.includes(steps[0])) {
    return { names: steps, form: steps[0] === "reclassify" ? "reclassify" : null, missing: missingFor(steps, draft) };
  }
  const single = LEADING.find((name) => can.includes(name));
  return single ? { names: [single], form: single, missing: null } : null;
}

/** @param {Case} item @param {Draft} draft @param {(permission: string) => boolean} may */
function stepsOnward(item, draft, may) {
  const steps = ONWARD[item.state] ?? [];
  // another category than the one it was filed under is filed again
  if (["filed", "returned"].includes(item.state) && draft.category && draft.category !== item.category && offered(item).includes("reclassify")) {
    return ["reclassify", "file", ...(may("dispatch") ? ["dispatch"] : [])];
  }
  const until = steps.findIndex((name, i) => i > 0 && (!may(name) || (name === "file" && item.lon === null)));
  return until < 0 ? steps : steps.slice(0, until);
}

/** @param {string[]} steps @param {Draft} draft */
function missingFor(steps, draft) {
  if (steps.includes("file") && !draft.category) return "transition.category_missing";
  return steps.some((name) => name.endsWith("dispatch")) && !draft.lead_org ? "transition.lead_missing" : null;
}

/**
 * The facts that a step takes from what was decided.
 * @param {string} name
 * @param {Draft} draft
 * @returns {Record<string, any>}
 */
export function decided(name, draft) {
  if (name === "file") return { category: draft.category, urgency: draft.urgency };
  if (name === "reclassify") return { category: draft.category, urgency: draft.urgency };
  return name === "dispatch" || name === "redispatch" ? { lead_org: draft.lead_org, co_orgs: draft.co_orgs } : {};
}

/**
 * Buttons beside the main one, those that are rare, and what is done in the inbox.
 * @param {Case} item
 * @param {Main | null} main
 */
export function buttons(item, main) {
  const alone = main?.names.length === 1 ? main.names[0] : "";
  const place = (/** @type {string} */ name) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  const rest = offered(item).filter((name) => name !== alone && !INBOX.has(name)).sort((a, b) => place(a) - place(b));
  return { usual: rest.filter((name) => !RARE.has(name)), rare: rest.filter((name) => RARE.has(name)), inbox: offered(item).filter((name) => INBOX.has(name)) };
}

/**
 * What this person's account could do, but not now, with the reason; steps of other states say nothing here.
 * @param {Case} item
 * @returns {{name: string, code: string}[]}
 */
export function missing(item) {
  const told = (item.blocked ?? []).filter((/** @type {any} */ one) => !["transition.not_from_here", "transition.not_reporter", "transition.not_asker", "transition.nothing_asked", "transition.no_such_level", "transition.not_from_above"].includes(one.code));
  const unfiled = ["reported", "accepted"].includes(item.state) && (item.blocked ?? []).some((/** @type {any} */ one) => one.name === "dispatch");
  return unfiled ? [{ name: "dispatch", code: "desk.first_file" }, ...told] : told;
}

/**
 * What the case would be filed as: what is decided already, else what the rules suggest, else what the category brings.
 * @param {Case} item
 * @param {Map<string, any>} categories by code
 * @returns {Draft}
 */
export function draftOf(item, categories) {
  const suggested = item.suggestion ?? {};
  const code = item.category || suggested.category || "";
  const category = categories.get(code);
  const sent = ["dispatched", "returned", "handling"].includes(item.state);
  return {
    category: code,
    urgency: item.urgency,
    lead_org: item.lead_org || suggested.lead_org || category?.lead_org || "",
    co_orgs: sent ? (item.co_orgs ?? []).map((/** @type {any} */ org) => org.code) : category?.co_orgs ?? [],
  };
}
