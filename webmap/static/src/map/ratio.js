/* Pixels of a canvas for one CSS pixel: the screen's, or more while something is drawn for paper. */

/** @type {number | undefined} */
let fixed;

/**
 * Draw with this ratio from now on; nothing means the screen's again.
 *
 * @param {number} [ratio]
 */
export function fixRatio(ratio) {
  fixed = ratio;
}

export const fixedRatio = () => fixed;

/** @param {number} most for a screen */
export const pixelRatio = (most) => fixed || Math.min(most, window.devicePixelRatio || 1);
