/* One sheet for each object of a layer, as the filters have it: an atlas to print in one go.
   A point takes the scale chosen; a line or an area the largest at which it fills half of the map. */
import { askJson } from "../lib/ask.js";
import { find } from "../lib/find.js";
import { failure } from "../lib/notices.js";
import { element, number, t } from "../lib/texts.js";
import { inks } from "../map/inks.js";
import { chosen, scaleFor } from "./paper.js";
import { openView, printButton } from "./preview.js";
import { Sheet } from "./sheet.js";
import { svg } from "../lib/svg.js";
/** @import { Feature, Geometry, Position } from "geojson" */
/** @import { MvtLayer } from "../map/mvtlayer.js" */
/** @import { MapPage } from "../map/types" */
/** @import { Made } from "./sheet.js" */

const MOST = 50;
const RING = 16; // px
const METRES = 111320; // of a degree

/**
 * @param {MapPage} page
 * @param {MvtLayer} layer
 */
export async function showAtlas(page, layer) {
  const status = element("span", { class: "print-status", role: "status" }, t("Reading the objects…"));
  const print = printButton();
  let isOpen = true;
  const view = openView([print], status, [], () => {
    isOpen = false;
  });
  try {
    const { features, numberMatched } = await askFeatures(page, layer.spec.name);
    const desk = find(".print-desk", view);
    for (let i = 0; isOpen && i < features.length; i++) {
      status.textContent = t("Sheet {index} of {count}…", { index: i + 1, count: features.length });
      await addSheet(page, desk, features[i]);
    }
    if (!isOpen) return;
    status.textContent = summary(features.length, numberMatched);
    print.disabled = !features.length;
  } catch (error) {
    if (!isOpen) return;
    const again = () => {
      view.close();
      showAtlas(page, layer);
    };
    const text = t("The sheets could not be made. Check the connection and try again.");
    status.replaceChildren(...failure(error, text, again));
  }
}

/**
 * @param {MapPage} page
 * @param {string} name
 * @returns {Promise<{ features: Feature[], numberMatched: number }>}
 */
function askFeatures({ state, config }, name) {
  const query = new URLSearchParams(state.pairs(name));
  query.set("limit", String(MOST));
  query.set("sort", "name");
  return askJson(`${config.addresses.features.replace("{layer}", name)}?${query}`);
}

/**
 * @param {number} shown
 * @param {number} matched
 */
function summary(shown, matched) {
  if (!shown) return t("No object meets the filters. Take one off and try again.");
  if (matched <= shown) return t("{count} sheets", { count: number(shown) });
  const counts = { shown: number(shown), count: number(matched) };
  return t("The first {shown} of {count} objects. Filter to choose others.", counts);
}

/**
 * @param {MapPage} page
 * @param {HTMLElement} desk
 * @param {Feature} feature
 */
async function addSheet(page, desk, { properties, geometry }) {
  const bounds = L.geoJSON(geometry).getBounds();
  const centre = bounds.getCenter();
  const degrees = Math.cos((centre.lat * Math.PI) / 180);
  const wide = (bounds.getEast() - bounds.getWest()) * METRES * degrees;
  const high = (bounds.getNorth() - bounds.getSouth()) * METRES;
  const sheet = new Sheet(page, {
    centre,
    scale: geometry.type === "Point" ? chosen.scale : scaleFor(2 * wide, 2 * high),
    title: properties?.name || properties?.code,
    under: [chosen.title, properties?.code].filter(Boolean).join(" · "),
  });
  desk.append(sheet.box);
  const made = sheet.begin();
  await sheet.finish(made);
  sheet.inner.append(mark(made.map, geometry));
  keepStill(sheet.inner, made);
}

/**
 * The lines of a geometry.
 *
 * @param {Geometry} geometry
 * @returns {Position[][]}
 */
function linesOf(geometry) {
  switch (geometry.type) {
    case "LineString":
      return [geometry.coordinates];
    case "MultiLineString":
    case "Polygon":
      return geometry.coordinates;
    case "MultiPolygon":
      return geometry.coordinates.flat();
    default:
      return [];
  }
}

/**
 * What the sheet is about: a ring round a point, else the outline once more.
 *
 * @param {L.Map} map
 * @param {Geometry} geometry
 */
function mark(map, geometry) {
  const { x: width, y: height } = map.getSize();
  const root = svg("svg", { class: "print-mark", width, height, viewBox: `0 0 ${width} ${height}` });
  const style = { fill: "none", stroke: inks.accent, "stroke-width": 3, "stroke-linejoin": "round" };
  const at = (/** @type {Position} */ [lon, lat]) => {
    const { x, y } = map.latLngToContainerPoint([lat, lon]);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  };
  if (geometry.type === "Point") root.append(svg("circle", { cx: width / 2, cy: height / 2, r: RING, ...style }));
  for (const line of linesOf(geometry)) root.append(svg("path", { d: `M${line.map(at).join("L")}`, ...style }));
  return root;
}

/**
 * A sheet needs no living map: it stays as a copy, and the memory of its canvases is free for the next.
 *
 * @param {HTMLElement} inner
 * @param {Made} made
 */
function keepStill(inner, { map, overlay }) {
  overlay.remove();
  const copy = /** @type {HTMLElement} */ (inner.cloneNode(true));
  const drawn = [...inner.querySelectorAll("canvas")];
  copy.querySelectorAll("canvas").forEach((canvas, i) => {
    if (canvas.closest(".is-replaced") || !drawn[i].width) canvas.remove();
    else canvas.getContext("2d")?.drawImage(drawn[i], 0, 0);
  });
  inner.replaceWith(copy);
  map.remove();
}
