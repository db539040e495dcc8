/* The page's words and numbers in its language. Texts come with the page, English as key. */
const table = Object.assign({}, ...[...document.querySelectorAll("#texts, script[data-texts]")].map((part) => JSON.parse(part.textContent)));
export const language = document.documentElement.lang || "vi";

/* Return the text in the page's language, {names} filled in. */
export function t(text, values = {}) {
  return (table[text] || text).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const number = (value, decimals = 0) =>
  value.toLocaleString(language, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });

/* Make an element: element("p", {class: "x"}, "text", child). Text is always text, never markup. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

export const icon = (name) => element("i", { class: "bi bi-" + name, "aria-hidden": "true" });
