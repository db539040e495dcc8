/* The page's map once more in another box: same land, same layers, classes and opacity. */

/* Put copies of the `wanted` layers on a map and return them. `ask(layer)` gives a copy's query, else that of the screen. */
export function mirrorLayers(page, map, wanted, ask = (layer) => layer.query) {
  if (page.map.hasLayer(page.land)) {
    window.webmap.land(page.land.rings).addTo(map);
  } else if (page.basemap && page.map.hasLayer(page.basemap)) {
    L.tileLayer(page.basemap._url, { ...page.basemap.options, crossOrigin: "anonymous" }).addTo(map);
  }
  return wanted.map((layer) => {
    const copy = window.webmap.mvt(layer.spec);
    copy.query = ask(layer); copy.mask = layer.mask;
    copy.setOpacity(layer.options.opacity ?? 1);
    return copy.addTo(map);
  });
}

/* Resolves when a layer has all its tiles. */
export const loaded = (layer) => (layer.isLoading() ? new Promise((done) => layer.once("load", done)) : Promise.resolve());
