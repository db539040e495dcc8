import assert from "node:assert/strict";
import { test } from "node:test";
import { ends, isInside, joined } from "../../webmap/static/src/panels/spans.js";

test("a span has two ends that compare; an open one has none", () => {
  assert.deepEqual(ends("5..10"), [5, 10]);
  assert.deepEqual(ends("7"), [7, 7]);
  assert.deepEqual(ends("..10"), [-Infinity, 10]);
  assert.deepEqual(ends("2020-01-01.."), [Date.UTC(2020, 0, 1), Infinity]);
});

test("from one bar to another is the span of both, whichever comes first", () => {
  for (const [one, other, both] of [
    ["0..10", "20..30", "0..30"],
    ["..10", "20..30", "..30"],
    ["2019", "2021", "2019..2021"],
    ["5", "5", "5"],
  ]) {
    assert.equal(joined(one, other), both);
    assert.equal(joined(other, one), both);
    assert.ok(isInside(one, both) && isInside(other, both));
  }
});

test("from the first open bar to the last is no span", () => assert.equal(joined("..10", "20.."), ""));

test("what reaches beyond is not inside", () => {
  assert.equal(isInside("0..30", "10..20"), false);
  assert.equal(isInside("..5", "0..5"), false);
});
