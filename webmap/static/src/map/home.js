/* Fits bounds into what is free of the map: sheets, buttons and chips lie over it, differently on each screen. */
import { findAll } from "../lib/find.js";

/** @typedef {"left" | "top" | "right" | "bottom"} Edge */
/** @typedef {{ edge: Edge, reach: number }} Way how to keep clear of something: px from an edge of the map */
/** @typedef {{ isSheet: boolean, ways: Way[], area: L.Bounds }} Cover */

const GAP = 8;
const COVERS = "[data-sheet], .map-tools, #tool-set, .drawer-toggles, #chips";
const SAID = ".status-bar > *"; // lies over the map on a phone

/**
 * Show bounds as large as can be with nothing over them, and then as near to the middle as can be.
 *
 * @param {L.Map} map
 * @param {L.LatLngBounds} bounds
 * @param {L.FitBoundsOptions} [options]
 */
export function fitFree(map, bounds, options) {
  const box = map.getContainer().getBoundingClientRect();
  const covers = findAll(COVERS)
    .map((part) => cover(part, box))
    .filter((found) => found !== null);
  const besides = covers.map(({ isSheet, ways }) => (isSheet ? ways[0] : null));
  const sheets = place(map, bounds, besides);
  const free = choices(covers)
    .map((ways) => place(map, bounds, ways))
    .filter(({ area, isInside }) => isInside && !covers.some((one) => one.area.overlaps(area)));
  const rank = (/** @type {typeof sheets} */ { zoom, middle }) => zoom - middle.distanceTo(sheets.middle) / 1e5;
  const best = free.length ? free.reduce((one, other) => (rank(one) >= rank(other) ? one : other)) : sheets;
  map.fitBounds(bounds, { ...options, paddingTopLeft: best.padding[0], paddingBottomRight: best.padding[1] });
}

/**
 * Let names keep clear of what lies over the map, and find other places when it opens, closes or grows.
 *
 * @param {L.Map} map
 * @param {import("./overlay.js").Overlay} overlay
 */
export function keepNamesClear(map, overlay) {
  overlay.covers = () => {
    const box = map.getContainer().getBoundingClientRect();
    return findAll(`${COVERS}, ${SAID}`)
      .map((part) => cover(part, box)?.area)
      .filter((area) => area !== undefined)
      .map(({ min, max }) => [min?.x ?? 0, min?.y ?? 0, max?.x ?? 0, max?.y ?? 0]);
  };
  const watch = new ResizeObserver(() => overlay.soon());
  for (const part of findAll(COVERS)) watch.observe(part);
}

/**
 * Show an extent; a lone point not nearer than `nearest`.
 *
 * @param {L.Map} map
 * @param {[number, number, number, number]} extent west, south, east, north in degrees
 * @param {number} nearest zoom
 */
export function showExtent(map, [west, south, east, north], nearest = 15) {
  fitFree(map, L.latLngBounds([south, west], [north, east]), { maxZoom: nearest });
}

/**
 * Every choice of how to keep clear of each: not at all, by one edge of the map, or by the other; a button takes a corner.
 *
 * @param {Cover[]} covers
 */
function choices(covers) {
  /** @type {(Way | null)[][]} */
  const none = [[]];
  return covers.reduce(
    (found, { ways }) => found.flatMap((chosen) => [null, ...ways].map((way) => [...chosen, way])),
    none,
  );
}

/**
 * Where the map puts bounds that keep clear of these parts of its edges.
 *
 * @param {L.Map} map
 * @param {L.LatLngBounds} bounds
 * @param {(Way | null)[]} ways
 */
function place(map, bounds, ways) {
  const room = { left: GAP, top: GAP, right: GAP, bottom: GAP };
  const size = map.getSize();
  for (const way of ways) if (way) room[way.edge] = Math.max(room[way.edge], way.reach + GAP);
  const padding = [L.point(room.left, room.top), L.point(room.right, room.bottom)];
  const zoom = map.getBoundsZoom(bounds, false, padding[0].add(padding[1]));
  const half = map.project(bounds.getSouthEast(), zoom).subtract(map.project(bounds.getNorthWest(), zoom)).divideBy(2);
  const middle = size.add(padding[0]).subtract(padding[1]).divideBy(2);
  const area = L.bounds(middle.subtract(half), middle.add(half));
  return { padding, zoom, middle, area, isInside: L.bounds(L.point(0, 0), size).contains(area) };
}

/**
 * What an element covers of the map, and the two edges from which it reaches least far; null where it lies beside the map.
 *
 * @param {HTMLElement} part
 * @param {DOMRect} box
 * @returns {Cover | null}
 */
function cover(part, box) {
  const { left, top, right, bottom, width, height } = part.getBoundingClientRect();
  const isBeside = left >= box.right || right <= box.left || top >= box.bottom || bottom <= box.top;
  if (!width || !height || isBeside) return null;
  /** @type {Way[]} */
  const ways = [
    { edge: "left", reach: right - box.left },
    { edge: "top", reach: bottom - box.top },
    { edge: "right", reach: box.right - left },
    { edge: "bottom", reach: box.bottom - top },
  ];
  const within = ways.map(({ edge, reach }) => ({ edge, reach: Math.min(reach, box.height * 0.6) }));
  within.sort((a, b) => a.reach - b.reach);
  const area = L.bounds(L.point(left - box.left, top - box.top), L.point(right - box.left, bottom - box.top));
  return { isSheet: part.matches("[data-sheet]"), ways: within.slice(0, 2), area };
}
