// Making transitions: one after the other, stopping at the first refusal. The same attempt sent again is the same row.
import { call, newId } from "../api.js";

/** @typedef {import("../api.js").ApiError} ApiError */
/** @typedef {{name: string, facts: Record<string, any>}} Step */
/** @typedef {{done: string[], item: any | null, fault: ApiError | null, failed: string | null}} Outcome */

/** Keys of attempts that had no answer yet. @type {Map<string, string>} */
const attempts = new Map();

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
    const body = { name: step.name, version, ...step.facts };
    const attempt = JSON.stringify([id, body]);
    const key = attempts.get(attempt) ?? newId();
    attempts.set(attempt, key);
    try {
      outcome.item = await call(`/api/v1/incidents/${id}/transitions`, { method: "POST", json: body, headers: { "Idempotency-Key": key } });
    } catch (reason) {
      const fault = /** @type {ApiError} */ (reason);
      if (!fault.unanswered) attempts.delete(attempt);
      return { ...outcome, fault, failed: step.name };
    }
    attempts.delete(attempt);
    outcome.done.push(step.name);
    version = outcome.item.properties.version;
  }
  return outcome;
}
