import assert from "node:assert/strict";
import { test } from "node:test";
import { toVn2000 } from "../../webmap/static/src/map/vn2000.js";

/* EPSG:9210 and the seven parameters of 05/2007/QĐ-BTNMT, as geodata/base/crs.py has them. */
const ZONE = {
  meridian: 105.75,
  towgs84: [-191.90441429, -39.30318279, -111.45032835, 0.00928836, -0.01975479, 0.00427372, 0.252906278],
};

/* [lon, lat, northing, easting]: PROJ 9 on the same parameters, to a millimetre. */
const PLACES = [
  [106.6835, 20.8605, 2307792.138, 596943.669],
  [105.5, 20.1, 2223343.446, 473661.743],
  [107.9, 21.4, 2368763.728, 722755.077],
];

for (const [lon, lat, north, east] of PLACES) {
  test(`${lat} N ${lon} E is where PROJ puts it, to a centimetre`, () => {
    const { x, y } = toVn2000(lat, lon, ZONE);
    assert.ok(Math.abs(x - north) < 0.01, `${x} and ${north}`);
    assert.ok(Math.abs(y - east) < 0.01, `${y} and ${east}`);
  });
}
