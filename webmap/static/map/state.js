/**
 * The state of the map page as a URL, and back.
 *
 * Whatever a person sees can be sent to another by its address: place, layers, platforms, moment, selection,
 * theme and language. What equals the default is left out, so that the plain address stays plain.
 */

import { formatMoment, parseMoment } from "./town-clock.js";

/**
 * @typedef {object} MapState
 * @property {{lon: number, lat: number, zoom: number} | null} view null: the town's own view
 * @property {string[] | null} on layer ids that are drawn; null: the registry's defaults
 * @property {string[] | null} platforms platform codes that are drawn; null: all
 * @property {number | null} at the moment shown, milliseconds; null: live
 * @property {{kind: string, id: string} | null} sel the selected object
 * @property {string | null} tab the open panel tab
 * @property {"dark" | "light" | null} theme null: by the width of the screen
 * @property {"zh" | "en" | null} lang null: the server's choice
 * @property {boolean} help
 */

/** @returns {MapState} */
export function emptyState() {
  return { view: null, on: null, platforms: null, at: null, sel: null, tab: null, theme: null, lang: null, help: false };
}

/** @param {string} text */
const codes = (text) => text.split(",").filter((code) => /^[\w.-]+$/.test(code));

/** @param {string} text @returns {MapState["view"]} */
function parseView(text) {
  const parts = text.split(",");
  const [lon, lat, zoom] = parts.map(Number);
  if (parts.length !== 3 || parts.some((part) => part.trim() === "")) return null;
  if (![lon, lat, zoom].every(Number.isFinite)) return null;
  if (Math.abs(lon) > 180 || Math.abs(lat) > 85 || zoom < 0 || zoom > 24) return null;
  return { lon, lat, zoom };
}

/** @param {string} text @returns {MapState["sel"]} */
function parseSelection(text) {
  const colon = text.indexOf(":");
  if (colon < 1 || colon === text.length - 1) return null;
  return { kind: text.slice(0, colon), id: text.slice(colon + 1) };
}

/**
 * The state an address names. What it does not name, or names badly, is the default: an old link still opens.
 *
 * @param {string} search `location.search`
 * @param {string} zone IANA name, for `at`
 * @returns {MapState}
 */
export function parseState(search, zone) {
  const query = new URLSearchParams(search);
  const state = emptyState();
  const text = (/** @type {string} */ name) => query.get(name);
  const [view, on, platforms, at, sel] = [text("c"), text("on"), text("p"), text("at"), text("sel")];
  if (view !== null) state.view = parseView(view);
  if (on !== null) state.on = codes(on);
  if (platforms !== null) state.platforms = codes(platforms);
  if (at !== null) state.at = parseMoment(at, zone);
  if (sel !== null) state.sel = parseSelection(sel);
  state.tab = text("tab") || null;
  const [theme, lang] = [text("theme"), text("lang")];
  if (theme === "dark" || theme === "light") state.theme = theme;
  if (lang === "zh" || lang === "en") state.lang = lang;
  state.help = query.has("help");
  return state;
}

/** Commas and colons stay readable: they are legal in a query. @param {string} value */
const readable = (value) => encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%3A", ":");

/**
 * The search part of the address of a state (`?c=…`, or an empty text for the plain page).
 *
 * @param {MapState} state @param {string} zone
 */
export function formatState(state, zone) {
  /** @type {[string, string][]} */
  const pairs = [];
  if (state.view) {
    const { lon, lat, zoom } = state.view;
    pairs.push(["c", `${lon.toFixed(5)},${lat.toFixed(5)},${Number(zoom.toFixed(2))}`]);
  }
  if (state.on) pairs.push(["on", state.on.join(",")]);
  if (state.platforms) pairs.push(["p", state.platforms.join(",")]);
  if (state.at !== null) pairs.push(["at", formatMoment(state.at, zone)]);
  if (state.sel) pairs.push(["sel", `${state.sel.kind}:${state.sel.id}`]);
  if (state.tab) pairs.push(["tab", state.tab]);
  if (state.theme) pairs.push(["theme", state.theme]);
  if (state.lang) pairs.push(["lang", state.lang]);
  if (state.help) pairs.push(["help", ""]);
  if (!pairs.length) return "";
  return `?${pairs.map(([name, value]) => (value === "" && name === "help" ? name : `${name}=${readable(value)}`)).join("&")}`;
}

/**
 * Whether going from one state to another deserves an entry in the history: a selection does, panning does not.
 *
 * @param {MapState} from @param {MapState} to
 */
export function deservesHistory(from, to) {
  const key = (/** @type {MapState} */ state) => (state.sel ? `${state.sel.kind}:${state.sel.id}` : "");
  return key(from) !== key(to);
}
