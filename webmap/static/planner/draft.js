// A draft as the browser knows it: areas, borders, figures and checks, and what an answer of the server makes of them. Pure.
import { pairOf } from "./handles.js";

/** @typedef {import("./snapping.js").Arc & {isToday: boolean}} Arc */
/** @typedef {{code: string, name: string | null, name_en: string | null, level: string, kind: string, parent: string | null, is_leaf: boolean, is_new: boolean, is_changed: boolean, geometry: any}} Area */
/** @typedef {[number | null, number | null]} Pair today, draft */
/** @typedef {{code: string, level: string, kind: string, parent: string | null, [figure: string]: any}} Effect */
/** @typedef {{level: "red" | "amber" | "green", code: string, codes: string[], count: number, places: any}} Check */
/**
 * @typedef {object} Draft
 * @property {number} version
 * @property {Map<string, Area>} areas by code
 * @property {Map<string, Arc>} arcs by id
 * @property {Map<string, Effect>} effects by code
 * @property {Record<string, Pair>} sum
 * @property {Record<string, Pair>} spread
 * @property {Check[]} checks
 */

/** @returns {Draft} */
export const emptyDraft = () => ({ version: -1, areas: new Map(), arcs: new Map(), effects: new Map(), sum: {}, spread: {}, checks: [] });

/** @param {any} feature @returns {Area} */
export const areaOf = (feature) => ({ ...feature.properties, geometry: feature.geometry });

/** @param {any} feature @returns {Arc} */
export const arcOf = ({ id, properties, geometry }) => ({ id, left: properties.left, right: properties.right, rank: properties.rank, isToday: properties.is_today, line: geometry.coordinates });

/**
 * A map with what is gone taken out and what came put in.
 * @template T
 * @param {Map<string, T>} old @param {{features: any[], removed?: string[]} | undefined} change @param {(feature: any) => T} read
 */
function changed(old, change, read) {
  if (!change) return old;
  const made = new Map(old);
  for (const gone of change.removed ?? []) made.delete(gone);
  for (const feature of change.features) made.set(feature.id, read(feature));
  return made;
}

/**
 * The draft after an answer. One that is older than what is known changes nothing.
 * @param {Draft} draft
 * @param {{version: number, areas?: any, borders?: any, effects?: any, checks?: Check[]}} answer
 * @returns {Draft}
 */
export function applied(draft, answer) {
  if (answer.version < draft.version) return draft;
  const effects = new Map(draft.effects);
  for (const gone of answer.areas?.removed ?? []) if (isUnknownToday(effects.get(gone))) effects.delete(gone);
  for (const one of answer.effects?.areas ?? []) effects.set(one.code, one);
  return {
    version: answer.version,
    areas: changed(draft.areas, answer.areas, areaOf),
    arcs: changed(draft.arcs, answer.borders, arcOf),
    effects,
    sum: answer.effects?.sum ?? draft.sum,
    spread: answer.effects?.spread ?? draft.spread,
    checks: answer.checks ?? draft.checks,
  };
}

/** A grid that neither is in force nor in the draft is not told of. @param {Effect | undefined} effect */
const isUnknownToday = (effect) => !effect || effect.area_m2[0] === null;

/** Whether an answer that compares with version `seen` holds all that is missing here. @param {Draft} draft @param {number} seen */
export const isWhole = (draft, seen) => seen === draft.version;

/** The arcs of a shared border. @param {Iterable<Arc>} arcs @param {string} pair */
export const arcsOfPair = (arcs, pair) => [...arcs].filter((arc) => pairOf(arc) === pair);

/** The arcs round a leaf. @param {Iterable<Arc>} arcs @param {string} code */
export const arcsOfLeaf = (arcs, code) => [...arcs].filter((arc) => arc.left === code || arc.right === code);

/** The village, or other parent, that an area belongs to: itself when it has leaves. @param {Map<string, Area>} areas @param {string} code */
export function groupOf(areas, code) {
  const area = areas.get(code);
  if (!area) return null;
  return area.is_leaf ? area.parent ?? code : code;
}

/** Codes of leaves that are not as they are today. @param {Draft} draft */
export const changedLeaves = (draft) => [...draft.areas.values()].filter((area) => area.is_leaf && (area.is_new || area.is_changed)).map(({ code }) => code);

/**
 * How a leaf is called on the map: its own number, with the village where it is not said above it.
 * @param {Area} area @param {Area | undefined} parent @param {(area: any) => string} nameOf
 */
export function shortName(area, parent, nameOf) {
  const [own, above] = [nameOf(area), parent ? nameOf(parent) : ""];
  if (!own) return area.code.slice(-3);
  return above && own.startsWith(above) && own.length > above.length ? own.slice(above.length).trim() : own;
}

/**
 * The name that comes next among the leaves of a parent: that of the sibling with the highest number, one further. Empty where no sibling has a number.
 * @param {Iterable<Area>} areas @param {string | null} parent
 * @returns {{name?: string, name_en?: string}}
 */
export function nextName(areas, parent) {
  const siblings = [...areas].filter((area) => area.is_leaf && area.parent === parent);
  const next = (/** @type {(string | null)[]} */ names) => {
    const numbered = names.map((name) => /^(.*?)(\d+)(\D*)$/.exec(name ?? "")).filter((found) => found !== null);
    const highest = numbered.sort((a, b) => Number(b[2]) - Number(a[2]))[0];
    return highest && `${highest[1]}${String(Number(highest[2]) + 1).padStart(highest[2].length, "0")}${highest[3]}`;
  };
  const [name, english] = [next(siblings.map((area) => area.name)), next(siblings.map((area) => area.name_en))];
  return { ...(name && { name }), ...(english && { name_en: english }) };
}
