/* Where circuits and their arrows are drawn: those of one route beside each other, the arrow on the longest straight piece. */
/** @import { Position } from "geojson" */
/** @import { GridElement } from "./overlay.js" */

const APART = 5; // px between circuits on one route
const ROOM = 24; // px from which on a circuit has an arrow

/** @typedef {{ parts: L.Point[][], arrow: { at: L.Point, degrees: number } | null }} Wire px of the zoom */

/**
 * @param {L.Map} map
 * @param {Position[][]} lines
 * @param {GridElement} circuit
 * @returns {Wire}
 */
export function wireOf(map, lines, { place = 0, beside = 1, forward }) {
  const aside = (place - (beside - 1) / 2) * APART;
  const parts = lines.map((line) =>
    moved(
      line.map(([lon, lat]) => map.project([lat, lon])),
      aside,
    ),
  );
  const longest = parts.reduce((best, part) => (span(part) > span(best) ? part : best));
  const hasArrow = forward !== null && forward !== undefined && span(longest) >= ROOM;
  return { parts, arrow: hasArrow ? arrowOn(longest, forward) : null };
}

/** @param {L.Point[]} line */
const span = (line) => line[0].distanceTo(line[line.length - 1]);

/**
 * @param {L.Point[]} points
 * @param {number} aside px
 */
const moved = (points, aside) =>
  points.map((point, i) => {
    const along = points[Math.min(points.length - 1, i + 1)].subtract(points[Math.max(0, i - 1)]);
    const length = Math.hypot(along.x, along.y) || 1;
    return point.add([(-along.y / length) * aside, (along.x / length) * aside]);
  });

/**
 * @param {L.Point[]} points
 * @param {boolean} forward the flow goes as the line is drawn
 */
function arrowOn(points, forward) {
  let best = 1;
  for (let i = 2; i < points.length; i++) {
    if (points[i].distanceTo(points[i - 1]) > points[best].distanceTo(points[best - 1])) best = i;
  }
  const [start, end] = [points[best - 1], points[best]];
  const degrees = (Math.atan2(end.y - start.y, end.x - start.x) * 180) / Math.PI + (forward ? 0 : 180);
  return { at: start.add(end).divideBy(2), degrees };
}
