// Blocks between roads and water as what is painted with: picked one by one or by natural village, then given to a grid. Pure.
import { holds } from "./geometry.js";

/** @typedef {{id: number, leaf: string, households: number, natural_village: string | null, geometry: any}} Unit */

/** @param {any} collection @returns {Unit[]} */
export const unitsOf = (collection) => collection.features.map((/** @type {any} */ { id, properties, geometry }) => ({ id, ...properties, geometry }));

/** @param {Unit[]} units @param {import("./geometry.js").Point} at */
export const unitAt = (units, at) => units.find(({ geometry }) => holds(geometry, at)) ?? null;

/**
 * What is picked after one more block was: it, or with `isWhole` its natural village, in or out as the block itself.
 * @param {Set<number>} picked @param {Unit[]} units @param {Unit} unit @param {boolean} isWhole
 */
export function toggled(picked, units, unit, isWhole) {
  const made = new Set(picked);
  const all = isWhole && unit.natural_village ? units.filter((one) => one.natural_village === unit.natural_village) : [unit];
  for (const { id } of all) if (picked.has(unit.id)) made.delete(id);
  else made.add(id);
  return made;
}

/** How many households the picked blocks have. @param {Unit[]} units @param {Set<number>} picked */
export const householdsOf = (units, picked) => units.reduce((sum, one) => sum + (picked.has(one.id) ? one.households : 0), 0);

/**
 * The operation that gives the picked blocks to a grid.
 * @param {Unit[]} units @param {Set<number>} picked @param {string} to
 */
export function paintOperation(units, picked, to) {
  const mine = units.filter(({ id }) => picked.has(id));
  const names = [...new Set(mine.map((one) => one.natural_village).filter(Boolean))];
  const polygons = mine.flatMap(({ geometry }) => (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates)).map((rings) => rings.map((/** @type {any[]} */ ring) => ring.slice(0, -1)));
  return { kind: "hand_over", polygons, to, ...(names.length > 0 && { units: names }) };
}
