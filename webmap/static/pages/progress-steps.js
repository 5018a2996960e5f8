// How far a report is, for its reporter: six steps with their times. Pure.

/** In order, each with the time it was reached at. */
export const STEPS = ["accepted", "filed", "dispatched", "handled", "closed", "evaluated"];

/**
 * @typedef {object} Told what the server tells for a query code
 * @property {string} case_no
 * @property {string} title
 * @property {string} reported_at
 * @property {string | null} stage the last step reached; `received` before the first
 * @property {string | null} ended `declined` or `voided`
 * @property {boolean} suspended
 * @property {boolean} merged
 * @property {string[]} may
 * @property {string | null} org
 * @property {string | null} platform
 * @property {string | null} platform_en
 * @property {string | null} due_at
 * @property {string | null} answer
 * @property {string | null} decline_reason
 * @property {number | null} score
 * @property {boolean | null} is_satisfied
 * @property {number} reopen_count
 */

/**
 * The steps with what is done, what comes now and what comes later. A time of an earlier round is not told for a step that is to come again.
 * @param {Told & Record<string, any>} told
 * @returns {{name: string, state: "done" | "now" | "later" | "never", at: string | null}[]}
 */
export function steps(told) {
  const reached = STEPS.indexOf(told.stage ?? "");
  return STEPS.map((name, i) => {
    const done = i <= reached;
    const ahead = told.ended ? "never" : i === reached + 1 ? "now" : "later";
    const state = done ? "done" : ahead;
    return { name, state, at: done ? (told[`${name}_at`] ?? null) : null };
  });
}

/**
 * A code as people type it: capitals, one dash in the middle.
 * @param {string} text
 */
export function codeOf(text) {
  const plain = text.normalize("NFKC").toUpperCase().replace(/[^0-9A-Z]/g, "");
  return plain.length === 10 ? `${plain.slice(0, 5)}-${plain.slice(5)}` : plain;
}
