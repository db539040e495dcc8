/* The panels around the map: collapsing on a desk, sheets with three heights on a phone. */
import { element } from "./texts.js";

const HEIGHTS = ["peek", "half", "full"];
const body = () => document.getElementById("object-body");
const panel = () => document.getElementById("object-panel");

export function openPanel() {
  const opened = panel().hidden;
  panel().hidden = false;
  if (opened) panel().dataset.height = "half";
  body().replaceChildren(...[90, 60, 80, 70].map(() => element("div", { class: "skeleton" })));
  resized();
  if (opened) panel().focus({ preventScroll: true });
}

export function showInPanel(content) {
  body().replaceChildren(content);
  body().scrollTop = 0;
}

export function closePanel() {
  if (panel().hidden) return;
  panel().hidden = true;
  resized();
}

const resized = () => window.dispatchEvent(new Event("webmap:resized"));

export function startPanels(map) {
  const side = document.getElementById("layers-panel"), reopen = document.querySelector("[data-expand]");
  const show = (on) => { side.hidden = !on; reopen.hidden = on; resized(); };
  document.querySelector("[data-collapse]").addEventListener("click", () => { show(false); reopen.focus(); });
  reopen.addEventListener("click", () => { show(true); document.querySelector("[data-collapse]").focus(); });
  window.addEventListener("webmap:resized", () => map.invalidateSize({ animate: false, pan: false }));
  for (const sheet of document.querySelectorAll("[data-sheet]")) startSheet(sheet, sheet.querySelector("[data-sheet-handle]"));
  document.querySelector("[data-dismiss]")?.addEventListener("click", (event) => {
    event.currentTarget.closest(".illustration").remove();
    resized();
  });
}

/* Drag the handle, or press it, to go to the next of the three heights. */
function startSheet(sheet, handle) {
  let start = null, height = 0;
  handle.addEventListener("pointerdown", (event) => {
    start = event.clientY; height = sheet.offsetHeight;
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (start === null || Math.abs(event.clientY - start) < 6) return;
    sheet.classList.add("is-dragged");
    sheet.style.height = Math.max(64, height + start - event.clientY) + "px";
  });
  handle.addEventListener("pointerup", (event) => {
    const moved = start - event.clientY, whole = sheet.parentElement.offsetHeight, now = sheet.offsetHeight / whole;
    const index = HEIGHTS.indexOf(sheet.dataset.height);
    start = null;
    if (Math.abs(moved) < 6) sheet.dataset.height = HEIGHTS[(index + 1) % 3];
    else sheet.dataset.height = now < 0.3 ? "peek" : now < 0.72 ? "half" : "full";
    sheet.classList.remove("is-dragged");
    sheet.style.height = "";
  });
  handle.addEventListener("keydown", (event) => {
    const step = { ArrowUp: 1, ArrowDown: -1, Enter: 1, " ": 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const index = HEIGHTS.indexOf(sheet.dataset.height) + step;
    sheet.dataset.height = HEIGHTS[event.key.startsWith("Arrow") ? Math.max(0, Math.min(2, index)) : index % 3];
  });
}
