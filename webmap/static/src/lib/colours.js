/* The colours that stand for something, by their names in css/colours.css: geodata/schema/colours.py declares them. They do not
   change with the theme. */

/** @type {Map<string, string>} */
const known = new Map();

/**
 * @param {string} name
 * @returns {string} #rrggbb
 */
export function namedColour(name) {
  const found = known.get(name) ?? declared(name);
  if (!found) throw new Error(`No colour is called ${name}`);
  known.set(name, found);
  return found;
}

/**
 * The colours of a row, such as those of notes: name-0, name-1 and so on.
 *
 * @param {string} name
 */
export function namedColours(name) {
  const found = [];
  for (let one = declared(`${name}-0`); one; one = declared(`${name}-${found.length}`)) found.push(one);
  return found;
}

/** @param {string} name */
const declared = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--c-${name}`).trim();
