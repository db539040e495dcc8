/* Thousands of symbols on one tile: most lie under others, and need not be drawn. And the number at one that stands for many. */
import { inks } from "./inks.js";
import { EXTENT } from "./shapes.js";
/** @import { TileFeatures } from "./decode.js" */
/** @import { Pixels, Sprite } from "./symbols.js" */
/** @import { Pen } from "./types" */

const FULL = 250; // of 255: what lies under such a pixel is not seen

/** @typedef {{ image: ImageData, words: Uint32Array }} Picture the same pixels as bytes and as little-endian words */

/**
 * Which points lie under a later one, to 4 px, less than a third of a symbol: in a crowd most of the drawing would be for nothing.
 *
 * @param {TileFeatures} features
 * @param {(number: number) => boolean} isDrawn
 */
export function covered({ count, c, xy, parts, first }, isDrawn) {
  const side = EXTENT / 32 + 16;
  const taken = new Uint8Array(side * side);
  const hidden = new Uint8Array(count);
  for (let i = count - 1; i >= 0; i--) {
    if (!isDrawn(c[i])) {
      hidden[i] = 1;
      continue;
    }
    const at = 2 * parts[first[i]];
    const cell = ((xy[at + 1] >> 5) + 8) * side + (xy[at] >> 5) + 8;
    hidden[i] = taken[cell];
    taken[cell] = 1;
  }
  return hidden;
}

/**
 * Lay a sprite under what a picture holds: pixels that are full already, most in a crowd, cost one look.
 *
 * @param {Picture} picture
 * @param {Sprite} found
 * @param {number} left
 * @param {number} top
 */
export function slideUnder({ image, words }, found, left, top) {
  const { word, alpha, x: xs, y: ys } = found.pixels || (found.pixels = readPixels(found.canvas));
  const { width, height, data: to } = image;
  for (let k = 0; k < word.length; k++) {
    const x = left + xs[k];
    const y = top + ys[k];
    if (x < 0 || y < 0 || x >= width || y >= height) continue;
    const at = y * width + x;
    const above = words[at] >>> 24;
    if (above > FULL) continue;
    if (above === 0) {
      words[at] = word[k];
      continue;
    }
    const d = 4 * at;
    const below = (alpha[k] * (255 - above)) / 255;
    const sum = above + below;
    const w = word[k];
    to[d] = (to[d] * above + (w & 255) * below) / sum;
    to[d + 1] = (to[d + 1] * above + ((w >> 8) & 255) * below) / sum;
    to[d + 2] = (to[d + 2] * above + ((w >> 16) & 255) * below) / sum;
    to[d + 3] = sum;
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {Pixels}
 */
function readPixels(canvas) {
  const size = canvas.width;
  const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const all = new Uint32Array(c.getImageData(0, 0, size, size).data.buffer);
  const kept = [...all.keys()].filter((k) => all[k] >>> 24);
  return {
    word: Uint32Array.from(kept, (k) => all[k]),
    alpha: Uint8Array.from(kept, (k) => all[k] >>> 24),
    x: Int16Array.from(kept, (k) => k % size),
    y: Int16Array.from(kept, (k) => Math.floor(k / size)),
  };
}

/**
 * @param {Pen} c
 * @param {number} count
 * @param {number} x
 * @param {number} y
 */
export function drawCount(c, count, x, y) {
  const text = count > 999 ? "999+" : String(count);
  c.font = "600 9px system-ui, sans-serif";
  const w = c.measureText(text).width + 6;
  c.fillStyle = inks.ink;
  c.strokeStyle = inks.paper;
  c.lineWidth = 1;
  c.beginPath();
  c.roundRect(x - 3, y - 7, w, 12, 6);
  c.fill();
  c.stroke();
  c.fillStyle = inks.paper;
  c.textBaseline = "middle";
  c.textAlign = "left";
  c.fillText(text, x, y - 0.5);
}
