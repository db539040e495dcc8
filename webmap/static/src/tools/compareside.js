/* One half of a comparison: its year, its plan where there are plans, its map. */
import { gridSettings } from "../grid/settings.js";
import { element, icon, t } from "../lib/texts.js";
import { fetchFragment } from "../map/fragment.js";
import { inks } from "../map/inks.js";
import { mirrorLayers } from "../map/mirror.js";
import { creditOutside, mirrorOutside } from "../map/outside.js";
import { Overlay } from "../map/overlay.js";
import { markChanges } from "./yearchanges.js";
/** @import { MvtLayer } from "../map/mvtlayer.js" */
/** @import { MapPage } from "../map/types" */
/** @import { Years } from "./yearcounts.js" */

/** @typedef {{ known: Set<string>, withPlans: Set<string>, year: number, plan: string }} Wanted layers that know years, and plans */

const FIRST_YEAR = 1900;
const LAST_YEAR = 2100;

export class Side {
  /** @type {HTMLSelectElement} */
  #plan = element("select", {
    class: "form-select form-select-sm",
    "data-compare-plan": true,
    change: () => this.#change("plans", this.#plan.value),
  });
  #planLabel = element("label", { class: "compare-plan", hidden: true }, element("span", {}, t("Plan")), this.#plan);
  /** @type {HTMLSelectElement} */
  #load = element("select", {
    class: "form-select form-select-sm",
    "data-compare-grid": true,
    change: () => this.#change("grids", this.#load.value),
  });
  /** @type {import("../grid/overlay.js").GridOverlay | null} */
  #grid = null;
  #pane = element("div", { class: "compare-map", role: "region" });
  #popup = L.popup({ className: "feature", maxWidth: 280 });
  #mark = L.circleMarker([0, 0], { radius: 7, color: inks.accent, weight: 2, fillOpacity: 0, interactive: false });
  /** @type {Overlay | null} */
  #overlay = null;
  #drawn = "";
  /** @type {L.LayerGroup | null} */
  #rings = null;
  /** @type {MvtLayer[]} */
  copies = [];

  /**
   * @param {MapPage} page
   * @param {number} index
   */
  constructor(page, index) {
    this.page = page;
    this.index = index;
    this.#plan.dataset.comparePlan = String(index);
    /** @type {HTMLInputElement} */
    this.year = element("input", {
      class: "form-control form-control-sm",
      type: "number",
      min: FIRST_YEAR,
      max: LAST_YEAR,
      required: true,
      "data-compare-year": index,
      change: () => this.year.value && this.year.checkValidity() && this.#change("years", Number(this.year.value)),
    });
    const label = index ? t("Second year") : t("First year");
    const less = this.#step(-1, "dash-lg", t("One year less"));
    const more = this.#step(1, "plus-lg", t("One year more"));
    const own = element("label", {}, element("span", {}, label), this.year);
    const choice = element("div", { class: "compare-choice" }, own, less, more, this.#planLabel, this.#loads());
    this.box = element("section", { class: "compare-side", "aria-label": label }, choice, this.#pane);
    this.map = L.map(this.#pane, {
      zoomControl: false,
      attributionControl: false,
      zoomAnimation: false,
      minZoom: page.map.getMinZoom(),
      maxZoom: page.map.getMaxZoom(),
    });
    this.map.on("click", (event) => this.#tell(event.containerPoint));
  }

  /** Which load the power network is shown under, for who may see it. */
  #loads() {
    const settings = gridSettings();
    this.#load.dataset.compareGrid = String(this.index);
    const options = settings?.scenarios.map(({ value, label }) => element("option", { value }, label)) ?? [];
    this.#load.append(element("option", { value: "" }, t("not shown")), ...options);
    const label = element("label", { class: "compare-plan" }, element("span", {}, t("110 kV network")), this.#load);
    label.hidden = !settings;
    return label;
  }

  /**
   * The network of a year under a load; nothing without a load. Its code is loaded when somebody wants it.
   *
   * @param {number} year
   * @param {string} load
   */
  async showGrid(year, load) {
    this.#load.value = load;
    if (!gridSettings() || (!load && !this.#grid)) return null;
    const { GridOverlay } = await import("../grid/overlay.js");
    this.#grid ??= new GridOverlay(this.map);
    return this.#grid.show(year, load);
  }

  /**
   * @param {"years" | "plans" | "grids"} part
   * @param {number | string} value
   */
  #change(part, value) {
    const { compare } = this.page.state;
    if (!compare) return;
    const changed = compare[part].map((one, i) => (i === this.index ? value : one));
    this.page.state.update({ compare: { ...compare, [part]: changed } }, { push: true });
  }

  /**
   * @param {number} by
   * @param {string} sign
   * @param {string} label
   */
  #step(by, sign, label) {
    const click = () => {
      const year = (this.page.state.compare?.years[this.index] ?? 0) + by;
      this.#change("years", Math.max(FIRST_YEAR, Math.min(LAST_YEAR, year)));
    };
    const attributes = { class: "btn btn-sm btn-outline-secondary", type: "button", "aria-label": label, click };
    return element("button", attributes, icon(sign));
  }

  /** @param {L.Point} at */
  async #tell(at) {
    const hit = this.#overlay?.pick(at)[0];
    if (!hit) return;
    const address = this.page.config.addresses.popup;
    const url = address.replace("{layer}", hit.layer.spec.name).replace("{id}", String(hit.id));
    const content = await fetchFragment(url).catch(() => null);
    content?.querySelector(".actions")?.remove(); // the panel belongs to the map below
    const lost = t("This object could not be loaded. Check the connection and try again.");
    this.#popup
      .setLatLng(hit.latlng)
      .setContent(content ?? lost)
      .openOn(this.map);
  }

  /** @param {number} year */
  name(year) {
    this.year.value = String(year);
    this.#pane.setAttribute("aria-label", t("Map of the year {year}", { year }));
  }

  /**
   * @param {string[]} plans
   * @param {string} chosen
   */
  offer(plans, chosen) {
    const all = [...new Set([...plans, chosen].filter(Boolean))];
    const options = all.map((text) => element("option", { value: text, selected: text === chosen }, text));
    this.#planLabel.hidden = !all.length;
    this.#plan.replaceChildren(element("option", { value: "" }, t("Every plan")), ...options);
  }

  /**
   * @param {MvtLayer[]} layers
   * @param {Wanted} wanted
   */
  draw(layers, { known, withPlans, year, plan }) {
    const query = (/** @type {MvtLayer} */ layer) => {
      const asked = new URLSearchParams(layer.query);
      asked.delete("year");
      asked.delete("plan");
      if (known.has(layer.spec.name)) asked.set("year", String(year));
      if (plan && withPlans.has(layer.spec.name)) asked.set("plan", plan);
      return asked.toString();
    };
    const key = JSON.stringify([
      creditOutside(),
      ...layers.map((layer) => [layer.spec.name, query(layer), [...(layer.mask ?? [])].join("")]),
    ]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.map.eachLayer((layer) => {
      const { pane } = layer.options;
      if (layer !== this.#mark && layer !== this.#popup && pane !== "grid") layer.remove();
    });
    this.copies = mirrorLayers(this.page, this.map, layers, query);
    mirrorOutside(this.map, this.page.layers);
    this.#overlay = new Overlay(this.copies).addTo(this.map);
  }

  /**
   * Rings around what changes, on this half as on the other.
   *
   * @param {Years} found
   */
  mark(found) {
    this.#rings?.remove();
    this.#rings = markChanges(this.map, found);
  }

  redraw() {
    for (const layer of this.copies) layer.redrawTiles();
    this.#overlay?.redraw();
  }

  /** @param {L.LatLng | null} latlng where the other half's pointer is */
  point(latlng) {
    if (latlng) this.#mark.setLatLng(latlng).addTo(this.map);
    else this.#mark.remove();
  }
}
