/** How a legend entry looks beside its words: the same image the map draws, or a patch of colour. */

import { currentTheme } from "./ink.js";
import { parseImageName } from "./symbols.js";

/** Tokens a legend may name, besides `platform` and `#RRGGBB`; ramps carry their step: `hotspot.2`. @type {Record<string, Record<string, string | string[]>>} */
const TOKENS = {
  dark: {
    late: "#FF5C50", warn: "#FFA81F", fine: "#3FC7A6", neutral: "#8595A3", hatch: "#E0B98A",
    coverage: ["#2B4352", "#335468", "#3C667F", "#467A98"], hotspot: ["#CC5DF233", "#CC5DF25C", "#CC5DF28F", "#CC5DF2B8"],
  },
  light: {
    late: "#B3121D", warn: "#A86200", fine: "#0B6B62", neutral: "#66737E", hatch: "#8A5A1C",
    coverage: ["#DCEAF2", "#A9CADB", "#6F9DB8", "#3F6E8C"], hotspot: ["#EBD3F4", "#D59DEA", "#AE4BD3", "#6D1A91"],
  },
};

/** The ring of a legend entry as the image's name has it. @type {Record<string, string>} */
const RINGS = { amber: "w80", late: "late" };

/**
 * The colour a legend symbol names. The same rule as the style builder's, so that legend and map agree.
 *
 * @param {Record<string, any>} symbol @param {any} platform @param {"dark" | "light"} theme
 */
export function legendColour(symbol, platform, theme) {
  const token = String(symbol[`colour_${theme}`] ?? symbol.colour ?? "platform");
  if (token.startsWith("#")) return token;
  if (token === "platform") return platform ? platform[`colour_${theme}`] : TOKENS[theme].neutral;
  const [name, step] = token.split(".");
  const value = TOKENS[theme][name] ?? TOKENS[theme].neutral;
  return Array.isArray(value) ? value[Math.min(Number(step ?? 0), value.length - 1)] : value;
}

/**
 * @param {{id: string, platform: string | null, renderer: string}} layer @param {Record<string, any>} symbol
 * @param {{platform: (code: string | null) => any, platforms: any[]}} data
 * @returns {{image: import("./symbols.js").ImageSpec | null, colour: string}}
 */
export function legendSpec(layer, symbol, data) {
  const theme = currentTheme();
  const platform = data.platform(symbol.platform ?? layer.platform);
  const colour = String(legendColour(symbol, platform, theme));
  if (symbol.hatch) return { image: null, colour: `repeating-linear-gradient(135deg, ${colour} 0 1.5px, transparent 1.5px 5px)` };
  if (layer.renderer !== "symbol" && layer.renderer !== "point") return { image: null, colour };
  const asked = symbol.shape && symbol.shape !== "platform" && symbol.shape !== "plate" ? symbol.shape : platform?.symbol ?? "circle";
  const plainColour = colour.slice(1, 7).toUpperCase();
  const plate = symbol.plate || symbol.shape === "plate";
  const name = plate
    ? `plate;${asked};${plainColour};${symbol.radius ?? 7}`
    : `sym;${asked};${plainColour};${RINGS[symbol.ring] ?? ""};${symbol.fill ?? "solid"};${symbol.radius ?? 6}`;
  return { image: parseImageName(name), colour };
}
