/* With a base map the land outline is only what shows when its tiles fail. */
import { byId } from "../lib/find.js";
import { clear, notice } from "../lib/notices.js";
import { element, t } from "../lib/texts.js";
/** @import { OpenedPage } from "./types" */

const OSM = { href: "https://www.openstreetmap.org/copyright", target: "_blank", rel: "noopener" };

/**
 * @param {OpenedPage} page
 * @param {L.TileLayer} basemap
 */
export function watchBasemap({ map, layers, land }, basemap) {
  const text = String(basemap.options.attribution ?? "");
  const credit = (/** @type {boolean} */ isLand) => {
    const named = text.includes("OpenStreetMap") ? element("a", OSM, text) : text;
    byId("attribution").replaceChildren(isLand ? t("Land: Natural Earth") : named); // of what is drawn
  };
  credit(false);
  let failed = 0;
  const showLand = (/** @type {boolean} */ on) => {
    credit(on);
    if (!land || map.hasLayer(land) === on) return;
    if (on) land.addTo(map);
    else land.remove();
    for (const layer of layers) if (map.hasLayer(layer)) layer.redrawTiles();
  };
  basemap.on("loading", () => {
    failed = 0;
  });
  basemap.on("tileerror", () => {
    failed++;
    showLand(true);
    if (wasTold()) return;
    const said = t("The base map could not be loaded; the land outline is shown instead.");
    notice("basemap", said, { seconds: 12 });
  });
  basemap.on("load", () => {
    if (failed) return;
    showLand(false);
    clear("basemap");
  });
}

const TOLD = "webmap-basemap-told";

/** Once a visit is enough: whoever works without the internet knows it. */
function wasTold() {
  try {
    if (sessionStorage.getItem(TOLD)) return true;
    sessionStorage.setItem(TOLD, "1");
  } catch {
    /* not kept: told on each page */
  }
  return false;
}
