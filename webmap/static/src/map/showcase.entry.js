/* The small map beside a list or a fact sheet: shows what the list shows, and leads from one to the other. */
import { find, findAll } from "../lib/find.js";
import { element, t } from "../lib/texts.js";
import { Ground } from "./ground.js";
import { thePage } from "./page.js";

const { map, layers, overlay, config, basemap } = thePage();
const box = find("[data-map]");
const notice = find(".small-map-notice", box);
const layer = layers[0];
const selected = Number(box.dataset.selected) || null;

layer.setQuery(box.dataset.query ?? "");
map.attributionControl?.remove();
map.fitBounds(config.home, { padding: [24, 24], maxZoom: 15, animate: false });
map.scrollWheelZoom.disable(); // the page scrolls; the map zooms once somebody is in it
map.on("focus click", () => map.scrollWheelZoom.enable());
map.on("blur", () => map.scrollWheelZoom.disable());
for (const button of findAll("[data-zoom]", box)) {
  button.addEventListener("click", () => map.setZoom(map.getZoom() + Number(button.dataset.zoom)));
}
const credit = String(basemap?.options.attribution ?? "").replace(/&copy;/g, "©");
const land = basemap instanceof Ground || !basemap ? t("Land: Natural Earth") : "";
find(".small-map-credit", box).textContent = [credit, land].filter(Boolean).join(" · ");

layer.on("failed", () => {
  const again = () => {
    notice.hidden = true;
    layer.retry();
  };
  const retry = element("button", { type: "button", click: again }, t("Retry"));
  notice.replaceChildren(t("Part of the map could not be loaded."), " ", retry);
  notice.hidden = false;
});
layer.on("arrived", () => {
  if (!layer.failures) notice.hidden = true;
});

/* --- the list ---------------------------------------------------------------------------------------- */

const rows = new Map(findAll("[data-list] [data-id]").map((row) => [Number(row.dataset.id), row]));
const mark = (/** @type {number | null} */ id) =>
  overlay.select(id ? { layer, id, latlng: map.getCenter(), size: 16, count: 1 } : null);

for (const [id, row] of rows) {
  row.addEventListener("pointerenter", () => mark(id));
  row.addEventListener("pointerleave", () => mark(selected));
  row.addEventListener("focusin", () => mark(id));
  row.addEventListener("focusout", () => mark(selected));
}
if (selected) mark(selected);

map.on("click", (event) => {
  const hit = overlay.pick(event.containerPoint)[0];
  const row = hit && rows.get(hit.id);
  for (const other of rows.values()) other.classList.toggle("is-marked", other === row);
  if (!row) {
    mark(selected);
    return;
  }
  mark(hit.id);
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  row.scrollIntoView({ block: "nearest", behavior: isCalm ? "auto" : "smooth" });
  find("a", row).focus({ preventScroll: true });
});

/* On a phone the map comes first, and the fold leaves it the first screen; on a desk there is room for both. */
const fold = document.querySelector(".filter-fold");
if (fold instanceof HTMLDetailsElement && getComputedStyle(find("summary", fold)).display !== "none") fold.open = false;

for (const button of findAll("[data-print]")) button.addEventListener("click", () => window.print());
