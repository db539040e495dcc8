/* The drawer's charts: how what is filtered is spread over each field of a layer. A bar is a filter; its own field's
   filter is left out of its count, so that the others stay to be chosen. */
import { askJson, isAborted, saidOf } from "../lib/ask.js";
import { byId, find, findAll } from "../lib/find.js";
import { failure } from "../lib/notices.js";
import { element, number, t } from "../lib/texts.js";
import { ChartCard, written } from "./chartcard.js";
import { skeletons } from "./panel.js";
import { isFiltered, wayOut } from "./rows.js";
/** @import { LayerSpec, MapPage } from "../map/types" */
/** @import { Bar, Chart, Charts as Answer } from "./types" */

/**
 * What all cards of a layer share: what is counted (objects, or the sum of a field) and how much of it there is.
 *
 * @typedef {object} Counting
 * @property {LayerSpec} spec
 * @property {number} total objects
 * @property {string[]} heads objects, then each sum
 * @property {(bar: Bar) => number | null} said
 * @property {number | null} all of what is counted
 */

const CARD = 320; // px that a card is wide at least
const SETTLED = 250; // ms after a move until the extent is asked for

class Charts {
  #body = byId("charts-body");
  #drawer = byId("table-drawer");
  #toggle = byId("charts-toggle");
  #count = byId("charts-count");
  #select = find("select", byId("charts-measure"), HTMLSelectElement);
  #views = findAll("[data-drawer-view]", byId("table-drawer"));
  /** @type {AbortController | null} */
  #asked = null;
  /** @type {{ name: string, answer: Answer } | null} the answer that is shown */
  #shown = null;
  #shownFor = ""; // what was asked for it
  #moved = 0;
  #laidOut = 0;
  #isWaiting = false;
  /** @type {Set<string>} layer.field of the tables that are open */
  #unfolded = new Set();

  /** @param {MapPage} page */
  constructor(page) {
    this.page = page;
    this.state = page.state;
  }

  start() {
    const { state } = this;
    for (const button of this.#views) {
      const charts = button.dataset.drawerView === "charts";
      button.addEventListener("click", () => state.update({ charts }, { push: true }));
    }
    this.#select.addEventListener("change", () => {
      state.update({ measure: this.#select.value }, { push: true });
      this.#draw();
    });
    for (const name of /** @type {const} */ (["table", "charts", "filters", "here"]))
      state.on(name, () => this.#wait());
    document.addEventListener("webmap:saved", () => {
      this.#shownFor = "";
      this.#wait();
    });
    this.page.map.on("moveend", () => {
      if (!this.#isOpen() || !state.here) return;
      clearTimeout(this.#moved);
      this.#moved = setTimeout(() => this.#isOpen() && this.#follow(), SETTLED);
    });
    new ResizeObserver(() => {
      if (this.#isOpen() && this.#shown && this.#columns() !== this.#laidOut) this.#draw();
    }).observe(this.#body);
    this.#follow();
  }

  #isOpen() {
    return Boolean(this.state.table && this.state.charts);
  }

  /** One change of the address may tell of several. */
  #wait() {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    queueMicrotask(() => {
      this.#isWaiting = false;
      this.#follow();
    });
  }

  /* --- what is asked -------------------------------------------------------------------------- */

  #query() {
    const asking = new URLSearchParams(this.state.filterQuery(this.state.table ?? ""));
    if (this.state.here) asking.set("bbox", visibleBounds(this.page.map, this.#drawer).toBBoxString());
    return asking.toString();
  }

  #key() {
    return `${this.state.table}?${this.#query()}`;
  }

  #follow() {
    const { charts, table } = this.state;
    for (const button of this.#views) {
      button.setAttribute("aria-pressed", String((button.dataset.drawerView === "charts") === charts));
    }
    this.#body.hidden = !charts;
    this.#toggle.setAttribute("aria-expanded", String(this.#isOpen()));
    if (!this.#isOpen()) {
      this.#asked?.abort();
      this.#shownFor = "";
      return;
    }
    this.#body.setAttribute("aria-labelledby", "table-tab-" + table);
    if (this.#key() === this.#shownFor) this.#draw();
    else this.#load();
  }

  async #load() {
    const wanted = this.#key();
    const name = this.state.table ?? "";
    const address = `${this.page.config.addresses.charts.replace("{layer}", name)}?${this.#query()}`;
    this.#asked?.abort();
    const mine = new AbortController();
    this.#asked = mine;
    byId("charts-csv").setAttribute("href", `${address}&format=csv`);
    this.#drawer.setAttribute("aria-busy", "true");
    if (this.#shown?.name !== name) {
      this.#count.textContent = "";
      this.#body.replaceChildren(...skeletons([90, 70, 80, 60]));
    }
    try {
      const answer = await askJson(address, { signal: mine.signal });
      if (mine !== this.#asked) return;
      this.#shown = { name, answer };
      this.#shownFor = wanted;
      this.#draw();
    } catch (error) {
      if (!isAborted(error) && mine === this.#asked) this.#fail(error);
    } finally {
      if (mine === this.#asked) this.#drawer.removeAttribute("aria-busy");
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#shown = null;
    this.#shownFor = this.#count.textContent = "";
    const text = saidOf(error, t("The charts could not be loaded. Check the connection and try again."));
    this.#body.replaceChildren(element("p", { class: "table-message" }, ...failure(error, text, () => this.#load())));
  }

  /* --- what is shown -------------------------------------------------------------------------- */

  #draw() {
    const spec = this.page.layers.find((layer) => layer.spec.name === this.#shown?.name)?.spec;
    if (!this.#shown || !spec) return;
    const { answer } = this.#shown;
    const counting = this.#counting(spec, answer);
    this.#drawHead(answer, counting);
    const focused = this.#body.contains(document.activeElement) ? document.activeElement : null;
    const bar = focused instanceof HTMLElement ? focused.dataset.bar : undefined;
    const scrolled = this.#body.scrollTop;
    this.#body.replaceChildren(...this.#parts(spec, answer, counting));
    this.#body.scrollTop = scrolled;
    for (const plot of findAll(".histogram", this.#body)) plot.scrollLeft = plot.scrollWidth; // the latest years
    if (!focused) return;
    const again = bar ? this.#body.querySelector(`[data-bar="${CSS.escape(bar)}"]`) : null;
    (again instanceof HTMLElement ? again : this.#body).focus({ preventScroll: true });
  }

  /**
   * @param {LayerSpec} spec
   * @param {Answer} answer
   * @returns {Counting}
   */
  #counting(spec, { numberMatched, sums }) {
    const measure = sums.findIndex((one) => one.name === this.state.measure);
    const headOf = (/** @type {Answer["sums"][number]} */ { label, unit }) =>
      unit ? t("Total of “{field}” ({unit})", { field: label, unit }) : t("Total of “{field}”", { field: label });
    return {
      spec,
      total: numberMatched,
      heads: [t("Number of objects"), ...sums.map(headOf)],
      said: (bar) => (measure < 0 ? bar.count : bar.sums[measure]),
      all: measure < 0 ? numberMatched : sums[measure].value,
    };
  }

  /**
   * @param {Answer} answer
   * @param {Counting} counting
   */
  #drawHead({ numberMatched, sums }, { heads }) {
    const totals = sums.map(({ label, value, unit }) => `${label} ${written(value)}${unit ? " " + unit : ""}`);
    this.#count.textContent = [t("{count} objects", { count: number(numberMatched) }), ...totals].join(" · ");
    byId("charts-measure").hidden = !sums.length;
    const names = ["", ...sums.map(({ name }) => name)];
    const chosen = names.includes(this.state.measure) ? this.state.measure : "";
    const options = heads.map((text, i) => element("option", { value: names[i], selected: names[i] === chosen }, text));
    this.#select.replaceChildren(...options);
  }

  /**
   * @param {LayerSpec} spec
   * @param {Answer} answer
   * @param {Counting} counting
   */
  #parts(spec, { numberMatched, charts, blank }, counting) {
    const inStyle = new Set(spec.style.variations.map(({ field }) => field));
    const isFirst = (/** @type {Chart} */ { field }) => inStyle.has(field);
    const ordered = [...charts.filter(isFirst), ...charts.filter((chart) => !isFirst(chart))];
    const cards = ordered.map((chart) => new ChartCard(this.state, counting, chart, this.#unfolded).made());
    const parts = numberMatched ? [] : [element("p", { class: "table-message" }, ...this.#nothing(spec.name))];
    if (cards.length) {
      const hint = t("Choose a bar to filter by it; with Shift, all up to it.");
      parts.push(element("p", { class: "charts-hint" }, hint), this.#grid(cards, ordered));
    }
    if (blank.length) {
      const text = t("Nothing known yet of: {fields}", { fields: blank.join(", ") });
      parts.push(element("p", { class: "charts-blank" }, text));
    }
    return parts;
  }

  #columns() {
    return Math.max(1, Math.floor(this.#body.clientWidth / CARD));
  }

  /**
   * Cards in columns, each next one where there is most room, so that the first ones stand on top.
   *
   * @param {HTMLElement[]} cards
   * @param {Chart[]} charts
   */
  #grid(cards, charts) {
    this.#laidOut = this.#columns();
    const made = Array.from({ length: this.#laidOut }, () => element("div"));
    const heights = made.map(() => 0);
    cards.forEach((one, i) => {
      const at = heights.indexOf(Math.min(...heights));
      const { scale, bars } = charts[i];
      made[at].append(one);
      heights[at] += scale === "choice" ? 110 + 30 * bars.length : 250;
    });
    return element("div", { class: "charts-grid" }, ...made);
  }

  /**
   * Why there is nothing to count, and the way out.
   *
   * @param {string} name
   * @returns {(Node | string)[]}
   */
  #nothing(name) {
    const { state } = this;
    if (state.here) {
      const whole = () => state.update({ here: false }, { push: true });
      return [t("No object on the visible map."), " ", wayOut(t("Count the whole layer"), whole)];
    }
    if (!isFiltered(state, name)) return [t("This layer has no objects yet.")];
    return [t("No object matches the filters."), " ", wayOut(t("Clear filters"), () => state.clearFilters())];
  }
}

/**
 * What of the map is not under the drawer: a phone's sheet lies over it.
 *
 * @param {L.Map} map
 * @param {HTMLElement} drawer
 */
function visibleBounds(map, drawer) {
  const box = map.getContainer().getBoundingClientRect();
  const size = map.getSize();
  const top = drawer.getBoundingClientRect().top - box.top;
  if (top >= size.y || top < 60) return map.getBounds();
  return L.latLngBounds(map.containerPointToLatLng([0, top]), map.containerPointToLatLng([size.x, 0]));
}

/** @param {MapPage} page */
export function startCharts(page) {
  new Charts(page).start();
}
