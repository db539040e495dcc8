/* A busy server says when to come back: the map does so without a word, a few times, and asks for no more than before. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { askTile } from "../../webmap/static/src/map/asktiles.js";

/** @type {string[]} */
let asked = [];
/** @type {Response[]} */
let answers = [];

const busy = (/** @type {string} */ seconds = "1") =>
  new Response("{}", { status: 503, headers: seconds ? { "Retry-After": seconds } : {} });
const empty = () => new Response(null, { status: 204 });
const settle = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  asked = [];
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(globalThis, "fetch", (/** @type {string} */ url) => {
    asked.push(url);
    return Promise.resolve(answers.shift() || busy());
  });
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

async function pass(/** @type {number} */ ms) {
  await settle();
  mock.timers.tick(ms);
  await settle();
}

test("a tile comes when the server has room again", async () => {
  answers = [busy(), busy(), empty()];
  const tile = askTile("/tiles/a/1/2/3.mvt", "a", new AbortController().signal);
  await settle();
  assert.equal(asked.length, 1);
  await pass(1300);
  assert.equal(asked.length, 2);
  await pass(2600);
  assert.deepEqual(await tile, {});
  assert.equal(asked.length, 3);
});

test("several layers of one place are asked for together again, and given up together", async () => {
  answers = [];
  const signal = new AbortController().signal;
  const tiles = ["a", "b"].map((name) => askTile(`/tiles/${name}/1/2/3.mvt`, name, signal));
  const ends = Promise.allSettled(tiles);
  for (const ms of [1300, 2600, 3900]) await pass(ms);
  for (const end of await ends) assert.equal(end.status === "rejected" && end.reason.status, 503);
  assert.deepEqual(asked, Array(4).fill("/tiles/a,b/1/2/3.mvt"));
});

test("without a time to come back, or with a long one, it is given up at once", async () => {
  for (const seconds of ["", "60"]) {
    answers = [busy(seconds)];
    const signal = new AbortController().signal;
    await assert.rejects(askTile("/tiles/a/1/2/3.mvt", "a", signal), (error) => error.status === 503);
  }
  assert.equal(asked.length, 2);
});

test("who looks elsewhere meanwhile asks no more", async () => {
  answers = [busy(), empty()];
  const control = new AbortController();
  const tile = askTile("/tiles/a/1/2/3.mvt", "a", control.signal);
  await settle();
  control.abort();
  await assert.rejects(tile);
  await pass(5000);
  assert.equal(asked.length, 1);
});
