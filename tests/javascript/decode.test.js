import assert from "node:assert/strict";
import { test } from "node:test";
import { PbfWriter } from "pbf";
import { LINE, POINT, decode } from "../../webmap/static/src/map/decode.js";

const KEYS = ["c", "n", "t", "other", "name", "name:vi", "kind", "kind_detail", "class"];

/** A tile written by the words of the Mapbox Vector Tile specification 2.1. */
function tile(name, features) {
  const pbf = new PbfWriter();
  const values = [];
  const place = (value) => (values.includes(value) ? values.indexOf(value) : values.push(value) - 1);
  pbf.writeMessage(
    3,
    (_, layer) => {
      layer.writeStringField(1, name);
      for (const { id, type, properties, geometry } of features) {
        layer.writeMessage(
          2,
          (__, feature) => {
            feature.writeVarintField(1, id);
            const tags = Object.entries(properties).flatMap(([key, value]) => [KEYS.indexOf(key), place(value)]);
            feature.writePackedVarint(2, tags);
            feature.writeVarintField(3, type);
            feature.writePackedVarint(4, geometry);
          },
          null,
        );
      }
      for (const key of KEYS) layer.writeStringField(3, key);
      for (const value of values) {
        layer.writeMessage(
          4,
          (__, written) => {
            if (typeof value === "string") written.writeStringField(1, value);
            else written.writeVarintField(5, value);
          },
          null,
        );
      }
      layer.writeVarintField(15, 2);
    },
    null,
  );
  return pbf.finish().slice().buffer;
}

const zigzag = (value) => (value << 1) ^ (value >> 31);
const moveTo = (x, y) => [9, zigzag(x), zigzag(y)];
const lineTo = (...steps) => [(steps.length << 3) | 2, ...steps.flat().map(zigzag)];

test("points keep their id, class, number and place; names are read when asked for", () => {
  const found = decode(
    tile("sites", [
      { id: 7, type: POINT, properties: { c: 3, n: 1, t: "Chợ Sắt" }, geometry: moveTo(10, 4000) },
      { id: 2 ** 40, type: POINT, properties: { c: 65535, n: 12 }, geometry: moveTo(-64, 4160) },
    ]),
  ).sites;

  assert.equal(found.count, 2);
  assert.deepEqual([...found.id], [7, 2 ** 40]);
  assert.deepEqual([...found.c], [3, 65535]);
  assert.deepEqual([...found.n], [1, 12]);
  assert.deepEqual([...found.xy], [10, 4000, -64, 4160]);
  assert.deepEqual([found.text(0), found.text(1)], ["Chợ Sắt", ""]);
});

test("a line of two parts and an area with a hole keep their parts apart", () => {
  const lines = decode(
    tile("lines", [
      {
        id: 1,
        type: LINE,
        properties: { c: 0 },
        geometry: [...moveTo(0, 0), ...lineTo([5, 5]), ...moveTo(10, 0), ...lineTo([1, 0], [0, 1])],
      },
      { id: 2, type: LINE, properties: { c: 1, other: "ignored" }, geometry: [...moveTo(9, 9), ...lineTo([-9, -9])] },
    ]),
  ).lines;
  assert.deepEqual([...lines.first], [0, 2, 3]);
  assert.deepEqual([...lines.parts], [0, 2, 5, 7]);
  assert.deepEqual([...lines.xy], [0, 0, 5, 5, 15, 5, 16, 5, 16, 6, 9, 9, 0, 0]);

  const close = 15;
  const ring = [...moveTo(0, 0), ...lineTo([8, 0], [0, 8], [-8, 0]), close];
  const hole = [...moveTo(2, -6), ...lineTo([0, 2], [2, 0], [0, -2]), close];
  const area = decode(tile("areas", [{ id: 1, type: 3, properties: { c: 0 }, geometry: [...ring, ...hole] }])).areas;
  assert.deepEqual([...area.first], [0, 2]);
  assert.deepEqual([...area.parts], [0, 4, 8]);
});

test("tiles add up, and an empty one holds nothing", () => {
  const [one, other] = ["a", "b"].map(
    (name) => new Uint8Array(tile(name, [{ id: 1, type: POINT, properties: { c: 0 }, geometry: moveTo(1, 2) }])),
  );
  const both = new Uint8Array([...one, ...other]);
  assert.deepEqual(Object.keys(decode(both.buffer)), ["a", "b"]);
  assert.deepEqual(decode(new ArrayBuffer(0)), {});
});

test("a base map's features say their kinds, what they are, and their Vietnamese name before any other", () => {
  const way = [...moveTo(0, 0), ...lineTo([5, 5])];
  const { roads } = decode(
    tile("roads", [
      {
        id: 1,
        type: LINE,
        properties: { "name:vi": "Phố Lê Lợi", name: "Le Loi", kind: "major_road", kind_detail: "primary" },
        geometry: way,
      },
      { id: 2, type: POINT, properties: { name: "Cầu Rào", class: "town" }, geometry: moveTo(1, 1) },
    ]),
  );

  assert.deepEqual([roads.text(0), roads.text(1)], ["Phố Lê Lợi", "Cầu Rào"]);
  assert.deepEqual(
    [roads.kinds(0), roads.kinds(1)],
    [
      ["primary", "major_road"],
      ["", "town"],
    ],
  );
  assert.deepEqual([...roads.types], [LINE, POINT]);
});
