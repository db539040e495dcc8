/* What exists, is being built and is planned by a year: asked of the server, and the numbers of two years as a table. */
import { askJson } from "../lib/ask.js";
import { element, formatted, t } from "../lib/texts.js";
import { toolAddresses } from "./addresses.js";
/** @import { MapPage } from "../map/types" */

/** @typedef {"existing" | "under_way" | "planned" | "late"} YearState */
/**
 * @typedef {object} Change
 * @property {number} id
 * @property {string} code
 * @property {string} name
 * @property {number | null} year when it begins or is due
 * @property {YearState | ""} before
 * @property {YearState | ""} after
 * @property {number} lon
 * @property {number} lat
 */
/** @typedef {Record<YearState, number> & { sums: Record<string, number> }} Count */
/**
 * @typedef {object} YearLayer
 * @property {string} name
 * @property {string} title
 * @property {Count[]} years one for each year that was asked for
 * @property {[number, number] | null} span the first and the last year that the data name
 * @property {boolean} has_plans
 * @property {number} change_count
 * @property {Change[]} changes the first of them
 * @property {{ name: string, label: string, unit: string }[]} sums
 */
/** @typedef {{ this_year: number, plans: string[], layers: YearLayer[], states: { name: YearState, label: string }[] }} Years */

/**
 * Ask for the numbers of these years: the filters in force without the year, each year under its plan.
 *
 * @param {MapPage} page
 * @param {number[]} years
 * @param {string[]} plans
 * @returns {Promise<Years>}
 */
export function askYears({ layers, state }, years, plans = []) {
  const asked = new URLSearchParams([["years", years.join(",")], ...plans.map((plan) => ["plans", plan])]);
  for (const { spec } of layers) {
    for (const [field, wanted] of state.pairs(spec.name)) {
      if (field !== "year" && field !== "plan") asked.append(`${spec.name}.${field}`, wanted);
    }
  }
  return askJson(`${toolAddresses().years}?${asked}`);
}

/** @param {Count} count */
export const total = (count) => count.existing + count.under_way + count.planned + count.late;

/** @param {number} value */
const written = (value) => formatted(value, { maximumFractionDigits: 1 });

/** @param {number} change */
export const signed = (change) =>
  Math.abs(change) >= 0.05 ? `${change > 0 ? "+" : "−"}${written(Math.abs(change))}` : "0";

/**
 * @param {Years} found
 * @param {string[]} names of the two years
 */
export function numbersTable({ layers, states }, names) {
  const rows = layers.flatMap(({ title, name, sums, years: [a, b] }) => [
    line(title, total(a), total(b), { class: "year-layer", "data-compared": name }),
    ...states.map((one) => line(one.label, a[one.name], b[one.name])),
    ...sums.map((one) =>
      line(`${one.label} (${one.unit})`, a.sums[one.name], b.sums[one.name], { "data-compared-sum": one.name }),
    ),
  ]);
  const heads = [t("Layer"), ...names, t("Change")].map((text) => element("th", { scope: "col" }, text));
  return element(
    "table",
    { class: "year-numbers" },
    element("caption", { class: "visually-hidden" }, names.join(" – ")),
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...rows),
  );
}

/**
 * @param {string} label
 * @param {number} a
 * @param {number} b
 * @param {Record<string, string>} attributes
 */
function line(label, a, b, attributes = {}) {
  const change = signed(b - a);
  return element(
    "tr",
    attributes,
    element("th", { scope: "row" }, label),
    element("td", {}, written(a)),
    element("td", {}, written(b)),
    element("td", { class: change === "0" ? "" : "changed" }, change),
  );
}
