/* Step 1: dropped or chosen files, what they weigh, and how much of them has been sent. Without it the form works as a form. */
import { byId, find } from "../lib/find.js";

const form = byId("upload", HTMLFormElement);
const input = byId("files", HTMLInputElement);
const zone = byId("drop-zone");
const problem = byId("upload-problem");
const bar = byId("upload-bar", HTMLProgressElement);

/** @param {number} bytes */
const megabytes = (bytes) =>
  (bytes / 2 ** 20).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });

/** @param {number} bytes */
const weight = (bytes) => (bytes < 2 ** 20 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${megabytes(bytes)} MB`);

/**
 * A sentence of the form, {names} filled in.
 *
 * @param {string} name
 * @param {Record<string, string | number>} values
 */
const said = (name, values = {}) =>
  (form.dataset[name] ?? "").replace(/\{(\w+)\}/g, (whole, key) => String(values[key] ?? whole));

/** @param {string} message */
function complain(message) {
  problem.textContent = message;
  problem.hidden = !message;
  if (message) problem.scrollIntoView({ block: "nearest" });
}

const files = () => [...(input.files ?? [])];

function showFiles() {
  const items = files().map((file) => {
    const item = document.createElement("li");
    item.textContent = `${file.name} (${weight(file.size)})`;
    return item;
  });
  byId("chosen-files").replaceChildren(...items);
  const total = files().reduce((sum, file) => sum + file.size, 0);
  const max = form.dataset.maxMb ?? "";
  complain(total > Number(max) * 2 ** 20 ? said("tooLarge", { size: megabytes(total), max }) : "");
}

input.addEventListener("change", showFiles);
for (const name of ["dragenter", "dragover"]) {
  zone.addEventListener(name, (event) => {
    event.preventDefault();
    zone.classList.add("is-over");
  });
}
for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("is-over"));
zone.addEventListener("drop", (event) => {
  event.preventDefault();
  if (!event.dataTransfer?.files.length) return;
  input.files = event.dataTransfer.files;
  showFiles();
});
/* A file dropped beside the zone would open in the browser and close the page. */
for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());

/** @param {boolean} on */
function showSending(on) {
  find("[type=submit]", form, HTMLButtonElement).disabled = on;
  byId("upload-progress").hidden = !on;
}

/** @param {string} message */
function stop(message) {
  showSending(false);
  complain(message);
}

/** @param {XMLHttpRequest} request */
function finish({ status, responseText }) {
  /** @type {{ next?: string, message?: string }} */
  let answer = {};
  try {
    answer = JSON.parse(responseText);
  } catch {
    /* a page instead of an answer */
  }
  if (status === 200 && answer.next) location.assign(answer.next);
  else if (status === 401) stop(said("ended"));
  else stop(answer.message || said("failed"));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!files().length) {
    complain(said("noFile"));
    return;
  }
  const request = new XMLHttpRequest();
  const text = byId("upload-text");
  complain("");
  showSending(true);
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = loaded / total;
    const share = Math.floor(100 * bar.value);
    text.textContent = said("sending", { share, sent: megabytes(loaded), total: megabytes(total) });
  });
  request.upload.addEventListener("load", () => {
    text.textContent = said("sent");
  });
  request.addEventListener("error", () => stop(said("failed")));
  request.addEventListener("load", () => finish(request));
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.send(new FormData(form));
});
