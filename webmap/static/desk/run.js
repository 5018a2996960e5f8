// Making transitions: one after the other, stopping at the first refusal. The same attempt sent again, after a reload too, is the same row.
import { call, newId } from "../api.js";
import { ownRecord } from "../parts/own-record.js";
import { maybeArrived } from "./plan.js";

/** @typedef {import("../api.js").ApiError} ApiError */
/** @typedef {{name: string, facts: Record<string, any>}} Step */
/** @typedef {{done: string[], item: any | null, fault: ApiError | null, failed: string | null}} Outcome */

/** Attempts that had no answer yet, with the key and the version they went with: they may have arrived. @type {ReturnType<typeof ownRecord<{key: string, version: number, at: number}>>} */
const attempts = ownRecord("sent");

/**
 * @param {string} id
 * @param {number} version that the person looked at
 * @param {Step[]} steps
 * @returns {Promise<Outcome>} what was done, the case after it, and the refusal that stopped it
 */
export async function perform(id, version, steps) {
  /** @type {Outcome} */
  const outcome = { done: [], item: null, fault: null, failed: null };
  for (const step of steps) {
    const attempt = JSON.stringify([id, step]);
    const before = attempts.all()[attempt];
    const sent = maybeArrived(before, version) ? before : { key: newId(), version };
    attempts.set(attempt, sent);
    try {
      const json = { name: step.name, version: sent.version, ...step.facts };
      outcome.item = await call(`/api/v1/incidents/${id}/transitions`, { method: "POST", json, headers: { "Idempotency-Key": sent.key } });
    } catch (reason) {
      const fault = /** @type {ApiError} */ (reason);
      if (!fault.unanswered) attempts.drop(attempt);
      return { ...outcome, fault, failed: step.name };
    }
    attempts.drop(attempt);
    outcome.done.push(step.name);
    version = outcome.item.properties.version;
  }
  return outcome;
}
