// The table of effects: which rows, what changed, how evenly the grids carry it. Pure.

/** @typedef {import("./draft.js").Effect} Effect */
/** @typedef {[number | null, number | null]} Pair */
/** @typedef {{code: string, isNew: boolean, isGone: boolean, cells: Record<string, {pair: Pair, isChanged: boolean}>}} Row */

/** The figures of the table, in order, and how many decimals each shows. @type {Record<string, number>} */
export const COLUMNS = { households: 0, incidents_90d: 0, entities: 0, hours_week: 1, compactness: 2 };
const SPREAD = ["households", "incidents_90d", "entities", "hours_week"];

/** The scopes of the table besides a village. */
export const CHANGED = "changed";
export const ALL = "all";

/** @param {Pair | undefined} pair @param {number} decimals */
export const isChanged = (pair, decimals) => Boolean(pair) && shown(pair?.[0] ?? null, decimals) !== shown(pair?.[1] ?? null, decimals);

/** A figure as the table shows it; a dash where there is none. @param {number | null} value @param {number} decimals */
export const shown = (value, decimals) => (value === null || value === undefined ? "–" : value.toFixed(decimals));

/** The difference with its sign; empty where there is none. @param {Pair | undefined} pair @param {number} [decimals] */
export function difference(pair, decimals = 0) {
  if (!pair || pair[1] === null) return "";
  const by = pair[1] - (pair[0] ?? 0);
  const text = Math.abs(by).toFixed(decimals);
  if (Number(text) === 0) return "";
  return `${by > 0 ? "+" : "−"}${text}`;
}

/**
 * The leaves that a scope shows, in the order of their codes.
 * @param {Iterable<Effect>} effects
 * @param {Map<string, {is_leaf: boolean}>} areas those of the draft
 * @param {string} scope a parent's code, `changed` or `all`
 * @param {Set<string>} changed codes of leaves that are not as today
 * @returns {Row[]}
 */
export function rowsOf(effects, areas, scope, changed) {
  const rows = [];
  for (const effect of effects) {
    const area = areas.get(effect.code);
    const isGone = !area;
    if (area ? !area.is_leaf : effect.level === "village" || effect.level === "town") continue;
    if (scope === CHANGED ? !changed.has(effect.code) && !isGone : scope !== ALL && effect.parent !== scope) continue;
    rows.push({ code: effect.code, isNew: effect.area_m2[0] === null, isGone, cells: cellsOf(effect) });
  }
  return rows.sort((a, b) => (a.code < b.code ? -1 : 1));
}

/** @param {Effect} effect */
function cellsOf(effect) {
  return Object.fromEntries(Object.entries(COLUMNS).map(([name, decimals]) => {
    const pair = /** @type {Pair} */ (effect[name] ?? [null, null]);
    return [name, { pair, isChanged: isChanged(pair, decimals) }];
  }));
}

/**
 * Standard deviation over mean of the grids shown, today and in the draft; exclusive grids and zones carry no share of the work.
 * @param {Row[]} rows
 * @param {Map<string, Effect>} effects
 * @returns {Record<string, Pair>}
 */
export function spreadOf(rows, effects) {
  const counted = rows.filter(({ code }) => {
    const effect = effects.get(code);
    return effect && effect.level !== "zone" && effect.kind !== "exclusive";
  });
  return Object.fromEntries(SPREAD.map((name) => {
    const of = (/** @type {0 | 1} */ side) => variation(counted.map(({ cells }) => cells[name].pair[side]).filter((value) => value !== null));
    return [name, [of(0), of(1)]];
  }));
}

/** @param {(number | null)[]} values @returns {number | null} null where nothing can be said */
export function variation(values) {
  const known = /** @type {number[]} */ (values);
  if (known.length < 2) return null;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  if (!mean) return null;
  return Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length) / mean;
}
