/* Areas to be inside of: found by name as the search finds them, old ones too; several mean “or”. */
import { askJson } from "../lib/ask.js";
import { element, t } from "../lib/texts.js";
import { showExtent } from "../map/home.js";
import { ALL } from "../map/state.js";
/** @import { Tools } from "./filters.js" */
/** @import { AreaHit, Described, Row } from "./types" */

const PAUSE = 180; // ms after the last letter
const MOST = 30;

/**
 * An area that is offered. `note` tells it from others of its name; `extent`: west, south, east, north in degrees.
 *
 * @typedef {{ value: string, label: string, note: string, extent: [number, number, number, number] | null }} Offer
 */

export class AreaField {
  /** @type {Offer[]} */
  #found = [];
  #current = -1;
  #waiting = 0;
  #latest = 0;

  /**
   * @param {Tools} tools
   * @param {Described} area
   * @param {string} scope a layer, or all of them
   * @param {HTMLElement} standing
   */
  constructor({ page, state }, area, scope, standing) {
    this.field = area.selects_as ?? "";
    this.scope = scope;
    this.page = page;
    this.area = area;
    this.state = state;
    this.standing = standing;
    this.id = `areas-${scope === ALL ? "" : scope + "-"}${this.field}`;
    const { id } = this;
    this.list = element("ul", { class: "area-hits", id, role: "listbox", "aria-label": area.singular, hidden: true });
    this.box = element("input", {
      class: "form-control form-control-sm",
      type: "text",
      id: `filter-${scope}-${this.field}`,
      role: "combobox",
      "aria-expanded": "false",
      "aria-controls": id,
      "aria-autocomplete": "list",
      autocomplete: "off",
      placeholder: t("Add by name"),
      maxlength: 100,
      input: () => {
        clearTimeout(this.#waiting);
        this.#waiting = setTimeout(() => this.#ask(), PAUSE);
      },
      focus: () => this.#ask(),
      blur: () => {
        this.#latest++;
        this.#close();
      },
      keydown: (/** @type {KeyboardEvent} */ event) => this.#steer(event),
    });
  }

  made() {
    const label = element("label", { for: this.box.id }, this.area.singular);
    return element("div", { class: "filter-field area-field" }, label, this.standing, this.box, this.list);
  }

  #close() {
    this.list.hidden = true;
    this.box.setAttribute("aria-expanded", "false");
    this.box.removeAttribute("aria-activedescendant");
  }

  /** @param {number} index */
  #mark(index) {
    this.#current = index;
    [...this.list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === index)));
    const item = this.list.children[index];
    if (!item?.id) return;
    this.box.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} index */
  #take(index) {
    const { value, extent } = this.#found[index];
    const { state, scope, field } = this;
    this.box.value = "";
    this.#close();
    state.setFilter(scope, field, [...new Set([...(state.filter(scope, field) ?? []), value])]);
    if (extent) showExtent(this.page.map, extent);
  }

  async #ask() {
    const mine = ++this.#latest;
    const text = this.box.value.trim();
    const found = await (text ? this.#search(text) : this.#listed()).catch(() => null);
    if (mine !== this.#latest) return;
    this.#found = found ?? [];
    const items = this.#found.map((offer, i) => this.#item(offer, i));
    const lost = t("The search did not answer. Check the connection and try again.");
    const empty = element("li", { class: "empty" }, found ? t("No area of that name.") : lost);
    this.list.replaceChildren(...(items.length ? items : [empty]));
    this.list.hidden = false;
    this.box.setAttribute("aria-expanded", "true");
    this.list.scrollIntoView({ block: "nearest" }); // the sheet of a phone is low
    this.#mark(items.length && text ? 0 : -1);
  }

  /**
   * @param {string} text
   * @returns {Promise<Offer[]>}
   */
  async #search(text) {
    const query = new URLSearchParams({ layer: this.area.name, limit: String(MOST), q: text });
    /** @type {{ hits: AreaHit[] }} */
    const { hits } = await askJson(`${this.page.config.addresses.search}?${query}`);
    return hits.map((hit) => ({
      value: hit.ended_on ? `id:${hit.id}` : hit.code, // former ones share codes
      label: hit.label,
      note: hit.code,
      extent: hit.bbox,
    }));
  }

  /** @returns {Promise<Offer[]>} */
  async #listed() {
    const query = new URLSearchParams({ geometry: "false", count: "false", limit: String(MOST), sort: "name" });
    const address = this.page.config.addresses.features.replace("{layer}", this.area.name);
    /** @type {{ features: Row[] }} */
    const { features } = await askJson(`${address}?${query}`);
    return features.map(({ id, properties }) => ({
      value: properties.valid_to ? `id:${id}` : String(properties.code),
      label: String(properties.name),
      note: this.#labels(properties),
      extent: null,
    }));
  }

  /** @param {Row["properties"]} properties */
  #labels(properties) {
    const labels = this.area.fields.flatMap(({ name, values }) => {
      const label = values?.find(({ value }) => value === properties[name])?.label;
      return label ? [label] : [];
    });
    return labels.slice(0, 2).join(" · ");
  }

  /**
   * @param {Offer} offer
   * @param {number} i
   */
  #item({ label, note }, i) {
    const keep = (/** @type {Event} */ event) => event.preventDefault(); // the box keeps the focus
    const attributes = { role: "option", id: `${this.id}-${i}`, "aria-selected": "false", mousedown: keep };
    const text = [element("strong", {}, label), element("span", {}, note)];
    return element("li", { ...attributes, click: () => this.#take(i) }, ...text);
  }

  /** @param {KeyboardEvent} event */
  #steer(event) {
    const count = this.#found.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : count - (this.#current < 0 ? 0 : 1);
      if (this.list.hidden) this.#ask();
      else if (count) this.#mark((this.#current + step) % count);
    } else if (this.list.hidden) {
      return;
    } else if (event.key === "Enter" && this.#found[this.#current]) {
      event.preventDefault();
      this.#take(this.#current);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    }
  }
}
