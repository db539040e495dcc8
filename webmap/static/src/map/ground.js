/* A base map of our own, from the vector tiles of one file: drawn under all layers, quiet by day and by night. Beyond the
   last zoom of the file its tiles are enlarged, lines and names are not. */
import { decode } from "./decode.js";
import { pixelRatio } from "./ratio.js";
import { SIZE } from "./shapes.js";
/** @import { Tile } from "./asktiles.js" */
/** @import { GroundSpec, Pen } from "./types" */

/**
 * A tile on the map. It shows a part of `data`: enlarged `times`, its corner at (x, y) px.
 *
 * @typedef {object} GroundTile
 * @property {HTMLCanvasElement} canvas
 * @property {L.Coords} coords
 * @property {Tile | null} data
 * @property {number} times
 * @property {number} x
 * @property {number} y
 */
/** @typedef {typeof import("./groundstyle.js") & typeof import("./groundnames.js")} Drawing */

const MOST = 64; // tiles that are kept: many on the map show parts of one

export class Ground extends L.GridLayer {
  /** @type {WeakMap<HTMLElement, GroundTile>} */
  #tiles = new WeakMap();
  /** @type {Map<string, Promise<Tile>>} */
  #asked = new Map();
  /** Most maps have no ground of their own: how one is drawn and named comes with the first tile. */
  #drawing = loadDrawing();
  /** @type {Drawing | null} */
  drawing = null;

  /** @param {GroundSpec} spec */
  constructor(spec) {
    super({
      tileSize: SIZE,
      keepBuffer: 1,
      updateWhenZooming: false,
      className: "ground-layer",
      zIndex: 2,
      bounds: /** @type {L.LatLngBoundsExpression} */ (spec.bounds),
      attribution: spec.attribution,
    });
    this.spec = spec;
    this.on("tileunload", (/** @type {L.TileEvent} */ { tile }) => {
      const found = this.#tiles.get(tile);
      if (found) found.canvas.width = found.canvas.height = 0;
    });
  }

  /**
   * @override
   * @param {L.Coords} coords
   * @param {(error?: Error, tile?: HTMLElement) => void} done
   */
  createTile(coords, done) {
    const canvas = L.DomUtil.create("canvas", "ground-tile");
    canvas.width = canvas.height = 0; // sized when there is something to draw
    const wanted = coords.z - 1; // a tile of 512 px shows what one of 256 px shows a zoom before
    const z = Math.min(wanted, this.spec.most);
    const times = 2 ** (wanted - z);
    const [x, y] = [Math.floor(coords.x / times), Math.floor(coords.y / times)];
    /** @type {GroundTile} */
    const tile = {
      canvas,
      coords,
      data: null,
      times,
      x: (x * times - coords.x) * SIZE,
      y: (y * times - coords.y) * SIZE,
    };
    this.#tiles.set(canvas, tile);
    Promise.all([this.#ask(z, x, y), this.#drawing]).then(
      ([data, drawing]) => {
        this.drawing = drawing;
        tile.data = data;
        if (this._map) this.#paint(tile);
        done(undefined, canvas);
        this._map?.fire("groundarrived");
      },
      (error) => done(error, canvas),
    );
    return canvas;
  }

  /**
   * @param {number} z
   * @param {number} x
   * @param {number} y
   */
  #ask(z, x, y) {
    const url = L.Util.template(this.spec.url, { x, y, z });
    const known = this.#asked.get(url) ?? load(url);
    this.#asked.delete(url);
    this.#asked.set(url, known);
    known.catch(() => this.#asked.delete(url));
    if (this.#asked.size > MOST) this.#asked.delete(/** @type {string} */ (this.#asked.keys().next().value));
    return known;
  }

  /**
   * Call visit(tile) for the tiles of the zoom that is shown and have come.
   *
   * @param {(tile: GroundTile) => void} visit
   */
  eachShown(visit) {
    const zoom = Math.round(this._map.getZoom());
    for (const { el } of Object.values(this._tiles ?? {})) {
      const tile = this.#tiles.get(el);
      if (tile?.data && tile.coords.z === zoom) visit(tile);
    }
  }

  /** @param {GroundTile} tile */
  #paint(tile) {
    const { canvas } = tile;
    canvas.width = canvas.height = Math.round(SIZE * pixelRatio(3));
    const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    c.scale(canvas.width / SIZE, canvas.height / SIZE);
    this.drawTile(c, tile);
  }

  /**
   * @param {Pen} c
   * @param {GroundTile} tile
   */
  drawTile(c, tile) {
    const style = getComputedStyle(this._map.getContainer());
    const stretch = this._map.getZoomScale(this._map.getZoom(), tile.coords.z);
    this.drawing?.drawGround(c, tile, { hasLand: this.spec.hasLand, within: this.#within(tile), stretch }, (name) =>
      style.getPropertyValue(`--map-${name}`),
    );
  }

  /**
   * The part of a tile that the file covers, px: beyond it others know more.
   *
   * @param {GroundTile} tile
   */
  #within({ coords }) {
    const bounds = L.latLngBounds(/** @type {L.LatLngTuple[]} */ (this.spec.bounds));
    const corner = coords.scaleBy(L.point(SIZE, SIZE));
    const at = (/** @type {L.LatLng} */ place) => this._map.project(place, coords.z).subtract(corner);
    const [nw, se] = [at(bounds.getNorthWest()), at(bounds.getSouthEast())];
    const [left, top] = [Math.max(nw.x, -1), Math.max(nw.y, -1)]; // on paper tiles overlap
    return { left, top, width: Math.min(se.x, SIZE + 1) - left, height: Math.min(se.y, SIZE + 1) - top };
  }
}

/** @returns {Promise<Drawing>} */
async function loadDrawing() {
  const [style, names] = await Promise.all([import("./groundstyle.js"), import("./groundnames.js")]);
  return { ...style, ...names };
}

/**
 * @param {string} url
 * @returns {Promise<Tile>}
 */
async function load(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.status === 204 ? {} : decode(await answer.arrayBuffer());
}

/**
 * The ground of a map, where it has one.
 *
 * @param {L.Map} map
 * @returns {Ground | null}
 */
export function groundOn(map) {
  /** @type {Ground | null} */
  let found = null;
  map.eachLayer((layer) => {
    if (layer instanceof Ground) found = layer;
  });
  return found;
}
