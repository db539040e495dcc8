/* Leaflet-Geoman as this map uses it: loaded when somebody draws, its handles dressed for pointer and reader. */
import { namedColour } from "../lib/colours.js";

export const LOOK = { color: namedColour("accent"), weight: 3, fillOpacity: 0.15 };
export const SNAP = matchMedia("(pointer: coarse)").matches ? 30 : 18; // px
const HANDLES = 60;

/**
 * Handles are for the pointer; who steers by keyboard has the bar's walk through the corners, which has words.
 *
 * @param {L.LayerEvent} event
 */
export function quieten({ layer }) {
  const handle = layer instanceof L.Marker ? layer.getElement() : null;
  for (const name of ["role", "tabindex"]) handle?.removeAttribute(name);
  handle?.setAttribute("aria-hidden", "true");
}

export const pin = () => L.divIcon({ className: "edit-pin", iconSize: [22, 22] });

/**
 * The map's part of Leaflet-Geoman, which has no types of its own for a map that was there before it.
 *
 * @param {any} map
 */
export async function loadGeoman(map) {
  if (!map.pm) {
    await import("@geoman-io/leaflet-geoman-free");
    map.pm = new /** @type {any} */ (L).PM.Map(map);
  }
  return map.pm;
}

/** @param {boolean} snaps */
export const optionsOf = (snaps) => ({
  snappable: snaps,
  snapDistance: SNAP,
  snapMiddle: false,
  allowSelfIntersection: true, // shown where it crosses, refused when it is saved
  limitMarkersToCount: HANDLES,
  tooltips: false,
  templineStyle: LOOK,
  hintlineStyle: { ...LOOK, dashArray: "5,5" },
  pathOptions: LOOK,
  markerStyle: { icon: pin() },
  continueDrawing: false,
});
