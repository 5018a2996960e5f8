// The desk's state and its address: `/desk?stage=accept&platform=market&id=…`. Pure.

/** The four stages as people count them; 督办, what is supervised, lies above 执行 and 评价 and is not added. */
export const STAGES = /** @type {const} */ (["accept", "supervised", "handle", "evaluate"]);

/** What waits for somebody lies in every stage: with one of these the queue holds all of them. */
export const WAITING = /** @type {const} */ (["late", "unseen", "reply", "asked"]);

/** Filters with a control of their own, and those that only a link brings. */
export const CONTROLLED = /** @type {const} */ (["platform", "village", "channel", "q", "unseen", "reply", "asked", "late"]);
export const LINKED = /** @type {const} */ (["level", "grid", "org", "category", "urgency", "mine", "triage", "amber", "state", "supervised"]);

/** @typedef {typeof STAGES[number] | "all"} Stage */
/** @typedef {typeof CONTROLLED[number] | typeof LINKED[number]} FilterName */
/** @typedef {{stage: Stage, id: string, filters: Partial<Record<FilterName, string>>}} Desk */

const NAMES = /** @type {FilterName[]} */ ([...CONTROLLED, ...LINKED]);

/** @param {string} search @returns {Desk} */
export function readAddress(search) {
  const given = new URLSearchParams(search);
  const stage = /** @type {Stage} */ (given.get("stage"));
  const filters = Object.fromEntries(NAMES.flatMap((name) => (given.get(name) ? [[name, given.get(name)]] : [])));
  return { stage: stage === "all" || STAGES.includes(stage) ? stage : "accept", id: given.get("id") ?? "", filters };
}

/** @param {Desk} desk */
export function writeAddress({ stage, id, filters }) {
  const search = new URLSearchParams({ stage });
  for (const name of NAMES) if (filters[name]) search.set(name, /** @type {string} */ (filters[name]));
  if (id) search.set("id", id);
  return `/desk?${search.toString().replaceAll("%2C", ",")}`;
}

/** What the queue is asked for. @param {Desk} desk @returns {Record<string, string>} */
export const queueQuery = ({ stage, filters }) => ({ ...filters, .../** @type {Record<string, string>} */ (stage === "all" ? {} : stage === "supervised" ? { supervised: "1" } : { stage }) });

/** What the figures are counted under: each stage and each figure stands for itself. @param {Desk["filters"]} filters @returns {Desk["filters"]} */
export const figuresQuery = (filters) => changed(filters, Object.fromEntries(WAITING.map((name) => [name, ""])));

/** The desk after a stage was pressed. @param {Desk} desk @param {Stage} stage @returns {Desk} */
export const atStage = ({ filters }, stage) => ({ stage, id: "", filters: figuresQuery(filters) });

/** The desk after one of the figures that wait was pressed; pressed again, it is the first stage. @param {Desk} desk @param {typeof WAITING[number]} name @returns {Desk} */
export function atWaiting({ filters }, name) {
  const plain = figuresQuery(filters);
  return filters[name] === "1" ? { stage: "accept", id: "", filters: plain } : { stage: "all", id: "", filters: { ...plain, [name]: "1" } };
}

/**
 * The filters with some set or, where empty, taken off.
 * @param {Desk["filters"]} filters
 * @param {Desk["filters"]} change
 * @returns {Desk["filters"]}
 */
export function changed(filters, change) {
  return Object.fromEntries(Object.entries({ ...filters, ...change }).filter(([, value]) => value));
}
