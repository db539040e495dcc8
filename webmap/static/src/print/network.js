/* The 110 kV network on a sheet, as the screen shows it, with its legend and what must be said of it. */
import { gridLegend, gridNote } from "../grid/overlay.js";
import { STORM, arrowSign, stationSign, wireSign } from "../grid/symbols.js";
import { wireOf } from "../grid/wires.js";
import { short, svg } from "../lib/svg.js";
import { element, t } from "../lib/texts.js";
/** @import { ShownNetwork } from "../grid/overlay.js" */

/** Of the strength of the layers so much is left behind the network. */
export const BEHIND = 0.45;

/**
 * @param {ShownNetwork} network
 * @param {L.Map} map
 */
export function networkOn({ answer, dead, area }, map) {
  const { x: width, y: height } = map.getSize();
  const root = svg("svg", { class: "print-network", width, height, viewBox: `0 0 ${width} ${height}` });
  const corner = map.getPixelBounds().min ?? L.point(0, 0);
  if (area.length) {
    const { stroke, width: thick, dash, opacity } = STORM;
    const look = { fill: stroke, "fill-opacity": opacity, stroke, "stroke-width": thick, "stroke-dasharray": dash };
    const ring = area.map((place) => map.latLngToContainerPoint(place));
    root.append(svg("path", { d: along(ring) + "Z", ...look }));
  }
  const stations = [];
  for (const { geometry, properties } of answer.features) {
    if (geometry.type === "Point") {
      const [lon, lat] = geometry.coordinates;
      const tone = dead.has(properties.code) ? "dead" : properties.tone;
      stations.push(at(map.latLngToContainerPoint([lat, lon]), stationSign(tone)));
      continue;
    }
    const { parts, arrow } = wireOf(map, geometry.coordinates, properties);
    const d = parts.map((part) => along(part.map((point) => point.subtract(corner)))).join("");
    root.append(wireSign(properties.tone, d));
    if (arrow) root.append(at(arrow.at.subtract(corner), arrowSign(properties.tone, arrow.degrees)));
  }
  root.append(...stations);
  return root;
}

/** @param {L.Point[]} points */
const along = (points) => "M" + points.map(({ x, y }) => `${short(x)} ${short(y)}`).join("L");

/**
 * @param {L.Point} point
 * @param {SVGElement} sign
 */
const at = ({ x, y }, sign) => svg("g", { transform: `translate(${short(x)} ${short(y)})` }, sign);

/**
 * Under which year and load, and what the colours mean.
 *
 * @param {ShownNetwork} network
 */
export const networkLegend = ({ answer }) =>
  element("section", {}, element("h3", {}, t("110 kV network") + " · " + answer.title), ...gridLegend());

/**
 * That it is for orientation only, when it was computed and what it rests on.
 *
 * @param {ShownNetwork} network
 */
export const networkNote = ({ answer }) => element("div", { class: "print-network-note" }, gridNote(answer));
