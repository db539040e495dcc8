/* Where names may stand: boxes [x1, y1, x2, y2] in px that do not overlap, and the places around a symbol, best first. */

/** @typedef {[number, number, number, number]} Box */

/**
 * @typedef {object} Label
 * @property {string} text
 * @property {number} id
 * @property {number} rank
 * @property {boolean} isArea
 * @property {boolean} [isOnce] of all that say the same, one is enough
 * @property {boolean} [isSmall] an area that a symbol stands for
 * @property {number} x
 * @property {number} y
 * @property {number} r clearance around a symbol, px
 * @property {number} angle radians
 * @property {number} weight of the font
 * @property {number} px size of the font
 * @property {string} ink
 * @property {string[]} lines
 * @property {number} width of the longest line, px
 * @property {number} [room] how long the straight run of a line is, px
 * @property {Box} [extent] of an area
 */

const CELL = 64;
const LINE_HEIGHT = 1.35;
const STEP = 1.3; // heights of a name, from the middle of an area to where it stands aside of what is there

/** The distance of two lines of text, px. */
export const leading = (/** @type {{ px: number }} */ label) => label.px * LINE_HEIGHT;

/** Boxes already taken, found through a coarse grid. */
export class Boxes {
  /** @type {Map<number, Box[]>} */
  #cells = new Map();

  /** @param {Box} box */
  *#around([x1, y1, x2, y2]) {
    for (let i = Math.floor(x1 / CELL); i <= Math.floor(x2 / CELL); i++) {
      for (let j = Math.floor(y1 / CELL); j <= Math.floor(y2 / CELL); j++) yield i * 4096 + j;
    }
  }

  /** @param {Box} box */
  isFree(box) {
    for (const key of this.#around(box)) {
      for (const b of this.#cells.get(key) || []) {
        if (box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1]) return false;
      }
    }
    return true;
  }

  /** @param {Box} box */
  take(box) {
    for (const key of this.#around(box)) {
      const cell = this.#cells.get(key);
      if (cell) cell.push(box);
      else this.#cells.set(key, [box]);
    }
  }
}

/**
 * Break a long name in two, before what stands in brackets or near its middle; a number stays with what follows it.
 *
 * @param {string} text
 * @param {number} [long] characters from which on a name is long
 */
export function wrap(text, long = 18) {
  if (text.length < long) return [text];
  const middle = text.length / 2;
  const gaps = [...text.matchAll(text.includes(" (") ? / (?=[(])/g : /(?<![0-9]) /g)].map((gap) => gap.index);
  if (!gaps.length) return [text];
  const gap = gaps.reduce((a, b) => (Math.abs(b - middle) < Math.abs(a - middle) ? b : a));
  return [text.slice(0, gap), text.slice(gap + 1)];
}

/**
 * A label's lines, and other lines where those find no room: of an area its name, in two where it is long, and below it
 * what else is told; of a point its name, then that in two.
 *
 * @param {Pick<Label, "text" | "isArea" | "isSmall" | "room">} label
 * @returns {string[][]}
 */
export function linesOf({ text, isArea, isSmall, room }) {
  if (room) return [[text]];
  if (!isArea && !isSmall) return [[text], wrap(text, 12)];
  const [name, ...others] = text.split(" · ");
  return [[...wrap(name), ...others]];
}

/**
 * The part of a straight run that lies in a box; of nothing a run without room.
 *
 * @param {{ x: number, y: number, room: number, angle: number }} run its middle, length and direction
 * @param {Box} box
 */
export function runWithin({ x, y, room, angle }, [x1, y1, x2, y2]) {
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  let [from, to] = [-room / 2, room / 2];
  for (const [at, step, low, high] of [
    [x, dx, x1, x2],
    [y, dy, y1, y2],
  ]) {
    if (Math.abs(step) < 1e-9) {
      if (at < low || at > high) to = from;
      continue;
    }
    const [a, b] = [(low - at) / step, (high - at) / step];
    from = Math.max(from, Math.min(a, b));
    to = Math.min(to, Math.max(a, b));
  }
  const middle = (from + to) / 2;
  return { x: x + middle * dx, y: y + middle * dy, room: Math.max(0, to - from), angle };
}

/**
 * The boxes a label may take, best first.
 *
 * @param {Label} label
 * @returns {Box[]}
 */
export function places(label) {
  const { x, y, r, width: w } = label;
  const h = leading(label) * label.lines.length;
  if (label.angle || label.room) return [turned(x, y, w, h, label.angle)];
  if (!label.isArea) {
    return [
      [x + r, y - h / 2, x + r + w, y + h / 2],
      [x - r - w, y - h / 2, x - r, y + h / 2],
      [x - w / 2, y + r, x + w / 2, y + r + h],
      [x - w / 2, y - r - h, x + w / 2, y - r],
    ];
  }
  const { extent } = label;
  if (extent && extent[2] - extent[0] < w) return beside(extent, y, w, h);
  const within = [0, -1, 1].map((step) => y + step * STEP * h).filter((at) => !extent || isWithin(extent, at, h));
  /** @type {Box[]} */
  const inside = within.map((at) => [x - w / 2, at - h / 2, x + w / 2, at + h / 2]);
  return extent ? [...inside, ...beside(extent, y, w, h)] : inside;
}

/**
 * @param {Box} extent
 * @param {number} y middle of a label
 * @param {number} h
 */
const isWithin = ([, top, , bottom], y, h) => y - h / 2 >= top && y + h / 2 <= bottom;

/**
 * What a text that is turned covers.
 *
 * @param {number} x
 * @param {number} y
 * @param {number} w
 * @param {number} h
 * @param {number} angle
 * @returns {Box}
 */
function turned(x, y, w, h, angle) {
  const half = (Math.abs(w * Math.cos(angle)) + h * Math.abs(Math.sin(angle))) / 2;
  const tall = (Math.abs(w * Math.sin(angle)) + h * Math.abs(Math.cos(angle))) / 2;
  return [x - half, y - tall, x + half, y + tall];
}

/**
 * What a label takes where it stands: of a name that runs aslant small boxes along it, not all around it.
 *
 * @param {Label} label
 * @param {Box} place
 * @returns {Box[]}
 */
export function covered(label, place) {
  if (!label.angle) return [place];
  const [x, y] = [(place[0] + place[2]) / 2, (place[1] + place[3]) / 2];
  const half = leading(label) / 2;
  const steps = Math.max(1, Math.ceil(label.width / leading(label)));
  return Array.from({ length: steps }, (_, i) => {
    const along = ((i + 0.5) / steps - 0.5) * label.width;
    const [px, py] = [x + along * Math.cos(label.angle), y + along * Math.sin(label.angle)];
    return [px - half, py - half, px + half, py + half];
  });
}

/**
 * Beside an area that its name would hide: below, above, right, left.
 *
 * @param {Box} extent
 * @param {number} y
 * @param {number} w
 * @param {number} h
 * @returns {Box[]}
 */
function beside([x1, y1, x2, y2], y, w, h) {
  const middle = (x1 + x2) / 2;
  return [
    [middle - w / 2, y2 + 1, middle + w / 2, y2 + 1 + h],
    [middle - w / 2, y1 - 1 - h, middle + w / 2, y1 - 1],
    [x2 + 3, y - h / 2, x2 + 3 + w, y + h / 2],
    [x1 - 3 - w, y - h / 2, x1 - 3, y + h / 2],
  ];
}
