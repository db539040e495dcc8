/* The small map beside a list or a fact sheet: shows what the list shows, and leads from one to the other. */
import { t } from "./texts.js";

const { map, layers, overlay, config, basemap } = window.webmap.page;
const box = document.querySelector("[data-map]"), notice = box.querySelector(".small-map-notice");
const layer = layers[0], selected = Number(box.dataset.selected) || null;

layer.setQuery(box.dataset.query);
map.attributionControl?.remove();
map.fitBounds(config.home, { padding: [24, 24], maxZoom: 15, animate: false });
map.scrollWheelZoom.disable(); // the page scrolls; the map zooms once somebody is in it
map.on("focus click", () => map.scrollWheelZoom.enable());
map.on("blur", () => map.scrollWheelZoom.disable());
for (const button of box.querySelectorAll("[data-zoom]")) {
  button.addEventListener("click", () => map.setZoom(map.getZoom() + Number(button.dataset.zoom)));
}
box.querySelector(".small-map-credit").textContent = basemap ? basemap.options.attribution.replace(/&copy;/g, "©") : t("Land: Natural Earth");

layer.on("failed", () => {
  const retry = document.createElement("button");
  retry.type = "button";
  retry.textContent = t("Retry");
  retry.addEventListener("click", () => { notice.hidden = true; layer.retry(); });
  notice.replaceChildren(t("Part of the map could not be loaded."), " ", retry);
  notice.hidden = false;
});
layer.on("arrived", () => { if (!layer.failures) notice.hidden = true; });

/* --- the list ---------------------------------------------------------------------------------------- */

const rows = new Map([...document.querySelectorAll("[data-list] [data-id]")].map((row) => [Number(row.dataset.id), row]));
const mark = (id) => overlay.select(id ? { layer, id, latlng: map.getCenter(), size: 16 } : null);

for (const [id, row] of rows) {
  row.addEventListener("pointerenter", () => mark(id));
  row.addEventListener("pointerleave", () => mark(selected));
  row.addEventListener("focusin", () => mark(id));
  row.addEventListener("focusout", () => mark(selected));
}
if (selected) mark(selected);

map.on("click", (event) => {
  const hit = overlay.pick(event.containerPoint)[0], row = hit && rows.get(hit.id);
  for (const other of rows.values()) other.classList.toggle("is-marked", other === row);
  if (!row) { mark(selected); return; }
  mark(hit.id);
  row.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  row.querySelector("a").focus({ preventScroll: true });
});

/* A phone has room for one of the two; without this script both stand under each other. */
const toggle = document.querySelector(".view-toggle"), views = document.querySelector(".showcase-body");
if (toggle) {
  const buttons = [...toggle.querySelectorAll("[data-view]")];
  const show = (view) => {
    views.dataset.view = view;
    for (const button of buttons) button.setAttribute("aria-pressed", button.dataset.view === view);
    const wasHidden = !map.getSize().x;
    map.invalidateSize({ animate: false });
    if (wasHidden && map.getSize().x) map.fitBounds(config.home, { maxZoom: 15, animate: false });
  };
  for (const button of buttons) button.addEventListener("click", () => show(button.dataset.view));
  toggle.hidden = false;
  show("list");
}

for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
