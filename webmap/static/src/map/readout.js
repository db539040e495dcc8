/* Coordinates of the pointer in WGS 84 and in the province's VN-2000 zone, and the scale bar. */
import { byId } from "../lib/find.js";
import { number } from "../lib/texts.js";
import { toVn2000 } from "./vn2000.js";
/** @import { Projection } from "./types" */

const THIN = "\u202f";
const degrees = (/** @type {number} */ value) => number(Math.abs(value), 5);
const metres = (/** @type {number} */ value) => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, THIN);

/**
 * @param {L.Map} map
 * @param {Projection} projection
 */
export function startReadout(map, projection) {
  const wgs84 = byId("wgs84");
  const vn2000 = byId("vn2000");
  /** @type {L.LatLng | null} */
  let waiting = null;
  const write = (/** @type {L.LatLng} */ { lat, lng }) => {
    const { x, y } = toVn2000(lat, lng, projection);
    wgs84.textContent = `${degrees(lat)}${THIN}${lat < 0 ? "S" : "N"}  ${degrees(lng)}${THIN}${lng < 0 ? "W" : "E"}`;
    vn2000.textContent = `VN-2000  X ${metres(x)}  Y ${metres(y)}`; // papers call the northing X
  };
  const soon = (/** @type {L.LatLng} */ latlng) => {
    if (!waiting) {
      requestAnimationFrame(() => {
        if (waiting) write(waiting);
        waiting = null;
      });
    }
    waiting = latlng;
  };
  map.on("mousemove", (event) => soon(event.latlng));
  map.on("moveend", () => soon(map.getCenter()));
  write(map.getCenter());
  const scale = L.control.scale({ imperial: false, maxWidth: 120 }).addTo(map);
  byId("scale-bar").append(/** @type {HTMLElement} */ (scale.getContainer()));
}
