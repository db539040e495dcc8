/* Starts the map page: takes what folium's script made and hands it to one module per concern. */
import { check } from "../lib/ask.js";
import { startCopying } from "../lib/copy.js";
import { byId, find } from "../lib/find.js";
import { notice, watchNetwork } from "../lib/notices.js";
import { t } from "../lib/texts.js";
import { startCharts } from "../panels/charts.js";
import { startChips } from "../panels/chips.js";
import { startFilters } from "../panels/filters.js";
import { startPanels } from "../panels/panel.js";
import { startTable } from "../panels/table.js";
import { startCompare } from "../tools/compare.js";
import { homeward } from "./address.js";
import { checkTiles } from "./asktiles.js";
import { watchBasemap } from "./basemap.js";
import { fitFree, keepNamesClear } from "./home.js";
import { startLayers } from "./layers.js";
import { becomeReady, thePage } from "./page.js";
import { startSelection } from "./popup.js";
import { startReadout } from "./readout.js";
import { startSearch } from "./search.js";
import { State } from "./state.js";
/** @import { MvtLayer } from "./mvtlayer.js" */

const page = thePage();
const { map, layers, overlay, basemap, config } = page;
checkTiles(check);
/** @type {State["view"]} what the address asks for, while nobody has moved */
let held = null;
const state = new State(Object.fromEntries(layers.map((layer) => [layer.spec.name, opensWith(layer)])));

byId("attribution").textContent = basemap ? "" : t("Land: Natural Earth");
startPanels(map);
keepNamesClear(map, overlay);
const countLayers = startLayers(page, state);
if (basemap) watchBasemap(page, basemap, state); // before the first of its tiles can fail
await nextTask();
showView(); // asks for the tiles; the rest is made while they come, in pieces that leave room for a click
await nextTask();
startChips(page, state);
startFilters(page, state);
countLayers();
const selection = startSelection(page, state);
const whole = { ...page, state, selection };
await nextTask();
startSearch(page, selection);
startTable(whole);
startCharts(whole);
startReadout(map, config.projection);
startTools();
startCopying();
watchNetwork();
watchPointer();
startCompare(whole);
state.update({}); // gives the links of the page this address
becomeReady({ state, selection });
document.addEventListener("webmap:saved", ({ detail }) => {
  const layer = layers.find(({ spec }) => spec.name === detail.layer);
  if (layer && map.hasLayer(layer)) layer.retry(true);
  countLayers();
});

function nextTask() {
  return new Promise((done) => {
    setTimeout(done);
  });
}

/** The cross in the middle of the map is for those who steer by keyboard: a click leaves none behind. */
function watchPointer() {
  const { classList } = document.documentElement;
  window.addEventListener("pointerdown", () => classList.add("by-pointer"), true);
  const steered = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Tab" || event.key.startsWith("Arrow")) classList.remove("by-pointer");
  };
  window.addEventListener("keydown", steered, true);
}

/**
 * Field -> the values a layer shows until somebody says otherwise (former units stay in the drawer).
 *
 * @param {MvtLayer} layer
 */
function opensWith({ spec }) {
  const narrow = spec.style.variations.filter((variation) => variation.opens_with.length);
  return Object.fromEntries(narrow.map((variation) => [variation.field, variation.opens_with]));
}

/** @param {L.FitBoundsOptions} [options] */
function showHome(options) {
  fitFree(map, L.latLngBounds(/** @type {L.LatLngTuple[]} */ (config.home)), options);
}

function showView() {
  if (state.view) map.setView([state.view.lat, state.view.lon], state.view.z, { animate: false });
  else showHome({ animate: false });
  holdView();
  state.on("view", () => {
    const { lat, lng } = map.getCenter();
    const { view } = state;
    if (!view || view === held) return;
    const isAway = Math.abs(view.lat - lat) > 1e-5 || Math.abs(view.lon - lng) > 1e-5;
    if (view.z !== map.getZoom() || isAway) map.setView([view.lat, view.lon], view.z, { animate: false });
  });
  map.on("moveend", () => {
    const { lat, lng } = map.getCenter();
    if (homeward(lng) !== lng) {
      map.setView([lat, homeward(lng)], map.getZoom(), { animate: false });
      return;
    }
    state.update({ view: isHeld() ? held : { z: map.getZoom(), lat, lon: lng } });
  });
}

/** A link's view is that of the map beside all that the link opens: it is kept until somebody acts. */
function holdView() {
  held = state.view;
  if (!held) return;
  const hold = () => {
    if (!held) return;
    map.invalidateSize({ animate: false, pan: false });
    map.setView([held.lat, held.lon], held.z, { animate: false });
  };
  const watch = new ResizeObserver(hold);
  watch.observe(map.getContainer());
  window.addEventListener("webmap:resized", hold);
  const letGo = () => {
    held = null;
    watch.disconnect();
    window.removeEventListener("webmap:resized", hold);
  };
  for (const act of ["pointerdown", "keydown", "wheel", "popstate"])
    window.addEventListener(act, letGo, { capture: true, once: true });
}

/** Whether the map shows the held view, but for what a map of whole pixels cannot. */
function isHeld() {
  if (!held || held.z !== map.getZoom()) return false;
  return map.latLngToContainerPoint([held.lat, held.lon]).distanceTo(map.getSize().divideBy(2)) < 2;
}

function startTools() {
  const tool = (/** @type {string} */ name, /** @type {() => void} */ act) => {
    const button = find(`[data-tool="${name}"]`, document, HTMLButtonElement);
    button.addEventListener("click", act);
    return button;
  };
  const zoomIn = tool("zoom-in", () => map.zoomIn());
  const zoomOut = tool("zoom-out", () => map.zoomOut());
  tool("home", () => showHome());
  tool("locate", () => map.locate({ setView: true, maxZoom: 15, timeout: 10000 }));
  map.on("locationerror", () => notice("locate", t("Your place could not be found.")));
  const ends = () => {
    zoomIn.disabled = map.getZoom() >= map.getMaxZoom();
    zoomOut.disabled = map.getZoom() <= map.getMinZoom();
  };
  map.on("zoomend", ends);
  ends();
}
