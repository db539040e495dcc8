/* The sheet's legend: of each layer the classes that lie on it. */
import { element } from "../lib/texts.js";
import { SCALE, SIZE } from "../map/shapes.js";
import { vectorLegend } from "./vector.js";
/** @import { TileFeatures } from "../map/decode.js" */
/** @import { MvtLayer } from "../map/mvtlayer.js" */
/** @import { MapSymbol, Variation } from "../map/types" */

/**
 * A layer's part, or null where nothing of it is seen.
 *
 * @param {MvtLayer} layer
 * @param {L.Map} map
 */
export function legendOf(layer, map) {
  const seen = [...classesInView(layer, map)];
  const { style, geometry, title } = layer.spec;
  if (!seen.length) return null;
  const row = (/** @type {MapSymbol} */ symbol, /** @type {string} */ label) =>
    element("li", {}, vectorLegend(symbol, geometry, 24, 18), element("span", {}, label));
  const groups = style.variations.map((variation, index) => {
    const rows = seenValues(style.variations, index, seen).map(({ symbol, label }) => row(symbol, label));
    const heading = style.variations.length > 1 ? element("h4", {}, variation.label) : null;
    return rows.length ? element("div", {}, heading, element("ul", {}, ...rows)) : null;
  });
  const whole = [element("ul", {}, row(style.base, title))];
  return element("section", {}, element("h3", {}, title), ...(style.variations.length ? groups : whole));
}

/**
 * The values of a variation that the seen classes have, each once.
 *
 * @param {Variation[]} variations
 * @param {number} index
 * @param {number[]} seen
 */
function seenValues(variations, index, seen) {
  const { values } = variations[index];
  const below = variations.slice(index + 1).reduce((product, other) => product * other.values.length, 1);
  const wanted = new Set(seen.map((number) => Math.floor(number / below) % values.length));
  const found = values.filter((_, i) => wanted.has(i));
  return found.filter(({ value }, i) => found.findIndex((other) => other.value === value) === i);
}

/**
 * The class numbers of what lies on the sheet.
 *
 * @param {MvtLayer} layer
 * @param {L.Map} map
 */
function classesInView(layer, map) {
  const view = map.getPixelBounds();
  /** @type {Set<number>} */
  const seen = new Set();
  layer.eachShown((tile, features) => {
    if (!features) return;
    const corner = tile.coords.scaleBy(L.point(SIZE, SIZE));
    for (let i = 0; i < features.count; i++) {
      const number = features.c[i];
      if (seen.has(number) || !layer.isDrawn(number)) continue;
      if (view.intersects(boundsOf(features, i, corner))) seen.add(number);
    }
  });
  return seen;
}

/**
 * @param {TileFeatures} features
 * @param {number} i
 * @param {L.Point} corner
 */
function boundsOf({ parts, first, xy }, i, corner) {
  let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let v = parts[first[i]]; v < parts[first[i + 1]]; v++) {
    west = Math.min(west, xy[2 * v]);
    east = Math.max(east, xy[2 * v]);
    north = Math.min(north, xy[2 * v + 1]);
    south = Math.max(south, xy[2 * v + 1]);
  }
  const place = (/** @type {number} */ x, /** @type {number} */ y) => L.point(x, y).multiplyBy(SCALE).add(corner);
  return L.bounds(place(west, north), place(east, south));
}
