/* Drawing and changing a geometry with Leaflet-Geoman, loaded when somebody draws. Snapping is on by default; every
   step can be undone; of a large outline only the handles around the pointer are shown. */
import { find, target } from "../lib/find.js";
import { element, icon, t } from "../lib/texts.js";
import { Corners } from "./corners.js";
import { Targets } from "./snapping.js";
import { toolMenu } from "./tools.js";
/** @import { Geometry, Position } from "geojson" */
/** @import { Hit, MapPage } from "../map/types" */

/** @typedef {"POINT" | "MULTILINESTRING" | "MULTIPOLYGON"} GeometryType */
/** @import { Step } from "./types" */
/** @typedef {{ type: GeometryType, layer: string, id: number | null, address: string, changed: (step: Step) => void, ended: () => void }} Task */

const SHAPES = { POINT: "Marker", MULTILINESTRING: "Line", MULTIPOLYGON: "Polygon" };
export const LOOK = { color: "#0b4f8a", weight: 3, fillOpacity: 0.15 };
const ASIDE = { ...LOOK, dashArray: "2,6", pmIgnore: true };
const SNAP = matchMedia("(pointer: coarse)").matches ? 30 : 18; // px
const HANDLES = 60;
const MOST_STEPS = 100;
const DECIMALS = 9;

/**
 * Handles are for the pointer; who steers by keyboard has the bar's walk through the corners, which has words.
 *
 * @param {L.LayerEvent} event
 */
function quieten({ layer }) {
  const handle = layer instanceof L.Marker ? layer.getElement() : null;
  for (const name of ["role", "tabindex"]) handle?.removeAttribute(name);
  handle?.setAttribute("aria-hidden", "true");
}

const pin = () => L.divIcon({ className: "edit-pin", iconSize: [22, 22] });

/**
 * The map's part of Leaflet-Geoman, which has no types of its own for a map that was there before it.
 *
 * @param {any} map
 */
async function loadGeoman(map) {
  if (!map.pm) {
    await import("@geoman-io/leaflet-geoman-free");
    map.pm = new /** @type {any} */ (L).PM.Map(map);
  }
  return map.pm;
}

export class Drawing {
  /** @type {any} the drawn layer with Leaflet-Geoman's part */
  #shape = null;
  /** @type {any} */
  #pm = null;
  /** @type {string[]} steps as JSON texts */
  #steps = [];
  /** @type {string[]} */
  #undone = [];
  #snaps = true;
  #said = element("p", { role: "status" });
  #back = this.#button(t("Undo the last step"), "arrow-counterclockwise", () => this.#turn(true));
  #forth = this.#button(t("Do it again"), "arrow-clockwise", () => this.#turn(false));
  #keys = (/** @type {KeyboardEvent} */ event) => this.#press(event);
  #created = (/** @type {any} */ event) => this.#take(event.layer);
  /** @type {((geometry: Geometry) => void) | null} what a line or outline is drawn for that is not the object's own */
  #helped = null;
  #aside = L.layerGroup();
  #corners = new Corners(this);

  /**
   * @param {MapPage} page
   * @param {Task} task
   */
  constructor(page, task) {
    this.page = page;
    this.map = page.map;
    this.task = task;
    this.targets = new Targets(page, task.layer, task.id);
    this.bar = this.#makeBar();
  }

  /** @param {Step | null} step */
  async start(step) {
    this.map.getContainer().classList.add("is-drawing");
    this.map.doubleClickZoom.disable(); // quick points would zoom
    find(".map-area").append(this.bar);
    document.addEventListener("keydown", this.#keys, { capture: true });
    this.targets.start();
    this.#pm = await loadGeoman(this.map);
    if (!this.bar.isConnected) return; // stopped while it was loaded
    this.map.on(/** @type {any} */ ("pm:create"), this.#created).on("layeradd", quieten);
    this.#aside.addTo(this.map);
    if (step) this.set(step);
    else this.#begin();
    this.#dress();
  }

  stop() {
    this.bar.remove();
    this.#pm?.disableDraw();
    this.#shape?.remove();
    this.#shape = null;
    this.#aside.remove();
    this.#corners.stop();
    this.targets.stop();
    this.map.off(/** @type {any} */ ("pm:create"), this.#created).off("layeradd", quieten);
    document.removeEventListener("keydown", this.#keys, { capture: true });
    this.map.getContainer().classList.remove("is-drawing");
    this.map.doubleClickZoom.enable();
    this.task.ended();
  }

  /**
   * Show a step with its handles; nobody is told.
   *
   * @param {Step} step
   */
  set(step) {
    this.#put(step);
    this.#remember(step);
  }

  /** @returns {Step | null} */
  get step() {
    return JSON.parse(this.#steps.at(-1) ?? "null");
  }

  /**
   * Another geometry than the handles made: it is a step like theirs.
   *
   * @param {Step} step
   */
  replace(step) {
    this.set(step);
    this.task.changed(step);
  }

  #options() {
    return {
      snappable: this.#snaps,
      snapDistance: SNAP,
      snapMiddle: false,
      allowSelfIntersection: true, // shown where it crosses, refused when it is saved
      limitMarkersToCount: HANDLES,
      tooltips: false,
      templineStyle: LOOK,
      hintlineStyle: { ...LOOK, dashArray: "5,5" },
      pathOptions: LOOK,
      markerStyle: { icon: pin() },
      continueDrawing: false,
    };
  }

  /** A shape from nothing. */
  #begin() {
    this.#helped = null;
    this.#shape?.remove();
    this.#shape = null;
    if (this.task.type === "POINT") this.say(t("Click the map where the object is."));
    else this.say(t("Click the map for each point; click the last one again to finish. Esc ends."));
    this.#pm.enableDraw(SHAPES[this.task.type], this.#options());
  }

  /**
   * Have a line or an outline drawn that is not the object's own.
   *
   * @param {"Line" | "Polygon"} shape
   * @param {string} text what to do
   * @param {(geometry: Geometry) => unknown} done
   */
  help(shape, text, done) {
    this.#helped = done;
    this.#shape?.pm.disable();
    this.say(text);
    this.#pm.enableDraw(shape, this.#options());
  }

  /**
   * Have an object of the map clicked.
   *
   * @param {string} text what to do
   * @param {(hit: Hit) => unknown} done
   */
  pick(text, done) {
    this.#pm.disableDraw();
    this.#shape?.pm.disable();
    this.say(text);
    this.map.once("click", (event) => {
      this.#enable();
      const own = (/** @type {Hit} */ { layer, id }) => layer.spec.name === this.task.layer && id === this.task.id;
      const hit = this.page.overlay.pick(event.containerPoint, SNAP).find((found) => !own(found));
      if (hit) done(hit);
      else this.say(t("There is no object here."));
    });
  }

  /** @param {any} layer */
  #take(layer) {
    layer.remove();
    const { geometry } = layer.toGeoJSON(DECIMALS);
    const helped = this.#helped;
    this.#helped = null;
    if (helped) {
      this.#pm.disableDraw();
      this.#enable();
      helped(geometry);
    } else this.replace({ geometry, parts: this.step?.parts ?? [], gone: this.step?.gone ?? [] });
  }

  /** @param {Step} step */
  #put({ geometry, parts }) {
    this.#pm.disableDraw();
    this.#shape?.remove();
    this.#aside.clearLayers();
    for (const part of parts) this.#aside.addLayer(L.geoJSON(part, { style: ASIDE, interactive: false }));
    const pointToLayer = (/** @type {unknown} */ _, /** @type {L.LatLng} */ latlng) =>
      L.marker(latlng, { icon: pin() });
    const [made] = L.geoJSON(geometry, { style: LOOK, pointToLayer }).getLayers();
    this.#shape = made.addTo(this.map);
    this.#shape.on("pm:edit pm:vertexremoved pm:markerdragend pm:dragend", () => this.#stepped());
    this.#enable();
    if (this.task.type === "POINT") this.say(t("Drag the point to where the object is."));
    else this.say(t("Drag points; drag a faint one to add a point, right click or long press to remove one."));
  }

  #enable() {
    this.#shape?.pm.enable({ ...this.#options(), draggable: this.task.type === "POINT" });
  }

  /** @returns {Geometry | null} */
  #geometry() {
    return this.#shape?.toGeoJSON(DECIMALS).geometry ?? null;
  }

  /** @param {Step} step */
  #remember(step) {
    const text = JSON.stringify(step);
    if (this.#steps.at(-1) === text) return false;
    this.#steps.push(text);
    if (this.#steps.length > MOST_STEPS) this.#steps.shift();
    this.#undone = [];
    this.#dress();
    return true;
  }

  #stepped() {
    if (!this.bar.isConnected) return; // over: the handles' last word
    const geometry = this.#geometry();
    const step = geometry && { geometry, parts: this.step?.parts ?? [], gone: this.step?.gone ?? [] };
    if (step && this.#remember(step)) this.task.changed(step);
  }

  /**
   * One step back, or forward again.
   *
   * @param {boolean} isBack
   */
  #turn(isBack) {
    const [from, to] = isBack ? [this.#steps, this.#undone] : [this.#undone, this.#steps];
    if (from.length < (isBack ? 2 : 1)) return;
    to.push(from.pop() ?? "");
    const step = /** @type {Step} */ (this.step);
    this.#put(step);
    this.task.changed(step);
    this.#dress();
  }

  /* --- the bar -------------------------------------------------------------------------------- */

  /**
   * @param {string} label
   * @param {string} sign
   * @param {() => void} click
   */
  #button(label, sign, click) {
    const kind = "btn btn-sm btn-outline-primary";
    return element("button", { class: kind, type: "button", title: label, "aria-label": label, click }, icon(sign));
  }

  #makeBar() {
    const kind = "btn btn-sm btn-outline-primary";
    const turn = (/** @type {{ currentTarget: HTMLElement }} */ { currentTarget: button }) =>
      this.#switchSnapping(button);
    return element(
      "div",
      { class: "edit-bar", role: "toolbar", "aria-label": t("Place") },
      this.#back,
      this.#forth,
      element(
        "button",
        { class: kind, type: "button", "aria-pressed": "true", click: turn },
        icon("magnet"),
        " ",
        t("Snapping"),
      ),
      this.#button(t("Draw anew"), "eraser", () => this.#begin()),
      ...this.#corners.buttons(),
      ...toolMenu(this),
      element("button", { class: "btn btn-sm btn-primary", type: "button", click: () => this.#finish() }, t("Finish")),
      this.#said,
    );
  }

  #dress() {
    this.#back.disabled = this.#steps.length < 2;
    this.#forth.disabled = !this.#undone.length;
  }

  /** @param {HTMLElement} button */
  #switchSnapping(button) {
    this.#snaps = !this.#snaps;
    button.setAttribute("aria-pressed", String(this.#snaps));
    if (this.#shape) this.#enable();
    else this.#begin();
  }

  /** End what is being drawn, and with it all; a line drawn for a tool leads back to the shape. */
  #finish() {
    const drawn = this.#pm?.Draw?.[this.#pm.Draw.getActiveShape?.() ?? ""];
    const isHelp = Boolean(this.#helped);
    if (drawn?._finishShape && drawn._layer?.getLatLngs().length > 1) drawn._finishShape();
    if (!isHelp) this.stop();
  }

  /** @param {string} text */
  say(text) {
    this.#said.textContent = text;
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (target(event).closest("input, textarea, select")) return;
    if (this.#corners.press(event)) return;
    const key = event.key.toLowerCase();
    const isTurn = (event.ctrlKey || event.metaKey) && (key === "z" || key === "y");
    if (key !== "escape" && !isTurn) return;
    event.preventDefault(); // not the page's Escape, which leaves the object
    event.stopPropagation();
    if (isTurn) this.#turn(key === "z" && !event.shiftKey);
    else if (this.step && (this.#helped || !this.#shape)) {
      this.#helped = null;
      this.#put(this.step);
    } else this.stop();
  }

  /**
   * The object of a layer that an end was snapped to.
   *
   * @param {string} layer
   * @param {Position} end degrees, (lon, lat)
   */
  near(layer, end) {
    return this.targets.near(layer, end, this.#snaps ? SNAP : 0.5);
  }
}
