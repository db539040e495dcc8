import assert from "node:assert/strict";
import { test } from "node:test";
import { Boxes, covered, linesOf, places, runWithin, wrap } from "../../webmap/static/src/map/boxes.js";

/** The same numbers each time. */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

const overlap = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];

const label = (parts) => ({
  text: "",
  id: 1,
  rank: 1,
  isArea: false,
  x: 100,
  y: 100,
  r: 8,
  angle: 0,
  weight: 600,
  px: 12,
  ink: "",
  lines: [""],
  width: 50,
  ...parts,
});

test("a box is free exactly when it overlaps none that is taken", () => {
  const next = numbers(7);
  const boxes = new Boxes();
  const taken = [];
  for (let i = 0; i < 400; i++) {
    const [x, y] = [next() * 900 - 100, next() * 700 - 100];
    const box = [x, y, x + 10 + next() * 150, y + 8 + next() * 30];
    const isFree = taken.every((other) => !overlap(box, other));
    assert.equal(boxes.isFree(box), isFree, String(box));
    if (isFree) {
      boxes.take(box);
      taken.push(box);
    }
  }
  assert.ok(taken.length > 50);
});

test("a point's name stands right, left, below or above its symbol and never on it", () => {
  const found = places(label({}));
  assert.equal(found.length, 4);
  for (const box of found) assert.equal(overlap(box, [92, 92, 108, 108]), false);
  assert.ok(found[0][0] >= 108, "first to the right");
});

test("the name of an area stands in its middle, above or below what is there, or beside it when it would hide it", () => {
  const whole = [0, 0, 200, 200];
  const [middle, ...others] = places(label({ isArea: true, extent: whole }));
  assert.deepEqual([(middle[0] + middle[2]) / 2, (middle[1] + middle[3]) / 2], [100, 100]);
  const symbol = [92, 92, 108, 108];
  const inside = others.filter((box) => overlap(box, whole));
  assert.equal(inside.length, 2);
  for (const [x1, y1, x2, y2] of inside) {
    assert.equal(overlap([x1, y1, x2, y2], symbol), false, "a station in the middle leaves room for the name");
    assert.ok(x1 > 0 && y1 >= 0 && x2 < 200 && y2 <= 200);
  }
  assert.equal(others.length - inside.length, 4);
  const extent = [90, 90, 110, 110];
  for (const box of places(label({ isArea: true, extent }))) assert.equal(overlap(box, extent), false);
});

test("a name along a line covers what it covers when turned", () => {
  const [[x1, y1, x2, y2]] = places(label({ angle: Math.PI / 2, room: 80 }));
  assert.ok(Math.abs(y2 - y1 - 50) < 1e-9 && Math.abs(x2 - x1 - 12 * 1.35) < 1e-9);
});

test("a long name breaks in two at the gap next to its middle", () => {
  assert.deepEqual(wrap("Cụm công nghiệp Vĩnh Niệm"), ["Cụm công nghiệp", "Vĩnh Niệm"]);
  assert.deepEqual(wrap("An Biên"), ["An Biên"]);
  assert.deepEqual(wrap("Supercalifragilistic"), ["Supercalifragilistic"]);
});

test("a name that runs aslant covers boxes along it, not the corners around it", () => {
  const taken = covered(label({ angle: Math.PI / 4, width: 100 }), [0, 0, 80, 80]);

  const isIn = (x, y) => taken.some(([x1, y1, x2, y2]) => x1 <= x && x <= x2 && y1 <= y && y <= y2);
  assert.ok(isIn(40, 40) && isIn(10, 10) && isIn(70, 70));
  assert.ok(!isIn(75, 5) && !isIn(5, 75));
});

test("a number stays with what follows it, and what is in brackets with itself, where a name is broken", () => {
  assert.deepEqual(wrap("TBA 110 kV Cát Bà", 12), ["TBA 110 kV", "Cát Bà"]);
  assert.deepEqual(wrap("TBA 220 kV Tràng Bạch (Quảng Ninh)"), ["TBA 220 kV Tràng Bạch", "(Quảng Ninh)"]);
});

test("a point's name is broken in two only where it finds no room in one line", () => {
  assert.deepEqual(linesOf({ text: "TBA 110 kV Cát Bà", isArea: false }), [
    ["TBA 110 kV Cát Bà"],
    ["TBA 110 kV", "Cát Bà"],
  ]);
});

test("of a line's straight run the part that is seen carries its name", () => {
  const seen = runWithin({ x: 0, y: 50, room: 200, angle: 0 }, [0, 0, 300, 300]);
  assert.deepEqual([seen.x, seen.y, seen.room], [50, 50, 100]);
  assert.equal(runWithin({ x: 0, y: -50, room: 200, angle: 0 }, [0, 0, 300, 300]).room, 0);
  const slope = runWithin({ x: 100, y: 100, room: 1000, angle: Math.PI / 4 }, [0, 0, 200, 200]);
  assert.ok(Math.abs(slope.room - 200 * Math.SQRT2) < 1e-9 && Math.abs(slope.x - 100) < 1e-9);
});
