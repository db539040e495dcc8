/* “What is inside”: an area drawn, or an object of the map and the ground around it; what lies there per layer, how
   near or how much of it, and the files of exactly that. */
import { ask } from "./ask.js";
import { failure } from "./notices.js";
import { openPanel, showInPanel } from "./panel.js";
import { startDrawing } from "./tools-draw.js";
import { area, hectares, metres, squareMetres } from "./tools-geodesy.js";
import { element, icon, number, t } from "./texts.js";

const FARTHEST = 50000, USUAL = 500; // metres
const LINE = { interactive: false, color: "#0b4f8a", weight: 3 };
const corners = (ring) => ring.map(({ lat, lng }) => `${lng.toFixed(6)},${lat.toFixed(6)}`).join(";");

/* An object and the ground around it, as /api/around tells them. */
export function drawGround(shapes) {
  return L.geoJSON(shapes, {
    pointToLayer: (feature, latlng) => L.circleMarker(latlng, { radius: 6 }),
    style: ({ properties }) => (properties.part === "object" ? { ...LINE, fillOpacity: shapes.metres ? 0.2 : 0.08 } : { ...LINE, weight: 2, fillOpacity: 0.05, dashArray: "6 4" }),
  });
}

export function startInside(page, body, close) {
  const { map, state, selection } = page, addresses = JSON.parse(document.getElementById("tool-set").dataset.addresses);
  const shapes = { polygon: [t("Polygon"), "pentagon"], rectangle: [t("Rectangle"), "square"], circle: [t("Circle"), "circle"] };
  const choices = Object.entries(shapes).map(([shape, [label, sign]]) => element("button", { class: "btn btn-sm btn-outline-primary", type: "button", "data-shape": shape, click: () => begin(shape) }, icon(sign), " ", label));
  const take = element("button", { class: "btn btn-sm btn-outline-primary", type: "button", hidden: true, click: () => takeSelected() }, icon("bullseye"), " ", t("The selected object"));
  const upTo = element("input", { class: "form-control form-control-sm", type: "number", id: "inside-metres", min: 0, max: FARTHEST, step: "any", list: "inside-distances", change: () => takeSelected(taken) });
  const reach = element("div", { class: "tool-row", hidden: true }, element("label", { for: upTo.id }, t("Up to a distance of")), upTo, element("span", { "aria-hidden": "true" }, "m"),
    element("datalist", { id: "inside-distances" }, ...[0, 50, 100, 250, 500, 1000, 2000, 5000].map((value) => element("option", { value }))));
  const value = element("output", { class: "tool-value" }), detail = element("p", { class: "tool-detail", role: "status" });
  const undo = element("button", { class: "btn btn-sm btn-outline-secondary", type: "button", click: () => { drawing.undo(); map.getContainer().focus({ preventScroll: true }); } }, t("Remove the last point"));
  const finish = element("button", { class: "btn btn-sm btn-primary", type: "button", click: () => drawing.finish() }, t("Finish drawing"));
  const list = element("button", { class: "btn btn-sm btn-primary", type: "button", click: () => showResult() }, t("Show the list"));
  const filter = element("button", { class: "btn btn-sm btn-outline-primary", type: "button", click: filterMap }, t("Filter the map by this area"));
  let drawing = null, outline = null, asked = null, answer = null, taken = null, turn = 0;

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
    drawing = outline = answer = taken = null;
    [...choices, take].forEach((button) => button.setAttribute("aria-pressed", "false"));
    list.hidden = filter.hidden = reach.hidden = true;
  }

  /* An object and the ground around it. An area at no distance is its layer's own area filter where there is one. */
  async function takeSelected(chosen = state.selection) {
    const isSame = taken && taken.layer === chosen.layer && taken.id === chosen.id;
    const isArea = page.layers.find(({ spec }) => spec.name === chosen.layer).spec.geometry === "multipolygon";
    reset();
    taken = chosen;
    if (!isSame) upTo.value = isArea ? 0 : USUAL;
    reach.hidden = false; undo.hidden = finish.hidden = true;
    take.setAttribute("aria-pressed", "true");
    if (!upTo.value || !upTo.checkValidity()) { detail.textContent = t("Give a distance from 0 to {most} m.", { most: number(FARTHEST) }); return; }
    const mine = turn, far = Number(upTo.value), around = `${chosen.layer}:${chosen.id}:${far}`;
    detail.textContent = t("Counting…");
    try {
      const found = await ask(`${addresses.around}?${new URLSearchParams({ around })}`);
      if (!found.ok) throw new Error(found.statusText);
      const shapes = await found.json();
      if (mine !== turn) return;
      outline = drawGround(shapes).addTo(map);
      map.fitBounds(outline.getBounds(), { padding: [40, 40], maxZoom: 15 });
      value.textContent = far ? t("{name} and {length} around", { name: shapes.name, length: metres(far) }) : shapes.name;
      const by = far ? null : addresses.selects[chosen.layer];
      count(by ? [by, `id:${chosen.id}`] : ["around", around]);
    } catch (error) {
      detail.replaceChildren(...failure(error, t("This object could not be loaded. Try again."), () => takeSelected(chosen)));
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
        element("p", { class: "subtitle" }, taken ? subject(taken) : value.textContent)),
      element("div", { class: "actions" }, element("a", { class: "btn btn-primary", href: answer.workbook, download: "" }, icon("file-earmark-spreadsheet"), " ", t("All as Excel"))),
      ...answer.layers.map(layerSection)));
  }

  /* Back to the object that all this is around. */
  const subject = (chosen) => element("button", { class: "btn btn-link p-0 text-start", type: "button", click: () => selection.show(chosen, { fly: true, details: true }) }, value.textContent);

  /* How near it is, how much of it lies there; its code when there is nothing to tell. */
  function note({ code, distance_m: far, overlap_ha: ha, overlap_km: km, share_percent: share }) {
    const inside = [ha != null ? hectares(ha * 1e4) : null, km != null ? `${metres(km * 1000)} ${t("inside")}` : null, share != null ? `${number(share, share < 10 ? 1 : 0)}\u202f%` : null].filter(Boolean);
    if (far > 0) return [metres(far), ...(share > 0 ? inside : [])].join(" · ");
    return inside.length ? inside.join(" · ") : far === 0 ? t("inside") : code;
  }

  function layerSection(layer) {
    const more = layer.count - layer.features.length;
    return element("section", { "data-inside": layer.name }, element("h3", {}, layer.title, " ", element("span", { class: "inside-count" }, number(layer.count))),
      element("ul", { class: "inside-list" }, ...layer.features.map((feature) => element("li", {},
        element("button", { class: "inside-link", type: "button", click: () => selection.show({ layer: layer.name, id: feature.id }, { fly: true, details: true }) }, feature.name,
          element("span", {}, note(feature)))))),
      more > 0 ? element("p", { class: "tool-detail" }, t("and {count} more: in the files", { count: number(more) })) : null,
      element("p", { class: "inside-files" }, ...Object.entries(layer.exports).map(([format, href]) =>
        element("a", { href, download: "", "aria-label": `${layer.title}: ${format}` }, { geojson: "GeoJSON", csv: "CSV" }[format]))));
  }

  function filterMap() {
    state.setFilter("all", asked[0], [asked[1]]);
    close();
  }

  const offer = () => { take.hidden = !state.selection; };
  state.on("selection", offer);
  body.append(element("div", { class: "tool-choices", role: "group", "aria-label": t("How to choose the area") }, ...choices, take), reach, value, detail,
    element("div", { class: "tool-actions" }, undo, finish, list, filter));
  offer();
  take.hidden ? begin("polygon") : (reset(), undo.hidden = finish.hidden = true, value.textContent = "–", detail.textContent = t("Draw an area, or take the selected object."));
  return { close: reset, takeSelected };
}
