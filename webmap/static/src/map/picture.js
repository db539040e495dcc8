/* The canvas that tiles are drawn on. */

/** @type {OffscreenCanvasRenderingContext2D | undefined} */
let shared;

/**
 * What all tiles are drawn on; a tile is handed the finished picture. A canvas that one draws on is copied for each
 * frame of the page, of which there are many while tiles arrive and while the map moves.
 *
 * @param {number} side px
 */
export function sheet(side) {
  if (shared?.canvas.width !== side) {
    shared = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(side, side).getContext("2d"));
  }
  shared.resetTransform();
  return shared;
}
