/* Drawing and changing a geometry with Leaflet-Geoman, loaded when somebody draws. Snapping is on by default; every
   step can be undone; of a large outline only the handles around the pointer are shown. */
import { find, target } from "../lib/find.js";
import { t } from "../lib/texts.js";
import { Bar } from "./bar.js";
import { Corners } from "./corners.js";
import { LOOK, SNAP, loadGeoman, optionsOf, pin, quieten } from "./geoman.js";
import { liveSize } from "./size.js";
import { Targets } from "./snapping.js";
import { toolMenu } from "./tools.js";
/** @import { Geometry, Position } from "geojson" */
/** @import { Hit, MapPage } from "../map/types" */

/** @typedef {"POINT" | "MULTILINESTRING" | "MULTIPOLYGON"} GeometryType */
/** @import { Step } from "./types" */
/** @typedef {{ type: GeometryType, layer: string, id: number | null, address: string, changed: (step: Step) => void, ended: () => void }} Task */

const SHAPES = { POINT: "Marker", MULTILINESTRING: "Line", MULTIPOLYGON: "Polygon" };
const ASIDE = { ...LOOK, dashArray: "2,6", pmIgnore: true };
const MOST_STEPS = 100;
const DECIMALS = 9;

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
  #bar;
  /** @type {L.LatLng[]} points of a drawing that were taken back */
  #taken = [];
  #isPuttingBack = false;
  /** @type {() => void} what began the drawing of points, once more */
  #restart = () => {};
  #keys = (/** @type {KeyboardEvent} */ event) => this.#press(event);
  #created = (/** @type {any} */ event) => this.#take(event.layer);
  /** @type {((geometry: Geometry) => void) | null} what a line or outline is drawn for that is not the object's own */
  #helped = null;
  /** @type {((event: L.LeafletMouseEvent) => void) | null} what an object of the map is clicked for */
  #picking = null;
  /** @type {Promise<unknown>} */
  #pending = Promise.resolve();
  #started = (/** @type {any} */ event) => this.#follow(event.workingLayer);
  #aside = L.layerGroup();
  #corners = new Corners(this);
  #measure;

  /**
   * @param {MapPage} page
   * @param {Task} task
   */
  constructor(page, task) {
    this.page = page;
    this.map = page.map;
    this.task = task;
    this.targets = new Targets(page, task.layer, task.id);
    this.#bar = new Bar(
      {
        back: () => this.#turn(true),
        forth: () => this.#turn(false),
        snap: () => this.#switchSnapping(),
        anew: () => this.#begin(),
        finish: () => this.#finish(),
      },
      this.#corners.buttons(),
      toolMenu(this),
    );
    this.bar = this.#bar.root;
    this.#measure = liveSize(task.type, (text) => this.#bar.size(text));
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
    const map = /** @type {any} */ (this.map);
    map.on("pm:create", this.#created).on("pm:drawstart", this.#started).on("layeradd", quieten);
    this.#aside.addTo(this.map);
    if (step) this.set(step);
    else this.#begin();
    this.#dress();
  }

  stop() {
    this.bar.remove();
    this.#leaveTool();
    this.#shape?.remove();
    this.#shape = null;
    this.#aside.remove();
    this.#corners.stop();
    this.targets.stop();
    const map = /** @type {any} */ (this.map);
    map.off("pm:create", this.#created).off("pm:drawstart", this.#started).off("layeradd", quieten);
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

  /** A shape from nothing. */
  #begin() {
    this.#leaveTool();
    this.#shape?.remove();
    this.#shape = null;
    if (this.task.type === "POINT") this.say(t("Click the map where the object is."));
    else this.say(t("Click the map for each point; click the last one again to finish. Esc ends."));
    this.#bar.size("");
    this.#bar.warn([]);
    this.#enableDraw(SHAPES[this.task.type]);
  }

  /** @param {string} shape */
  #enableDraw(shape) {
    this.#taken = [];
    this.#restart = () => this.#pm.enableDraw(shape, optionsOf(this.#snaps));
    this.#restart();
    this.#dress();
  }

  /** @returns {any} what is being drawn point by point */
  get #draft() {
    const shape = this.#pm?.Draw.getActiveShape();
    return shape && shape !== "Marker" ? this.#pm.Draw[shape] : null;
  }

  /** @param {any} drawn told of its points as they come and go */
  #follow(drawn) {
    drawn?.on("pm:vertexadded", () => {
      if (!this.#isPuttingBack) this.#taken = [];
      this.#dress();
    });
    if (!this.#helped) this.#live(drawn);
  }

  /** @param {any} layer */
  #live(layer) {
    layer?.on("pm:change", (/** @type {any} */ { latlngs }) => this.#measure(latlngs));
  }

  /**
   * Have a line or an outline drawn that is not the object's own.
   *
   * @param {"Line" | "Polygon"} shape
   * @param {string} text what to do
   * @param {(geometry: Geometry) => unknown} done
   */
  help(shape, text, done) {
    this.#leaveTool();
    this.#helped = done;
    this.#shape?.pm.disable();
    this.say(`${text} ${t("Click the last point again, or Finish.")}`);
    this.#enableDraw(shape);
  }

  /**
   * Have an object of the map clicked.
   *
   * @param {string} text what to do
   * @param {(hits: Hit[]) => unknown} done
   */
  pick(text, done) {
    this.#leaveTool();
    this.#shape?.pm.disable();
    this.say(text);
    this.#picking = (/** @type {L.LeafletMouseEvent} */ { containerPoint }) => {
      this.#leaveTool();
      this.#enable();
      const own = (/** @type {Hit} */ { layer, id }) => layer.spec.name === this.task.layer && id === this.task.id;
      const hits = this.page.overlay.pick(containerPoint, SNAP).filter((found) => !own(found));
      if (hits.length) done(hits);
      else this.say(t("There is no object here."));
    };
    this.map.once("click", this.#picking);
  }

  /** Whatever was begun for a tool is over: a line that is drawn for it, an object that is to be clicked. */
  #leaveTool() {
    this.#pm?.disableDraw();
    this.#helped = null;
    if (this.#picking) this.map.off("click", this.#picking);
    this.#picking = null;
  }

  /** @param {any} layer */
  #take(layer) {
    layer.remove();
    const { geometry } = layer.toGeoJSON(DECIMALS);
    const helped = this.#helped;
    if (helped) {
      this.#leaveTool();
      this.#enable();
      helped(geometry);
    } else this.replace({ geometry, parts: this.step?.parts ?? [], gone: this.step?.gone ?? [] });
  }

  /** @param {Step} step */
  #put({ geometry, parts }) {
    this.#leaveTool();
    this.#shape?.remove();
    this.#aside.clearLayers();
    for (const part of parts) this.#aside.addLayer(L.geoJSON(part, { style: ASIDE, interactive: false }));
    const pointToLayer = (/** @type {unknown} */ _, /** @type {L.LatLng} */ latlng) =>
      L.marker(latlng, { icon: pin() });
    const [made] = L.geoJSON(geometry, { style: LOOK, pointToLayer }).getLayers();
    this.#shape = made.addTo(this.map);
    this.#shape.on("pm:edit pm:vertexremoved pm:markerdragend pm:dragend", () => this.#stepped());
    if (this.#shape.getLatLngs) this.#measure(this.#shape.getLatLngs());
    this.#live(this.#shape);
    this.#enable();
    if (this.task.type === "POINT") this.say(t("Drag the point to where the object is."));
    else this.say(t("Drag points; drag a faint one to add a point, right click or long press to remove one."));
  }

  #enable() {
    this.#shape?.pm.enable({ ...optionsOf(this.#snaps), draggable: this.task.type === "POINT" });
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
   * One step back, or forward again: a point while points are drawn, else what was done to the shape.
   *
   * @param {boolean} isBack
   */
  #turn(isBack) {
    if (this.#draft) {
      this.#turnPoint(this.#draft, isBack);
      return;
    }
    const [from, to] = isBack ? [this.#steps, this.#undone] : [this.#undone, this.#steps];
    if (from.length < (isBack ? 2 : 1)) return;
    to.push(from.pop() ?? "");
    const step = /** @type {Step} */ (this.step);
    this.#put(step);
    this.task.changed(step);
    this.#dress();
  }

  /**
   * @param {any} draft
   * @param {boolean} isBack
   */
  #turnPoint(draft, isBack) {
    const points = draft._layer.getLatLngs();
    if (!isBack) {
      const point = this.#taken.pop();
      this.#isPuttingBack = true;
      if (point) this.#corners.setAt(point);
      this.#isPuttingBack = false;
    } else if (points.length) {
      this.#taken.push(points.at(-1));
      if (points.length > 1) draft._removeLastVertex();
      else this.#restart();
    } else if (this.step) this.#leaveDraft();
    this.#dress();
  }

  /** Back to the shape that was there before something was drawn. */
  #leaveDraft() {
    this.#put(/** @type {Step} */ (this.step));
    this.#dress();
  }

  #dress() {
    const points = this.#draft?._layer.getLatLngs().length;
    if (points === undefined) this.#bar.dress(this.#steps.length > 1, this.#undone.length > 0);
    else this.#bar.dress(points > 0 || Boolean(this.step), this.#taken.length > 0);
  }

  /** What is drawn so far stays. */
  #switchSnapping() {
    this.#snaps = !this.#snaps;
    if (this.#draft) L.Util.setOptions(this.#draft, { snappable: this.#snaps });
    else if (this.#shape) this.#enable();
    else this.#begin();
    return this.#snaps;
  }

  /**
   * What a tool was asked for ends before the drawing does.
   *
   * @param {Promise<unknown>} work
   */
  during(work) {
    this.#pending = work;
    return work;
  }

  /** End what is being drawn, and with it all; a line drawn for a tool leads back to the shape. */
  async #finish() {
    await this.#pending;
    const isHelp = Boolean(this.#helped);
    const draft = this.#draft;
    if (draft?._layer.getLatLngs().length > 1) draft._finishShape();
    else if (isHelp) this.#leaveDraft();
    if (!isHelp) this.stop();
  }

  /** @param {string} text */
  say(text) {
    this.#bar.say(text);
  }

  /** @param {string[]} remarks */
  warn(remarks) {
    this.#bar.warn(remarks);
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
    else if (this.step && (this.#helped || this.#picking || !this.#shape)) this.#leaveDraft();
    else this.stop();
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
