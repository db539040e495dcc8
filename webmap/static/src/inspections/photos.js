/* Photos and signatures on their way: made small on the phone, kept there until the server has confirmed them, sent in
   the order in which they were made. What the server refuses stays on the page until somebody dismisses it. */
import { byId, find, findAll, target } from "../lib/find.js";
import { element, icon } from "../lib/texts.js";
import { button, form, send, store, text } from "./form.js";
import { drop, keep, list } from "../lib/kept.js";
import { drawSquare, shrink } from "../lib/shrink.js";

/** @typedef {import("../lib/kept.js").Kept} Kept */

const photos = byId("photos");
const state = byId("photo-state");
const retry = byId("retry-photos");
const problems = byId("photo-problems");
const REFUSED = new Set([400, 409, 413, 415, 422]);
/** @type {Promise<number> | null} */
let sending = null;
/** @type {number | undefined} */
let retrying;

const waiting = async () => (await list(store)).filter((thing) => !thing.refused);

/**
 * Send what waits.
 *
 * @returns {Promise<number>} how many still wait
 */
export function sendKept() {
  clearTimeout(retrying);
  sending ||= sendAll().finally(() => {
    sending = null;
  });
  return sending;
}

async function sendAll() {
  let left = await waiting();
  while (left.length) {
    state.textContent = text("sending");
    const problem = await sendOne(left[0]);
    if (problem !== null) {
      state.textContent = `${problem} ${text("waiting").replace("{count}", String(left.length))}`.trim();
      break;
    }
    left = await waiting();
    if (!left.length) state.textContent = text(problems.childElementCount ? "someRefused" : "sent");
  }
  retry.hidden = !left.length;
  return left.length;
}

/**
 * Send one; returns null when it is done with, else why it waits on.
 *
 * @param {Kept} thing
 * @returns {Promise<string | null>}
 */
async function sendOne(thing) {
  let answer;
  try {
    answer = await send(text("pictures"), asForm(thing));
  } catch {
    retrying = window.setTimeout(sendKept, 8000);
    return "";
  }
  if (answer.ok) {
    await drop(thing.key);
    arrived(thing, answer.told);
    return null;
  }
  if (!REFUSED.has(answer.status) || answer.told.error === "csrf") return answer.told.message || "";
  showRefused(await keep({ ...thing, refused: answer.told.message }));
  return null;
}

/** @param {Kept} thing */
function asForm(thing) {
  const data = new FormData();
  if (thing.signature) {
    data.append("signature", thing.signature.image);
    data.append("content", JSON.stringify(thing.signature.content));
    data.append("edition", String(thing.signature.edition));
    return data;
  }
  if (thing.blob) data.append("photo", thing.blob, thing.name);
  if (thing.head) data.append("head", thing.head, "head");
  if (thing.original) data.append("original_sha256", thing.original);
  if (thing.finding) data.append("finding", thing.finding);
  return data;
}

/** @param {string} key */
const waitingFigure = (key) => photos.querySelector(`[data-waiting="${key}"]`);

/**
 * @param {Kept} thing
 * @param {{ id: number, address: string, finding: string | null }} told
 */
function arrived(thing, told) {
  waitingFigure(thing.key)?.remove();
  if (thing.signature) document.dispatchEvent(new CustomEvent("visit-signed", { detail: thing.signature.content }));
  else showPhoto(told);
}

/**
 * A refusal stays, after a reload too, until it is dismissed.
 *
 * @param {Kept} thing
 */
function showRefused(thing) {
  waitingFigure(thing.key)?.remove();
  const dismiss = button(problems.dataset.dismiss ?? "", async () => {
    await drop(thing.key);
    row.remove();
  });
  const said = element("span", {}, `${thing.name}: ${thing.refused}`);
  const row = element("div", { class: "refused", "data-refused": thing.key }, said, dismiss);
  problems.append(row);
}

/**
 * A photo that waits is shown from the phone, marked as not yet sent.
 *
 * @param {Kept} thing
 */
function showWaiting(thing) {
  if (!thing.blob) return;
  const picture = element("canvas", { width: 220, height: 220 });
  const cross = removeButton();
  const caption = element("figcaption", {}, text("unsent"));
  const figure = element("figure", { class: "is-waiting", "data-waiting": thing.key }, picture, caption, cross);
  drawSquare(picture, thing.blob);
  cross.addEventListener("click", async () => {
    await drop(thing.key);
    figure.remove();
    retry.hidden = !(await waiting()).length;
  });
  photos.append(figure);
}

function removeButton() {
  const said = photos.dataset.remove;
  return element("button", { type: "button", class: "icon-button", title: said, "aria-label": said }, icon("x-lg"));
}

/** @param {{ id: number, address: string, finding: string | null }} told */
function showPhoto({ id, address, finding }) {
  if (photos.querySelector(`[data-id="${id}"]`)) return;
  const cross = removeButton();
  cross.dataset.removePhoto = `${address}/remove`;
  const tie = element("select", {
    class: "form-select form-select-sm",
    "data-tie": `${address}/finding`,
    "data-chosen": finding || "",
    "aria-label": photos.dataset.tie,
  });
  photos.append(element("figure", { "data-id": id }, element("img", { src: address, alt: "" }), cross, tie));
  nameFindings();
}

/** Every photo can be tied to one of the findings that are on the form now. */
export function nameFindings() {
  const boxes = findAll("#findings .finding-form", form);
  /** @type {[string, string][]} */
  const names = boxes.map((box, index) => [box.dataset.finding ?? "", `${photos.dataset.finding} ${index + 1}`]);
  for (const tie of findAll("[data-tie]", photos)) {
    if (!(tie instanceof HTMLSelectElement)) continue;
    const chosen = tie.dataset.chosen ?? "";
    const options = [["", photos.dataset.whole ?? ""], ...names].map(([key, said]) => new Option(said, key));
    tie.replaceChildren(...options);
    tie.value = names.some(([key]) => key === chosen) ? chosen : "";
  }
  for (const [index, box] of boxes.entries()) find("legend", box).textContent = names[index][1];
}

/** @param {HTMLElement} tap */
async function remove(tap) {
  const figure = tap.closest("figure");
  const address = tap.dataset.removePhoto ?? "";
  if (!figure || !(await send(address, new FormData())).ok) return;
  const undo = button(photos.dataset.undo ?? "", async () => {
    const back = new FormData();
    back.append("back", "1");
    if ((await send(address, back)).ok) place.replaceWith(figure);
  });
  const said = element("figcaption", {}, photos.dataset.removed);
  const place = element("figure", { class: "taken-off" }, said, undo);
  figure.replaceWith(place);
}

photos.addEventListener("click", (event) => {
  const tap = target(event).closest("[data-remove-photo]");
  if (tap instanceof HTMLElement) remove(tap);
});

/** @param {HTMLSelectElement} tie */
async function tieTo(tie) {
  const data = new FormData();
  data.append("finding", tie.value);
  if ((await send(tie.dataset.tie ?? "", data)).ok) tie.dataset.chosen = tie.value;
}

/** @param {HTMLInputElement} chooser */
async function take(chooser) {
  const files = [...(chooser.files ?? [])];
  const box = chooser.closest(".finding-form");
  const finding = box instanceof HTMLElement ? box.dataset.finding : undefined;
  chooser.value = "";
  for (const file of files) showWaiting(await keep({ visit: store, finding, ...(await shrink(file)) }));
  if (sending) await sending;
  sendKept();
}

form.addEventListener("change", (event) => {
  const field = event.target;
  if (field instanceof HTMLSelectElement && field.dataset.tie) tieTo(field);
  if (field instanceof HTMLInputElement && field.type === "file") take(field);
});

retry.addEventListener("click", sendKept);
window.addEventListener("online", sendKept);
list(store).then((kept) => {
  for (const thing of kept) (thing.refused ? showRefused : showWaiting)(thing);
  if (kept.some((thing) => !thing.refused)) sendKept();
});
nameFindings();
