/* Elements and paths of SVG, made as a canvas is drawn on. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} name
 * @param {Record<string, string | number | null | undefined>} attributes null and undefined are left out
 * @param {Node[]} children
 * @returns {SVGElement}
 */
export function svg(name, attributes = {}, ...children) {
  const made = /** @type {SVGElement} */ (document.createElementNS(SVG, name));
  for (const [key, value] of Object.entries(attributes)) if (value != null) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** @param {number} value */
export const short = (value) => Math.round(value * 100) / 100;

/** A Path2D that can be read. */
export class SvgPath {
  constructor(d = "") {
    this.d = d;
  }

  /** West, north, east, south of a path of straight lines. */
  extent() {
    const pattern = /[ML](-?[\d.]+) (-?[\d.]+)(?:h(-?[\d.]+)v(-?[\d.]+))?/g;
    let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const [, x, y, w, h] of this.d.matchAll(pattern)) {
      west = Math.min(west, Number(x));
      north = Math.min(north, Number(y));
      east = Math.max(east, Number(x) + Number(w || 0));
      south = Math.max(south, Number(y) + Number(h || 0));
    }
    return [west, north, east, south];
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  moveTo(x, y) {
    this.d += `M${short(x)} ${short(y)}`;
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  lineTo(x, y) {
    this.d += (this.d ? "L" : "M") + `${short(x)} ${short(y)}`;
  }

  /** @param {number[]} at */
  bezierCurveTo(...at) {
    this.d += "C" + at.map(short).join(" ");
  }

  closePath() {
    this.d += "Z";
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} w
   * @param {number} h
   */
  rect(x, y, w, h) {
    this.d += `M${short(x)} ${short(y)}h${short(w)}v${short(h)}h${short(-w)}Z`;
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} r
   * @param {number} from radians
   * @param {number} to
   */
  arc(x, y, r, from, to) {
    const at = (/** @type {number} */ angle) => `${short(x + r * Math.cos(angle))} ${short(y + r * Math.sin(angle))}`;
    const half = `A${short(r)} ${short(r)} 0 0 1 `;
    this.d += `${this.d ? "L" : "M"}${at(from)}${half}${at(from + (to - from) / 2)}${half}${at(to)}`;
  }
}
