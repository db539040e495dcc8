/* What is proposed and waits: drawn apart from the layers, dashed, never counted; a click leads to the proposal. */
import { namedColour } from "../lib/colours.js";
import { askJson } from "../lib/ask.js";
import { byId } from "../lib/find.js";
import { element, t } from "../lib/texts.js";
/** @import { Feature, Geometry } from "geojson" */
/** @import { MapPage } from "../map/types" */
/** @typedef {{ proposal: number, by: string, title: string, delete: boolean, address: string }} Told */

/** @type {(feature: Feature<Geometry, Told> | undefined) => L.PathOptions} */
const look = (feature) => ({
  color: feature?.properties.delete ? namedColour("bad") : namedColour("proposed"),
  weight: 3,
  dashArray: "6,5",
  fillOpacity: 0.08,
});

/** @param {MapPage} page */
export function startProposed({ map }) {
  const group = L.layerGroup().addTo(map);
  const row = element("li", { class: "layer" });
  byId("layer-list").append(row);
  const load = async () => {
    const found = await askJson(byId("editing").dataset.proposals ?? "").catch(() => null); // the map works without
    if (!found) return;
    group.clearLayers();
    const shown = L.geoJSON(found, {
      style: /** @type {any} */ (look),
      pointToLayer: (feature, latlng) => L.circleMarker(latlng, { ...look(/** @type {any} */ (feature)), radius: 11 }),
      onEachFeature: (feature, layer) => layer.bindPopup(() => told(feature.properties)),
    });
    shown.eachLayer((layer) => Object.assign(layer.options, { pmIgnore: true }));
    group.addLayer(shown);
    row.replaceChildren(...(found.features.length ? [legend(found.features.length)] : []));
  };
  document.addEventListener("webmap:saved", load);
  load();
}

/**
 * What the dashed shapes are, in the list of layers; it leads to all of them.
 *
 * @param {number} count
 */
function legend(count) {
  const parts = [
    element("span", { class: "legend-symbol proposed-symbol", "aria-hidden": "true" }),
    element("span", { class: "name" }, t("Proposed, waits for a decision")),
    element("span", { class: "number" }, String(count)),
  ];
  return element("a", { class: "legend-row proposed-row", href: byId("editing").dataset.list ?? "" }, ...parts);
}

/** @param {Told} told */
function told({ proposal, by, title, delete: isGone, address }) {
  const text = isGone ? t("{layer}: to be deleted", { layer: title }) : t("{layer}: proposed", { layer: title });
  const link = element("a", { href: address }, t("Proposal {number}", { number: proposal }));
  return element("div", {}, element("p", { class: "mb-1" }, element("strong", {}, text), ` · ${by}`), link);
}
