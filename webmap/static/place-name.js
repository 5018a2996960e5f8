// Where something lies, as the language says it: 澉南村港口网格; Gannan Village, Harbour grid.
import { nameOf, t } from "./i18n.js";

/** @typedef {{name?: string | null, name_en?: string | null} | null | undefined} Named */

/**
 * Village and grid as one name. A grid that is called after its village stands alone.
 * @param {Named} village
 * @param {Named} grid
 */
export function joined(village, grid) {
  const [outer, inner] = [nameOf(village), nameOf(grid)];
  if (!outer || !inner) return inner || outer;
  return inner.startsWith(outer) ? inner : t("common.village_grid", { village: outer, grid: inner });
}

/**
 * The place of a row of incidents: `grid_name`, `village_name` and their English. Empty where there is none.
 * @param {any} row
 */
export const placeName = (row) =>
  joined({ name: row.village_name, name_en: row.village_name_en }, { name: row.grid_name, name_en: row.grid_name_en });

/** The same, or why the case has no place yet. @param {any} row */
export const placeOrReason = (row) => placeName(row) || (row.triage_reason ? t(`common.triage_${row.triage_reason}`) : "");

/**
 * The same of an answer that holds both as objects: locate, geocode, a receipt.
 * @param {{village?: Named, grid?: Named} | null | undefined} answer
 */
export const placeAt = (answer) => joined(answer?.village, answer?.grid);
