/* Parts of the page that its template promises: a missing one is a mistake and says so. */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {{ new (): T }} type
 * @returns {T}
 */
export function byId(id, type = /** @type {{ new (): T }} */ (/** @type {unknown} */ (HTMLElement))) {
  return checked(document.getElementById(id), type, `#${id}`);
}

/**
 * @template {HTMLElement} T
 * @param {string} selector
 * @param {ParentNode} root
 * @param {{ new (): T }} type
 * @returns {T}
 */
export function find(
  selector,
  root = document,
  type = /** @type {{ new (): T }} */ (/** @type {unknown} */ (HTMLElement)),
) {
  return checked(root.querySelector(selector), type, selector);
}

/**
 * @param {string} selector
 * @param {ParentNode} root
 * @returns {HTMLElement[]}
 */
export const findAll = (selector, root = document) => [...root.querySelectorAll(selector)].filter(isHtml);

/** @type {(found: Element) => found is HTMLElement} */
const isHtml = (found) => found instanceof HTMLElement;

/**
 * The element that an event comes from.
 *
 * @param {Event} event
 */
export const target = (event) => (event.target instanceof Element ? event.target : document.documentElement);

/**
 * @template {HTMLElement} T
 * @param {Element | null} found
 * @param {{ new (): T }} type
 * @param {string} name
 * @returns {T}
 */
function checked(found, type, name) {
  if (found instanceof type) return found;
  throw new Error(`The page has no ${name}`);
}
