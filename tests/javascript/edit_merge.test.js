import assert from "node:assert/strict";
import { test } from "node:test";
import { fateOfRow, mergeValues } from "../../webmap/static/src/edit/merge.js";

test("what one of two changed is taken, what both changed otherwise is open", () => {
  const before = { name: "a", address: "b", note: "c", kind: "d" };
  const mine = { ...before, address: "tôi", note: "chung" };
  const theirs = { ...before, name: "họ", address: "họ", note: "chung" };
  assert.deepEqual(mergeValues(before, mine, theirs), { taken: { name: "họ" }, open: ["address"] });
});

test("nothing is taken or open where they changed nothing", () => {
  const before = { name: "a" };
  assert.deepEqual(mergeValues(before, { name: "b" }, before), { taken: {}, open: [] });
});

test("a row goes the way of who touched it alone, and is asked about where both did", () => {
  const [row, changed] = [{ name: "T1" }, { name: "T2" }];
  assert.equal(fateOfRow(undefined, undefined, row), "arrives");
  assert.equal(fateOfRow(row, row, undefined), "leaves");
  assert.equal(fateOfRow(row, undefined, undefined), "leaves");
  assert.equal(fateOfRow(row, changed, undefined), "back");
  assert.equal(fateOfRow(row, changed, row), "stays");
  assert.equal(fateOfRow(row, undefined, row), "stays");
  assert.equal(fateOfRow(row, changed, changed), "merges");
  assert.equal(fateOfRow(row, undefined, changed), "gone");
});
