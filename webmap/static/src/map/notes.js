/* What people draw on the map by hand: shapes as SVG, on the screen, on a sheet and in a picture alike. They are notes, no data. */
import { namedColour, namedColours } from "../lib/colours.js";
import { short, svg } from "../lib/svg.js";

/** @typedef {"point" | "line" | "area" | "text"} NoteKind */
/** @typedef {{ kind: NoteKind, at: [number, number][], colour: string, note: string }} Shape `at`: lon, lat in degrees */

export const COLOURS = namedColours("note");
const FONT = '"Be Vietnam Pro", "Segoe UI", sans-serif';
const DOT = 6; // px

/** @type {Shape[]} what is drawn on the page's map */
let drawn = [];

/** The shapes on the page's map, for sheets. */
export const drawnNotes = () => drawn;

/**
 * @param {readonly Shape[]} shapes
 * @param {L.Map} map
 */
export function notesOn(shapes, map) {
  const { x: width, y: height } = map.getSize();
  const root = svg("svg", { class: "map-notes", width, height, viewBox: `0 0 ${width} ${height}` });
  for (const shape of shapes) {
    const places = shape.at.map(([lon, lat]) => map.latLngToContainerPoint([lat, lon]));
    root.append(markOf(shape, places));
  }
  for (const shape of shapes) {
    const places = shape.at.map(([lon, lat]) => map.latLngToContainerPoint([lat, lon]));
    if (shape.note) root.append(wordsOf(shape, places));
  }
  return root;
}

/**
 * @param {Shape} shape
 * @param {L.Point[]} places
 */
function markOf({ kind, colour }, places) {
  const [{ x, y }] = places;
  if (kind === "text") return svg("g");
  if (kind === "point") {
    return svg("circle", {
      cx: short(x),
      cy: short(y),
      r: DOT,
      fill: colour,
      stroke: namedColour("paper"),
      "stroke-width": 2,
    });
  }
  const d = "M" + places.map((place) => `${short(place.x)} ${short(place.y)}`).join("L") + (kind === "area" ? "Z" : "");
  const line = { d, "stroke-linejoin": "round", "stroke-linecap": "round" };
  return svg(
    "g",
    {},
    svg("path", {
      ...line,
      fill: kind === "area" ? colour : "none",
      "fill-opacity": 0.14,
      stroke: namedColour("paper"),
      "stroke-width": 6,
    }),
    svg("path", { ...line, fill: "none", stroke: colour, "stroke-width": 3 }),
  );
}

/**
 * @param {Shape} shape
 * @param {L.Point[]} places
 */
function wordsOf({ kind, colour, note }, places) {
  const bounds = L.bounds(places);
  const middle = kind === "line" ? places[Math.floor(places.length / 2)] : bounds.getCenter();
  const isBeside = kind === "point";
  const made = svg("text", {
    x: short(middle.x + (isBeside ? DOT + 5 : 0)),
    y: short(middle.y - (kind === "line" ? 8 : 0)),
    dy: kind === "line" ? 0 : "0.35em",
    "text-anchor": isBeside ? "start" : "middle",
    "font-family": FONT,
    "font-size": 13,
    "font-weight": 600,
    fill: colour,
    stroke: namedColour("paper"),
    "stroke-width": 4,
    "stroke-linejoin": "round",
    "paint-order": "stroke",
  });
  made.textContent = note;
  return made;
}

/** The shapes over the page's map, drawn anew when it has moved. */
export class NotesLayer extends L.Layer {
  /**
   * @override
   * @param {L.Map} map
   */
  onAdd(map) {
    const pane = map.getPane("notes") ?? map.createPane("notes");
    pane.style.zIndex = "640";
    pane.style.pointerEvents = "none";
    this.box = L.DomUtil.create("div", "leaflet-zoom-hide", pane);
    map.on("moveend zoomend resize", this.draw, this);
    this.draw();
    return this;
  }

  /**
   * @override
   * @param {L.Map} map
   */
  onRemove(map) {
    map.off("moveend zoomend resize", this.draw, this);
    this.box?.remove();
    return this;
  }

  /** @param {Shape[]} shapes */
  show(shapes) {
    drawn = shapes;
    this.draw();
  }

  draw() {
    if (!this.box || !this._map) return;
    L.DomUtil.setPosition(this.box, this._map.containerPointToLayerPoint([0, 0]));
    this.box.replaceChildren(...(drawn.length ? [notesOn(drawn, this._map)] : []));
  }
}
