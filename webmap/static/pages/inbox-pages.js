// The rows of a group beyond those that the inbox brings, page by page. Pure but for what it is given to load with.

/** @typedef {{id: string, count: number, filters: Record<string, string>, cases: any[], next: string | null}} Group */
/** @typedef {(asked: Record<string, any>) => Promise<{features: {properties: any}[], next: string | null}>} Load */

export const PAGE = 50;
/** More at once would keep the server from others. */
const MOST = 200;

/** The next page of a group, which grows by it; returns what came. @param {Group} group @param {Load} load @param {number} [limit] */
export async function nextPage(group, load, limit = PAGE) {
  const page = await load({ ...group.filters, cursor: group.next, limit });
  // a case that moved up meanwhile stands there already
  const known = new Set(group.cases.map(({ id }) => id));
  const fresh = page.features.map(({ properties }) => properties).filter(({ id }) => !known.has(id));
  group.cases.push(...fresh);
  group.next = page.next;
  return fresh;
}

/**
 * Groups read anew, each as long as the same one was shown before. A page that cannot be had leaves its group shorter.
 * @param {Group[]} groups
 * @param {Group[]} before
 * @param {Load} load
 */
export async function asLongAsBefore(groups, before, load) {
  const grown = groups.map(async (group) => {
    const wanted = before.find(({ id }) => id === group.id)?.cases.length ?? 0;
    while (group.next && group.cases.length < wanted) {
      await nextPage(group, load, Math.min(wanted - group.cases.length, MOST));
    }
  });
  await Promise.allSettled(grown);
  return groups;
}
