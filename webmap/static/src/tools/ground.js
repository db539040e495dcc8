/* An object and the ground around it, as /api/around tells them. */
import { inks } from "../map/inks.js";

/** @typedef {import("geojson").FeatureCollection & { name: string, metres: number }} Ground */

/** @param {Ground} shapes */
export function drawGround(shapes) {
  const line = { interactive: false, color: inks.accent, weight: 3 };
  const object = { ...line, fillOpacity: shapes.metres ? 0.2 : 0.08 };
  const around = { ...line, weight: 2, fillOpacity: 0.05, dashArray: "6 4" };
  return L.geoJSON(shapes, {
    pointToLayer: (feature, latlng) => L.circleMarker(latlng, { radius: 6 }),
    style: (feature) => (feature?.properties.part === "object" ? object : around),
  });
}
