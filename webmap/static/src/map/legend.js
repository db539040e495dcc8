/* A layer's legend: its classes with live counts, each a switch, and its opacity. */
import { find, findAll } from "../lib/find.js";
import { element, number, t } from "../lib/texts.js";
import { legend as picture } from "./symbols.js";
/** @import { MvtLayer } from "./mvtlayer.js" */
/** @import { State } from "./state.js" */
/** @import { Variation } from "./types" */

/** @typedef {{ variation: Variation, value: string, button: HTMLElement, counter: HTMLElement, item: HTMLElement }} LegendRow */
/** @typedef {(field: string) => string[] | null} Filtered the values that a field is filtered by */

const WIDTH = 28;
const HEIGHT = 22;

/**
 * @param {MvtLayer} layer
 * @param {HTMLElement} legend
 * @param {State} state
 */
export function buildLegend(layer, legend, state) {
  const { name, title, style, geometry } = layer.spec;
  /** @type {LegendRow[]} */
  const rows = [];
  style.variations.forEach((variation, index) => {
    const own = rowsOf(layer, variation, state);
    const heading = style.variations.length > 1 ? element("p", { class: "legend-heading" }, variation.label) : null;
    const list = element("ul", {}, ...own.map(({ item }) => item));
    rows.push(...own);
    legend.append(element("div", { class: index ? "legend-group is-further" : "legend-group" }, heading, list));
  });
  if (!style.variations.length) {
    legend.append(element("div", { class: "legend-row" }, picture(style.base, geometry, WIDTH, HEIGHT), title));
  }
  /** @type {HTMLInputElement} */
  const slider = element("input", {
    class: "form-range",
    type: "range",
    min: 10,
    max: 100,
    step: 10,
    "aria-label": `${t("Opacity")}: ${title}`,
    input: () => state.update({ fade: { ...state.fade, [name]: slider.value } }),
  });
  const opacity = element(
    "label",
    { class: "legend-opacity", hidden: true },
    element("span", {}, t("Opacity")),
    slider,
  );
  if (style.thin_below_zoom) legend.append(severalRow());
  if (style.labels.length > 1) legend.append(labelNote(style.labels));
  if (style.note) legend.append(element("p", { class: "legend-said" }, style.note));
  legend.append(opacity, moreButton(opacity));
  return { rows, slider };
}

/** What the number at a symbol, and a dot, mean. */
function severalRow() {
  const count = element("span", { class: "legend-several", "aria-hidden": "true" }, "2");
  return element("p", { class: "legend-said" }, count, t("several objects here; a dot has no room yet: zoom in"));
}

/** @param {string[]} parts */
const labelNote = (parts) =>
  element("p", { class: "legend-said" }, t("Name on the map: {parts}", { parts: parts.join(" · ") }));

/**
 * The button that unfolds the opacity.
 *
 * @param {HTMLElement} opacity
 */
function moreButton(opacity) {
  const more = element("button", { class: "legend-more", type: "button", "aria-expanded": "false" }, t("More"));
  more.addEventListener("click", () => {
    const open = more.getAttribute("aria-expanded") !== "true";
    more.setAttribute("aria-expanded", String(open));
    more.textContent = open ? t("Less") : t("More");
    opacity.hidden = !open;
  });
  return more;
}

/**
 * @param {MvtLayer} layer
 * @param {Variation} variation
 * @param {State} state
 * @returns {LegendRow[]}
 */
function rowsOf(layer, variation, state) {
  const { values } = variation;
  const once = values.filter(({ value }, i) => values.findIndex((other) => other.value === value) === i); // “unknown” may be a value and a missing value at once
  return once.map(({ value, label, symbol }) => {
    const counter = element("span", { class: "number" });
    const button = element(
      "button",
      {
        class: "legend-row",
        type: "button",
        "aria-pressed": "true",
        click: () => toggle(layer, variation, value, state),
      },
      picture(symbol, layer.spec.geometry, WIDTH, HEIGHT),
      element("span", { class: "name" }, label),
      counter,
    );
    return { variation, value, button, counter, item: element("li", {}, button) };
  });
}

/**
 * A class of the legend is switched like a layer: what stays on becomes the filter of its field.
 *
 * @param {MvtLayer} layer
 * @param {Variation} variation
 * @param {string} value
 * @param {State} state
 */
function toggle(layer, variation, value, state) {
  const { name } = layer.spec;
  const all = [...new Set(variation.values.map((entry) => entry.value))];
  const before = state.filter(name, variation.field) || all;
  const shown = before.includes(value) ? before.filter((one) => one !== value) : [...before, value];
  const isEverything = !shown.length || new Set(shown).size === all.length;
  const everything = variation.opens_with.length ? all : [];
  state.setFilter(name, variation.field, isEverything ? everything : shown);
}

/**
 * @param {LegendRow[]} rows
 * @param {Filtered} filtered
 */
export function showPressed(rows, filtered) {
  for (const { variation, value, button } of rows) {
    const values = filtered(variation.field);
    button.setAttribute("aria-pressed", String(!values || values.includes(value)));
  }
}

/**
 * @param {HTMLElement} legend
 * @param {LegendRow[]} rows
 * @param {Record<string, Record<string, number>>} facets
 * @param {Filtered} filtered
 */
export function showCounts(legend, rows, facets, filtered) {
  for (const { variation, value, counter, item } of rows) {
    const found = facets[variation.field]?.[value] || 0;
    counter.textContent = found ? number(found) : "";
    item.hidden = !found && !filtered(variation.field)?.includes(value);
  }
  for (const group of findAll(".legend-group", legend)) {
    find("ul", group).hidden = findAll("li", group).every((item) => item.hidden);
  }
}
