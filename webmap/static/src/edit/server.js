/* What the server is asked while editing. */
import { AskError, ask, askJson } from "../lib/ask.js";
import { byId } from "../lib/find.js";
/** @import { Editable, Choice } from "./types" */

const told = byId("editing").dataset;

/** @type {Record<string, Editable>} layer -> what of it this account may edit */
export const editable = JSON.parse(told.layers ?? "{}");
export const account = told.account ?? "";

/**
 * What is answered to a body. An answer that is none of success is thrown, with the server's sentence and details.
 *
 * @param {string} url
 * @param {object} body
 */
export const post = (url, body) =>
  askJson(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": told.token ?? "" },
    body: JSON.stringify(body),
  });

/**
 * The form of an object, of a copy of one, or of a new one.
 *
 * @param {string} layer
 * @param {Record<string, string>} query
 */
export async function fetchForm(layer, query) {
  const answer = await ask(`${editable[layer].address}/form?${new URLSearchParams(query)}`);
  if (!answer.ok) throw new AskError(answer.statusText, { status: answer.status });
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  const form = parsed.querySelector("form");
  if (!form) throw new AskError("empty form");
  return document.adoptNode(form);
}

/** @type {Map<string, Promise<HTMLFormElement>>} */
const empty = new Map();

/**
 * The form of a new object, asked once: which fields of the layer may be filled, and how.
 *
 * @param {string} layer
 */
export function emptyForm(layer) {
  const asked = empty.get(layer) ?? fetchForm(layer, {});
  empty.set(layer, asked);
  asked.catch(() => empty.delete(layer));
  return asked;
}

/**
 * @param {string} url
 * @returns {Promise<Choice[]>}
 */
export const choices = async (url) => (await askJson(url, { headers: { Accept: "application/json" } })).choices;
