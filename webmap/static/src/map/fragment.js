/* Popup and panel are fragments of the server, parsed as inert documents and adopted. */
import { AskError, ask } from "../lib/ask.js";

/**
 * Return the fragment's element. Throws an error with `status`.
 *
 * @param {string} url
 * @returns {Promise<HTMLElement>}
 */
export async function fetchFragment(url) {
  const answer = await ask(url);
  if (!answer.ok) throw new AskError(answer.statusText, { status: answer.status });
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = parsed.body.firstElementChild;
  if (!(found instanceof HTMLElement)) throw new AskError("empty fragment");
  return document.adoptNode(found);
}
