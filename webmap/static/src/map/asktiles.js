/* Asks for vector tiles. What several layers want of one place in the same moment comes in one answer (tiles
   add up: the server puts one after the other), for a question costs more than most tiles. */
import { decode } from "./decode.js";
/** @import { TileFeatures } from "./decode.js" */

/**
 * @typedef {Record<string, TileFeatures>} Tile features by name of their layer
 * @typedef {{ names: string[], wanted: number, control: AbortController, answer: Promise<Tile> }} Group
 */

/** @type {((answer: Response) => void) | null} */
let check = null;

/**
 * Look at each answer before it is read: for whom was it made?
 *
 * @param {(answer: Response) => void} look
 */
export function checkTiles(look) {
  check = look;
}

/** @type {Map<string, Group>} address without layers -> what is gathered until the running script ends */
const groups = new Map();

/**
 * Return the features by name, of this layer and perhaps of others; rejects as fetch does, or with a status.
 *
 * @param {string} url
 * @param {string} layer
 * @param {AbortSignal} signal
 */
export async function askTile(url, layer, signal) {
  const [before, after] = url.split(`/tiles/${layer}/`);
  const place = `${before} ${after}`;
  const group = groups.get(place) || open(place, (names) => `${before}/tiles/${names}/${after}`);
  group.names.push(layer);
  signal.addEventListener("abort", () => {
    if (!--group.wanted) group.control.abort();
  });
  group.wanted++;
  try {
    return await group.answer;
  } catch (error) {
    // Each for itself: what is missing can be named, and what is not comes all the same.
    if (group.names.length === 1 || signal.aborted) throw error;
    return load(url, signal);
  }
}

/**
 * @param {string} place
 * @param {(names: string[]) => string} address
 * @returns {Group}
 */
function open(place, address) {
  /** @type {string[]} */
  const names = [];
  const control = new AbortController();
  const answer = Promise.resolve().then(() => {
    groups.delete(place);
    return load(address(names), control.signal);
  });
  const group = { names, wanted: 0, control, answer };
  groups.set(place, group);
  return group;
}

/**
 * @param {string} url
 * @param {AbortSignal} signal
 * @returns {Promise<Tile>}
 */
async function load(url, signal) {
  const answer = await fetch(url, { signal });
  if (!answer.ok) throw Object.assign(new Error(answer.statusText), { status: answer.status });
  check?.(answer);
  return answer.status === 204 ? {} : decode(await answer.arrayBuffer());
}
