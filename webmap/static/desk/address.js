// The desk's state and its address: `/desk?stage=accept&platform=market&id=…`. Pure.

/** The four stages as people count them; 督办 lies above 执行 and 评价 and is not added. */
export const STAGES = /** @type {const} */ (["accept", "lane", "handle", "evaluate"]);

/** Filters with a control of their own, and those that only a link brings. */
export const CONTROLLED = /** @type {const} */ (["platform", "village", "channel", "q", "unseen", "reply", "asked", "supervised", "late"]);
export const LINKED = /** @type {const} */ (["level", "grid", "org", "category", "urgency", "mine", "triage", "amber", "state"]);

/** @typedef {typeof STAGES[number]} Stage */
/** @typedef {typeof CONTROLLED[number] | typeof LINKED[number]} FilterName */
/** @typedef {{stage: Stage, id: string, filters: Partial<Record<FilterName, string>>}} Desk */

const NAMES = /** @type {FilterName[]} */ ([...CONTROLLED, ...LINKED]);

/** @param {string} search @returns {Desk} */
export function readAddress(search) {
  const given = new URLSearchParams(search);
  const stage = /** @type {Stage} */ (given.get("stage"));
  const filters = Object.fromEntries(NAMES.flatMap((name) => (given.get(name) ? [[name, given.get(name)]] : [])));
  return { stage: STAGES.includes(stage) ? stage : "accept", id: given.get("id") ?? "", filters };
}

/** @param {Desk} desk */
export function writeAddress({ stage, id, filters }) {
  const search = new URLSearchParams({ stage });
  for (const name of NAMES) if (filters[name]) search.set(name, /** @type {string} */ (filters[name]));
  if (id) search.set("id", id);
  return `/desk?${search.toString().replaceAll("%2C", ",")}`;
}

/** What the queue is asked for. @param {Desk} desk @returns {Record<string, string>} */
export const queueQuery = ({ stage, filters }) => ({ ...filters, ...(stage === "lane" ? { lane: "1" } : { stage }) });

/**
 * The filters with some set or, where empty, taken off.
 * @param {Desk["filters"]} filters
 * @param {Desk["filters"]} change
 * @returns {Desk["filters"]}
 */
export function changed(filters, change) {
  return Object.fromEntries(Object.entries({ ...filters, ...change }).filter(([, value]) => value));
}
