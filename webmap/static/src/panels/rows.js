/* The table's rows: sorted by a click on a column's head, shown on the map by a click, the selected one marked. */
import { askJson } from "../lib/ask.js";
import { findAll } from "../lib/find.js";
import { element, icon, t } from "../lib/texts.js";
import { ALL } from "../map/state.js";
import { written } from "./describe.js";
import { isPhone } from "./panel.js";
/** @import { MapPage } from "../map/types" */
/** @import { State } from "../map/state.js" */
/** @import { Columns } from "./columns.js" */
/** @import { Field, Row } from "./types" */

/**
 * What the rows ask of the drawer. A sort is "field", "-field" or nothing.
 *
 * @typedef {object} Drawer
 * @property {HTMLElement} body
 * @property {() => void} close
 * @property {(name: string) => string} sortOf
 * @property {(name: string, by: string) => void} sort
 */

const isNumber = (/** @type {Field} */ { type, values }) => (type === "integer" || type === "number") && !values;

export class Rows {
  /** @type {Row[]} */
  #rows = [];
  /** The layer whose rows are shown. */
  shownFor = "";

  /**
   * @param {MapPage} page
   * @param {Columns} columns
   * @param {Drawer} drawer
   */
  constructor(page, columns, drawer) {
    this.page = page;
    this.columns = columns;
    this.drawer = drawer;
  }

  get count() {
    return this.#rows.length;
  }

  /** @param {Row[]} rows */
  take(rows) {
    this.#rows = rows;
  }

  /** @param {() => (Node | string)[]} empty what to say when there is no row */
  draw(empty) {
    const { body } = this.drawer;
    const focused = body.contains(document.activeElement) ? document.activeElement : null;
    const sorted = focused instanceof HTMLElement ? focused.dataset.sort : undefined;
    this.shownFor = this.columns.layer;
    if (!this.#rows.length) {
      body.replaceChildren(element("p", { class: "table-message" }, ...empty()));
      return;
    }
    const columns = this.columns.chosen();
    const head = element("tr", {}, ...columns.map((field) => this.#heading(field)));
    const lines = this.#rows.map((row) => this.#line(row, columns));
    const parts = [element("thead", {}, head), element("tbody", {}, ...lines)];
    body.replaceChildren(element("table", { class: "table table-sm table-hover" }, ...parts));
    document.dispatchEvent(new CustomEvent("webmap:table", { detail: { layer: this.shownFor, body } }));
    const again = sorted ? body.querySelector(`[data-sort="${CSS.escape(sorted)}"]`) : null;
    if (again instanceof HTMLElement) again.focus({ preventScroll: true });
    this.mark();
  }

  /** @param {Field} field */
  #heading(field) {
    const name = this.shownFor;
    const sort = this.drawer.sortOf(name);
    const isUp = sort === field.name;
    const isDown = sort === "-" + field.name;
    const next = isUp ? "-" + field.name : isDown ? "" : field.name;
    const unit = field.unit ? element("span", { class: "unit" }, ` (${field.unit})`) : null;
    const sign = isUp ? icon("sort-down-alt") : isDown ? icon("sort-down") : null;
    const click = () => this.drawer.sort(name, next);
    const button = element("button", { type: "button", "data-sort": field.name, click }, field.label, unit, sign);
    const way = isUp ? "ascending" : isDown ? "descending" : "none";
    return element("th", { scope: "col", class: isNumber(field) ? "is-number" : null, "aria-sort": way }, button);
  }

  /**
   * @param {Row} row
   * @param {Field[]} columns
   */
  #line(row, columns) {
    const name = this.shownFor;
    const click = () => {
      this.page.selection.show({ layer: name, id: row.id }, { fly: true });
      if (isPhone()) this.drawer.close(); // the map shows it
    };
    const cells = columns.map((field, index) => {
      const text = written(field, row.properties[field.name]);
      const about = { "data-field": field.name };
      if (index) return element("td", { ...about, class: isNumber(field) ? "is-number" : null }, text);
      return element(
        "th",
        { ...about, scope: "row" },
        element("button", { class: "row-button", type: "button" }, text || "–"),
      );
    });
    return element("tr", { "data-id": row.id, click }, ...cells);
  }

  /** The row of the selected object; when it is on another page, a copy of it on top. */
  mark() {
    const { body } = this.drawer;
    const { layer, id } = this.page.state.selection ?? {};
    const isHere = layer === this.shownFor;
    const pinned = body.querySelector("tr.is-pinned");
    if (pinned instanceof HTMLElement && (!isHere || pinned.dataset.id !== String(id))) pinned.remove();
    if (isHere && id !== undefined && !this.#rowOf(id)) this.#pin(id);
    for (const row of findAll("tr[data-id]", body)) {
      const isSelected = isHere && row.dataset.id === String(id);
      if (isSelected && !row.classList.contains("is-selected")) row.scrollIntoView({ block: "nearest" });
      row.classList.toggle("is-selected", isSelected);
      if (isSelected) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }

  /** @param {number} id */
  #rowOf(id) {
    return this.drawer.body.querySelector(`tr[data-id="${id}"]`);
  }

  /** @param {number} id */
  async #pin(id) {
    const name = this.shownFor;
    const address = this.page.config.addresses.feature.replace("{layer}", name).replace("{id}", String(id));
    /** @type {Row | null} */
    const row = await askJson(address).catch(() => null);
    const chosen = this.page.state.selection;
    const isWanted = row && this.shownFor === name && chosen?.layer === name && chosen.id === id;
    const list = this.drawer.body.querySelector("tbody");
    if (!isWanted || this.#rowOf(id) || !list) return;
    const made = this.#line(row, this.columns.chosen());
    made.classList.add("is-pinned");
    made.title = t("The selected object; it is not on this page of the table.");
    list.prepend(made);
    this.drawer.body.scrollTop = 0;
    this.mark();
  }
}

/**
 * @param {State} state
 * @param {string} name
 */
export const isFiltered = (state, name) => state.filtered(name).length + state.filtered(ALL).length > 0;

/**
 * A button in a sentence that says why nothing is listed.
 *
 * @param {string} label
 * @param {() => void} click
 */
export const wayOut = (label, click) =>
  element("button", { class: "btn btn-sm btn-outline-primary", type: "button", click }, label);

/**
 * Why the table is empty, and the way out.
 *
 * @param {State} state
 * @param {string} name
 * @param {boolean} isHere
 * @returns {(Node | string)[]}
 */
export function emptyTable(state, name, isHere) {
  if (isHere) {
    const whole = () => state.update({ here: false }, { push: true });
    return [t("No object on the visible map."), " ", wayOut(t("List the whole layer"), whole)];
  }
  if (!isFiltered(state, name)) return [t("This layer has no objects yet.")];
  return [t("No object matches the filters."), " ", wayOut(t("Clear filters"), () => state.clearFilters())];
}
