// The list's state and its address: what the page's URL says is what the server is asked.

/** Every filter that the list knows; a figure anywhere may link here with any of them. */
export const FILTERS = /** @type {const} */ ([
  "platform", "state", "stage", "grid", "village", "org", "category", "open", "late", "amber", "triage", "q", "bbox",
  "from", "to", "closed_from", "closed_to", "open_since", "channel", "urgency", "supervised",
]);

/** Those that have a control of their own in the bar. */
export const CONTROLLED = new Set(["platform", "state", "stage", "grid", "village", "open", "late", "amber", "q", "from", "triage"]);

/** @typedef {Partial<Record<typeof FILTERS[number], string>>} Query */

/**
 * The filters of an address; unknown names and empty values are left out.
 * @param {string} search
 * @returns {Query}
 */
export function readQuery(search) {
  const given = new URLSearchParams(search);
  /** @type {Query} */
  const query = {};
  for (const name of FILTERS) {
    const value = given.get(name);
    if (value) query[name] = value;
  }
  return query;
}

/**
 * The address of a query; commas and colons stay readable.
 * @param {Query} query
 * @param {Record<string, string>} [more]
 */
export function writeQuery(query, more = {}) {
  const search = new URLSearchParams();
  for (const name of FILTERS) if (query[name]) search.set(name, /** @type {string} */ (query[name]));
  for (const [name, value] of Object.entries(more)) if (value) search.set(name, value);
  const text = search.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  return text ? `?${text}` : "";
}

/**
 * The query with some filters set or, where empty, taken out.
 * @param {Query} query
 * @param {Query} change
 * @returns {Query}
 */
export function change(query, change) {
  const next = { ...query, ...change };
  for (const name of FILTERS) if (!next[name]) delete next[name];
  return next;
}

/** Whether nothing is filtered. @param {Query} query */
export const isPlain = (query) => FILTERS.every((name) => !query[name]);
