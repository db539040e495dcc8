/* The drawer under the map: opening, tabs, height; and its table, a page at a time, rows and map showing each other. */
import { AskError, askJson, isAborted, saidOf } from "../lib/ask.js";
import { byId, find, findAll, target } from "../lib/find.js";
import { failure } from "../lib/notices.js";
import { element, number, t } from "../lib/texts.js";
import { fitFree } from "../map/home.js";
import { isOn } from "../map/layers.js";
import { Columns } from "./columns.js";
import { describedLayers } from "./describe.js";
import { startGrip } from "./grip.js";
import { resized, skeletons } from "./panel.js";
import { Rows, emptyTable } from "./rows.js";
import { zoomToResult } from "./zoomto.js";
/** @import { MapPage } from "../map/types" */
/** @import { Field, Row } from "./types" */

/**
 * A page of /api/layers/<layer>/features.
 *
 * @typedef {object} Answer
 * @property {number} [numberMatched]
 * @property {Row[]} features
 * @property {Field[]} [measures] what is measured for the place asked for
 * @property {string} [next] the address of the next page
 */

const PAGE_SIZE = 100;

class Table {
  #drawer = byId("table-drawer");
  #body = byId("table-body");
  #toggle = byId("table-toggle");
  #chartsToggle = byId("charts-toggle");
  #here = byId("table-here", HTMLInputElement);
  #back = byId("table-back", HTMLButtonElement);
  #next = byId("table-next", HTMLButtonElement);
  #crs = byId("export-crs", HTMLSelectElement);
  #tabs = findAll("[role=tab]", byId("table-tabs"));
  /** @type {Record<string, string>} layer -> "field" or "-field" */
  #sorts = {};
  #cursors = [""];
  #page = 0;
  /** @type {string | null} */
  #cursor = null;
  /** @type {number | null} */
  #matched = null;
  /** Something was stored since the layers were counted. */
  #isCountOld = false;
  /** @type {AbortController | null} */
  #asked = null;
  #asks = "";
  #isShowingCharts = false;

  /** @param {MapPage} page */
  constructor(page) {
    this.page = page;
    this.state = page.state;
    this.columns = new Columns(page, () => this.#draw());
    this.rows = new Rows(page, this.columns, {
      body: this.#body,
      close: () => this.#close(),
      sortOf: (name) => this.#sorts[name] ?? "",
      sort: (name, by) => this.#sort(name, by),
    });
  }

  start() {
    this.#startToggles();
    this.#startTabs();
    this.#startPages();
    startGrip(this.#drawer, byId("table-grip"));
    const link = () => this.#linkExports();
    this.#crs.addEventListener("change", link);
    find(".export-menu", this.#drawer).parentElement?.addEventListener("show.bs.dropdown", link);
    const { state } = this;
    state.on("filters", () => {
      if (state.table && !state.charts && this.#asks !== this.#key()) this.#restart();
    });
    for (const name of /** @type {const} */ (["table", "charts"])) {
      state.on(name, () => {
        const isOther = this.#drawer.hidden === Boolean(state.table) || this.#isShowingCharts !== state.charts;
        if (isOther || this.#asks !== this.#key()) this.#show();
      });
    }
    state.on("selection", () => this.rows.mark());
    document.addEventListener("webmap:saved", () => {
      this.#matched = null;
      this.#isCountOld = true;
      if (state.table && !state.charts) this.#load();
    });
    if (state.table) this.#show();
  }

  /* --- opening, tabs -------------------------------------------------------------------------- */

  #startToggles() {
    const { state } = this;
    const press = (/** @type {boolean} */ charts) => {
      if (state.table && state.charts === charts) {
        this.#close();
        return;
      }
      const before = state.table ? null : this.page.map.getBounds();
      state.update({ table: state.table || this.#usualLayer(), charts }, { push: true });
      if (before) fitFree(this.page.map, before, { animate: false }); // what was in view stays in view
    };
    byId("table-zoom").addEventListener("click", () => zoomToResult(this.page, state, [state.table ?? ""]));
    this.#toggle.addEventListener("click", () => press(false));
    this.#chartsToggle.addEventListener("click", () => press(true));
    byId("table-close").addEventListener("click", () => this.#close());
    this.#drawer.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || target(event).closest(".dropdown")) return;
      event.preventDefault();
      this.#close();
    });
  }

  #startTabs() {
    const open = (/** @type {HTMLElement} */ tab) => {
      this.state.update({ table: tab.dataset.tableLayer ?? null }, { push: true });
    };
    this.#tabs.forEach((tab, index) => {
      tab.addEventListener("click", () => open(tab));
      tab.addEventListener("keydown", (event) => {
        const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (!step) return;
        event.preventDefault();
        const other = this.#tabs[(index + step + this.#tabs.length) % this.#tabs.length];
        open(other);
        other.focus();
      });
    });
  }

  #close() {
    const opener = this.state.charts ? this.#chartsToggle : this.#toggle;
    this.state.update({ table: null }, { push: true });
    opener.focus({ preventScroll: true });
  }

  #show() {
    const { table, charts } = this.state;
    const wasHidden = this.#drawer.hidden;
    this.#drawer.hidden = !table;
    this.#toggle.setAttribute("aria-expanded", String(Boolean(table) && !charts));
    this.#drawer.classList.toggle("is-charts", charts);
    // of a phone's sheet
    if (table && (wasHidden || this.#isShowingCharts !== charts))
      this.#drawer.dataset.height = charts ? "half" : "full";
    this.#isShowingCharts = charts;
    this.#body.hidden = charts;
    for (const tab of this.#tabs) this.#showTab(tab, tab.dataset.tableLayer === table);
    if (wasHidden === Boolean(table)) resized();
    if (table && !charts) this.#restart();
  }

  /**
   * @param {HTMLElement} tab
   * @param {boolean} isCurrent
   */
  #showTab(tab, isCurrent) {
    tab.setAttribute("aria-selected", String(isCurrent));
    tab.tabIndex = isCurrent ? 0 : -1;
    if (!isCurrent) return;
    this.#body.setAttribute("aria-labelledby", tab.id);
    tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** The layer of what is selected, else one that is filtered, else one that is on. */
  #usualLayer() {
    const { state } = this;
    const { layers } = this.page;
    const filtered = layers.find(({ spec }) => state.filtered(spec.name).length);
    const best = filtered ?? layers.find(isOn) ?? layers[0];
    return state.selection?.layer ?? best.spec.name;
  }

  /* --- what is asked -------------------------------------------------------------------------- */

  #key() {
    return `${this.state.table}?${this.state.filterQuery(this.state.table ?? "")}`;
  }

  #filters() {
    const asking = new URLSearchParams(this.state.filterQuery(this.state.table ?? ""));
    if (this.#here.checked) asking.set("bbox", this.page.map.getBounds().toBBoxString());
    return asking;
  }

  #restart() {
    this.#asks = this.#key();
    this.#cursors = [""];
    this.#page = 0;
    this.#matched = null;
    this.#load();
  }

  /**
   * How many there are, where the legend has counted already.
   *
   * @param {string} name
   */
  #counted(name) {
    if (this.#isCountOld) return null;
    const counted = this.page.layers.find(({ spec }) => spec.name === name)?.counted;
    return !this.#here.checked && counted?.query === this.state.filterQuery(name) ? counted.numberMatched : null;
  }

  /**
   * @param {string} name
   * @param {boolean} isCounted
   */
  #address(name, isCounted) {
    const asking = this.#filters();
    asking.set("geometry", "false");
    asking.set("limit", String(PAGE_SIZE));
    if (this.#sorts[name]) asking.set("sort", this.#sorts[name]);
    if (this.#cursors[this.#page]) asking.set("cursor", this.#cursors[this.#page]);
    if (isCounted) asking.set("count", "false");
    return `${this.page.config.addresses.features.replace("{layer}", name)}?${asking}`;
  }

  async #load() {
    const name = this.state.table ?? "";
    const counted = this.#counted(name);
    this.#linkExports();
    const address = this.#address(name, counted !== null || this.#matched !== null);
    this.#asked?.abort();
    const mine = new AbortController();
    this.#asked = mine;
    this.#drawer.setAttribute("aria-busy", "true");
    if (this.rows.shownFor !== name) this.#body.replaceChildren(...skeletons([90, 70, 80]));
    try {
      const described = await describedLayers(this.page.config.addresses);
      if (mine !== this.#asked) return;
      /** @type {Answer} */
      const found = await askJson(address, { signal: mine.signal });
      if (mine !== this.#asked) return;
      this.#matched = found.numberMatched ?? counted ?? this.#matched;
      this.#take(name, found, described.get(name)?.fields ?? []);
    } catch (error) {
      if (!isAborted(error) && mine === this.#asked) this.#fail(error, name);
    } finally {
      if (mine === this.#asked) this.#drawer.removeAttribute("aria-busy");
    }
  }

  /**
   * @param {string} name
   * @param {Answer} found
   * @param {Field[]} fields
   */
  #take(name, { next, measures = [], features }, fields) {
    this.#isCountOld = false;
    this.#cursor = next ? new URL(next, location.href).searchParams.get("cursor") : null;
    this.columns.take(
      name,
      fields,
      measures.map((measure) => ({ ...measure, decimals: 2 })),
    );
    this.rows.take(features);
    this.#draw();
  }

  /**
   * @param {unknown} error
   * @param {string} name
   */
  #fail(error, name) {
    if (error instanceof AskError && error.details?.name === "sort" && this.#sorts[name]) {
      delete this.#sorts[name]; // by the distance from a place that is no longer asked for
      this.#restart();
      return;
    }
    this.rows.shownFor = "";
    byId("table-count").textContent = "";
    const text = saidOf(error, t("The table could not be loaded. Check the connection and try again."));
    this.#body.replaceChildren(element("p", { class: "table-message" }, ...failure(error, text, () => this.#load())));
  }

  /**
   * @param {string} name
   * @param {string} by
   */
  #sort(name, by) {
    this.#sorts[name] = by;
    this.#cursors = [""];
    this.#page = 0;
    this.#load();
  }

  /** @param {number} step */
  #turn(step) {
    if (step > 0 && this.#cursor) this.#cursors[this.#page + 1] = this.#cursor;
    this.#page += step;
    this.#body.scrollTop = 0;
    this.#load();
  }

  #startPages() {
    const { state } = this;
    this.#back.addEventListener("click", () => this.#turn(-1));
    this.#next.addEventListener("click", () => this.#turn(1));
    this.#here.addEventListener("change", () => state.update({ here: this.#here.checked }, { push: true }));
    this.#here.checked = state.here;
    let wasHere = state.here;
    state.on("here", () => {
      if (wasHere === state.here) return;
      wasHere = this.#here.checked = state.here;
      if (state.table && !state.charts) this.#restart();
    });
    this.page.map.on("moveend", () => {
      if (state.table && this.#here.checked && !state.charts) this.#restart();
    });
  }

  /* --- what is shown -------------------------------------------------------------------------- */

  #draw() {
    const count = this.rows.count;
    const first = this.#page * PAGE_SIZE;
    const span = { first: number(first + 1), last: number(first + count), count: number(this.#matched ?? count) };
    byId("table-count").textContent = count ? t("{first}–{last} of {count}", span) : "";
    this.#back.disabled = this.#page === 0;
    this.#next.disabled = !this.#cursor;
    this.columns.drawMenu();
    this.rows.draw(() => emptyTable(this.state, this.columns.layer, this.#here.checked));
  }

  /** Files of the same filters. */
  #linkExports() {
    const name = this.state.table ?? "";
    const filters = this.#filters();
    for (const link of findAll("[data-export]", this.#drawer)) {
      const asking = new URLSearchParams(filters);
      const format = link.dataset.export ?? "";
      asking.set("format", format);
      if (link.dataset.heads) {
        asking.set("heads", link.dataset.heads);
        asking.set(
          "columns",
          this.columns
            .chosen()
            .map((field) => field.name)
            .join(","),
        );
        if (this.#sorts[name]) asking.set("sort", this.#sorts[name]);
      }
      if (this.#crs.value && format !== "kml") asking.set("crs", this.#crs.value);
      link.setAttribute("href", `${this.page.config.addresses.export.replace("{layer}", name)}?${asking}`);
    }
  }
}

/** @param {MapPage} page */
export function startTable(page) {
  new Table(page).start();
}
