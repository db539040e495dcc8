/* Measures of a tile's decoded features, in its own units (4096 on a side) and in CSS px (512 on a side). */
/** @import { TileFeatures } from "./decode.js" */
/** @import { Box } from "./boxes.js" */

export const EXTENT = 4096;
export const SIZE = 512;
/** CSS px for one unit of a tile. */
export const SCALE = SIZE / EXTENT;
const STRAIGHT = 0.08; // radians that a run may turn and still carry a name

/**
 * Add feature i to a path, in CSS px, enlarged `times`, shifted to the right by `shift` px and moved by x and y.
 *
 * @param {{ moveTo(x: number, y: number): void, lineTo(x: number, y: number): void, closePath(): void }} path
 * @param {TileFeatures} features
 * @param {number} i
 * @param {{ shift?: number, closed?: boolean, x?: number, y?: number, times?: number }} how
 */
export function trace(path, features, i, { shift = 0, closed = false, x: moveX = 0, y: moveY = 0, times = 1 }) {
  const { xy, parts, first } = features;
  const unit = SCALE * times;
  for (let part = first[i]; part < first[i + 1]; part++) {
    const from = parts[part];
    const to = parts[part + 1];
    for (let v = from; v < to; v++) {
      let x = xy[2 * v] * unit + moveX;
      let y = xy[2 * v + 1] * unit + moveY;
      if (shift) {
        const before = Math.max(from, v - 1);
        const after = Math.min(to - 1, v + 1);
        const dx = xy[2 * after] - xy[2 * before];
        const dy = xy[2 * after + 1] - xy[2 * before + 1];
        const d = Math.hypot(dx, dy) || 1;
        x -= (dy / d) * shift;
        y += (dx / d) * shift;
      }
      if (v === from) path.moveTo(x, y);
      else path.lineTo(x, y);
    }
    if (closed) path.closePath();
  }
}

/**
 * CSS px from a place (x, y in units) to a point feature.
 *
 * @param {TileFeatures} features
 * @param {number} i
 * @param {number} x
 * @param {number} y
 */
export function toPoint({ xy, parts, first }, i, x, y) {
  const k = 2 * parts[first[i]];
  return Math.hypot(xy[k] - x, xy[k + 1] - y) * SCALE;
}

/**
 * CSS px from a place to the nearest piece of a line.
 *
 * @param {TileFeatures} features
 * @param {number} i
 * @param {number} x
 * @param {number} y
 */
export function toLine({ xy, parts, first }, i, x, y) {
  let best = Infinity;
  for (let part = first[i]; part < first[i + 1]; part++) {
    for (let v = parts[part]; v + 1 < parts[part + 1]; v++) {
      const ax = xy[2 * v];
      const ay = xy[2 * v + 1];
      const bx = xy[2 * v + 2] - ax;
      const by = xy[2 * v + 3] - ay;
      const l = bx ** 2 + by ** 2;
      const t = l ? Math.max(0, Math.min(1, ((x - ax) * bx + (y - ay) * by) / l)) : 0;
      best = Math.min(best, Math.hypot(ax + t * bx - x, ay + t * by - y) * SCALE);
    }
  }
  return best;
}

/**
 * Whether a place lies within an area, its holes left out.
 *
 * @param {TileFeatures} features
 * @param {number} i
 * @param {number} x
 * @param {number} y
 */
export function isWithin({ xy, parts, first }, i, x, y) {
  let isInside = false;
  for (let part = first[i]; part < first[i + 1]; part++) {
    const from = parts[part];
    const to = parts[part + 1];
    for (let v = from; v < to; v++) {
      const w = v + 1 < to ? v + 1 : from;
      const ay = xy[2 * v + 1];
      const by = xy[2 * w + 1];
      if (ay > y === by > y) continue;
      if (x < ((xy[2 * w] - xy[2 * v]) * (y - ay)) / (by - ay) + xy[2 * v]) isInside = !isInside;
    }
  }
  return isInside;
}

/**
 * Where a name fits along a line inside this tile: the middle of its longest straight run.
 *
 * @param {TileFeatures} features
 * @param {number} i
 * @param {{ x: number, y: number }} at the tile's corner in px
 * @param {number} shift
 * @param {number} beside px by which it stands off the line
 */
export function alongLine({ xy, parts, first }, i, at, shift, beside = 11) {
  /** @type {{ room: number, x: number, y: number, angle: number } | null} */
  let best = null;
  for (let part = first[i]; part < first[i + 1]; part++) {
    let start = parts[part];
    for (let v = start + 1; v < parts[part + 1]; v++) {
      if (v + 1 < parts[part + 1] && turn(xy, start, v, v + 1) <= STRAIGHT) continue;
      const dx = xy[2 * v] - xy[2 * start];
      const dy = xy[2 * v + 1] - xy[2 * start + 1];
      const length = Math.hypot(dx, dy) * SCALE;
      if (length > (best?.room || 0)) {
        const angle = Math.atan2(dy, dx);
        const away = (Math.sign(shift) || -1) * (Math.abs(shift) + beside);
        best = {
          room: length,
          x: at.x + (xy[2 * start] + dx / 2) * SCALE - Math.sin(angle) * away,
          y: at.y + (xy[2 * start + 1] + dy / 2) * SCALE + Math.cos(angle) * away,
          angle: Math.cos(angle) < 0 ? angle + Math.PI : angle,
        };
      }
      start = v;
    }
  }
  return best;
}

/**
 * @param {TileFeatures["xy"]} xy
 * @param {number} a
 * @param {number} b
 * @param {number} c
 */
function turn(xy, a, b, c) {
  const before = Math.atan2(xy[2 * b + 1] - xy[2 * a + 1], xy[2 * b] - xy[2 * a]);
  const after = Math.atan2(xy[2 * c + 1] - xy[2 * b + 1], xy[2 * c] - xy[2 * b]);
  const d = Math.abs(before - after);
  return Math.min(d, 2 * Math.PI - d);
}

/**
 * The extent of each object of a tile, in units.
 *
 * @param {TileFeatures} features
 */
export function extentsById({ count, id, first, parts, xy }) {
  /** @type {Map<number, Box>} */
  const extents = new Map();
  for (let i = 0; i < count; i++) {
    const e = extents.get(id[i]) || [Infinity, Infinity, -Infinity, -Infinity];
    for (let v = parts[first[i]]; v < parts[first[i + 1]]; v++) {
      const x = xy[2 * v];
      const y = xy[2 * v + 1];
      e[0] = Math.min(e[0], x);
      e[1] = Math.min(e[1], y);
      e[2] = Math.max(e[2], x);
      e[3] = Math.max(e[3], y);
    }
    extents.set(id[i], /** @type {Box} */ (e));
  }
  return extents;
}
