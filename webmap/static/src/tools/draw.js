/* Drawing on the map by mouse, finger or keyboard. Takes the clicks before the map does, so that nothing is selected meanwhile. */
import { target } from "../lib/find.js";
import { inks } from "../map/inks.js";
import { distance } from "./geodesy.js";

/** @typedef {"point" | "line" | "polygon" | "rectangle" | "circle"} Shape */
/**
 * What is drawn so far: the places, and whether they make a whole. A circle has a centre and a radius in metres.
 *
 * @typedef {object} Sketch
 * @property {L.LatLng[]} points that were given
 * @property {boolean} whole
 * @property {L.LatLng[]} ring
 * @property {{ at: L.LatLng, radius: number }} [circle]
 */
/**
 * `changed` while drawing, `finished` once, `cancelled` on Esc without a point.
 *
 * @typedef {object} Answers
 * @property {(sketch: Sketch) => void} changed
 * @property {(sketch: Sketch) => void} finished
 * @property {() => void} cancelled
 */

const CORNERS = { point: 1, line: Infinity, polygon: Infinity, rectangle: 2, circle: 2 };
const LEAST = { point: 1, line: 2, polygon: 3, rectangle: 2, circle: 2 };
const NEAR = 5; // px: the second half of a double click
const FINGER = 14; // px: the first corner once more
const DRAGGED = 8; // px
const MOST = 500;

/**
 * The shape that places make.
 *
 * @param {Shape} shape
 * @param {L.LatLng[]} places
 */
function outlineOf(shape, places) {
  const [a, b] = places;
  if (places.length < LEAST[shape]) return { whole: false, ring: places };
  if (shape === "rectangle") return { whole: true, ring: [a, L.latLng(a.lat, b.lng), b, L.latLng(b.lat, a.lng)] };
  if (shape === "circle") return { whole: true, ring: places, circle: { at: a, radius: distance(a, b) } };
  return { whole: true, ring: places };
}

export class Drawing {
  #group = L.featureGroup();
  #control = new AbortController();
  /** @type {L.LatLng[]} */
  #points = [];
  /** @type {L.LatLng | null} */
  #pointer = null;
  #byKeyboard = false;
  #isDone = false;
  /** @type {[number, number] | null} */
  #start = null;

  /**
   * @param {L.Map} map
   * @param {Shape} shape
   * @param {Answers} answers
   */
  constructor(map, shape, answers) {
    this.map = map;
    this.shape = shape;
    this.answers = answers;
    this.box = map.getContainer();
    this.line = { color: inks.accent, weight: 3, opacity: 1, interactive: false };
    this.#group.addTo(map);
    this.#listen();
    map.closePopup();
    this.box.classList.add("is-picking");
    this.box.focus({ preventScroll: true });
  }

  /**
   * @param {boolean} isLive takes the pointer for the next corner
   * @returns {Sketch}
   */
  #sketch(isLive) {
    const places = isLive && this.#pointer && !this.#isDone ? [...this.#points, this.#pointer] : [...this.#points];
    return { points: this.#points, ...outlineOf(this.shape, places) };
  }

  #show() {
    const made = this.#sketch(true);
    const { line } = this;
    const area = { ...line, fillColor: line.color, fillOpacity: 0.12 };
    this.#group.clearLayers();
    if (made.circle) this.#group.addLayer(L.circle(made.circle.at, { ...area, radius: made.circle.radius }));
    else if (this.shape === "line" || made.ring.length === 2) this.#group.addLayer(L.polyline(made.ring, line));
    else if (made.ring.length > 2) this.#group.addLayer(L.polygon(made.ring, area));
    const corner = { ...line, radius: 5, weight: 2, fillColor: inks.paper, fillOpacity: 1 };
    for (const point of this.#points) this.#group.addLayer(L.circleMarker(point, corner));
    this.answers.changed(made);
  }

  /** @param {L.LatLng} latlng */
  #add(latlng) {
    const { map } = this;
    const points = this.#points;
    const at = map.latLngToContainerPoint(latlng);
    const away = (/** @type {L.LatLng} */ other) => at.distanceTo(map.latLngToContainerPoint(other));
    if (this.#isDone || points.length >= MOST) return;
    if (points.length && away(points[points.length - 1]) < NEAR) return;
    if (this.shape === "polygon" && points.length > 2 && away(points[0]) < FINGER) {
      this.finish();
      return;
    }
    points.push(latlng.wrap());
    if (points.length === CORNERS[this.shape]) this.finish();
    else this.#show();
  }

  finish() {
    if (this.#isDone || this.#points.length < LEAST[this.shape]) return;
    this.#isDone = true;
    this.#pointer = null;
    this.#release();
    this.#show();
    this.answers.finished(this.#sketch(false));
  }

  /** Take the last point back; what is drawn goes on where it was. */
  undo() {
    this.#points.pop();
    this.#pointer = this.#byKeyboard ? this.map.getCenter() : null;
    this.#show();
    this.box.focus({ preventScroll: true });
  }

  remove() {
    this.#release();
    this.#group.remove();
  }

  /* --- mouse, finger, keys -------------------------------------------------------------------- */

  #listen() {
    const options = { capture: true, signal: this.#control.signal };
    const { box } = this;
    const began = (/** @type {PointerEvent} */ event) => {
      this.#start = [event.clientX, event.clientY];
    };
    box.addEventListener("pointerdown", began, options);
    box.addEventListener("click", (event) => this.#clicked(event), options);
    const twice = (/** @type {Event} */ event) => {
      if (!isOnMap(event)) return;
      stop(event);
      this.finish();
    };
    box.addEventListener("dblclick", twice, options);
    box.addEventListener("keydown", (event) => this.#pressed(event), options);
    document.addEventListener("keydown", (event) => this.#left(event), options);
    this.map.on("mousemove", this.#moved, this).on("moveend", this.#panned, this);
  }

  #release() {
    this.#control.abort();
    this.map.off("mousemove", this.#moved, this).off("moveend", this.#panned, this);
    this.box.classList.remove("is-picking");
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    if (!isOnMap(event)) return;
    stop(event);
    const start = this.#start;
    if (start && Math.hypot(event.clientX - start[0], event.clientY - start[1]) > DRAGGED) return;
    this.#byKeyboard = false;
    this.#add(this.map.mouseEventToLatLng(event));
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.target !== this.box) return;
    if (event.key === "Backspace") {
      stop(event);
      this.undo();
    }
    if (event.key !== "Enter") return;
    stop(event);
    this.#byKeyboard = true;
    if (event.shiftKey) {
      this.finish();
      return;
    }
    this.#pointer = null;
    this.#add(this.map.getCenter());
  }

  /** @param {KeyboardEvent} event */
  #left(event) {
    if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
    stop(event);
    if (!this.#points.length) {
      this.answers.cancelled();
      return;
    }
    this.#points = [];
    this.#pointer = null;
    this.#show();
  }

  /** @param {L.LeafletMouseEvent} event */
  #moved(event) {
    if (!this.#byKeyboard) this.#lead(event.latlng);
  }

  #panned() {
    if (this.#byKeyboard) this.#lead(this.map.getCenter());
  }

  /** @param {L.LatLng} latlng */
  #lead(latlng) {
    if (!this.#points.length) return;
    this.#pointer = latlng.wrap();
    this.#show();
  }
}

/** @param {Event} event */
const isOnMap = (event) => !target(event).closest(".leaflet-popup, .leaflet-control");

/** @param {Event} event */
function stop(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}
