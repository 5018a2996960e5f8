// What was typed for an action on a case, kept in the browser until the server has taken it.
import { frame } from "../frame.js";
import { photoStore } from "./photo-store.js";

const MOST_AGE_MS = 30 * 86_400_000;

/**
 * @typedef {object} Draft
 * @property {Record<string, string>} values
 * @property {Record<string, {id: string, name: string, photo_id?: string, distance_m?: number | null}>} photos by field; photo_id once it arrived
 * @property {{requests: Record<string, any>[], keys: string[], done: number} | null} sent what is under way, with the keys that make a retry the same
 * @property {number} at milliseconds
 */

export const photos = photoStore("onegrid-action");

/** Of this person only: a shared machine shows nobody another's words. */
const where = () => `onegrid.action.${frame.viewer?.username ?? ""}`;

/** @returns {Record<string, Draft>} */
function all() {
  try {
    return JSON.parse(localStorage.getItem(where()) ?? "{}");
  } catch {
    return {};
  }
}

/** @param {Record<string, Draft>} drafts */
function keep(drafts) {
  try {
    localStorage.setItem(where(), JSON.stringify(drafts));
    return true;
  } catch {
    return false; // private windows may have no room; the form itself still holds the text
  }
}

/** @returns {Draft} */
const blank = () => ({ values: {}, photos: {}, sent: null, at: Date.now() });

/** @param {string} incident @param {string} action */
export const loadDraft = (incident, action) => all()[`${incident}/${action}`] ?? blank();

/** @param {string} incident @param {string} action @param {Draft} draft */
export function saveDraft(incident, action, draft) {
  const young = Object.entries(all()).filter(([, one]) => Date.now() - one.at < MOST_AGE_MS);
  return keep({ ...Object.fromEntries(young), [`${incident}/${action}`]: { ...draft, at: Date.now() } });
}

/** @param {string} incident @param {string} action */
export function dropDraft(incident, action) {
  const drafts = all();
  for (const { id } of Object.values(drafts[`${incident}/${action}`]?.photos ?? {})) photos.drop(id);
  delete drafts[`${incident}/${action}`];
  keep(drafts);
}

/** The actions of a case that something was typed for. @param {string} incident */
export const draftsOf = (incident) =>
  Object.keys(all()).filter((key) => key.startsWith(`${incident}/`)).map((key) => key.slice(incident.length + 1));
