/* True lengths and areas on the ellipsoid of WGS 84, from degrees; nothing here knows the map's projection. */

/** @typedef {{ lat: number, lng: number }} Place degrees */

const A = 6378137; // metres
const F = 1 / 298.257223563;
const B = A * (1 - F);
const E2 = F * (2 - F);
const E = Math.sqrt(E2);
const RAD = Math.PI / 180;
const PIECES = 16;
const SHORT = 0.005; // degrees of latitude, within which a side is one piece: wrong by less than 1e-9 of its area

/**
 * Metres between two places, to a millimetre (T. Vincenty, Survey Review 23/176, 1975: the inverse).
 *
 * @param {Place} from
 * @param {Place} to
 */
export function distance(from, to) {
  const l = (to.lng - from.lng) * RAD;
  const u1 = Math.atan((1 - F) * Math.tan(from.lat * RAD));
  const u2 = Math.atan((1 - F) * Math.tan(to.lat * RAD));
  const [s1, c1, s2, c2] = [Math.sin(u1), Math.cos(u1), Math.sin(u2), Math.cos(u2)];
  let lambda = l;
  let [sigma, sinS, cosS, cos2A, cosM] = [0, 0, 1, 1, 1];
  for (let i = 0; i < 100; i++) {
    sinS = Math.hypot(c2 * Math.sin(lambda), c1 * s2 - s1 * c2 * Math.cos(lambda));
    if (!sinS) return 0;
    cosS = s1 * s2 + c1 * c2 * Math.cos(lambda);
    sigma = Math.atan2(sinS, cosS);
    const sinA = (c1 * c2 * Math.sin(lambda)) / sinS;
    cos2A = 1 - sinA * sinA;
    cosM = cos2A ? cosS - (2 * s1 * s2) / cos2A : 0;
    const c = (F / 16) * cos2A * (4 + F * (4 - 3 * cos2A));
    const before = lambda;
    lambda = l + (1 - c) * F * sinA * (sigma + c * sinS * (cosM + c * cosS * (2 * cosM * cosM - 1)));
    if (Math.abs(lambda - before) < 1e-12) break;
  }
  const u = (cos2A * (A * A - B * B)) / (B * B);
  const a = 1 + (u / 16384) * (4096 + u * (u * (320 - 175 * u) - 768));
  const b = (u / 1024) * (256 + u * (u * (74 - 47 * u) - 128));
  const third = (b / 6) * cosM * (4 * sinS * sinS - 3) * (4 * cosM * cosM - 3);
  return B * a * (sigma - b * sinS * (cosM + (b / 4) * (cosS * (2 * cosM * cosM - 1) - third)));
}

/**
 * Metres along places.
 *
 * @param {Place[]} places
 */
export const length = (places) => places.reduce((sum, place, i) => (i ? sum + distance(places[i - 1], place) : 0), 0);

/**
 * Square metres within a ring of places: shoelace in the equal-area cylindrical projection, each side in pieces.
 *
 * @param {Place[]} ring
 */
export function area(ring) {
  const q = (/** @type {number} */ lat) => {
    const s = E * Math.sin(lat * RAD);
    return ((1 - E2) * (s / (1 - s * s) + Math.atanh(s))) / E;
  };
  let sum = 0;
  ring.forEach((from, i) => {
    const to = ring[(i + 1) % ring.length];
    const pieces = Math.min(PIECES, Math.ceil(Math.abs(to.lat - from.lat) / SHORT) || 1);
    let before = q(from.lat);
    for (let k = 1; k <= pieces; k++) {
      const after = q(from.lat + ((to.lat - from.lat) * k) / pieces);
      sum += ((to.lng - from.lng) / pieces) * RAD * (before + after);
      before = after;
    }
  });
  return Math.abs((A * A * sum) / 4);
}
