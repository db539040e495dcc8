import assert from "node:assert/strict";
import { test } from "node:test";
import { area, distance, length } from "../../webmap/static/src/tools/geodesy.js";

const place = ([lng, lat]) => ({ lng, lat });

/* Lengths and areas of GeographicLib (pyproj.Geod, ellipsoid WGS84). */
const LENGTHS = [
  [[106.6, 20.8], [106.75, 20.82], 15771.426],
  [[106.6, 20.8], [-73.97, 40.78], 13186602.369],
  [[106, 20], [106, 21], 110710.615],
  [[106, 20], [106, 20], 0],
];
const RING = [
  [106.6, 20.8],
  [106.75, 20.82],
  [106.72, 20.93],
  [106.61, 20.9],
].map(place);

for (const [from, to, metres] of LENGTHS) {
  test(`from ${from} to ${to} are ${metres} m, there and back`, () => {
    assert.ok(Math.abs(distance(place(from), place(to)) - metres) < 0.002);
    assert.ok(Math.abs(distance(place(to), place(from)) - metres) < 0.002);
  });
}

test("the area of a ring is that on the ellipsoid, whichever way round; its sides are the map's, not geodesics", () => {
  for (const ring of [RING, [...RING].reverse()]) assert.ok(Math.abs(area(ring) / 160147962.525 - 1) < 1e-4);
});

test("a ring's length is the sum of its sides", () => {
  assert.ok(Math.abs(length([...RING, RING[0]]) - 51379.659) < 0.01);
  assert.equal(length([RING[0]]), 0);
});
