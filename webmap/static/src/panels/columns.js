/* Which columns the table shows: the field's own choice for each layer, kept in this browser, and the menu that makes it. */
import { byId } from "../lib/find.js";
import { element } from "../lib/texts.js";
/** @import { OpenedPage } from "../map/types" */
/** @import { Field } from "./types" */

const USUAL = 8;
const HIDDEN_MEASURES = "webmap-hidden-measures"; // measures come and go with the filters: shown in all layers until hidden
const keyOf = (/** @type {string} */ layer) => "webmap-columns-" + layer;

/**
 * What this browser keeps under a name: a list of names, or nothing.
 *
 * @param {string} key
 * @returns {string[]}
 */
function read(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return []; // kept by nobody else: start anew
  }
}

/**
 * @param {string} key
 * @param {string[]} names
 */
function keep(key, names) {
  try {
    localStorage.setItem(key, JSON.stringify(names));
  } catch {
    /* not kept, still shown */
  }
}

export class Columns {
  /** @type {Field[]} */
  #fields = [];
  /** @type {Field[]} */
  #measures = [];
  layer = "";

  /**
   * @param {OpenedPage} page
   * @param {() => void} changed
   */
  constructor({ layers }, changed) {
    this.layers = layers;
    this.changed = changed;
  }

  /**
   * @param {string} layer
   * @param {Field[]} fields
   * @param {Field[]} measures
   */
  take(layer, fields, measures) {
    this.layer = layer;
    this.#fields = fields;
    this.#measures = measures;
  }

  chosen() {
    const kept = read(keyOf(this.layer));
    const found = this.#fields.filter((field) => kept.includes(field.name));
    const hidden = read(HIDDEN_MEASURES);
    const measures = this.#measures.filter((measure) => !hidden.includes(measure.name));
    return this.#inOrder([...(found.length ? found : this.#usual()), ...measures]);
  }

  /** The name first, then what the symbol shows, then what can be filtered. */
  #usual() {
    const spec = this.layers.find((layer) => layer.spec.name === this.layer)?.spec;
    const shaping = (spec?.style.variations ?? []).map(({ field }) => field);
    const rank = (/** @type {Field} */ { name, filter }) => {
      const first = ["name", "code"].indexOf(name);
      if (first >= 0) return first;
      if (shaping.includes(name)) return 2;
      if (name === "address") return 3;
      return filter ? 4 : 5;
    };
    return [...this.#fields].sort((a, b) => rank(a) - rank(b)).slice(0, USUAL);
  }

  /**
   * The name, then what is measured for the place asked for.
   *
   * @param {Field[]} some
   */
  #inOrder(some) {
    const rank = (/** @type {Field} */ field) => (field.name === "name" ? 0 : this.#measures.includes(field) ? 1 : 2);
    return [...some].sort((a, b) => rank(a) - rank(b));
  }

  drawMenu() {
    const menu = byId("column-menu");
    const offers = [this.layer, ...this.#measures.map((measure) => measure.name)].join();
    if (menu.dataset.offers === offers) return;
    menu.dataset.offers = offers;
    const chosen = new Set(this.chosen().map((field) => field.name));
    menu.replaceChildren(
      ...this.#inOrder([...this.#fields, ...this.#measures]).map((field) => this.#choice(field, chosen)),
    );
  }

  /**
   * @param {Field} field
   * @param {Set<string>} chosen
   */
  #choice(field, chosen) {
    const id = `column-${field.name}`;
    const change = () => {
      box.checked = this.#choose(field, box.checked, chosen);
      this.changed();
    };
    /** @type {HTMLInputElement} */
    const box = element("input", { class: "form-check-input", type: "checkbox", id, change });
    box.checked = chosen.has(field.name);
    const label = element("label", { class: "form-check-label", for: id }, field.label);
    return element("div", { class: "form-check" }, box, label);
  }

  /**
   * Show or hide a column; one of the layer's own stays. Returns whether it is shown.
   *
   * @param {Field} field
   * @param {boolean} wanted
   * @param {Set<string>} chosen
   */
  #choose(field, wanted, chosen) {
    const { name } = field;
    const measured = this.#measures.map((measure) => measure.name);
    const own = () => [...chosen].filter((one) => !measured.includes(one));
    if (wanted) chosen.add(name);
    else chosen.delete(name);
    if (!own().length) chosen.add(name);
    const isShown = chosen.has(name);
    if (measured.includes(name)) {
      const others = read(HIDDEN_MEASURES).filter((one) => one !== name);
      keep(HIDDEN_MEASURES, isShown ? others : [...others, name]);
    } else keep(keyOf(this.layer), own());
    return isShown;
  }
}
