/**
 * The point inside a polygon that is farthest from its border: where its name stands.
 *
 * Works in degrees with longitudes shrunk by the cosine of the latitude; good enough for a label, never for a
 * measurement.
 */

/** @typedef {[number, number]} Position lon, lat */
/** @typedef {Position[][]} Rings outer ring and holes */

/** Signed distance from a point to the rings' border, negative outside. @param {number} x @param {number} y @param {Rings} rings */
function inside(x, y, rings) {
  let within = false;
  let nearest = Infinity;
  for (const ring of rings) {
    for (let index = 0, last = ring.length - 1; index < ring.length; last = index, index += 1) {
      const [ax, ay] = ring[index];
      const [bx, by] = ring[last];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
      nearest = Math.min(nearest, squaredToSegment(x, y, ax, ay, bx, by));
    }
  }
  return (within ? 1 : -1) * Math.sqrt(nearest);
}

/** @param {number} x @param {number} y @param {number} ax @param {number} ay @param {number} bx @param {number} by */
function squaredToSegment(x, y, ax, ay, bx, by) {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const along = length ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
  return (x - ax - along * dx) ** 2 + (y - ay - along * dy) ** 2;
}

/** @param {Rings} rings */
function ringArea(rings) {
  const ring = rings[0] ?? [];
  let area = 0;
  for (let index = 0, last = ring.length - 1; index < ring.length; last = index, index += 1) {
    area += ring[last][0] * ring[index][1] - ring[index][0] * ring[last][1];
  }
  return Math.abs(area / 2);
}

/**
 * The label point of a Polygon or MultiPolygon (its largest part); null for an empty one.
 *
 * @param {{type: string, coordinates: any}} geometry GeoJSON, degrees
 * @returns {Position | null}
 */
export function labelPoint(geometry) {
  /** @type {Rings[]} */
  const parts = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.type === "MultiPolygon" ? geometry.coordinates : [];
  const largest = parts.filter((part) => part[0]?.length > 3).sort((one, other) => ringArea(other) - ringArea(one))[0];
  if (!largest) return null;
  const shrink = Math.cos((largest[0][0][1] * Math.PI) / 180);
  const scaled = largest.map((ring) => ring.map(([lon, lat]) => /** @type {Position} */ ([lon * shrink, lat])));
  const [x, y] = deepest(scaled);
  return [x / shrink, y];
}

/**
 * Search a grid, then finer grids around the best cell: within 1 % of the box after four rounds.
 *
 * @param {Rings} rings @returns {Position}
 */
function deepest(rings) {
  const xs = rings[0].map(([x]) => x);
  const ys = rings[0].map(([, y]) => y);
  let box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  /** @type {{x: number, y: number, depth: number}} */
  let best = { x: rings[0][0][0], y: rings[0][0][1], depth: -Infinity };
  for (let round = 0; round < 4; round += 1) {
    const [west, south, east, north] = box;
    const steps = 12;
    for (let column = 0; column <= steps; column += 1) {
      for (let row = 0; row <= steps; row += 1) {
        const x = west + ((east - west) * column) / steps;
        const y = south + ((north - south) * row) / steps;
        const depth = inside(x, y, rings);
        if (depth > best.depth) best = { x, y, depth };
      }
    }
    const [dx, dy] = [(east - west) / steps, (north - south) / steps];
    box = [best.x - dx, best.y - dy, best.x + dx, best.y + dy];
  }
  return [best.x, best.y];
}
