/* The sheet as one canvas, part by part where the page has laid it out. */
import { inks } from "../map/inks.js";
import { drawNames } from "./names.js";
import { FONT, RATIO, REACH } from "./paper.js";
/** @import { Made } from "./sheet.js" */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {{ x: number, y: number, width: number, height: number }} Place px of the sheet */
/** @typedef {L.GridLayer & { _tiles: L.InternalTiles, _tileZoom: number, options: L.GridLayerOptions }} Tiled */

/** A sheet as it stands in the page; the preview may show it smaller. */
class Picture {
  /** @param {HTMLElement} sheet */
  constructor(sheet) {
    this.sheet = sheet;
    this.whole = sheet.getBoundingClientRect();
    this.enlarged = sheet.offsetWidth / this.whole.width;
    this.canvas = document.createElement("canvas");
    this.c = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    const { width, height } = this.at(this.whole);
    this.canvas.width = Math.round(width * RATIO);
    this.canvas.height = Math.round(height * RATIO);
    this.c.scale(RATIO, RATIO);
    this.c.fillStyle = inks.paper;
    this.c.fillRect(0, 0, width, height);
  }

  /**
   * @param {DOMRect} box of the screen
   * @returns {Place}
   */
  at({ left, top, width, height }) {
    const k = this.enlarged;
    return { x: (left - this.whole.left) * k, y: (top - this.whole.top) * k, width: width * k, height: height * k };
  }

  /**
   * @param {Made} made
   * @param {HTMLElement} frame
   */
  async drawMap({ map, factor, factorY, names }, frame) {
    const { c } = this;
    const over = [...frame.querySelectorAll(".print-network, .map-notes")];
    const { x: wide, y: high } = map.getSize();
    const images = await Promise.all(over.map((one) => imageOf(one, wide, high)));
    const { x, y, width, height } = this.at(frame.getBoundingClientRect());
    c.save();
    c.beginPath();
    c.rect(x, y, width, height);
    c.clip();
    c.fillStyle = getComputedStyle(frame).backgroundColor;
    c.fillRect(x, y, width, height);
    c.translate(x, y);
    c.scale(factor, factorY);
    const origin = map.getPixelBounds().min ?? L.point(0, 0);
    for (const layer of tiledLayers(map)) this.#drawTiles(layer, origin);
    c.globalAlpha = 1;
    for (const image of images) c.drawImage(image, 0, 0, wide, high);
    c.translate(-REACH, -REACH);
    drawNames(c, names);
    c.restore();
    c.strokeStyle = inks.ink;
    c.lineWidth = 1;
    c.strokeRect(x, y, width, height);
  }

  /**
   * @param {Tiled} layer
   * @param {L.Point} origin
   */
  #drawTiles(layer, origin) {
    const side = layer.getTileSize().x;
    this.c.globalAlpha = layer.options.opacity ?? 1;
    for (const { el, coords } of Object.values(layer._tiles)) {
      const tile = /** @type {HTMLCanvasElement | HTMLImageElement} */ (el);
      if (coords.z !== layer._tileZoom || !tile.width) continue;
      this.c.drawImage(tile, coords.x * side - origin.x, coords.y * side - origin.y, side, side);
    }
  }

  /** @param {Element} mark */
  async drawSvg(mark) {
    const { x, y, width, height } = this.at(mark.getBoundingClientRect());
    this.c.drawImage(await imageOf(mark, width, height), x, y, width, height);
  }

  drawTexts() {
    const walker = document.createTreeWalker(this.sheet, NodeFilter.SHOW_TEXT);
    this.c.textBaseline = "middle";
    this.c.textAlign = "left";
    this.c.lineWidth = 0;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (!(node instanceof Text) || !parent || parent.closest("svg, .print-map")) continue;
      const style = getComputedStyle(parent);
      this.c.font = `${style.fontWeight} ${style.fontSize} ${FONT}`;
      this.c.fillStyle = style.color;
      this.#drawWords(node);
    }
  }

  /** @param {Text} node */
  #drawWords(node) {
    const range = document.createRange();
    for (const word of node.data.matchAll(/\S+/g)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const { x, y, height } = this.at(range.getBoundingClientRect());
      this.c.fillText(word[0], x, y + height / 2);
    }
  }
}

/**
 * An SVG as an image that a canvas can draw.
 *
 * @param {Element} mark
 * @param {number} width
 * @param {number} height
 */
async function imageOf(mark, width, height) {
  const copy = /** @type {Element} */ (mark.cloneNode(true));
  const image = new Image();
  copy.setAttribute("xmlns", SVG);
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  image.src = "data:image/svg+xml," + encodeURIComponent(new XMLSerializer().serializeToString(copy));
  await image.decode();
  return image;
}

/**
 * What a map draws in tiles, the lowest first.
 *
 * @param {L.Map} map
 */
function tiledLayers(map) {
  /** @type {Tiled[]} */
  const found = [];
  map.eachLayer((layer) => {
    if ("isForPaper" in layer && layer.isForPaper) return; // would lock the canvas
    if (layer instanceof L.GridLayer) found.push(/** @type {Tiled} */ (/** @type {unknown} */ (layer)));
  });
  return found.sort((a, b) => (a.options.zIndex || 1) - (b.options.zIndex || 1));
}

/**
 * @param {HTMLElement} sheet
 * @param {Made} made
 * @param {HTMLElement} frame
 */
export async function drawPicture(sheet, made, frame) {
  const picture = new Picture(sheet);
  await picture.drawMap(made, frame);
  for (const mark of sheet.querySelectorAll(".print-grid, .print-side svg")) await picture.drawSvg(mark);
  picture.drawTexts();
  return picture.canvas;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {Promise<Blob>}
 */
export const asPng = (canvas) =>
  new Promise((done, failed) => {
    canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("picture"))), "image/png");
  });
