/** Figures of a past moment, from the cases that were open then. */

import { call, query } from "../api.js";
import { factsOf } from "./case-clock.js";
import { clockOf } from "./clock.js";

/** Up to this many open cases are looked at one by one; a town with more is counted by the server, without lateness. */
const MOST = 500;

/**
 * The summary as it was at a moment, with the cases open then. What only the present knows (the stages) is left out
 * rather than shown wrongly.
 *
 * @param {any} summary of now @param {import("./town-data.js").TownData} data @param {number} at
 * @returns {Promise<{summary: any, features: any[] | null}>} features null when there are too many
 */
export async function replaySummary(summary, data, at) {
  const { from } = data.day(at);
  const moment = new Date(at).toISOString();
  const number = (/** @type {Record<string, any>} */ filters) => call(`/api/v1/counts/incident${query(filters)}`).then((answer) => answer.count);
  const [open, reported, closed, ...today] = await Promise.all([
    call(`/api/v1/incidents${query({ open_since: moment, to: moment, limit: MOST })}`),
    number({ from, to: moment }), number({ closed_from: from, closed_to: moment }),
    ...data.platforms.map((platform) => number({ from, to: moment, platform: platform.code })),
  ]);
  const features = open.next ? null : open.features;
  const platforms = Object.fromEntries(data.platforms.map((platform, index) => [platform.code, { ...tally(features, at, platform.code), today: today[index] }]));
  platforms[""] = { ...tally(features, at, ""), today: 0 };
  const all = tally(features, at, null);
  return { summary: { ...summary, at, ...all, open: open.count, today_reported: reported, today_closed: closed, stages: null, platforms }, features };
}

/**
 * The summary of a moment that is still being counted: figures of now would pass for its own.
 *
 * @param {any} summary of now @param {import("./town-data.js").TownData} data @param {number} at
 */
export function uncounted(summary, data, at) {
  const none = { open: null, amber: null, late: null };
  const platforms = Object.fromEntries(data.platforms.map((platform) => [platform.code, { ...none, today: null }]));
  return { ...summary, at, ...none, today_reported: null, today_closed: null, stages: null, platforms };
}

/**
 * How many cases were open, near their limit and late.
 *
 * @param {any[] | null} features @param {number} at @param {string | null} platform null: of all platforms; empty: of none yet
 */
export function tally(features, at, platform) {
  if (!features) return { open: null, amber: null, late: null };
  const own = features.filter((feature) => platform === null || (feature.properties.platform ?? "") === platform);
  const states = own.map((feature) => clockOf(factsOf({ ...feature.properties, is_open: undefined }, at)).state);
  return { open: own.length, amber: states.filter((state) => state === "warn").length, late: states.filter((state) => state === "late").length };
}
