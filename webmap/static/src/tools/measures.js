/* Lengths and areas as people write them. */
import { number } from "../lib/texts.js";

const THIN = "\u202f";

/** @param {number} value metres */
export const metres = (value) =>
  value < 1000
    ? `${number(value, value < 100 ? 1 : 0)}${THIN}m`
    : `${number(value / 1000, value < 100000 ? 2 : 1)}${THIN}km`;

/**
 * Shares of plots and clusters.
 *
 * @param {number} value square metres
 */
export const hectares = (value) =>
  value < 10000 ? `${number(value)}${THIN}m²` : `${number(value / 1e4, value < 1e8 ? 2 : 0)}${THIN}ha`;

/**
 * Small areas in m², plots and clusters in ha, more than 100 ha in km² as well.
 *
 * @param {number} value square metres
 */
export function squareMetres(value) {
  return value < 1e6 ? hectares(value) : `${hectares(value)} (${number(value / 1e6, 2)}${THIN}km²)`;
}
