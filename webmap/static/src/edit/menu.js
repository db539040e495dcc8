/* The map's menu at a place, by right click or long press: change what lies there, add something new. */
import { element, icon, t } from "../lib/texts.js";
import { openForm } from "./form.js";
import { editable } from "./server.js";
/** @import { MapPage } from "../map/types" */

const REACH = matchMedia("(pointer: coarse)").matches ? 16 : 8; // px
const MOST = 4;

/** @param {MapPage} page */
export function startPlaceMenu(page) {
  const { map } = page;
  const popup = L.popup({ className: "place-menu", closeButton: true, minWidth: 200 });
  map.on("contextmenu", (event) => {
    if (map.getContainer().classList.contains("is-drawing")) return; // there it removes a corner
    popup.setLatLng(event.latlng).setContent(menuAt(page, event)).openOn(map);
    popup.getElement()?.querySelector("button")?.focus({ preventScroll: true });
  });
}

/**
 * @param {MapPage} page
 * @param {L.LeafletMouseEvent} event
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
