/* Which classes of a layer a filter keeps. Class numbers are a mixed radix over the variations, the last one changing fastest. */
/** @import { Variation } from "./types" */

/**
 * @param {Pick<Variation, "values">[]} variations
 * @param {(string[] | null)[]} wanted the values that each variation keeps; null keeps all
 * @param {number} number of the class
 */
export function keeps(variations, wanted, number) {
  let rest = number;
  for (let i = variations.length - 1; i >= 0; i--) {
    const { values } = variations[i];
    const { value } = values[rest % values.length];
    if (wanted[i]?.includes(value) === false) return false;
    rest = Math.floor(rest / values.length);
  }
  return true;
}
