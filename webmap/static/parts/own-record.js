// What one person wrote on this browser and the server does not have yet, by key: a shared machine shows nobody another's words.
import { frame } from "../frame.js";

const MOST_AGE_MS = 30 * 86_400_000;

/**
 * A record in the browser's storage; an entry that nobody touched for thirty days goes when another is written.
 * @template {{at: number}} Entry
 * @param {string} name
 */
export function ownRecord(name) {
  const where = () => `onegrid.${name}.${frame.viewer?.username ?? ""}`;

  /** @returns {Record<string, Entry>} */
  const all = () => {
    try {
      return JSON.parse(localStorage.getItem(where()) ?? "{}");
    } catch {
      return {};
    }
  };

  /** @param {Record<string, Entry>} entries whether there was room: a private window may have none, and the page itself still holds the words */
  const write = (entries) => {
    try {
      localStorage.setItem(where(), JSON.stringify(entries));
      return true;
    } catch {
      return false;
    }
  };

  return {
    all,
    /** @param {string} key @param {Omit<Entry, "at">} entry */
    set(key, entry) {
      const young = Object.entries(all()).filter(([, one]) => Date.now() - one.at < MOST_AGE_MS);
      return write({ ...Object.fromEntries(young), [key]: /** @type {any} */ ({ ...entry, at: Date.now() }) });
    },
    /** @param {string} key */
    drop(key) {
      const { [key]: dropped, ...rest } = all();
      if (dropped) write(rest);
    },
  };
}
