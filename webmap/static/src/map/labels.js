/* Which names a view asks for, the most important first. */
import { runWithin } from "./boxes.js";
import { HIDDEN, WHOLE } from "./crowding.js";
import { asName, inks, tones } from "./inks.js";
import { EXTENT, SCALE, alongLine, extentsById } from "./shapes.js";
import { radius } from "./symbols.js";
/** @import { Box, Label } from "./boxes.js" */
/** @import { TileFeatures } from "./decode.js" */
/** @import { MvtLayer } from "./mvtlayer.js" */
/** @import { Overlay } from "./overlay.js" */
/** @import { Hit, MapSymbol, Style } from "./types" */

const CROWD = 5000;
const BACKGROUND = 9; // a layer of this rank and more is what others lie on

/**
 * Half the width of the ring around the selected object, px.
 *
 * @param {Hit} chosen
 */
export const haloRadius = (chosen) => 0.6 * (chosen.size || 16) * chosen.layer.pointScale({}) + 6;

/**
 * @param {Overlay} overlay
 * @returns {Label[]}
 */
export function collectLabels(overlay) {
  /** @type {Label[]} */
  const wanted = [];
  for (const layer of overlay.layers) {
    if (!layer.isOnMap() || overlay.zoom < layer.spec.style.first_min_zoom) continue;
    if (layer.spec.geometry === "multilinestring") collectLines(overlay, layer, wanted);
    else collectPlaces(overlay, layer, wanted);
  }
  wanted.push(...(overlay.ground()?.drawing?.groundNames(overlay) ?? []));
  return wanted.sort((a, b) => a.rank - b.rank || a.id - b.id);
}

/**
 * A line is named once, where it runs straight for longest.
 *
 * @param {Overlay} overlay
 * @param {MvtLayer} layer
 * @param {Label[]} wanted
 */
function collectLines(overlay, layer, wanted) {
  /** @type {Map<number, Label>} */
  const longest = new Map();
  layer.eachShown((tile, features) => {
    if (!features) return;
    const at = overlay.cornerOf(tile);
    for (let i = 0; i < features.count && wanted.length < CROWD; i++) {
      const label = begin(layer, features, i, overlay.zoom);
      const run = label && alongLine(features, i, { x: 0, y: 0 }, layer.shift(features.o[i], overlay.zoom));
      const { stretch } = overlay;
      const [x, y] = run ? [at.x + run.x * stretch, at.y + run.y * stretch] : [0, 0];
      const room = run && runWithin({ angle: run.angle, room: run.room * stretch, x, y }, overlay.view());
      if (room && room.room > (longest.get(label.id)?.room || 0)) longest.set(label.id, Object.assign(label, room));
    }
  });
  wanted.push(...longest.values());
}

/**
 * @param {Overlay} overlay
 * @param {MvtLayer} layer
 * @param {Label[]} wanted
 */
function collectPlaces(overlay, layer, wanted) {
  const isArea = layer.spec.geometry === "multipolygon";
  const isBackground = layer.spec.style.label_rank >= BACKGROUND;
  const unit = SCALE * overlay.stretch;
  layer.eachShown((tile, features, points) => {
    const from = isArea ? points : features;
    if (!from) return;
    const at = overlay.cornerOf(tile);
    const extents = isArea && !isBackground && features ? extentsById(features) : null;
    for (let i = 0; i < from.count && wanted.length < CROWD; i++) {
      const label = isNamed(from, i, isArea, tile.places) ? begin(layer, from, i, overlay.zoom) : null;
      if (!label) continue;
      const k = 2 * from.parts[from.first[i]];
      label.x = at.x + from.xy[k] * unit;
      label.y = at.y + from.xy[k + 1] * unit;
      label.extent = inPixels(extents?.get(label.id), at, unit);
      label.isSmall = isArea && tile.places?.[i] === WHOLE;
      label.isArea = isArea && !label.isSmall;
      if (!label.isArea) label.r = clearance(overlay, layer, label.id, layer.points[from.c[i]]);
      wanted.push(label);
    }
  });
}

/**
 * Whether an object is named here: its tile owns it, and its symbol has found room; an area needs none.
 *
 * @param {TileFeatures} from
 * @param {number} i
 * @param {boolean} isArea
 * @param {Uint8Array | null} places
 */
function isNamed({ xy, parts, first }, i, isArea, places) {
  const k = 2 * parts[first[i]];
  const isOwn = Math.min(xy[k], xy[k + 1]) >= 0 && Math.max(xy[k], xy[k + 1]) < EXTENT;
  const place = places ? places[i] : WHOLE;
  return isOwn && (place === WHOLE || (isArea && place === HIDDEN));
}

/**
 * @param {Box | undefined} extent in units of a tile
 * @param {L.Point} at
 * @param {number} unit px
 * @returns {Box | undefined}
 */
function inPixels(extent, at, unit) {
  if (!extent) return undefined;
  const [x1, y1, x2, y2] = extent;
  return [at.x + x1 * unit, at.y + y1 * unit, at.x + x2 * unit, at.y + y2 * unit];
}

/**
 * How far from a symbol its name stands, px.
 *
 * @param {Overlay} overlay
 * @param {MvtLayer} layer
 * @param {number} id
 * @param {MapSymbol} symbol
 */
function clearance({ selected, stretch }, layer, id, symbol) {
  if (selected?.layer === layer && selected.id === id) return haloRadius(selected) + 4;
  return radius(symbol, layer.pointScale(symbol)) * stretch * 1.05 + (symbol.badge ? 5 : 3);
}

/**
 * A feature's label without its place; nothing where it has no name or is not drawn.
 *
 * @param {MvtLayer} layer
 * @param {TileFeatures} from
 * @param {number} i
 * @param {number} zoom
 * @returns {Label | null}
 */
function begin(layer, from, i, zoom) {
  const number = from.c[i];
  const { style } = layer.spec;
  if (!from.f[i] && zoom < style.label_min_zoom) return null;
  const text = layer.isDrawn(number) && from.n[i] <= 1 && from.text(i);
  if (!text) return null;
  return {
    text,
    id: from.id[i],
    isArea: layer.spec.geometry === "multipolygon",
    x: 0,
    y: 0,
    r: 0,
    angle: 0,
    lines: [text],
    width: 0,
    ...(style.label_rank >= BACKGROUND ? quietly(style, from.f[i] === 1, zoom) : loudly(layer, number)),
  };
}

/**
 * How what others lie on is named: after them, the first ones before the others of their layer.
 *
 * @param {Style} style
 * @param {boolean} isFirst
 * @param {number} zoom
 */
function quietly({ label_rank: rank }, isFirst, zoom) {
  if (isFirst) return { rank: rank - 0.5, weight: 600, px: 12, ink: tones().faint };
  return { rank, weight: 500, px: zoom < 13 ? 11 : 12, ink: tones().faint };
}

/**
 * @param {MvtLayer} layer
 * @param {number} number of the class
 */
function loudly({ spec, symbols }, number) {
  const { stroke, weight = 0 } = symbols[number];
  const ink = spec.geometry === "point" ? tones().label : asName(stroke ?? inks.ink);
  return { rank: spec.style.label_rank - 10 * weight, weight: 600, px: 12, ink };
}
