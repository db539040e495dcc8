/* Fits bounds into what is free of the map: sheets, buttons and chips lie over it, differently on each screen. */

const GAP = 8, COVERS = "[data-sheet], .map-tools, #tool-set, .drawer-toggles, #chips";

/* Show bounds as large as can be with nothing over them, and then as near to the middle as can be. */
export function fitFree(map, bounds, options) {
  const box = map.getContainer().getBoundingClientRect();
  const covers = [...document.querySelectorAll(COVERS)].map((part) => cover(part, box)).filter(Boolean);
  const sheets = place(map, bounds, covers.map(({ isSheet, ways }) => (isSheet ? ways[0] : null)));
  const free = choices(covers).map((ways) => place(map, bounds, ways)).filter(({ area, isInside }) => isInside && !covers.some((one) => one.area.overlaps(area)));
  const rank = ({ zoom, middle }) => zoom - middle.distanceTo(sheets.middle) / 1e5;
  const best = free.reduce((one, other) => (one && rank(one) >= rank(other) ? one : other), null) || sheets;
  map.fitBounds(bounds, { ...options, paddingTopLeft: best.padding[0], paddingBottomRight: best.padding[1] });
}

/* Every choice of how to keep clear of each: not at all, by one edge of the map, or by the other; a button takes a corner. */
function choices(covers) {
  return covers.reduce((found, { ways }) => found.flatMap((chosen) => [null, ...ways].map((way) => [...chosen, way])), [[]]);
}

/* Where the map puts bounds that keep clear of these parts of its edges. */
function place(map, bounds, ways) {
  const room = { left: GAP, top: GAP, right: GAP, bottom: GAP }, size = map.getSize();
  for (const way of ways) if (way) room[way.edge] = Math.max(room[way.edge], way.reach + GAP);
  const padding = [L.point(room.left, room.top), L.point(room.right, room.bottom)];
  const zoom = map.getBoundsZoom(bounds, false, padding[0].add(padding[1]));
  const half = map.project(bounds.getSouthEast(), zoom).subtract(map.project(bounds.getNorthWest(), zoom)).divideBy(2);
  const middle = size.add(padding[0]).subtract(padding[1]).divideBy(2), area = L.bounds(middle.subtract(half), middle.add(half));
  return { padding, zoom, middle, area, isInside: L.bounds([0, 0], size).contains(area) };
}

/* What an element covers of the map, and the two edges from which it reaches least far; null where it lies beside the map. */
function cover(part, box) {
  const { left, top, right, bottom, width, height } = part.getBoundingClientRect();
  if (!width || !height || left >= box.right || right <= box.left || top >= box.bottom || bottom <= box.top) return null;
  const reaches = { left: right - box.left, top: bottom - box.top, right: box.right - left, bottom: box.bottom - top };
  const ways = Object.entries(reaches).map(([edge, reach]) => ({ edge, reach: Math.min(reach, box.height * 0.6) })).sort((a, b) => a.reach - b.reach);
  const area = L.bounds([left - box.left, top - box.top], [right - box.left, bottom - box.top]);
  return { isSheet: part.matches("[data-sheet]"), ways: ways.slice(0, 2), area };
}
