/* One sheet for each object of a layer, as the filters have it: an atlas to print in one go.
   A point takes the scale chosen; a line or an area the largest at which it fills half of the map. */
import { ask } from "./ask.js";
import { failure } from "./notices.js";
import { chosen, layOut, openView, printButton, scaleFor } from "./print-sheet.js";
import { svg } from "./print-vector.js";
import { element, number, t } from "./texts.js";

const MOST = 50, RING = 16, METRES = 111320;

export async function showAtlas(page, layer) {
  const status = element("span", { class: "print-status", role: "status" }, t("Reading the objects…")), print = printButton();
  let isOpen = true;
  const view = openView([print], status, [], () => { isOpen = false; });
  try {
    const query = new URLSearchParams(page.state.pairs(layer.spec.name));
    query.set("limit", MOST); query.set("sort", "name");
    const answer = await ask(`${page.config.addresses.features.replace("{layer}", layer.spec.name)}?${query}`);
    if (!answer.ok) throw new Error(answer.statusText);
    const { features, numberMatched } = await answer.json();
    for (let i = 0; isOpen && i < features.length; i++) {
      status.textContent = t("Sheet {index} of {count}…", { index: i + 1, count: features.length });
      await addSheet(page, view.querySelector(".print-desk"), features[i]);
    }
    if (!isOpen) return;
    if (!features.length) status.textContent = t("No object meets the filters. Take one off and try again.");
    else if (numberMatched > features.length) status.textContent = t("The first {shown} of {count} objects. Filter to choose others.", { shown: number(features.length), count: number(numberMatched) });
    else status.textContent = t("{count} sheets", { count: number(features.length) });
    print.disabled = !features.length;
  } catch (error) {
    if (isOpen) status.replaceChildren(...failure(error, t("The sheets could not be made. Check the connection and try again."), () => { view.close(); showAtlas(page, layer); }));
  }
}

async function addSheet(page, desk, { properties, geometry }) {
  const bounds = L.geoJSON(geometry).getBounds(), centre = bounds.getCenter(), degrees = Math.cos((centre.lat * Math.PI) / 180);
  const wide = (bounds.getEast() - bounds.getWest()) * METRES * degrees, high = (bounds.getNorth() - bounds.getSouth()) * METRES;
  const laid = layOut(page, { centre, scale: geometry.type === "Point" ? chosen.scale : scaleFor(2 * wide, 2 * high), title: properties.name || properties.code, under: [chosen.title, properties.code].filter(Boolean).join(" · ") });
  desk.append(laid.sheet);
  const made = laid.begin();
  await laid.finish(made);
  laid.inner.append(mark(made.map, geometry));
  keepStill(laid.inner, made);
}

/* What the sheet is about: a ring round a point, else the outline once more. */
function mark(map, geometry) {
  const { x: width, y: height } = map.getSize(), root = svg("svg", { class: "print-mark", width, height, viewBox: `0 0 ${width} ${height}` });
  const style = { fill: "none", stroke: "#0b4f8f", "stroke-width": 3, "stroke-linejoin": "round" };
  const at = ([lon, lat]) => { const { x, y } = map.latLngToContainerPoint([lat, lon]); return `${x.toFixed(1)} ${y.toFixed(1)}`; };
  const lines = { Point: (c) => [[c]], LineString: (c) => [c], MultiLineString: (c) => c, Polygon: (c) => c, MultiPolygon: (c) => c.flat() }[geometry.type](geometry.coordinates);
  if (geometry.type === "Point") {
    const { x, y } = map.getSize().divideBy(2);
    root.append(svg("circle", { cx: x, cy: y, r: RING, ...style }));
  } else for (const line of lines) root.append(svg("path", { d: `M${line.map(at).join("L")}`, ...style }));
  return root;
}

/* A sheet needs no living map: it stays as a copy, and the memory of its canvases is free for the next. */
function keepStill(inner, { map, overlay }) {
  overlay.remove();
  const copy = inner.cloneNode(true), drawn = [...inner.querySelectorAll("canvas")];
  copy.querySelectorAll("canvas").forEach((canvas, i) => {
    if (canvas.closest(".is-replaced") || !drawn[i].width) canvas.remove();
    else canvas.getContext("2d").drawImage(drawn[i], 0, 0);
  });
  inner.replaceWith(copy);
  map.remove();
}
