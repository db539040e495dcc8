/* The backdrop: land as one path per tile, from [[lon, lat, …], …]. Areas without a fill of their own
   (the administrative units) are land too: their outline is finer than Natural Earth's. */
import { groundOn } from "./ground.js";
import { pixelRatio } from "./ratio.js";

const SIZE = 512;

/** Degrees to px of zoom 0 in web Mercator, from its upper left corner. */
const toX = (/** @type {number} */ lon) => (lon / 360 + 0.5) * 256;
const toY = (/** @type {number} */ lat) => {
  const sine = Math.sin((lat * Math.PI) / 180);
  return (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * 256;
};

export class Land extends L.GridLayer {
  /**
   * One path for every tile, in px of zoom 0 from a corner of its own: canvas keeps seven digits of a number.
   *
   * @param {number[][]} rings
   */
  constructor(rings) {
    super({ tileSize: SIZE, keepBuffer: 1, updateWhenZooming: false, zIndex: 1, className: "land-layer" });
    this.rings = rings;
    const [west, north] = rings.length ? rings[0] : [0, 0];
    const origin = [toX(west), toY(north)];
    this.origin = origin;
    this.path = new Path2D();
    for (const ring of rings) {
      for (let i = 0; i < ring.length; i += 2) {
        const x = toX(ring[i]) - origin[0];
        const y = toY(ring[i + 1]) - origin[1];
        if (i) this.path.lineTo(x, y);
        else this.path.moveTo(x, y);
      }
      this.path.closePath();
    }
  }

  /** The colour of land while the backdrop is all there is, else nothing. */
  colour() {
    return this._map && !groundOn(this._map) ? this.colours().land : undefined;
  }

  /** The style sheet's colours of the backdrop. */
  colours() {
    const style = getComputedStyle(this._map.getContainer());
    return { land: style.getPropertyValue("--map-land"), coast: style.getPropertyValue("--map-coast") };
  }

  /**
   * @override
   * @param {L.Coords} coords
   */
  createTile(coords) {
    const canvas = document.createElement("canvas");
    const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const { land, coast } = this.colours();
    const zoomed = 2 ** coords.z;
    canvas.width = canvas.height = Math.round(SIZE * pixelRatio(2));
    const scale = (canvas.width / SIZE) * zoomed;
    const [x, y] = this.origin;
    c.setTransform(scale, 0, 0, scale, x * scale - coords.x * canvas.width, y * scale - coords.y * canvas.height);
    c.fillStyle = land;
    c.fill(this.path, "nonzero");
    c.strokeStyle = coast;
    c.lineWidth = 1 / zoomed;
    c.stroke(this.path);
    return canvas;
  }
}
