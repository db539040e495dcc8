/* What lies at a place: from the tiles that are shown, nearest and topmost first. */
import { EXTENT, SCALE, SIZE, isWithin, toLine, toPoint } from "./shapes.js";
import { radius } from "./symbols.js";
/** @import { TileFeatures } from "./decode.js" */
/** @import { MvtLayer } from "./mvtlayer.js" */
/** @import { Hit } from "./types" */

/** @typedef {Hit & { order: number, px: number, index: number }} Found */

const ORDER = { point: 0, multilinestring: 1, multipolygon: 2 };
const BUFFER = 200; // units around a tile that may hold a symbol which reaches into it

/**
 * @param {MvtLayer[]} layers the topmost first
 * @param {L.Map} map
 * @param {L.Point} world the place in px of `zoom`
 * @param {number} zoom
 * @param {number} reach px
 * @returns {Hit[]}
 */
export function pickFrom(layers, map, world, zoom, reach) {
  /** @type {Found[]} */
  const hits = [];
  layers.forEach((layer, index) => {
    if (layer.isOnMap()) hits.push(...pickIn(layer, index, map, world, zoom, reach));
  });
  return hits.sort((a, b) => a.order - b.order || a.px - b.px || a.index - b.index);
}

/**
 * Each object of a layer once, by its nearest part.
 *
 * @param {MvtLayer} layer
 * @param {number} index
 * @param {L.Map} map
 * @param {L.Point} world
 * @param {number} zoom
 * @param {number} reach
 */
function pickIn(layer, index, map, world, zoom, reach) {
  /** @type {Map<number, Found>} */
  const found = new Map();
  const { geometry } = layer.spec;
  layer.eachShown((tile, features) => {
    if (!features) return;
    const corner = tile.coords.scaleBy(L.point(SIZE, SIZE));
    const x = (world.x - corner.x) / SCALE;
    const y = (world.y - corner.y) / SCALE;
    if (Math.min(x, y) < -BUFFER || Math.max(x, y) > EXTENT + BUFFER) return;
    for (let i = 0; i < features.count; i++) {
      if (!layer.isDrawn(features.c[i])) continue;
      const px = distance(layer, features, i, x, y, zoom);
      if (px > reach || px >= (found.get(features.id[i])?.px ?? Infinity)) continue;
      const k = 2 * features.parts[features.first[i]];
      const own = L.point(features.xy[k], features.xy[k + 1])
        .multiplyBy(SCALE)
        .add(corner);
      found.set(features.id[i], {
        layer,
        id: features.id[i],
        count: features.n[i] || 1,
        px,
        index,
        size: layer.symbols[features.c[i]].size_px,
        latlng: map.unproject(geometry === "point" ? own : world, zoom),
        order: ORDER[geometry],
      });
    }
  });
  return found.values();
}

/**
 * @param {MvtLayer} layer
 * @param {number} number of a class
 */
const radiusOf = (layer, number) => radius(layer.points[number], layer.pointScale(layer.points[number]));

/**
 * CSS px from a place (x, y in units of the tile) to what is drawn of a feature.
 *
 * @param {MvtLayer} layer
 * @param {TileFeatures} features
 * @param {number} i
 * @param {number} x
 * @param {number} y
 * @param {number} zoom
 */
function distance(layer, features, i, x, y, zoom) {
  switch (layer.spec.geometry) {
    case "point":
      return Math.max(0, toPoint(features, i, x, y) - radiusOf(layer, features.c[i]) * 0.8);
    case "multilinestring":
      return Math.max(0, toLine(features, i, x, y) - Math.abs(layer.shift(features.o[i], zoom)));
    default:
      return isWithin(features, i, x, y) ? 0 : Infinity;
  }
}
