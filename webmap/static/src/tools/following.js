/* Buttons that follow: an object (data-layer, data-code), what an address filters (data-address) or what the map shows
   now (data-here). data-number is the follow's number while it is followed. */
import { askJson, saidOf, statusOf } from "../lib/ask.js";
import { byId, target } from "../lib/find.js";
import { notice } from "../lib/notices.js";
import { element, icon, t } from "../lib/texts.js";
/** @import { State } from "../map/state.js" */

/** @param {State} state */
export function startFollowing(state) {
  document.addEventListener("click", (event) => {
    const button = target(event).closest("[data-follow]");
    if (button instanceof HTMLButtonElement) press(button, state);
  });
}

/**
 * @param {HTMLButtonElement} button
 * @param {State} state
 */
async function press(button, state) {
  const { number, follow: address = "" } = button.dataset;
  const headers = { "X-CSRFToken": byId("tool-set").dataset.token ?? "", Accept: "application/json" };
  const body = number ? new FormData() : asked(button.dataset, state);
  button.disabled = true;
  try {
    const told = await askJson(number ? `${address}/${number}/stop` : address, { method: "POST", headers, body });
    show(button, told.id);
    const words = told.id ? t("You follow “{name}” now.", { name: told.name }) : t("You follow it no longer.");
    notice("followed", words, { link: address, label: t("What I follow"), seconds: 6 });
  } catch (error) {
    const isOut = statusOf(error) === 401;
    const failed = t("That did not work. Check the connection and try again.");
    notice("followed", isOut ? t("Your session has ended. Sign in and do it once more.") : saidOf(error, failed));
  }
  button.disabled = false;
}

/**
 * @param {DOMStringMap} told
 * @param {State} state
 */
function asked(told, state) {
  const body = new FormData();
  if (told.layer) {
    body.set("layer", told.layer);
    body.set("code", told.code ?? "");
  } else {
    body.set("address", told.address ?? state.address());
    body.set("name", told.name ?? "");
  }
  return body;
}

/**
 * @param {HTMLButtonElement} button
 * @param {number | null} number
 */
function show(button, number) {
  if (button.dataset.here !== undefined) return; // the filters of the map change; this button follows what they are now
  button.dataset.number = number ? String(number) : "";
  const word = number ? t("Stop following") : t("Follow");
  if (button.dataset.name === undefined) button.replaceChildren(icon(bell(number)), " ", element("span", {}, word));
  else label(button, number);
}

/** @param {number | null} number */
const bell = (number) => (number ? "bell-fill" : "bell");

/**
 * @param {HTMLButtonElement} button
 * @param {number | null} number
 */
function label(button, number) {
  const name = button.dataset.name ?? "";
  const text = number ? t("Stop following “{name}”", { name }) : t("Follow “{name}”", { name });
  button.setAttribute("aria-label", text);
  button.title = text;
  button.replaceChildren(icon(bell(number)));
}

/**
 * A small button that follows what a view shows.
 *
 * @param {{ name: string, address: string, follow: number | null }} view
 * @param {string} where
 */
export function followButton({ name, address, follow }, where) {
  const data = { "data-follow": where, "data-address": address, "data-name": name, "data-number": follow ?? "" };
  const button = element("button", { class: "icon-button small", type: "button", ...data });
  label(button, follow);
  return button;
}
