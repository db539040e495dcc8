/* A sheet of paper with a map: laid out in millimetres, drawn again at a chosen scale, with its legend and who made it. */
import { shownNetwork } from "../grid/tool.js";
import { find } from "../lib/find.js";
import { element } from "../lib/texts.js";
import { Ground, groundOn } from "../map/ground.js";
import { Land } from "../map/land.js";
import { loaded, mirrorLayers } from "../map/mirror.js";
import { drawnNotes, notesOn } from "../map/notes.js";
import { mirrorOutside } from "../map/outside.js";
import { MvtLayer } from "../map/mvtlayer.js";
import { Overlay } from "../map/overlay.js";
import { namesAsText, namesOf } from "./names.js";
import { gridOf } from "./grid.js";
import { BEHIND, networkOn } from "./network.js";
import { MM, chosen, flattened, metresPerPaperPixel, metresPerPixel, paper } from "./paper.js";
import { department, fit, sideOf } from "./side.js";
import { vectorGround, vectorLand, vectorLayer } from "./vector.js";
/** @import { ShownNetwork } from "../grid/overlay.js" */
/** @import { MapPage } from "../map/types" */
/** @import { Name } from "./names.js" */

/**
 * The map of a sheet: enlarged by `factor` (from north to south by `factorY`) from `zoom` it has the scale.
 *
 * @typedef {object} Made
 * @property {L.Map} map
 * @property {MvtLayer[]} layers
 * @property {import("../map/outside.js").OutsideCopy[]} outside
 * @property {Overlay} overlay
 * @property {Name[]} names
 * @property {ShownNetwork | null} network
 * @property {number} factor
 * @property {number} factorY
 * @property {number} scale
 */

/** @typedef {{ centre: L.LatLng, scale: number, title: string, under?: string }} Asked */

const PATIENCE = 15000; // ms for other servers

const STILL = {
  zoomControl: false,
  attributionControl: false,
  dragging: false,
  keyboard: false,
  scrollWheelZoom: false,
  doubleClickZoom: false,
  boxZoom: false,
  touchZoom: false,
  fadeAnimation: false,
  zoomAnimation: false,
  trackResize: false,
};

/** A sheet that is laid out and still empty: begin() and finish() fill it once it is in the page. */
export class Sheet {
  #aside = element("aside", { class: "print-side" });

  /**
   * @param {MapPage} page
   * @param {Asked} asked
   */
  constructor(page, { centre, scale, title, under = "" }) {
    const { width, height, mapWidth, mapHeight } = paper();
    const perPixel = metresPerPaperPixel(scale);
    const wanted = Math.round(Math.log2(metresPerPixel(centre.lat, 0) / perPixel));
    this.page = page;
    this.centre = centre;
    this.scale = scale;
    this.zoom = Math.max(page.map.getMinZoom(), Math.min(page.map.getMaxZoom(), wanted));
    this.factor = metresPerPixel(centre.lat, this.zoom) / perPixel;
    this.factorY = this.factor * flattened(centre.lat);
    this.inner = element("div", { class: "print-map-inner" });
    this.frame = element("div", { class: "print-map" }, this.inner);
    const head = element("header", {}, element("h1", {}, title), element("p", {}, under || department()));
    const kind = `print-sheet is-${chosen.landscape ? "landscape" : "portrait"} is-${chosen.paper.toLowerCase()}`;
    this.box = element("section", { class: kind }, head, this.frame, this.#aside);
    Object.assign(this.box.style, { width: width + "mm", height: height + "mm" });
    Object.assign(this.frame.style, { width: mapWidth + "mm", height: mapHeight + "mm" });
    Object.assign(this.inner.style, {
      width: (mapWidth * MM) / this.factor + "px",
      height: (mapHeight * MM) / this.factorY + "px",
      transform: `scale(${this.factor}, ${this.factorY})`,
    });
  }

  /**
   * The layers of the screen once more: same filters, same classes, same opacity; fainter behind the power network.
   *
   * @returns {Made}
   */
  begin() {
    const { page, zoom, factor, factorY, scale } = this;
    const map = L.map(this.inner, { ...STILL, minZoom: zoom, maxZoom: zoom });
    map.setView(this.centre, zoom, { animate: false });
    const shown = page.layers.filter((layer) => page.map.hasLayer(layer) && zoom >= layer.spec.minZoom);
    const layers = mirrorLayers(page, map, shown);
    const outside = mirrorOutside(map, page.layers);
    const network = shownNetwork();
    if (network) for (const layer of layers) layer.setOpacity(opacityOf(layer) * BEHIND);
    const overlay = new Overlay(layers).addTo(map);
    return { map, layers, outside, overlay, names: [], network, factor, factorY, scale };
  }

  /**
   * Returns the titles of the layers of which something did not come.
   *
   * @param {Made} made
   */
  async finish(made) {
    await document.fonts.ready;
    const ground = groundOn(made.map);
    await Promise.all([...made.layers, ...(ground ? [ground] : [])].map(loaded));
    await Promise.race([Promise.all(made.outside.map(loaded)), new Promise((late) => setTimeout(late, PATIENCE))]);
    if (!this.box.isConnected) return [];
    made.overlay.redraw();
    made.overlay.canvas.hidden = true;
    made.names = namesOf(made.overlay, made.map.getSize(), this.#addGrid(made));
    showVectors(made.map);
    if (made.network) this.inner.append(networkOn(made.network, made.map));
    if (drawnNotes().length) this.inner.append(notesOn(drawnNotes(), made.map));
    this.inner.append(namesAsText(made.names, made.map.getSize()));
    this.#aside.append(...sideOf(this.page, made));
    fit(find(".print-legend", this.#aside));
    this.box.dataset.ready = "";
    const lost = made.layers.filter((layer) => layer.failures).map((layer) => layer.spec.title);
    const late = made.outside.filter((layer) => layer.failures || layer.isLoading()).map((layer) => layer.title);
    return [...lost, ...late];
  }

  /**
   * Mark the edges; returns where their numbers stand, px of the map.
   *
   * @param {Made} made
   */
  #addGrid({ map, factor, factorY }) {
    if (!chosen.grid) return [];
    const { mapWidth: width, mapHeight: height } = paper();
    const grid = gridOf(map, chosen.grid, this.page.config.projection, { width, height });
    this.frame.append(grid);
    const px = (/** @type {number} */ x, /** @type {number} */ y) => L.point((x * MM) / factor, (y * MM) / factorY);
    return [...grid.querySelectorAll("text")].map((text) => {
      const { x, y, width: wide, height: high } = text.getBBox();
      return L.bounds(px(x, y), px(x + wide, y + high));
    });
  }
}

/** @param {MvtLayer} layer */
const opacityOf = (layer) => /** @type {L.GridLayerOptions} */ (layer.options).opacity ?? 1;

/**
 * Paper gets lines and areas; the canvases stay, out of sight, for the picture.
 *
 * @param {L.Map} map
 */
function showVectors(map) {
  const pane = map.getPane("tilePane");
  map.eachLayer((layer) => {
    const drawn = vectorOf(layer, map);
    if (!drawn) return;
    pane?.append(drawn);
    /** @type {L.GridLayer} */ (layer).getContainer()?.classList.add("is-replaced");
  });
}

/**
 * @param {L.Layer} layer
 * @param {L.Map} map
 */
function vectorOf(layer, map) {
  if (layer instanceof MvtLayer) return vectorLayer(layer, map);
  if (layer instanceof Ground) return vectorGround(layer, map);
  return layer instanceof Land ? vectorLand(layer, map) : null;
}
