/* The visit form on a phone in a yard: every entry is kept on the phone at once and sent to the server a moment
   later; what another person wrote meanwhile is shown, never overwritten. Photos are sent until they arrive. */
import { drop, keep, list } from "./kept-photos.js";

const form = document.getElementById("visit");
const store = `visit:${form.dataset.user}:${form.dataset.paper}`;
const saveState = document.getElementById("save-state");
const token = form.querySelector('[name="csrf_token"]').value;
const OTHER = new Set(["csrf_token", "version", "reason", "action"]);
const LANGUAGE = document.documentElement.lang;
let version = Number(form.dataset.version);
let base = JSON.parse(document.getElementById("paper-content").textContent);
let timer = null, running = false, again = false;

function fields() {
  const content = {};
  for (const [name, value] of new FormData(form)) {
    if (!OTHER.has(name) && typeof value === "string" && value.trim()) content[name] = value;
  }
  return content;
}

function tell(text) { saveState.textContent = text; }

function keepHere() {
  try { localStorage.setItem(store, JSON.stringify({ version, base, content: fields() })); } catch { /* private mode: the server has it */ }
}

function forget() { try { localStorage.removeItem(store); } catch { /* nothing kept */ } }

function changed() {
  keepHere();
  showAnswered();
  clearTimeout(timer);
  timer = setTimeout(save, 800);
}

async function save() {
  if (running) { again = true; return; }
  running = true;
  again = false;
  tell(form.dataset.saving);
  const content = fields();
  try {
    const answer = await fetch(form.dataset.draft, {
      method: "PUT", headers: { "Content-Type": "application/json", "X-CSRFToken": token, Accept: "application/json" },
      body: JSON.stringify({ version, base, content }),
    });
    const told = await answer.json();
    if (answer.status === 200 || (answer.status === 409 && told.conflicts)) take(told, content);
    else tell(form.dataset.failed.replace("{reason}", told.message || answer.status));
  } catch {
    tell(form.dataset.offline);
    timer = setTimeout(save, 10000);
  }
  running = false;
  if (again) save();
}

function take(told, sent) {
  version = told.version;
  form.elements.version.value = version;
  base = told.content;
  const conflicting = new Set((told.conflicts || []).map((conflict) => conflict.name));
  const now = fields();
  for (const [name, value] of Object.entries(told.content)) {
    if (!conflicting.has(name) && now[name] === sent[name] && now[name] !== value) setField(name, value);
  }
  if (told.conflicts?.length) showConflicts(told.conflicts, told.other);
  if (JSON.stringify(fields()) === JSON.stringify(sent)) forget();
  tell(form.dataset.saved.replace("{time}", new Date().toLocaleTimeString(LANGUAGE, { hour: "2-digit", minute: "2-digit" })));
}

function setField(name, value) {
  const finding = name.match(/^finding\.([^.]+)\./);
  if (finding && !form.querySelector(`[data-finding="${CSS.escape(finding[1])}"]`)) addFinding(finding[1]);
  const element = form.elements.namedItem(name);
  if (element) element.value = value;
}

function showConflicts(conflicts, other) {
  const box = document.getElementById("conflicts");
  box.replaceChildren();
  const title = document.createElement("p");
  title.textContent = box.dataset.title.replace("{name}", other);
  box.append(title);
  for (const conflict of conflicts) {
    const row = document.createElement("div"), label = document.createElement("strong"), choices = document.createElement("div");
    row.className = "conflict";
    choices.className = "chips";
    label.textContent = conflict.label;
    for (const side of ["mine", "theirs"]) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-sm btn-outline-primary";
      button.textContent = `${box.dataset[side]}: ${conflict[side] || box.dataset.empty}`;
      button.addEventListener("click", () => {
        setField(conflict.name, conflict[side]);
        row.remove();
        if (!box.querySelector(".conflict")) box.hidden = true;
        changed();
      });
      choices.append(button);
    }
    row.append(label, choices);
    box.append(row);
  }
  box.hidden = false;
  box.scrollIntoView({ block: "center" });
}

/* --- checklist and findings --- */
function addFinding(key, item = "", description = "") {
  const piece = document.getElementById("finding-template").content.cloneNode(true);
  const box = piece.querySelector(".finding-form");
  box.dataset.finding = key;
  for (const element of box.querySelectorAll("[name]")) element.name = element.name.replace("KEY", key);
  box.querySelector('[name$=".item"]').value = item;
  box.querySelector('[name$=".description"]').value = description;
  document.getElementById("findings").append(piece);
  return box;
}

const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(5)), (byte) => byte.toString(36)).join("").slice(0, 8);

document.getElementById("add-finding").addEventListener("click", () => {
  addFinding(newKey()).querySelector("textarea").focus();
  changed();
});

form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-remove-finding]");
  if (!button) return;
  button.closest(".finding-form").remove();
  changed();
});

form.addEventListener("change", (event) => {
  const check = event.target.closest(".check[data-item]");
  if (!check || !event.target.name.startsWith("answer.")) return;
  const item = check.dataset.item;
  const written = [...form.querySelectorAll('[name$=".item"]')].find((field) => field.value === item);
  if (event.target.value === "not_ok" && !written) addFinding(`item-${item}`, item, document.getElementById("checklist").dataset.failed.replace("{item}", check.querySelector("legend").firstChild.textContent.trim()));
  if (event.target.value !== "not_ok" && written?.closest(".finding-form").dataset.finding === `item-${item}`) written.closest(".finding-form").remove();
});

function showAnswered() {
  const checks = [...document.querySelectorAll("#checklist .check")];
  const answered = checks.filter((check) => check.querySelector("input:checked")).length;
  document.getElementById("answered").textContent = `${answered}/${checks.length}`;
}

/* --- position --- */
const place = document.getElementById("place");
const degrees = new Intl.NumberFormat(LANGUAGE, { minimumFractionDigits: 5, maximumFractionDigits: 5 }), metres = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 0 });
document.getElementById("locate").addEventListener("click", () => {
  navigator.geolocation.getCurrentPosition(({ coords, timestamp }) => {
    form.elements.lon.value = coords.longitude.toFixed(6);
    form.elements.lat.value = coords.latitude.toFixed(6);
    form.elements.accuracy_m.value = Math.round(coords.accuracy);
    form.elements.located_at.value = new Date(timestamp).toISOString();
    showPlace(coords);
    changed();
  }, () => { place.textContent = place.dataset.problem; }, { enableHighAccuracy: true, timeout: 20000 });
});

function showPlace(coords) {
  const rad = Math.PI / 180, lat = Number(place.dataset.lat), lon = Number(place.dataset.lon);
  const half = Math.sin((coords.latitude - lat) * rad / 2) ** 2
    + Math.cos(lat * rad) * Math.cos(coords.latitude * rad) * Math.sin((coords.longitude - lon) * rad / 2) ** 2;
  const distance = Math.round(2 * 6371000 * Math.asin(Math.sqrt(half)));
  const text = place.dataset.text.replace("{lat}", degrees.format(coords.latitude)).replace("{lon}", degrees.format(coords.longitude)).replace("{accuracy}", metres.format(coords.accuracy));
  place.textContent = `${text} · ${place.dataset.far.replace("{distance}", metres.format(distance))}`;
}

/* --- pictures: kept in the browser until the server has confirmed them, sent one after the other --- */
const photoState = document.getElementById("photo-state"), retry = document.getElementById("retry-photos");
let sending = null, retrying = null;

/* Send what waits; returns how many still do. */
function sendPhotos() {
  clearTimeout(retrying);
  sending ||= sendAll().finally(() => { sending = null; });
  return sending;
}

async function sendAll() {
  let waiting = await list(store);
  while (waiting.length) {
    const photo = waiting[0];
    photoState.textContent = form.dataset.sending;
    const data = new FormData();
    data.append("photo", photo.blob, photo.name);
    let answer, told;
    try {
      answer = await fetch(form.dataset.pictures, { method: "POST", body: data, headers: { "X-CSRFToken": token, "X-Requested-With": "fetch", Accept: "application/json" } });
      told = await answer.json();
    } catch {
      retrying = setTimeout(sendPhotos, 8000);
    }
    const isRefused = answer && [400, 413, 415, 422].includes(answer.status) && told?.error !== "csrf";
    if (!told || !(answer.ok || isRefused)) { // no connection, or no longer signed in: it waits
      photoState.textContent = (told?.message ? told.message + " " : "") + form.dataset.waiting.replace("{count}", waiting.length);
      break;
    }
    await drop(photo.key);
    document.querySelector(`[data-waiting="${photo.key}"]`)?.remove();
    if (answer.ok) showPhoto(told);
    photoState.textContent = answer.ok ? form.dataset.sent : `${photo.name}: ${told.message}`;
    waiting = await list(store);
  }
  retry.hidden = !waiting.length;
  return waiting.length;
}

/* A photo that waits is shown from the phone, marked as not yet sent. */
function showWaiting(photo) {
  const figure = document.createElement("figure"), picture = document.createElement("canvas"), caption = document.createElement("figcaption"), button = removeButton();
  figure.className = "is-waiting";
  figure.dataset.waiting = photo.key;
  drawSmall(picture, photo.blob);
  caption.textContent = form.dataset.unsent;
  button.addEventListener("click", async () => { await drop(photo.key); figure.remove(); retry.hidden = !(await list(store)).length; });
  figure.append(picture, caption, button);
  document.getElementById("photos").append(figure);
}

/* The page's policy lets no blob: address be a picture, so a waiting photo is drawn. */
async function drawSmall(canvas, blob) {
  canvas.width = canvas.height = 220;
  try {
    const bitmap = await createImageBitmap(blob), side = Math.min(bitmap.width, bitmap.height);
    canvas.getContext("2d").drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, 220, 220);
    bitmap.close();
  } catch { /* not a picture: the server will say so */ }
}

function removeButton() {
  const button = document.createElement("button"), icon = document.createElement("i");
  button.type = "button";
  button.className = "icon-button";
  button.title = document.getElementById("photos").dataset.remove;
  button.setAttribute("aria-label", button.title);
  icon.className = "bi bi-x-lg";
  icon.setAttribute("aria-hidden", "true");
  button.append(icon);
  return button;
}

function showPhoto({ id, address }) {
  const photos = document.getElementById("photos");
  if (photos.querySelector(`[data-id="${id}"]`)) return;
  const figure = document.createElement("figure"), image = document.createElement("img"), button = removeButton();
  figure.dataset.id = id;
  image.src = address;
  image.alt = "";
  button.dataset.removePhoto = `${address}/remove`;
  figure.append(image, button);
  photos.append(figure);
}

document.getElementById("photo").addEventListener("change", async (event) => {
  const files = [...event.target.files];
  event.target.value = "";
  for (const file of files) showWaiting(await keep(store, file));
  if (sending) await sending;
  sendPhotos();
});
retry.addEventListener("click", sendPhotos);
window.addEventListener("online", () => { sendPhotos(); save(); });

document.getElementById("photos").addEventListener("click", async (event) => {
  const button = event.target.closest("[data-remove-photo]");
  if (!button) return;
  const answer = await fetch(button.dataset.removePhoto, { method: "POST", headers: { "X-CSRFToken": token, "X-Requested-With": "fetch", Accept: "application/json" } });
  if (answer.ok) button.closest("figure").remove();
});

/* --- signature --- */
const canvas = document.getElementById("signature"), pen = canvas.getContext("2d");
pen.lineWidth = 3;
pen.lineCap = "round";
pen.strokeStyle = "#10243a";
let isDrawing = false, isSigned = false, isReady = false;
const point = (event) => {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
};
canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); isDrawing = isSigned = true; pen.beginPath(); pen.moveTo(...point(event)); });
canvas.addEventListener("pointermove", (event) => { if (isDrawing) { pen.lineTo(...point(event)); pen.stroke(); } });
canvas.addEventListener("pointerup", () => { isDrawing = false; });
document.getElementById("clear-signature").addEventListener("click", () => { pen.clearRect(0, 0, canvas.width, canvas.height); isSigned = false; });
document.getElementById("keep-signature").addEventListener("click", keepSignature);

async function keepSignature() {
  if (!isSigned) return;
  const state = document.getElementById("signature-state"), data = new FormData();
  data.append("signature", canvas.toDataURL("image/png"));
  try {
    const answer = await fetch(form.dataset.pictures, { method: "POST", body: data, headers: { "X-CSRFToken": token, "X-Requested-With": "fetch", Accept: "application/json" } });
    const told = await answer.json();
    state.textContent = answer.ok ? state.dataset.kept : told.message;
    if (answer.ok) isSigned = false;
  } catch { state.textContent = form.dataset.offline; }
}

/* --- start and end --- */
for (const link of document.querySelectorAll("[data-go]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const name = link.dataset.go;
    const target = name === "answer" ? document.getElementById("checklist") : form.elements.namedItem(name);
    const element = target instanceof RadioNodeList ? target[0] : target;
    element?.scrollIntoView({ block: "center" });
    element?.focus?.();
  });
}

form.addEventListener("input", changed);
form.addEventListener("change", changed);
form.addEventListener("submit", (event) => {
  clearTimeout(timer);
  if (event.submitter?.value !== "finish" || isReady) return;
  event.preventDefault(); // pictures go first, then the form: a finished visit takes no more
  keepSignature().then(sendPhotos).then((left) => {
    if (left) { save(); photoState.scrollIntoView({ block: "center" }); return; }
    isReady = true;
    form.requestSubmit(event.submitter);
  });
});

const restore = document.getElementById("restore");
let kept = null;
try { kept = JSON.parse(localStorage.getItem(store)); } catch { kept = null; }
if (kept && JSON.stringify(kept.content) !== JSON.stringify(fields()) && JSON.stringify(kept.content) !== JSON.stringify(base)) {
  restore.hidden = false;
  const [takeThem, discard] = restore.querySelectorAll("button");
  takeThem.addEventListener("click", () => {
    for (const [name, value] of Object.entries(kept.content)) setField(name, value);
    version = kept.version;
    base = kept.base;
    restore.hidden = true;
    changed();
  });
  discard.addEventListener("click", () => { forget(); restore.hidden = true; });
}
showAnswered();
list(store).then((waiting) => {
  waiting.forEach(showWaiting);
  if (waiting.length) sendPhotos();
});
