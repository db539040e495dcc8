/* Draws one symbol of geodata's Symbol on a canvas: the same code for map and legend. Knows no layer and no state. */
import { drawBadge, drawGlyph } from "./badges.js";
import { asName, faded, inks, rim, tones } from "./inks.js";
/** @import { Geometry, MapSymbol, Pen } from "./types" */

/** @typedef {{ word: Uint32Array, alpha: Uint8Array, x: Int16Array, y: Int16Array }} Pixels what of a sprite is not empty */
/** @typedef {{ canvas: HTMLCanvasElement, half: number, pixels: Pixels | null }} Sprite half: offset in CSS px */

/** @type {Record<string, (c: Path2D, r: number) => void>} */
const OUTLINES = {
  hexagon: (c, r) => polygon(c, 1.1 * r, 6),
  rounded(c, r) {
    const a = 0.9 * r;
    const b = 0.5 * r;
    c.moveTo(-b, -a);
    c.lineTo(b, -a);
    c.bezierCurveTo(a, -a, a, -a, a, -b);
    c.lineTo(a, b);
    c.bezierCurveTo(a, a, a, a, b, a);
    c.lineTo(-b, a);
    c.bezierCurveTo(-a, a, -a, a, -a, b);
    c.lineTo(-a, -b);
    c.bezierCurveTo(-a, -a, -a, -a, -b, -a);
  },
  framed(c, r) {
    c.rect(-0.95 * r, -0.95 * r, 1.9 * r, 1.9 * r);
    c.moveTo(-0.68 * r, -0.68 * r);
    c.lineTo(-0.68 * r, 0.68 * r);
    c.lineTo(0.68 * r, 0.68 * r);
    c.lineTo(0.68 * r, -0.68 * r);
    c.closePath();
    c.moveTo(-0.68 * r, -0.68 * r);
    c.lineTo(0.68 * r, -0.68 * r);
    c.lineTo(0.68 * r, 0.68 * r);
    c.lineTo(-0.68 * r, 0.68 * r);
  },
  circle: (c, r) => c.arc(0, 0, r, 0, 2 * Math.PI),
  square: (c, r) => c.rect(-0.9 * r, -0.9 * r, 1.8 * r, 1.8 * r),
  diamond: (c, r) => polygon(c, 1.15 * r, 4),
  triangle: (c, r) => polygon(c, 1.15 * r, 3),
  octagon: (c, r) => polygon(c, 1.05 * r, 8),
  flag(c, r) {
    c.moveTo(-0.9 * r, -1.1 * r);
    c.lineTo(1.1 * r, -1.1 * r);
    c.lineTo(0.6 * r, -0.4 * r);
    c.lineTo(1.1 * r, 0.3 * r);
    c.lineTo(-0.7 * r, 0.3 * r);
    c.lineTo(-0.7 * r, 1.15 * r);
    c.lineTo(-0.9 * r, 1.15 * r);
  },
  bubble(c, r) {
    c.moveTo(-r, -0.9 * r);
    c.lineTo(r, -0.9 * r);
    c.lineTo(r, 0.45 * r);
    c.lineTo(0.1 * r, 0.45 * r);
    c.lineTo(-0.5 * r, 1.15 * r);
    c.lineTo(-0.5 * r, 0.45 * r);
    c.lineTo(-r, 0.45 * r);
  },
  drop(c, r) {
    c.moveTo(0, -1.35 * r);
    c.bezierCurveTo(0.3 * r, -0.75 * r, 0.95 * r, -0.35 * r, 0.95 * r, 0.3 * r);
    c.arc(0, 0.3 * r, 0.95 * r, 0, Math.PI);
    c.bezierCurveTo(-0.95 * r, -0.35 * r, -0.3 * r, -0.75 * r, 0, -1.35 * r);
  },
};

/**
 * @param {Path2D} c
 * @param {number} r
 * @param {number} corners
 */
function polygon(c, r, corners) {
  for (let i = 0; i < corners; i++) {
    const angle = (2 * Math.PI * i) / corners - Math.PI / 2;
    c.lineTo(r * Math.cos(angle), r * Math.sin(angle));
  }
  c.closePath();
}

/**
 * Half the width of a point symbol, badge left out.
 *
 * @param {MapSymbol} symbol
 * @param {number} scale
 */
export const radius = (symbol, scale) => ((symbol.size_px || 12) * scale) / 2;

/**
 * How far a symbol reaches up and down from its middle, in halves of its width.
 *
 * @param {MapSymbol} symbol
 */
const reach = ({ shape, badge }) => (shape === "drop" ? [1.35, 1.28] : badge ? [1.45, 1.1] : [1.15, 1.15]);

/**
 * A path for this canvas; the one that writes SVG has its own.
 *
 * @param {Pen} c
 * @param {string} [d]
 */
export const newPath = (c, d) => (c.newPath ? c.newPath(d) : new Path2D(d));

/**
 * @param {Pen} c
 * @param {MapSymbol} symbol
 * @param {number} scale
 * @param {boolean} hasHalo
 */
export function drawPoint(c, symbol, scale, hasHalo) {
  const r = radius(symbol, scale);
  const outline = newPath(c);
  (OUTLINES[symbol.shape ?? ""] || OUTLINES.circle)(outline, r);
  outline.closePath();
  if (hasHalo) {
    c.lineWidth = 3;
    c.strokeStyle = faded(rim(symbol.fill ?? inks.paper), 0.85);
    c.lineJoin = "round";
    c.stroke(outline);
  }
  fillPoint(c, outline, symbol, r);
  if (symbol.stroke) {
    c.lineWidth = Math.max(0.8, (symbol.stroke_px ?? 1) * Math.min(scale, 1.2));
    c.strokeStyle = symbol.stroke;
    c.setLineDash(scale < 0.7 ? [] : symbol.dash || []);
    c.stroke(outline);
    c.setLineDash([]);
  }
  drawGlyph(c, symbol, r, newPath);
  if (symbol.badge) drawBadge(c, symbol.badge, r);
}

/**
 * Fill an outline up to the symbol's level.
 *
 * @param {Pen} c
 * @param {Path2D} outline
 * @param {MapSymbol} symbol
 * @param {number} r
 */
function fillPoint(c, outline, { level = 1, fill = inks.paper }, r) {
  c.fillStyle = level < 1 ? inks.paper : fill;
  c.fill(outline);
  if (level <= 0 || level >= 1) return;
  c.save();
  c.clip(outline);
  c.fillStyle = fill;
  c.fillRect(-2 * r, r * (1 - 2 * level), 4 * r, 4 * r);
  c.restore();
}

/**
 * @param {number} size CSS px
 * @param {number} ratio
 */
function canvasOf(size, ratio) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.max(1, Math.round(size * ratio));
  return canvas;
}

/**
 * What draws on a canvas.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [settings]
 */
const penOf = (canvas, settings) => /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", settings));

/** @type {Map<string, Sprite>} */
const sprites = new Map();

/**
 * A point symbol drawn once; pixels on demand.
 *
 * @param {MapSymbol} symbol
 * @param {number} scale
 * @param {number} ratio
 * @param {boolean} hasHalo
 */
export function sprite(symbol, scale, ratio, hasHalo) {
  const key = JSON.stringify([symbol, scale, ratio, hasHalo, tones().isDark]);
  const kept = sprites.get(key);
  if (kept) return kept;
  const half = Math.ceil(radius(symbol, scale) * (symbol.badge ? 1.6 : 1.4) + 3);
  const canvas = canvasOf(2 * half, ratio);
  const c = penOf(canvas, { willReadFrequently: true });
  c.scale(ratio, ratio);
  c.translate(half, half);
  drawPoint(c, symbol, scale, hasHalo);
  /** @type {Sprite} */
  const made = { canvas, half, pixels: null };
  sprites.set(key, made);
  return made;
}

/**
 * What a point is where there is no room for its symbol: a dot in its colour.
 *
 * @param {MapSymbol} symbol
 * @param {number} zoom
 * @returns {MapSymbol}
 */
export function dotOf({ fill, stroke }, zoom) {
  const ink = fill && fill.toLowerCase() !== inks.paper ? fill : stroke;
  const size = zoom < 10 ? 4 : zoom < 13 ? 5 : 6;
  return { shape: "circle", size_px: size, fill: ink, stroke: inks.paper, stroke_px: 0.8 };
}

/**
 * @param {MapSymbol} symbol
 * @param {number} zoom
 * @param {number} ratio
 */
export const dot = (symbol, zoom, ratio) => sprite(dotOf(symbol, zoom), 1, ratio, false);

/** @type {Map<string, HTMLCanvasElement>} */
const patterns = new Map();

/**
 * 8 px hatching: 8 divides the tile, so neighbouring tiles meet.
 *
 * @param {Pen} c
 * @param {MapSymbol} symbol
 * @param {number} ratio
 */
function hatch(c, symbol, ratio) {
  const key = `${symbol.hatch} ${symbol.fill} ${ratio}`;
  const canvas = patterns.get(key) || drawHatch(symbol, ratio);
  patterns.set(key, canvas);
  const pattern = /** @type {CanvasPattern} */ (c.createPattern(canvas, "repeat"));
  pattern.setTransform(new DOMMatrix().scale(8 / canvas.width));
  return pattern;
}

export const [CROSSED, DOTTED] = [225, 360]; // as geodata/schema/portrayal.py has them

/** @type {Record<number, number[][]>} angle in degrees -> lines x1, y1, x2, y2 in a box of 8 px */
const HATCHES = {
  [CROSSED]: [-8, 0, 8].flatMap((d) => [
    [d - 1, 9, d + 9, -1],
    [d - 1, -1, d + 9, 9],
  ]),
  [DOTTED]: [
    [1.2, 2, 2.8, 2],
    [5.2, 6, 6.8, 6],
  ],
  90: [[4, -1, 4, 9]],
  180: [[-1, 4, 9, 4]],
  45: [-8, 0, 8].map((d) => [d - 1, 9, d + 9, -1]),
  135: [-8, 0, 8].map((d) => [d - 1, -1, d + 9, 9]),
};

/**
 * @param {MapSymbol} symbol
 * @param {number} ratio
 */
function drawHatch(symbol, ratio) {
  const canvas = canvasOf(8, ratio);
  const c = penOf(canvas);
  c.scale(canvas.width / 8, canvas.width / 8);
  c.strokeStyle = symbol.fill ?? inks.ink;
  c.lineWidth = 1.6;
  for (const [x1, y1, x2, y2] of HATCHES[symbol.hatch ?? 135] ?? HATCHES[135]) {
    c.beginPath();
    c.moveTo(x1, y1);
    c.lineTo(x2, y2);
    c.stroke();
  }
  return canvas;
}

/**
 * @param {Pen} c
 * @param {Path2D} path
 * @param {MapSymbol} symbol
 * @param {number} ratio
 */
export function fillArea(c, path, symbol, ratio) {
  const opacity = symbol.fill_opacity ?? 0;
  if (!symbol.fill || opacity <= 0) return;
  c.globalAlpha = symbol.hatch ? opacity * 0.22 : opacity;
  c.fillStyle = symbol.fill;
  c.fill(path, "nonzero");
  if (symbol.hatch) {
    c.globalAlpha = Math.min(1, opacity * 1.4);
    c.fillStyle = c.hatch ? c.hatch(symbol) : hatch(c, symbol, ratio);
    c.fill(path, "nonzero");
  }
  c.globalAlpha = 1;
}

/**
 * @param {Pen} c
 * @param {Path2D} path
 * @param {MapSymbol} symbol
 * @param {number} scale
 */
export function strokePath(c, path, symbol, scale) {
  if (!symbol.stroke) return;
  c.strokeStyle = symbol.fill && symbol.fill_opacity ? asName(symbol.stroke) : symbol.stroke;
  c.lineWidth = Math.max(0.7, (symbol.stroke_px || 1) * scale);
  c.lineJoin = "round";
  c.lineCap = symbol.dash && symbol.dash[0] <= 2 ? "round" : "butt";
  c.setLineDash(scale < 0.7 && symbol.fill ? [] : symbol.dash || []); // small areas would fall into crumbs
  c.stroke(path);
  c.setLineDash([]);
  if (!symbol.core || c.lineWidth < 1.6) return;
  c.strokeStyle = inks.paper;
  c.lineWidth *= 0.4;
  c.stroke(path);
}

/**
 * A line of the ground, by night no brighter than what lies on it.
 *
 * @param {MapSymbol} symbol
 */
export const quiet = (symbol) => (tones().isDark ? { ...symbol, stroke: faded(symbol.stroke ?? "", 0.35) } : symbol);

/**
 * The legend's picture of a symbol.
 *
 * @param {MapSymbol} symbol
 * @param {Geometry} geometry
 * @param {number} width
 * @param {number} height
 */
export function legend(symbol, geometry, width, height) {
  const ratio = Math.max(2, window.devicePixelRatio || 1);
  const canvas = document.createElement("canvas");
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.className = "legend-symbol";
  canvas.setAttribute("aria-hidden", "true");
  const c = penOf(canvas);
  c.scale(ratio, ratio);
  drawLegend(c, symbol, geometry, width, height, ratio);
  return canvas;
}

/**
 * @param {Pen} c
 * @param {MapSymbol} symbol
 * @param {Geometry} geometry
 * @param {number} width
 * @param {number} height
 * @param {number} ratio
 */
export function drawLegend(c, symbol, geometry, width, height, ratio) {
  const path = newPath(c);
  if (geometry === "point") {
    const [up, down] = reach(symbol);
    const size = symbol.size_px || 12;
    const scale = Math.min(1, (2 * (height - 2)) / ((up + down) * size));
    c.translate(width / 2 - (symbol.badge ? 1 : 0), height / 2 + ((up - down) * radius(symbol, scale)) / 2);
    drawPoint(c, symbol, scale, false);
  } else if (geometry === "multilinestring") {
    path.moveTo(1, height / 2);
    path.lineTo(width - 1, height / 2);
    strokePath(c, path, symbol, 1);
  } else {
    path.rect(1.5, 3.5, width - 3, height - 7);
    fillArea(c, path, symbol, ratio);
    strokePath(c, path, symbol, 1);
  }
}
