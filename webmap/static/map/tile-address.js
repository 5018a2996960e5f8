/** The address of a layer's tiles under the filters of the page. Pure. */

/**
 * @typedef {object} RegistryLayer as `/api/v1/layers` describes it
 * @property {string} id
 * @property {string | null} platform code, `by_feature`, or null for shared layers
 * @property {{zh: string, en: string}} title
 * @property {string} kind
 * @property {string} renderer
 * @property {boolean} [cluster]
 * @property {number} [minzoom] first zoom it is drawn at
 * @property {boolean} [base] part of the base map, not a switch
 * @property {{far?: {below: number, filter: Record<string, string>}}} [style]
 * @property {string} tiles
 * @property {{wall?: boolean, desk?: boolean, phone?: boolean}} [default_on]
 * @property {{id: string, title: {zh: string, en: string}, symbol?: any, filter?: any, count_url?: string}[]} legend
 * @property {{name: string, title: {zh: string, en: string}, type: string}[]} columns
 * @property {{name: string, type: string, values?: any[]}[]} filters
 */

/**
 * A layer's tile template with the filters it understands; the same text for the same filters, because the browser's
 * cache goes by the text. Live, a layer of cases shows the open ones; at a moment, those that were open then.
 *
 * @param {Pick<RegistryLayer, "tiles" | "filters">} layer
 * @param {{platforms: string[] | null, at: number | null}} filter `at` in milliseconds
 */
export function tileAddress(layer, { platforms, at }) {
  const knows = new Set((layer.filters ?? []).map((filter) => filter.name));
  const pairs = [];
  if (platforms && knows.has("platform")) pairs.push(`platform=${platforms.length ? [...platforms].sort().join(",") : "-"}`);
  if (at !== null && knows.has("open_since")) {
    const moment = `${new Date(at).toISOString().slice(0, 19)}Z`;
    pairs.push(`open_since=${moment}`, `to=${moment}`);
  } else if (knows.has("open")) {
    pairs.push("open=1");
  }
  if (!pairs.length) return layer.tiles;
  return layer.tiles + (layer.tiles.includes("?") ? "&" : "?") + pairs.join("&");
}

/**
 * The sources a layer draws from, with their addresses: its own, and that of the small scales where it has one.
 *
 * @param {RegistryLayer} layer @param {{platforms: string[] | null, at: number | null}} filter
 * @returns {[string, string][]}
 */
export function addressesOf(layer, filter) {
  const address = tileAddress(layer, filter);
  const far = layer.style?.far;
  if (!far) return [[layer.id, address]];
  const extra = new URLSearchParams(far.filter).toString();
  return [[layer.id, address], [`${layer.id}~far`, `${address}${address.includes("?") ? "&" : "?"}${extra}`]];
}
