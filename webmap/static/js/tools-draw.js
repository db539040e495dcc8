/* Drawing on the map by mouse, finger or keyboard. Takes the clicks before the map does, so that nothing is selected meanwhile. */
import { distance } from "./tools-geodesy.js";

const CORNERS = { line: Infinity, polygon: Infinity, rectangle: 2, circle: 2 }, LEAST = { line: 2, polygon: 3, rectangle: 2, circle: 2 };
const NEAR = 5, FINGER = 14, MOST = 500;
const LINE = { color: "#0b4f8a", weight: 3, opacity: 1, interactive: false };

/* shape: line, polygon, rectangle or circle. `changed(sketch)` while drawing, `finished(sketch)` once; `cancelled()` on Esc without a point. */
export function startDrawing(map, shape, { changed, finished, cancelled }) {
  const box = map.getContainer(), group = L.featureGroup().addTo(map);
  let points = [], pointer = null, byKeyboard = false, isDone = false, start = null;

  /* What is drawn so far: the places, and whether they make a whole. `live` takes the pointer for the next corner. */
  function sketch(live) {
    const places = live && pointer && !isDone ? [...points, pointer] : [...points];
    const whole = places.length >= LEAST[shape];
    if (shape === "rectangle" && whole) {
      const [a, b] = places;
      return { shape, points, whole, ring: [a, L.latLng(a.lat, b.lng), b, L.latLng(b.lat, a.lng)] };
    }
    if (shape === "circle" && whole) return { shape, points, whole, centre: places[0], radius: distance(places[0], places[1]) };
    return { shape, points, whole, ring: places };
  }

  function show() {
    const made = sketch(true);
    group.clearLayers();
    const options = { ...LINE, fillColor: LINE.color, fillOpacity: 0.12 };
    if (made.centre) group.addLayer(L.circle(made.centre, { ...options, radius: made.radius }));
    else if (made.ring.length > 1) group.addLayer(shape === "line" || made.ring.length < 3 ? L.polyline(made.ring, LINE) : L.polygon(made.ring, options));
    for (const point of points) group.addLayer(L.circleMarker(point, { ...LINE, radius: 5, weight: 2, fillColor: "#ffffff", fillOpacity: 1 }));
    changed?.(made);
  }

  function add(latlng) {
    const at = map.latLngToContainerPoint(latlng), away = (other) => at.distanceTo(map.latLngToContainerPoint(other));
    if (isDone || points.length >= MOST) return;
    if (points.length && away(points[points.length - 1]) < NEAR) return; // the second half of a double click
    if (shape === "polygon" && points.length > 2 && away(points[0]) < FINGER) { finish(); return; }
    points.push(latlng.wrap());
    if (points.length === CORNERS[shape]) finish();
    else show();
  }

  function finish() {
    if (isDone || points.length < LEAST[shape]) return;
    isDone = true; pointer = null;
    release();
    show();
    finished?.(sketch(false));
  }

  const undo = () => { points.pop(); pointer = byKeyboard ? map.getCenter() : null; show(); };

  const stop = (event) => { event.preventDefault(); event.stopImmediatePropagation(); };
  const isMap = (event) => !event.target.closest(".leaflet-popup, .leaflet-control");
  const listeners = {
    pointerdown(event) { start = [event.clientX, event.clientY]; },
    click(event) {
      if (!isMap(event)) return;
      stop(event);
      if (start && Math.hypot(event.clientX - start[0], event.clientY - start[1]) > 8) return; // the end of a drag
      byKeyboard = false;
      add(map.mouseEventToLatLng(event));
    },
    dblclick(event) { if (isMap(event)) { stop(event); finish(); } },
    keydown(event) {
      if (event.target !== box) return;
      if (event.key === "Enter") {
        stop(event);
        byKeyboard = true;
        if (event.shiftKey) finish();
        else { pointer = null; add(map.getCenter()); }
      } else if (event.key === "Backspace") { stop(event); undo(); }
    },
  };
  const escape = (event) => {
    if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
    stop(event);
    if (points.length) { points = []; pointer = null; show(); } else cancelled?.();
  };
  const moved = (event) => { if (!byKeyboard && points.length) { pointer = event.latlng.wrap(); show(); } };
  const panned = () => { if (byKeyboard && points.length) { pointer = map.getCenter().wrap(); show(); } };

  function release() {
    for (const name of Object.keys(listeners)) box.removeEventListener(name, listeners[name], true);
    document.removeEventListener("keydown", escape, true);
    map.off("mousemove", moved).off("moveend", panned);
    box.classList.remove("is-picking");
  }

  for (const name of Object.keys(listeners)) box.addEventListener(name, listeners[name], true);
  document.addEventListener("keydown", escape, true);
  map.on("mousemove", moved).on("moveend", panned);
  map.closePopup();
  box.classList.add("is-picking");
  box.focus({ preventScroll: true });
  return { undo, finish, remove() { release(); group.remove(); } };
}
