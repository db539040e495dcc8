/* The filters in force as the server's sentences, each with its way out; clear, undo; what to do when nothing matches. */
import { byId, find, target } from "../lib/find.js";
import { clear as clearNotice, notice } from "../lib/notices.js";
import { element, icon, t } from "../lib/texts.js";
import { isOn } from "../map/layers.js";
import { ALL } from "../map/state.js";
import { zoomToResult } from "./zoomto.js";
/** @import { MvtLayer } from "../map/mvtlayer.js" */
/** @import { State } from "../map/state.js" */
/** @import { OpenedPage } from "../map/types" */

/** @typedef {{ scope: string, field: string, title: string, text: string }} Chip */

const SHARED = ["year", "plan"]; // set for several layers at once: one chip, one way out
const MOST = 50; // steps that can be undone
const TYPED = "input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]";

class Chips {
  #box = byId("chips");
  /** @type {string[]} */
  #past = [];
  /** @type {Set<string>} */
  #known = new Set();
  /** @type {Chip | undefined} */
  #latest;

  /**
   * @param {OpenedPage} page
   * @param {State} state
   */
  constructor(page, state) {
    this.page = page;
    this.layers = page.layers;
    this.state = state;
    this.before = JSON.stringify(state.filters);
  }

  start() {
    const draw = () => this.draw();
    this.state.on("filters", () => {
      this.#remember();
      draw();
    });
    this.state.on("layers", draw);
    document.addEventListener("counted", draw); // the sentences come with the counts
    document.addEventListener("keydown", (event) => {
      const isUndo = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
      if (!isUndo || target(event).matches(TYPED) || !this.#past.length) return;
      event.preventDefault();
      this.undo();
    });
    draw();
  }

  #remember() {
    const now = JSON.stringify(this.state.filters);
    if (now === this.before) return;
    this.#past.push(this.before);
    if (this.#past.length > MOST) this.#past.shift();
    this.before = now;
  }

  /** Every filter that is not what a layer opens with. */
  inForce() {
    const own = this.layers.flatMap((layer) => this.#own(layer));
    const isFirst = (/** @type {Chip} */ { scope, field }, /** @type {number} */ i) =>
      !SHARED.includes(field) ||
      own.findIndex((other) => other.field === field && this.#isSame(other.scope, scope, field)) === i;
    const isMany = (/** @type {Chip} */ { field }) =>
      SHARED.includes(field) && own.filter((other) => other.field === field).length > 1;
    const once = own.filter(isFirst).map((chip) => (isMany(chip) ? { ...chip, title: "" } : chip));
    return [...this.#shared(), ...once];
  }

  /**
   * @param {MvtLayer} layer
   * @returns {Chip[]}
   */
  #own({ spec, counted }) {
    return this.state.filtered(spec.name).map((field) => {
      const text = counted?.sentences.find((sentence) => sentence.name === field)?.text ?? "";
      return { scope: spec.name, field, title: spec.title, text };
    });
  }

  /** @returns {Chip[]} */
  #shared() {
    const sentences = this.layers.flatMap((layer) => layer.counted?.sentences ?? []);
    return this.state.filtered(ALL).map((field) => {
      const said = sentences.find((sentence) => sentence.name === field)?.text;
      const quoted = field === "q" ? `“${this.state.filter(ALL, field)?.[0]}”` : "";
      return { scope: ALL, field, title: "", text: said || quoted };
    });
  }

  /**
   * @param {string} one
   * @param {string} other
   * @param {string} field
   */
  #isSame(one, other, field) {
    return String(this.state.filter(one, field)) === String(this.state.filter(other, field));
  }

  /** @param {Chip} chip */
  remove({ scope, field }) {
    const { state } = this;
    if (!SHARED.includes(field)) {
      state.resetFilter(scope, field);
      return;
    }
    const kept = Object.entries(state.filters).map(([name, pairs]) => {
      const isAlike = this.#isSame(name, scope, field);
      return [name, isAlike ? pairs.filter(([other]) => other !== field) : pairs];
    });
    state.update({ filters: Object.fromEntries(kept) }, { push: true });
  }

  undo() {
    const last = this.#past.pop();
    if (last === undefined) return;
    this.before = last;
    this.state.update({ filters: JSON.parse(last) }, { push: true });
  }

  draw() {
    const chips = this.inForce();
    const nameOf = (/** @type {Chip} */ { scope, field }) => `${scope}.${field}`;
    const added = chips.find((chip) => !this.#known.has(nameOf(chip)));
    const same = chips.find((chip) => this.#latest && nameOf(chip) === nameOf(this.#latest));
    this.#latest = added || same || chips.at(-1);
    this.#known = new Set(chips.map(nameOf));
    const hadFocus = this.#box.contains(document.activeElement);
    this.#box.replaceChildren(...chips.map((chip) => this.#chip(chip)));
    if (chips.length) {
      const attributes = { class: "chip-action", type: "button", "data-clear-filters": true };
      this.#box.append(
        element("button", { ...attributes, click: () => this.state.clearFilters() }, t("Clear filters")),
      );
      this.#box.append(this.#zoomButton(chips));
    }
    if (this.#past.length) {
      const attributes = { class: "chip-action", type: "button", "data-undo": true, title: "Ctrl+Z" };
      const content = [icon("arrow-counterclockwise"), " ", t("Undo")];
      this.#box.append(element("button", { ...attributes, click: () => this.undo() }, ...content));
    }
    if (hadFocus) (this.#box.querySelector("button") || find(".folium-map")).focus({ preventScroll: true });
    this.#offerWayOut(chips);
  }

  /**
   * To what is found: of the layers that are filtered by themselves, else of all that are on.
   *
   * @param {Chip[]} chips
   */
  #zoomButton(chips) {
    const own = new Set(chips.map(({ scope }) => scope).filter((scope) => scope !== ALL));
    const shown = this.layers.filter(isOn).map(({ spec }) => spec.name);
    const filtered = shown.filter((name) => own.has(name));
    const click = () => zoomToResult(this.page, this.state, filtered.length ? filtered : shown);
    const content = [icon("bounding-box"), " ", t("Zoom to the result")];
    return element("button", { class: "chip-action", type: "button", "data-zoom-result": true, click }, ...content);
  }

  /** @param {Chip} chip */
  #chip(chip) {
    const title = chip.title ? element("b", {}, chip.title + ": ") : null;
    const close = element("button", {
      class: "btn-close",
      type: "button",
      "aria-label": t("Remove the filter “{filter}”", { filter: chip.text }),
      click: () => this.remove(chip),
    });
    return element("span", { class: "chip" }, element("span", {}, title, chip.text || "…"), close);
  }

  /**
   * Nothing matches: say so and offer to drop the filter that was set last.
   *
   * @param {Chip[]} chips
   */
  #offerWayOut(chips) {
    const isAsked = (/** @type {MvtLayer} */ { spec, counted }) => counted?.query === this.state.filterQuery(spec.name);
    const shown = this.layers.filter((layer) => isOn(layer) && isAsked(layer));
    const isShared = chips.some(({ scope }) => scope === ALL);
    const isFiltered = (/** @type {MvtLayer} */ { spec }) => chips.some(({ scope }) => scope === spec.name);
    const empty = shown.filter((layer) => layer.counted?.numberMatched === 0 && (isShared || isFiltered(layer)));
    const own = empty.find(isFiltered);
    const isEverything = empty.length > 0 && empty.length === shown.length;
    if (!isEverything && !own) {
      clearNotice("empty");
      return;
    }
    const candidates = chips.filter(({ scope }) => isEverything || scope === own?.spec.name || scope === ALL);
    const drop = candidates.find((chip) => chip === this.#latest) ?? candidates.at(-1);
    if (!drop?.text) return;
    const text = t("No object matches the filters. Remove “{filter}”?", { filter: drop.text });
    const action = () => this.remove(drop);
    notice("empty", isEverything || !own ? text : `${own.spec.title}: ${text}`, { label: t("Remove filter"), action });
  }
}

/**
 * @param {OpenedPage} page
 * @param {State} state
 */
export function startChips(page, state) {
  new Chips(page, state).start();
}
