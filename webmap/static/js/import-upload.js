/* Step 1: dropped or chosen files, what they weigh, and how much of them has been sent. Without it the form works as a form. */
const form = document.getElementById("upload");
const input = document.getElementById("files");
const zone = document.getElementById("drop-zone");
const list = document.getElementById("chosen-files");
const problem = document.getElementById("upload-problem");
const bar = document.getElementById("upload-bar");
const text = document.getElementById("upload-text");
const megabytes = (bytes) => (bytes / 2 ** 20).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });
const weight = (bytes) => (bytes < 2 ** 20 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${megabytes(bytes)} MB`);
const fill = (template, values) => template.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

function complain(message) {
  problem.textContent = message;
  problem.hidden = !message;
  if (message) problem.scrollIntoView({ block: "nearest" });
}

function total() {
  return [...input.files].reduce((sum, file) => sum + file.size, 0);
}

function showFiles() {
  list.replaceChildren(...[...input.files].map((file) => {
    const item = document.createElement("li");
    item.textContent = `${file.name} (${weight(file.size)})`;
    return item;
  }));
  const tooLarge = total() > Number(form.dataset.maxMb) * 2 ** 20;
  complain(tooLarge ? fill(form.dataset.tooLarge, { size: megabytes(total()), max: form.dataset.maxMb }) : "");
}

input.addEventListener("change", showFiles);
for (const name of ["dragenter", "dragover"]) {
  zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("is-over"); });
}
for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("is-over"));
zone.addEventListener("drop", (event) => {
  event.preventDefault();
  if (!event.dataTransfer.files.length) return;
  input.files = event.dataTransfer.files;
  showFiles();
});
/* A file dropped beside the zone would open in the browser and close the page. */
for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!input.files.length) { complain(form.dataset.noFile); return; }
  const request = new XMLHttpRequest();
  const button = form.querySelector("[type=submit]");
  const stop = (message) => { button.disabled = false; document.getElementById("upload-progress").hidden = true; complain(message); };
  complain("");
  button.disabled = true;
  document.getElementById("upload-progress").hidden = false;
  request.upload.addEventListener("progress", (sent) => {
    bar.value = sent.loaded / sent.total;
    text.textContent = fill(form.dataset.sending, { share: Math.floor(100 * bar.value), sent: megabytes(sent.loaded), total: megabytes(sent.total) });
  });
  request.upload.addEventListener("load", () => { text.textContent = form.dataset.sent; });
  request.addEventListener("error", () => stop(form.dataset.failed));
  request.addEventListener("load", () => {
    let answer = {};
    try { answer = JSON.parse(request.responseText); } catch { /* a page instead of an answer */ }
    if (request.status === 200 && answer.next) location.assign(answer.next);
    else if (request.status === 401) stop(form.dataset.ended);
    else stop(answer.message || form.dataset.failed);
  });
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.send(new FormData(form));
});
