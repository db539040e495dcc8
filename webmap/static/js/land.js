/* The backdrop: land as one path per tile, from [[lon, lat, …], …]. Areas without a fill of their own
   (the administrative units) are land too: their outline is finer than Natural Earth's. */
(function (webmap) {
  "use strict";

  const SIZE = 512;

  const Land = L.GridLayer.extend({
    options: { tileSize: SIZE, keepBuffer: 1, updateWhenZooming: false, zIndex: 1, className: "land-layer" },
    /* One path for every tile, in px of zoom 0 from a corner of its own: canvas keeps seven digits of a number. */
    initialize(rings) {
      L.GridLayer.prototype.initialize.call(this, {});
      this.rings = rings;
      const x = (lon) => (lon / 360 + 0.5) * 256, [west, north] = rings.length ? rings[0] : [0, 0];
      const y = (lat) => { const sine = Math.sin((lat * Math.PI) / 180); return (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * 256; };
      this._origin = [x(west), y(north)];
      this._path = new Path2D();
      for (const ring of rings) {
        for (let i = 0; i < ring.length; i += 2) {
          const at = [x(ring[i]) - this._origin[0], y(ring[i + 1]) - this._origin[1]];
          i ? this._path.lineTo(...at) : this._path.moveTo(...at);
        }
        this._path.closePath();
      }
    },
    /* The colour of land while the backdrop is on the map, else nothing. */
    colour() { return this._map && this._colours().land; },
    _colours() {
      const style = getComputedStyle(this._map.getContainer());
      return { land: style.getPropertyValue("--map-land") || "#f7f5f0", coast: style.getPropertyValue("--map-coast") || "#b3c8d4" };
    },
    createTile(coords) {
      const canvas = document.createElement("canvas"), c = canvas.getContext("2d"), { land, coast } = this._colours();
      const ratio = webmap.ratio || Math.min(2, window.devicePixelRatio || 1), zoomed = 2 ** coords.z;
      canvas.width = canvas.height = Math.round(SIZE * ratio);
      const scale = (canvas.width / SIZE) * zoomed;
      c.setTransform(scale, 0, 0, scale, this._origin[0] * scale - coords.x * canvas.width, this._origin[1] * scale - coords.y * canvas.height);
      c.fillStyle = land; c.fill(this._path, "nonzero");
      c.strokeStyle = coast; c.lineWidth = 1 / zoomed; c.stroke(this._path);
      return canvas;
    },
  });

  webmap.land = (rings) => new Land(rings);
})(window.webmap);
