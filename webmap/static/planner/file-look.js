// What the server says of a file that is to be drawn, as the panel tells it. Pure.

/** @typedef {{kind: string, count: number, left: number, repairable: boolean, hinders: boolean, width_m: number | null, codes: string[], rows: number[], places: {features: any[]}}} FileFault */
/**
 * @typedef {object} Look
 * @property {number} version
 * @property {string | null} crs
 * @property {number} width_m
 * @property {number} most_m
 * @property {number | null} needs_m
 * @property {{by_code: number, by_overlap: number, new: number, unchanged: number, changed: number, gone: string[]}} areas
 * @property {FileFault[]} faults
 * @property {{crs: string, share: number}[]} suggested_crs
 * @property {{features: any[]}} drawn
 * @property {boolean} can_apply
 */

const NAMED = 3;

/** Whether there is nothing to tell. @param {Look} look */
export const isFine = (look) => look.faults.length === 0;

/** @param {Look} look @returns {"ready" | "mended" | "blocked" | "same"} */
export function stateOf(look) {
  const hindering = look.faults.filter(({ hinders }) => hinders);
  if (look.can_apply) return hindering.length ? "mended" : "ready";
  return hindering.some(({ left }) => left > 0) ? "blocked" : "same";
}

/** The figures of the sentence about the areas. @param {Look} look */
export const facts = ({ areas }) => ({ changed: areas.changed + areas.gone.length, new: areas.new, unchanged: areas.unchanged });

/**
 * Which areas a fault concerns: by name, else the rows of the file.
 * @param {FileFault} fault @param {Map<string, any>} areas @param {(area: any) => string} nameOf @param {(key: string, values?: any) => string} t
 */
export function reasonOf(fault, areas, nameOf, t) {
  const some = fault.codes.slice(0, NAMED).map((code) => (areas.has(code) ? nameOf(areas.get(code)) || code : code));
  if (some.length) return some.join(t("common.comma")) + (fault.codes.length > NAMED ? " …" : "");
  return fault.rows.length ? t("planner.file_rows", { rows: fault.rows.slice(0, NAMED).join(t("common.comma")) }) : "";
}
