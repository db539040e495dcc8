import assert from "node:assert/strict";
import { test } from "node:test";

import { leave, settle, settled } from "../../webmap/static/src/map/crowding.js";

const paintFor = (/** @type {number} */ ms) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

/** A layer that takes so long for each tile and notes when it painted which. */
function layerOf(name, painted, ms = 0) {
  return {
    spec: { name, geometry: "point", style: {} },
    points: [],
    isOnMap: () => true,
    mapNumber: () => 1,
    paint: (tile) => {
      paintFor(ms);
      tile.isDrawn = true;
      painted.push(tile);
    },
  };
}

const tileAt = (x) => ({ coords: { x, y: 0, z: 3 }, data: {}, isDrawn: false, places: null });
const turn = () => new Promise((done) => setTimeout(done));

async function untilPainted(painted, count) {
  for (let turns = 0; painted.length < count; turns++) {
    assert.ok(turns < 1000, `${painted.length} of ${count} painted`);
    await turn();
  }
}

test("tiles are painted a few at a time, so that others have their turn between", async () => {
  const painted = [];
  const layer = layerOf("slow", painted, 5);
  const tiles = Array.from({ length: 20 }, (_, x) => tileAt(x));
  for (const tile of tiles) settle(layer, tile);
  await null;
  assert.ok(painted.length > 0 && painted.length < 20, `${painted.length} at once`);
  await untilPainted(painted, 20);
  assert.deepEqual(new Set(painted), new Set(tiles));
});

test("a tile that has left is not painted any more", async () => {
  const painted = [];
  const layer = layerOf("leaving", painted, 20);
  const [first, second, third] = [tileAt(40), tileAt(41), tileAt(42)];
  for (const tile of [first, second, third]) settle(layer, tile);
  await null;
  assert.deepEqual(painted, [first]);
  leave(second);
  await untilPainted(painted, 2);
  await turn();
  assert.deepEqual(painted, [first, third]);
});

test("who waits is told when all is painted, at once where nothing is to be done", async () => {
  const painted = [];
  await settled();
  const layer = layerOf("waited for", painted, 5);
  for (let x = 80; x < 90; x++) settle(layer, tileAt(x));
  await settled();
  assert.equal(painted.length, 10);
});
