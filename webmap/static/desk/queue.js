// The queue as values: pages put together, the next case, which are new, what a list that moved keeps in place. Pure.

/** @typedef {import("../pages/incident-rows.js").Incident} Incident */

const STATES = /** @type {Record<string, string[]>} */ ({
  accept: ["reported", "verifying", "accepted", "filed"],
  handle: ["dispatched", "returned", "handling", "suspended", "transferred_up"],
  evaluate: ["awaiting_inspection"],
});

/** The stage that a state belongs to; none for what is no longer open. @param {string} state */
export const stageOf = (state) => Object.keys(STATES).find((stage) => STATES[stage].includes(state)) ?? null;

/** The rows with another page at their end, each case once. @param {Incident[]} rows @param {Incident[]} page */
export function joined(rows, page) {
  const known = new Set(rows.map((row) => row.id));
  return [...rows, ...page.filter((row) => !known.has(row.id))];
}

/**
 * Where a case stands; one that has left the list keeps the place it left, so that the next is the one that took it.
 * @param {Incident[]} rows
 * @param {string} id
 * @param {number} was its place when it was last in the list
 * @param {1 | -1} step
 * @returns {string | null} null at the ends
 */
export function neighbour(rows, id, was, step) {
  const at = rows.findIndex((row) => row.id === id);
  const to = at >= 0 ? at + step : step > 0 ? was : was - 1;
  return rows[to]?.id ?? null;
}

/** Ids of rows that were not there before. @param {Incident[]} before @param {Incident[]} after */
export function arrived(before, after) {
  const known = new Set(before.map((row) => row.id));
  return after.filter((row) => !known.has(row.id)).map((row) => row.id);
}

/** How many rows to ask for, so that a list that was read on is read again as far. @param {number} shown @param {number} page @param {number} most */
export const reach = (shown, page, most) => Math.min(most, Math.max(page, Math.ceil(shown / page) * page));
