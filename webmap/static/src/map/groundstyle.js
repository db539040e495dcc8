/* How the ground is drawn: land, green, water, roads, railways. Reads the layers of Protomaps' basemap and of OpenMapTiles;
   what is not named here is not drawn. Colours are the style sheet's (--map-…). */
import { newPath } from "./symbols.js";
import { LINE } from "./decode.js";
import { trace } from "./shapes.js";
/** @import { TileFeatures } from "./decode.js" */
/** @import { GroundTile } from "./ground.js" */
/** @import { Pen } from "./types" */

/** Kind of a road -> how it is drawn. @type {Record<string, string>} */
const ROADS = {
  highway: "highway",
  motorway: "highway",
  trunk: "highway",
  major_road: "major",
  medium_road: "major",
  primary: "major",
  secondary: "major",
  tertiary: "major",
  minor_road: "minor",
  minor: "minor",
  service: "minor",
  path: "path",
  track: "path",
  rail: "rail",
};
/** The lowest first; px at zoom 14. @type {[string, number][]} */
const WIDTHS = [
  ["path", 0.7],
  ["minor", 1.5],
  ["major", 2.6],
  ["highway", 3.6],
];
const GROWTH = 1.5; // of a width from zoom to zoom
const EDGED = 12; // zoom from which on roads have edges
const GREEN =
  "forest wood park grass scrub wetland golf_course cemetery garden nature_reserve national_park protected_area";
const BUILT = "residential industrial commercial aerodrome";
const STREAMS = { river: 2.2, canal: 1.4, stream: 0.8, drain: 0.6, ditch: 0.6 };

/** @typedef {(name: string) => string} Colours */
/** @typedef {(kinds: string[]) => boolean} Wanted */

/** What carries roads, and their names where these are apart. */
export const ROAD_LAYERS = ["roads", "transportation"];

/**
 * How a road is drawn, or nothing.
 *
 * @param {string[]} kinds
 * @returns {string | undefined}
 */
export const roadOf = ([detail, kind]) => ROADS[detail] ?? ROADS[kind];

/**
 * @param {Pen} c
 * @param {GroundTile} tile
 * @param {{ hasLand: boolean, within: { left: number, top: number, width: number, height: number }, stretch: number }} how
 * @param {Colours} colour
 */
export function drawGround(c, tile, { hasLand, within, stretch }, colour) {
  const zoom = tile.coords.z;
  const growth = GROWTH ** (zoom - 14) / stretch;
  c.save();
  const frame = newPath(c);
  const { left, top, width, height } = within;
  frame.moveTo(left, top);
  frame.lineTo(left + width, top);
  frame.lineTo(left + width, top + height);
  frame.lineTo(left, top + height);
  frame.closePath();
  c.clip(frame);
  c.fillStyle = colour(hasLand ? "sea" : "land");
  c.fill(frame);
  c.lineJoin = c.lineCap = "round";
  const of = (/** @type {string[]} */ names, /** @type {boolean} */ isLine, /** @type {Wanted} */ wanted) =>
    pathOf(c, tile, names, isLine, wanted);
  const paint = (/** @type {Path2D | null} */ path, /** @type {string} */ name, px = 0) => {
    if (!path) return;
    if (px) stroke(c, path, colour(name), px);
    else {
      c.fillStyle = colour(name);
      c.fill(path, "nonzero");
    }
  };
  const land = of(["earth"], false, () => true);
  paint(land, "land");
  paint(land, "land", 1); // pieces of a coast meet without a seam
  paint(of(["landuse"], false, among(BUILT)), "built");
  paint(of(["landuse", "landcover", "park"], false, among(GREEN)), "green");
  paint(
    of(["water"], false, () => true),
    "sea",
  );
  for (const [kind, px] of Object.entries(STREAMS))
    paint(of(["water", "waterway"], true, among(kind)), "sea", Math.max(px * growth, 0.6));
  drawRoads(of, paint, growth, zoom);
  c.restore();
}

/**
 * @param {(names: string[], isLine: boolean, wanted: Wanted) => Path2D | null} of
 * @param {(path: Path2D | null, colour: string, width?: number) => void} paint
 * @param {number} growth
 * @param {number} zoom
 */
function drawRoads(of, paint, growth, zoom) {
  const lines = WIDTHS.map(([name, px]) => ({
    name,
    width: Math.max(px * growth, 0.5),
    path: of(ROAD_LAYERS, true, (kinds) => roadOf(kinds) === name),
  }));
  if (zoom >= EDGED)
    for (const { path, name, width } of lines) if (name !== "path") paint(path, "road-edge", width + 1.4);
  for (const { path, name, width } of lines)
    paint(path, name === "highway" ? "highway" : zoom < EDGED ? "road-edge" : "road", width);
  paint(
    of(ROAD_LAYERS, true, (kinds) => roadOf(kinds) === "rail"),
    "rail",
    Math.max(0.9 * growth, 0.7),
  );
}

/**
 * @param {string} words
 * @returns {Wanted}
 */
const among = (words) => {
  const known = new Set(words.split(" "));
  return (kinds) => kinds.some((kind) => known.has(kind));
};

/**
 * @param {Pen} c
 * @param {Path2D} path
 * @param {string} colour
 * @param {number} width
 */
function stroke(c, path, colour, width) {
  c.strokeStyle = colour;
  c.lineWidth = width;
  c.stroke(path);
}

/**
 * The areas or lines of these layers that are wanted, as one path; null where there are none.
 *
 * @param {Pen} c
 * @param {GroundTile} tile
 * @param {string[]} names
 * @param {boolean} isLine
 * @param {Wanted} wanted
 */
function pathOf(c, { data, times, x, y }, names, isLine, wanted) {
  /** @type {Path2D | null} */
  let path = null;
  for (const name of names) {
    const features = data?.[name];
    for (let i = 0; i < (features?.count ?? 0); i++) {
      const of = /** @type {TileFeatures} */ (features);
      if (of.types?.[i] !== (isLine ? LINE : 3) || !wanted(of.kinds?.(i) ?? [])) continue;
      path ??= newPath(c);
      trace(path, of, i, { closed: !isLine, times, x, y });
    }
  }
  return path;
}
