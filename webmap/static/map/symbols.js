/**
 * The symbols of the map, drawn on a canvas from their names.
 *
 * The style composes an image name from a feature's properties (`sym;diamond;CC5DF2;w80;solid;6`); the map asks
 * for the image once, and this module draws it. A new platform or layer thus needs no sprite: its shape and
 * colour are data.
 */

/** @typedef {"circle" | "diamond" | "square" | "triangle"} Shape */
/** @typedef {{kind: "sym", shape: Shape, colour: string, ring: string, fill: "solid" | "hollow", radius: number}} SymbolSpec */
/** @typedef {{kind: "plate", shape: Shape, colour: string, radius: number}} PlateSpec */
/** @typedef {{kind: "donut", parts: {colour: string, count: number}[], deadlines: number[]}} DonutSpec deadlines in seconds since 1970 */
/** @typedef {{kind: "stack", colour: string, count: number}} StackSpec */
/** @typedef {{kind: "hatch" | "dots", colour: string}} PatternSpec */
/** @typedef {SymbolSpec | PlateSpec | DonutSpec | StackSpec | PatternSpec} ImageSpec */
/** @typedef {{casing: string, warn: string, late: string, panel: string, text: string, onLate: string}} Ink colours of the theme */
/** @typedef {Pick<CanvasRenderingContext2D, "beginPath" | "moveTo" | "lineTo" | "arc" | "closePath" | "fill" | "stroke" | "fillText" | "fillRect" | "clearRect"> & {fillStyle: any, strokeStyle: any, lineWidth: number, lineJoin: any, lineCap: any, font: string, textAlign: any, textBaseline: any}} Pen */

export const CASING_PX = 1.5;
const RING_GAP_PX = 4;
const RING_PX = 2.4;
const SHAPES = new Set(["circle", "diamond", "square", "triangle"]);

/** Half the size of each shape at radius 1, so that all four look equally heavy. */
const REACH = { circle: 1, diamond: 1.3, square: 0.92, triangle: 1.28 };

/** @param {string} text `RRGGBB` @returns {string | null} */
const colourOf = (text) => (/^[0-9A-Fa-f]{6}$/.test(text) ? `#${text}` : null);

/**
 * What an image name asks for; null when the name is none of ours.
 *
 * @param {string} name
 * @returns {ImageSpec | null}
 */
export function parseImageName(name) {
  const [kind, ...fields] = name.split(";");
  if (kind === "sym") return parseSymbol(fields);
  if (kind === "donut") return parseDonut(fields);
  const colour = colourOf(fields[kind === "plate" ? 1 : 0] ?? "");
  if (!colour) return null;
  if (kind === "plate" && SHAPES.has(fields[0])) {
    return { kind, shape: /** @type {Shape} */ (fields[0]), colour, radius: Number(fields[2]) || 7 };
  }
  if (kind === "stack") return Number(fields[1]) > 0 ? { kind, colour, count: Number(fields[1]) } : null;
  return kind === "hatch" || kind === "dots" ? { kind, colour } : null;
}

/** @param {string[]} fields @returns {SymbolSpec | null} */
function parseSymbol([shape, colourText, ring, fill, radiusText]) {
  const colour = colourOf(colourText ?? "");
  const radius = Number(radiusText);
  if (!SHAPES.has(shape) || !colour || !(radius > 0 && radius < 40)) return null;
  if (!/^(|late|w\d{2})$/.test(ring) || (fill !== "solid" && fill !== "hollow")) return null;
  return { kind: "sym", shape: /** @type {Shape} */ (shape), colour, ring, fill, radius };
}

/** @param {string[]} fields @returns {DonutSpec | null} */
function parseDonut([partText, ...deadlineTexts]) {
  const parts = [];
  for (const part of (partText ?? "").split(",").filter(Boolean)) {
    const [colourText, countText] = part.split(":");
    const colour = colourOf(colourText);
    const count = Number(countText);
    if (!colour || !Number.isInteger(count) || count < 0) return null;
    if (count) parts.push({ colour, count });
  }
  const deadlines = deadlineTexts.map(Number).filter((seconds) => seconds > 0);
  return parts.length ? { kind: "donut", parts, deadlines } : null;
}

/**
 * How many cases of a cluster are late at a moment: a tile carries their deadlines, because it does not know when
 * it will be looked at.
 *
 * @param {DonutSpec} spec @param {number} now_s seconds since 1970
 */
export const donutLate = (spec, now_s) => spec.deadlines.filter((deadline) => deadline < now_s).length;

/** Radius of a cluster of n: 13 + 2.2 log₂ n. @param {number} count */
export function donutRadius(count) {
  return 13 + 2.2 * Math.log2(Math.max(1, count));
}

/** @param {DonutSpec} spec */
export const donutCount = (spec) => spec.parts.reduce((sum, part) => sum + part.count, 0);

/**
 * The angles of a donut's arcs, clockwise from the top, with a gap between neighbours; they fill the circle.
 *
 * @param {number[]} counts
 * @returns {[number, number][]} radians
 */
export function donutArcs(counts) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const gap = counts.length > 1 ? 0.14 : 0;
  const usable = 2 * Math.PI - gap * counts.length;
  let angle = -Math.PI / 2;
  return counts.map((count) => {
    const start = angle + gap / 2;
    const end = start + (count / total) * usable;
    angle = end + gap / 2;
    return [start, end];
  });
}

/**
 * Half the width of an image in pixels, casing, ring and badge included.
 *
 * @param {ImageSpec} spec
 */
export function imageReach(spec) {
  if (spec.kind === "donut") return Math.ceil(donutRadius(donutCount(spec)) + (spec.deadlines.length ? 7 : 2));
  if (spec.kind === "stack") return stackReach(spec.count) + 2;
  if (spec.kind === "plate") return Math.ceil(spec.radius + 3);
  if (spec.kind !== "sym") return spec.kind === "hatch" ? 4 : 5;
  const body = spec.radius * REACH[spec.shape] + CASING_PX;
  return Math.ceil(spec.ring ? Math.max(body, spec.radius + RING_GAP_PX + RING_PX + CASING_PX) : body) + 1;
}

/**
 * Trace a platform's shape around (x, y).
 *
 * @param {Pen} pen @param {Shape} shape @param {number} x @param {number} y @param {number} radius
 */
export function traceShape(pen, shape, x, y, radius) {
  const reach = radius * REACH[shape];
  pen.beginPath();
  if (shape === "circle") {
    pen.arc(x, y, reach, 0, 2 * Math.PI);
  } else if (shape === "square") {
    tracePolygon(pen, [[x - reach, y - reach], [x + reach, y - reach], [x + reach, y + reach], [x - reach, y + reach]]);
  } else if (shape === "diamond") {
    tracePolygon(pen, [[x, y - reach], [x + reach, y], [x, y + reach], [x - reach, y]]);
  } else {
    // The centroid of the triangle, not of its box, sits on the place.
    tracePolygon(pen, [[x, y - reach], [x + reach * 0.9, y + reach * 0.62], [x - reach * 0.9, y + reach * 0.62]]);
  }
  pen.closePath();
}

/** @param {Pen} pen @param {[number, number][]} points */
function tracePolygon(pen, points) {
  points.forEach(([x, y], index) => (index ? pen.lineTo(x, y) : pen.moveTo(x, y)));
}

/** @param {Pen} pen @param {SymbolSpec} spec @param {Ink} ink @param {number} centre */
function drawSymbol(pen, spec, ink, centre) {
  if (spec.ring) drawRing(pen, spec, ink, centre);
  pen.lineJoin = "round";
  traceShape(pen, spec.shape, centre, centre, spec.radius);
  pen.strokeStyle = ink.casing;
  pen.lineWidth = 2 * CASING_PX;
  pen.stroke();
  if (spec.fill === "solid") {
    pen.fillStyle = spec.colour;
    pen.fill();
    return;
  }
  pen.fillStyle = ink.casing;
  pen.fill();
  pen.strokeStyle = spec.colour;
  pen.lineWidth = 1.6;
  traceShape(pen, spec.shape, centre, centre, spec.radius - 0.8);
  pen.stroke();
}

/** @param {Pen} pen @param {SymbolSpec} spec @param {Ink} ink @param {number} centre */
function drawRing(pen, spec, ink, centre) {
  const late = spec.ring === "late";
  const share = late ? 1 : Number(spec.ring.slice(1)) / 100;
  const radius = spec.radius + RING_GAP_PX + RING_PX / 2;
  const start = -Math.PI / 2;
  pen.lineCap = "butt";
  for (const [colour, width] of /** @type {[string, number][]} */ ([[ink.casing, RING_PX + 2 * CASING_PX - 0.6], [late ? ink.late : ink.warn, RING_PX]])) {
    pen.beginPath();
    pen.arc(centre, centre, radius, start, start + share * 2 * Math.PI);
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.stroke();
  }
}

/** @param {Pen} pen @param {PlateSpec} spec @param {Ink} ink @param {number} centre */
function drawPlate(pen, spec, ink, centre) {
  pen.beginPath();
  pen.arc(centre, centre, spec.radius + 1, 0, 2 * Math.PI);
  pen.fillStyle = ink.panel;
  pen.fill();
  pen.strokeStyle = ink.text;
  pen.lineWidth = 1.4;
  pen.stroke();
  traceShape(pen, spec.shape, centre, centre, spec.radius * 0.5);
  pen.fillStyle = spec.colour;
  pen.fill();
}

/** @param {Pen} pen @param {DonutSpec} spec @param {Ink} ink @param {number} centre @param {number} now_s */
function drawDonut(pen, spec, ink, centre, now_s) {
  const count = donutCount(spec);
  const radius = donutRadius(count);
  pen.beginPath();
  pen.arc(centre, centre, radius, 0, 2 * Math.PI);
  pen.fillStyle = ink.panel;
  pen.fill();
  pen.lineWidth = 3.6;
  pen.lineCap = "butt";
  donutArcs(spec.parts.map((part) => part.count)).forEach(([start, end], index) => {
    pen.beginPath();
    pen.arc(centre, centre, radius - 3.2, start, end);
    pen.strokeStyle = spec.parts[index].colour;
    pen.stroke();
  });
  drawCount(pen, String(count), ink.text, centre, centre, count < 1000 ? 13 : 11);
  const late = donutLate(spec, now_s);
  if (!late) return;
  const [x, y] = [centre + radius * 0.74, centre - radius * 0.74];
  pen.beginPath();
  pen.arc(x, y, 7, 0, 2 * Math.PI);
  pen.fillStyle = ink.late;
  pen.fill();
  drawCount(pen, String(late), ink.onLate, x, y, late > 99 ? 7 : late > 9 ? 9 : 11);
}

/** Half the side of a stack's square. @param {number} count */
const stackReach = (count) => 6 + 3 * String(count).length;

/** @param {Pen} pen @param {StackSpec} spec @param {Ink} ink @param {number} centre */
function drawStack(pen, spec, ink, centre) {
  const reach = stackReach(spec.count);
  pen.lineJoin = "round";
  pen.beginPath();
  tracePolygon(pen, [[centre - reach, centre - reach], [centre + reach, centre - reach], [centre + reach, centre + reach], [centre - reach, centre + reach]]);
  pen.closePath();
  pen.strokeStyle = ink.casing;
  pen.lineWidth = 1.8 + 2 * CASING_PX;
  pen.stroke();
  pen.fillStyle = ink.panel;
  pen.fill();
  pen.strokeStyle = spec.colour;
  pen.lineWidth = 1.8;
  pen.stroke();
  drawCount(pen, String(spec.count), ink.text, centre, centre, 12);
}

/** @param {Pen} pen @param {string} text @param {string} colour @param {number} x @param {number} y @param {number} size_px */
function drawCount(pen, text, colour, x, y, size_px) {
  pen.font = `600 ${size_px}px Barlow, "Noto Sans CJK SC", sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillStyle = colour;
  pen.fillText(text, x, y + size_px * 0.06);
}

/** @param {Pen} pen @param {PatternSpec} spec @param {number} size */
function drawPattern(pen, spec, size) {
  pen.strokeStyle = spec.colour;
  pen.fillStyle = spec.colour;
  if (spec.kind === "dots") {
    pen.fillRect(1, 2, 1.2, 1.2);
    pen.fillRect(size / 2 + 1, size / 2 + 2, 1.2, 1.2);
    return;
  }
  pen.lineWidth = 1.2;
  for (const shift of [-size, 0, size]) {
    pen.beginPath();
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
    pen.stroke();
  }
}

/**
 * Draw an image into a square of 2 × `imageReach` pixels.
 *
 * @param {Pen} pen already scaled to the device @param {ImageSpec} spec @param {Ink} ink
 * @param {number} now_s seconds since 1970, for what changes with time alone
 */
export function drawImage(pen, spec, ink, now_s) {
  const centre = imageReach(spec);
  if (spec.kind === "sym") drawSymbol(pen, spec, ink, centre);
  else if (spec.kind === "plate") drawPlate(pen, spec, ink, centre);
  else if (spec.kind === "stack") drawStack(pen, spec, ink, centre);
  else if (spec.kind === "donut") drawDonut(pen, spec, ink, centre, now_s);
  else drawPattern(pen, spec, 2 * centre);
}

/**
 * An image as pixels for the map.
 *
 * @param {ImageSpec} spec @param {Ink} ink @param {number} now_s seconds since 1970
 * @param {number} ratio device pixels a CSS pixel
 * @returns {ImageData}
 */
export function renderImage(spec, ink, now_s, ratio) {
  const size = 2 * imageReach(spec) * ratio;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  pen.scale(ratio, ratio);
  drawImage(pen, spec, ink, now_s);
  return pen.getImageData(0, 0, size, size);
}
