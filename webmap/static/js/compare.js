/* Two years, or two plans, side by side: two maps that move as one, and under them the numbers that differ.
   The address says which: ?compare=2026,2035&plans=…&plans=… */
import { loaded, mirrorLayers } from "./mirror.js";
import { ask } from "./ask.js";
import { failure } from "./notices.js";
import { fetchFragment } from "./popup.js";
import { element, icon, number, t } from "./texts.js";

const FIRST_YEAR = 1900, LAST_YEAR = 2100, PRINT_RATIO = 2;

/* Follow the address: open, change and close the comparison. */
export function startCompare(page) {
  const { state } = page;
  let view = null;
  const follow = ({ fit = true } = {}) => {
    if (!state.compare) { view?.close(); view = null; }
    else if (view) view.show();
    else view = openCompare(page, fit);
  };
  state.on("compare", follow);
  state.on("filters", () => view?.show());
  follow({ fit: false }); // a shared link opens at its own scale
}

/* Ask for the numbers of these years: the filters in force without the year, each year under its plan. */
export async function askYears(page, years, plans = []) {
  const { years: address } = JSON.parse(document.getElementById("tool-set").dataset.addresses);
  const asked = new URLSearchParams([["years", years.join(",")], ...plans.map((plan) => ["plans", plan])]);
  for (const { spec } of page.layers) {
    for (const [field, wanted] of new URLSearchParams(page.state.filterQuery(spec.name))) if (field !== "year" && field !== "plan") asked.append(`${spec.name}.${field}`, wanted);
  }
  const answer = await ask(`${address}?${asked}`), found = await answer.json();
  if (!answer.ok) throw new Error(found.message);
  return found;
}

export const total = (count) => count.existing + count.under_way + count.planned;
const written = (value) => value.toLocaleString(document.documentElement.lang || "vi", { maximumFractionDigits: 1 });
export const signed = (change) => (Math.abs(change) >= 0.05 ? `${change > 0 ? "+" : "−"}${written(Math.abs(change))}` : "0");

function numbersTable({ layers, states }, names) {
  const line = (label, a, b, attributes = {}) => element("tr", attributes, element("th", { scope: "row" }, label), element("td", {}, written(a)), element("td", {}, written(b)),
    element("td", { class: signed(b - a) === "0" ? "" : "changed" }, signed(b - a)));
  const rows = layers.flatMap(({ title, name, sums, years: [a, b] }) => [
    line(title, total(a), total(b), { class: "year-layer", "data-compared": name }),
    ...states.map((one) => line(one.label, a[one.name], b[one.name])),
    ...sums.map((one) => line(`${one.label} (${one.unit})`, a.sums[one.name], b.sums[one.name], { "data-compared-sum": one.name })),
  ]);
  const heads = [t("Layer"), ...names, t("Change")];
  return element("table", { class: "year-numbers" }, element("caption", { class: "visually-hidden" }, `${names[0]} – ${names[1]}`), element("thead", {}, element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text)))), element("tbody", {}, ...rows));
}

/* `fit`: half the width shows what the whole map showed. */
function openCompare(page, fit) {
  const { state } = page, opener = document.activeElement, main = document.getElementById("content");
  const status = element("p", { class: "tool-detail", role: "status" }), numbers = element("div", { class: "compare-numbers", tabindex: 0, role: "region", "aria-label": t("The numbers that change") });
  const sides = [0, 1].map((index) => makeSide(page, index));
  const close = () => state.update({ compare: null }, { push: true });
  const box = element("section", { class: "compare", "aria-label": t("Two years side by side"), keydown: (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) { event.preventDefault(); event.stopPropagation(); close(); }
  } },
    element("header", { class: "compare-head" }, element("h2", {}, t("Two years side by side")),
      element("button", { class: "btn btn-sm btn-outline-primary", type: "button", "data-compare-print": true, click: print }, icon("printer"), " ", t("Print")),
      element("button", { class: "icon-button", type: "button", "data-compare-close": true, "aria-label": t("Close"), click: close }, icon("x-lg"))),
    element("div", { class: "compare-maps" }, ...sides.map((side) => side.box)),
    element("div", { class: "compare-foot" }, status, numbers));
  const others = [...main.children];
  let turn = 0, isMoving = false;

  main.append(box);
  document.body.classList.add("has-compare");
  for (const other of others) other.inert = true;
  const view = fit ? Math.min(page.map.getZoom(), sides[0].map.getBoundsZoom(page.map.getBounds())) : page.map.getZoom();
  for (const { map } of sides) map.setView(page.map.getCenter(), Math.max(map.getMinZoom(), view), { animate: false });
  const known = new Set(); // the layers that know years
  const shown = () => {
    const visible = page.layers.filter((layer) => page.map.hasLayer(layer));
    return visible.some(({ spec }) => known.has(spec.name)) ? visible : page.layers.filter(({ spec }) => known.has(spec.name));
  };

  async function show() {
    const { years, plans } = state.compare, mine = ++turn;
    sides.forEach((side, i) => side.name(years[i], plans[i]));
    status.textContent = t("Counting…");
    try {
      const found = await askYears(page, years, plans);
      if (mine !== turn) return;
      found.layers.forEach((layer) => known.add(layer.name));
      const names = shown().map(({ spec }) => spec.name), withPlans = new Set(found.layers.filter((layer) => layer.has_plans).map((layer) => layer.name));
      sides.forEach((side, i) => side.draw(shown(), known, withPlans, found.plans, years[i], plans[i]));
      const labels = [0, 1].map((i) => (plans[i] ? `${years[i]} · ${plans[i]}` : String(years[i])));
      numbers.replaceChildren(numbersTable({ ...found, layers: found.layers.filter((layer) => names.includes(layer.name)) }, labels));
      status.textContent = t("Counted with the filters in force. Plans without a year are left out.");
    } catch (error) {
      if (mine === turn) status.replaceChildren(...failure(error, t("The numbers could not be loaded. Check the connection and try again."), show));
    }
  }

  /* What one map does, the other does; the address and the map below keep the place. */
  sides.forEach((side, i) => {
    const other = sides[1 - i].map;
    side.map.on("move", () => {
      if (isMoving) return;
      isMoving = true;
      other.setView(side.map.getCenter(), side.map.getZoom(), { animate: false });
      isMoving = false;
    });
    side.map.on("mousemove", (event) => sides[1 - i].point(event.latlng));
    side.map.on("mouseout", () => sides[1 - i].point(null));
  });
  sides[0].map.on("moveend", () => {
    const { lat, lng } = sides[0].map.getCenter();
    state.update({ view: { z: sides[0].map.getZoom(), lat, lon: lng } });
  });
  const resize = () => { isMoving = true; sides.forEach(({ map }) => map.invalidateSize({ animate: false, pan: false })); isMoving = false; };
  const watch = new ResizeObserver(resize);
  watch.observe(box);

  async function print() {
    window.webmap.ratio = PRINT_RATIO;
    box.classList.add("is-printed");
    resize();
    sides.forEach((side) => side.redraw());
    await Promise.all(sides.flatMap((side) => side.layers()).map(loaded));
    window.addEventListener("afterprint", () => { box.classList.remove("is-printed"); delete window.webmap.ratio; resize(); sides.forEach((side) => side.redraw()); }, { once: true });
    window.print();
  }

  show();
  sides[0].box.querySelector("input").focus({ preventScroll: true });
  return {
    show,
    close() {
      watch.disconnect();
      sides.forEach((side) => side.map.remove());
      box.remove();
      document.body.classList.remove("has-compare");
      for (const other of others) other.inert = false;
      (opener?.isConnected && opener !== document.body ? opener : document.querySelector("[data-map-tool=compare]")).focus({ preventScroll: true });
    },
  };
}

/* One half: its year, its plan where there are plans, its map. */
function makeSide(page, index) {
  const { state } = page;
  const change = (part, value) => {
    const changed = { years: [...state.compare.years], plans: [...state.compare.plans] };
    changed[part][index] = value;
    state.update({ compare: changed }, { push: true });
  };
  const year = element("input", { class: "form-control form-control-sm", type: "number", min: FIRST_YEAR, max: LAST_YEAR, required: true, "data-compare-year": index, change: () => { if (year.value && year.checkValidity()) change("years", Number(year.value)); } });
  const step = (by, sign, label) => element("button", { class: "btn btn-sm btn-outline-secondary", type: "button", "aria-label": label, click: () => change("years", Math.max(FIRST_YEAR, Math.min(LAST_YEAR, state.compare.years[index] + by))) }, icon(sign));
  const plan = element("select", { class: "form-select form-select-sm", "data-compare-plan": index, change: () => change("plans", plan.value) });
  const planLabel = element("label", { class: "compare-plan", hidden: true }, element("span", {}, t("Plan")), plan);
  const pane = element("div", { class: "compare-map", role: "region" }), label = index ? t("Second year") : t("First year");
  const box = element("section", { class: "compare-side", "aria-label": label },
    element("div", { class: "compare-choice" }, element("label", {}, element("span", {}, label), year), step(-1, "dash-lg", t("One year less")), step(1, "plus-lg", t("One year more")), planLabel), pane);
  const map = L.map(pane, { zoomControl: false, attributionControl: false, zoomAnimation: false, minZoom: page.map.getMinZoom(), maxZoom: page.map.getMaxZoom() });
  const mark = L.circleMarker([0, 0], { radius: 7, color: "#0b4f8a", weight: 2, fillOpacity: 0, interactive: false });
  const popup = L.popup({ className: "feature", maxWidth: 280 });
  let overlay = null, copies = [], drawn = "";

  map.on("click", async (event) => {
    const hit = overlay?.pick(event.containerPoint)[0];
    if (!hit) return;
    const content = await fetchFragment(page.config.addresses.popup.replace("{layer}", hit.layer.spec.name).replace("{id}", hit.id)).catch(() => null);
    content?.querySelector(".actions")?.remove(); // the panel belongs to the map below
    popup.setLatLng(hit.latlng).setContent(content || t("This object could not be loaded. Check the connection and try again.")).openOn(map);
  });

  function draw(layers, known, withPlans, plans, wanted, under) {
    const key = JSON.stringify([layers.map((layer) => [layer.spec.name, layer.query, [...(layer.mask || [])].join("")]), wanted, under]);
    planLabel.hidden = !plans.length && !under;
    plan.replaceChildren(element("option", { value: "" }, t("Every plan")), ...[...new Set([...plans, under].filter(Boolean))].map((text) => element("option", { value: text, selected: text === under }, text)));
    if (key === drawn) return;
    drawn = key;
    map.eachLayer((layer) => { if (layer !== mark && layer !== popup) layer.remove(); });
    copies = mirrorLayers(page, map, layers, (layer) => {
      const asked = new URLSearchParams(layer.query);
      asked.delete("year"); asked.delete("plan");
      if (known.has(layer.spec.name)) asked.set("year", wanted);
      if (under && withPlans.has(layer.spec.name)) asked.set("plan", under);
      return asked.toString();
    });
    overlay = window.webmap.overlay(copies).addTo(map);
  }

  return {
    box, map, draw, layers: () => copies,
    redraw() { for (const layer of copies) layer.redrawTiles(); overlay?.redraw(); },
    name(wanted) {
      year.value = wanted;
      pane.setAttribute("aria-label", t("Map of the year {year}", { year: wanted }));
    },
    point(latlng) { latlng ? mark.setLatLng(latlng).addTo(map) : mark.remove(); },
  };
}
