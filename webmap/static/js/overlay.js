/* One canvas above all data layers: names without collisions, the halo of the selected object, and
   the answer to "what is at this place". Reads the layers' arrays, asks no server. */
(function (webmap) {
  "use strict";

  const MARGIN = 64, SIZE = 512, K = 512 / 4096, MOST = 400, CROWD = 5000, CELL = 64, NEAR = 8;
  const FONT = '"Be Vietnam Pro", "Segoe UI", system-ui, sans-serif';
  const { radius } = webmap.symbols;

  /* Boxes already taken, found through a coarse grid. */
  class Boxes {
    constructor() { this.cells = new Map(); }
    *_around([x1, y1, x2, y2]) {
      for (let i = Math.floor(x1 / CELL); i <= Math.floor(x2 / CELL); i++) {
        for (let j = Math.floor(y1 / CELL); j <= Math.floor(y2 / CELL); j++) yield i * 4096 + j;
      }
    }
    isFree(box) {
      for (const key of this._around(box)) {
        for (const b of this.cells.get(key) || []) {
          if (box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1]) return false;
        }
      }
      return true;
    }
    take(box) {
      for (const key of this._around(box)) {
        const cell = this.cells.get(key);
        cell ? cell.push(box) : this.cells.set(key, [box]);
      }
    }
  }

  const Overlay = L.Layer.extend({
    initialize(layers) {
      this._layers = layers;
      this.selected = null; // {layer, id, latlng}
      this._soon = L.Util.throttle(() => this.redraw(), 250, this);
    },

    onAdd(map) {
      const pane = map.getPane("labels") || map.createPane("labels");
      pane.classList.add("labels-pane");
      this._canvas = L.DomUtil.create("canvas", "leaflet-zoom-animated", pane);
      for (const layer of this._layers) layer.on("arrived redrawn add remove", this._soon);
      map.on("moveend resize", this.redraw, this);
      map.on("zoomanim", this._animate, this);
      if (document.fonts) document.fonts.load('500 12px "Be Vietnam Pro"', "Ậễ").then(() => this.redraw());
      this.redraw();
    },

    onRemove(map) {
      for (const layer of this._layers) layer.off("arrived redrawn add remove", this._soon);
      map.off("moveend resize", this.redraw, this).off("zoomanim", this._animate, this);
      this._canvas.remove();
    },

    select(selection) { this.selected = selection; this.redraw(); },

    _animate(event) {
      const scale = this._map.getZoomScale(event.zoom, this._zoom);
      const at = this._map._latLngToNewLayerPoint(this._corner, event.zoom, event.center);
      L.DomUtil.setTransform(this._canvas, at, scale);
    },

    redraw() {
      const map = this._map;
      if (!map) return;
      const ratio = webmap.ratio || Math.min(3, window.devicePixelRatio || 1), size = map.getSize().add([2 * MARGIN, 2 * MARGIN]);
      const corner = map.containerPointToLayerPoint([-MARGIN, -MARGIN]), canvas = this._canvas;
      canvas.width = Math.round(size.x * ratio); canvas.height = Math.round(size.y * ratio);
      canvas.style.width = size.x + "px"; canvas.style.height = size.y + "px";
      L.DomUtil.setTransform(canvas, corner, 1);
      this._corner = map.layerPointToLatLng(corner);
      this._zoom = map.getZoom();
      this._origin = map.getPixelBounds().min.subtract([MARGIN, MARGIN]);
      const c = canvas.getContext("2d");
      c.scale(ratio, ratio);
      this._drawSelected(c);
      this._drawLabels(c, size);
    },

    /* A tile's upper left corner in px of this canvas. */
    _corner_of(tile) {
      return tile.coords.scaleBy(new L.Point(SIZE, SIZE)).subtract(this._origin);
    },

    /* --- names ---------------------------------------------------------------------------------- */

    _drawLabels(c, size) {
      const taken = new Boxes(), wanted = [], inside = ([x1, y1, x2, y2]) => x1 > 0 && y1 > 0 && x2 < size.x && y2 < size.y;
      this._reserveSymbols(taken);
      for (const layer of this._layers) if (layer._map) this._collect(layer, wanted);
      wanted.sort((a, b) => a.rank - b.rank || a.id - b.id);
      c.textBaseline = "middle"; c.lineJoin = "round";
      let drawn = 0;
      for (const label of wanted) {
        if (drawn >= MOST) break;
        c.font = `${label.weight} ${label.px}px ${FONT}`;
        label.lines = label.isArea ? wrap(label.text) : [label.text];
        label.width = Math.max(...label.lines.map((text) => c.measureText(text).width));
        if (label.room && label.width > label.room) continue;
        for (const box of places(label)) {
          if (!inside(box) || !taken.isFree(box)) continue;
          taken.take(box);
          write(c, label, box);
          drawn++;
          break;
        }
      }
      this._canvas.dataset.labels = drawn;
    },

    _reserveSymbols(taken) {
      for (const layer of this._layers) {
        if (!layer._map || layer.spec.geometry !== "point") continue;
        const scale = layer.scale();
        layer.eachShown((tile, features) => {
          if (!features || features.count > 600) return;
          const at = this._corner_of(tile);
          for (let i = 0; i < features.count; i++) {
            if (!layer.isDrawn(features.c[i])) continue;
            const x = at.x + features.xy[2 * i] * K, y = at.y + features.xy[2 * i + 1] * K;
            const r = 0.8 * radius(layer.symbols[features.c[i]], scale);
            taken.take([x - r, y - r, x + r, y + r]);
          }
        });
      }
    },

    _collect(layer, wanted) {
      const { style, geometry } = layer.spec, zoom = this._zoom, rank = style.label_rank;
      if (zoom < style.label_min_zoom) return;
      const scale = layer.scale(), longest = new Map(), isBackground = rank >= 9;
      layer.eachShown((tile, features, points) => {
        const at = this._corner_of(tile), isArea = geometry === "multipolygon", from = isArea ? points : features;
        if (!from) return;
        const extents = isArea && !isBackground ? extentsById(features) : null;
        for (let i = 0; i < from.count && wanted.length < CROWD; i++) {
          const symbol = layer.symbols[from.c[i]], text = layer.isDrawn(from.c[i]) && from.text(i);
          if (!text || from.n[i] > 1) continue;
          const label = {
            text, id: from.id[i], rank, isArea, r: 0, angle: 0, weight: isBackground ? 500 : 600,
            px: isBackground ? (zoom < 13 ? 11 : 12) : 12, ink: isBackground ? "#6b7683" : isArea || geometry !== "point" ? symbol.stroke : "#1d2733",
          };
          if (geometry === "multilinestring") {
            const room = alongLine(features, i, at, layer.shift(features.o[i], zoom));
            if (room && room.room > (longest.get(label.id)?.room || 0)) longest.set(label.id, Object.assign(label, room));
            continue;
          }
          const k = 2 * from.parts[from.first[i]], x = from.xy[k], y = from.xy[k + 1];
          if (x < 0 || y < 0 || x >= 4096 || y >= 4096) continue; // the neighbour tile owns it
          label.x = at.x + x * K; label.y = at.y + y * K;
          const extent = extents?.get(label.id);
          if (extent) label.extent = [at.x + extent[0] * K, at.y + extent[1] * K, at.x + extent[2] * K, at.y + extent[3] * K];
          if (!isArea) label.r = radius(symbol, scale) * 1.05 + (symbol.badge ? 5 : 3);
          if (this._isSelected(layer, label.id) && !isArea) label.r = this._haloRadius() + 4;
          wanted.push(label);
        }
      });
      wanted.push(...longest.values());
    },

    /* --- the selected object -------------------------------------------------------------------- */

    _drawSelected(c) {
      const chosen = this.selected;
      if (!chosen || !chosen.layer._map) return;
      const layer = chosen.layer, path = new Path2D();
      if (layer.spec.geometry === "point") {
        const at = this._map.project(chosen.latlng, this._zoom).subtract(this._origin), r = this._haloRadius();
        path.arc(at.x, at.y, r, 0, 2 * Math.PI);
        this._halo(c, path, false);
        return;
      }
      layer.eachShown((tile, features) => {
        if (!features) return;
        const at = this._corner_of(tile), piece = new Path2D();
        for (let i = 0; i < features.count; i++) {
          if (features.id[i] !== chosen.id) continue;
          const shift = layer.shift(features.o[i], this._zoom);
          webmap.trace(piece, features, i, shift, layer.spec.geometry === "multipolygon", at.x, at.y);
        }
        c.save(); // the buffer around a tile belongs to its neighbours
        c.beginPath(); c.rect(at.x, at.y, SIZE, SIZE); c.clip();
        this._halo(c, piece, layer.spec.geometry === "multipolygon");
        c.restore();
      });
    },

    _isSelected(layer, id) { return this.selected?.layer === layer && this.selected.id === id; },

    _haloRadius() { return 0.6 * (this.selected.size || 16) * this.selected.layer.scale() + 6; },

    _halo(c, path, isArea) {
      const accent = "#0b4f8a";
      if (isArea) { c.fillStyle = accent; c.globalAlpha = 0.1; c.fill(path); c.globalAlpha = 1; }
      c.lineJoin = "round";
      c.strokeStyle = "#ffffff"; c.lineWidth = 8; c.stroke(path);
      c.strokeStyle = accent; c.lineWidth = 4; c.stroke(path);
    },

    /* --- picking --------------------------------------------------------------------------------- */

    /* Return what is at a place, nearest and topmost first: [{layer, id, count, latlng, size}, …]. */
    pick(point, reach = NEAR) {
      const hits = [], where = this._map.containerPointToLayerPoint(point), latlng = this._map.layerPointToLatLng(where);
      const world = this._map.project(latlng, this._zoom);
      const order = { point: 0, multilinestring: 1, multipolygon: 2 };
      this._layers.forEach((layer, index) => {
        if (!layer._map) return;
        const found = new Map(), geometry = layer.spec.geometry;
        layer.eachShown((tile, features) => {
          if (!features) return;
          const x = (world.x - tile.coords.x * SIZE) / K, y = (world.y - tile.coords.y * SIZE) / K;
          if (x < -200 || y < -200 || x > 4296 || y > 4296) return;
          for (let i = 0; i < features.count; i++) {
            if (!layer.isDrawn(features.c[i])) continue;
            const px = distance(layer, features, i, x, y, geometry, reach, this._zoom);
            if (px > reach || px >= (found.get(features.id[i])?.px ?? Infinity)) continue;
            const k = 2 * features.parts[features.first[i]];
            const place = geometry === "point" ? L.point(tile.coords.x * SIZE + features.xy[k] * K, tile.coords.y * SIZE + features.xy[k + 1] * K) : world;
            found.set(features.id[i], {
              layer, id: features.id[i], count: features.n[i] || 1, px, index, size: layer.symbols[features.c[i]].size_px,
              latlng: this._map.unproject(place, this._zoom), order: order[geometry],
            });
          }
        });
        hits.push(...found.values());
      });
      return hits.sort((a, b) => a.order - b.order || a.px - b.px || a.index - b.index);
    },
  });

  function distance(layer, features, i, x, y, geometry, reach, zoom) {
    const { xy, parts, first } = features;
    if (geometry === "point") {
      const k = 2 * parts[first[i]], d = Math.hypot(xy[k] - x, xy[k + 1] - y) * K;
      return Math.max(0, d - radius(layer.symbols[features.c[i]], layer.scale()) * 0.8);
    }
    let best = Infinity, isInside = false;
    const shift = Math.abs(layer.shift(features.o[i], zoom));
    for (let part = first[i]; part < first[i + 1]; part++) {
      const from = parts[part], to = parts[part + 1];
      for (let v = from; v < to; v++) {
        const w = v + 1 < to ? v + 1 : from, ax = xy[2 * v], ay = xy[2 * v + 1], bx = xy[2 * w], by = xy[2 * w + 1];
        if (geometry === "multipolygon") {
          if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) isInside = !isInside;
        } else if (w !== from) {
          const l = (bx - ax) ** 2 + (by - ay) ** 2, t = l ? Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / l)) : 0;
          best = Math.min(best, Math.hypot(ax + t * (bx - ax) - x, ay + t * (by - ay) - y) * K);
        }
      }
    }
    return geometry === "multipolygon" ? (isInside ? 0 : Infinity) : Math.max(0, best - shift);
  }

  /* Where a name fits along a line inside this tile: the middle of its longest straight run. */
  function alongLine(features, i, at, shift) {
    const { xy, parts, first } = features;
    let best = null;
    for (let part = first[i]; part < first[i + 1]; part++) {
      let start = parts[part];
      for (let v = start + 1; v < parts[part + 1]; v++) {
        const dx = xy[2 * v] - xy[2 * start], dy = xy[2 * v + 1] - xy[2 * start + 1], length = Math.hypot(dx, dy) * K;
        const nextTurns = v + 1 >= parts[part + 1] || turn(xy, start, v, v + 1) > 0.08;
        if (nextTurns && length > (best?.room || 0)) {
          let angle = Math.atan2(dy, dx);
          const side = Math.sign(shift) || -1, nx = -Math.sin(angle), ny = Math.cos(angle), away = side * (Math.abs(shift) + 11);
          best = { room: length, x: at.x + (xy[2 * start] + dx / 2) * K + nx * away, y: at.y + (xy[2 * start + 1] + dy / 2) * K + ny * away };
          if (Math.cos(angle) < 0) angle += Math.PI;
          best.angle = angle;
        }
        if (nextTurns) start = v;
      }
    }
    return best;
  }

  function turn(xy, a, b, c) {
    const before = Math.atan2(xy[2 * b + 1] - xy[2 * a + 1], xy[2 * b] - xy[2 * a]);
    const after = Math.atan2(xy[2 * c + 1] - xy[2 * b + 1], xy[2 * c] - xy[2 * b]);
    const d = Math.abs(before - after);
    return Math.min(d, 2 * Math.PI - d);
  }

  function extentsById({ count, id, first, parts, xy }) {
    const extents = new Map();
    for (let i = 0; i < count; i++) {
      const e = extents.get(id[i]) || [Infinity, Infinity, -Infinity, -Infinity];
      for (let v = parts[first[i]]; v < parts[first[i + 1]]; v++) {
        const x = xy[2 * v], y = xy[2 * v + 1];
        if (x < e[0]) e[0] = x; if (y < e[1]) e[1] = y; if (x > e[2]) e[2] = x; if (y > e[3]) e[3] = y;
      }
      extents.set(id[i], e);
    }
    return extents;
  }

  /* Break a long name in two near its middle. */
  function wrap(text) {
    if (text.length < 16) return [text];
    const middle = text.length / 2, gaps = [...text.matchAll(/ /g)].map((gap) => gap.index);
    if (!gaps.length) return [text];
    const gap = gaps.reduce((a, b) => (Math.abs(b - middle) < Math.abs(a - middle) ? b : a));
    return [text.slice(0, gap), text.slice(gap + 1)];
  }

  /* The boxes a label may take, best first. */
  function places(label) {
    const { x, y, r, width: w } = label, h = label.px * 1.35 * label.lines.length;
    if (label.angle || label.room) {
      const half = (Math.abs(w * Math.cos(label.angle)) + h * Math.abs(Math.sin(label.angle))) / 2;
      const tall = (Math.abs(w * Math.sin(label.angle)) + h * Math.abs(Math.cos(label.angle))) / 2;
      return [[x - half, y - tall, x + half, y + tall]];
    }
    const centred = [x - w / 2, y - h / 2, x + w / 2, y + h / 2];
    if (label.isArea && label.extent && label.extent[2] - label.extent[0] < w) { // beside an area that it would hide
      const [x1, y1, x2, y2] = label.extent, middle = (x1 + x2) / 2;
      return [
        [middle - w / 2, y2 + 1, middle + w / 2, y2 + 1 + h], [middle - w / 2, y1 - 1 - h, middle + w / 2, y1 - 1],
        [x2 + 3, y - h / 2, x2 + 3 + w, y + h / 2], [x1 - 3 - w, y - h / 2, x1 - 3, y + h / 2],
      ];
    }
    if (label.isArea) return [centred];
    return [
      [x + r, y - h / 2, x + r + w, y + h / 2], [x - r - w, y - h / 2, x - r, y + h / 2],
      [x - w / 2, y + r, x + w / 2, y + r + h], [x - w / 2, y - r - h, x + w / 2, y - r],
    ];
  }

  function write(c, label, [x1, y1, x2, y2]) {
    const step = label.px * 1.35;
    c.save();
    c.translate((x1 + x2) / 2, (y1 + y2) / 2);
    c.rotate(label.angle);
    c.textAlign = "center";
    c.strokeStyle = "rgba(255,255,255,.9)"; c.lineWidth = 3.5; c.fillStyle = label.ink;
    label.lines.forEach((text, i) => {
      const y = (i - (label.lines.length - 1) / 2) * step;
      c.strokeText(text, 0, y); c.fillText(text, 0, y);
    });
    c.restore();
  }

  webmap.overlay = (layers) => new Overlay(layers);

  /* folium's last line: keep the objects for webmap.js, which starts when the page has been read. */
  webmap.open = (page) => {
    page.overlay = new Overlay(page.layers).addTo(page.map);
    webmap.page = page;
  };
})(window.webmap);
