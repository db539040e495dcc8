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
  state.on("view", () => {
    const { lat, lng } = map.getCenter();
    const { view } = state;
    if (!view) return;
    const isAway = Math.abs(view.lat - lat) > 1e-5 || Math.abs(view.lon - lng) > 1e-5;
    if (view.z !== map.getZoom() || isAway) map.setView([view.lat, view.lon], view.z, { animate: false });
  });
  map.on("moveend", () => {
    const { lat, lng } = map.getCenter();
    if (homeward(lng) !== lng) {
      map.setView([lat, homeward(lng)], map.getZoom(), { animate: false });
      return;
    }
    state.update({ view: { z: map.getZoom(), lat, lon: lng } });
  });
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
