/* The ground's names: places, rivers, roads. They come after every layer's own. */
import { LINE, POINT } from "./decode.js";
import { ROAD_LAYERS, roadOf } from "./groundstyle.js";
import { tones } from "./inks.js";
import { EXTENT, SCALE, SIZE, alongLine } from "./shapes.js";
/** @import { Label } from "./boxes.js" */
/** @import { TileFeatures } from "./decode.js" */
/** @import { GroundTile } from "./ground.js" */
/** @import { Overlay } from "./overlay.js" */

const RANK = 20; // after that of any layer
/** Kind of a place -> rank, first zoom, px, weight. @type {Record<string, [number, number, number, number]>} */
const PLACES = {
  city: [0, 0, 14, 600],
  town: [1, 9, 12, 600],
  village: [2, 12, 11, 500],
  suburb: [2, 12, 11, 500],
  macrohood: [2, 12, 11, 500],
  quarter: [3, 13, 11, 500],
  island: [3, 12, 11, 500],
  hamlet: [4, 14, 11, 500],
  neighbourhood: [4, 14, 11, 500],
  islet: [4, 14, 11, 500],
};
const RIVERS = new Set(["river", "canal"]);
const RIVERS_FROM = 11;
/** How a road is drawn -> first zoom of its name. @type {Record<string, number>} */
const ROADS_FROM = { highway: 13, major: 14, minor: 16 };

/** @typedef {{ overlay: Overlay, tile: GroundTile, corner: L.Point, wanted: Label[], longest: Map<string, Label> }} Reading */

/**
 * @param {Overlay} overlay
 * @returns {Label[]}
 */
export function groundNames(overlay) {
  /** @type {Label[]} */
  const wanted = [];
  overlay.ground()?.eachShown((tile) => {
    const side = SIZE * overlay.stretch;
    const corner = tile.coords.scaleBy(L.point(side, side)).subtract(overlay.origin);
    /** @type {Reading} of a river or road the straightest piece of each tile */
    const reading = { overlay, tile, corner, wanted, longest: new Map() };
    for (const name of ["places", "place"]) each(reading, name, placeName);
    for (const name of ["water", "waterway"]) each(reading, name, riverName);
    for (const name of [...ROAD_LAYERS, "transportation_name"]) each(reading, name, roadName);
    wanted.push(...reading.longest.values());
  });
  return wanted;
}

/**
 * @param {Reading} reading
 * @param {string} name
 * @param {(reading: Reading, features: TileFeatures, i: number) => void} collect
 */
function each(reading, name, collect) {
  const features = reading.tile.data?.[name];
  for (let i = 0; i < (features?.count ?? 0); i++) collect(reading, /** @type {TileFeatures} */ (features), i);
}

/**
 * @param {Reading} reading
 * @param {TileFeatures} features
 * @param {number} i
 */
function placeName({ overlay, tile, corner, wanted }, features, i) {
  const kind = (features.kinds?.(i) ?? []).find((one) => one in PLACES) ?? "";
  const [rank, from, px, weight] = PLACES[kind] ?? [];
  if (features.types?.[i] !== POINT || from === undefined || overlay.zoom < from) return;
  const k = 2 * features.parts[features.first[i]];
  const [ux, uy] = [features.xy[k], features.xy[k + 1]];
  if (Math.min(ux, uy) < 0 || Math.max(ux, uy) >= EXTENT) return; // the neighbour tile has it too
  const unit = SCALE * tile.times;
  const x = corner.x + (ux * unit + tile.x) * overlay.stretch;
  const y = corner.y + (uy * unit + tile.y) * overlay.stretch;
  const text = features.text(i);
  if (!text) return;
  wanted.push({ ...begin(text, RANK + rank), isArea: true, x, y, px, weight });
}

/**
 * @param {Reading} reading
 * @param {TileFeatures} features
 * @param {number} i
 */
function riverName(reading, features, i) {
  if (reading.overlay.zoom < RIVERS_FROM || !features.kinds?.(i).some((kind) => RIVERS.has(kind))) return;
  lineName(reading, features, i, RANK + 5);
}

/**
 * @param {Reading} reading
 * @param {TileFeatures} features
 * @param {number} i
 */
function roadName(reading, features, i) {
  const from = ROADS_FROM[roadOf(features.kinds?.(i) ?? []) ?? ""];
  if (from === undefined || reading.overlay.zoom < from) return;
  lineName(reading, features, i, RANK + 6 + (from - 13));
}

/**
 * @param {Reading} reading
 * @param {TileFeatures} features
 * @param {number} i
 * @param {number} rank
 */
function lineName({ overlay, tile, corner, longest }, features, i, rank) {
  if (features.types?.[i] !== LINE) return;
  const text = features.text(i);
  const run = text && alongLine(features, i, { x: 0, y: 0 }, 0, 0);
  if (!run) return;
  const { stretch } = overlay;
  const room = run.room * tile.times * stretch;
  if (room <= (longest.get(text)?.room ?? 0)) return;
  const x = corner.x + (run.x * tile.times + tile.x) * stretch;
  const y = corner.y + (run.y * tile.times + tile.y) * stretch;
  longest.set(text, { ...begin(text, rank), isOnce: true, x, y, angle: run.angle, room });
}

/**
 * @param {string} text
 * @param {number} rank
 * @returns {Label}
 */
function begin(text, rank) {
  return {
    text,
    id: 0,
    rank,
    isArea: false,
    x: 0,
    y: 0,
    r: 0,
    angle: 0,
    weight: 500,
    px: 11,
    ink: tones().faint,
    lines: [text],
    width: 0,
  };
}
