/* A data layer: vector tiles decoded into typed arrays and drawn on one canvas per tile.
   Filtering by class and restyling redraw from the arrays; nothing is fetched again. */
import { askTile } from "./asktiles.js";
import { covered, drawCount, slideUnder } from "./crowd.js";
import { DOT, WHOLE, asPoint, leave, settle, settleAll } from "./crowding.js";
import { LINE, POINT } from "./decode.js";
import { faded, tones } from "./inks.js";
import { KeptTiles } from "./kept.js";
import { theLand } from "./page.js";
import { pixelRatio } from "./ratio.js";
import { SCALE, SIZE, trace } from "./shapes.js";
import { dot, fillArea, newPath, quiet, radius, sprite, strokePath } from "./symbols.js";
/** @import { TileFeatures } from "./decode.js" */
/** @import { Sprite } from "./symbols.js" */
/** @import { LayerSpec, MapSymbol, Pen, ShownTile } from "./types" */

/** @typedef {(error?: Error | undefined, tile?: HTMLElement) => void} Done */
const MANY = 1500; // symbols from which on a tile is a crowd
const HEAVY = 7; // weight from which on a symbol is readable at the first view
const RIMS = 200; // lines up to which they get rims

export class MvtLayer extends L.GridLayer {
  /** @type {WeakMap<HTMLElement, ShownTile>} */
  #tiles = new WeakMap();
  #kept = new KeptTiles();

  /** @param {LayerSpec} spec */
  constructor(spec) {
    super({
      tileSize: SIZE,
      keepBuffer: 1,
      updateWhenZooming: false,
      className: "mvt-layer",
      minZoom: spec.minZoom,
      zIndex: spec.zIndex,
    });
    this.spec = spec;
    this.symbols = spec.style.classes.map((index) => spec.style.symbols[index]);
    const { small } = spec.style;
    this.points = small ? this.symbols.map((symbol) => asPoint(symbol, small)) : this.symbols;
    /** @type {Uint8Array | null} class number -> 1 when drawn; null draws all */
    this.mask = null;
    this.query = "";
    this.failures = 0;
    /** @type {import("./layers.js").Counted | null} what the server counted last */
    this.counted = null;
    this.on("tileunload", (/** @type {L.TileEvent} */ event) => this.unload(event.tile));
    this.on("remove", settleAll);
  }

  isOnMap() {
    return Boolean(this._map);
  }

  /** Tells apart the maps of a page. */
  mapNumber() {
    return L.stamp(this._map);
  }

  /**
   * Show only these classes (a function of the class number), without asking the server.
   *
   * @param {((number: number) => boolean) | null} keep
   */
  setMask(keep) {
    this.mask = keep && Uint8Array.from(this.symbols, (_, number) => (keep(number) ? 1 : 0));
    this.redrawTiles();
    this.fire("redrawn");
  }

  /**
   * Ask the server for other tiles.
   *
   * @param {string} query "status=planned&…"
   */
  setQuery(query) {
    if (query === this.query) return;
    this.query = query;
    if (this._map) this.redraw();
  }

  /**
   * Leaflet's redraw forgets to round: it would ask for tiles of zoom 9.5.
   *
   * @param {number} zoom
   */
  _clampZoom(zoom) {
    return /** @type {any} */ (L.GridLayer.prototype)._clampZoom.call(this, Math.round(zoom));
  }

  redrawTiles() {
    for (const tile of this.allTiles()) this.draw(tile);
  }

  /** Ask once more for what failed, or for `all` that is shown, which stays until it is answered. */
  retry(all = false) {
    for (const tile of this.allTiles()) if (all || tile.failed) this.fetchTile(tile);
  }

  /**
   * Call visit(tile, features, labels) for the tiles of the zoom that is shown.
   *
   * @param {(tile: ShownTile, features: TileFeatures | undefined, labels: TileFeatures | undefined) => void} visit
   */
  eachShown(visit) {
    const zoom = this.tileZoom();
    for (const tile of this.allTiles()) {
      if (tile.coords.z !== zoom || !tile.data) continue;
      visit(tile, tile.data[this.spec.name], tile.data[this.spec.name + "_label"]);
    }
  }

  /** @param {number} number of a class */
  isDrawn(number) {
    return number < this.symbols.length && (!this.mask || this.mask[number] === 1);
  }

  /** The zoom whose tiles are shown: the map may stand between two. */
  tileZoom() {
    return this._map ? Math.round(this._map.getZoom()) : NaN;
  }

  /** How much larger than drawn the tiles are shown. */
  stretch() {
    return this._map ? this._map.getZoomScale(this._map.getZoom(), this.tileZoom()) : 1;
  }

  /** Of lines and edges. */
  scale() {
    const zoom = this.tileZoom();
    return (zoom < 9 ? 0.45 : zoom < 11 ? 0.65 : zoom < 13 ? 0.85 : 1.1) / this.stretch();
  }

  /**
   * Symbols are smaller where the whole city is seen; those of weight stay readable.
   *
   * @param {MapSymbol} symbol
   */
  pointScale({ weight = 0 }) {
    const zoom = this.tileZoom();
    const usual = [0.42, 0.5, 0.6, 0.72, 0.85, 1][Math.max(0, Math.min(5, zoom - 8))] * (zoom >= 16 ? 1.2 : 1);
    const least = weight >= HEAVY ? (zoom < 9 ? 0.5 : 0.72) : 0;
    return Math.max(usual, least) / this.stretch();
  }

  /**
   * Circuits on one route are drawn side by side from zoom 13 on: px to the right of the line.
   *
   * @param {number} offset
   * @param {number} zoom
   */
  shift(offset, zoom) {
    return this.spec.style.side_by_side && zoom >= 13 && offset ? (offset - 1.5) * 4.5 : 0;
  }

  /* --- tiles ---------------------------------------------------------------------------------- */

  /**
   * @override
   * @param {L.Coords} coords
   * @param {Done} done
   */
  createTile(coords, done) {
    const canvas = L.DomUtil.create("canvas", "mvt-tile");
    canvas.width = canvas.height = 0; // sized when there is something to draw
    /** @type {ShownTile} */
    const tile = {
      canvas,
      coords,
      data: null,
      failed: false,
      isDrawn: false,
      places: null,
      abort: new AbortController(),
      done: (error) => {
        if (!error) tile.done = () => {}; // Leaflet fades a tile in each time it is told
        done(error, canvas); // and shows none that it knows a fault of
      },
    };
    this.#tiles.set(canvas, tile);
    this.fetchTile(tile);
    return canvas;
  }

  allTiles() {
    const found = Object.values(this._tiles ?? {}).map(({ el }) => this.#tiles.get(el));
    return found.filter((tile) => tile !== undefined);
  }

  /** @param {ShownTile} tile */
  async fetchTile(tile) {
    const { x, y, z } = tile.coords;
    const url = L.Util.template(this.spec.url, { x, y, z: z - 1 }); // a tile of 512 px shows what one of 256 px shows a zoom before
    tile.abort.abort();
    tile.abort = new AbortController();
    const { signal } = tile.abort;
    try {
      const found = await askTile(this.query ? url + "?" + this.query : url, this.spec.name, signal);
      if (signal.aborted) return;
      tile.data = found;
      this.#kept.put(tile.coords, found, this.query);
      if (tile.failed) this.failures--;
      tile.failed = false;
      this.draw(tile);
      tile.done();
      this.fire("arrived");
    } catch (error) {
      if (signal.aborted) return;
      if (!tile.failed) this.failures++;
      tile.failed = true;
      const { status = 0, role } = /** @type {{ status?: number, role?: string }} */ (error);
      if (!tile.data && (!status || status >= 500)) {
        tile.data = this.#kept.known(tile.coords, this.query);
        if (tile.data) this.draw(tile);
      }
      const fault = error instanceof Error ? error : new Error("tile");
      tile.done(tile.data ? undefined : fault);
      this.fire("failed", { status, role });
    }
  }

  /** @param {HTMLElement} canvas */
  unload(canvas) {
    const tile = this.#tiles.get(canvas);
    if (!tile) return;
    leave(tile);
    tile.abort.abort();
    if (tile.failed) this.failures--;
    tile.data = null;
    tile.canvas.width = tile.canvas.height = 0;
  }

  /* --- drawing -------------------------------------------------------------------------------- */

  /**
   * Have a tile drawn, when it is settled which of its symbols find room.
   *
   * @param {ShownTile} tile
   */
  draw(tile) {
    tile.isDrawn = false;
    settle(this, tile);
  }

  /** @param {ShownTile} tile */
  paint(tile) {
    tile.isDrawn = true;
    const features = tile.data?.[this.spec.name];
    const { canvas } = tile;
    if (!this._map || !features?.count) {
      canvas.width = 0;
      return;
    }
    const side = Math.round(SIZE * pixelRatio(3));
    canvas.width = canvas.height = side;
    const exact = side / SIZE;
    const c = sheet(side);
    if (features.type === POINT) this.drawPoints(c, features, exact, tile.places);
    else {
      c.save();
      c.scale(exact, exact);
      this.drawShapes(c, features, exact);
      c.restore();
      const points = tile.places && tile.data?.[this.spec.name + "_label"];
      if (points) this.drawPoints(c, points, exact, tile.places);
    }
    const shown = /** @type {ImageBitmapRenderingContext} */ (canvas.getContext("bitmaprenderer"));
    shown.transferFromImageBitmap(c.canvas.transferToImageBitmap());
  }

  /**
   * @param {OffscreenCanvasRenderingContext2D} c
   * @param {TileFeatures} features
   * @param {number} ratio
   * @param {Uint8Array | null} places
   */
  drawPoints(c, features, ratio, places) {
    const hasHalo = this.tileZoom() >= 10;
    /** @type {Sprite[]} */
    const sprites = [];
    const of = (/** @type {number} */ number) =>
      (sprites[number] ??= sprite(this.points[number], this.pointScale(this.points[number]), ratio, hasHalo));
    if (!places && features.count > MANY) {
      this.drawCrowd(c, features, ratio, of);
      return;
    }
    const { c: classes, xy, parts, first } = features;
    for (const wanted of [DOT, WHOLE]) {
      for (let i = 0; i < features.count; i++) {
        if (!this.isDrawn(classes[i]) || (places ? places[i] : WHOLE) !== wanted) continue;
        const found = wanted === DOT ? dot(this.points[classes[i]], this.tileZoom(), ratio) : of(classes[i]);
        const at = 2 * parts[first[i]];
        const half = found.half * ratio;
        const x = Math.round(xy[at] * SCALE * ratio - half);
        c.drawImage(found.canvas, x, Math.round(xy[at + 1] * SCALE * ratio - half));
      }
    }
    c.scale(ratio, ratio);
    for (let i = 0; i < features.count; i++) {
      if (features.n[i] <= 1 || !this.isDrawn(classes[i]) || (places && places[i] !== WHOLE)) continue;
      const at = 2 * parts[first[i]];
      const symbol = this.points[classes[i]];
      const r = radius(symbol, this.pointScale(symbol));
      drawCount(c, features.n[i], xy[at] * SCALE + r, xy[at + 1] * SCALE - r);
    }
  }

  /**
   * The uppermost first, each under what is there already.
   *
   * @param {OffscreenCanvasRenderingContext2D} c
   * @param {TileFeatures} features
   * @param {number} ratio
   * @param {(number: number) => Sprite} of
   */
  drawCrowd(c, features, ratio, of) {
    const { c: classes, xy, parts, first } = features;
    const image = c.createImageData(c.canvas.width, c.canvas.height);
    const picture = { image, words: new Uint32Array(image.data.buffer) };
    const hidden = covered(features, (number) => this.isDrawn(number));
    for (let i = features.count - 1; i >= 0; i--) {
      if (hidden[i]) continue;
      const found = of(classes[i]);
      const at = 2 * parts[first[i]];
      const half = found.half * ratio;
      const x = Math.round(xy[at] * SCALE * ratio - half);
      slideUnder(picture, found, x, Math.round(xy[at + 1] * SCALE * ratio - half));
    }
    c.putImageData(image, 0, 0);
  }

  /**
   * @param {Pen} c
   * @param {TileFeatures} features
   * @param {number} ratio
   */
  drawShapes(c, features, ratio) {
    const scale = this.scale();
    const zoom = this.tileZoom();
    const isLine = features.type === LINE;
    const ink = this.spec.isGround ? quiet : (/** @type {MapSymbol} */ symbol) => symbol;
    const drawn = [...this.pathsByClass(c, features, zoom)].map(
      /** @returns {[MapSymbol, Path2D]} */ ([number, path]) => [ink(this.symbols[number]), path],
    );
    if (isLine && zoom >= 11 && features.count < RIMS) {
      // in a crowd the rims of lines hide other lines, and double the work
      for (const [symbol, path] of drawn) {
        c.strokeStyle = faded(tones().halo, 0.75);
        c.lineWidth = (symbol.stroke_px ?? 1) * scale + 2.4;
        c.lineJoin = "round";
        c.stroke(path);
      }
    }
    const land = isLine ? undefined : theLand()?.colour();
    for (const [symbol, path] of drawn) {
      if (land && symbol.fill && symbol.fill_opacity === 0) {
        c.fillStyle = land;
        c.fill(path, "nonzero");
      }
      if (!isLine) fillArea(c, path, symbol, ratio);
      strokePath(c, path, symbol, scale);
    }
  }

  /**
   * @param {Pen} c
   * @param {TileFeatures} features
   * @param {number} zoom
   */
  pathsByClass(c, features, zoom) {
    const isLine = features.type === LINE;
    /** @type {Map<number, Path2D>} */
    const paths = new Map();
    for (let i = 0; i < features.count; i++) {
      const number = features.c[i];
      if (!this.isDrawn(number)) continue;
      const path = paths.get(number) ?? newPath(c);
      paths.set(number, path);
      trace(path, features, i, { shift: isLine ? this.shift(features.o[i], zoom) : 0, closed: !isLine });
    }
    return paths;
  }
}

/** @type {OffscreenCanvasRenderingContext2D | undefined} */
let shared;

/**
 * What all tiles are drawn on; a tile is handed the finished picture. A canvas that one draws on is copied for each
 * frame of the page, of which there are many while tiles arrive and while the map moves.
 *
 * @param {number} side px
 */
function sheet(side) {
  if (shared?.canvas.width !== side) {
    shared = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(side, side).getContext("2d"));
  }
  shared.resetTransform();
  return shared;
}
