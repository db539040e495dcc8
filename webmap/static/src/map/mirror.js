/* The page's map once more in another box: same land, same layers, classes and opacity. */
import { Ground } from "./ground.js";
import { Land } from "./land.js";
import { MvtLayer } from "./mvtlayer.js";
/** @import { OpenedPage } from "./types" */

/**
 * Put copies of the `wanted` layers on a map and return them. `query(layer)` gives a copy's query, else that of the screen.
 *
 * @param {OpenedPage} page
 * @param {L.Map} map
 * @param {MvtLayer[]} wanted
 */
export function mirrorLayers(page, map, wanted, query = (/** @type {MvtLayer} */ layer) => layer.query) {
  const { land, basemap } = page;
  if (land && page.map.hasLayer(land)) new Land(land.rings).addTo(map);
  if (basemap instanceof Ground) new Ground(basemap.spec).addTo(map);
  else if (basemap && page.map.hasLayer(basemap) && !(land && page.map.hasLayer(land))) {
    const { _url: url } = /** @type {L.TileLayer & { _url: string }} */ (basemap);
    L.tileLayer(url, { ...basemap.options, crossOrigin: "anonymous" }).addTo(map);
  }
  return wanted.map((layer) => {
    const copy = new MvtLayer(layer.spec);
    copy.query = query(layer);
    copy.mask = layer.mask;
    copy.setOpacity(/** @type {L.GridLayerOptions} */ (layer.options).opacity ?? 1);
    return copy.addTo(map);
  });
}

/**
 * Resolves when a layer has all its tiles.
 *
 * @param {L.GridLayer} layer
 */
export const loaded = (layer) =>
  layer.isLoading() ? new Promise((done) => layer.once("load", done)) : Promise.resolve();
