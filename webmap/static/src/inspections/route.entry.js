/* A map of numbered places: the stops of routes with straight lines between them, or the sites of a list. */
import { namedColours } from "../lib/colours.js";
import { byId } from "../lib/find.js";
import { element } from "../lib/texts.js";
import { Ground } from "../map/ground.js";

/** @typedef {[number, number]} Place lon, lat in degrees */
/** @typedef {{ lon: number, lat: number, label: string, kind: string, title: string, anchor?: string }} Pin */
/** @typedef {{ start: Place | null, routes?: { person: string, points: Place[] }[], pins?: Pin[] }} Drawn */

const box = byId("route-map");
/** @type {Drawn} */
const { start, routes = [], pins } = JSON.parse(box.dataset.route ?? "{}");
// As many as may go on one day; their order and shape are those of the pins in inspections.css.
const COLOURS = namedColours("person");

const map = L.map(box, { attributionControl: false });
const { ground } = box.dataset;
if (ground) new Ground(JSON.parse(ground)).addTo(map);
else if (box.dataset.basemap) L.tileLayer(box.dataset.basemap, { maxZoom: 19 }).addTo(map);

/** @type {[number, number][]} */
const all = [];

/** @param {Pin} pin */
function place({ lon, lat, label, kind, title, anchor }) {
  const html = element("span", {}, label);
  const icon = L.divIcon({ className: `route-pin route-pin-${kind}`, iconSize: [28, 28], html });
  const marker = L.marker([lat, lon], { icon, title, alt: title, keyboard: Boolean(anchor) }).addTo(map);
  if (anchor) marker.on("click", () => show(document.getElementById(anchor)));
  all.push([lat, lon]);
}

/** @param {HTMLElement | null} row */
function show(row) {
  if (!row) return;
  row.scrollIntoView({ block: "center" });
  row.classList.add("is-shown-on-map");
  setTimeout(() => row.classList.remove("is-shown-on-map"), 2000);
}

/**
 * @param {{ person: string, points: Place[] }} route
 * @param {number} index
 */
function drawRoute({ person, points }, index) {
  /** @type {[number, number][]} */
  const way = points.map(([lon, lat]) => [lat, lon]);
  /** @type {[number, number][]} */
  const ends = start ? [[start[1], start[0]]] : [];
  const dashArray = index < COLOURS.length ? "6 6" : "2 6";
  const color = COLOURS[index % COLOURS.length];
  if (way.length) L.polyline([...ends, ...way, ...ends], { color, weight: 3, dashArray }).addTo(map);
  if (pins) return;
  for (const [number, [lon, lat]] of points.entries()) {
    place({ lon, lat, label: String(number + 1), kind: String(index), title: person });
  }
}

function showAll() {
  if (all.length) map.fitBounds(L.latLngBounds(all).pad(0.15), { maxZoom: 15, animate: false });
}

if (start) place({ lon: start[0], lat: start[1], label: "•", kind: "start", title: box.dataset.startLabel ?? "" });
routes.forEach(drawRoute);
for (const pin of pins ?? []) place(pin);
showAll();
// Folded away at first, it has no size until it is opened.
box.closest("details")?.addEventListener("toggle", () => {
  map.invalidateSize();
  showAll();
});

document.getElementById("print")?.addEventListener("click", () => window.print());
