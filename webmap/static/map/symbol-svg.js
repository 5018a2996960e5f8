/** Platform symbols and clock rings as SVG, for lists and legends; the same shapes as on the map. */

import { s } from "../dom.js";
import { currentTheme } from "./ink.js";

/** @typedef {{code: string, name: string, name_en?: string, symbol: string, colour_dark: string, colour_light: string}} Platform */

/** Paths on a 16 × 16 box; the areas look equal. @type {Record<string, string>} */
const PATHS = {
  circle: "M8 1.6a6.4 6.4 0 1 0 0 12.8A6.4 6.4 0 0 0 8 1.6z",
  diamond: "M8 .4 15.6 8 8 15.6.4 8z",
  square: "M2 2h12v12H2z",
  triangle: "M8 1.2 15.4 14.2H.6z",
};

/** @param {Platform | null | undefined} platform */
const colourOf = (platform) => (platform ? platform[`colour_${currentTheme()}`] : "var(--text-3)");

/**
 * The symbol of a platform; an empty circle where none is decided.
 *
 * @param {Platform | null | undefined} platform
 */
export function platformSymbol(platform) {
  const path = PATHS[platform?.symbol ?? "circle"] ?? PATHS.circle;
  const look = platform ? { fill: colourOf(platform) } : { fill: "none", stroke: colourOf(null), "stroke-width": 1.6 };
  return s("svg", { class: "icon-symbol", viewBox: "0 0 16 16", "aria-hidden": "true" }, s("path", { d: path, ...look }));
}

/**
 * The symbol inside the ring of its clock: the arc is the share used, full and red when late; hollow when suspended.
 *
 * @param {Platform | null | undefined} platform null: none is decided; undefined: any, as a legend means it
 * @param {{state: string, share: number}} clock `used` share 0–1
 */
export function ringSymbol(platform, clock) {
  const radius = 14;
  const round = 2 * Math.PI * radius;
  const used = clock.state === "late" ? round : round * clock.share;
  const hollow = clock.state === "suspended" || platform === null;
  const colour = colourOf(platform);
  return s(
    "svg",
    { class: "icon-ring", viewBox: "0 0 32 32", "data-state": clock.state, "aria-hidden": "true" },
    clock.state !== "closed" && s("circle", { class: "track", cx: 16, cy: 16, r: radius }),
    used > 0 && s("circle", { class: "used", cx: 16, cy: 16, r: radius, "stroke-dasharray": `${used} ${round}`, transform: "rotate(-90 16 16)" }),
    s("path", {
      d: PATHS[platform?.symbol ?? "circle"] ?? PATHS.circle, transform: "translate(9 9) scale(0.875)",
      fill: hollow ? "none" : colour, stroke: hollow ? colour : null, "stroke-width": hollow ? 2 : null,
    }),
  );
}
