/* Progress on site, on a phone: what is written and photographed is kept on the phone at once and sent when it is asked
   for, each part again until the server has confirmed it. */
import { byId, find, findAll } from "../lib/find.js";
import { drop, keep, list } from "../lib/kept.js";
import { drawSquare, shrink } from "../lib/shrink.js";
import { element, icon, number, t } from "../lib/texts.js";

/** @typedef {import("../lib/kept.js").Kept} Kept */

const form = byId("site", HTMLFormElement);
const store = `site:${form.dataset.user}:${form.dataset.code}`;
const state = byId("site-state");
const again = byId("again");
const REFUSED = new Set([400, 403, 404, 409, 413, 415, 422]);
const WRITTEN = ["percent", "reported_on", "note", "caption"];
/** @type {Promise<void> | null} */
let sending = null;
/** @type {number | undefined} */
let retrying;

/** @param {string} name */
const field = (name) => {
  const found = find(`[name="${name}"]`, form);
  if (found instanceof HTMLInputElement || found instanceof HTMLTextAreaElement) return found;
  throw new Error(`no field ${name}`);
};

/** What is written stays on the phone while it is written. */
function keepWriting() {
  try {
    localStorage.setItem(store, JSON.stringify(WRITTEN.map((name) => field(name).value)));
  } catch {
    /* nowhere to keep it: it stands in the form */
  }
}

function bringBack() {
  try {
    const kept = JSON.parse(localStorage.getItem(store) ?? "[]");
    for (const [index, name] of WRITTEN.entries()) if (kept[index]) field(name).value = kept[index];
  } catch {
    /* nothing kept */
  }
}

function startAnew() {
  for (const name of ["percent", "note", "caption"]) field(name).value = "";
  try {
    localStorage.removeItem(store);
  } catch {
    /* nothing kept */
  }
}

/** @param {string[]} names */
const written = (names) => Object.fromEntries(names.map((name) => [name, field(name).value.trim()]));

/** Show what is chosen and what waits. */
async function show() {
  const things = await list(store);
  const chosen = things.filter((thing) => !thing.entry).map((thing) => row(thing, thing.name));
  const waiting = things
    .filter((thing) => thing.entry && !thing.refused)
    .map((thing) => row(thing, thing.blob ? thing.name : t("Progress {percent} %", { percent: percentOf(thing) })));
  const refused = things.filter((thing) => thing.refused).map((thing) => row(thing, `${thing.name} ${thing.refused}`));
  byId("chosen").replaceChildren(...chosen);
  byId("waiting").replaceChildren(...waiting);
  byId("site-problems").replaceChildren(
    ...(refused.length ? [element("ul", { class: "site-waiting" }, ...refused)] : []),
  );
  again.hidden = !waiting.length;
  return waiting.length;
}

/** @param {Kept} thing */
const percentOf = (thing) => thing.entry?.percent ?? "";

/**
 * @param {Kept} thing
 * @param {string} said
 */
function row(thing, said) {
  const label = t("Remove “{name}”", { name: said });
  const remove = async () => {
    await drop(thing.key);
    await show();
  };
  const cross = element(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, click: remove },
    icon("x-lg"),
  );
  const picture = thing.blob ? element("canvas", { width: 96, height: 96 }) : icon("graph-up-arrow");
  if (thing.blob && picture instanceof HTMLCanvasElement) drawSquare(picture, thing.blob);
  return element("li", {}, picture, element("span", {}, said), cross);
}

/**
 * @param {Kept} thing
 * @returns {FormData}
 */
function asForm(thing) {
  const data = new FormData();
  for (const [name, value] of Object.entries(thing.entry ?? {})) data.append(name, value);
  if (thing.blob) data.append("photo", thing.blob, thing.name);
  if (thing.head) data.append("head", thing.head, "head");
  if (thing.original) data.append("original_sha256", thing.original);
  return data;
}

/**
 * Send one; returns whether the next may follow.
 *
 * @param {Kept} thing
 */
async function sendOne(thing) {
  const headers = { "X-CSRFToken": field("csrf_token").value, Accept: "application/json" };
  const body = asForm(thing);
  const answer = await fetch(form.action, { method: "POST", headers, body, signal: AbortSignal.timeout(60000) });
  const told = await answer.json();
  if (answer.ok) {
    await drop(thing.key);
    return true;
  }
  if (answer.status === 401 || told.error === "csrf") {
    byId("session-ended").hidden = false;
    return false;
  }
  if (!REFUSED.has(answer.status)) return false;
  if (!thing.blob) {
    for (const name of WRITTEN) if (thing.entry?.[name]) field(name).value = thing.entry[name];
    await drop(thing.key);
    state.textContent = told.message;
  } else await keep({ ...thing, refused: told.message });
  return true;
}

async function sendAll() {
  clearTimeout(retrying);
  const waiting = (await list(store)).filter((thing) => thing.entry && !thing.refused);
  if (!waiting.length) return;
  state.textContent = t("Sending…");
  try {
    for (const thing of waiting) if (!(await sendOne(thing))) break;
  } catch {
    retrying = window.setTimeout(send, 8000);
  }
  const left = await show();
  if (left)
    state.textContent = t("Not sent yet: {count}. It is kept on this phone and sent when there is a network.", {
      count: left,
    });
  else if (state.textContent === t("Sending…")) {
    const link = element("a", { href: form.dataset.project }, t("Open the project"));
    state.replaceChildren(t("Sent.") + " ", link);
  }
}

function send() {
  sending ||= sendAll().finally(() => {
    sending = null;
  });
  return sending;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const report = written(["percent", "reported_on", "note"]);
  const photo = written(["reported_on", "caption", "lon", "lat", "accuracy_m"]);
  const chosen = (await list(store)).filter((thing) => !thing.entry);
  if (!report.percent && !chosen.length) {
    state.textContent = t("Say how far the work is, or take a photo.");
    field("percent").focus();
    return;
  }
  if (report.percent) await keep({ visit: store, name: "", entry: report });
  for (const thing of chosen) await keep({ ...thing, entry: photo });
  startAnew();
  await show();
  if (sending) await sending;
  await send();
});

for (const chooser of findAll("[type=file]", form)) {
  chooser.addEventListener("change", async () => {
    if (!(chooser instanceof HTMLInputElement)) return;
    const files = [...(chooser.files ?? [])];
    chooser.value = "";
    for (const file of files) await keep({ visit: store, ...(await shrink(file)) });
    await show();
  });
}

byId("locate").addEventListener("click", () => {
  const place = byId("place");
  const take = (/** @type {GeolocationPosition} */ { coords }) => {
    field("lon").value = coords.longitude.toFixed(6);
    field("lat").value = coords.latitude.toFixed(6);
    field("accuracy_m").value = String(Math.round(coords.accuracy));
    const said = {
      lat: number(coords.latitude, 5),
      lon: number(coords.longitude, 5),
      accuracy: number(coords.accuracy),
    };
    place.textContent = t("Position {lat}, {lon} (± {accuracy} m) goes along with the photos.", said);
  };
  const failed = () => {
    place.textContent = t("The position could not be found. Photos are sent without it.");
  };
  navigator.geolocation.getCurrentPosition(take, failed, { enableHighAccuracy: true, timeout: 20000 });
});

form.addEventListener("input", keepWriting);
again.addEventListener("click", send);
window.addEventListener("online", send);
bringBack();
show().then(send);
