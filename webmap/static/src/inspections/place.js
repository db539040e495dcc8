/* The position on the spot, and how far it is from the place in the register. */
import { byId } from "../lib/find.js";
import { number } from "../lib/texts.js";
import { changed, input } from "./form.js";

const place = byId("place");
const EARTH_RADIUS_M = 6371000;

/**
 * Metres between two places in degrees (haversine).
 *
 * @param {number} lat1
 * @param {number} lon1
 * @param {number} lat2
 * @param {number} lon2
 */
function distance(lat1, lon1, lat2, lon2) {
  const rad = Math.PI / 180;
  const half =
    Math.sin(((lat1 - lat2) * rad) / 2) ** 2 +
    Math.cos(lat1 * rad) * Math.cos(lat2 * rad) * Math.sin(((lon1 - lon2) * rad) / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.sqrt(half));
}

/** @param {GeolocationCoordinates} coords */
function show(coords) {
  const far = distance(coords.latitude, coords.longitude, Number(place.dataset.lat), Number(place.dataset.lon));
  const at = (place.dataset.text ?? "")
    .replace("{lat}", number(coords.latitude, 5))
    .replace("{lon}", number(coords.longitude, 5))
    .replace("{accuracy}", number(coords.accuracy));
  place.textContent = `${at} · ${(place.dataset.far ?? "").replace("{distance}", number(far))}`;
}

/** @param {GeolocationPosition} position */
function take({ coords, timestamp }) {
  input("lon").value = coords.longitude.toFixed(6);
  input("lat").value = coords.latitude.toFixed(6);
  input("accuracy_m").value = String(Math.round(coords.accuracy));
  input("located_at").value = new Date(timestamp).toISOString();
  show(coords);
  changed();
}

byId("locate").addEventListener("click", () => {
  const failed = () => {
    place.textContent = place.dataset.problem ?? "";
  };
  navigator.geolocation.getCurrentPosition(take, failed, { enableHighAccuracy: true, timeout: 20000 });
});
