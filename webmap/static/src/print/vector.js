/* What the screen paints as pixels, as SVG: paper then has lines and areas, not a picture of them.
   The drawing itself is that of the map; only what it draws on is another. */
import { drawCount } from "../map/crowd.js";
import { DOT, WHOLE } from "../map/crowding.js";
import { EXTENT, SCALE, SIZE } from "../map/shapes.js";
import { dotOf, drawLegend, drawPoint, radius } from "../map/symbols.js";
import { SvgPath, short, svg } from "../lib/svg.js";
import { newId, svgPen } from "./svgcanvas.js";
/** @import { TileFeatures } from "../map/decode.js" */
/** @import { Ground } from "../map/ground.js" */
/** @import { Land } from "../map/land.js" */
/** @import { MvtLayer } from "../map/mvtlayer.js" */
/** @import { Geometry, MapSymbol } from "../map/types" */

/** @typedef {{ at: L.Point, features: TileFeatures, points: TileFeatures | undefined, places: Uint8Array | null }} Piece a tile, by its corner on the sheet; what stands as symbols on it, and how */

const CLIP = 0.2; // px that tiles overlap, so that no seam shows
const EDGE = 40; // px beyond the sheet from where a symbol may reach onto it
/* A layer with more than this on the sheet stays a picture: a browser would print for minutes. */
const MOST_POINTS = 20000;
const MOST_VERTICES = 400000;

/**
 * @param {L.Point} size
 * @param {Record<string, string | number>} attributes
 */
const sheetSvg = ({ x, y }, attributes) =>
  svg("svg", { class: "print-vector", width: x, height: y, viewBox: `0 0 ${x} ${y}`, ...attributes });

/**
 * A data layer on the sheet, or null when it has too much for one.
 *
 * @param {MvtLayer} layer
 * @param {L.Map} map
 */
export function vectorLayer(layer, map) {
  const origin = map.getPixelBounds().min ?? L.point(0, 0);
  const isPoint = layer.spec.geometry === "point";
  /** @type {Piece[]} */
  const pieces = [];
  layer.eachShown((tile, features, labels) => {
    if (!features?.count) return;
    const at = tile.coords.scaleBy(new L.Point(SIZE, SIZE)).subtract(origin);
    pieces.push({ at, features, points: isPoint ? features : tile.places ? labels : undefined, places: tile.places });
  });
  const points = pieces.reduce((sum, { features }) => sum + features.count, 0);
  const vertices = pieces.reduce((sum, { features }) => sum + features.xy.length / 2, 0);
  if (isPoint ? points > MOST_POINTS : vertices > MOST_VERTICES) return null;
  const { opacity = 1 } = /** @type {L.GridLayerOptions} */ (layer.options);
  const defs = svg("defs");
  const root = sheetSvg(map.getSize(), { opacity });
  root.style.zIndex = String(layer.spec.zIndex);
  root.append(defs);
  if (!isPoint) for (const piece of pieces) root.append(shapesOf(layer, piece, defs));
  for (const how of [DOT, WHOLE]) drawPoints(layer, map, root, defs, pieces, how);
  return root;
}

/**
 * @param {MvtLayer} layer
 * @param {Piece} piece
 * @param {SVGElement} defs
 */
function shapesOf(layer, { at, features }, defs) {
  const side = SIZE + 2 * CLIP;
  const viewBox = `${-CLIP} ${-CLIP} ${side} ${side}`;
  const box = { x: at.x - CLIP, y: at.y - CLIP, width: side, height: side, viewBox, overflow: "hidden" };
  const part = svg("svg", box);
  layer.drawShapes(svgPen(part, defs), features, 1);
  return part;
}

/**
 * Each symbol once, and a reference for each place on the sheet.
 *
 * @param {MvtLayer} layer
 * @param {L.Map} map
 * @param {SVGElement} root
 * @param {SVGElement} defs
 * @param {Piece[]} pieces
 * @param {number} how dots, or whole symbols
 */
function drawPoints(layer, map, root, defs, pieces, how) {
  const scaleOf = (/** @type {number} */ number) => layer.pointScale(layer.points[number]);
  const size = map.getSize();
  const ids = new Map();
  const counts = [];
  const idOf = (/** @type {number} */ number) => {
    if (!ids.has(number)) {
      const group = svg("g", { id: newId("symbol") });
      const symbol = how === DOT ? dotOf(layer.points[number], map.getZoom()) : layer.points[number];
      drawPoint(svgPen(group, defs), symbol, how === DOT ? 1 : scaleOf(number), how === WHOLE && map.getZoom() >= 10);
      defs.append(group);
      ids.set(number, group.id);
    }
    return ids.get(number);
  };
  for (const { at, points: features, places } of pieces) {
    if (!features) continue;
    for (let i = 0; i < features.count; i++) {
      const k = 2 * features.parts[features.first[i]];
      const [px, py] = [features.xy[k], features.xy[k + 1]];
      const [x, y] = [at.x + px * SCALE, at.y + py * SCALE];
      const isOwn = Math.min(px, py) >= 0 && Math.max(px, py) < EXTENT; // the neighbour tile has it too
      const isOn = Math.min(x, y) > -EDGE && x < size.x + EDGE && y < size.y + EDGE;
      const number = features.c[i];
      if (!isOwn || !isOn || !layer.isDrawn(number) || (places ? places[i] : WHOLE) !== how) continue;
      root.append(svg("use", { href: "#" + idOf(number), x: short(x), y: short(y) }));
      if (how === WHOLE && features.n[i] > 1)
        counts.push({ count: features.n[i], x, y, r: radius(layer.points[number], scaleOf(number)) });
    }
  }
  const pen = svgPen(root, defs);
  for (const { count, x, y, r } of counts) drawCount(pen, count, x + r, y - r);
}

/**
 * The land of the backdrop, cut to the sheet.
 *
 * @param {Land} land
 * @param {L.Map} map
 */
export function vectorLand(land, map) {
  const size = map.getSize();
  const { land: fill, coast } = land.colours();
  const path = new SvgPath();
  const around = L.bounds(size.multiplyBy(-1), size.multiplyBy(2));
  for (const ring of land.rings) {
    const points = [];
    for (let i = 0; i < ring.length; i += 2) points.push(map.latLngToContainerPoint([ring[i + 1], ring[i]]));
    L.PolyUtil.clipPolygon(points, around).forEach(({ x, y }, i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
    path.closePath();
  }
  const root = sheetSvg(size, {});
  root.style.zIndex = "0";
  root.append(svg("path", { d: path.d, fill, stroke: coast, "stroke-width": 1 }));
  return root;
}

/**
 * A base map of our own, or null when it has too much for a sheet.
 *
 * @param {Ground} ground
 * @param {L.Map} map
 */
export function vectorGround(ground, map) {
  const origin = map.getPixelBounds().min ?? L.point(0, 0);
  const root = sheetSvg(map.getSize(), {});
  const defs = svg("defs");
  root.style.zIndex = "1";
  root.append(defs);
  let vertices = 0;
  ground.eachShown((tile) => {
    vertices += Object.values(tile.data ?? {}).reduce((sum, { xy }) => sum + xy.length / 2, 0);
    const { x, y } = tile.coords.scaleBy(new L.Point(SIZE, SIZE)).subtract(origin);
    const side = SIZE + 2 * CLIP;
    const viewBox = `${-CLIP} ${-CLIP} ${side} ${side}`;
    const part = svg("svg", { x: x - CLIP, y: y - CLIP, width: side, height: side, viewBox, overflow: "hidden" });
    ground.drawTile(svgPen(part, defs), tile);
    root.append(part);
  });
  return vertices > MOST_VERTICES ? null : root;
}

/**
 * The legend's picture of a symbol.
 *
 * @param {MapSymbol} symbol
 * @param {Geometry} geometry
 * @param {number} width
 * @param {number} height
 */
export function vectorLegend(symbol, geometry, width, height) {
  const root = svg("svg", { class: "legend-symbol", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  drawLegend(svgPen(root), symbol, geometry, width, height, 1);
  return root;
}
