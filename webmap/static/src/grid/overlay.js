/* The 110 kV network over a map: circuits by loading with arrows for the flow, stations by headroom; what a pointer or a
   finger on one tells. Drawn from what the server answers; nothing is computed here. */
import { askJson } from "../lib/ask.js";
import { svg } from "../lib/svg.js";
import { element, icon, t } from "../lib/texts.js";
import { gridSettings } from "./settings.js";
import { STORM, arrowSign, legendSign, stationSign, wireLook } from "./symbols.js";
import { wireOf } from "./wires.js";

/** @typedef {{ code: string, label: string, name: string, impact: string }} GridOffer */
/**
 * @typedef {object} GridElement
 * @property {string} code
 * @property {string} name
 * @property {string} layer
 * @property {number} id
 * @property {"circuit" | "station" | "infeed"} kind
 * @property {string} tone
 * @property {string[]} lines what a pointer tells
 * @property {string} impact address of what fails with it
 * @property {GridOffer[]} offers what else may fail here: the tower lines of a circuit, the transformers of a station
 * @property {string} anchor where the network's page has its numbers
 * @property {boolean | null} [forward] the flow goes as the line is drawn; null: none
 * @property {number} [place] among the circuits on its route
 * @property {number} [beside] circuits on its route
 */
/** @typedef {import("geojson").Feature<import("geojson").Point | import("geojson").MultiLineString, GridElement>} GridFeature */
/**
 * @typedef {object} GridAnswer
 * @property {GridFeature[]} features
 * @property {number} year
 * @property {string} scenario
 * @property {string} title
 * @property {string} computed
 * @property {string} basis what it rests on, as a sentence
 * @property {boolean} is_stale
 * @property {boolean} converged
 * @property {{ code: string, text: string }[]} beyond
 */

/**
 * What is shown at a moment.
 *
 * @typedef {object} ShownNetwork
 * @property {GridAnswer} answer
 * @property {Set<string>} dead stations without supply in the outage that is told
 * @property {L.LatLng[]} area in which all is out
 */

const PANE = "grid";

/**
 * Ask for a year under a load.
 *
 * @param {number} year
 * @param {string} scenario
 * @returns {Promise<GridAnswer>}
 */
export const askGrid = (year, scenario) =>
  askJson(`${gridSettings()?.address}?${new URLSearchParams({ year: String(year), scenario })}`);

export class GridOverlay {
  #turn = 0;
  /** @type {GridAnswer | null} */
  answer = null;
  /** @type {Map<string, L.Layer>} */
  #byCode = new Map();
  #group = L.layerGroup([], { pane: PANE });
  /** @type {Set<string>} */
  #dead = new Set();
  /** @type {L.LatLng[]} */
  #area = [];

  /**
   * @param {L.Map} map
   * @param {((chosen: GridElement) => HTMLElement[]) | null} actions further ways on from an element
   */
  constructor(map, actions = null) {
    this.map = map;
    this.actions = actions;
    if (!map.getPane(PANE)) map.createPane(PANE).classList.add("grid-pane");
    this.renderer = L.svg({ pane: PANE, padding: 0.4 });
    map.on("zoomend", this.#draw, this);
  }

  /**
   * Show a year under a load; nothing without a scenario. Throws what asking throws.
   *
   * @param {number} year
   * @param {string} scenario
   */
  async show(year, scenario) {
    const mine = ++this.#turn;
    const isSame = this.answer?.year === year && this.answer.scenario === scenario;
    const found = !scenario ? null : isSame ? this.answer : await askGrid(year, scenario);
    if (mine !== this.#turn) return null;
    this.answer = found;
    this.#draw();
    return found;
  }

  /** @returns {ShownNetwork | null} */
  get shown() {
    return this.answer && { answer: this.answer, dead: this.#dead, area: this.#area };
  }

  /**
   * Mark what has no supply in an outage, and the area in which all is out.
   *
   * @param {string[]} codes
   */
  mark(codes, area = /** @type {L.LatLng[]} */ ([])) {
    this.#dead = new Set(codes);
    this.#area = area;
    this.#draw();
  }

  /**
   * Bring elements into sight, beside what covers the map.
   *
   * @param {string[]} codes
   * @param {L.FitBoundsOptions} options
   */
  fit(codes, options) {
    const bounds = L.latLngBounds([]);
    for (const code of codes) {
      const layer = this.#byCode.get(code);
      if (layer)
        bounds.extend(layer instanceof L.Marker ? layer.getLatLng() : /** @type {L.Polyline} */ (layer).getBounds());
    }
    if (bounds.isValid()) this.map.fitBounds(bounds, options);
  }

  /** @param {string} code */
  open(code) {
    const layer = this.#byCode.get(code);
    if (!layer) return;
    const place =
      layer instanceof L.Marker ? layer.getLatLng() : /** @type {L.Polyline} */ (layer).getBounds().getCenter();
    this.map.panTo(place, { animate: false });
    layer.openPopup(place);
  }

  remove() {
    this.#turn++;
    this.map.off("zoomend", this.#draw, this);
    this.#group.remove();
    this.#box(false);
  }

  /** @param {boolean} on */
  #box(on) {
    this.map.getContainer().classList.toggle("has-grid", on);
  }

  #draw() {
    this.#group.clearLayers();
    this.#byCode.clear();
    this.#box(Boolean(this.answer));
    if (!this.answer) return;
    this.#group.addTo(this.map);
    if (this.#area.length) {
      const { stroke: color, width: weight, dash: dashArray, opacity: fillOpacity } = STORM;
      const look = { color, weight, dashArray, fillOpacity, className: "grid-storm" };
      const drawn = { ...look, pane: PANE, renderer: this.renderer, interactive: false };
      this.#group.addLayer(L.polygon(this.#area, drawn));
    }
    for (const feature of this.answer.features) {
      const { geometry, properties } = feature;
      if (geometry.type === "Point") this.#drawStation(geometry.coordinates, properties);
      else this.#drawCircuit(geometry.coordinates, properties);
    }
  }

  /**
   * @param {import("geojson").Position[][]} lines
   * @param {GridElement} circuit
   */
  #drawCircuit(lines, circuit) {
    const { parts, arrow } = wireOf(this.map, lines, circuit);
    const places = parts.map((part) => part.map((point) => this.map.unproject(point)));
    const usual = { pane: PANE, renderer: this.renderer, bubblingMouseEvents: false };
    const { stroke: color, width: weight, dash: dashArray } = wireLook(circuit.tone);
    const look = { color, weight, dashArray, interactive: false, className: `grid-wire ${circuit.tone}` };
    this.#group.addLayer(L.polyline(places, { ...usual, ...look }));
    this.#group.addLayer(this.#told(L.polyline(places, { ...usual, weight: 16, className: "grid-reach" }), circuit));
    if (!arrow) return;
    const shape = picture(arrowSign(circuit.tone, arrow.degrees), 8);
    const drawn = L.divIcon({ className: `grid-arrow ${circuit.tone}`, html: shape, iconSize: [16, 16] });
    const still = { pane: PANE, icon: drawn, interactive: false, keyboard: false };
    this.#group.addLayer(L.marker(this.map.unproject(arrow.at), still));
  }

  /**
   * @param {import("geojson").Position} place
   * @param {GridElement} station
   */
  #drawStation([lon, lat], station) {
    const tone = this.#dead.has(station.code) ? "dead" : station.tone;
    const className = `grid-node ${station.kind} ${tone}`;
    const drawn = L.divIcon({ className, html: picture(stationSign(tone), 11), iconSize: [22, 22] });
    const marker = L.marker([lat, lon], { pane: PANE, icon: drawn, bubblingMouseEvents: false });
    this.#group.addLayer(this.#told(marker, station));
    marker.getElement()?.setAttribute("aria-label", [station.name, ...station.lines].filter(Boolean).join(", "));
  }

  /**
   * @template {L.Layer} T
   * @param {T} layer
   * @param {GridElement} chosen
   */
  #told(layer, chosen) {
    this.#byCode.set(chosen.code, layer);
    const words = () => [element("strong", {}, chosen.name), ...chosen.lines.filter(Boolean).map(line)];
    const tip = element("div", { class: "grid-told" }, ...words());
    layer.bindTooltip(tip, { sticky: true, direction: "auto", opacity: 1 });
    layer.bindPopup(() => element("div", { class: "grid-told" }, ...words(), this.#ways(chosen)), {
      maxWidth: 300,
      autoPanPaddingTopLeft: [16, 90],
      autoPanPaddingBottomRight: [16, 16],
    });
    layer.on("popupopen", () => layer.closeTooltip());
    return layer;
  }

  /** @param {GridElement} chosen */
  #ways(chosen) {
    const { year, scenario } = /** @type {GridAnswer} */ (this.answer);
    const asked = new URLSearchParams({ year: String(year), scenario });
    const computed = `${gridSettings()?.page}?${asked}#${chosen.anchor}`;
    const way = element("a", { href: computed }, t("How it was computed"));
    return element("p", { class: "grid-ways" }, ...(this.actions?.(chosen) ?? []), way);
  }
}

/** @param {string} text */
const line = (text) => element("span", {}, text);

/**
 * @param {SVGElement} sign round 0,0
 * @param {number} reach px
 */
const picture = (sign, reach) =>
  /** @type {HTMLElement} */ (
    /** @type {unknown} */ (svg("svg", { viewBox: `${-reach} ${-reach} ${2 * reach} ${2 * reach}` }, sign))
  );

/** The legend of circuits and stations. */
export function gridLegend() {
  const { circuits = [], stations = [] } = gridSettings() ?? {};
  const list = (
    /** @type {string} */ title,
    /** @type {"wire" | "node"} */ kind,
    /** @type {[string, string][]} */ tones,
  ) =>
    element(
      "ul",
      { class: "grid-key-list" },
      element("li", {}, title),
      ...tones.map(([tone, label]) => element("li", {}, legendSign(kind, tone), label)),
    );
  return [
    list(t("Circuits by loading"), "wire", circuits),
    list(t("Stations by what is left (N-1)"), "node", stations),
  ];
}

/** Where it says how each number is computed. */
export const gridMethod = () =>
  element("a", { class: "grid-key-note", href: gridSettings()?.method }, t("How it was computed"));

/** @param {GridAnswer} answer */
export const gridNote = ({ computed, basis, is_stale: isStale, converged }) =>
  element(
    "p",
    { class: "grid-key-note" },
    element("strong", {}, t("For orientation only.")),
    " ",
    t("Computed {time}.", { time: computed }),
    " ",
    basis,
    isStale
      ? element("span", {}, " ", icon("arrow-repeat"), " ", t("The data have changed since; it is computed anew."))
      : "",
    converged ? "" : element("span", { class: "text-danger" }, " ", t("The flow has no solution.")),
  );
