/* The next click on the map, or Enter over its middle, is a point and nothing else. */
import { byId, target } from "../lib/find.js";
import { clear as clearNotice, notice } from "../lib/notices.js";
import { t } from "../lib/texts.js";

const DRAGGED = 6; // px

/**
 * @param {L.Map} map
 * @param {(at: L.LatLng) => void} take
 */
export function pickPoint(map, take) {
  const box = map.getContainer();
  const sheet = byId("layers-panel");
  const control = new AbortController();
  /** @type {[number, number] | null} */
  let start = null;
  const end = () => {
    control.abort();
    box.classList.remove("is-picking");
    clearNotice("pick");
  };
  const finish = (/** @type {Event} */ event, /** @type {L.LatLng | null} */ at) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!at) return;
    end();
    take(at.wrap());
  };
  const options = { capture: true, signal: control.signal };
  const began = (/** @type {PointerEvent} */ event) => {
    start = [event.clientX, event.clientY];
  };
  const clicked = (/** @type {MouseEvent} */ event) => {
    if (target(event).closest(".leaflet-popup")) return;
    const isDrag = start && Math.hypot(event.clientX - start[0], event.clientY - start[1]) > DRAGGED;
    finish(event, isDrag ? null : map.mouseEventToLatLng(event));
  };
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && event.target === box) finish(event, map.getCenter());
  };
  const left = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    finish(event, null);
    end();
  };
  box.addEventListener("pointerdown", began, options);
  box.addEventListener("click", clicked, options);
  box.addEventListener("keydown", pressed, options);
  document.addEventListener("keydown", left, options);
  box.classList.add("is-picking");
  if (sheet.dataset.height) sheet.dataset.height = "peek"; // a phone shows the map to be clicked
  notice("pick", t("Click the map, or move it and press Enter."), { label: t("Cancel"), action: end });
  box.focus({ preventScroll: true });
}
