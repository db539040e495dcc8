/* Asks for vector tiles. What several layers want of one place in the same moment comes in one answer (tiles
   add up: the server puts one after the other), for a question costs more than most tiles. */
import { decode } from "./decode.js";
/** @import { TileFeatures } from "./decode.js" */

/**
 * @typedef {Record<string, TileFeatures>} Tile features by name of their layer
 * @typedef {{ names: string[], wanted: number, control: AbortController, answer: Promise<Tile> }} Group
 */

const BUSY = 503; // the server's queue of tiles is full; it says when to come back
const TIMES = 3;
const LONGEST_S = 2; // who is away for longer than that has another trouble: the map then says what is missing

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
    // Each for itself: what is missing can be named, and what is not comes all the same. Who is busy is not asked for more.
    const isBusy = /** @type {{ status?: number }} */ (error).status === BUSY;
    if (group.names.length === 1 || signal.aborted || isBusy) throw error;
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
  let answer = await fetch(url, { signal });
  for (let time = 1; answer.status === BUSY && time <= TIMES; time++) {
    const seconds = Number(answer.headers.get("Retry-After"));
    if (!seconds || seconds > LONGEST_S) break;
    // Longer each time, and not all maps at the same moment.
    await pause(seconds * 1000 * time * (0.75 + Math.random() / 2), signal);
    answer = await fetch(url, { signal });
  }
  if (!answer.ok) throw Object.assign(new Error(answer.statusText), { status: answer.status });
  check?.(answer);
  return answer.status === 204 ? {} : decode(await answer.arrayBuffer());
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
const pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
