/* What folium's script made, for all that runs on the page. */
import { fixedRatio } from "./ratio.js";
/** @import { MapPage, OpenedPage, PageParts } from "./types" */
/** @import { Overlay } from "./overlay.js" */

/** @type {OpenedPage | null} */
let opened = null;
/** @type {(page: MapPage) => void} */
let tellReady;
/** @type {Promise<MapPage>} */
const ready = new Promise((done) => {
  tellReady = done;
});

/**
 * folium's last line: keeps the objects, and lays labels, picking and highlight over them.
 *
 * @param {PageParts} parts
 * @param {Overlay} overlay
 */
export function openPage(parts, overlay) {
  opened = { ...parts, overlay: overlay.addTo(parts.map), ready };
  window.webmap = {
    page: opened,
    get ratio() {
      return fixedRatio();
    },
  };
}

/** The opened page. */
export function thePage() {
  if (!opened) throw new Error("folium's script has not run");
  return opened;
}

/** The land under areas, where folium's script has made it already. */
export const theLand = () => opened?.land;

/**
 * Add what the map page has when it has started, for scripts that need all of it.
 *
 * @param {Pick<MapPage, "state" | "selection">} parts
 */
export function becomeReady(parts) {
  tellReady(Object.assign(thePage(), parts));
}

/**
 * Let tests find the sheet that is being printed.
 *
 * @param {OpenedPage["print"]} made
 */
export function showPrint(made) {
  thePage().print = made;
}
