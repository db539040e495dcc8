/* A vector tile (Mapbox Vector Tile 2.1) as typed arrays: no object for each feature. */
import { PbfReader } from "pbf";

export const POINT = 1;
export const LINE = 2;

/**
 * The features of one layer of a tile. Feature i has the parts first[i] … first[i + 1], part p the vertices
 * parts[p] … parts[p + 1], vertex v the units xy[2 v] and xy[2 v + 1]. `c` is its class, `n` how many objects it stands
 * for, `o` its place among lines on one route, `f` 1 where it is named before others. text(i) is its name or nothing. Of a base map kinds(i) are its kinds, the
 * closest first, and `types` are those of each feature: there one layer holds areas and lines.
 *
 * @typedef {object} TileFeatures
 * @property {string} name
 * @property {number} count
 * @property {number} type POINT, LINE or 3
 * @property {Float64Array} id
 * @property {Uint16Array} c
 * @property {Uint32Array} n
 * @property {Uint8Array} o
 * @property {Uint8Array} f
 * @property {Uint32Array} first
 * @property {Uint32Array} parts
 * @property {Int16Array | Float32Array} xy
 * @property {(i: number) => string} text
 * @property {Uint8Array} [types]
 * @property {(i: number) => string[]} [kinds]
 */

/**
 * Features while they are read: parts grow, `length` is how much of xy is filled; t, d and k are the places of name,
 * closer kind and kind among the values.
 *
 * @typedef {Record<"t" | "d" | "k", Int32Array>} Words
 * @typedef {Omit<TileFeatures, "parts" | "text" | "kinds"> & Words & { types: Uint8Array, parts: number[], length: number }} Growing
 */

/** What the attributes are: of our own layers, of Protomaps' basemap, of OpenMapTiles. */
const ROLES = /** @type {const} */ ({
  c: "c",
  n: "n",
  o: "o",
  f: "f",
  t: "t",
  "name:vi": "t",
  name: "name",
  kind_detail: "d",
  subclass: "d",
  kind: "k",
  class: "k",
});
/** @typedef {(typeof ROLES)[keyof typeof ROLES] | undefined} AttributeRole */

/**
 * Return {mvt layer name: features}; a tile holds the layer and, for areas, its label points.
 *
 * @param {ArrayBuffer} buffer
 */
export function decode(buffer) {
  const pbf = new PbfReader(new Uint8Array(buffer));
  /** @type {Record<string, TileFeatures>} */
  const layers = {};
  while (pbf.pos < pbf.length) {
    const tag = pbf.readVarint();
    const end = pbf.readVarint() + pbf.pos;
    if (tag >> 3 === 3) {
      const layer = decodeLayer(pbf, end);
      layers[layer.name] = layer;
    }
    pbf.pos = end;
  }
  return layers;
}

/**
 * @param {PbfReader} pbf
 * @param {number} end
 * @returns {TileFeatures}
 */
function decodeLayer(pbf, end) {
  const start = pbf.pos;
  const { name, found, keys, values } = findParts(pbf, end);
  const n = found.length;
  /** @type {Growing} */
  const layer = {
    name,
    count: n,
    type: POINT,
    id: new Float64Array(n),
    c: new Uint16Array(n),
    n: new Uint32Array(n),
    o: new Uint8Array(n),
    f: new Uint8Array(n),
    t: new Int32Array(n).fill(-1),
    d: new Int32Array(n).fill(-1),
    k: new Int32Array(n).fill(-1),
    types: new Uint8Array(n),
    first: new Uint32Array(n + 1),
    parts: [0],
    xy: new Int16Array(end - start),
    length: 0,
  };
  const roles = keys.map((key) =>
    Object.hasOwn(ROLES, key) ? ROLES[/** @type {keyof typeof ROLES} */ (key)] : undefined,
  );
  found.forEach((position, i) => decodeFeature(pbf, position, layer, i, roles, values));
  layer.first[n] = layer.parts.length - 1;
  const { t, d, k, length, ...whole } = layer;
  /** Names are read only for the labels that are looked at. */
  const word = (/** @type {number} */ place) => {
    if (place < 0) return "";
    pbf.pos = values[place];
    pbf.readVarint();
    return pbf.readVarint() >> 3 === 1 ? pbf.readString() : "";
  };
  return {
    ...whole,
    xy: layer.xy.slice(0, length),
    parts: Uint32Array.from(layer.parts),
    text: (i) => word(t[i]),
    kinds: (i) => [word(d[i]), word(k[i])],
  };
}

/**
 * The name of a layer, the keys of its attributes, and where its features and values stand.
 *
 * @param {PbfReader} pbf
 * @param {number} end
 */
function findParts(pbf, end) {
  /** @type {number[]} */
  const found = [];
  /** @type {string[]} */
  const keys = [];
  /** @type {number[]} */
  const values = [];
  let name = "";
  while (pbf.pos < end) {
    const tag = pbf.readVarint();
    if (tag >> 3 === 1) name = pbf.readString();
    else if (tag >> 3 === 3) keys.push(pbf.readString());
    else if (tag >> 3 === 2 || tag >> 3 === 4) {
      (tag >> 3 === 2 ? found : values).push(pbf.pos);
      pbf.pos = pbf.readVarint() + pbf.pos;
    } else pbf.skip(tag);
  }
  return { name, found, keys, values };
}

/**
 * @param {PbfReader} pbf
 * @param {number} position
 * @param {Growing} layer
 * @param {number} i
 * @param {AttributeRole[]} roles
 * @param {number[]} values
 */
function decodeFeature(pbf, position, layer, i, roles, values) {
  pbf.pos = position;
  const end = pbf.readVarint() + pbf.pos;
  layer.first[i] = layer.parts.length - 1;
  while (pbf.pos < end) {
    const tag = pbf.readVarint() >> 3;
    if (tag === 1) layer.id[i] = pbf.readVarint();
    else if (tag === 2) decodeAttributes(pbf, layer, i, roles, values);
    else if (tag === 3) layer.type = layer.types[i] = pbf.readVarint();
    else if (tag === 4) decodeGeometry(pbf, layer);
    else break;
  }
}

/**
 * @param {PbfReader} pbf
 * @param {Growing} layer
 * @param {number} i
 * @param {AttributeRole[]} roles
 * @param {number[]} values
 */
function decodeAttributes(pbf, layer, i, roles, values) {
  const end = pbf.readVarint() + pbf.pos;
  while (pbf.pos < end) {
    const role = roles[pbf.readVarint()];
    const value = pbf.readVarint();
    if (role === "t" || role === "d" || role === "k") layer[role][i] = value;
    else if (role === "name") layer.t[i] = layer.t[i] < 0 ? value : layer.t[i];
    else if (role) {
      const back = pbf.pos;
      layer[role][i] = integer(pbf, values[value]);
      pbf.pos = back;
    }
  }
}

/**
 * @param {PbfReader} pbf
 * @param {number} position
 */
function integer(pbf, position) {
  pbf.pos = position;
  pbf.readVarint();
  return pbf.readVarint() >> 3 === 6 ? pbf.readSVarint() : pbf.readVarint();
}

/**
 * Append the parts of one geometry. An area's ring is closed by repeating nothing: canvas closes it.
 *
 * @param {PbfReader} pbf
 * @param {Growing} layer
 */
function decodeGeometry(pbf, layer) {
  const end = pbf.readVarint() + pbf.pos;
  const xy = layer.xy;
  let x = 0;
  let y = 0;
  let at = layer.length;
  let open = false;
  while (pbf.pos < end) {
    const command = pbf.readVarint();
    if ((command & 7) === 7) continue;
    if ((command & 7) === 1 && open) layer.parts.push(at / 2);
    open = true;
    for (let k = command >> 3; k > 0; k--) {
      x += pbf.readSVarint();
      y += pbf.readSVarint();
      xy[at++] = x;
      xy[at++] = y;
    }
  }
  layer.parts.push(at / 2);
  layer.length = at;
}
