/* Layers and legend in one list: switch, classes with live counts, opacity; and the filters they set. */
import { AskError, askJson, statusOf, working } from "../lib/ask.js";
import { byId, find, findAll } from "../lib/find.js";
import { clear, loginChanged, notice, signInFor } from "../lib/notices.js";
import { N_, element, icon, number, t } from "../lib/texts.js";
import { buildLegend, showCounts, showPressed } from "./legend.js";
import { lose, regain } from "./lost.js";
import { keeps } from "./mask.js";
/** @import { LegendRow } from "./legend.js" */
/** @import { MvtLayer } from "./mvtlayer.js" */
/** @import { State } from "./state.js" */
/** @import { OpenedPage } from "./types" */

/**
 * What the server counted: objects, objects by field and value, and each filter in words.
 *
 * @typedef {object} Counted
 * @property {string} query that was counted
 * @property {number} numberMatched
 * @property {Record<string, Record<string, number>>} facets
 * @property {{ name: string, text: string, parts?: string[] }[]} sentences `parts`: each of several values
 */

/**
 * A layer in the list.
 *
 * @typedef {object} Entry
 * @property {MvtLayer} layer
 * @property {HTMLElement} row
 * @property {HTMLElement} legend
 * @property {LegendRow[]} rows
 * @property {HTMLInputElement} slider
 * @property {string} query
 */

const FILLING = 1000; // ms until the list is shown, counted or not
const TILES = N_("Part of “{layer}” could not be loaded.");
const COUNTS = N_("“{layer}” could not be counted.");

/**
 * Returns a function that counts what each layer shows, for when the tiles have been asked for.
 *
 * @param {OpenedPage} page
 * @param {State} state
 */
export function startLayers({ map, layers, config }, state) {
  const entries = layers.map((layer) => startLayer(layer, map, layers, state));
  for (const entry of entries) {
    state.on("filters", () => {
      if (entry.query === state.filterQuery(entry.layer.spec.name)) return;
      applyFilters(entry, state);
      count(entry, state, config.addresses);
    });
  }
  const zoomed = () => layers.forEach((layer) => noteZoom(layer, Math.round(map.getZoom())));
  map.on("zoomend", zoomed);
  zoomed();
  showWhenCounted(layers);
  return () => entries.forEach((entry) => count(entry, state, config.addresses));
}

/**
 * @param {MvtLayer} layer
 * @param {L.Map} map
 * @param {MvtLayer[]} layers
 * @param {State} state
 * @returns {Entry}
 */
function startLayer(layer, map, layers, state) {
  const row = rowOf(layer);
  const legend = find(".legend", row);
  const { rows, slider } = buildLegend(layer, legend, state);
  const entry = { layer, row, legend, rows, slider, query: "" };
  const box = find("input", row, HTMLInputElement);
  const name = layer.spec.name;
  box.addEventListener("change", () => {
    state.update({ layers: layers.filter(isOn).map((other) => other.spec.name) }, { push: true });
  });
  const fold = find("[aria-controls]", row);
  fold.addEventListener("click", () => {
    const open = fold.getAttribute("aria-expanded") !== "true";
    fold.setAttribute("aria-expanded", String(open));
    legend.hidden = !open;
  });
  watchTiles(layer, map);
  const show = () => {
    const on = state.layers ? state.layers.includes(name) : layer.spec.shown;
    box.checked = on;
    row.classList.toggle("is-off", !on);
    if (on) layer.addTo(map);
    else layer.remove();
  };
  const fade = () => {
    const percent = Number(state.fade[name] ?? 100);
    layer.setOpacity(percent / 100);
    slider.value = String(percent);
  };
  state.on("layers", show);
  state.on("fade", fade);
  show();
  fade();
  applyFilters(entry, state);
  return entry;
}

/** @param {MvtLayer} layer */
const rowOf = (layer) => find(`[data-layer="${CSS.escape(layer.spec.name)}"]`);

/**
 * Whether the list has a layer switched on.
 *
 * @param {MvtLayer} layer
 */
export const isOn = (layer) => byId("show-" + layer.spec.name, HTMLInputElement).checked;

/**
 * Rows come and go with the counts: the list is shown when it stands still, or after a second.
 *
 * @param {MvtLayer[]} layers
 */
function showWhenCounted(layers) {
  const body = byId("layers-body");
  const show = () => {
    body.classList.remove("is-filling");
    clearTimeout(late);
    document.removeEventListener("counted", look);
  };
  const look = () => {
    if (layers.every((layer) => layer.counted)) show();
  };
  const late = setTimeout(show, FILLING);
  document.addEventListener("counted", look);
}

/* --- filters --------------------------------------------------------------------------------------- */

/**
 * Fields that shape the symbol are filtered in the browser, at once; all others by the server.
 *
 * @param {Entry} entry
 * @param {State} state
 */
function applyFilters(entry, state) {
  const { layer } = entry;
  const { name, style } = layer.spec;
  const inSymbol = new Set(style.variations.map((variation) => variation.field));
  const others = state.pairs(name).filter(([field]) => !inSymbol.has(field));
  entry.query = state.filterQuery(name);
  layer.setQuery(new URLSearchParams(others).toString());
  const wanted = style.variations.map((variation) => state.filter(name, variation.field));
  layer.setMask(wanted.some(Boolean) ? (one) => keeps(style.variations, wanted, one) : null);
  showPressed(entry.rows, (field) => state.filter(name, field));
}

/**
 * @param {Entry} entry
 * @param {State} state
 * @param {Record<string, string>} addresses
 */
async function count(entry, state, addresses) {
  const { layer, query } = entry;
  const { name, title } = layer.spec;
  const url = addresses.facets.replace("{layer}", name);
  try {
    const found = await askJson(query ? `${url}?${query}` : url);
    if (query !== entry.query) return;
    clear("filter-" + name);
    regain(layer, COUNTS);
    layer.counted = {
      query,
      numberMatched: found.numberMatched,
      facets: found.facets,
      sentences: found.sentences || [],
    };
    showTotal(entry.row, found.numberMatched);
    showCounts(entry.legend, entry.rows, found.facets, (field) => state.filter(name, field));
    document.dispatchEvent(new CustomEvent("counted"));
  } catch (error) {
    if (query !== entry.query) return;
    showTotal(entry.row, null);
    if (statusOf(error) === 401) return; // told already
    if (error instanceof AskError && error.details.roles) signInFor("filter-" + name, `${title}: ${error.message}`);
    else if (error instanceof AskError && error.status === 400) notice("filter-" + name, `${title}: ${error.message}`);
    else lose(layer, COUNTS, () => count(entry, state, addresses));
  }
}

/**
 * @param {HTMLElement} row
 * @param {number | null} matched
 */
function showTotal(row, matched) {
  const total = find(".layer-count", row);
  total.dataset.count = matched === null ? "" : String(matched);
  total.textContent = matched === null ? "" : number(matched);
  showSum();
}

/** The sum is told when every layer has been counted. */
function showSum() {
  const counts = findAll(".layer-count").map((row) => row.dataset.count);
  const sum = counts.reduce((before, one) => before + Number(one), 0);
  byId("panel-summary").textContent = counts.every(Boolean) ? t("{count} objects", { count: number(sum) }) : "";
}

/* --- what a layer cannot show ---------------------------------------------------------------------- */

/**
 * @param {MvtLayer} layer
 * @param {L.Map} map
 */
function watchTiles(layer, map) {
  /** @type {(() => void) | null} */
  let done = null;
  const end = () => {
    done?.();
    done = null;
  };
  layer.on("failed", (event) => {
    const { status, role } = /** @type {L.LeafletEvent & { status: number, role?: string }} */ (event);
    if (status === 401) loginChanged(role);
    else if (status === 400)
      return; // told where the filter is counted
    else lose(layer, TILES, () => layer.retry());
  });
  layer.on("arrived", () => {
    if (!layer.failures) regain(layer, TILES);
  });
  layer.on("remove", () => regain(layer, TILES));
  layer.on("loading", () => {
    done ||= working();
  });
  layer.on("load remove", end);
  map.on("zoomend", () => {
    if (Math.round(map.getZoom()) < layer.spec.minZoom) end(); // its tiles are dropped unheard
  });
}

/**
 * @param {MvtLayer} layer
 * @param {number} zoom
 */
function noteZoom(layer, zoom) {
  const row = rowOf(layer);
  const isTooFar = zoom < layer.spec.minZoom;
  const note = row.querySelector(".legend-note");
  if (note instanceof HTMLElement) note.hidden = !isTooFar;
  else if (isTooFar)
    row.append(element("p", { class: "legend-note" }, icon("zoom-in"), " ", t("Zoom in to see this layer")));
}
