/* Photos and signatures that have not reached the server, kept in the browser's database: a closed page or an empty
   battery loses none. Where there is no such database (private windows) they are kept for as long as the page is open. */

/**
 * @typedef {object} Kept
 * @property {string} key
 * @property {string} visit
 * @property {number} at when it was taken or signed, ms since 1970
 * @property {string} name
 * @property {Blob} [blob] the photo as it will be sent
 * @property {Blob} [head] the beginning of the original, which says when it was taken
 * @property {string} [original] SHA-256 of the original file
 * @property {string} [finding] the finding it shows
 * @property {{ image: string, content: object, edition: number }} [signature]
 * @property {Record<string, string>} [entry] what was written with it, of a project; nothing until it may be sent
 * @property {string} [refused] why the server did not take it
 */

const STORE = "photos";
/** @type {Map<string, Kept>} */
const memory = new Map();
/** @type {Promise<IDBDatabase> | null} */
let opened = null;

function open() {
  opened ||= new Promise((resolve, reject) => {
    const request = indexedDB.open("webmap-visits", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(STORE, { keyPath: "key" }).createIndex("visit", "visit");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(photos: IDBObjectStore) => IDBRequest<T>} act
 * @returns {Promise<T>}
 */
async function run(mode, act) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode);
    const request = act(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

/**
 * Keep something of a visit, or keep it anew under its key.
 *
 * @param {Omit<Partial<Kept>, "visit"> & { visit: string }} thing
 * @returns {Promise<Kept>}
 */
export async function keep(thing) {
  const key = thing.key || crypto.getRandomValues(new Uint32Array(4)).join("-");
  const kept = { at: Date.now(), name: "", ...thing, key };
  try {
    await run("readwrite", (photos) => photos.put(kept));
  } catch {
    memory.set(key, kept);
  }
  return kept;
}

/**
 * What waits of a visit, oldest first.
 *
 * @param {string} visit
 * @returns {Promise<Kept[]>}
 */
export async function list(visit) {
  /** @type {Kept[]} */
  let kept = [];
  try {
    kept = await run("readonly", (photos) => photos.index("visit").getAll(visit));
  } catch {
    /* only what is in memory */
  }
  return [...kept, ...[...memory.values()].filter((thing) => thing.visit === visit)].sort((a, b) => a.at - b.at);
}

/** @param {string} key */
export async function drop(key) {
  memory.delete(key);
  try {
    await run("readwrite", (photos) => photos.delete(key));
  } catch {
    /* it was in memory */
  }
}
