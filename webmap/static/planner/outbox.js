// Edits on their way: kept until the server has answered each, sent in order, the same id and body each time. Pure but for the store.

/** @typedef {{id: string, path: "edits" | "undo" | "redo", version: number, operation?: any, lines?: [number, number][][]}} Sending */
/** @typedef {{waiting: Sending[], tries: number}} Outbox */

const LONGEST_WAIT_MS = 15_000;

/** @returns {Outbox} */
export const emptyOutbox = () => ({ waiting: [], tries: 0 });

/** @param {Outbox} box @param {Sending} sending */
export const queued = (box, sending) => ({ ...box, waiting: [...box.waiting, sending] });

/** The one that was answered is gone; the next begins afresh. @param {Outbox} box @param {string} id */
export const answered = (box, id) => ({ waiting: box.waiting.filter((one) => one.id !== id), tries: 0 });

/** No answer came. @param {Outbox} box */
export const unanswered = (box) => ({ ...box, tries: box.tries + 1 });

/** How long to wait before the next try. @param {Outbox} box */
export const wait_ms = (box) => Math.min(LONGEST_WAIT_MS, 1_000 * 2 ** Math.max(0, box.tries - 1));

/** The body of a request. @param {Sending} sending */
export const bodyOf = ({ id, version, operation }) => ({ id, version, ...(operation && { operation }) });

const storedAs = (/** @type {string} */ plan) => `planner.outbox.${plan}`;

/** @param {Storage | null} store @param {string} plan @param {Outbox} box */
export function keep(store, plan, box) {
  try {
    if (box.waiting.length) store?.setItem(storedAs(plan), JSON.stringify(box.waiting));
    else store?.removeItem(storedAs(plan));
  } catch {
    // Without a store the edit is kept as long as the page is.
  }
}

/** What was not answered before the page was left. @param {Storage | null} store @param {string} plan @returns {Outbox} */
export function kept(store, plan) {
  try {
    const waiting = JSON.parse(store?.getItem(storedAs(plan)) ?? "[]");
    return { waiting: Array.isArray(waiting) ? waiting.filter((one) => one?.id && one?.path) : [], tries: 0 };
  } catch {
    return emptyOutbox();
  }
}
