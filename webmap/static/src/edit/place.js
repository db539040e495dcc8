/* The place of the object in the form: drawn, dragged, typed or taken from where one stands; looked at as it changes. */
import { namedColour } from "../lib/colours.js";
import { saidOf } from "../lib/ask.js";
import { find } from "../lib/find.js";
import { failure, notice } from "../lib/notices.js";
import { element, icon, language, number, t } from "../lib/texts.js";
import { freeMap, raisePanel } from "../panels/panel.js";
import { Asked } from "./asked.js";
import { Drawing } from "./draw.js";
import { LOOK } from "./geoman.js";
import { editable, post } from "./server.js";
import { ownInputs, write } from "./values.js";
/** @import { Geometry, Position } from "geojson" */
/** @import { MapPage } from "../map/types" */
/** @import { GeometryType } from "./draw.js" */
/** @import { Step } from "./types" */
/** @typedef {{ message: string, place: [number, number] | null }} Remark `place`: degrees, (lon, lat) */
/** @typedef {{ length_km: number | null, area_ha: number | null, vertices: number, remarks: Remark[], units: Record<string, string | null> }} Looked */

const LOOK_AFTER = 500; // ms
const NEAR = 16; // zoom
const HOLD = 120; // px across, from which on corners can be taken hold of
const THEIRS = {
  color: namedColour("bad"),
  weight: 3,
  dashArray: "6,5",
  fillOpacity: 0.08,
  interactive: false,
  pmIgnore: true,
};

/** @type {(geometry: Geometry) => Position[]} the corners of lines, in their order */
const corners = (geometry) => {
  if (geometry.type === "LineString") return geometry.coordinates;
  return geometry.type === "MultiLineString" ? geometry.coordinates.flat() : [];
};

/** @type {(geometry: Geometry, look: L.PathOptions & { pmIgnore: boolean }) => L.GeoJSON} */
const shownAs = (geometry, look) =>
  L.geoJSON(geometry, {
    style: () => look,
    ...look,
    pointToLayer: (_, latlng) => L.circleMarker(latlng, { ...look, radius: 10 }),
  });

/** @type {(geometry: Geometry) => Step} */
export const alone = (geometry) => ({ geometry, parts: [], gone: [] });

export class Place {
  /** @type {Drawing | null} */
  #drawing = null;
  #isChanged = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #spots = L.layerGroup();
  #others = L.layerGroup();
  /** What was drawn, while nobody draws. */
  #drawn = L.layerGroup();
  /** @type {Record<string, string>} reference -> the code that an end of the line gave it */
  #taken = {};
  /** @type {Record<string, string>} field -> the area in which the place lies, as long as nobody chose another */
  #units = {};
  /** @type {Record<string, string>} field -> what was filled in for how the place was found */
  #found = {};

  /**
   * @param {MapPage} page
   * @param {HTMLFormElement} form
   * @param {() => void} changed
   */
  constructor(page, form, changed) {
    this.page = page;
    this.form = form;
    this.tell = changed;
    const { layer = "", geometry, refers } = form.dataset;
    /** @type {Geometry | null} EPSG:4326 (lon, lat) */
    this.geometry = geometry ? JSON.parse(geometry) : null;
    /** @type {Geometry[]} what a split left beside it */
    this.parts = [];
    /** @type {Step["gone"]} what was merged into it */
    this.gone = [];
    /** @type {[string, string][]} reference -> its layer */
    this.refers = Object.entries(JSON.parse(refers || "{}"));
    this.address = editable[layer].address;
    for (const group of [this.#spots, this.#others, this.#drawn]) group.addTo(page.map);
    this.asked = new Asked(form);
    find("[data-draw]", form).addEventListener("click", () => this.draw());
    form.querySelector("[data-here]")?.addEventListener("click", () => this.#here());
    find("[data-take-coordinates]", form).addEventListener("click", () => this.#typed());
    this.#look();
  }

  /**
   * What is drawn, if it is another than what is stored.
   *
   * @returns {Step | null}
   */
  changed() {
    return this.#isChanged && this.geometry ? { geometry: this.geometry, parts: this.parts, gone: this.gone } : null;
  }

  /**
   * @param {Step} step
   * @param {{ isDrawn?: boolean, accuracy?: string, source?: string }} options `isDrawn`: the drawing shows it already
   */
  set({ geometry, parts, gone }, { isDrawn = false, accuracy = "digitised", source = "" } = {}) {
    const taken = this.#takeEnds(geometry);
    this.geometry = taken;
    this.parts = parts;
    this.gone = gone;
    this.#isChanged = true;
    const step = { geometry: taken, parts, gone };
    if (this.#drawing && (!isDrawn || taken !== geometry)) this.#drawing.set(step);
    else if (!isDrawn) this.draw();
    this.#tellFound(accuracy, source);
    this.asked.show(true);
    this.tell();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), LOOK_AFTER);
  }

  /**
   * How the place was found, where the form asks; what was chosen by hand stays.
   *
   * @param {string} accuracy
   * @param {string} source
   */
  #tellFound(accuracy, source) {
    for (const [name, value] of Object.entries({ location_accuracy: accuracy, source })) {
      const input = ownInputs(this.form).find((other) => other.name === name);
      if (!input || !value) continue;
      const isOwn = !(name in this.#found) || input.value === this.#found[name];
      if (isOwn) input.value = this.#found[name] = value;
    }
  }

  /**
   * Take the stored geometry of somebody else.
   *
   * @param {Geometry} geometry
   */
  reset(geometry) {
    this.geometry = geometry;
    this.parts = [];
    this.gone = [];
    this.#isChanged = false;
    this.asked.show(false);
    this.#drawing?.set({ geometry, parts: [], gone: [] });
    this.#showDrawn();
    this.#look();
  }

  /** What is not stored yet stays in sight when the drawing is over. */
  #showDrawn() {
    this.#drawn.clearLayers();
    const step = this.changed();
    if (!step || this.#drawing) return;
    for (const geometry of [step.geometry, ...step.parts])
      this.#drawn.addLayer(shownAs(geometry, { ...LOOK, interactive: false, pmIgnore: true }));
    const [sign, label] = [icon("pencil"), t("Change on the map")];
    find("[data-draw]", this.form).replaceChildren(sign, " ", label);
  }

  /**
   * Show what somebody else has stored beside what is drawn here.
   *
   * @param {Geometry} geometry
   */
  showOther(geometry) {
    this.#others.clearLayers();
    const shown = shownAs(geometry, THEIRS);
    this.#others.addLayer(shown);
    const bounds = shown.getBounds();
    if (this.geometry) bounds.extend(L.geoJSON(this.geometry).getBounds());
    this.page.map.fitBounds(bounds, { maxZoom: NEAR, padding: [60, 60] });
  }

  async draw() {
    if (this.#drawing) return;
    const { layer = "", id, geometryType } = this.form.dataset;
    this.#drawing = new Drawing(this.page, {
      type: /** @type {GeometryType} */ (geometryType),
      layer,
      id: id ? Number(id) : null,
      address: this.address,
      changed: (step) => this.#drawing && this.set(step, { isDrawn: true }),
      ended: () => {
        this.#drawing = null;
        this.#showDrawn();
        raisePanel("full");
        this.asked.reveal();
      },
    });
    this.#drawn.clearLayers();
    this.#approach();
    const again = () => this.draw();
    freeMap();
    try {
      const { geometry, parts, gone } = this;
      await this.#drawing.start(geometry && { geometry, parts, gone });
    } catch (error) {
      this.#drawing?.stop();
      const text = t("Drawing could not be loaded. Check the connection and try again.");
      this.#problem(...failure(error, text, again));
    }
  }

  /** Go where the object is, if it is out of sight or too small to be taken hold of. */
  #approach() {
    const { map } = this.page;
    const bounds = this.geometry && L.geoJSON(this.geometry).getBounds();
    if (!bounds) return;
    const [one, other] = [bounds.getNorthWest(), bounds.getSouthEast()].map((at) => map.latLngToContainerPoint(at));
    const isSmall = this.geometry?.type !== "Point" && one.distanceTo(other) < HOLD;
    if (isSmall || !map.getBounds().contains(bounds.getCenter()))
      map.fitBounds(bounds, { maxZoom: NEAR, paddingTopLeft: [60, 190], paddingBottomRight: [90, 90] });
  }

  stop() {
    clearTimeout(this.#timer);
    this.#drawing?.stop();
    for (const group of [this.#spots, this.#others, this.#drawn]) group.remove();
  }

  #here() {
    const lost = () => notice("locate", t("Your place could not be found."));
    if (!navigator.geolocation) {
      lost();
      return;
    }
    const found = (/** @type {GeolocationPosition} */ { coords }) => {
      const metres = number(coords.accuracy);
      const how = { accuracy: "gps", source: t("GPS, ± {metres} m", { metres }) };
      this.set(alone({ type: "Point", coordinates: [coords.longitude, coords.latitude] }), how);
      const { map } = this.page;
      map.setView([coords.latitude, coords.longitude], Math.max(map.getZoom(), NEAR));
      notice("locate", t("Your place is known to {metres} m.", { metres }), { seconds: 8 });
    };
    navigator.geolocation.getCurrentPosition(found, lost, { enableHighAccuracy: true, timeout: 15000 });
  }

  async #typed() {
    const { value: text } = find("#edit-coordinates", this.form, HTMLTextAreaElement);
    try {
      const system = Number(find("#edit-system", this.form, HTMLSelectElement).value);
      const { geometry } = await post(`${this.address}/shape`, { text, system });
      this.#problem();
      this.set(alone(geometry), { accuracy: "" });
      this.page.map.fitBounds(L.geoJSON(geometry).getBounds(), { maxZoom: NEAR, padding: [60, 60] });
    } catch (error) {
      this.#problem(saidOf(error, t("These points could not be read. Check the connection and try again.")));
    }
  }

  /** @param {(Node | string)[]} said nothing: there is no problem */
  #problem(...said) {
    const box = find(".edit-place > .edit-problem", this.form);
    box.replaceChildren(...said);
    box.hidden = !said.length;
  }

  /**
   * A line that ends at something it may refer to takes its place and its code; one that was chosen by hand stays.
   *
   * @param {Geometry} geometry
   */
  #takeEnds(geometry) {
    const [from, to] = this.refers.filter(([, layer]) => this.#drawing?.targets.isPoint(layer));
    const moved = structuredClone(geometry);
    const points = corners(moved);
    if (!points.length || !to) return geometry;
    const isFirst = this.#takeEnd(from, points[0]);
    const isLast = this.#takeEnd(to, points[points.length - 1]);
    return isFirst || isLast ? moved : geometry;
  }

  /**
   * @param {[string, string]} reference field, layer
   * @param {Position} end moved to the place of what is found; whether it was
   */
  #takeEnd([field, layer], end) {
    const found = this.#drawing?.near(layer, end);
    if (!found) return false;
    const isMoved = found.lon !== end[0] || found.lat !== end[1];
    end.splice(0, 2, found.lon, found.lat);
    const input = find(`[name="${CSS.escape(field)}"]`, this.form, HTMLInputElement);
    if (!input.value || input.value === this.#taken[field]) {
      input.value = this.#taken[field] = found.code;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
    return isMoved;
  }

  async #look() {
    this.#spots.clearLayers();
    if (!this.geometry) return;
    const area = this.form.querySelector('[name="area_ha"]');
    const stated = area instanceof HTMLInputElement ? Number(area.value.replace(",", ".")) || null : null;
    const id = Number(this.form.dataset.id) || null;
    const body = { geometry: this.geometry, id, merged: this.gone.map((other) => other.id), area_ha: stated };
    /** @type {Looked | null} */
    const found = await post(`${this.address}/look`, body).catch(() => null); // it only helps; saving checks it all
    if (found) this.#tellLooked(found);
  }

  /** @param {Looked} looked */
  #tellLooked({ length_km: length, area_ha: area, vertices, remarks, units }) {
    this.#fillUnits(units);
    const size = this.geometry?.type === "Point" ? [placeName(this.geometry.coordinates)] : [];
    if (length !== null) size.push(t("Length {length} km", { length: number(length, 2) }));
    if (area !== null) size.push(t("Area {area} ha", { area: number(area, 2) }));
    if (vertices > 1) size.push(t("{count} points", { count: number(vertices) }));
    if (this.parts.length) size.push(t("{count} further objects from the split", { count: number(this.parts.length) }));
    if (this.gone.length) size.push(t("{count} merged objects are deleted", { count: number(this.gone.length) }));
    this.#drawing?.warn(remarks.map(({ message }) => message));
    const list = element("ul", {}, ...remarks.map(({ message }) => element("li", {}, message)));
    const takers = [
      this.#taker("length_km", length, t("Take as the stated length")),
      this.#taker("area_ha", area, t("Take as the stated area")),
    ];
    find(".edit-size", this.form).replaceChildren(size.join(" · "), ...takers, remarks.length ? list : "");
    const sign = L.divIcon({ className: "edit-spot", iconSize: [16, 16] });
    for (const { place } of remarks) {
      const options = { interactive: false, keyboard: false, pmIgnore: true, icon: sign };
      if (place) this.#spots.addLayer(L.marker([place[1], place[0]], options));
    }
  }

  /**
   * The area in which the place lies, where the form asks for it; one that was chosen by hand stays.
   *
   * @param {Looked["units"]} units
   */
  #fillUnits(units) {
    for (const [name, code] of Object.entries(units)) {
      const input = ownInputs(this.form).find((other) => other.name === name);
      if (!input) continue;
      const isOurs = input.value === (this.#units[name] ?? "");
      if (this.#isChanged && isOurs && input.value !== (code ?? "")) {
        write([input], { [name]: code ?? "" });
        this.tell();
      }
      if (input.value === (code ?? "")) this.#units[name] = input.value;
    }
  }

  /**
   * The way from what was measured into the field of what is stated, where they differ.
   *
   * @param {string} name of the field
   * @param {number | null} measured
   * @param {string} label
   */
  #taker(name, measured, label) {
    const input = ownInputs(this.form).find((other) => other.name === name);
    const text = measured?.toFixed(2).replace(".", language === "vi" ? "," : ".");
    if (!input || measured === null || text === undefined) return "";
    if (Number(input.value.replace(",", ".")) === Number(measured.toFixed(2)) && input.value) return "";
    const click = () => {
      input.value = text;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      this.#look();
    };
    const kind = "btn btn-sm btn-outline-primary ms-2";
    return element("button", { class: kind, type: "button", click }, label);
  }
}

/** @type {(place: Position) => string} */
const placeName = ([lon, lat]) => t("Place {lat} N {lon} E", { lat: number(lat, 5), lon: number(lon, 5) });
