// What whoever handles, verifies or inspects a case may do with it, which fields each action asks for, and the requests it makes. Pure.
import { formatMoment, parseMoment } from "../map/town-clock.js";

const DAY_MS = 86_400_000;
const MOST_SUSPENDED_DAYS = 30;

/**
 * @typedef {{name: string, needs: string[], reasons: string[], to: string | null}} Offer a transition as the server lists it
 * @typedef {{name: string, kind: "words" | "reason" | "day" | "moment" | "photo" | "line", needed: boolean, label: string, reasons?: string[]}} Field
 * @typedef {object} Action
 * @property {string} id
 * @property {Offer[]} offers the transitions it chooses from; of `paper` those it makes one after the other
 * @property {boolean} choice whether the person chooses one of the offers
 * @property {Field[]} fields
 *
 * @typedef {Record<string, string>} Values by field; `choice` is the name of a transition
 */

/** @param {string} name @param {Field["kind"]} kind @param {boolean} [needed] @param {string} [label] @returns {Field} */
const field = (name, kind, needed = true, label = name) => ({ name, kind, needed, label });
// where no kind of reason is asked for, the words are the reason
const WHY = field("reason", "words", true, "reason_code");

/** In the order in which they stand; the first one that is offered is the main one. */
const ACTIONS = [
  { id: "reply", names: ["reply"], fields: [field("text", "words")] },
  { id: "verify", names: ["verify_found", "verify_absent", "verify_unclear"], fields: [field("text", "words"), field("photo_before", "photo", false)] },
  { id: "inspect", names: ["pass_inspection", "rework"], fields: [field("text", "words")] },
  { id: "sign", names: ["sign"], fields: [] },
  { id: "feed_back", names: ["feed_back"], fields: [field("photo_after", "photo"), field("text", "words"), field("public_text", "words", false)] },
  { id: "resume", names: ["resume"], fields: [WHY] },
  { id: "self_handle", names: ["self_handle"], fields: [field("photo_before", "photo"), field("photo_after", "photo"), field("text", "words")] },
  { id: "return", names: ["return"], fields: [field("reason_code", "reason"), field("reason", "words")] },
  { id: "ask_extension", names: ["ask_extension"], fields: [WHY] },
  { id: "ask_suspend", names: ["ask_suspend"], fields: [field("reason_code", "reason"), field("reason", "words"), field("review_on", "day")] },
  { id: "appeal", names: ["appeal"], fields: [WHY] },
  { id: "withdraw", names: ["withdraw"], fields: [WHY] },
];

/** What the state or the asking of others decides: it says little to whoever looks for a step. */
const PLAIN = new Set(["transition.not_from_here", "transition.not_yours", "transition.nothing_asked"]);

/** Names of the transitions that are made here; the others are the desk's. */
export const OWN = new Set(ACTIONS.flatMap(({ names }) => names));

/**
 * The actions that a case offers now. With a sign or a feedback comes the returned paper, which is both in one.
 * @param {Offer[]} offers
 * @returns {Action[]}
 */
export function actionsOf(offers) {
  const of = (/** @type {string[]} */ names) => names.flatMap((name) => offers.find((offer) => offer.name === name) ?? []);
  const found = ACTIONS.map(({ id, names, fields }) => {
    const own = of(names);
    return { id, offers: own, choice: names.length > 1, fields: fields.map((one) => (one.kind === "reason" ? { ...one, reasons: own[0]?.reasons ?? [] } : one)) };
  });
  const paper = paperOf(of(["sign", "feed_back"]));
  return [...found, ...(paper ? [paper] : [])].filter((action) => action.offers.length > 0);
}

/** A slip that came back signed and filled in, with the times written on it. @param {Offer[]} offers @returns {Action | null} */
function paperOf(offers) {
  if (offers.length === 0) return null;
  const signing = offers.some(({ name }) => name === "sign");
  const signed = signing ? [field("signer", "line"), field("signed_at", "moment")] : [];
  const handled = [field("handled_at", "moment"), field("photo_after", "photo"), field("text", "words")];
  return { id: "paper", offers, choice: false, fields: [...signed, ...handled] };
}

/**
 * Names of the fields that are needed and empty; `choice` where nothing was chosen.
 * @param {Action} action
 * @param {Values} values
 * @param {Record<string, unknown>} photos by field
 */
export function missing(action, values, photos) {
  const empty = action.fields.filter(({ name, kind, needed }) => needed && !(kind === "photo" ? photos[name] : values[name]?.trim()));
  return [...(action.choice && !values.choice ? ["choice"] : []), ...empty.map(({ name }) => name)];
}

/**
 * The requests of an action, in order; each stops those after it when it is refused. What stands in `then` of one is made with it or not at all.
 * @param {Action} action
 * @param {Values} values
 * @param {Record<string, string>} photos ids of photos that arrived, by field
 * @param {{version: number, state: string, zone: string}} seen the case as its actor saw it
 * @returns {Record<string, any>[]}
 */
export function requestsOf(action, values, photos, { version, state, zone }) {
  if (action.id === "paper") return paperRequests(values, photos, { version, state, zone });
  const name = action.choice ? values.choice : action.offers[0].name;
  const words = Object.fromEntries(action.fields.filter(({ kind }) => kind !== "photo").map((one) => [one.name, (values[one.name] ?? "").trim()]));
  // what is wrong is the reason of a rework
  const facts = name === "rework" ? { reason: words.text } : words;
  return [{ name, version, ...filled(facts), ...photos }];
}

/** @param {Values} values @param {Record<string, string>} photos @param {{version: number, state: string, zone: string}} seen */
function paperRequests(values, photos, { version, state, zone }) {
  const at = (/** @type {string} */ local) => new Date(parseMoment(local, zone) ?? NaN).toISOString();
  const sign = { name: "sign", version, text: values.signer?.trim(), happened_at: values.signed_at && at(values.signed_at) };
  const feedBack = { name: "feed_back", text: values.text.trim(), happened_at: at(values.handled_at), ...photos };
  return [state === "dispatched" ? { ...filled(sign), then: [feedBack] } : { ...feedBack, version }];
}

/** The times of a returned slip, by the step whose time they are. @type {Record<string, string>} */
const PAPER_TIMES = { sign: "signed_at", feed_back: "handled_at" };

/**
 * The field of the form that a fault of the server means; none when it means no single one.
 * @param {Action} action
 * @param {{field: string, step?: string}} fault
 * @returns {string | null}
 */
export function faultyField(action, fault) {
  const told = fault.field.replace(/^(then\.\d+\.)?(facts\.)?/, "");
  const name = told === "happened_at" ? PAPER_TIMES[fault.step ?? ""] : told;
  return action.fields.some((one) => one.name === name) ? name : null;
}

/** @param {Record<string, any>} facts */
const filled = (facts) => Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== "" && value !== undefined));

/**
 * The days that a review may lie on: from tomorrow, thirty at most, on the town's calendar.
 * @param {number} now milliseconds
 * @param {string} zone
 */
export function reviewDays(now, zone) {
  const day = (/** @type {number} */ ahead) => formatMoment(now + ahead * DAY_MS, zone).slice(0, 10);
  return { first: day(1), last: day(MOST_SUSPENDED_DAYS) };
}

/**
 * What is kept back, the telling reasons first: a step that the state does not allow says little.
 * @param {{name: string, code: string}[]} blocked
 */
export function keptBack(blocked) {
  // what is the reporter's alone is nothing to whoever did not report it
  const own = blocked.filter(({ name, code }) => OWN.has(name) && code !== "transition.not_reporter");
  return { told: own.filter(({ code }) => !PLAIN.has(code)), rest: own.filter(({ code }) => PLAIN.has(code)) };
}
