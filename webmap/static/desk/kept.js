// What is being written at the desk, by case: it outlives drawing, conflict, a look at another case and a reload, until the server has it.
import { ownRecord } from "../parts/own-record.js";

/**
 * @typedef {object} Kept
 * @property {string} open the transition whose form is open
 * @property {string[]} steps what is done with it
 * @property {Record<string, Record<string, any>>} values of the fields, by transition
 * @property {{fault: import("../api.js").ApiError, title: string, seen: {state: string, version: number}} | null} refused
 *
 * @typedef {{version: number, open: string, steps: string[], values: Kept["values"], draft: import("./plan.js").Draft, at: number}} Written
 * @typedef {{version: number, words: Record<string, string>, at: number}} Wording
 */

/** @type {ReturnType<typeof ownRecord<Written>>} */
const record = ownRecord("desk");
/** @type {ReturnType<typeof ownRecord<Wording>>} */
export const wordings = ownRecord("words");
/** @type {Map<string, Kept>} */
const kept = new Map();

/** What is written on a case; steps that were to follow are those of the version they were chosen for. @param {{id: string, version: number}} item @returns {Kept} */
export function keptOf({ id, version }) {
  const known = kept.get(id);
  if (known) return known;
  const { open = "", steps = [], values = {}, version: seen } = record.all()[id] ?? {};
  const now = { open, steps: seen === version ? steps : [open].filter(Boolean), values, refused: null };
  kept.set(id, now);
  return now;
}

/** Whether something of this case is being written. @param {string} id */
export const isWriting = (id) => Boolean(kept.get(id)?.open);

/** @param {{id: string, version: number}} item @param {import("./plan.js").Draft} draft */
export function keep({ id, version }, draft) {
  const { open, steps, values } = /** @type {Kept} */ (kept.get(id));
  record.set(id, { version, open, steps, values, draft });
}

/** The decision that was begun on this version of a case. @param {{id: string, version: number}} item @returns {import("./plan.js").Draft | null} */
export function keptDraft({ id, version }) {
  const written = record.all()[id];
  return written?.version === version ? written.draft : null;
}

/** @param {string} id */
export function forget(id) {
  kept.delete(id);
  record.drop(id);
}
