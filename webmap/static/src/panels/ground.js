/* Where the filters of all layers look, drawn as long as they filter: a circle, an area, the ground around an object. */
import { askJson } from "../lib/ask.js";
import { inks } from "../map/inks.js";
import { ALL } from "../map/state.js";
import { drawGround } from "../tools/ground.js";
import { toolAddresses } from "../tools/addresses.js";
/** @import { State } from "../map/state.js" */

/**
 * @param {L.Map} map
 * @param {State} state
 */
export function showGround(map, state) {
  const look = { interactive: false, color: inks.accent, weight: 2, fillOpacity: 0.05, dashArray: "6 4" };
  /** @type {L.Layer[]} */
  let drawn = [];
  let told = "";
  const add = (/** @type {L.Layer} */ shape) => drawn.push(shape.addTo(map));
  const show = async () => {
    const [near, polygon, around] = ["near", "polygon", "around"].map((field) => state.filter(ALL, field)?.[0] ?? "");
    const asking = askedObjects(state, around);
    const mine = JSON.stringify([near, polygon, asking.toString()]);
    if (mine === told) return;
    told = mine;
    drawn.forEach((shape) => shape.remove());
    drawn = [];
    const [lon, lat, km] = near.split(",").map(Number);
    if (isPlace([lon, lat, km]) && km > 0) add(L.circle([lat, lon], { ...look, radius: km * 1000 }));
    const ring = polygon.split(";").map((corner) => corner.split(",").map(Number));
    if (ring.length > 2 && ring.every((corner) => corner.length === 2 && isPlace(corner))) {
      const corners = ring.map(([x, y]) => L.latLng(y, x));
      add(L.polygon(corners, look));
    }
    if (!asking.size) return;
    const url = `${toolAddresses().around}?${asking}`;
    const shapes = await askJson(url).catch(() => null); // what fails is told where the filter is counted
    if (mine === told && shapes) add(drawGround(shapes));
  };
  state.on("filters", show);
  show();
}

/**
 * The object that is asked around and the areas that are asked for, of all layers or of one.
 *
 * @param {State} state
 * @param {string} around
 */
function askedObjects(state, around) {
  const asking = new URLSearchParams();
  if (around) asking.set("around", around);
  for (const field of Object.values(toolAddresses().selects)) {
    const values = Object.keys(state.opensWith).flatMap((scope) => state.filter(scope, field) ?? []);
    for (const value of new Set(values)) asking.append(field, value);
  }
  return asking;
}

/** @param {(number | undefined)[]} numbers */
const isPlace = (numbers) => numbers.every(Number.isFinite);
