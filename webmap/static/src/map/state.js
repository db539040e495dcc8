/* What the page shows, kept in the address so that it can be shared. Everything that changes the page goes through
   update(); listeners get the names of what changed. */
import { findAll } from "../lib/find.js";
import { ALL, isUsual, readAddress, valuesOf, writeAddress } from "./address.js";
/** @import { Opening, Pair, Shown } from "./address.js" */

export { ALL } from "./address.js";

/** @typedef {keyof Shown} Part */

const BY_ADDRESS = /** @type {Part[]} */ ([
  "view",
  "layers",
  "filters",
  "selection",
  "fade",
  "table",
  "charts",
  "here",
  "compare",
  "grid",
  "over",
  "notes",
]);

export class State extends EventTarget {
  /** @param {Opening} opensWith layer -> field -> the values shown when the address does not say */
  constructor(opensWith) {
    super();
    /** @type {Opening} */
    this.opensWith = { [ALL]: {}, ...opensWith };
    /** @type {Shown} */
    this.shown = readAddress(new URLSearchParams(location.search), this.opensWith);
    window.addEventListener("popstate", () => this.#read());
  }

  #read() {
    this.shown = readAddress(new URLSearchParams(location.search), this.opensWith);
    this.tell(BY_ADDRESS);
  }

  /**
   * Show what another address of this page says; the step before can be gone back to.
   *
   * @param {string} address
   */
  go(address) {
    history.pushState(null, "", address);
    this.#read();
    this.#write(false);
  }

  get view() {
    return this.shown.view;
  }
  get layers() {
    return this.shown.layers;
  }
  get over() {
    return this.shown.over;
  }
  get notes() {
    return this.shown.notes;
  }
  get fade() {
    return this.shown.fade;
  }
  get filters() {
    return this.shown.filters;
  }
  get selection() {
    return this.shown.selection;
  }
  get panel() {
    return this.shown.panel;
  }
  get act() {
    return this.shown.act;
  }
  get table() {
    return this.shown.table;
  }
  get charts() {
    return this.shown.charts;
  }
  get here() {
    return this.shown.here;
  }
  get measure() {
    return this.shown.measure;
  }
  get grid() {
    return this.shown.grid;
  }
  /** The sheet that the address asks for. */
  get asked() {
    return { sheet: this.shown.sheet, title: this.shown.title };
  }
  get compare() {
    return this.shown.compare;
  }

  /**
   * The values a filter of a layer lists, or null when the field is not filtered.
   *
   * @param {string} layer
   * @param {string} field
   */
  filter(layer, field) {
    return valuesOf(this.filters[layer], field);
  }

  /**
   * @param {string} layer
   * @param {string} field
   * @param {string[] | null} values
   */
  setFilter(layer, field, values) {
    const others = (this.filters[layer] || []).filter(([name]) => name !== field);
    const own = (values || []).map((value) => /** @type {Pair} */ ([field, value]));
    this.update({ filters: { ...this.filters, [layer]: [...others, ...own] } }, { push: true });
  }

  /**
   * Whether a field shows what it opens with: no filter worth telling.
   *
   * @param {string} layer
   * @param {string} field
   */
  isUsual(layer, field) {
    return isUsual(this.filters, this.opensWith, layer, field);
  }

  /**
   * Filter a field by what its layer opens with.
   *
   * @param {string} layer
   * @param {string} field
   */
  resetFilter(layer, field) {
    this.setFilter(layer, field, this.opensWith[layer][field] || []);
  }

  /**
   * The fields of a layer that are filtered otherwise than when it opens.
   *
   * @param {string} layer
   */
  filtered(layer) {
    const own = (this.filters[layer] || []).map(([field]) => field);
    const fields = new Set([...own, ...Object.keys(this.opensWith[layer])]);
    return [...fields].filter((field) => !this.isUsual(layer, field));
  }

  /**
   * What a layer is filtered by when its filters are cleared.
   *
   * @param {string} layer
   * @returns {Pair[]}
   */
  usual(layer) {
    return Object.entries(this.opensWith[layer]).flatMap(([field, values]) =>
      values.map((value) => /** @type {Pair} */ ([field, value])),
    );
  }

  clearFilters() {
    const filters = Object.fromEntries(Object.keys(this.opensWith).map((scope) => [scope, this.usual(scope)]));
    this.update({ filters }, { push: true });
  }

  /**
   * All that filters a layer: its own filters, and those of every layer for what it does not say itself.
   *
   * @param {string} layer
   */
  pairs(layer) {
    const own = this.filters[layer] || [];
    const said = new Set(own.map(([field]) => field));
    return [...own, ...(this.filters[ALL] || []).filter(([field]) => !said.has(field))];
  }

  /** @param {string} layer */
  filterQuery(layer) {
    return new URLSearchParams(this.pairs(layer)).toString();
  }

  /**
   * @param {Partial<Shown>} changes
   * @param {{ push?: boolean }} options push: the step before can be gone back to
   */
  update(changes, { push = false } = {}) {
    Object.assign(this.shown, changes);
    this.#write(push);
    this.tell(/** @type {Part[]} */ (Object.keys(changes)));
  }

  /** @param {Part[]} names */
  tell(names) {
    this.dispatchEvent(new CustomEvent("change", { detail: new Set(names) }));
  }

  /**
   * @param {Part} name
   * @param {() => unknown} listener
   */
  on(name, listener) {
    this.addEventListener("change", (event) => {
      if (/** @type {CustomEvent<Set<Part>>} */ (event).detail.has(name)) listener();
    });
  }

  address() {
    const text = writeAddress(this.shown, this.opensWith, new URLSearchParams(location.search));
    return location.pathname + (text && "?" + text);
  }

  /** @param {boolean} push */
  #write(push) {
    const address = this.address();
    if (address !== location.pathname + location.search) {
      history[push ? "pushState" : "replaceState"](null, "", address);
    }
    for (const link of findAll("[data-language]")) {
      const url = new URL(address, location.href);
      url.searchParams.set("lang", link.dataset.language ?? "");
      link.setAttribute("href", url.pathname + url.search);
    }
    for (const link of findAll('[data-keep-place="next"]')) {
      const url = new URL(link.getAttribute("href") ?? "", location.href);
      url.searchParams.set("next", address);
      link.setAttribute("href", url.pathname + url.search);
    }
  }
}
