/* Drag the upper edge of the drawer, or use the arrow keys on it; the height is a share of the window. */
import { resized } from "./panel.js";

const STEP = 5; // per cent
const LEAST = 15;
const MOST = 85;

/**
 * @param {HTMLElement} drawer
 * @param {HTMLElement} grip
 */
export function startGrip(drawer, grip) {
  const set = (/** @type {number} */ percent) => {
    const share = Math.round(Math.max(LEAST, Math.min(MOST, percent)));
    drawer.style.setProperty("--drawer-height", share + "vh");
    grip.setAttribute("aria-valuenow", String(share));
    resized();
  };
  const now = () => Number(grip.getAttribute("aria-valuenow"));
  /** @type {{ y: number, height: number } | null} */
  let from = null;
  grip.addEventListener("pointerdown", (event) => {
    from = { y: event.clientY, height: drawer.offsetHeight };
    grip.setPointerCapture(event.pointerId);
  });
  grip.addEventListener("pointermove", (event) => {
    if (from) set(((from.height + from.y - event.clientY) / innerHeight) * 100);
  });
  const end = () => {
    from = null;
  };
  grip.addEventListener("pointerup", end);
  grip.addEventListener("pointercancel", end);
  grip.addEventListener("keydown", (event) => {
    const keys = { ArrowUp: now() + STEP, ArrowDown: now() - STEP, Home: LEAST, End: MOST };
    if (!(event.key in keys)) return;
    event.preventDefault();
    set(keys[/** @type {keyof typeof keys} */ (event.key)]);
  });
}
