/* What lies inside, in the panel: per layer, each object with how near it is or how much of it, and the files. */
import { element, icon, number, t } from "../lib/texts.js";
import { openPanel, showInPanel } from "../panels/panel.js";
import { hectares, metres } from "./measures.js";
/** @import { Selection } from "../map/popup.js" */
/** @import { Named } from "../map/types" */

/**
 * @typedef {object} Found
 * @property {number} id
 * @property {string} name
 * @property {string} code
 * @property {number | null} [distance_m]
 * @property {number | null} [overlap_ha]
 * @property {number | null} [overlap_km]
 * @property {number | null} [share_percent]
 */
/** @typedef {{ name: string, title: string, count: number, features: Found[], exports: Record<string, string> }} InsideLayer */
/** @typedef {{ count: number, workbook: string, layers: InsideLayer[] }} Inside what /api/inside answers */

/** @type {Record<string, string>} */
const FORMATS = { geojson: "GeoJSON", csv: "CSV" };

/**
 * @param {Selection} selection
 * @param {Inside} answer
 * @param {string} subject what was asked about, in words
 * @param {Named | null} taken the object that it is around
 */
export function showResult(selection, answer, subject, taken) {
  const open = (/** @type {Named} */ named) => () => selection.show(named, { fly: true, details: true });
  const back = taken
    ? element("button", { class: "btn btn-link p-0 text-start", type: "button", click: open(taken) }, subject)
    : subject;
  const header = element(
    "header",
    {},
    element("p", { class: "kind" }, t("What is inside")),
    element("h2", {}, t("{count} objects", { count: number(answer.count) })),
    element("p", { class: "subtitle" }, back),
  );
  const file = { class: "btn btn-primary", href: answer.workbook, download: true };
  const workbook = element("a", file, icon("file-earmark-spreadsheet"), " ", t("All as Excel"));
  const sections = answer.layers.map((layer) => layerSection(layer, open));
  openPanel();
  showInPanel(
    element(
      "article",
      { class: "feature-panel inside-result" },
      header,
      element("div", { class: "actions" }, workbook),
      ...sections,
    ),
  );
}

/**
 * @param {InsideLayer} layer
 * @param {(named: Named) => () => unknown} open
 */
function layerSection(layer, open) {
  const more = layer.count - layer.features.length;
  const rows = layer.features.map((feature) => {
    const click = open({ layer: layer.name, id: feature.id });
    const note = element("span", {}, noteOf(feature));
    return element("li", {}, element("button", { class: "inside-link", type: "button", click }, feature.name, note));
  });
  const files = Object.entries(layer.exports).map(([format, href]) => {
    const attributes = { href, download: true, "aria-label": `${layer.title}: ${format}` };
    return element("a", attributes, FORMATS[format]);
  });
  const count = element("span", { class: "inside-count" }, number(layer.count));
  const rest = t("and {count} more: in the files", { count: number(more) });
  return element(
    "section",
    { "data-inside": layer.name },
    element("h3", {}, layer.title, " ", count),
    element("ul", { class: "inside-list" }, ...rows),
    more > 0 ? element("p", { class: "tool-detail" }, rest) : null,
    element("p", { class: "inside-files" }, ...files),
  );
}

/**
 * How near it is, how much of it lies there; its code when there is nothing to tell.
 *
 * @param {Found} found
 */
function noteOf({ code, distance_m: far, overlap_ha: ha, overlap_km: km, share_percent: share }) {
  const inside = [
    ha == null ? "" : hectares(ha * 1e4),
    km == null ? "" : `${metres(km * 1000)} ${t("inside")}`,
    share == null ? "" : `${number(share, share < 10 ? 1 : 0)}\u202f%`,
  ].filter(Boolean);
  if (far != null && far > 0) return [metres(far), ...((share ?? 0) > 0 ? inside : [])].join(" · ");
  if (inside.length) return inside.join(" · ");
  return far === 0 ? t("inside") : code;
}
