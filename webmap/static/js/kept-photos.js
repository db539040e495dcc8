/* Photos that have not reached the server, kept in the browser's database: a closed page or an empty battery loses none.
   Where there is no such database (private windows) they are kept for as long as the page is open. */
const STORE = "photos";
const memory = new Map();
let opened = null;

function open() {
  return (opened ||= new Promise((resolve, reject) => {
    const request = indexedDB.open("webmap-visits", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key" }).createIndex("visit", "visit");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  }));
}

async function run(mode, act) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode), request = act(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

/* Keep a photo of a visit; returns what list() will tell of it. */
export async function keep(visit, file) {
  const photo = { key: crypto.getRandomValues(new Uint32Array(4)).join("-"), visit, blob: file, name: file.name || "photo.jpg", at: Date.now() };
  try { await run("readwrite", (store) => store.put(photo)); } catch { memory.set(photo.key, photo); }
  return photo;
}

/* The photos of a visit that wait, oldest first. */
export async function list(visit) {
  let kept = [];
  try { kept = await run("readonly", (store) => store.index("visit").getAll(visit)); } catch { /* only what is in memory */ }
  return [...kept, ...[...memory.values()].filter((photo) => photo.visit === visit)].sort((a, b) => a.at - b.at);
}

export async function drop(key) {
  memory.delete(key);
  try { await run("readwrite", (store) => store.delete(key)); } catch { /* it was in memory */ }
}
