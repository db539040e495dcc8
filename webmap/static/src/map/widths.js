/* How wide names are: measuring them takes most of the time that writing them does, and each is asked for again and again. */
const MOST = 10_000;

/** @type {Map<string, number>} */
const widths = new Map();

/** A font that has come is as wide as none before it. */
export const forgetWidths = () => widths.clear();

/**
 * The width of a text in the font that is set, px.
 *
 * @param {CanvasRenderingContext2D} c
 * @param {string} font what tells that font from the others
 * @param {string} text
 */
export function widthOf(c, font, text) {
  const key = `${font} ${text}`;
  const known = widths.get(key);
  if (known !== undefined) return known;
  if (widths.size >= MOST) widths.clear();
  const { width } = c.measureText(text);
  widths.set(key, width);
  return width;
}
