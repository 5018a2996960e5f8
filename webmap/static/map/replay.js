/** Figures of a past moment, counted by the server from what was open, reported and closed by then. */

import { call, query } from "../api.js";

/**
 * The summary as it was at a moment. What only the present knows (lateness by today's deadlines, stages) is left out
 * rather than shown wrongly.
 *
 * @param {any} summary of now @param {import("./town-data.js").TownData} data @param {number} at
 */
export async function replaySummary(summary, data, at) {
  const { from } = data.day(at);
  const moment = new Date(at).toISOString();
  const number = (/** @type {Record<string, any>} */ filters) => call(`/api/v1/counts/incident${query(filters)}`).then((answer) => answer.count);
  const open = { open_since: moment, to: moment };
  const [all, reported, closed, ...platforms] = await Promise.all([
    number(open), number({ from, to: moment }), number({ closed_from: from, closed_to: moment }),
    ...data.platforms.map(async (platform) => ({
      open: await number({ ...open, platform: platform.code }), today: await number({ from, to: moment, platform: platform.code }), late: 0, amber: 0,
    })),
  ]);
  return {
    ...summary, at, open: all, today_reported: reported, today_closed: closed, late: null, amber: null, stages: null,
    platforms: Object.fromEntries(data.platforms.map((platform, index) => [platform.code, platforms[index]])),
  };
}
