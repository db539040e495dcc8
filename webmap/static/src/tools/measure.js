/* Measuring distances and areas: true lengths, not those of the projection. */
import { element, t } from "../lib/texts.js";
import { Drawing } from "./draw.js";
import { area, distance, length } from "./geodesy.js";
import { metres, squareMetres } from "./measures.js";
/** @import { MapPage } from "../map/types" */
/** @import { Sketch } from "./draw.js" */

/** @typedef {"line" | "polygon"} Measured */

/**
 * @param {string} kind
 * @param {string} label
 * @param {() => unknown} click
 */
export const button = (kind, label, click) =>
  element("button", { class: `btn btn-sm ${kind}`, type: "button", click }, label);

class Measure {
  #main = element("output", { class: "tool-value", id: "measured" });
  #detail = element("p", { class: "tool-detail" });
  #said = element("p", { class: "visually-hidden", role: "status" });
  #undo = button("btn-outline-secondary", t("Remove the last point"), () => this.#drawing?.undo());
  #finish = button("btn-primary", t("Finish drawing"), () => this.#drawing?.finish());
  #again = button("btn-outline-primary", t("Measure again"), () => this.begin(this.#current));
  #choices = {
    line: button("btn-outline-primary", t("Distance"), () => this.begin("line")),
    polygon: button("btn-outline-primary", t("Area"), () => this.begin("polygon")),
  };
  /** @type {Drawing | null} */
  #drawing = null;
  /** @type {Measured} */
  #current = "line";

  /**
   * @param {L.Map} map
   * @param {() => void} leave
   */
  constructor(map, leave) {
    this.map = map;
    this.leave = leave;
  }

  parts() {
    const group = { class: "tool-choices", role: "group", "aria-label": t("What to measure") };
    const actions = element("div", { class: "tool-actions" }, this.#undo, this.#finish, this.#again);
    const { line, polygon } = this.#choices;
    return [element("div", group, line, polygon), this.#main, this.#detail, this.#said, actions];
  }

  /** @param {Measured} shape */
  begin(shape) {
    this.#current = shape;
    this.#drawing?.remove();
    for (const [name, choice] of Object.entries(this.#choices)) {
      choice.setAttribute("aria-pressed", String(name === shape));
    }
    this.#again.hidden = true;
    this.#undo.hidden = this.#finish.hidden = false;
    this.#write({ points: [], ring: [], whole: false });
    this.#drawing = new Drawing(this.map, shape, {
      changed: (sketch) => this.#write(sketch),
      finished: (sketch) => this.#end(sketch),
      cancelled: this.leave,
    });
  }

  /** @param {Sketch} sketch */
  #end(sketch) {
    this.#write(sketch);
    this.#undo.hidden = this.#finish.hidden = true;
    this.#again.hidden = false;
    this.#again.focus({ preventScroll: true });
    this.#said.textContent = `${this.#main.textContent} ${this.#detail.textContent}`;
  }

  /** @param {Sketch} sketch */
  #write({ points, ring }) {
    const isLine = this.#current === "line";
    this.#undo.disabled = !points.length;
    this.#finish.disabled = points.length < (isLine ? 2 : 3);
    const [main, detail] = !points.length ? nothing() : isLine ? lengthOf(ring) : areaOf(ring);
    this.#main.textContent = main;
    this.#detail.textContent = detail;
  }

  close() {
    this.#drawing?.remove();
  }
}

const nothing = () => [
  "–",
  t("Click the map for each point, double click for the last; or move the map and press Enter."),
];

/** @param {L.LatLng[]} ring */
function lengthOf(ring) {
  const [before, last] = ring.slice(-2);
  const section = ring.length > 2 ? t("last section {length}", { length: metres(distance(before, last)) }) : "";
  return [metres(length(ring)), section];
}

/** @param {L.LatLng[]} ring */
function areaOf(ring) {
  const isArea = ring.length > 2;
  const round = length(isArea ? [...ring, ring[0]] : ring);
  return [squareMetres(isArea ? area(ring) : 0), t("perimeter {length}", { length: metres(round) })];
}

/**
 * @param {MapPage} page
 * @param {HTMLElement} body
 * @param {() => void} close
 */
export function startMeasure({ map }, body, close) {
  const measure = new Measure(map, close);
  body.append(...measure.parts());
  measure.begin("line");
  return measure;
}
