/* What draws the map, as folium's script calls it (webmap/folium/elements.py). */
import { Ground } from "./ground.js";
import { setInks } from "./inks.js";
import { Land } from "./land.js";
import { MvtLayer } from "./mvtlayer.js";
import { Overlay } from "./overlay.js";
import { openPage } from "./page.js";
/** @import { GroundSpec, LayerSpec, PageParts } from "./types" */

/** @param {LayerSpec} spec */
export const mvt = (spec) => new MvtLayer(spec);

/** @param {number[][]} rings */
export const land = (rings) => new Land(rings);

/** @param {GroundSpec} spec */
export const ground = (spec) => new Ground(spec);

/** @param {PageParts} parts */
export function open(parts) {
  setInks(parts.config.inks);
  openPage(parts, new Overlay(parts.layers));
}
