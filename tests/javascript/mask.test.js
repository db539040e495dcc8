import assert from "node:assert/strict";
import { test } from "node:test";
import { keeps } from "../../webmap/static/src/map/mask.js";

const variation = (...values) => ({ values: values.map((value) => ({ value, label: value, symbol: {} })) });

test("class numbers are a mixed radix over the variations, as geodata counts them", () => {
  const variations = [variation("a", "b"), variation("x", "y", "z"), variation("1", "2", "3", "unknown")];
  const numbers = [];
  for (const one of ["a", "b"]) {
    for (const other of ["x", "y", "z"])
      for (const last of ["1", "2", "3", "unknown"]) numbers.push([one, other, last]);
  }
  const filters = [null, ["a"], ["b"]];
  for (const first of filters) {
    for (const second of [null, ["x", "z"]]) {
      for (const third of [null, ["unknown"], ["1", "2"]]) {
        const wanted = [first, second, third];
        const found = numbers.map((_, number) => keeps(variations, wanted, number));
        const expected = numbers.map((values) => values.every((value, i) => !wanted[i] || wanted[i].includes(value)));
        assert.deepEqual(found, expected);
      }
    }
  }
});

test("a layer without variations keeps its one class", () => {
  assert.equal(keeps([], [], 0), true);
});
