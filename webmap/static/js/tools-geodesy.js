/* True lengths and areas on the ellipsoid of WGS 84, from degrees; nothing here knows the map's projection. */
import { number } from "./texts.js";

const A = 6378137, F = 1 / 298.257223563, B = A * (1 - F), E2 = F * (2 - F), E = Math.sqrt(E2), RAD = Math.PI / 180;
const PIECES = 16;

/* Vincenty's inverse: metres between two places {lat, lng}, to a millimetre. */
export function distance(from, to) {
  const l = (to.lng - from.lng) * RAD, u1 = Math.atan((1 - F) * Math.tan(from.lat * RAD)), u2 = Math.atan((1 - F) * Math.tan(to.lat * RAD));
  const s1 = Math.sin(u1), c1 = Math.cos(u1), s2 = Math.sin(u2), c2 = Math.cos(u2);
  let lambda = l, sigma = 0, sinS = 0, cosS = 1, cos2A = 1, cosM = 1;
  for (let i = 0; i < 100; i++) {
    sinS = Math.hypot(c2 * Math.sin(lambda), c1 * s2 - s1 * c2 * Math.cos(lambda));
    if (!sinS) return 0;
    cosS = s1 * s2 + c1 * c2 * Math.cos(lambda);
    sigma = Math.atan2(sinS, cosS);
    const sinA = (c1 * c2 * Math.sin(lambda)) / sinS;
    cos2A = 1 - sinA * sinA;
    cosM = cos2A ? cosS - (2 * s1 * s2) / cos2A : 0;
    const c = (F / 16) * cos2A * (4 + F * (4 - 3 * cos2A)), before = lambda;
    lambda = l + (1 - c) * F * sinA * (sigma + c * sinS * (cosM + c * cosS * (2 * cosM * cosM - 1)));
    if (Math.abs(lambda - before) < 1e-12) break;
  }
  const u = (cos2A * (A * A - B * B)) / (B * B);
  const a = 1 + (u / 16384) * (4096 + u * (u * (320 - 175 * u) - 768)), b = (u / 1024) * (256 + u * (u * (74 - 47 * u) - 128));
  const d = b * sinS * (cosM + (b / 4) * (cosS * (2 * cosM * cosM - 1) - (b / 6) * cosM * (4 * sinS * sinS - 3) * (4 * cosM * cosM - 3)));
  return B * a * (sigma - d);
}

export const length = (places) => places.reduce((sum, place, i) => (i ? sum + distance(places[i - 1], place) : 0), 0);

/* Square metres within a ring of places: shoelace in the equal-area cylindrical projection, each side in pieces. */
export function area(ring) {
  const q = (lat) => {
    const s = E * Math.sin(lat * RAD);
    return ((1 - E2) * (s / (1 - s * s) + Math.atanh(s))) / E;
  };
  let sum = 0;
  ring.forEach((from, i) => {
    const to = ring[(i + 1) % ring.length];
    for (let k = 0; k < PIECES; k++) {
      const [lat1, lat2] = [k, k + 1].map((step) => from.lat + ((to.lat - from.lat) * step) / PIECES);
      sum += ((to.lng - from.lng) / PIECES) * RAD * (q(lat1) + q(lat2));
    }
  });
  return Math.abs((A * A * sum) / 4);
}

export const metres = (value) => (value < 1000 ? `${number(value, value < 100 ? 1 : 0)}\u202fm` : `${number(value / 1000, value < 100000 ? 2 : 1)}\u202fkm`);

/* Shares of plots and clusters. */
export const hectares = (value) => (value < 10000 ? `${number(value)}\u202fm²` : `${number(value / 1e4, value < 1e8 ? 2 : 0)}\u202fha`);

/* Small areas in m², plots and clusters in ha, more than 100 ha in km² as well. */
export function squareMetres(value) {
  return value < 1e6 ? hectares(value) : `${hectares(value)} (${number(value / 1e6, 2)}\u202fkm²)`;
}
