/* One chart: bars lying or standing, each a filter; and the same as a table. */
import { element, formatted, icon, number, t } from "../lib/texts.js";
import { legend as picture } from "../map/symbols.js";
import { UNKNOWN, isInside, joined } from "./spans.js";
/** @import { State } from "../map/state.js" */
/** @import { MapSymbol } from "../map/types" */
/** @import { Counting } from "./charts.js" */
/** @import { Bar, Chart } from "./types" */

const SVG = "http://www.w3.org/2000/svg";
const DENSE = 12; // bars from which on ticks would overlap

/** @param {number | null} value */
export const written = (value) =>
  value === null ? "–" : formatted(value, { maximumFractionDigits: Math.abs(value) < 1000 ? 2 : 0 });

/** @param {number} share */
const perCent = (share) => Math.round(1000 * share) / 10;

export class ChartCard {
  #id = "";
  #most = 0;

  /**
   * @param {State} state
   * @param {Counting} counting
   * @param {Chart} chart
   * @param {Set<string>} unfolded layer.field of the tables that are open
   */
  constructor(state, counting, chart, unfolded) {
    this.state = state;
    this.counting = counting;
    this.chart = chart;
    this.unfolded = unfolded;
    this.layer = counting.spec.name;
    this.title = chart.unit ? `${chart.label} (${chart.unit})` : chart.label;
    this.chosen = state.filter(this.layer, chart.field) ?? [];
    this.isChoice = chart.scale === "choice";
    this.#id = `chart-${this.layer}-${chart.field}`;
    const compared = this.isChoice ? this.#bars() : chart.bars;
    this.#most = Math.max(1e-9, ...compared.map((bar) => this.#of(bar)));
  }

  /** All bars: those of the chart, what is not listed, what is unknown. */
  #bars() {
    const { bars, rest, unknown } = this.chart;
    return [...bars, rest, unknown].filter((bar) => bar !== null);
  }

  /** @param {Bar} bar */
  #of(bar) {
    return this.counting.said(bar) || 0;
  }

  made() {
    const { chart, state } = this;
    const isFiltered = this.chosen.length > 0 && !state.isUsual(this.layer, chart.field);
    const hint = isFiltered ? element("span", { class: "visually-hidden" }, ` – ${t("Filtered")}`) : null;
    const head = element("h3", { id: this.#id, title: chart.help || null }, this.title, hint);
    const clear = element("button", {
      class: "btn-close",
      type: "button",
      "data-bar": `${this.#id} clear`,
      "aria-label": t("Remove the filter of “{field}”", { field: chart.label }),
      click: () => state.resetFilter(this.layer, chart.field),
    });
    const lying = this.isChoice ? [...chart.bars, chart.rest, chart.unknown] : [chart.unknown];
    const listed = lying
      .filter((bar) => bar !== null)
      .filter((bar) => bar !== chart.unknown || bar.count || this.chosen.includes(UNKNOWN));
    const list = element("ul", { class: "bars" }, ...listed.map((bar) => element("li", {}, this.#row(bar))));
    return element(
      "section",
      {
        class: `chart-card${isFiltered ? " is-filtered" : ""}`,
        role: "group", // thirty landmarks of a drawer would hide those of the page
        "aria-labelledby": this.#id,
        "data-chart": chart.field,
      },
      element("header", {}, head, isFiltered ? clear : null),
      this.isChoice ? null : this.#histogram(),
      listed.length ? list : null,
      this.#table(),
    );
  }

  /** @param {Bar} bar */
  #inWords(bar) {
    const { said, all } = this.counting;
    const share = written(all ? perCent(this.#of(bar) / all) : 0);
    return t("{label}: {value}, {share} %", { label: bar.label, value: written(said(bar)), share });
  }

  /**
   * One bar lying: a choice, what is unknown, what is not listed (which no filter asks for).
   *
   * @param {Bar} bar
   */
  #row(bar) {
    const { spec, said, all } = this.counting;
    const variation = spec.style.variations.find(({ field }) => field === this.chart.field);
    const symbol = bar.value ? variation?.values.find(({ value }) => value === bar.value)?.symbol : undefined;
    const sign = symbol ? picture(symbol, spec.geometry, 22, 18) : null;
    const share = Math.max(0, this.#of(bar)) / (this.isChoice ? this.#most : all || 1);
    const parts = [
      element("span", { class: "bar-label" }, sign, element("span", {}, bar.label)),
      lyingBar(100 * share, symbol ? colourOf(symbol) : "", bar.value === UNKNOWN),
      element("span", { class: "bar-number" }, written(said(bar))),
    ];
    return bar.value ? this.#button(bar, "bar-row", parts) : element("span", { class: "bar-row" }, ...parts);
  }

  /** Bars standing side by side over a number or a year. */
  #histogram() {
    const { chart } = this;
    const bars = chart.bars.map((bar) => {
      const column = element("span", { class: "column" });
      const tick = element("span", { class: "tick", "aria-hidden": "true" }, bar.tick);
      const made = this.#button(bar, "column-button", [column, tick]);
      column.style.setProperty("--share", `${(100 * Math.max(0, this.#of(bar))) / this.#most}%`);
      made.title = this.#inWords(bar);
      made.setAttribute("aria-label", made.title);
      return element("li", {}, made);
    });
    const kind = `histogram${bars.length > DENSE ? " is-dense" : ""}`;
    const list = element("ul", { class: kind, "aria-labelledby": this.#id }, ...bars);
    const readout = element("p", { class: "readout-line", "aria-hidden": "true" }, this.#summary());
    const tell = (/** @type {Event} */ event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      if (button) readout.textContent = button.title;
    };
    const rest = () => {
      readout.textContent = this.#summary();
    };
    for (const name of ["pointerover", "focusin"]) list.addEventListener(name, tell);
    for (const name of ["pointerleave", "focusout"]) list.addEventListener(name, rest);
    return element("div", { class: "plot" }, readout, list);
  }

  /** What the chosen bars say, or how much is known. */
  #summary() {
    const inside = this.chart.bars.filter((bar) => this.#isPressed(bar));
    if (inside.length === 1) return this.#inWords(inside[0]);
    if (inside.length) return `${inside[0].label} … ${inside[inside.length - 1].label}`;
    const known = this.chart.bars.reduce((sum, bar) => sum + this.#of(bar), 0);
    return t("Known: {count} of {all}", { count: written(known), all: written(this.counting.all) });
  }

  /**
   * @param {Bar} bar
   * @param {string} kind
   * @param {Node[]} parts
   */
  #button(bar, kind, parts) {
    const isPressed = this.#isPressed(bar);
    const out = this.chosen.length && !isPressed ? " is-out" : "";
    const attributes = {
      class: `${kind}${out}${this.#of(bar) ? "" : " is-empty"}`,
      type: "button",
      "aria-pressed": String(isPressed),
      "data-bar": `${this.chart.field} ${bar.value}`,
      click: (/** @type {MouseEvent} */ event) => this.#choose(bar, event.shiftKey),
    };
    return element("button", attributes, ...parts);
  }

  /* --- a bar is a filter ---------------------------------------------------------------------- */

  /** @param {Bar} bar */
  #isPressed(bar) {
    if (this.chosen.includes(bar.value)) return true;
    if (this.isChoice || bar.value === UNKNOWN) return false;
    const span = this.chosen.find((value) => value !== UNKNOWN);
    return span !== undefined && isInside(bar.value, span);
  }

  /**
   * @param {Bar} bar
   * @param {boolean} isFurther up to this one
   */
  #choose(bar, isFurther) {
    const { layer, chart, state } = this;
    const values = this.isChoice ? this.#chooseValue(bar) : this.#chooseSpan(bar, isFurther);
    if (values.length) state.setFilter(layer, chart.field, values);
    else state.resetFilter(layer, chart.field);
  }

  /** @param {Bar} bar */
  #chooseValue({ value }) {
    const { layer, chart, state, chosen } = this;
    const isNarrow = chart.field in state.opensWith[layer] && state.isUsual(layer, chart.field);
    if (isNarrow) return [value]; // what it opens with is nobody's choice
    return chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value];
  }

  /**
   * @param {Bar} bar
   * @param {boolean} isFurther
   */
  #chooseSpan(bar, isFurther) {
    const span = this.chosen.filter((value) => value !== UNKNOWN);
    const unknown = this.chosen.filter((value) => value === UNKNOWN);
    const isPressed = this.#isPressed(bar);
    if (bar.value === UNKNOWN) return isPressed ? span : [...span, UNKNOWN];
    if (isFurther && span.length) {
      const both = joined(span[0], bar.value);
      return both ? [both, ...unknown] : []; // without an end it filters nothing
    }
    return isPressed ? unknown : [bar.value, ...unknown];
  }

  /* --- the same as a table -------------------------------------------------------------------- */

  #table() {
    const name = `${this.layer}.${this.chart.field}`;
    const box = element("div");
    const hint = element("span", { class: "visually-hidden" }, `: ${this.title}`);
    const summary = element("summary", { "data-bar": `${this.#id} table` }, t("As a table"), hint);
    const made = element("details", { class: "as-table" }, summary, box);
    const fill = () => {
      if (!box.childElementCount) box.append(...this.#tableParts());
    };
    made.addEventListener("toggle", () => {
      if (made.open) this.unfolded.add(name);
      else this.unfolded.delete(name);
      if (made.open) fill();
    });
    if (this.unfolded.has(name)) {
      made.open = true;
      fill();
    }
    return made;
  }

  #tableParts() {
    const { total, heads } = this.counting;
    const names = [this.title, t("Count"), `${t("Share")} (%)`, ...heads.slice(1)];
    const bars = this.#bars().filter((bar) => bar !== this.chart.unknown || bar.count);
    const lines = bars.map((bar) => [
      bar.label,
      number(bar.count),
      written(total ? perCent(bar.count / total) : 0),
      ...bar.sums.map(written),
    ]);
    const text = [names, ...lines].map((line) => line.join("\t")).join("\n");
    const columns = names.map((head, i) => element("th", { scope: "col", class: i ? "number" : null }, head));
    const rows = lines.map(([label, ...cells]) => {
      const values = cells.map((cell) => element("td", { class: "number" }, cell));
      return element("tr", {}, element("th", { scope: "row" }, label), ...values);
    });
    const parts = [element("thead", {}, element("tr", {}, ...columns)), element("tbody", {}, ...rows)];
    const scroll = { class: "table-scroll", tabindex: 0, role: "region", "aria-label": this.title };
    const copy = { class: "btn btn-sm btn-outline-primary", type: "button", "data-copy": text };
    return [
      element("div", scroll, element("table", { class: "table table-sm" }, ...parts)),
      element("button", { ...copy, "data-bar": `${this.#id} copy` }, icon("clipboard"), " ", t("Copy the table")),
    ];
  }
}

/**
 * The colour that tells a class on the map; a white one tells nothing on a white card.
 *
 * @param {MapSymbol} symbol
 */
function colourOf({ fill, stroke }) {
  const isWhite = (/** @type {string} */ colour) => /^#f{3,6}$/i.test(colour);
  if (fill) return isWhite(fill) ? "" : fill;
  return stroke && !isWhite(stroke) ? stroke : "";
}

/**
 * A bar lying, as the dashboard draws it.
 *
 * @param {number} share per cent
 * @param {string} fill
 * @param {boolean} isUnknown
 */
function lyingBar(share, fill, isUnknown) {
  const make = (/** @type {string} */ name, /** @type {Record<string, string>} */ attributes) => {
    const made = document.createElementNS(SVG, name);
    for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
    return made;
  };
  const colour = fill || (isUnknown ? "none" : "");
  const svg = make("svg", { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" });
  const value = { class: colour ? "value" : "value plain", height: "10", width: share.toFixed(2) };
  svg.append(make("rect", { class: "track", height: "10", width: "100" }), make("rect", value));
  if (colour) svg.lastElementChild?.setAttribute("fill", colour);
  return svg;
}
