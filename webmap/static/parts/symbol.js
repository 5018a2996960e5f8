// Shape = platform, ring = clock. The same on lists, maps and paper.
import { s } from "../dom.js";

/** Paths on a 16 × 16 box; the areas look equal. @type {Record<string, string>} */
const SHAPES = {
  circle: "M8 1.6a6.4 6.4 0 1 0 0 12.8A6.4 6.4 0 0 0 8 1.6z",
  diamond: "M8 .4 15.6 8 8 15.6.4 8z",
  square: "M2 2h12v12H2z",
  triangle: "M8 1.2 15.4 14.2H.6z",
};

/** The shape of each platform. @type {Record<string, string>} */
const SHAPE_OF = { public_order: "circle", enforcement: "diamond", market: "square", service: "triangle" };

/**
 * The symbol of a platform; a hollow circle where none is decided.
 * @param {string | null | undefined} platform
 */
export function symbol(platform) {
  const shape = SHAPES[SHAPE_OF[platform ?? ""] ?? "circle"];
  return s(
    "svg",
    { class: `symbol symbol--${platform && platform in SHAPE_OF ? platform : "none"}`, viewBox: "0 0 16 16", "aria-hidden": "true" },
    s("path", { d: shape }),
  );
}

/**
 * The symbol inside the ring of its clock: the arc is the share of the limit that is used, full and red when late; hollow when suspended.
 * @param {string | null | undefined} platform
 * @param {{state: string, share: number}} time from time.js `clock`
 */
export function clockSymbol(platform, time) {
  const shape = SHAPES[SHAPE_OF[platform ?? ""] ?? "circle"];
  const radius = 14;
  const round = 2 * Math.PI * radius;
  const used = time.state === "late" ? round : round * time.share;
  return s(
    "svg",
    { class: `clock clock--${time.state}`, viewBox: "0 0 32 32", "aria-hidden": "true" },
    time.state !== "late" && s("circle", { class: "clock__track", cx: 16, cy: 16, r: radius }),
    used > 0 &&
      s("circle", {
        class: "clock__run",
        cx: 16,
        cy: 16,
        r: radius,
        "stroke-dasharray": `${used} ${round}`,
        transform: "rotate(-90 16 16)",
      }),
    s("path", {
      class: `symbol--${platform && platform in SHAPE_OF ? platform : "none"}`,
      d: shape,
      transform: "translate(9 9) scale(0.875)",
    }),
  );
}
