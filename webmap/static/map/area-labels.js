/** Names of villages and grids as one point an area; kept in this browser, so that the next start has them at once. */

import { call, query } from "../api.js";
import { labelPoint } from "./label-point.js";

const LEVELS = ["village", "grid"];
const PAGE = 500;

/** @param {string} town */
const storedAs = (town) => `map.labels.${town}`;

/** Labels kept from the last visit. @param {string} town code @returns {any | null} */
export function keptLabels(town) {
  try {
    return JSON.parse(localStorage.getItem(storedAs(town)) ?? "null");
  } catch {
    return null;
  }
}

/**
 * Labels of the boundaries in force.
 *
 * @param {string} town code
 * @returns {Promise<{type: "FeatureCollection", features: any[]}>}
 */
export async function fetchLabels(town) {
  const parts = await Promise.all(LEVELS.map(ofLevel));
  const collection = { type: /** @type {const} */ ("FeatureCollection"), features: parts.flat() };
  try {
    localStorage.setItem(storedAs(town), JSON.stringify(collection));
  } catch {
    // A full store only costs the head start.
  }
  return collection;
}

/** @param {string} level */
async function ofLevel(level) {
  const features = [];
  let cursor = null;
  do {
    const answer = await call(`/api/v1/features/${level}${query({ limit: PAGE, cursor })}`);
    features.push(...answer.features);
    cursor = answer.next;
  } while (cursor);
  return features.map((area) => labelOf(area, level)).filter(Boolean);
}

/** @param {any} area @param {string} level */
function labelOf(area, level) {
  const point = area.geometry && labelPoint(area.geometry);
  if (!point) return null;
  const { code, name, name_en: english } = area.properties;
  return { type: "Feature", geometry: { type: "Point", coordinates: point }, properties: { code, level, name, name_en: english ?? "" } };
}
