/**
 * Where a callout goes: beside its point, on the side where it hides least.
 */

/** @typedef {{x: number, y: number}} Point pixels */
/** @typedef {{left: number, top: number, width: number, height: number}} Box pixels */

/** Gaps between the point and the near edge of its callout that are tried, px; a longer one must hide less. */
const LEADERS_PX = [56, 150, 260];
const LONGER_COST = 4;

/** Eight directions: beside, above and below, and the corners. @type {[number, number][]} */
const DIRECTIONS = [[-1, 0], [1, 0], [-1, -1], [1, -1], [-1, 1], [1, 1], [0, -1], [0, 1]];

/** @param {Box} box @param {Point} point */
const holds = (box, point) =>
  point.x >= box.left && point.x <= box.left + box.width && point.y >= box.top && point.y <= box.top + box.height;

/** Shared area of two boxes, px². @param {Box} one @param {Box} other */
function overlap(one, other) {
  const width = Math.min(one.left + one.width, other.left + other.width) - Math.max(one.left, other.left);
  const height = Math.min(one.top + one.height, other.top + other.height) - Math.max(one.top, other.top);
  return width > 0 && height > 0 ? width * height : 0;
}

/**
 * The place of a callout of the given size: of eight directions in three distances around the point, the one that
 * covers the fewest points and panels and stays on the map. Ties go to the nearer, and to beside before above.
 *
 * @param {Point} anchor the point the callout speaks of
 * @param {{width: number, height: number}} size
 * @param {{width: number, height: number}} map
 * @param {Point[]} points what should stay visible
 * @param {Box[]} panels what lies over the map already
 * @returns {Box & {cost: number}}
 */
export function placeCallout(anchor, size, map, points, panels) {
  const margin = 12;
  let best = null;
  const tried = LEADERS_PX.flatMap((leader, rank) => DIRECTIONS.map(([dx, dy]) => ({ dx, dy, leader, rank })));
  for (const { dx, dy, leader, rank } of tried) {
    const wanted = {
      left: anchor.x + dx * leader - (dx < 0 ? size.width : dx > 0 ? 0 : size.width / 2),
      top: anchor.y + dy * leader - (dy < 0 ? size.height : dy > 0 ? 0 : size.height / 2),
    };
    const left = Math.max(margin, Math.min(wanted.left, map.width - size.width - margin));
    const top = Math.max(margin, Math.min(wanted.top, map.height - size.height - margin));
    const box = { left, top, width: size.width, height: size.height };
    const shifted = Math.abs(left - wanted.left) + Math.abs(top - wanted.top);
    const covered = points.filter((point) => holds(box, point)).length;
    const hidden = panels.reduce((sum, panel) => sum + overlap(box, panel), 0);
    const cost = rank * LONGER_COST + covered * 10 + hidden / 400 + shifted / 20 + (holds(box, anchor) ? 1000 : 0);
    if (!best || cost < best.cost - 1e-9) best = { ...box, cost };
  }
  return /** @type {Box & {cost: number}} */ (best);
}

/**
 * The largest strip of a frame that a cover leaves free: left or right of it, above or below.
 *
 * @param {Box} frame @param {Box} cover both in the same pixels @returns {Box} in pixels of the frame
 */
export function freePart(frame, cover) {
  const { width, height } = frame;
  const within = (/** @type {number} */ value, /** @type {number} */ most) => Math.max(0, Math.min(value, most));
  const left = within(cover.left - frame.left, width);
  const right = within(cover.left + cover.width - frame.left, width);
  const top = within(cover.top - frame.top, height);
  const bottom = within(cover.top + cover.height - frame.top, height);
  const strips = [
    { left: 0, top: 0, width: left, height }, { left: right, top: 0, width: width - right, height },
    { left: 0, top: 0, width, height: top }, { left: 0, top: bottom, width, height: height - bottom },
  ];
  return strips.reduce((best, strip) => (strip.width * strip.height > best.width * best.height ? strip : best));
}

/**
 * The point of a box's edge nearest to another point: where the leader line starts.
 *
 * @param {Box} box @param {Point} anchor @returns {Point}
 */
export function leaderStart(box, anchor) {
  return {
    x: Math.max(box.left, Math.min(anchor.x, box.left + box.width)),
    y: Math.max(box.top, Math.min(anchor.y, box.top + box.height)),
  };
}
