// Metres, areas and places on lines, in degrees (EPSG:4490) round one town: flat to a few centimetres. Pure.

/** @typedef {[number, number]} Point lon, lat */

const M_PER_DEGREE = 111_195;
const LATTICE = 1e7; // the server keeps seven decimals

/** Metres of one degree of longitude at a latitude. @param {number} lat */
const eastPerDegree_m = (lat) => M_PER_DEGREE * Math.cos((lat * Math.PI) / 180);

/** @param {Point} a @param {Point} b @returns {number} metres */
export function distance_m(a, b) {
  return Math.hypot((b[0] - a[0]) * eastPerDegree_m((a[1] + b[1]) / 2), (b[1] - a[1]) * M_PER_DEGREE);
}

/** A point moved by metres. @param {Point} at @param {number} east_m @param {number} north_m @returns {Point} */
export function moved(at, east_m, north_m) {
  return onLattice([at[0] + east_m / eastPerDegree_m(at[1]), at[1] + north_m / M_PER_DEGREE]);
}

/** @param {Point} point @returns {Point} */
export const onLattice = ([lon, lat]) => [Math.round(lon * LATTICE) / LATTICE, Math.round(lat * LATTICE) / LATTICE];

/** @param {Point} a @param {Point} b */
export const isSame = (a, b) => Math.abs(a[0] - b[0]) < 0.5 / LATTICE && Math.abs(a[1] - b[1]) < 0.5 / LATTICE;

/** A point as a key. @param {Point} point */
export const keyOf = ([lon, lat]) => `${Math.round(lon * LATTICE)},${Math.round(lat * LATTICE)}`;

/** @param {Point[]} line @returns {number} metres */
export const length_m = (line) => line.slice(1).reduce((sum, point, k) => sum + distance_m(line[k], point), 0);

/** Area inside a ring, closed or not; 0 below three points. @param {Point[]} ring @returns {number} square metres */
export function area_m2(ring) {
  if (ring.length < 3) return 0;
  const [lon0, lat0] = ring[0];
  const stretch = eastPerDegree_m(lat0);
  const xy = ring.map(([lon, lat]) => [(lon - lon0) * stretch, (lat - lat0) * M_PER_DEGREE]);
  return Math.abs(xy.reduce((sum, [x, y], k) => sum + x * xy[(k + 1) % xy.length][1] - xy[(k + 1) % xy.length][0] * y, 0)) / 2;
}

/** @param {Point} a @param {Point} b @returns {Point} */
export const middle = (a, b) => onLattice([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]);

/**
 * The place of a segment nearest to a point.
 * @param {Point} point @param {Point} a @param {Point} b
 * @returns {Point}
 */
export function nearestOn(point, a, b) {
  const stretch = Math.cos((point[1] * Math.PI) / 180);
  const [dx, dy] = [(b[0] - a[0]) * stretch, b[1] - a[1]];
  const size = dx * dx + dy * dy;
  const along = size ? ((point[0] - a[0]) * stretch * dx + (point[1] - a[1]) * dy) / size : 0;
  const share = Math.max(0, Math.min(1, along));
  return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
}

/** @param {Point} point @param {Point[]} ring */
function isInRing([x, y], ring) {
  let within = false;
  for (let k = 0, last = ring.length - 1; k < ring.length; last = k, k += 1) {
    const [ax, ay] = ring[k];
    const [bx, by] = ring[last];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
  }
  return within;
}

/** Whether a Polygon or MultiPolygon holds a point. @param {any} geometry @param {Point} point */
export function holds(geometry, point) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.type === "MultiPolygon" ? geometry.coordinates : [];
  return polygons.some((/** @type {Point[][]} */ rings) => isInRing(point, rings[0]) && !rings.slice(1).some((hole) => isInRing(point, hole)));
}

/**
 * West, south, east, north of any GeoJSON; null where it has no place.
 * @param {any[]} geometries
 * @returns {[number, number, number, number] | null}
 */
export function boundsOf(geometries) {
  const box = /** @type {[number, number, number, number]} */ ([Infinity, Infinity, -Infinity, -Infinity]);
  const take = (/** @type {any} */ value) => {
    if (typeof value[0] !== "number") return value.forEach(take);
    box[0] = Math.min(box[0], value[0]);
    box[1] = Math.min(box[1], value[1]);
    box[2] = Math.max(box[2], value[0]);
    box[3] = Math.max(box[3], value[1]);
  };
  for (const geometry of geometries) if (geometry?.coordinates) take(geometry.coordinates);
  return box[0] <= box[2] ? box : null;
}
