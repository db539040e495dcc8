/* Three versions of what a form holds: what it began with, what it holds now, and what somebody else stored meanwhile. */
/** @import { Values } from "./types" */

/**
 * `taken`: what only they changed; `open`: fields that both changed, each otherwise.
 *
 * @param {Values} before
 * @param {Values} mine
 * @param {Values} theirs
 * @returns {{ taken: Values, open: string[] }}
 */
export function mergeValues(before, mine, theirs) {
  /** @type {Values} */
  const taken = {};
  /** @type {string[]} */
  const open = [];
  for (const [name, value] of Object.entries(theirs)) {
    if (value === before[name] || value === mine[name]) continue;
    if (mine[name] === before[name]) taken[name] = value;
    else open.push(name);
  }
  return { taken, open };
}

/**
 * What has become of a row that hangs on the object. `undefined`: it is not there.
 * `back`: they removed what is changed here; `gone`: they changed what is removed here.
 *
 * @param {Values | undefined} before
 * @param {Values | undefined} mine
 * @param {Values | undefined} theirs
 * @returns {"stays" | "arrives" | "leaves" | "merges" | "back" | "gone"}
 */
export function fateOfRow(before, mine, theirs) {
  const isSame = (/** @type {Values | undefined} */ one) => JSON.stringify(one) === JSON.stringify(before);
  if (!before) return theirs ? "arrives" : "stays";
  if (!theirs) return mine && !isSame(mine) ? "back" : "leaves";
  if (isSame(theirs)) return "stays";
  return mine ? "merges" : "gone";
}
