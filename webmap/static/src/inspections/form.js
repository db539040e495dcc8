/* The visit form: what stands in its fields, who is told when one changes, and how it talks to the server. */
import { byId, find } from "../lib/find.js";
import { element } from "../lib/texts.js";

export const form = byId("visit", HTMLFormElement);
export const store = `visit:${text("user")}:${text("paper")}`;
const OTHER = new Set(["csrf_token", "version", "base", "reason", "action"]);
/** @type {(() => void)[]} */
const listeners = [];

/**
 * A text that the page says in its language.
 *
 * @param {string} name
 */
export function text(name) {
  return form.dataset[name] ?? "";
}

/**
 * What is written in the form, empty fields left out.
 *
 * @returns {import("./merging.js").Content}
 */
export function fields() {
  /** @type {import("./merging.js").Content} */
  const content = {};
  for (const [name, value] of new FormData(form)) {
    if (!OTHER.has(name) && typeof value === "string" && value.trim()) content[name] = value;
  }
  return content;
}

/**
 * A field that the form has.
 *
 * @param {string} name
 */
export function input(name) {
  return find(`[name="${CSS.escape(name)}"]`, form, HTMLInputElement);
}

/**
 * @param {string} name
 * @param {string} value
 */
export function setField(name, value) {
  const finding = name.match(/^finding\.([^.]+)\./)?.[1];
  if (finding && !form.querySelector(`[data-finding="${CSS.escape(finding)}"]`)) addFinding(finding);
  const found = form.elements.namedItem(name);
  if (found instanceof RadioNodeList && !value) {
    for (const radio of found) if (radio instanceof HTMLInputElement) radio.checked = false;
  } else if (found && "value" in found) found.value = value;
}

/**
 * A new finding's fields at the end of the list.
 *
 * @param {string} key
 * @param {string} item the question it answers
 * @param {string} description
 * @returns {HTMLElement}
 */
export function addFinding(key, item = "", description = "") {
  const piece = byId("finding-template", HTMLTemplateElement).content.cloneNode(true);
  if (!(piece instanceof DocumentFragment)) throw new Error("The page has no form of a finding");
  const box = find(".finding-form", piece);
  box.dataset.finding = key;
  for (const field of box.querySelectorAll("[name]")) {
    field.setAttribute("name", String(field.getAttribute("name")).replace("KEY", key));
  }
  find('[name$=".item"]', box, HTMLInputElement).value = item;
  find("textarea", box, HTMLTextAreaElement).value = description;
  byId("findings").append(piece);
  return box;
}

/** @param {() => void} listener called after every change */
export const onChange = (listener) => void listeners.push(listener);

export function changed() {
  for (const listener of listeners) listener();
}

/**
 * Send something; an answer that does not come rejects.
 *
 * @param {string} address
 * @param {FormData | object} data sent as a form, or as JSON by PUT
 * @returns {Promise<{ status: number, ok: boolean, told: any }>}
 */
export async function send(address, data) {
  const isForm = data instanceof FormData;
  /** @type {Record<string, string>} */
  const headers = { "X-CSRFToken": input("csrf_token").value, "X-Requested-With": "fetch", Accept: "application/json" };
  if (!isForm) headers["Content-Type"] = "application/json";
  const answer = await fetch(address, {
    method: isForm ? "POST" : "PUT",
    headers,
    body: isForm ? data : JSON.stringify(data),
    signal: AbortSignal.timeout(60000),
  });
  const told = await answer.json();
  const hasEnded = answer.status === 401 || told.error === "csrf" || told.error === "login_required";
  if (hasEnded) byId("session-ended").hidden = false;
  return { status: answer.status, ok: answer.ok, told };
}

/**
 * A small button with a text.
 *
 * @param {string} said
 * @param {() => unknown} act
 */
export const button = (said, act) =>
  element("button", { type: "button", class: "btn btn-sm btn-outline-primary", click: act }, said);
