/* The grid at the edge of a sheet's map: round metres of VN-2000 or round minutes, and which system that is. */
import { number, t } from "../lib/texts.js";
import { inks } from "../map/inks.js";
import { toVn2000 } from "../map/vn2000.js";
import { FONT, MM } from "./paper.js";
import { svg } from "../lib/svg.js";
/** @import { Projection } from "../map/types" */

/** @typedef {"" | "vn2000" | "degrees"} GridKind */
/** @typedef {(at: L.LatLng) => number} Measure */

const LINES = 5; // about so many across the longer side
const TICK = 2; // mm
const CORNER = 6; // mm beside a corner, where the numbers of two edges would meet
const WIDE = 13; // mm of a number
const STEPS_M = [100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];
const STEPS_DEG = [1 / 60, 2 / 60, 5 / 60, 10 / 60, 15 / 60, 0.5, 1, 2];

/**
 * Marks with their numbers along the four edges, and crosses where lines meet; mm of the sheet's map.
 *
 * @param {L.Map} map
 * @param {GridKind} kind
 * @param {Projection} projection
 * @param {{ width: number, height: number }} mm
 */
export function gridOf(map, kind, projection, { width, height }) {
  const size = map.getSize();
  const at = (/** @type {number} */ x, /** @type {number} */ y) =>
    map.containerPointToLatLng([(x / width) * size.x, (y / height) * size.y]);
  const isMetres = kind === "vn2000";
  /** @type {Measure} */
  const east = ({ lat, lng }) => (isMetres ? toVn2000(lat, lng, projection).y : lng);
  /** @type {Measure} */
  const north = ({ lat, lng }) => (isMetres ? toVn2000(lat, lng, projection).x : lat);
  const span = Math.max(
    east(at(width, height / 2)) - east(at(0, height / 2)),
    north(at(width / 2, 0)) - north(at(width / 2, height)),
  );
  const step = (isMetres ? STEPS_M : STEPS_DEG).find((one) => span / one <= LINES) ?? span / LINES;
  const said = (/** @type {number} */ value) => (isMetres ? number(Math.round(value)) : inDegrees(value));
  const isFree = (/** @type {number} */ place) => Math.min(place, height - place) > CORNER;
  const root = svg("svg", {
    class: "print-grid",
    "data-step": step,
    viewBox: `0 0 ${width} ${height}`,
    width: width * MM,
    height: height * MM,
  });
  for (const y of [0, height]) {
    for (const { value, at: place } of crossings((along) => east(at(along, y)), width, step))
      root.append(...mark(place, y, place < width - WIDE ? said(value) : "", y ? "bottom" : "top"));
  }
  for (const x of [0, width]) {
    for (const { value, at: place } of crossings((along) => north(at(x, height - along)), height, step))
      root.append(...mark(x, height - place, isFree(place) ? said(value) : "", x ? "right" : "left"));
  }
  return root;
}

/**
 * Where a growing measure takes round values along an edge.
 *
 * @param {(at: number) => number} measure
 * @param {number} length
 * @param {number} step
 */
function crossings(measure, length, step) {
  const found = [];
  for (let value = Math.ceil(measure(0) / step) * step; value <= measure(length); value += step) {
    let [low, high] = [0, length];
    for (let i = 0; i < 40; i++) {
      const middle = (low + high) / 2;
      if (measure(middle) < value) low = middle;
      else high = middle;
    }
    found.push({ value, at: low });
  }
  return found;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} text
 * @param {"top" | "bottom" | "left" | "right"} edge
 */
function mark(x, y, text, edge) {
  const inward = { top: [0, 1], bottom: [0, -1], left: [1, 0], right: [-1, 0] }[edge];
  const [dx, dy] = inward.map((part) => part * TICK);
  const line = svg("line", { x1: x, y1: y, x2: x + dx, y2: y + dy, stroke: inks.ink, "stroke-width": 0.25 });
  const isSide = edge === "left" || edge === "right";
  const tx = x + dx * 1.3 + (isSide ? 0 : 0.6);
  const ty = y + dy * 1.3 + (edge === "top" ? 1.6 : edge === "bottom" ? 0 : -0.5);
  if (!text) return [line];
  const label = svg("text", {
    x: tx,
    y: ty,
    "font-size": 2.1,
    "font-family": FONT,
    fill: inks.ink,
    stroke: inks.paper,
    "stroke-width": 0.6,
    "paint-order": "stroke",
    "text-anchor": edge === "right" ? "end" : "start",
  });
  label.textContent = text;
  return [line, label];
}

/** @param {number} value degrees */
function inDegrees(value) {
  const minutes = Math.round(value * 60);
  return `${Math.floor(minutes / 60)}°${String(minutes % 60).padStart(2, "0")}′`;
}

/**
 * In which system the sheet is drawn, and its marks are.
 *
 * @param {GridKind} kind
 * @param {Projection} projection
 */
export function gridSentence(kind, { srid, meridian }) {
  const degrees = `${Math.floor(meridian)}°${String(Math.round((meridian % 1) * 60)).padStart(2, "0")}′`;
  const drawn = t("Drawn in web Mercator (EPSG:3857), to scale both ways in the middle of the sheet");
  const inMetres = t("Marks: VN-2000, TM-3, meridian {degrees} (EPSG:{srid}), metres", { degrees, srid });
  const inAngles = t("Marks: degrees and minutes, WGS 84");
  if (kind) return [drawn, kind === "vn2000" ? inMetres : inAngles].join(". ");
  return drawn;
}

/** @type {GridKind[]} */
export const GRIDS = ["vn2000", "degrees", ""];

/** The choice of marks, for the form before the preview. */
export const gridChoices = () =>
  /** @type {[GridKind, string][]} */ ([
    ["vn2000", t("VN-2000, metres")],
    ["degrees", t("Degrees and minutes")],
    ["", t("No marks")],
  ]);
