// Words, times, durations and counts in the language of the page. The server puts the strings into the page (frame.js).
import { frame } from "./frame.js";

export const lang = frame.lang;

/**
 * The string `key` with `{name}` replaced; the key itself when there is no such string.
 * With n = 1 the variant `<key>.one` is taken where the language has one.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const one = values.n === 1 ? frame.strings[`${key}.one`] : undefined;
  const phrase = one ?? frame.strings[key] ?? key;
  return phrase.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/**
 * Whether the page has the string `key`.
 * @param {string} key
 */
export const has = (key) => key in frame.strings;

/**
 * The name of a thing in the language of the page, where it has one.
 * @param {{name?: string | null, name_en?: string | null} | null | undefined} thing
 */
export const nameOf = (thing) => (lang === "en" ? thing?.name_en || thing?.name : thing?.name) ?? "";

/**
 * The same for a name that stands beside other values: `grid_name` with `grid_name_en`.
 * @param {any} row
 * @param {string} field
 * @returns {string}
 */
export const wordOf = (row, field) => (lang === "en" && row[`${field}_en`]) || row[field] || "";

/**
 * The word of a code that a town may have made up; then the code stands for itself.
 * @param {string} group
 * @param {string} code
 */
export const wordsFor = (group, code) => frame.strings[`${group}.${code}`] ?? code;

/** @param {number} value */
export const count = (value) => value.toLocaleString(lang === "en" ? "en-GB" : "zh-CN");
