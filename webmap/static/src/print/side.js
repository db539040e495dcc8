/* What stands beside the map: legend, scale, north, filters, day and source. */
import { element, language, number, t } from "../lib/texts.js";
import { inks } from "../map/inks.js";
import { drawnNotes } from "../map/notes.js";
import { gridSentence } from "./grid.js";
import { legendOf } from "./legend.js";
import { networkLegend, networkNote } from "./network.js";
import { FONT, REPORT, chosen } from "./paper.js";
import { svg } from "../lib/svg.js";
/** @import { MvtLayer } from "../map/mvtlayer.js" */
/** @import { MapPage } from "../map/types" */
/** @import { Made } from "./sheet.js" */

const BAR_MM = 30;
const DAY = /** @type {const} */ ({ day: "2-digit", month: "2-digit", year: "numeric" });

/** The department, as the page's head names it. */
export const department = () => document.querySelector(".brand-name")?.textContent || "";

/**
 * @param {MapPage} page
 * @param {Made} made
 */
export function sideOf(page, made) {
  const { network } = made;
  const parts = [network && networkLegend(network), ...made.layers.map((layer) => legendOf(layer, made.map))];
  const scale = element("p", { class: "print-scale" }, t("Scale 1:{scale}", { scale: number(made.scale) }));
  const marks = element("div", { class: "print-marks" }, northArrow(), element("div", {}, scaleBar(made.scale), scale));
  const date = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, DAY).format(new Date());
  const notes = [...document.querySelectorAll("#attribution-outside, #attribution, #illustration strong")].map((one) =>
    (one.textContent ?? "").trim().replace(/\.$/, ""),
  );
  const source = [t("Source: {department}", { department: department() }), ...notes.filter(Boolean)].join(". ");
  const filtered = made.layers.map((layer) => filtersOf(page, layer)).filter(Boolean);
  const system = gridSentence(chosen.grid, page.config.projection);
  const byHand = drawnNotes().length ? t("Marks drawn by hand are notes, not data.") : "";
  const isReport = chosen.paper === REPORT; // says itself what was filtered, and when
  const own = isReport ? [] : [...filtered, t("Printed on {date}", { date })];
  const lines = [...own.slice(0, -1), byHand, system, ...own.slice(-1), source]
    .filter(Boolean)
    .map((text) => element("p", {}, text));
  return [
    element("div", { class: "print-legend" }, element("h2", {}, t("Legend")), ...parts),
    element("div", { class: "print-facts" }, marks, network && networkNote(network), ...lines),
  ];
}

/**
 * The filters of a layer in the server's words; nothing where it shows what it opens with.
 *
 * @param {MapPage} page
 * @param {MvtLayer} layer
 */
function filtersOf({ layers, state }, { spec }) {
  if (!state.filtered(spec.name).length) return "";
  const original = layers.find((other) => other.spec.name === spec.name);
  const texts = (original?.counted?.sentences ?? []).map(({ text }) => text);
  return texts.length ? `${spec.title}: ${texts.join(" · ")}` : "";
}

/**
 * A text in millimetres of its picture.
 *
 * @param {string} value
 * @param {Record<string, string | number>} attributes
 */
function label(value, attributes) {
  const made = svg("text", { "font-family": FONT, fill: inks.ink, ...attributes });
  made.textContent = value;
  return made;
}

/**
 * A bar of round metres; on paper its length is metres over scale.
 *
 * @param {number} scale
 */
function scaleBar(scale) {
  const most = (BAR_MM / 1000) * scale;
  const power = 10 ** Math.floor(Math.log10(most));
  const round = [5, 2, 1].map((one) => one * power).find((one) => one <= most) ?? power;
  const mm = (round / scale) * 1000;
  const said = round < 1000 ? `${number(round)}\u202fm` : `${number(round / 1000)}\u202fkm`;
  const small = { y: 3, "font-size": 2.6 };
  const bar = { y: 4, height: 1.6, fill: inks.ink };
  const frame = { class: "bar", x: 0, width: mm, fill: inks.paper, stroke: inks.ink, "stroke-width": 0.25 };
  const attributes = {
    class: "print-scale-bar",
    width: BAR_MM + 12 + "mm",
    height: "7mm",
    viewBox: `-1 0 ${BAR_MM + 12} 7`,
    role: "img",
    "aria-label": said,
    "data-metres": round,
  };
  return svg(
    "svg",
    attributes,
    svg("rect", { ...bar, ...frame }),
    svg("rect", { ...bar, x: 0, width: mm / 4 }),
    svg("rect", { ...bar, x: mm / 2, width: mm / 4 }),
    label("0", { ...small, x: 0, "text-anchor": "start" }),
    label(said, { ...small, x: mm, "text-anchor": "middle" }),
  );
}

function northArrow() {
  const size = { width: "12mm", height: "16mm", viewBox: "0 0 12 16" };
  const thin = { fill: inks.paper, stroke: inks.ink, "stroke-width": 0.3 };
  return svg(
    "svg",
    { class: "print-north", ...size, role: "img", "aria-label": t("North is up") },
    label(t("N"), { x: 6, y: 4.4, "font-size": 4, "font-weight": 700, "text-anchor": "middle" }),
    svg("path", { d: "M6 5.4L9.4 15 6 13z", fill: inks.ink }),
    svg("path", { d: "M6 5.4L2.6 15 6 13z", ...thin }),
  );
}

/** The legend's type where there is room for it: a larger sheet is read from farther away. @type {Record<string, number>} */
const TYPES = { A4: 1, A3: 1.3, [REPORT]: 0.95 };
const LEAST_TYPE = 0.5;
const STEP = 0.02;
const WORTH = 1.1; // so much larger must the type be for one more column, whose rows break more often

/**
 * A legend stands in as few columns as let it be written in full size; a longer one in those that let it be written largest.
 *
 * @param {HTMLElement} legend
 */
export function fit(legend) {
  const fits = (/** @type {number} */ size) => {
    legend.style.setProperty("--size", size.toFixed(2));
    return !isCut(legend);
  };
  const tried = (chosen.landscape ? [1, 2, 3] : [2, 3, 4, 5, 6]).map((columns) => {
    legend.style.setProperty("--columns", String(columns));
    return { columns, size: largest(fits, TYPES[chosen.paper]) };
  });
  const best =
    tried.find(({ size }) => size >= Math.min(1, TYPES[chosen.paper])) ??
    tried.reduce((a, b) => (b.size > a.size * WORTH ? b : a));
  legend.style.setProperty("--columns", String(best.columns));
  fits(best.size || LEAST_TYPE);
}

/**
 * The largest size that fits, to a step; 0 where none does.
 *
 * @param {(size: number) => boolean} fits
 * @param {number} most
 */
function largest(fits, most) {
  if (fits(most)) return most;
  if (!fits(LEAST_TYPE)) return 0;
  let [low, high] = [LEAST_TYPE, most];
  while (high - low > STEP) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Whether rows stand outside the legend, or a word outside its column.
 *
 * @param {HTMLElement} legend
 */
function isCut(legend) {
  const wide = (/** @type {Element} */ one) => one.scrollWidth > one.clientWidth + 1;
  return legend.scrollHeight > legend.clientHeight + 1 || wide(legend) || [...legend.querySelectorAll("li")].some(wide);
}
