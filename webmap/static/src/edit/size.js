/* How long or large what is being drawn is, told while it is drawn; what is stored is measured by the server. */
import { area, length } from "../tools/geodesy.js";
import { hectares, metres } from "../tools/measures.js";
/** @import { GeometryType } from "./draw.js" */

const PAUSE = 80; // ms: more often nobody reads it

/** @type {(latlngs: any[]) => L.LatLng[][]} the lines or rings in nested lists of places, each with its depth-first order kept */
const linesOf = (latlngs) => {
  if (!latlngs.length) return [];
  return "lat" in latlngs[0] ? [latlngs] : latlngs.flatMap(linesOf);
};

/** @type {(latlngs: any[]) => L.LatLng[][][]} polygons, each with its holes */
const polygonsOf = (latlngs) => {
  if (!latlngs.length) return [];
  if ("lat" in latlngs[0]) return [[latlngs]];
  return latlngs[0].length && "lat" in latlngs[0][0] ? [latlngs] : latlngs.flatMap(polygonsOf);
};

/**
 * @param {GeometryType} type
 * @param {any[]} latlngs as Leaflet nests them
 */
export function sizeOf(type, latlngs) {
  if (type === "MULTILINESTRING") return metres(linesOf(latlngs).reduce((sum, line) => sum + length(line), 0));
  const of = (/** @type {L.LatLng[][]} */ [outline, ...holes]) =>
    holes.reduce((rest, hole) => rest - area(hole), area(outline));
  return hectares(polygonsOf(latlngs).reduce((sum, rings) => sum + of(rings), 0));
}

/**
 * Tell the size after each pause of a movement, the last one always.
 *
 * @param {GeometryType} type
 * @param {(text: string) => void} tell
 * @returns {(latlngs: any[]) => void}
 */
export function liveSize(type, tell) {
  /** @type {any[] | null} */
  let waiting = null;
  const work = () => {
    if (waiting) tell(sizeOf(type, waiting));
    waiting = null;
  };
  return (latlngs) => {
    if (type === "POINT") return;
    if (!waiting) setTimeout(work, PAUSE);
    waiting = latlngs;
  };
}
