/* Two years, or two plans, side by side: two maps that move as one, and under them the numbers that differ.
   The address says which: ?compare=2026,2035&plans=…&plans=… */
import { byId, find } from "../lib/find.js";
import { failure } from "../lib/notices.js";
import { element, icon, t } from "../lib/texts.js";
import { loaded } from "../map/mirror.js";
import { fixRatio } from "../map/ratio.js";
import { Side } from "./compareside.js";
import { changesList } from "./yearchanges.js";
import { askYears, numbersTable } from "./yearcounts.js";
/** @import { MapPage } from "../map/types" */

const PRINT_RATIO = 2;
const CLOSE = 12; // zoom at which what changes is shown

/**
 * Follow the address: open, change and close the comparison.
 *
 * @param {MapPage} page
 */
export function startCompare(page) {
  const { state } = page;
  /** @type {Comparison | null} */
  let view = null;
  const follow = ({ fit = true } = {}) => {
    if (!state.compare) {
      view?.close();
      view = null;
    } else if (view) view.show();
    else {
      view = new Comparison(page);
      view.open(fit);
    }
  };
  state.on("compare", () => follow());
  state.on("filters", () => view?.show());
  follow({ fit: false }); // a shared link opens at its own scale
}

class Comparison {
  #status = element("p", { class: "tool-detail", role: "status" });
  #numbers = element("div", {
    class: "compare-numbers",
    tabindex: 0,
    role: "region",
    "aria-label": t("The numbers that change"),
  });
  #network = element("div", { class: "compare-network" });
  #opener = document.activeElement;
  #main = byId("content");
  #others = /** @type {HTMLElement[]} */ ([...byId("content").children]);
  /** @type {Set<string>} the layers that know years */
  #known = new Set();
  #watch = new ResizeObserver(() => this.#resize());
  #turn = 0;
  #isMoving = false;

  /** @param {MapPage} page */
  constructor(page) {
    this.page = page;
    this.sides = [0, 1].map((index) => new Side(page, index));
    this.box = this.#box();
  }

  #box() {
    const leave = () => this.page.state.update({ compare: null }, { push: true });
    const keydown = (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      event.stopPropagation();
      leave();
    };
    const small = { class: "btn btn-sm btn-outline-primary", type: "button" };
    const print = element(
      "button",
      { ...small, "data-compare-print": true, click: () => this.#print() },
      icon("printer"),
      " ",
      t("Print"),
    );
    const close = { class: "icon-button", type: "button", "data-compare-close": true, "aria-label": t("Close") };
    const title = t("Two years side by side");
    const cross = element("button", { ...close, click: leave }, icon("x-lg"));
    return element(
      "section",
      { class: "compare", "aria-label": title, keydown },
      element("header", { class: "compare-head" }, element("h2", {}, title), print, cross),
      element("div", { class: "compare-maps" }, ...this.sides.map((side) => side.box)),
      element("div", { class: "compare-foot" }, this.#network, this.#status, this.#numbers),
    );
  }

  /** @param {boolean} fit half the width shows what the whole map showed */
  open(fit) {
    const { map } = this.page;
    this.#main.append(this.box);
    document.body.classList.add("has-compare");
    for (const other of this.#others) other.inert = true;
    const home = L.latLngBounds(/** @type {[number, number][]} */ (this.page.config.home));
    // The first view stands off the middle, clear of a phone's sheet, which does not lie over these maps.
    const isHome = (fit || !this.page.state.view) && map.getBounds().contains(home);
    const seen = isHome ? home : map.getBounds();
    const whole = this.sides[0].map.getBoundsZoom(seen);
    const zoom = fit || isHome ? Math.min(map.getZoom(), whole) : map.getZoom();
    for (const side of this.sides) {
      side.map.setView(isHome ? home.getCenter() : map.getCenter(), Math.max(side.map.getMinZoom(), zoom), {
        animate: false,
      });
    }
    this.#moveAsOne();
    this.#watch.observe(this.box);
    this.show();
    find("input", this.sides[0].box).focus({ preventScroll: true });
  }

  /** What one map does, the other does; the address and the map below keep the place. */
  #moveAsOne() {
    this.sides.forEach((side, i) => {
      const other = this.sides[1 - i];
      side.map.on("move", () => {
        if (this.#isMoving) return;
        this.#isMoving = true;
        other.map.setView(side.map.getCenter(), side.map.getZoom(), { animate: false });
        this.#isMoving = false;
      });
      side.map.on("mousemove", (event) => other.point(event.latlng));
      side.map.on("mouseout", () => other.point(null));
    });
    const { map } = this.sides[0];
    map.on("moveend", () => {
      const { lat, lng } = map.getCenter();
      this.page.state.update({ view: { z: map.getZoom(), lat, lon: lng } });
    });
  }

  /** The layers on the map if one of them knows years, else those that do. */
  #shown() {
    const { layers, map } = this.page;
    const visible = layers.filter((layer) => map.hasLayer(layer));
    const knows = layers.filter(({ spec }) => this.#known.has(spec.name));
    return visible.some((layer) => knows.includes(layer)) ? visible : knows;
  }

  async show() {
    const { compare } = this.page.state;
    if (!compare) return;
    const { years, plans, grids } = compare;
    const mine = ++this.#turn;
    this.sides.forEach((side, i) => side.name(years[i]));
    this.#showGrids(years, grids);
    this.#status.textContent = t("Counting…");
    try {
      const found = await askYears(this.page, years, plans);
      if (mine !== this.#turn) return;
      for (const layer of found.layers) this.#known.add(layer.name);
      const shown = this.#shown();
      const withPlans = new Set(found.layers.filter((layer) => layer.has_plans).map((layer) => layer.name));
      this.sides.forEach((side, i) => {
        side.offer(found.plans, plans[i]);
        side.draw(shown, { known: this.#known, withPlans, year: years[i], plan: plans[i] });
      });
      const names = shown.map(({ spec }) => spec.name);
      const layers = found.layers.filter((layer) => names.includes(layer.name));
      const labels = years.map((year, i) => (plans[i] ? `${year} · ${plans[i]}` : String(year)));
      const go = (/** @type {unknown} */ _layer, /** @type {{ lat: number, lon: number }} */ { lat, lon }) => {
        const { map } = this.sides[0];
        map.setView([lat, lon], Math.max(map.getZoom(), CLOSE), { animate: false });
      };
      const told = { ...found, layers };
      this.#numbers.replaceChildren(numbersTable(told, labels), changesList(told, go));
      for (const side of this.sides) side.mark(told);
      this.#status.textContent = t(
        "Counted with the filters in force. Plans without a year and what has ended are left out.",
      );
    } catch (error) {
      if (mine !== this.#turn) return;
      const text = t("The numbers could not be loaded. Check the connection and try again.");
      this.#status.replaceChildren(...failure(error, text, () => this.show()));
    }
  }

  /**
   * The power network of each side, and under the maps what is beyond a limit on one side and not on the other.
   *
   * @param {number[]} years
   * @param {string[]} grids
   */
  async #showGrids(years, grids) {
    try {
      const [first, second] = await Promise.all(this.sides.map((side, i) => side.showGrid(years[i], grids[i])));
      if (!first && !second) return this.#network.replaceChildren();
      const { gridLegend, gridMethod, gridNote } = await import("../grid/overlay.js");
      const beyond = (/** @type {typeof first} */ answer) =>
        element(
          "div",
          {},
          element("h3", {}, answer?.title ?? ""),
          element("ul", {}, ...(answer?.beyond ?? []).map(({ text }) => element("li", {}, text))),
          answer && !answer.beyond.length ? t("Nothing is beyond its limit with all in.") : null,
        );
      const lists = [first, second].filter(Boolean).map(beyond);
      const told = first ?? second;
      this.#network.replaceChildren(
        ...gridLegend(),
        element("div", { class: "grid-pair" }, ...lists),
        ...(told ? [gridNote(told), gridMethod()] : []),
      );
    } catch (error) {
      const text = t("The network could not be loaded. Check the connection and try again.");
      this.#network.replaceChildren(...failure(error, text, () => this.#showGrids(years, grids)));
    }
  }

  #resize() {
    this.#isMoving = true;
    for (const { map } of this.sides) map.invalidateSize({ animate: false, pan: false });
    this.#isMoving = false;
  }

  async #print() {
    fixRatio(PRINT_RATIO);
    this.box.classList.add("is-printed");
    this.#resize();
    for (const side of this.sides) side.redraw();
    await Promise.all(this.sides.flatMap((side) => side.copies.map(loaded)));
    const back = () => {
      this.box.classList.remove("is-printed");
      fixRatio();
      this.#resize();
      for (const side of this.sides) side.redraw();
    };
    window.addEventListener("afterprint", back, { once: true });
    window.print();
  }

  close() {
    this.#watch.disconnect();
    for (const { map } of this.sides) map.remove();
    this.box.remove();
    document.body.classList.remove("has-compare");
    for (const other of this.#others) other.inert = false;
    const opener = this.#opener instanceof HTMLElement && this.#opener.isConnected ? this.#opener : document.body;
    (opener === document.body ? find("[data-map-tool=compare]") : opener).focus({ preventScroll: true });
  }
}
