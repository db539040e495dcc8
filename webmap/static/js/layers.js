/* Layers and legend in one list: switch, classes with live counts, opacity; and the filters they set. */
import { element, icon, number, t } from "./texts.js";
import { ask, working } from "./ask.js";
import { clear, loginChanged, notice } from "./notices.js";

/* Returns a function that counts what each layer shows, for when the tiles have been asked for. */
const FILLING = 1000;

export function startLayers({ map, layers, config }, state) {
  const counts = [];
  for (const layer of layers) {
    const row = document.querySelector(`[data-layer="${CSS.escape(layer.spec.name)}"]`);
    const entry = { layer, row, legend: row.querySelector(".legend"), facets: null, buttons: [] };
    buildLegend(entry, state);
    row.querySelector("input").addEventListener("change", () => {
      const shown = layers.filter((other) => isOn(other)).map((other) => other.spec.name);
      state.update({ layers: shown });
    });
    const fold = row.querySelector("[aria-controls]");
    fold.addEventListener("click", () => setOpen(entry, fold.getAttribute("aria-expanded") !== "true"));
    layer.on("failed", ({ status, role }) => { status === 401 ? loginChanged(role) : lose(layer, TILES, () => layer.retry()); });
    layer.on("arrived", () => { if (!layer.failures) regain(layer, TILES); });
    layer.on("remove", () => regain(layer, TILES));
    watchLoading(layer, map);
    const show = () => {
      const on = state.layers ? state.layers.includes(layer.spec.name) : layer.spec.shown;
      row.querySelector("input").checked = on;
      row.classList.toggle("is-off", !on);
      on ? layer.addTo(map) : layer.remove();
    };
    const fade = () => {
      const percent = Number(state.fade[layer.spec.name] ?? 100);
      layer.setOpacity(percent / 100);
      entry.slider.value = percent;
    };
    const filter = () => applyFilters(entry, state), counted = () => count(entry, state, config.addresses);
    counts.push(counted);
    state.on("layers", show);
    state.on("fade", fade);
    state.on("filters", () => { if (entry.query !== state.filterQuery(layer.spec.name)) { filter(); counted(); } });
    show(); fade(); filter();
  }
  const zoomed = () => { for (const layer of layers) noteZoom(layer, map.getZoom()); };
  map.on("zoomend", zoomed);
  zoomed();
  showWhenCounted(layers);
  return () => counts.forEach((counted) => counted());
}

/* Rows come and go with the counts: the list is shown when it stands still, or after a second. */
function showWhenCounted(layers) {
  const body = document.getElementById("layers-body"), show = () => { body.classList.remove("is-filling"); clearTimeout(late); document.removeEventListener("counted", look); };
  const look = () => { if (layers.every((layer) => layer.countedFor !== undefined)) show(); };
  const late = setTimeout(show, FILLING);
  document.addEventListener("counted", look);
}

function isOn(layer) {
  return document.getElementById("show-" + layer.spec.name).checked;
}

function setOpen(entry, open) {
  entry.row.querySelector("[aria-controls]").setAttribute("aria-expanded", open);
  entry.legend.hidden = !open;
}

/* --- legend ---------------------------------------------------------------------------------------- */

function buildLegend(entry, state) {
  const { layer, legend } = entry, { style, geometry } = layer.spec;
  style.variations.forEach((variation, index) => {
    const group = element("div", { class: "legend-group", hidden: index > 0 });
    if (style.variations.length > 1) group.append(element("p", { class: "legend-heading" }, variation.label));
    const list = element("ul"), seen = new Set();
    for (const { value, label, symbol } of variation.values) {
      if (seen.has(value)) continue; // “unknown” may be a value and a missing value at once
      seen.add(value);
      const counter = element("span", { class: "number" });
      const button = element("button", { class: "legend-row", type: "button", "aria-pressed": "true", click: () => toggle(layer, variation, value, state) },
        webmap.symbols.legend(symbol, geometry, 28, 22), element("span", { class: "name" }, label), counter);
      const item = element("li", {}, button);
      entry.buttons.push({ variation, value, button, counter, item });
      list.append(item);
    }
    group.append(list);
    legend.append(group);
  });
  if (!style.variations.length) {
    legend.append(element("div", { class: "legend-row" }, webmap.symbols.legend(style.base, geometry, 28, 22), layer.spec.title));
  }
  entry.slider = element("input", {
    class: "form-range", type: "range", min: 10, max: 100, step: 10, "aria-label": `${t("Opacity")}: ${layer.spec.title}`,
    input: (event) => state.update({ fade: { ...state.fade, [layer.spec.name]: event.target.value } }),
  });
  const opacity = element("label", { class: "legend-opacity", hidden: true }, element("span", {}, t("Opacity")), entry.slider);
  legend.append(opacity);
  const more = element("button", { class: "legend-more", type: "button", "aria-expanded": "false" }, t("More"));
  more.addEventListener("click", () => {
    const open = more.getAttribute("aria-expanded") !== "true";
    more.setAttribute("aria-expanded", open);
    more.textContent = open ? t("Less") : t("More");
    opacity.hidden = !open;
    legend.querySelectorAll(".legend-group").forEach((group, index) => { group.hidden = index > 0 && !open; });
  });
  legend.append(more);
}

/* A class of the legend is switched like a layer: what stays on becomes the filter of its field. */
function toggle(layer, variation, value, state) {
  const all = [...new Set(variation.values.map((entry) => entry.value))];
  const shown = new Set(state.filter(layer.spec.name, variation.field) || all);
  shown.has(value) ? shown.delete(value) : shown.add(value);
  const isEverything = !shown.size || shown.size === all.length, opensNarrow = variation.opens_with.length;
  if (isEverything) { shown.clear(); if (opensNarrow) all.forEach((one) => shown.add(one)); }
  state.setFilter(layer.spec.name, variation.field, [...shown]);
}

/* --- filters --------------------------------------------------------------------------------------- */

/* Fields that shape the symbol are filtered in the browser, at once; all others by the server. */
function applyFilters(entry, state) {
  const { layer } = entry, { name, style } = layer.spec;
  const inSymbol = new Set(style.variations.map((variation) => variation.field));
  const pairs = state.pairs(name);
  entry.query = state.filterQuery(name);
  layer.setQuery(new URLSearchParams(pairs.filter(([field]) => !inSymbol.has(field))).toString());
  const wanted = style.variations.map((variation) => state.filter(name, variation.field));
  layer.setMask(wanted.some(Boolean) ? (number) => keeps(style.variations, wanted, number) : null);
  for (const { variation, value, button } of entry.buttons) {
    const values = state.filter(name, variation.field);
    button.setAttribute("aria-pressed", !values || values.includes(value));
  }
}

/* Class numbers are a mixed radix over the variations, the last one changing fastest. */
function keeps(variations, wanted, number) {
  for (let i = variations.length - 1; i >= 0; i--) {
    const size = variations[i].values.length, value = variations[i].values[number % size].value;
    if (wanted[i] && !wanted[i].includes(value)) return false;
    number = Math.floor(number / size);
  }
  return true;
}

async function count(entry, state, addresses) {
  const { name } = entry.layer.spec, query = entry.query, url = addresses.facets.replace("{layer}", name);
  try {
    const answer = await ask(query ? `${url}?${query}` : url);
    const facets = await answer.json();
    if (query !== entry.query) return;
    if (!answer.ok) throw Object.assign(new Error(answer.statusText), { reason: facets.message, status: answer.status });
    clear("filter-" + name);
    regain(entry.layer, COUNTS);
    showCounts(entry, facets, state);
  } catch (error) {
    if (query !== entry.query) return;
    const total = entry.row.querySelector(".layer-count");
    total.textContent = total.dataset.count = "";
    showSum();
    if (error.status === 401) return; // told already
    if (error.status !== 400) lose(entry.layer, COUNTS, () => count(entry, state, addresses));
    else notice("filter-" + name, `${entry.layer.spec.title}: ${error.reason}`);
  }
}

function showCounts(entry, { numberMatched, facets, sentences }, state) {
  const total = entry.row.querySelector(".layer-count");
  total.textContent = number(total.dataset.count = numberMatched);
  Object.assign(entry.layer, { sentences: sentences || [], facets, matched: numberMatched, countedFor: entry.query });
  for (const { variation, value, counter, item } of entry.buttons) {
    const found = facets[variation.field]?.[value] || 0, asked = state.filter(entry.layer.spec.name, variation.field);
    counter.textContent = found ? number(found) : "";
    item.hidden = !found && !asked?.includes(value);
  }
  for (const group of entry.legend.querySelectorAll(".legend-group")) {
    group.querySelector("ul").hidden = [...group.querySelectorAll("li")].every((item) => item.hidden);
  }
  showSum();
  document.dispatchEvent(new CustomEvent("counted"));
}

/* The sum is told when every layer has been counted. */
function showSum() {
  const counts = [...document.querySelectorAll(".layer-count")].map((row) => row.dataset.count);
  document.getElementById("panel-summary").textContent = counts.every(Boolean) ? t("{count} objects", { count: number(counts.reduce((sum, count) => sum + Number(count), 0)) }) : "";
}

/* --- what a layer cannot show ---------------------------------------------------------------------- */

const TILES = "Part of “{layer}” could not be loaded.", COUNTS = "“{layer}” could not be counted.";
const lost = new Map(); // sentence and layer -> what did not come and how to ask for it again
let told = "";

function lose(layer, sentence, again) {
  lost.set(sentence + layer.spec.name, { layer, sentence, again });
  tellLost();
}

function regain(layer, sentence) {
  if (lost.delete(sentence + layer.spec.name)) tellLost();
}

/* One message however much is missing: when the server is gone, every layer misses something. */
function tellLost() {
  const [first] = lost.values(), count = new Set([...lost.values()].map(({ layer }) => layer)).size;
  const text = !first ? "" : count === 1 ? t(first.sentence, { layer: first.layer.spec.title }) : t("The server did not answer for {count} layers. View and filters are kept; check the connection and try again.", { count });
  if (text === told) return;
  told = text;
  if (!text) clear("lost");
  else notice("lost", text, { label: t("Retry"), action: () => {
    const missing = [...lost.values()];
    told = "";
    missing.forEach(({ again }) => again());
  } });
}

function watchLoading(layer, map) {
  let done = null;
  const end = () => { done?.(); done = null; };
  layer.on("loading", () => { done ||= working(); });
  layer.on("load remove", end);
  map.on("zoomend", () => { if (map.getZoom() < layer.spec.minZoom) end(); }); // its tiles are dropped unheard
}

function noteZoom(layer, zoom) {
  const row = document.querySelector(`[data-layer="${CSS.escape(layer.spec.name)}"]`), isTooFar = zoom < layer.spec.minZoom;
  let note = row.querySelector(".legend-note");
  if (isTooFar && !note) row.append(note = element("p", { class: "legend-note" }, icon("zoom-in"), " ", t("Zoom in to see this layer")));
  if (note) note.hidden = !isTooFar;
}
