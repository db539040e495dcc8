/* The map's names as text of the sheet, where the drawing puts them. */
import { faded, inks } from "../map/inks.js";
import { FONT, REACH } from "./paper.js";
import { svg } from "../lib/svg.js";
/** @import { Overlay } from "../map/overlay.js" */

/** @typedef {{ text: string, y: number, isOn: boolean, font: string, ink: string }} NameLine */
/** @typedef {{ x: number, y: number, angle: number, lines: NameLine[] }} Name px from the corner of the overlay; radians */

/** What the labels' drawing needs of a canvas; keeps the names that lie wholly on the sheet, and on nothing written there. */
class TextRecorder {
  #measure = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  /** @type {Name[]} */
  names = [];
  /** @type {NameLine[]} */
  #lines = [];
  x = 0;
  y = 0;
  angle = 0;
  fillStyle = "";

  /**
   * @param {L.Point} size
   * @param {L.Bounds[]} taken where something else is written
   */
  constructor(size, taken) {
    this.size = size;
    this.taken = taken;
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

  save() {
    this.#lines = [];
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  translate(x, y) {
    this.x = x;
    this.y = y;
  }

  /** @param {number} angle */
  rotate(angle) {
    this.angle = angle;
  }

  strokeText() {}

  /**
   * @param {string} text
   * @param {number} x
   * @param {number} y
   */
  fillText(text, x, y) {
    const half = this.measureText(text).width / 2;
    const reach = (Math.abs(Math.cos(this.angle)) * half || half) + 2;
    const isWide = this.x - reach > REACH && this.x + reach < this.size.x - REACH;
    const isHigh = this.y + y - 10 > REACH && this.y + y + 10 < this.size.y - REACH;
    const tall = Math.abs(Math.sin(this.angle)) * half + 10;
    const box = L.bounds([this.x - reach, this.y + y - tall], [this.x + reach, this.y + y + tall]);
    const isFree = !this.taken.some((other) => other.intersects(box));
    this.#lines.push({ text, y, isOn: isWide && isHigh && isFree, font: this.font, ink: this.fillStyle });
  }

  restore() {
    const { x, y, angle } = this;
    if (this.#lines.every((line) => line.isOn)) this.names.push({ x, y, angle, lines: this.#lines });
    this.x = this.y = this.angle = 0;
  }
}

/**
 * @param {Overlay} overlay
 * @param {L.Point} size of its map
 * @param {L.Bounds[]} taken px of the map, where something else is written
 */
export function namesOf(overlay, size, taken = []) {
  const reach = L.point(REACH, REACH);
  const moved = taken.map(({ min, max }) => L.bounds((min ?? reach).add(reach), (max ?? reach).add(reach)));
  const recorder = new TextRecorder(size.add([2 * REACH, 2 * REACH]), moved);
  overlay.drawLabels(/** @type {CanvasRenderingContext2D} */ (/** @type {unknown} */ (recorder)));
  return recorder.names;
}

/**
 * @param {Name[]} names
 * @param {L.Point} size
 */
export function namesAsText(names, { x: width, y: height }) {
  const [w, h] = [width + 2 * REACH, height + 2 * REACH];
  const root = svg("svg", { class: "print-names", width: w, height: h, viewBox: `0 0 ${w} ${h}` });
  for (const name of names) root.append(...name.lines.map((line) => lineAsText(name, line)));
  return root;
}

/**
 * @param {Name} name
 * @param {NameLine} line
 */
function lineAsText({ x, y, angle }, { text, y: dy, font, ink }) {
  const [, weight, px] = /(\d+) ([\d.]+)px/.exec(font) ?? ["", "500", "12"];
  const degrees = ((angle * 180) / Math.PI).toFixed(2);
  const made = svg("text", {
    transform: `translate(${x.toFixed(2)} ${y.toFixed(2)}) rotate(${degrees})`,
    y: dy,
    dy: "0.35em",
    "text-anchor": "middle",
    "font-family": FONT,
    "font-size": px,
    "font-weight": weight,
    fill: ink,
    stroke: inks.paper,
    "stroke-opacity": 0.9,
    "stroke-width": 3,
    "stroke-linejoin": "round",
    "paint-order": "stroke",
  });
  made.textContent = text;
  return made;
}

/**
 * @param {CanvasRenderingContext2D} c
 * @param {Name[]} names
 */
export function drawNames(c, names) {
  c.textAlign = "center";
  c.textBaseline = "middle";
  c.lineJoin = "round";
  c.lineWidth = 3.5;
  c.strokeStyle = faded(inks.paper, 0.9);
  for (const { x, y, angle, lines } of names) {
    c.save();
    c.translate(x, y);
    c.rotate(angle);
    for (const line of lines) {
      c.font = line.font;
      c.fillStyle = line.ink;
      c.strokeText(line.text, 0, line.y);
      c.fillText(line.text, 0, line.y);
    }
    c.restore();
  }
}
