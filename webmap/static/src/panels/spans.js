/* Spans of a filter, "low..high" with either end open, or one value: of numbers, years or days. Texts in, texts out. */

export const UNKNOWN = "unknown";

/**
 * A span's two ends, so that they compare: numbers, or days and years.
 *
 * @param {string} span
 */
export function ends(span) {
  const [low, high] = sides(span);
  return [valueOf(low, -Infinity), valueOf(high, Infinity)];
}

/** @param {string} span */
function sides(span) {
  const at = span.indexOf("..");
  return at < 0 ? [span, span] : [span.slice(0, at), span.slice(at + 2)];
}

/**
 * @param {string} text
 * @param {number} open
 */
function valueOf(text, open) {
  if (text === "") return open;
  return /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number(text);
}

/**
 * The span from the one to the other, whichever comes first; nothing when it would have no end.
 *
 * @param {string} one
 * @param {string} other
 */
export function joined(one, other) {
  const [low] = ends(one)[0] <= ends(other)[0] ? sides(one) : sides(other);
  const [, high] = ends(one)[1] >= ends(other)[1] ? sides(one) : sides(other);
  return low === high ? low : `${low}..${high}`;
}

/**
 * Whether the one lies within the other.
 *
 * @param {string} inner
 * @param {string} outer
 */
export function isInside(inner, outer) {
  const [low, high] = ends(outer);
  const [from, to] = ends(inner);
  return from >= low && to <= high;
}
