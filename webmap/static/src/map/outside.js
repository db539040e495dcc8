/* Maps of other servers between the lowest layer and the next, on the screen and on whatever shows the page's map once more. */
/** @import { MvtLayer } from "./mvtlayer.js" */

/**
 * @typedef {object} Source
 * @property {number} id
 * @property {string} name
 * @property {"xyz" | "wmts" | "wms"} kind
 * @property {string} address
 * @property {string} layers of a WMS
 * @property {string} attribution
 * @property {number} opacity per cent
 */

/**
 * A copy of a map of another server on a sheet: `isForPaper` where its server does not let it be taken into a picture.
 *
 * @typedef {L.TileLayer & { title: string, isForPaper: boolean, failures: number }} OutsideCopy
 */

const ABOVE = 5; // of the ten that lie between two layers
const MOST_ZOOM = 22;

/** @type {Map<number, { source: Source, layer: L.TileLayer }>} what is on */
const shown = new Map();

/**
 * @param {Source} source
 * @param {MvtLayer[]} layers of the page
 * @param {L.TileLayerOptions} [options]
 * @returns {L.TileLayer}
 */
function tilesOf(source, layers, options) {
  const lowest = Math.min(...layers.map((layer) => layer.spec.zIndex));
  const look = {
    opacity: source.opacity / 100,
    zIndex: lowest + ABOVE,
    maxZoom: MOST_ZOOM,
    className: "outside-layer",
    attribution: "",
    ...options,
  };
  if (source.kind !== "wms")
    return L.tileLayer(source.address.replace("{-y}", "{y}"), { ...look, tms: source.address.includes("{-y}") });
  return L.tileLayer.wms(source.address, {
    ...look,
    layers: source.layers,
    format: "image/png",
    transparent: true,
    version: "1.3.0",
  });
}

/**
 * @param {L.Map} map
 * @param {Source} source
 * @param {MvtLayer[]} layers
 */
export function showOutside(map, source, layers) {
  const on = shown.get(source.id);
  if (on) return on.layer;
  const layer = tilesOf(source, layers).addTo(map);
  shown.set(source.id, { source, layer });
  return layer;
}

/** @param {number} id */
export function hideOutside(id) {
  shown.get(id)?.layer.remove();
  shown.delete(id);
}

/**
 * What is on once more, on another map. A picture may be made only of what its server lets be taken along (CORS): where it
 * does not, the tiles are asked for again for paper alone.
 *
 * @param {L.Map} map
 * @param {MvtLayer[]} layers of the page
 * @returns {OutsideCopy[]}
 */
export function mirrorOutside(map, layers) {
  return [...shown.values()].map(({ source, layer }) => {
    const copy = tilesOf(source, layers, { crossOrigin: "anonymous", opacity: layer.options.opacity });
    const made = Object.assign(copy, { title: source.name, isForPaper: false, failures: 0 });
    made.on("tileerror", () => {
      if (made.isForPaper) made.failures++;
      else {
        made.isForPaper = true;
        made.options.crossOrigin = false;
        made.redraw();
      }
    });
    return made.addTo(map);
  });
}

/** Whose maps are on, for the line of credits. */
export const creditOutside = () =>
  [...shown.values()].map(({ source }) => `${source.name}: ${source.attribution}`).join(" · ");
