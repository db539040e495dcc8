/* What stands in a point symbol and at its corner: glyph and badge. */
import { inks } from "./inks.js";
/** @import { MapSymbol, Pen } from "./types" */

/** @type {Record<string, string>} in a box from -8 to 8 */
const GLYPHS = {
  factory: "M-7 6V-1.5L-3-4V-1.5L1-4V-1.5L3.2-3V-7H6.4V6H-7z",
  bolt: "M1.5-7L-5 1.2H-.6L-2 7 5-1.6H.4z",
  market:
    "M-5.6-5.4H5.6L7-1.6A2.1 2.1 0 0 1 2.6-1.2 2.6 2.6 0 0 1-2.6-1.2 2.1 2.1 0 0 1-7-1.6zM-5.4 1.2H5.4V6H1.8V2.8H-1.4V6H-5.4z",
  plane:
    "M-.9-7.2Q0-8.2 .9-7.2L1.2-2.4 7.2 1.4V3.2L1.2 1.6 .9 4.8 2.6 6.2V7.4L0 6.7-2.6 7.4V6.2L-.9 4.8-1.2 1.6-7.2 3.2V1.4L-1.2-2.4z",
};
/** @type {Record<string, number[][]>} lines x1, y1, x2, y2 in the same box */
const STROKES = {
  times: [
    [-4, -4, 4, 4],
    [-4, 4, 4, -4],
  ],
  minus: [[-5, 0, 5, 0]],
  dot: [[0, -0.4, 0, 0.4]],
  one: [
    [-2.6, -3.2, 0.6, -6],
    [0.6, -6, 0.6, 6],
  ],
  two: [
    [-3.4, -3.4, -1.6, -5.6],
    [-1.6, -5.6, 1.8, -5.6],
    [1.8, -5.6, 3.4, -3.4],
    [3.4, -3.4, 2.6, -0.6],
    [2.6, -0.6, -3.6, 5.8],
    [-3.6, 5.8, 3.8, 5.8],
  ],
  three: [
    [-3.4, -5.6, 3.2, -5.6],
    [3.2, -5.6, 0, -1],
    [0, -1, 2.6, -0.4],
    [2.6, -0.4, 3.4, 2.4],
    [3.4, 2.4, 2, 5.2],
    [2, 5.2, -1.6, 5.8],
    [-1.6, 5.8, -3.6, 4.2],
  ],
  anchor: [
    [0, -6, 0, 6],
    [-3, -3.4, 3, -3.4],
    [0, 6, -4, 4.6],
    [-4, 4.6, -5.6, 1.2],
    [0, 6, 4, 4.6],
    [4, 4.6, 5.6, 1.2],
  ],
  road: [
    [-4.4, 5.6, -1.6, -5.6],
    [4.4, 5.6, 1.6, -5.6],
    [0, 4.4, 0, 2.4],
    [0, -0.8, 0, -2.4],
  ],
  track: [
    [-3, 6, -3, -6],
    [3, 6, 3, -6],
    [-5, -3.4, 5, -3.4],
    [-5, 0, 5, 0],
    [-5, 3.4, 5, 3.4],
  ],
  question: [
    [-3, -3.4, -1.4, -5.6],
    [-1.4, -5.6, 1.6, -5.6],
    [1.6, -5.6, 3, -3.2],
    [3, -3.2, 0, 0.4],
    [0, 0.4, 0, 2],
    [0, 5.6, 0, 5.7],
  ],
};
const SMALLEST = 5.5; // px: a smaller glyph is a blot

/** @param {string} colour #rrggbb */
function isDark(colour) {
  const n = parseInt(colour.slice(1), 16);
  return 0.3 * (n >> 16) + 0.59 * ((n >> 8) & 255) + 0.11 * (n & 255) < 165;
}

/**
 * @param {Pen} c
 * @param {MapSymbol} symbol
 * @param {number} r
 * @param {(c: Pen, d: string) => Path2D} newPath
 */
export function drawGlyph(c, symbol, r, newPath) {
  if (!symbol.glyph || r < SMALLEST) return;
  c.save();
  c.scale(r / 12.5, r / 12.5);
  c.fillStyle = c.strokeStyle = glyphInk(symbol);
  const strokes = STROKES[symbol.glyph];
  if (strokes) {
    c.lineWidth = symbol.glyph === "dot" ? 5.5 : 2.6;
    c.lineCap = "round";
    for (const [x1, y1, x2, y2] of strokes) line(c, [x1, y1], [x2, y2]);
  } else c.fill(newPath(c, GLYPHS[symbol.glyph]));
  c.restore();
}

/** @param {MapSymbol} symbol */
function glyphInk({ level = 1, fill = inks.paper, stroke }) {
  if (level === 1 && isDark(fill)) return inks.paper;
  const isPartly = level > 0 && level < 1;
  return !isPartly && stroke && isDark(stroke) ? stroke : inks.ink;
}

/**
 * @param {Pen} c
 * @param {string} badge
 * @param {number} r of the symbol
 */
export function drawBadge(c, badge, r) {
  const b = Math.max(3, 0.55 * r);
  const x = 0.85 * r;
  const y = -0.85 * r;
  c.lineCap = "round";
  if (badge === "cross") {
    c.strokeStyle = inks.ink;
    c.lineWidth = Math.max(1.4, 0.24 * r);
    line(c, [-r, -r], [r, r]);
    line(c, [-r, r], [r, -r]);
    return;
  }
  const discs = { alert: inks.alert, warning: inks.warning, works: inks.ink, tick: inks.tick };
  const isHollow = badge === "open" || badge === "mended";
  disc(c, x, y, b + 1, isHollow ? inks.ink : inks.paper);
  disc(c, x, y, b, isHollow ? inks.paper : (discs[/** @type {keyof typeof discs} */ (badge)] ?? inks.tick));
  c.strokeStyle = isHollow ? inks.ink : inks.paper;
  c.lineWidth = 0.34 * b;
  if (badge === "open") {
    disc(c, x, y, 0.35 * b, inks.ink);
  } else if (badge === "works") {
    line(c, [x - 0.5 * b, y], [x + 0.5 * b, y]);
    line(c, [x, y - 0.5 * b], [x, y + 0.5 * b]);
  } else if (badge === "warning") {
    line(c, [x - 0.5 * b, y], [x + 0.5 * b, y]);
  } else if (badge === "alert") {
    line(c, [x, y - 0.55 * b], [x, y + 0.1 * b]);
    line(c, [x, y + 0.55 * b], [x, y + 0.56 * b]);
  } else {
    line(c, [x - 0.45 * b, y], [x - 0.1 * b, y + 0.38 * b]);
    line(c, [x - 0.1 * b, y + 0.38 * b], [x + 0.5 * b, y - 0.38 * b]);
  }
}

/**
 * @param {Pen} c
 * @param {number} x
 * @param {number} y
 * @param {number} r
 * @param {string} colour
 */
function disc(c, x, y, r, colour) {
  c.beginPath();
  c.arc(x, y, r, 0, 2 * Math.PI);
  c.fillStyle = colour;
  c.fill();
}

/**
 * @param {Pen} c
 * @param {number[]} from
 * @param {number[]} to
 */
function line(c, [x1, y1], [x2, y2]) {
  c.beginPath();
  c.moveTo(x1, y1);
  c.lineTo(x2, y2);
  c.stroke();
}
