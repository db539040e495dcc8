/* The map's menu at a place, by right click, long press or coordinates in the search: change what lies there, add
   something new; and what the search offers to add. */
import { element, icon, t } from "../lib/texts.js";
import { fold } from "../map/search.js";
import { openForm } from "./form.js";
import { editable } from "./server.js";
/** @import { MapPage } from "../map/types" */

const REACH = matchMedia("(pointer: coarse)").matches ? 16 : 8; // px
const MOST = 4;
const ASKS_TO_ADD = /^(?:them|add|new)\s+(.{2,})$/;

/** @param {MapPage} page */
export function startPlaceMenu(page) {
  const { map } = page;
  const popup = L.popup({ className: "place-menu", closeButton: true, minWidth: 200 });
  const open = (/** @type {L.LatLng} */ latlng, /** @type {L.Point} */ containerPoint) => {
    if (map.getContainer().classList.contains("is-drawing")) return; // there a right click removes a corner
    popup.setLatLng(latlng).setContent(menuAt(page, { latlng, containerPoint })).openOn(map);
    popup.getElement()?.querySelector("button")?.focus({ preventScroll: true });
  };
  map.on("contextmenu", ({ latlng, containerPoint }) => open(latlng, containerPoint));
  document.addEventListener("webmap:place", ({ detail: { lat, lon } }) => {
    const latlng = L.latLng(lat, lon);
    map.once("moveend", () => open(latlng, map.latLngToContainerPoint(latlng)));
  });
}

/**
 * “Add” from the search: where the text asks for it, and where nothing was found.
 *
 * @param {MapPage} page
 */
export function startSearchOffers(page) {
  document.addEventListener("webmap:searched", ({ detail: { text, isEmpty, choices } }) => {
    const [, asked] = ASKS_TO_ADD.exec(fold(text)) ?? [];
    for (const [layer, { title }] of Object.entries(editable)) {
      const isMeant = asked !== undefined && fold(title).includes(asked);
      if (!isMeant && !isEmpty) continue;
      const name = asked === undefined ? text : "";
      const go = () => openForm(page, layer, { name });
      choices.push({ kind: t("Add"), title: t("Add: {layer}", { layer: title }), note: name, go });
    }
  });
}

/**
 * @param {MapPage} page
 * @param {{ latlng: L.LatLng, containerPoint: L.Point }} event
 */
function menuAt(page, { latlng, containerPoint }) {
  const item = (/** @type {string} */ sign, /** @type {string} */ label, /** @type {() => unknown} */ click) =>
    element("li", {}, element("button", { class: "dropdown-item", type: "button", click }, icon(sign), " ", label));
  const hits = page.overlay.pick(containerPoint, REACH).filter(({ layer }) => editable[layer.spec.name]);
  const changes = hits.slice(0, MOST).map(({ layer, id }) => {
    const label = t("Edit {name}", { name: editable[layer.spec.name].title });
    return item("pencil", label, () => openForm(page, layer.spec.name, { id }));
  });
  const additions = Object.entries(editable).map(([layer, { title }]) =>
    item("plus-lg", t("Add here: {layer}", { layer: title }), () => openForm(page, layer, { at: latlng })),
  );
  return element("ul", { class: "list-unstyled m-0" }, ...changes, ...additions);
}
