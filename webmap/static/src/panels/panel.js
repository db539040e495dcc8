/* The panels around the map: collapsing on a desk, sheets with three heights on a phone. */
import { byId, find, findAll } from "../lib/find.js";
import { element } from "../lib/texts.js";

const HEIGHTS = ["peek", "half", "full"];
const LEAST = 64; // px
const body = () => byId("object-body");
const panel = () => byId("object-panel");

export const isPhone = () => matchMedia("(max-width: 767.98px)").matches;

export function openPanel() {
  const opened = panel().hidden;
  panel().hidden = false;
  if (opened) panel().dataset.height = "half";
  body().replaceChildren(...skeletons([90, 60, 80, 70]));
  resized();
  if (opened) panel().focus({ preventScroll: true });
}

/**
 * Grey lines while something is awaited.
 *
 * @param {number[]} widths
 */
export const skeletons = (widths) => widths.map(() => element("div", { class: "skeleton" }));

/**
 * Let a phone's sheet have a height. At its full one it lies above the others.
 *
 * @param {"peek" | "half" | "full"} height
 */
export function raisePanel(height) {
  if (height === "full") freeMap();
  panel().dataset.height = height;
}

/** Let a phone's sheets leave the map free, to be drawn on. */
export function freeMap() {
  for (const sheet of findAll("[data-sheet]")) if (sheet.dataset.height) sheet.dataset.height = "peek";
}

/** @param {Node} content */
export function showInPanel(content) {
  body().replaceChildren(content);
  body().scrollTop = 0;
}

export function closePanel() {
  if (panel().hidden) return;
  panel().hidden = true;
  resized();
}

/** Tell that the map has got another size. */
export const resized = () => window.dispatchEvent(new Event("webmap:resized"));

/** @param {L.Map} map */
export function startPanels(map) {
  const side = byId("layers-panel");
  const collapse = find("[data-collapse]");
  const reopen = find("[data-expand]");
  const show = (/** @type {boolean} */ on) => {
    side.hidden = !on;
    reopen.hidden = on;
    resized();
    (on ? collapse : reopen).focus();
  };
  collapse.addEventListener("click", () => show(false));
  reopen.addEventListener("click", () => show(true));
  new ResizeObserver(() => resized()).observe(panel()); // a form is wider than an object
  new ResizeObserver(tellCreditsHeight).observe(find(".status-bar"));
  window.addEventListener("webmap:resized", () => map.invalidateSize({ animate: false, pan: false }));
  for (const sheet of findAll("[data-sheet]")) startSheet(sheet, find("[data-sheet-handle]", sheet));
  document.querySelector("[data-dismiss]")?.addEventListener("click", (event) => {
    /** @type {HTMLElement} */ (event.currentTarget).closest(".illustration")?.remove();
    resized();
  });
}

/**
 * Tell the style sheet how high the lines of credits are: on a phone they lie over the map, with buttons above them.
 *
 * @param {ResizeObserverEntry[]} entries
 */
function tellCreditsHeight([bar]) {
  document.documentElement.style.setProperty("--credits-height", `${Math.ceil(bar?.contentRect.height ?? 0)}px`);
}

/**
 * Drag the handle, or press it, to go to the next of the three heights.
 *
 * @param {HTMLElement} sheet
 * @param {HTMLElement} handle
 */
function startSheet(sheet, handle) {
  /** @type {number | null} */
  let start = null;
  let height = 0;
  const now = () => HEIGHTS.indexOf(sheet.dataset.height ?? "");
  handle.addEventListener("pointerdown", (event) => {
    start = event.clientY;
    height = sheet.offsetHeight;
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (start === null || Math.abs(event.clientY - start) < 6) return;
    sheet.classList.add("is-dragged");
    sheet.style.height = Math.max(LEAST, height + start - event.clientY) + "px";
  });
  handle.addEventListener("pointerup", (event) => {
    const moved = (start ?? event.clientY) - event.clientY;
    const share = sheet.offsetHeight / (sheet.parentElement?.offsetHeight || 1);
    start = null;
    if (Math.abs(moved) < 6) sheet.dataset.height = HEIGHTS[(now() + 1) % 3];
    else sheet.dataset.height = share < 0.3 ? "peek" : share < 0.72 ? "half" : "full";
    sheet.classList.remove("is-dragged");
    sheet.style.height = "";
  });
  handle.addEventListener("keydown", (event) => {
    const isArrow = event.key === "ArrowUp" || event.key === "ArrowDown";
    if (!isArrow && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    const index = now() + (event.key === "ArrowDown" ? -1 : 1);
    sheet.dataset.height = HEIGHTS[isArrow ? Math.max(0, Math.min(2, index)) : index % 3];
  });
}
