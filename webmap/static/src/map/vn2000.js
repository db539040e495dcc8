/* WGS 84 degrees to metres of a VN-2000 zone: WGS 84's ellipsoid moved by seven parameters (position vector), transverse
   Mercator, scale 0.9999, false easting 500 km. Decision 05/2007/QĐ-BTNMT; the numbers come with the page. */
/** @import { Projection } from "./types" */

const A = 6378137; // metres
const F = 1 / 298.257223563;
const E2 = F * (2 - F);
const SCALE = 0.9999;
const EAST0 = 500000; // metres
const RAD = Math.PI / 180;

/** @typedef {[number, number, number]} Triple metres from the middle of the earth */

/**
 * @param {number} lat radians
 * @param {number} lon radians
 * @returns {Triple}
 */
function toGeocentric(lat, lon) {
  const s = Math.sin(lat);
  const n = A / Math.sqrt(1 - E2 * s * s);
  return [n * Math.cos(lat) * Math.cos(lon), n * Math.cos(lat) * Math.sin(lon), n * (1 - E2) * s];
}

/** @param {Triple} place */
function fromGeocentric([x, y, z]) {
  const p = Math.hypot(x, y);
  let lat = Math.atan2(z, p * (1 - E2));
  for (let i = 0; i < 5; i++) {
    const s = Math.sin(lat);
    const n = A / Math.sqrt(1 - E2 * s * s);
    lat = Math.atan2(z + E2 * n * s, p);
  }
  return [lat, Math.atan2(y, x)];
}

/**
 * WGS 84 to VN-2000: the parameters (VN-2000 to WGS 84) backwards.
 *
 * @param {Triple} place
 * @param {number[]} parameters
 * @returns {Triple}
 */
function shiftDatum([x, y, z], [dx, dy, dz, rx, ry, rz, ppm]) {
  const arc = RAD / 3600;
  const m = 1 + ppm * 1e-6;
  const [a, b, c] = [rx * arc, ry * arc, rz * arc];
  const [u, v, w] = [(x - dx) / m, (y - dy) / m, (z - dz) / m];
  return [u + c * v - b * w, -c * u + v + a * w, b * u - a * v + w];
}

/**
 * Krüger's series to the third order: better than a millimetre within a zone. Papers call the northing x.
 *
 * @param {number} latDeg
 * @param {number} lonDeg
 * @param {Pick<Projection, "meridian" | "towgs84">} projection
 * @returns {{ x: number, y: number }} northing and easting in metres
 */
export function toVn2000(latDeg, lonDeg, { meridian, towgs84 }) {
  const [lat, lon] = fromGeocentric(shiftDatum(toGeocentric(latDeg * RAD, lonDeg * RAD), towgs84));
  const n = F / (2 - F);
  const e = Math.sqrt(E2);
  const dlon = lon - meridian * RAD;
  const mean = (A / (1 + n)) * (1 + n ** 2 / 4 + n ** 4 / 64);
  const series = [
    n / 2 - (2 / 3) * n ** 2 + (5 / 16) * n ** 3,
    (13 / 48) * n ** 2 - (3 / 5) * n ** 3,
    (61 / 240) * n ** 3,
  ];
  const t = Math.sinh(Math.atanh(Math.sin(lat)) - e * Math.atanh(e * Math.sin(lat)));
  const xi = Math.atan2(t, Math.cos(dlon));
  const eta = Math.atanh(Math.sin(dlon) / Math.sqrt(1 + t * t));
  let north = xi;
  let east = eta;
  series.forEach((a, i) => {
    const k = 2 * (i + 1);
    north += a * Math.sin(k * xi) * Math.cosh(k * eta);
    east += a * Math.cos(k * xi) * Math.sinh(k * eta);
  });
  return { x: SCALE * mean * north, y: EAST0 + SCALE * mean * east };
}
