import assert from "node:assert/strict";
import { test } from "node:test";
import { alongLine, extentsById, isWithin, toLine, toPoint, trace } from "../../webmap/static/src/map/shapes.js";

/** Features from parts of units: [[[x, y], …], …] each. */
function features(...all) {
  const first = [0];
  const parts = [0];
  const xy = [];
  for (const feature of all) {
    for (const part of feature) {
      for (const [x, y] of part) xy.push(x, y);
      parts.push(xy.length / 2);
    }
    first.push(parts.length - 1);
  }
  return { count: all.length, id: all.map((_, i) => i + 1), first, parts, xy: Int16Array.from(xy) };
}

const SQUARE = [
  [0, 0],
  [800, 0],
  [800, 800],
  [0, 800],
];
const HOLE = [
  [200, 200],
  [200, 600],
  [600, 600],
  [600, 200],
];

test("a place in a hole is not within the area", () => {
  const found = features([SQUARE, HOLE]);
  assert.equal(isWithin(found, 0, 100, 100), true);
  assert.equal(isWithin(found, 0, 400, 400), false);
  assert.equal(isWithin(found, 0, 900, 100), false);
});

test("distances are CSS px: 8 units are one", () => {
  const found = features(
    [[[0, 0]]],
    [
      [
        [0, 80],
        [800, 80],
      ],
      [
        [0, 4000],
        [800, 4000],
      ],
    ],
  );
  assert.equal(toPoint(found, 0, 24, 32), 5);
  assert.equal(toLine(found, 1, 400, 0), 10);
  assert.equal(toLine(found, 1, 880, 80), 10);
});

test("a line is drawn to the right of itself when shifted", () => {
  const drawn = [];
  const path = {
    moveTo: (...at) => drawn.push(at),
    lineTo: (...at) => drawn.push(at),
    closePath: () => drawn.push("Z"),
  };
  trace(
    path,
    features([
      [
        [0, 0],
        [800, 0],
      ],
    ]),
    0,
    { shift: 4, x: 10 },
  );
  assert.deepEqual(
    drawn.map(([x, y]) => [x, y + 0]),
    [
      [10, 4],
      [110, 4],
    ],
  );
});

test("a name stands on the longest straight run of a line, upright", () => {
  const found = alongLine(
    features([
      [
        [800, 0],
        [0, 0],
        [0, 160],
      ],
    ]),
    0,
    { x: 0, y: 0 },
    0,
  );
  assert.equal(found.room, 100);
  assert.ok(Math.cos(found.angle) > 0, "not upside down");
  assert.equal(found.x, 50);
});

test("an object's extent takes all its parts in", () => {
  assert.deepEqual(extentsById(features([SQUARE, [[900, -50]]])).get(1), [0, -50, 900, 800]);
});
