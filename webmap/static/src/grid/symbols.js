/* How loading and headroom look, on the map and on paper: a colour, and a width, dashes or a sign beside it. */
import { namedColour } from "../lib/colours.js";
import { svg } from "../lib/svg.js";
import { inks } from "../map/inks.js";

/** @typedef {{ stroke: string, width: number, dash?: string, arrow: string }} WireLook widths in px */

/** @type {Record<string, WireLook>} */
const WIRES = {
  fine: { stroke: namedColour("good"), width: 3, arrow: namedColour("good-dark") },
  near: { stroke: namedColour("fair-edge"), width: 4, arrow: namedColour("fair-dark") },
  heavy: { stroke: namedColour("poor"), width: 4.5, dash: "14 3", arrow: namedColour("poor-dark") },
  over: { stroke: namedColour("bad"), width: 6, arrow: namedColour("bad") },
  unknown: { stroke: namedColour("unknown"), width: 3, dash: "2 6", arrow: namedColour("unknown") },
};
/** @type {Record<string, string>} */
const NODES = {
  fine: namedColour("good"),
  near: namedColour("fair"),
  heavy: namedColour("poor"),
  over: namedColour("bad"),
  unknown: namedColour("paper"),
  infeed: namedColour("infeed"),
  dead: namedColour("ended"),
};
/** @type {Record<string, string>} */
const SIGNS = { over: "M0 -4.5V1M0 3.2V4.4", dead: "M-3.5 -3.5L3.5 3.5M3.5 -3.5L-3.5 3.5" };
const ARROW = "M-6 -5L7 0L-6 5L-3 0Z";
const EDGE = namedColour("station");
/** An area in which all is out. */
export const STORM = { stroke: namedColour("storm"), width: 2, dash: "6 4", opacity: 0.08 };

/** @param {string} tone */
export const wireLook = (tone) => WIRES[tone] ?? WIRES.unknown;

/**
 * A circuit along a path.
 *
 * @param {string} tone
 * @param {string} d
 */
export function wireSign(tone, d) {
  const { stroke, width, dash } = wireLook(tone);
  return svg("path", {
    d,
    fill: "none",
    stroke,
    "stroke-width": width,
    "stroke-dasharray": dash,
    "stroke-linejoin": "round",
  });
}

/**
 * The way of the flow, round 0,0.
 *
 * @param {string} tone
 * @param {number} degrees
 */
export const arrowSign = (tone, degrees) =>
  svg("path", {
    d: ARROW,
    transform: `rotate(${degrees.toFixed(0)})`,
    fill: wireLook(tone).arrow,
    stroke: inks.paper,
    "paint-order": "stroke",
  });

/**
 * A station, round 0,0: an infeed is a circle, any other a square; full ones and those without supply have a sign.
 *
 * @param {string} tone
 */
export function stationSign(tone) {
  const halo = { fill: inks.paper, "fill-opacity": 0.85 };
  const edge = { fill: NODES[tone] ?? NODES.unknown, stroke: EDGE, "stroke-width": 2 };
  const square = (/** @type {number} */ r) => ({ x: -r, y: -r, width: 2 * r, height: 2 * r, rx: 3 });
  const shapes =
    tone === "infeed"
      ? [svg("circle", { r: 11, ...halo }), svg("circle", { r: 8, ...edge })]
      : [svg("rect", { ...square(11), ...halo }), svg("rect", { ...square(8), ...edge })];
  const sign = { fill: "none", stroke: namedColour("paper"), "stroke-width": 2.4, "stroke-linecap": "round" };
  if (SIGNS[tone]) shapes.push(svg("path", { d: SIGNS[tone], ...sign }));
  return svg("g", {}, ...shapes);
}

/**
 * The legend's picture of a circuit or a station.
 *
 * @param {"wire" | "node"} kind
 * @param {string} tone
 */
export function legendSign(kind, tone) {
  const sign = kind === "wire" ? wireSign(tone, "M-12 0H12") : stationSign(tone);
  const picture = { class: `legend-symbol grid-sample ${tone}`, viewBox: "-12 -12 24 24", "aria-hidden": "true" };
  return svg("svg", picture, sign);
}
