/* “What is inside”: an area drawn or taken from the map, what lies in it per layer, and the files of exactly that. */
import { ask } from "./ask.js";
import { failure } from "./notices.js";
import { openPanel, showInPanel } from "./panel.js";
import { startDrawing } from "./tools-draw.js";
import { area, metres, squareMetres } from "./tools-geodesy.js";
import { element, icon, number, t } from "./texts.js";

const MOST = 500;
const corners = (ring) => ring.map(({ lat, lng }) => `${lng.toFixed(6)},${lat.toFixed(6)}`).join(";");

export function startInside(page, body, close) {
  const { map, state, selection } = page, addresses = JSON.parse(document.getElementById("tool-set").dataset.addresses);
  const shapes = { polygon: [t("Polygon"), "pentagon"], rectangle: [t("Rectangle"), "square"], circle: [t("Circle"), "circle"] };
  const choices = Object.entries(shapes).map(([shape, [label, sign]]) => element("button", { class: "btn btn-sm btn-outline-primary", type: "button", "data-shape": shape, click: () => begin(shape) }, icon(sign), " ", label));
  const take = element("button", { class: "btn btn-sm btn-outline-primary", type: "button", hidden: true, click: takeSelected }, icon("bounding-box"), " ", t("The selected area"));
  const value = element("output", { class: "tool-value" }), detail = element("p", { class: "tool-detail", role: "status" });
  const undo = element("button", { class: "btn btn-sm btn-outline-secondary", type: "button", click: () => { drawing.undo(); map.getContainer().focus({ preventScroll: true }); } }, t("Remove the last point"));
  const finish = element("button", { class: "btn btn-sm btn-primary", type: "button", click: () => drawing.finish() }, t("Finish drawing"));
  const list = element("button", { class: "btn btn-sm btn-primary", type: "button", click: () => showResult() }, t("Show the list"));
  const filter = element("button", { class: "btn btn-sm btn-outline-primary", type: "button", click: filterMap }, t("Filter the map by this area"));
  let drawing = null, outline = null, asked = null, answer = null, turn = 0;

  function begin(shape) {
    reset();
    choices.forEach((button) => button.setAttribute("aria-pressed", button.dataset.shape === shape));
    drawing = startDrawing(map, shape, {
      changed: (sketch) => {
        undo.disabled = !sketch.points.length;
        finish.disabled = sketch.points.length < (shape === "polygon" ? 3 : 2);
        value.textContent = sketch.whole ? size(sketch) : "–";
      },
      finished: (sketch) => count(sketch.centre
        ? ["near", `${sketch.centre.lng.toFixed(6)},${sketch.centre.lat.toFixed(6)},${(sketch.radius / 1000).toFixed(4)}`]
        : ["polygon", corners(sketch.ring)]),
      cancelled: close,
    });
    value.textContent = "–";
    detail.textContent = { polygon: t("Click each corner, double click the last; or move the map and press Enter."),
      rectangle: t("Click two opposite corners."), circle: t("Click the middle, then the edge.") }[shape];
    undo.hidden = finish.hidden = shape !== "polygon";
    undo.disabled = finish.disabled = true;
  }

  const size = ({ ring, centre, radius }) => (centre ? t("radius {length}", { length: metres(radius) }) : squareMetres(area(ring)));

  function reset() {
    turn++;
    drawing?.remove(); outline?.remove();
    drawing = outline = answer = null;
    choices.forEach((button) => button.setAttribute("aria-pressed", "false"));
    list.hidden = filter.hidden = true;
  }

  /* A selected zone, unit or cluster: by its layer's own area filter where there is one, else by its corners. */
  async function takeSelected() {
    const { layer, id } = state.selection, mine = (reset(), turn);
    try {
      const found = await ask(page.config.addresses.feature.replace("{layer}", layer).replace("{id}", id));
      if (!found.ok) throw new Error(found.statusText);
      const feature = await found.json();
      if (mine !== turn) return;
      outline = L.geoJSON(feature, { interactive: false, style: { color: "#0b4f8a", weight: 3, fillOpacity: 0.08 } }).addTo(map);
      map.fitBounds(outline.getBounds(), { padding: [40, 40], maxZoom: 15 });
      value.textContent = feature.properties.name;
      undo.hidden = finish.hidden = true;
      const by = addresses.selects[layer], rings = feature.geometry.coordinates;
      if (by) count([by, String(id)]);
      else if (rings.length === 1 && rings[0].length === 1 && rings[0][0].length <= MOST) count(["polygon", rings[0][0].slice(0, -1).map(([lon, lat]) => `${lon},${lat}`).join(";")]);
      else detail.textContent = t("This area has too many corners or parts. Draw it instead.");
    } catch (error) {
      detail.replaceChildren(...failure(error, t("This area could not be loaded. Try again."), takeSelected));
    }
  }

  async function count(pair) {
    const mine = ++turn;
    asked = pair;
    undo.hidden = finish.hidden = true;
    detail.textContent = t("Counting…");
    const query = new URLSearchParams([pair]);
    for (const { spec } of page.layers) {
      for (const [field, wanted] of new URLSearchParams(state.filterQuery(spec.name))) if (field !== pair[0]) query.append(`${spec.name}.${field}`, wanted);
    }
    try {
      const response = await ask(`${addresses.inside}?${query}`), found = await response.json();
      if (mine !== turn) return;
      if (!response.ok) { detail.textContent = found.message; return; }
      answer = found;
      detail.textContent = found.count ? t("{count} objects in {layers} layers", { count: number(found.count), layers: found.layers.length }) : t("Nothing lies inside this area.");
      list.hidden = !found.count; filter.hidden = false;
      document.dispatchEvent(new CustomEvent("webmap:inside", { detail: { pair, layers: found.layers } }));
      if (found.count) showResult();
    } catch (error) {
      if (mine === turn) detail.replaceChildren(...failure(error, t("The server did not answer. Check the connection and try again."), () => count(pair)));
    }
  }

  function showResult() {
    openPanel();
    showInPanel(element("article", { class: "feature-panel inside-result" },
      element("header", {}, element("p", { class: "kind" }, t("What is inside")), element("h2", {}, t("{count} objects", { count: number(answer.count) })),
        element("p", { class: "subtitle" }, value.textContent)),
      element("div", { class: "actions" }, element("a", { class: "btn btn-primary", href: answer.workbook, download: "" }, icon("file-earmark-spreadsheet"), " ", t("All as Excel"))),
      ...answer.layers.map(layerSection)));
  }

  function layerSection(layer) {
    const more = layer.count - layer.features.length;
    return element("section", { "data-inside": layer.name }, element("h3", {}, layer.title, " ", element("span", { class: "inside-count" }, number(layer.count))),
      element("ul", { class: "inside-list" }, ...layer.features.map((feature) => element("li", {},
        element("button", { class: "inside-link", type: "button", click: () => selection.show({ layer: layer.name, id: feature.id }, { fly: true, details: true }) }, feature.name,
          element("span", {}, feature.code))))),
      more > 0 ? element("p", { class: "tool-detail" }, t("and {count} more: in the files", { count: number(more) })) : null,
      element("p", { class: "inside-files" }, ...Object.entries(layer.exports).map(([format, href]) =>
        element("a", { href, download: "", "aria-label": `${layer.title}: ${format}` }, { geojson: "GeoJSON", csv: "CSV" }[format]))));
  }

  function filterMap() {
    state.setFilter("all", asked[0], [asked[1]]);
    close();
  }

  const offer = () => {
    const chosen = state.selection && page.layers.find((layer) => layer.spec.name === state.selection.layer);
    take.hidden = chosen?.spec.geometry !== "multipolygon";
  };
  state.on("selection", offer);
  body.append(element("div", { class: "tool-choices", role: "group", "aria-label": t("How to choose the area") }, ...choices, take), value, detail,
    element("div", { class: "tool-actions" }, undo, finish, list, filter));
  offer();
  take.hidden ? begin("polygon") : (reset(), undo.hidden = finish.hidden = true, value.textContent = "–", detail.textContent = t("Draw an area, or take the selected one."));
  return { close: reset };
}
