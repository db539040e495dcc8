/* What the drawing needs of a 2D context, written into an SVG element. */
import { inks } from "../map/inks.js";
import { SIZE } from "../map/shapes.js";
import { CROSSED, DOTTED } from "../map/symbols.js";
import { SvgPath, short, svg } from "../lib/svg.js";
/** @import { MapSymbol, Pen } from "../map/types" */

/** @typedef {{ angle: number, colour: string }} Hatching */
/**
 * What save() keeps.
 *
 * @typedef {object} Look
 * @property {SVGElement} out
 * @property {string | Hatching} fillStyle
 * @property {string} strokeStyle
 * @property {number} lineWidth
 * @property {string} lineCap
 * @property {string} lineJoin
 * @property {number} globalAlpha
 * @property {number[]} dash
 */

const HATCH = 8; // px
const DOTS = "1.6 6.4"; // px: one to each HATCH of a row
let ids = 0;

/** An id that no other element has. */
export const newId = (/** @type {string} */ kind) => `${kind}-${++ids}`;

/**
 * What draws into an SVG element; what is defined on the way goes into `defs`.
 *
 * @param {SVGElement} root
 * @param {SVGElement} defs
 */
export const svgPen = (root, defs = root) => /** @type {Pen} */ (/** @type {unknown} */ (new SvgCanvas(root, defs)));

class SvgCanvas {
  /** @type {Look[]} */
  #kept = [];
  #path = new SvgPath();
  #measure = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  /** @type {string | Hatching} */
  fillStyle = inks.ink;
  strokeStyle = inks.ink;
  lineWidth = 1;
  lineCap = "butt";
  lineJoin = "miter";
  globalAlpha = 1;
  /** @type {number[]} */
  dash = [];

  /**
   * @param {SVGElement} root
   * @param {SVGElement} defs
   */
  constructor(root, defs) {
    this.out = root;
    this.defs = defs;
  }

  /** @param {string} [d] */
  newPath(d) {
    return new SvgPath(d);
  }

  save() {
    const { out, fillStyle, strokeStyle, lineWidth, lineCap, lineJoin, globalAlpha, dash } = this;
    this.#kept.push({ out, fillStyle, strokeStyle, lineWidth, lineCap, lineJoin, globalAlpha, dash });
  }

  restore() {
    Object.assign(this, this.#kept.pop());
  }

  /** @param {Record<string, string>} attributes */
  #into(attributes) {
    const group = svg("g", attributes);
    this.out.append(group);
    this.out = group;
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  translate(x, y) {
    this.#into({ transform: `translate(${short(x)} ${short(y)})` });
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  scale(x, y) {
    this.#into({ transform: `scale(${x} ${y})` });
  }

  /** @param {SvgPath} path */
  clip(path) {
    const id = newId("clip");
    this.defs.append(svg("clipPath", { id }, svg("path", { d: path.d })));
    this.#into({ "clip-path": `url(#${id})` });
  }

  /** @param {number[]} dash */
  setLineDash(dash) {
    this.dash = dash;
  }

  beginPath() {
    this.#path = new SvgPath();
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  moveTo(x, y) {
    this.#path.moveTo(x, y);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  lineTo(x, y) {
    this.#path.lineTo(x, y);
  }

  /** @param {[number, number, number, number, number]} at */
  arc(...at) {
    this.#path.arc(...at);
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} w
   * @param {number} h
   */
  roundRect(x, y, w, h) {
    this.#path.rect(x, y, w, h);
  }

  get #opacity() {
    return this.globalAlpha < 1 ? this.globalAlpha : null;
  }

  /** @param {SvgPath} path */
  fill(path = this.#path) {
    const { fillStyle } = this;
    if (typeof fillStyle === "string") {
      this.out.append(svg("path", { d: path.d, fill: fillStyle, "fill-opacity": this.#opacity }));
    } else this.#fillHatched(path, fillStyle);
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} w
   * @param {number} h
   */
  fillRect(x, y, w, h) {
    const box = { x: short(x), y: short(y), width: short(w), height: short(h) };
    this.out.append(svg("rect", { ...box, fill: String(this.fillStyle) }));
  }

  /** @param {SvgPath} path */
  stroke(path = this.#path) {
    const look = {
      d: path.d,
      fill: "none",
      stroke: this.strokeStyle,
      "stroke-width": short(this.lineWidth),
      "stroke-linejoin": this.lineJoin,
      "stroke-linecap": this.lineCap,
      "stroke-dasharray": this.dash.length ? this.dash.join(" ") : null,
      "stroke-opacity": this.#opacity,
    };
    this.out.append(svg("path", look));
  }

  set font(value) {
    this.#measure.font = value;
  }

  get font() {
    return this.#measure.font;
  }

  /** @param {string} text */
  measureText(text) {
    return this.#measure.measureText(text);
  }

  /**
   * @param {string} text
   * @param {number} x
   * @param {number} y
   */
  fillText(text, x, y) {
    const [, weight, px] = /(\d+) ([\d.]+)px/.exec(this.font) ?? ["", "600", "9"];
    const made = svg("text", {
      x: short(x),
      y: short(y),
      dy: "0.35em",
      "font-size": px,
      "font-weight": weight,
      "font-family": "Be Vietnam Pro, sans-serif",
      fill: String(this.fillStyle),
    });
    made.textContent = text;
    this.out.append(made);
  }

  /**
   * The 8 px hatching of an area: lines cut to it, since a pattern would reach paper as a picture.
   *
   * @param {MapSymbol} symbol
   * @returns {Hatching}
   */
  hatch({ hatch = 0, fill = inks.ink }) {
    return { angle: hatch, colour: fill };
  }

  /**
   * @param {SvgPath} path
   * @param {Hatching} hatching
   */
  #fillHatched(path, { angle, colour }) {
    const [west, north, east, south] = path.extent();
    const within = [Math.max(-HATCH, west), Math.max(-HATCH, north)];
    const lines = hatchLines(angle, [...within, Math.min(SIZE + HATCH, east), Math.min(SIZE + HATCH, south)]);
    this.save();
    this.clip(path);
    const look = { stroke: colour, "stroke-width": 1.6, "stroke-opacity": this.globalAlpha, fill: "none" };
    const dash = angle === DOTTED ? { "stroke-dasharray": DOTS } : {};
    this.out.append(svg("path", { d: lines.d, ...look, ...dash }));
    this.restore();
  }
}

/**
 * Lines across a box, 8 px apart, as on the screen (map/symbols.js).
 *
 * @param {number} angle degrees, or CROSSED, DOTTED
 * @param {number[]} box
 */
function hatchLines(angle, box) {
  const lines = new SvgPath();
  if (angle === DOTTED) addRows(lines, box);
  for (const one of angle === CROSSED ? [45, 135] : angle === DOTTED ? [] : [angle]) addLines(lines, one, box);
  return lines;
}

/**
 * @param {SvgPath} lines
 * @param {number} angle degrees
 * @param {number[]} box
 */
function addLines(lines, angle, [x1, y1, x2, y2]) {
  const each = (/** @type {number} */ from, /** @type {number} */ to, /** @type {(at: number) => number[]} */ line) => {
    for (let at = Math.ceil(from / HATCH) * HATCH; at <= to; at += HATCH) {
      const [ax, ay, bx, by] = line(at);
      lines.moveTo(ax, ay);
      lines.lineTo(bx, by);
    }
  };
  if (angle === 90) each(x1, x2, (x) => [x + 4, y1, x + 4, y2]);
  else if (angle === 180) each(y1, y2, (y) => [x1, y + 4, x2, y + 4]);
  else if (angle === 45) each(x1 + y1, x2 + y2, (sum) => [sum - y2, y2, sum - y1, y1]);
  else each(x1 - y2, x2 - y1, (gap) => [gap + y1, y1, gap + y2, y2]);
}

/**
 * Rows that a dash of DOTS makes dots of, every other one shifted by half.
 *
 * @param {SvgPath} lines
 * @param {number[]} box
 */
function addRows(lines, [x1, y1, x2, y2]) {
  const [west, north] = [Math.floor(x1 / HATCH) * HATCH, Math.floor(y1 / HATCH) * HATCH];
  for (let y = north + 2, row = 0; y <= y2; y += HATCH / 2, row++) {
    lines.moveTo(west + (row % 2 ? 5.2 : 1.2), y);
    lines.lineTo(x2, y);
  }
}
