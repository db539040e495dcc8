/* Asking the server on the map page: shows that an answer is awaited, and tells when the login has ended. */
import { find } from "./find.js";
import { clear, loginChanged, notice } from "./notices.js";
import { element, t } from "./texts.js";

const SOON = 400; // ms until the bar moves
const LONG = 8000; // ms until words say why it still does
const bar = element("div", { class: "working", role: "progressbar", "aria-label": t("Loading"), hidden: true });
let open = 0;
/** @type {number[]} */
let timers = [];

find(".top-bar").append(bar);

/** An answer that cannot be used. `role`: whom it was made for; `message` is the server's own where `isTold`, `details` too. */
export class AskError extends Error {
  /**
   * @param {string} message
   * @param {{ status?: number, role?: string | null, isTold?: boolean, details?: Record<string, unknown> }} facts
   */
  constructor(message, { status = 0, role = null, isTold = false, details = {} } = {}) {
    super(message);
    this.status = status;
    this.role = role;
    this.isTold = isTold;
    this.details = details;
  }
}

/**
 * The HTTP status that an error tells of; 0 where there was no answer.
 *
 * @param {unknown} error
 */
export const statusOf = (error) => (error instanceof AskError ? error.status : 0);

/**
 * Whether a question was taken back.
 *
 * @param {unknown} error
 */
export const isAborted = (error) => error instanceof Error && error.name === "AbortError";

/**
 * What the server said of an error, else `text`.
 *
 * @param {unknown} error
 * @param {string} text
 */
export const saidOf = (error, text) => (error instanceof AskError && error.isTold ? error.message : text);

/**
 * Throws 401 when an answer was made for another role than the page: class numbers mean nothing to that one.
 *
 * @param {Response} answer
 */
export function check(answer) {
  const mine = document.getElementById("notices")?.dataset.role;
  const its = answer.headers.get("X-Role");
  if (answer.status === 401 || (mine && its && mine !== its)) throw new AskError("login", { status: 401, role: its });
}

/**
 * fetch() for all that this page asks. What is answered to another than the page was made for is thrown as 401.
 *
 * @param {string} url
 * @param {RequestInit} [options]
 */
export async function ask(url, options) {
  const done = working();
  try {
    const answer = await fetch(url, options);
    try {
      check(answer);
    } catch (error) {
      loginChanged(error instanceof AskError ? error.role : null);
      throw error;
    }
    return answer;
  } finally {
    done();
  }
}

/**
 * The JSON that is answered. An answer that is none of success is thrown, with the server's sentence.
 *
 * @param {string} url
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
export async function askJson(url, options) {
  const answer = await ask(url, options);
  const found = await answer.json();
  if (!answer.ok) {
    const { message = answer.statusText, details } = found;
    throw new AskError(message, { status: answer.status, isTold: true, details });
  }
  return found;
}

/** Say that work has begun; call what it returns when it is over. */
export function working() {
  let isOpen = true;
  if (!open++) timers = [setTimeout(showBar, SOON), setTimeout(tellSlow, LONG)];
  return () => {
    if (!isOpen) return;
    isOpen = false;
    if (--open) return;
    timers.forEach(clearTimeout);
    bar.hidden = true;
    clear("slow");
  };
}

function showBar() {
  bar.hidden = false;
}

function tellSlow() {
  notice("slow", t("The network is slow; the answer is still awaited. What you chose is kept."));
}
