// Proposals side by side: several villages as one, small maps, names of grids that are new. Pure.
import { nextName } from "./draft.js";
import { variation } from "./figures.js";
import { boundsOf } from "./geometry.js";

/** @typedef {import("./draft.js").Draft} Draft */
/** @typedef {import("./draft.js").Area} Area */
/** @typedef {{households: number[], spread: number, difference: number, border_m: number, compactness: number, split: number, moved: number | null, outside: number}} Figures */
/** @typedef {{geometry: any, households: number | null, isOutside: boolean}} Grid */
/** @typedef {{name: string, figures: Figures, grids: Grid[], operations: any[]}} Choice `operations`: of the areas where it is another plan than the draft */

/** The whole town in place of a village. */
export const TOWN = "town";
export const WEIGHTS = { balance: 4, compact: 2, together: 3, stay: 1 };
const MOST_WEIGHT = 100;

/**
 * The figures of several areas as those of one.
 * @param {Figures[]} all
 * @returns {Figures}
 */
export function combined(all) {
  if (all.length === 1) return all[0];
  const households = all.flatMap((one) => one.households);
  const sum = (/** @type {(one: Figures) => number} */ of) => all.reduce((total, one) => total + of(one), 0);
  const people = (/** @type {Figures} */ one) => one.households.reduce((total, n) => total + n, 0);
  const grids = sum((one) => one.households.length);
  return {
    households,
    spread: variation(households) ?? 0,
    difference: Math.max(...households) - Math.min(...households),
    border_m: sum((one) => one.border_m),
    compactness: sum((one) => one.compactness * one.households.length) / Math.max(grids, 1),
    split: sum((one) => one.split),
    moved: sum((one) => (one.moved ?? 0) * people(one)) / Math.max(sum(people), 1),
    outside: sum((one) => one.outside),
  };
}

/**
 * What there is to choose from: where an area has no such proposal of its own, it is the same as the one asked for.
 * @param {any[]} answers those of the server, one for an area
 * @returns {Choice[]}
 */
export function choicesOf(answers) {
  const names = [...new Set(answers.flatMap(({ proposals }) => proposals.map((/** @type {any} */ one) => one.name)))];
  return names.map((name) => {
    const parts = answers.map(({ proposals }) => proposals.find((/** @type {any} */ one) => one.name === name) ?? proposals[0]);
    const grids = parts.flatMap(({ grids: { features } }) => features.map((/** @type {any} */ one) => ({ geometry: one.geometry, households: one.properties.households, isOutside: one.properties.outside })));
    return { name, figures: combined(parts), grids, operations: parts.map(({ operation }) => operation).filter(Boolean) };
  });
}

/**
 * The grids of some areas as they are today or in the draft.
 * @param {Draft} draft @param {Map<string, import("./draft.js").Effect>} effects @param {0 | 1} side @param {any[]} answers
 * @returns {Grid[]}
 */
export function gridsNow(draft, effects, side, answers) {
  return answers.flatMap(({ area, bounds: [least, most] }) => [...draft.areas.values()].filter((one) => one.parent === area && one.is_leaf).map((one) => {
    const households = effects.get(one.code)?.households?.[side] ?? null;
    return { geometry: one.geometry, households, isOutside: one.kind !== "exclusive" && households !== null && ((least ?? 0) > households || (most ?? Infinity) < households) };
  }));
}

/**
 * How dark a grid is drawn among others, 0 to 3.
 * @param {Grid} grid @param {Grid[]} all
 */
export function shadeOf(grid, all) {
  const known = all.map(({ households }) => households ?? 0);
  const mean = known.reduce((sum, n) => sum + n, 0) / Math.max(known.length, 1);
  const share = mean ? (grid.households ?? 0) / mean : 0;
  return share < 0.75 ? 0 : share < 1 ? 1 : share < 1.25 ? 2 : 3;
}

/**
 * Outlines as SVG paths in a box, north up, in true proportions.
 * @param {Grid[]} grids @param {number} width @param {number} height pixels
 * @returns {string[]}
 */
export function pathsOf(grids, width, height) {
  const box = boundsOf(grids.map(({ geometry }) => geometry));
  if (!box) return [];
  const [west, south, east, north] = box;
  const stretch = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = Math.min(width / Math.max((east - west) * stretch, 1e-9), height / Math.max(north - south, 1e-9));
  const [left, top] = [(width - (east - west) * stretch * scale) / 2, (height - (north - south) * scale) / 2];
  const at = (/** @type {number[]} */ [lon, lat]) => `${(left + (lon - west) * stretch * scale).toFixed(1)} ${(top + (north - lat) * scale).toFixed(1)}`;
  const ring = (/** @type {number[][]} */ points) => `M${points.map(at).filter((one, k, all) => one !== all[k - 1]).join("L")}Z`;
  return grids.map(({ geometry }) => (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates).flat().map(ring).join(""));
}

/**
 * The operation with a name for each grid that is new.
 * @param {any} operation @param {Area[]} areas
 */
export function named(operation, areas) {
  const known = [...areas];
  const leaves = operation.leaves.map((/** @type {any} */ leaf) => {
    if (leaf.code) return leaf;
    const values = nextName(known, operation.area);
    known.push(/** @type {Area} */ ({ code: "", name: null, name_en: null, ...values, is_leaf: true, parent: operation.area }));
    return { ...leaf, values: { ...leaf.values, ...values } };
  });
  return { ...operation, leaves };
}

/** What the borders of an area are now, to see whether a proposal still fits. @param {Draft} draft @param {string[]} areas */
export function printOf(draft, areas) {
  const mine = (/** @type {string | null} */ code) => areas.includes(draft.areas.get(code ?? "")?.parent ?? "");
  return [...draft.arcs.values()].filter(({ left, right }) => mine(left) || mine(right)).map(({ id }) => id).sort().join();
}

/**
 * What is asked of the server, from the fields of the form; empty ones are left to it.
 * @param {{count: string, least: string, most: string, weights: Record<string, string>, seed: number}} form @param {string} area
 */
export function askedOf({ count, least, most, weights, seed }, area) {
  const number = (/** @type {string} */ text) => (text.trim() === "" || !Number.isFinite(Number(text)) ? null : Math.max(0, Math.round(Number(text))));
  const weight = (/** @type {string} */ text, /** @type {number} */ usual) => (text.trim() === "" || !Number.isFinite(Number(text)) ? usual : Math.min(MOST_WEIGHT, Math.max(0, Number(text))));
  const given = Object.entries({ count: number(count), least: number(least), most: number(most) }).filter(([, value]) => value !== null);
  return { area, seed, ...Object.fromEntries(given), weights: Object.fromEntries(Object.entries(WEIGHTS).map(([name, usual]) => [name, weight(weights[name] ?? "", usual)])) };
}
