/* Starts the map page: takes what folium's script made and hands it to one module per concern. */
import { startCharts } from "./charts.js";
import { startCompare } from "./compare.js";
import { startCopying } from "./copy.js";
import { startChips } from "./chips.js";
import { startReadout } from "./coordinates.js";
import { startFilters } from "./filters.js";
import { fitFree } from "./home.js";
import { startLayers } from "./layers.js";
import { clear, notice, watchNetwork } from "./notices.js";
import { startPanels } from "./panel.js";
import { startSelection } from "./popup.js";
import { startSearch } from "./search.js";
import { State } from "./state.js";
import { startTable } from "./table.js";
import { element, t } from "./texts.js";

const page = window.webmap.page;
const { map, layers, basemap, land, config } = page;
let opened;
page.ready = new Promise((done) => { opened = done; }); // for scripts that need the whole page
const state = new State(Object.fromEntries(layers.map((layer) => [layer.spec.name, opensWith(layer)])));

document.getElementById("attribution").textContent = basemap ? "" : t("Land: Natural Earth");
startPanels(map);
const countLayers = startLayers(page, state);
if (basemap) watchBasemap(); // before the first of its tiles can fail
await nextTask();
showView(); // asks for the tiles; the rest is made while they come, in pieces that leave room for a click
page.state = state;
await nextTask();
startChips(page, state);
startFilters(page, state);
countLayers();
const selection = startSelection(page, state);
page.selection = selection;
await nextTask();
startSearch(page, selection);
startTable(page, state, selection);
startCharts(page, state);
startReadout(map, config.projection);
startTools();
startCopying();
watchNetwork();
watchPointer();
startCompare(page);
state.update({}); // gives the links of the page this address
opened();

function nextTask() { return new Promise((done) => { setTimeout(done); }); }

/* The cross in the middle of the map is for those who steer by keyboard: a click leaves none behind. */
function watchPointer() {
  const root = document.documentElement;
  window.addEventListener("pointerdown", () => root.classList.add("by-pointer"), true);
  window.addEventListener("keydown", (event) => { if (event.key === "Tab" || event.key.startsWith("Arrow")) root.classList.remove("by-pointer"); }, true);
}

/* Field -> the values a layer shows until somebody says otherwise (former units stay in the drawer). */
function opensWith({ spec }) {
  const narrow = spec.style.variations.filter((variation) => variation.opens_with.length);
  return Object.fromEntries(narrow.map((variation) => [variation.field, variation.opens_with]));
}

function showHome(options) { fitFree(map, L.latLngBounds(config.home), options); }

function showView() {
  if (state.view) map.setView([state.view.lat, state.view.lon], state.view.z, { animate: false });
  else showHome({ animate: false });
  state.on("view", () => {
    const { lat, lng } = map.getCenter(), view = state.view;
    const moved = view && (view.z !== map.getZoom() || Math.abs(view.lat - lat) > 1e-5 || Math.abs(view.lon - lng) > 1e-5);
    if (moved) map.setView([view.lat, view.lon], view.z, { animate: false });
  });
  map.on("moveend", () => {
    const { lat, lng } = map.getCenter();
    state.update({ view: { z: map.getZoom(), lat, lon: lng } });
  });
}

function startTools() {
  const tool = (name, act) => { const button = document.querySelector(`[data-tool="${name}"]`); button.addEventListener("click", act); return button; };
  const zoomIn = tool("zoom-in", () => map.zoomIn()), zoomOut = tool("zoom-out", () => map.zoomOut());
  tool("home", () => showHome());
  tool("locate", () => map.locate({ setView: true, maxZoom: 15, timeout: 10000 }));
  map.on("locationerror", () => notice("locate", t("Your place could not be found.")));
  const ends = () => { zoomIn.disabled = map.getZoom() >= map.getMaxZoom(); zoomOut.disabled = map.getZoom() <= map.getMinZoom(); };
  map.on("zoomend", ends);
  ends();
}

/* With a base map the land outline is only what shows when its tiles fail. */
function watchBasemap() {
  const credit = document.getElementById("attribution"), text = basemap.options.attribution;
  const isOsm = text.includes("OpenStreetMap");
  credit.replaceChildren(isOsm ? element("a", { href: "https://www.openstreetmap.org/copyright", target: "_blank", rel: "noopener" }, text) : text);
  let failed = 0, isTold = false;
  basemap.on("loading", () => { failed = 0; });
  const showLand = (on) => {
    if (map.hasLayer(land) === on) return;
    on ? land.addTo(map) : land.remove();
    for (const layer of layers) if (map.hasLayer(layer)) layer.redrawTiles();
  };
  basemap.on("tileerror", () => {
    failed++;
    showLand(true);
    if (isTold) return;
    isTold = true;
    notice("basemap", t("The base map could not be loaded; the land outline is shown instead."), { seconds: 12 });
  });
  basemap.on("load", () => { if (!failed) { showLand(false); clear("basemap"); isTold = false; } });
}
