// What the address of the supervision page says, and what the server is asked for it. Pure.

export const VIEWS = /** @type {const} */ (["flags", "cases", "projects"]);

/** The filters of each view; `id` names what stands on the right. @type {Record<string, string[]>} */
export const FILTERS = {
  flags: ["state", "colour", "rule", "org", "unreplied", "appeal", "issued_from", "q"],
  cases: ["level", "reply", "platform", "q"],
  projects: ["state", "late", "open", "org", "q"],
};

/** @typedef {{view: string, id: string, filters: Record<string, string>}} Place */

/** @param {string} search @returns {Place} */
export function readPlace(search) {
  const given = new URLSearchParams(search);
  const view = VIEWS.find((name) => name === given.get("view")) ?? "flags";
  const filters = Object.fromEntries(FILTERS[view].map((name) => [name, given.get(name) ?? ""]).filter(([, value]) => value));
  return { view, id: given.get("id") ?? "", filters };
}

/** @param {Place} place */
export function writePlace({ view, id, filters }) {
  const search = new URLSearchParams();
  if (view !== "flags") search.set("view", view);
  for (const name of FILTERS[view]) if (filters[name]) search.set(name, filters[name]);
  if (id) search.set("id", id);
  const text = search.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  return `/supervision${text ? `?${text}` : ""}`;
}
