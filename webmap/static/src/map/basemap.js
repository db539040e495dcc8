/* With a base map the land outline is only what shows when its tiles fail. */
import { byId } from "../lib/find.js";
import { clear, notice } from "../lib/notices.js";
import { element, t } from "../lib/texts.js";
import { Ground } from "./ground.js";
/** @import { State } from "./state.js" */
/** @import { OpenedPage } from "./types" */

const OSM = { href: "https://www.openstreetmap.org/copyright", target: "_blank", rel: "noopener" };

/**
 * @param {OpenedPage} page
 * @param {L.TileLayer | Ground} basemap
 * @param {State} state
 */
export function watchBasemap({ map, layers, land }, basemap, state) {
  const text = String(basemap.options.attribution ?? "");
  const isOurs = basemap instanceof Ground; // lies on the land, which goes on beyond it
  const credit = (/** @type {boolean} */ isLand) => {
    const named = text.includes("OpenStreetMap") ? element("a", OSM, text) : text;
    const parts = [isLand ? "" : named, isLand || isOurs ? t("Land: Natural Earth") : ""].filter(Boolean); // of what is drawn
    byId("attribution").replaceChildren(...parts.flatMap((part, i) => (i ? [" · ", part] : [part])));
  };
  credit(false);
  /** What a base map draws itself is shown while there is none, until somebody chooses layers. */
  const showGround = (/** @type {boolean} */ on) => {
    const changed = layers.filter(({ spec }) => spec.isGround && spec.shown !== on);
    for (const { spec } of changed) spec.shown = on;
    if (changed.length) state.tell(["layers"]);
  };
  let failed = 0;
  const showLand = (/** @type {boolean} */ on) => {
    credit(on);
    if (!isOurs) showGround(on);
    if (!land || isOurs || map.hasLayer(land) === on) return;
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
