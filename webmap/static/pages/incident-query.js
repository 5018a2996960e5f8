// The list's state and its address: what the page's URL says is what the server is asked.

/** The filters in the order an address names them; others follow. The server says which of them it does not know. */
const ORDER = [
  "platform", "state", "stage", "grid", "village", "org", "category", "open", "late", "amber", "triage", "q", "bbox",
  "from", "to", "closed_from", "closed_to", "open_since", "channel", "urgency", "supervised",
];

/** Names in an address that filter nothing. */
const NO_FILTERS = new Set(["id", "lang", "theme", "town", "cursor", "limit"]);

/** Those that have a control of their own in the bar. */
export const CONTROLLED = new Set(["platform", "state", "stage", "grid", "village", "open", "late", "amber", "q", "from", "triage"]);

/** @typedef {Record<string, string>} Query */

/**
 * The filters of an address; empty values are left out.
 * @param {string} search
 * @returns {Query}
 */
export function readQuery(search) {
  const given = [...new URLSearchParams(search)].filter(([name, value]) => value && !NO_FILTERS.has(name));
  return Object.fromEntries(given);
}

/** @param {Query} query */
const namesOf = (query) => [...ORDER, ...Object.keys(query).filter((name) => !ORDER.includes(name))].filter((name) => query[name]);

/**
 * The address of a query; commas and colons stay readable.
 * @param {Query} query
 * @param {Record<string, string>} [more]
 */
export function writeQuery(query, more = {}) {
  const search = new URLSearchParams();
  for (const name of namesOf(query)) search.set(name, query[name]);
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
  return Object.fromEntries(Object.entries({ ...query, ...change }).filter(([, value]) => value));
}

/** Whether nothing is filtered. @param {Query} query */
export const isPlain = (query) => namesOf(query).length === 0;
