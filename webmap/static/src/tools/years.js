/* “By the year N”: what exists, is being built and is planned, on the map and in numbers; what comes by then. */
import { failure } from "../lib/notices.js";
import { element, icon, number, t } from "../lib/texts.js";
import { button } from "./measure.js";
import { changesList, markChanges } from "./yearchanges.js";
import { askYears, signed, total } from "./yearcounts.js";
import { applyYear, chosenYear } from "./yearfilter.js";
/** @import { MapPage } from "../map/types" */
/** @import { Count, Years as Answer } from "./yearcounts.js" */

const BACK = 30; // years that the slider reaches back at most
const AHEAD = 10; // years that it reaches forward at least
const WAIT = 250; // ms after a move until the map follows

class Years {
  #slider = element("input", {
    class: "form-range",
    type: "range",
    id: "year-slider",
    "aria-label": t("Year"),
    input: () => this.#moved(false),
    change: () => this.#moved(true),
  });
  #value = element("output", { class: "tool-value", for: "year-slider" });
  #table = element("div", { class: "year-table" });
  #changes = element("div", {});
  /** @type {L.LayerGroup | null} */
  #marks = null;
  #note = element("p", { class: "tool-detail", role: "status" });
  /** @type {string[]} the layers that know years */
  #names = [];
  #thisYear = new Date().getFullYear();
  #timer = 0;
  #turn = 0;

  /**
   * @param {MapPage} page
   * @param {() => void} leave
   */
  constructor(page, leave) {
    this.page = page;
    this.leave = leave;
  }

  /** @param {HTMLElement} body */
  start(body) {
    const back = button("btn-outline-secondary", t("Remove the year"), () => {
      this.#apply(null, true);
      this.leave();
    });
    const compare = button("btn-outline-primary", t("Compare two years"), () => this.#beside());
    compare.prepend(icon("layout-split"), " ");
    this.page.state.on("filters", () => this.#names.length && this.#showYear());
    const actions = element("div", { class: "tool-actions" }, compare, back);
    body.append(this.#value, this.#slider, this.#table, this.#changes, this.#note, actions);
    this.#begin();
  }

  close() {
    clearTimeout(this.#timer);
    this.#marks?.remove();
    this.#turn++;
    this.#names = [];
  }

  /** Today beside the chosen year, or beside the last one the data name. */
  #beside() {
    const chosen = Number(this.#slider.value);
    const then = chosen === this.#thisYear ? Number(this.#slider.max) : chosen;
    const years = [this.#thisYear, then];
    this.#apply(null, false);
    this.leave();
    this.page.state.update({ compare: { years, plans: ["", ""], grids: ["", ""] } }, { push: true });
  }

  /**
   * @param {unknown} error
   * @param {() => void} retry
   */
  #fail(error, retry) {
    const text = t("The numbers could not be loaded. Check the connection and try again.");
    this.#note.replaceChildren(...failure(error, text, retry));
  }

  async #begin() {
    try {
      const found = await askYears(this.page, [new Date().getFullYear()]);
      const spans = found.layers.flatMap(({ span }) => (span ? [span] : []));
      this.#names = found.layers.map((layer) => layer.name);
      this.#thisYear = found.this_year;
      const first = Math.min(this.#thisYear, ...spans.map(([low]) => low));
      this.#slider.min = String(Math.max(this.#thisYear - BACK, first));
      this.#slider.max = String(Math.max(this.#thisYear + AHEAD, ...spans.map(([, high]) => high)));
      this.#slider.value = String(chosenYear(this.page) ?? this.#thisYear);
      this.#note.textContent = "";
      this.#showYear();
    } catch (error) {
      this.#fail(error, () => this.#begin());
    }
  }

  /** @param {boolean} isLast */
  #moved(isLast) {
    this.#value.textContent = t("Year {year}", { year: this.#slider.value });
    clearTimeout(this.#timer);
    const follow = () => {
      this.#apply(this.#slider.value, isLast);
      this.#showYear();
    };
    this.#timer = setTimeout(follow, isLast ? 0 : WAIT);
  }

  /**
   * Filter every layer that knows years, and show those that are off.
   *
   * @param {string | null} year
   * @param {boolean} push
   */
  #apply(year, push) {
    applyYear(this.page, this.#names, year, push);
  }

  async #showYear() {
    const year = Number(this.#slider.value);
    const mine = ++this.#turn;
    this.#value.textContent = t("Year {year}", { year });
    try {
      const found = await askYears(this.page, [this.#thisYear, year]);
      if (mine !== this.#turn) return;
      this.#table.replaceChildren(this.#numbers(found));
      this.#showChanges(found);
      this.#note.textContent = t("Plans without a year and what has ended are left out.");
    } catch (error) {
      if (mine === this.#turn) this.#fail(error, () => this.#showYear());
    }
  }

  /** @param {Answer} found */
  #showChanges(found) {
    const { map, selection } = this.page;
    const heading = element("h3", {}, t("What differs from {year}, and what is late", { year: this.#thisYear }));
    const go = (/** @type {{ name: string }} */ { name: layer }, /** @type {{ id: number }} */ { id }) =>
      selection.show({ layer, id }, { fly: true });
    this.#changes.replaceChildren(heading, changesList(found, go));
    this.#marks?.remove();
    this.#marks = markChanges(map, found);
  }

  /** @param {Answer} found */
  #numbers({ layers, states }) {
    const rows = layers.map(({ name, title, years: [now, then] }) => {
      const change = total(then) - total(now);
      const cells = numbers(then).map((one) => element("td", {}, one ? number(one) : "–"));
      const last = element("td", { class: change ? "changed" : "" }, signed(change));
      return element("tr", { "data-year-layer": name }, element("th", { scope: "row" }, title), ...cells, last);
    });
    const against = t("Against {year}", { year: this.#thisYear });
    const heads = [t("Layer"), ...states.map(({ label }) => label), against];
    const head = element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text)));
    return element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
  }
}

/** @param {Count} count */
const numbers = (count) => [count.existing, count.under_way, count.planned, count.late];

/**
 * @param {MapPage} page
 * @param {HTMLElement} body
 * @param {() => void} close
 */
export function startYears(page, body, close) {
  const years = new Years(page, close);
  years.start(body);
  return years;
}
