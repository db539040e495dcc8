/* Tiles that have been seen, so that a place without an answer shows what is known of it: a wider tile enlarged, or
   narrower ones put together. */
import { EXTENT } from "./shapes.js";
/** @import { Tile } from "./asktiles.js" */
/** @import { TileFeatures } from "./decode.js" */

const MOST = 96; // tiles of a layer
const STEPS = 6; // zooms that a tile is enlarged by
const DEEP = 2; // zooms that tiles are put together from

/** @typedef {{ z: number, x: number, y: number }} Place */

export class KeptTiles {
  /** @type {Map<string, { tile: Tile, query: string }>} */
  #tiles = new Map();

  /**
   * @param {Place} place
   * @param {Tile} tile
   * @param {string} query what it was asked with
   */
  put({ z, x, y }, tile, query) {
    const key = `${z}/${x}/${y}`;
    this.#tiles.delete(key);
    this.#tiles.set(key, { tile, query });
    if (this.#tiles.size > MOST) this.#tiles.delete(/** @type {string} */ (this.#tiles.keys().next().value));
  }

  /**
   * What is known of a place, or nothing.
   *
   * @param {Place} place
   * @param {string} query
   */
  known(place, query) {
    return this.#wider(place, query) ?? this.#narrower(place, query, DEEP);
  }

  /**
   * @param {Place} place
   * @param {string} query
   */
  #at({ z, x, y }, query) {
    const found = this.#tiles.get(`${z}/${x}/${y}`);
    return found?.query === query ? found.tile : null;
  }

  /**
   * @param {Place} place
   * @param {string} query
   */
  #wider({ z, x, y }, query) {
    for (let step = 0; step <= STEPS; step++) {
      const tile = this.#at({ z: z - step, x: x >> step, y: y >> step }, query);
      if (!tile) continue;
      const times = 2 ** step;
      return moved([{ tile, times, left: -(x % times) * EXTENT, top: -(y % times) * EXTENT }]);
    }
    return null;
  }

  /**
   * @param {Place} place
   * @param {string} query
   * @param {number} deep
   * @returns {Tile | null}
   */
  #narrower({ z, x, y }, query, deep) {
    if (!deep) return null;
    const parts = [0, 1, 2, 3].flatMap((i) => {
      const [right, down] = [i & 1, i >> 1];
      const place = { z: z + 1, x: 2 * x + right, y: 2 * y + down };
      const tile = this.#at(place, query) ?? this.#narrower(place, query, deep - 1);
      return tile ? [{ tile, times: 0.5, left: (right * EXTENT) / 2, top: (down * EXTENT) / 2 }] : [];
    });
    return parts.length ? moved(parts) : null;
  }
}

/** @typedef {{ tile: Tile, times: number, left: number, top: number }} Part units times `times`, then moved */

/**
 * @param {Part[]} parts
 * @returns {Tile}
 */
function moved(parts) {
  const names = new Set(parts.flatMap(({ tile }) => Object.keys(tile)));
  return Object.fromEntries([...names].map((name) => [name, joined(name, parts)]));
}

/**
 * @param {string} name
 * @param {Part[]} parts
 * @returns {TileFeatures}
 */
function joined(name, parts) {
  const found = parts.flatMap(({ tile, ...way }) => (tile[name] ? [{ features: tile[name], ...way }] : []));
  const all = found.map(({ features }) => features);
  const flat = (/** @type {(one: TileFeatures) => Iterable<number>} */ of) => all.flatMap((one) => [...of(one)]);
  let vertices = 0;
  let pieces = 0;
  const parted = all.flatMap(({ parts: ends }) => {
    const before = vertices;
    vertices += ends[ends.length - 1];
    return Array.from(ends.slice(0, -1), (end) => end + before);
  });
  const firsts = all.flatMap(({ first, count }) => {
    const before = pieces;
    pieces += first[count];
    return Array.from(first.slice(0, count), (one) => one + before);
  });
  const texts = all.flatMap((one) => Array.from({ length: one.count }, (_, i) => () => one.text(i)));
  return {
    name,
    count: texts.length,
    type: all[0].type,
    id: Float64Array.from(flat(({ id }) => id)),
    c: Uint16Array.from(flat(({ c }) => c)),
    n: Uint32Array.from(flat(({ n }) => n)),
    o: Uint8Array.from(flat(({ o }) => o)),
    f: Uint8Array.from(flat(({ f }) => f)),
    first: Uint32Array.from([...firsts, pieces]),
    parts: Uint32Array.from([...parted, vertices]),
    xy: Float32Array.from(
      found.flatMap(({ features, times, left, top }) =>
        Array.from(
          features.xy.slice(0, 2 * features.parts[features.parts.length - 1]),
          (unit, k) => unit * times + (k % 2 ? top : left),
        ),
      ),
    ),
    text: (i) => texts[i](),
  };
}
