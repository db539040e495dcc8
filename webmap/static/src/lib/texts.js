/* The page's words and numbers in its language, and elements to write them with. Texts come with the page, English as key,
   or with the file of what it is given once and for all (webmap/map/constants.py). */

/** @type {Record<string, string>} */
const table = Object.assign(
  {},
  /** @type {{ given?: { texts: Record<string, string> } }} */ (globalThis).given?.texts,
  ...[...document.querySelectorAll("#texts, script[data-texts]")].map((part) => JSON.parse(part.textContent || "{}")),
);
export const language = document.documentElement.lang || "vi";

/**
 * Return the text in the page's language, {names} filled in. The text is written where it is said, as a plain string:
 * the build collects what t() and N_() are given (scripts/bundle.py).
 *
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
export function t(text, values = {}) {
  return (table[text] || text).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/**
 * Mark a text that t() is given later.
 *
 * @param {string} text
 */
export const N_ = (text) => text;

/** To make a format takes longer than to write a hundred numbers with it.
 * @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/**
 * Write a number in the page's language.
 *
 * @param {number} value
 * @param {Intl.NumberFormatOptions} options
 */
export function formatted(value, options) {
  const key = JSON.stringify(options);
  const format = formats.get(key) ?? new Intl.NumberFormat(language, options);
  formats.set(key, format);
  return format.format(value);
}

/**
 * @param {number} value
 * @param {number} decimals
 */
export const number = (value, decimals = 0) =>
  formatted(value, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });

/**
 * Make an element: element("p", {class: "x"}, "text", child). Text is always text, never markup.
 * A function is a listener, true an empty attribute; false, null and undefined are left out.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, string | number | boolean | null | undefined | ((event: any) => unknown)>} attributes
 * @param {(Node | string | null | undefined)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, String(value));
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

/** @param {string} name one of Bootstrap's icons */
export const icon = (name) => element("i", { class: "bi bi-" + name, "aria-hidden": "true" });
