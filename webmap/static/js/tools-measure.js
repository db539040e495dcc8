/* Measuring distances and areas: true lengths, not those of the projection. */
import { startDrawing } from "./tools-draw.js";
import { area, distance, length, metres, squareMetres } from "./tools-geodesy.js";
import { element, t } from "./texts.js";

export function startMeasure({ map }, body, close) {
  const shapes = { line: t("Distance"), polygon: t("Area") }, main = element("output", { class: "tool-value", id: "measured" });
  const detail = element("p", { class: "tool-detail" }), said = element("p", { class: "visually-hidden", role: "status" });
  const choices = Object.entries(shapes).map(([shape, label]) => element("button", { class: "btn btn-sm btn-outline-primary", type: "button", click: () => begin(shape) }, label));
  const undo = element("button", { class: "btn btn-sm btn-outline-secondary", type: "button", click: () => { drawing.undo(); map.getContainer().focus({ preventScroll: true }); } }, t("Remove the last point"));
  const finish = element("button", { class: "btn btn-sm btn-primary", type: "button", click: () => drawing.finish() }, t("Finish drawing"));
  const again = element("button", { class: "btn btn-sm btn-outline-primary", type: "button", click: () => begin(current) }, t("Measure again"));
  let drawing = null, current = "line";

  function begin(shape) {
    current = shape;
    drawing?.remove();
    choices.forEach((button, i) => button.setAttribute("aria-pressed", Object.keys(shapes)[i] === shape));
    again.hidden = true; undo.hidden = finish.hidden = false;
    write({ points: [], ring: [] });
    drawing = startDrawing(map, shape, {
      changed: write,
      finished: (sketch) => { write(sketch); undo.hidden = finish.hidden = true; again.hidden = false; again.focus({ preventScroll: true }); said.textContent = `${main.textContent} ${detail.textContent}`; },
      cancelled: close,
    });
  }

  function write({ points, ring }) {
    undo.disabled = !points.length;
    finish.disabled = points.length < (current === "line" ? 2 : 3);
    if (!points.length) {
      main.textContent = "–";
      detail.textContent = t("Click the map for each point, double click for the last; or move the map and press Enter.");
    } else if (current === "line") {
      main.textContent = metres(length(ring));
      detail.textContent = ring.length > 2 ? t("last section {length}", { length: metres(distance(ring[ring.length - 2], ring[ring.length - 1])) }) : "";
    } else {
      main.textContent = squareMetres(ring.length > 2 ? area(ring) : 0);
      detail.textContent = t("perimeter {length}", { length: metres(ring.length > 2 ? length([...ring, ring[0]]) : length(ring)) });
    }
  }

  body.append(element("div", { class: "tool-choices", role: "group", "aria-label": t("What to measure") }, ...choices), main, detail, said,
    element("div", { class: "tool-actions" }, undo, finish, again));
  begin("line");
  return { close: () => drawing.remove() };
}
