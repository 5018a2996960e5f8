// Where the share of a grid is written on the map: just outside the accuracy circle, on the side where the grid lies.

const STEPS = 72;
const LEAST_M = 40;
const OUTSIDE = 1.35;
const METRES_PER_DEGREE = 111_195;

/**
 * @param {GeoJSON.Geometry} geometry polygon or multipolygon, lon/lat
 * @param {number} lon
 * @param {number} lat middle of the circle
 * @param {number} radius_m
 * @returns {[number, number] | null} null where the grid does not reach the circle
 */
export function shareAt(geometry, lon, lat, radius_m) {
  const reach = Math.max(radius_m, LEAST_M);
  const at = (/** @type {number} */ angle, /** @type {number} */ metres) => offset(lon, lat, angle, metres);
  const inside = Array.from({ length: STEPS }, (_, i) => (2 * Math.PI * i) / STEPS).filter((angle) => contains(geometry, ...at(angle, reach * 0.9)));
  if (!inside.length) return null;
  const [x, y] = inside.reduce(([sx, sy], angle) => [sx + Math.cos(angle), sy + Math.sin(angle)], [0, 0]);
  return at(Math.hypot(x, y) < 1e-6 ? Math.PI / 2 : Math.atan2(y, x), reach * OUTSIDE);
}

/** @param {number} lon @param {number} lat @param {number} angle @param {number} metres @returns {[number, number]} */
function offset(lon, lat, angle, metres) {
  const degrees = metres / METRES_PER_DEGREE;
  return [lon + (degrees * Math.cos(angle)) / Math.cos((lat * Math.PI) / 180), lat + degrees * Math.sin(angle)];
}

/**
 * Whether a point lies in a polygon, holes left out.
 * @param {GeoJSON.Geometry} geometry
 * @param {number} lon
 * @param {number} lat
 */
export function contains(geometry, lon, lat) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.type === "MultiPolygon" ? geometry.coordinates : [];
  // every ring crossed changes the side, those of holes too
  return polygons.some((rings) => rings.filter((ring) => crosses(ring, lon, lat)).length % 2 === 1);
}

/** @param {GeoJSON.Position[]} ring @param {number} lon @param {number} lat */
function crosses(ring, lon, lat) {
  let odd = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [[xi, yi], [xj, yj]] = [ring[i], ring[j]];
    if (yi > lat !== yj > lat && lon < ((xj - xi) * (lat - yi)) / (yj - yi) + xi) odd = !odd;
  }
  return odd;
}
