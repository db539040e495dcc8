import assert from "node:assert/strict";
import { test } from "node:test";
import { readAddress, writeAddress } from "../../webmap/static/src/map/address.js";

const OPENS_WITH = { all: {}, sites: {}, units: { is_current: ["true"] } };
const read = (text) => readAddress(new URLSearchParams(text), OPENS_WITH);
const write = (shown, before = "") => writeAddress(shown, OPENS_WITH, new URLSearchParams(before));

const ADDRESSES = [
  "",
  "z=12&lat=20.86000&lon=106.68000",
  "layers=sites,units&fade=sites:60",
  "layers=",
  "sites.status=planned&sites.status=building&all.q=ch%E1%BB%A3",
  "units.is_current=false&units.is_current=true",
  "sel=sites:12&details=",
  "act=3",
  "table=sites&charts=&here=&measure=area",
  "compare=2026,2035&plans=A&plans=",
];

for (const address of ADDRESSES) {
  test(`“${address}” says what is shown and is written again`, () => assert.equal(write(read(address)), address));
}

test("a layer shows what it opens with until the address says otherwise", () => {
  assert.deepEqual(read("").filters, { units: [["is_current", "true"]] });
  assert.deepEqual(read("units.is_current=false").filters, { units: [["is_current", "false"]] });
});

test("names that nobody knows and numbers that are none are passed over", () => {
  const shown = read("layers=sites,nowhere&sel=nowhere:1&table=nowhere&z=x&lat=1&lon=2&compare=1,2&act=x&nowhere.a=1");
  assert.deepEqual(shown.layers, ["sites"]);
  for (const part of ["selection", "table", "view", "compare", "act"]) assert.equal(shown[part], null, part);
  assert.equal("nowhere" in shown.filters, false);
});

test("an address changes no object but the state", () => {
  const shown = read("__proto__.a=1&constructor.b=2&fade=__proto__:60&sel=__proto__:1&layers=__proto__");
  assert.deepEqual(Object.keys(shown.filters), ["units"]);
  assert.equal({}.a, undefined);
  assert.equal(Object.getPrototypeOf(shown.fade), Object.prototype);
});

test("what is none of ours stays in the address, what was ours goes", () => {
  assert.equal(write(read("z=9&lat=1&lon=2"), "lang=en&sel=sites:1&sites.a=1"), "lang=en&z=9&lat=1.00000&lon=2.00000");
});

test("a selected object comes before a legal act", () => {
  const shown = read("sel=sites:1&act=5");
  assert.deepEqual([shown.selection, shown.act], [{ layer: "sites", id: 1 }, null]);
});
