/* Drawing without a pointer: a point where the map's cross is, and the corners one after the other, moved by the arrows. */
import { namedColour } from "../lib/colours.js";
import { element, icon, t } from "../lib/texts.js";
/** @import { Position } from "geojson" */
/** @import { Drawing } from "./draw.js" */

/** @type {Record<string, [number, number]>} px */
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const FAR = 10; // px with Shift
const DEPTH = { Point: 0, LineString: 1, MultiLineString: 2, Polygon: 2, MultiPolygon: 3 };

/**
 * The lists of corners of a geometry; a ring's last corner is its first.
 *
 * @param {any} coordinates
 * @param {number} depth
 * @returns {Position[][]}
 */
const listsOf = (coordinates, depth) =>
  depth === 1 ? [coordinates] : coordinates.flatMap((/** @type {any} */ part) => listsOf(part, depth - 1));

/** @typedef {{ list: Position[], at: number, place: Position, isRing: boolean, isPoint: boolean }} Corner */

export class Corners {
  #index = -1;
  #mark = L.circleMarker([0, 0], { radius: 12, color: namedColour("bad"), fill: false, interactive: false });

  /** @param {Drawing} drawing */
  constructor(drawing) {
    this.drawing = drawing;
    Object.assign(this.#mark.options, { pmIgnore: true });
  }

  buttons() {
    const kind = { class: "btn btn-sm btn-outline-primary", type: "button" };
    const here = t("Point at the cross");
    const next = t("Next corner; then arrows, Insert, Delete");
    return [
      element(
        "button",
        { ...kind, title: here, "aria-label": here, click: () => this.setAt(this.drawing.map.getCenter()) },
        icon("plus-lg"),
      ),
      element("button", { ...kind, title: next, "aria-label": next, click: () => this.#go(1) }, icon("skip-end")),
    ];
  }

  stop() {
    this.#index = -1;
    this.#mark.remove();
  }

  /**
   * What a click at a place does, snapping included.
   *
   * @param {L.LatLng} latlng
   */
  setAt(latlng) {
    const { map } = this.drawing;
    const containerPoint = map.latLngToContainerPoint(latlng);
    const told = {
      latlng,
      containerPoint,
      layerPoint: map.latLngToLayerPoint(latlng),
      originalEvent: new MouseEvent("click"),
    };
    map.fire("mousemove", told);
    map.fire("click", told);
  }

  /**
   * All corners: in which list, and where in it.
   *
   * @returns {{ step: import("./types").Step | null, found: Corner[] }}
   */
  #corners() {
    const step = this.drawing.step;
    if (!step) return { step, found: [] };
    const { type, coordinates } = /** @type {any} */ (step.geometry);
    const depth = DEPTH[/** @type {keyof typeof DEPTH} */ (type)];
    const isRing = type.endsWith("Polygon");
    const lists = depth ? listsOf(coordinates, depth) : [[coordinates]];
    const found = lists.flatMap((list) =>
      list.slice(0, isRing ? -1 : undefined).map((place, at) => ({ list, at, place, isRing, isPoint: !depth })),
    );
    return { step, found };
  }

  /** @param {number} by */
  #go(by) {
    const { found } = this.#corners();
    if (!found.length) return;
    this.#index = (this.#index + by + found.length) % found.length;
    const [lon, lat] = found[this.#index].place;
    this.#mark.setLatLng([lat, lon]).addTo(this.drawing.map);
    this.drawing.map.panInside([lat, lon], { padding: [80, 80] });
    const text = t("Corner {index} of {count}: arrows move it, Insert adds one after it, Delete removes it.", {
      index: this.#index + 1,
      count: found.length,
    });
    this.drawing.say(text);
  }

  /**
   * Whether the key was for a corner.
   *
   * @param {KeyboardEvent} event
   */
  press(event) {
    const arrow = ARROWS[event.key];
    if (this.#index < 0 || !(arrow || event.key === "Delete" || event.key === "Insert")) return false;
    event.preventDefault();
    event.stopPropagation();
    const { step, found } = this.#corners();
    const corner = found[this.#index];
    if (!step || !corner) return true;
    if (arrow) this.#move(corner, arrow, event.shiftKey ? FAR : 1);
    else if (event.key === "Insert") this.#insert(corner);
    else this.#remove(corner);
    this.drawing.replace(step);
    this.#go(0);
    return true;
  }

  /**
   * @param {Corner} corner
   * @param {[number, number]} arrow
   * @param {number} px
   */
  #move({ list, at, place, isRing }, [right, down], px) {
    const { map } = this.drawing;
    const moved = map.latLngToContainerPoint([place[1], place[0]]).add([right * px, down * px]);
    const { lat, lng } = map.containerPointToLatLng(moved);
    place.splice(0, 2, lng, lat);
    if (isRing && at === 0) list[list.length - 1] = [lng, lat];
  }

  /** @param {Corner} corner */
  #insert({ list, at, place, isPoint }) {
    const next = list[at + 1];
    if (isPoint || !next) return;
    list.splice(at + 1, 0, [(place[0] + next[0]) / 2, (place[1] + next[1]) / 2]);
    this.#index += 1;
  }

  /** @param {Corner} corner */
  #remove({ list, at, isRing, isPoint }) {
    if (isPoint || list.length <= (isRing ? 4 : 2)) return;
    list.splice(at, 1);
    if (isRing && at === 0) list[list.length - 1] = [...list[0]];
  }
}
