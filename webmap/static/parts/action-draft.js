// What was typed for an action on a case, kept in the browser until the server has taken it.
import { call } from "../api.js";
import { ownRecord } from "./own-record.js";
import { photoStore } from "./photo-store.js";

/**
 * @typedef {object} Draft
 * @property {Record<string, string>} values
 * @property {Record<string, {id: string, name: string, photo_id?: string, distance_m?: number | null}>} photos by field; photo_id once it arrived
 * @property {{requests: Record<string, any>[], keys: string[], done: number} | null} sent what is under way, with the keys that make a retry the same
 * @property {number} at milliseconds
 */

export const photos = photoStore("onegrid-action");

/** @type {ReturnType<typeof ownRecord<Draft>>} */
const drafts = ownRecord("action");

/** @returns {Draft} */
const blank = () => ({ values: {}, photos: {}, sent: null, at: Date.now() });

/** @param {string} incident @param {string} action */
export const loadDraft = (incident, action) => drafts.all()[`${incident}/${action}`] ?? blank();

/** @param {string} incident @param {string} action @param {Draft} draft */
export const saveDraft = (incident, action, draft) => drafts.set(`${incident}/${action}`, draft);

/** @param {string} incident @param {string} action */
export function dropDraft(incident, action) {
  for (const { id } of Object.values(loadDraft(incident, action).photos)) photos.drop(id);
  drafts.drop(`${incident}/${action}`);
}

/**
 * Asks again for what was sent and not answered, with the keys that it had: it arrived once at most.
 * @param {string} incident @param {string} action
 * @returns {Promise<boolean>} whether the server has it
 */
export async function settle(incident, action) {
  const draft = loadDraft(incident, action);
  if (!draft.sent) return false;
  const { requests, keys, done } = draft.sent;
  try {
    for (let i = done; i < requests.length; i += 1) {
      await call(`/api/v1/incidents/${incident}/transitions`, { method: "POST", json: requests[i], headers: { "Idempotency-Key": keys[i] } });
    }
  } catch (fault) {
    if (!(/** @type {import("../api.js").ApiError} */ (fault).unanswered)) saveDraft(incident, action, { ...draft, sent: null });
    return false;
  }
  dropDraft(incident, action);
  return true;
}

/** The actions of a case that something was typed for. @param {string} incident */
export const draftsOf = (incident) =>
  Object.keys(drafts.all()).filter((key) => key.startsWith(`${incident}/`)).map((key) => key.slice(incident.length + 1));
