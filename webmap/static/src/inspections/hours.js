/* The hours of a visit: offered as they pass on the visit's own day, free to be written otherwise. */
import { target } from "../lib/find.js";
import { changed, form, input, store, text } from "./form.js";

const STORE = `${store}:hours`;
/** @type {Set<string>} fields that nobody wrote himself; known while this tab is open */
export const offered = new Set(remembered());

/** @returns {string[]} */
function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(STORE) ?? "[]");
  } catch {
    return [];
  }
}

/**
 * @param {string} name
 * @param {boolean} isOffer
 */
function note(name, isOffer) {
  if (isOffer) offered.add(name);
  else offered.delete(name);
  try {
    sessionStorage.setItem(STORE, JSON.stringify([...offered]));
  } catch {
    /* then an offer counts as written after the page was loaded again */
  }
}

/**
 * Offer the present hour for a field that is empty or holds an earlier offer.
 *
 * @param {"started_at" | "ended_at"} name
 * @param {boolean} isRenewed whether an earlier offer is replaced
 */
function offer(name, isRenewed) {
  const field = input(name);
  const day = input("visited_on");
  if (!text("hours") || day.value !== day.max || (field.value && !(isRenewed && offered.has(name)))) return;
  // the hour of the province, as the server writes it beside: a phone may be set to another zone
  const hour = new Date().toLocaleTimeString("en-GB", { timeZone: text("hours"), hour: "2-digit", minute: "2-digit" });
  if (field.value === hour) return;
  field.value = hour;
  note(name, true);
  changed();
}

/** The visit ends: it is signed or finished. */
export function offerEnd() {
  offer("started_at", false);
  offer("ended_at", true);
}

form.addEventListener("input", (event) => {
  const name = target(event).getAttribute("name") ?? "";
  if (name === "started_at" || name === "ended_at") note(name, false);
  else offer("started_at", false);
});
