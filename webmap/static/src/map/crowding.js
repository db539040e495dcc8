/* Who stands where there is no room for all. The points of every layer on one tile are placed together, the weightiest
   first: who finds no room is a dot, and under a symbol nothing at all until the map is nearer. */
import { Boxes } from "./boxes.js";
import { LINE, POINT } from "./decode.js";
import { SCALE, extentsById } from "./shapes.js";
import { radius } from "./symbols.js";
/** @import { TileFeatures } from "./decode.js" */
/** @import { MvtLayer } from "./mvtlayer.js" */
/** @import { MapSymbol, ShownTile } from "./types" */

export const HIDDEN = 0;
export const DOT = 1;
export const WHOLE = 2;

const MANY = 1500; // symbols from which on a tile is a crowd, which is drawn otherwise
const ROOMY = 15; // zoom from which on every symbol is drawn
const CITY = 12; // zoom below which what needs nobody is a dot
const LIGHT = 2; // weight of that
const TOUCH = 0.85; // of a symbol that others keep clear of

/**
 * A symbol that wants room: px of the tile.
 *
 * @typedef {{ member: Member, i: number, id: number, x: number, y: number, r: number, weight: number }} Wish
 * @typedef {{ layer: MvtLayer, tile: ShownTile }} Member
 */

/** @type {Map<string, Set<Member>>} place of a tile -> the layers' tiles there */
const places = new Map();
/** @type {Set<string>} */
const unsettled = new Set();
let isWaiting = false;

/** @type {WeakMap<ShownTile, string>} map and place of a tile: sheets and halves of a comparison have maps of their own */
const keys = new WeakMap();

/**
 * A tile has got its features, or its layer shows others of them.
 *
 * @param {MvtLayer} layer
 * @param {ShownTile} tile
 */
export function settle(layer, tile) {
  const { x, y, z } = tile.coords;
  const key = keys.get(tile) ?? `${layer.mapNumber()}/${z}/${x}/${y}`;
  keys.set(tile, key);
  const members = places.get(key) ?? new Set();
  places.set(key, members);
  if (![...members].some((member) => member.tile === tile)) members.add({ layer, tile });
  ask(key);
}

/** @param {ShownTile} tile */
export function leave(tile) {
  const key = keys.get(tile) ?? "";
  const members = places.get(key);
  for (const member of members ?? []) if (member.tile === tile) members?.delete(member);
  if (members && !members.size) places.delete(key);
}

/** A layer has gone: the others have more room. */
export function settleAll() {
  for (const key of places.keys()) ask(key);
}

/** @param {string} key */
function ask(key) {
  unsettled.add(key);
  if (isWaiting) return;
  isWaiting = true;
  queueMicrotask(() => {
    isWaiting = false;
    for (const each of unsettled) place([...(places.get(each) ?? [])].filter(({ layer }) => layer.isOnMap()));
    unsettled.clear();
  });
}

/** @param {Member[]} members */
function place(members) {
  const before = members.map(({ tile }) => String(tile.places ?? ""));
  const wishes = members.flatMap(wishesOf).sort((a, b) => b.weight - a.weight || a.id - b.id);
  const taken = new Boxes();
  const late = wishes.filter((wish) => !standsWhole(wish, taken));
  for (const { member, i, x, y } of late) {
    const isSeen = taken.isFree([x - 1, y - 1, x + 1, y + 1]);
    setPlace(member, i, isSeen ? DOT : HIDDEN);
  }
  members.forEach(({ layer, tile }, index) => {
    if (!tile.isDrawn || before[index] !== String(tile.places ?? "")) layer.paint(tile);
  });
}

/**
 * @param {Wish} wish
 * @param {Boxes} taken
 */
function standsWhole({ member, i, x, y, r, weight }, taken) {
  const zoom = member.tile.coords.z;
  const isLight = zoom < CITY && weight <= LIGHT;
  const reach = r * TOUCH;
  /** @type {import("./boxes.js").Box} */
  const box = [x - reach, y - reach, x + reach, y + reach];
  if (zoom < ROOMY && (isLight || !taken.isFree(box))) return false;
  taken.take(box);
  setPlace(member, i, WHOLE);
  return true;
}

/**
 * @param {Member} member
 * @param {number} i
 * @param {number} how
 */
function setPlace({ tile }, i, how) {
  if (tile.places) tile.places[i] = how;
}

/**
 * What a tile wants to show as symbols: its points, and the areas that are smaller than their symbol.
 *
 * @param {Member} member
 * @returns {Wish[]}
 */
function wishesOf(member) {
  const { layer, tile } = member;
  const features = tile.data?.[layer.spec.name];
  const points = features && symbolsOf(layer, tile, features);
  tile.places = points ? new Uint8Array(points.count) : null;
  if (!points) return [];
  const sizes = features === points ? null : extentsById(features);
  /** @type {Wish[]} */
  const wishes = [];
  for (let i = 0; i < points.count; i++) {
    const symbol = layer.isDrawn(points.c[i]) ? layer.points[points.c[i]] : null;
    if (!symbol) continue;
    const r = radius(symbol, layer.pointScale(symbol));
    if (isLarger(sizes?.get(points.id[i]), 2.4 * r)) continue;
    const at = 2 * points.parts[points.first[i]];
    const [x, y] = [points.xy[at] * SCALE, points.xy[at + 1] * SCALE];
    wishes.push({ member, i, id: points.id[i], x, y, r, weight: symbol.weight ?? 0 });
  }
  return wishes;
}

/**
 * The features that symbols stand at, or nothing where all are drawn as they are.
 *
 * @param {MvtLayer} layer
 * @param {ShownTile} tile
 * @param {TileFeatures} features
 */
function symbolsOf({ spec }, tile, features) {
  if (features.type === POINT) return features.count && features.count <= MANY ? features : null;
  return features.type !== LINE && spec.style.small ? tile.data?.[spec.name + "_label"] : null;
}

/**
 * @param {import("./boxes.js").Box | undefined} size in units
 * @param {number} px
 */
const isLarger = (size, px) => Boolean(size && Math.max(size[2] - size[0], size[3] - size[1]) * SCALE > px);

/**
 * An area's symbol where the area itself is too small: the sign of its layer in the colours of its class.
 *
 * @param {MapSymbol} area
 * @param {MapSymbol} small
 * @returns {MapSymbol}
 */
export function asPoint(area, small) {
  const { fill, stroke, dash, badge, weight, hatch, fill_opacity: opacity = 0 } = area;
  const level = opacity < 0.2 ? 0 : hatch ? 0.5 : 1;
  return { ...small, fill, stroke, stroke_px: 1.6, dash: level ? undefined : dash, badge, weight, level };
}
