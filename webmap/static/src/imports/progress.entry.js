/* Asks each second how far the background is, and goes on when it is done. Closing the page stops nothing. */
import { byId } from "../lib/find.js";

/**
 * @typedef {object} Progress
 * @property {string} step
 * @property {string} rows
 * @property {string} left
 * @property {boolean} worker whether one has told of itself lately
 * @property {boolean} waiting
 * @property {boolean} working
 * @property {number | null} share
 * @property {string} next where to go when it is done
 */

const FIRST = 400; // ms
const NEXT = 1000;
const AGAIN = 4000; // after no answer
const box = byId("import-progress");
const note = byId("progress-note");

/**
 * @param {string} message
 * @param {string} [link]
 */
function say(message, link) {
  note.hidden = !message;
  note.textContent = message;
  if (!link) return;
  const anchor = document.createElement("a");
  anchor.href = link;
  anchor.textContent = box.dataset.signIn ?? "";
  anchor.className = "alert-link ms-2";
  note.append(anchor);
}

/** @param {Progress} state */
function show({ step, rows, left, worker, waiting, share }) {
  byId("progress-step").textContent = step;
  byId("progress-rows").textContent = rows;
  byId("progress-left").textContent = left;
  byId("no-worker").hidden = worker || !waiting;
  const bar = byId("progress-bar", HTMLProgressElement);
  if (share === null) bar.removeAttribute("value");
  else bar.value = share;
}

async function look() {
  let wait = NEXT;
  try {
    const answer = await fetch(box.dataset.state ?? "", { headers: { Accept: "application/json" } });
    if (answer.status === 401) {
      say(box.dataset.ended ?? "", box.dataset.login);
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    /** @type {Progress} */
    const state = await answer.json();
    say("");
    show(state);
    if (!state.working) {
      location.replace(state.next);
      return;
    }
  } catch {
    say(box.dataset.lost ?? "");
    wait = AGAIN;
  }
  setTimeout(look, wait);
}

setTimeout(look, FIRST);
