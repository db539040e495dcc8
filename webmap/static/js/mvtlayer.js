/* A data layer: vector tiles decoded into typed arrays and drawn on one canvas per tile.
   Filtering by class and restyling redraw from the arrays; nothing is fetched again. */
(function (webmap) {
  "use strict";

  const EXTENT = 4096, SIZE = 512, MANY = 1500;
  const FULL = 250; // of 255: what lies under such a pixel is not seen
  const POINT = 1, LINE = 2;
  const { sprite, radius, fillArea, strokePath, newPath } = webmap.symbols;

  /* --- decoding ------------------------------------------------------------------------------- */

  /* Return {mvt layer name: features}; a tile holds the layer and, for areas, its label points. */
  function decode(buffer) {
    const pbf = new Pbf.PbfReader(new Uint8Array(buffer)), layers = {};
    while (pbf.pos < pbf.length) {
      const tag = pbf.readVarint(), end = pbf.readVarint() + pbf.pos;
      if (tag >> 3 === 3) { const layer = decodeLayer(pbf, end); layers[layer.name] = layer; }
      pbf.pos = end;
    }
    return layers;
  }

  function decodeLayer(pbf, end) {
    const start = pbf.pos, found = [], keys = [], values = [];
    let name = "";
    while (pbf.pos < end) {
      const tag = pbf.readVarint();
      if (tag >> 3 === 1) name = pbf.readString();
      else if (tag >> 3 === 2) { found.push(pbf.pos); pbf.pos = pbf.readVarint() + pbf.pos; }
      else if (tag >> 3 === 3) keys.push(pbf.readString());
      else if (tag >> 3 === 4) { values.push(pbf.pos); pbf.pos = pbf.readVarint() + pbf.pos; }
      else pbf.skip(tag);
    }
    const n = found.length;
    const layer = {
      name, count: n, type: POINT, id: new Float64Array(n), c: new Uint16Array(n), n: new Uint32Array(n),
      o: new Uint8Array(n), t: new Int32Array(n).fill(-1), first: new Uint32Array(n + 1),
      parts: [0], xy: new Int16Array(end - start), length: 0,
      text(i) { // names are read only for the labels that are looked at
        if (layer.t[i] < 0) return "";
        pbf.pos = values[layer.t[i]];
        pbf.readVarint();
        return pbf.readVarint() >> 3 === 1 ? pbf.readString() : "";
      },
    };
    found.forEach((position, i) => decodeFeature(pbf, position, layer, i, keys, values));
    layer.first[n] = layer.parts.length - 1;
    layer.xy = layer.xy.slice(0, layer.length);
    layer.parts = Uint32Array.from(layer.parts);
    return layer;
  }

  function decodeFeature(pbf, position, layer, i, keys, values) {
    pbf.pos = position;
    const end = pbf.readVarint() + pbf.pos;
    layer.first[i] = layer.parts.length - 1;
    while (pbf.pos < end) {
      const tag = pbf.readVarint() >> 3;
      if (tag === 1) layer.id[i] = pbf.readVarint();
      else if (tag === 2) {
        const last = pbf.readVarint() + pbf.pos;
        while (pbf.pos < last) {
          const key = keys[pbf.readVarint()], value = pbf.readVarint();
          if (key === "t") layer.t[i] = value;
          else if (key === "c" || key === "n" || key === "o") {
            const back = pbf.pos;
            layer[key][i] = integer(pbf, values[value]);
            pbf.pos = back;
          }
        }
      } else if (tag === 3) layer.type = pbf.readVarint();
      else if (tag === 4) decodeGeometry(pbf, layer);
      else break;
    }
  }

  function integer(pbf, position) {
    pbf.pos = position;
    pbf.readVarint();
    return pbf.readVarint() >> 3 === 6 ? pbf.readSVarint() : pbf.readVarint();
  }

  /* Append the parts of one geometry. An area's ring is closed by repeating nothing: canvas closes it. */
  function decodeGeometry(pbf, layer) {
    const end = pbf.readVarint() + pbf.pos, xy = layer.xy;
    let x = 0, y = 0, at = layer.length, open = false;
    while (pbf.pos < end) {
      const command = pbf.readVarint();
      if ((command & 7) === 7) continue;
      if ((command & 7) === 1 && open) layer.parts.push(at / 2);
      open = true;
      for (let k = command >> 3; k > 0; k--) {
        x += pbf.readSVarint(); y += pbf.readSVarint();
        xy[at++] = x; xy[at++] = y;
      }
    }
    layer.parts.push(at / 2);
    layer.length = at;
  }

  /* --- the Leaflet layer ------------------------------------------------------------------------ */

  const MvtLayer = L.GridLayer.extend({
    options: { tileSize: SIZE, zoomOffset: -1, keepBuffer: 1, updateWhenZooming: false, className: "mvt-layer" },

    initialize(spec) {
      L.GridLayer.prototype.initialize.call(this, { minZoom: spec.minZoom, zIndex: spec.zIndex });
      this.spec = spec;
      this.symbols = spec.style.classes.map((index) => spec.style.symbols[index]);
      this.mask = null; // class number -> 1 when drawn; null draws all
      this.query = "";
      this.failures = 0;
      this.on("tileunload", (event) => this._unload(event.tile));
    },

    /* Show only these classes (a function of the class number), without asking the server. */
    setMask(keep) {
      this.mask = keep && Uint8Array.from(this.symbols, (_, number) => (keep(number) ? 1 : 0));
      this.redrawTiles();
      this.fire("redrawn");
    },

    /* Ask the server for other tiles: "status=planned&…". */
    setQuery(query) {
      if (query === this.query) return;
      this.query = query;
      if (this._map) this.redraw();
    },

    redrawTiles() { this._eachTile((tile) => this._draw(tile)); },

    retry() {
      this._eachTile((tile) => { if (tile.failed) this._fetch(tile, () => {}); });
    },

    /* Call visit(tile, features, labels) for the tiles of the zoom that is shown. */
    eachShown(visit) {
      const zoom = this._map && this._map.getZoom();
      this._eachTile((tile) => {
        if (tile.coords.z !== zoom || !tile.data) return;
        visit(tile, tile.data[this.spec.name], tile.data[this.spec.name + "_label"]);
      });
    },

    isDrawn(number) { return number < this.symbols.length && (!this.mask || this.mask[number] === 1); },

    scale() {
      const zoom = this._map.getZoom(), areas = this.spec.geometry !== "point";
      if (areas) return zoom < 9 ? 0.45 : zoom < 11 ? 0.65 : zoom < 13 ? 0.85 : 1.1;
      return [0.42, 0.5, 0.6, 0.72, 0.85, 1][Math.max(0, Math.min(5, zoom - 8))] * (zoom >= 16 ? 1.2 : 1);
    },

    createTile(coords, done) {
      const canvas = L.DomUtil.create("canvas", "mvt-tile");
      canvas.width = canvas.height = 0; // sized when there is something to draw
      canvas.tile = { canvas, coords, data: null, failed: false, abort: null };
      this._fetch(canvas.tile, done);
      return canvas;
    },

    async _fetch(tile, done) {
      const { x, y, z } = tile.coords;
      const url = L.Util.template(this.spec.url, { x, y, z: z + this.options.zoomOffset });
      const { signal } = tile.abort = new AbortController();
      try {
        const found = await webmap.askTile(this.query ? url + "?" + this.query : url, this.spec.name, signal);
        if (signal.aborted) return;
        tile.data = found;
        if (tile.failed) { tile.failed = false; this.failures--; }
        this._draw(tile);
        done(null, tile.canvas);
        this.fire("arrived");
      } catch (error) {
        if (signal.aborted) return;
        if (!tile.failed) { tile.failed = true; this.failures++; }
        done(error, tile.canvas);
        this.fire("failed", { status: error.status || 0, role: error.role });
      }
    },

    _unload(canvas) {
      const tile = canvas.tile;
      tile.abort.abort();
      if (tile.failed) this.failures--;
      tile.data = null;
      canvas.width = canvas.height = 0;
    },

    _eachTile(visit) {
      for (const key in this._tiles) visit(this._tiles[key].el.tile);
    },

    _draw(tile) {
      const features = tile.data && tile.data[this.spec.name];
      if (!this._map || !features || !features.count) { tile.canvas.width = 0; return; }
      const ratio = webmap.ratio || Math.min(3, window.devicePixelRatio || 1), { canvas } = tile;
      const side = canvas.width = canvas.height = Math.round(SIZE * ratio), exact = side / SIZE, c = sheet(side);
      if (features.type === POINT) this._drawPoints(c, features, exact);
      else {
        c.scale(exact, exact);
        this._drawShapes(c, features, exact);
      }
      canvas.getContext("bitmaprenderer").transferFromImageBitmap(c.canvas.transferToImageBitmap());
    },

    _drawPoints(c, features, ratio) {
      const zoom = this._map.getZoom(), scale = this.scale(), grain = (SIZE / EXTENT) * ratio;
      const sprites = this.symbols.map(() => null), { c: classes, xy, parts, first } = features;
      const of = (number) => sprites[number] || (sprites[number] = sprite(this.symbols[number], scale, ratio, zoom >= 10));
      const image = features.count > MANY ? c.createImageData(c.canvas.width, c.canvas.height) : null;
      const hidden = image && covered(features, (number) => this.isDrawn(number));
      const put = (i) => {
        const found = of(classes[i]), at = 2 * parts[first[i]], half = found.half * ratio;
        const left = Math.round(xy[at] * grain - half), top = Math.round(xy[at + 1] * grain - half);
        if (image) slideUnder(image, found, left, top);
        else c.drawImage(found.canvas, left, top);
      };
      if (image) { for (let i = features.count - 1; i >= 0; i--) if (!hidden[i]) put(i); } // the uppermost first
      else for (let i = 0; i < features.count; i++) if (this.isDrawn(classes[i])) put(i);
      if (image) { c.putImageData(image, 0, 0); return; }
      c.scale(ratio, ratio);
      for (let i = 0; i < features.count; i++) {
        if (features.n[i] > 1 && this.isDrawn(classes[i])) {
          const at = 2 * parts[first[i]], r = radius(this.symbols[classes[i]], scale);
          drawCount(c, features.n[i], xy[at] * SIZE / EXTENT + r, xy[at + 1] * SIZE / EXTENT - r);
        }
      }
    },

    _drawShapes(c, features, ratio) {
      const scale = this.scale(), zoom = this._map.getZoom(), isLine = features.type === LINE;
      const paths = new Map();
      for (let i = 0; i < features.count; i++) {
        const number = features.c[i];
        if (!this.isDrawn(number)) continue;
        let path = paths.get(number);
        if (!path) paths.set(number, path = newPath(c));
        trace(path, features, i, isLine ? this.shift(features.o[i], zoom) : 0, !isLine);
      }
      const drawn = [...paths].map(([number, path]) => [this.symbols[number], path]);
      if (isLine && zoom >= 11 && features.count < 200) { // in a crowd the rims of lines hide other lines, and double the work
        for (const [symbol, path] of drawn) {
          c.strokeStyle = "rgba(255,255,255,.75)"; c.lineWidth = symbol.stroke_px * scale + 2.4; c.lineJoin = "round";
          c.stroke(path);
        }
      }
      const land = !isLine && webmap.page?.land?.colour();
      for (const [symbol, path] of drawn) {
        if (land && symbol.fill && symbol.fill_opacity === 0) { c.fillStyle = land; c.fill(path, "nonzero"); }
        if (!isLine) fillArea(c, path, symbol, ratio);
        strokePath(c, path, symbol, scale);
      }
    },

    /* Circuits on one route are drawn side by side from zoom 13 on: px to the right of the line. */
    shift(offset, zoom) {
      return this.spec.style.side_by_side && zoom >= 13 && offset ? (offset - 1.5) * 4.5 : 0;
    },
  });

  /* What all tiles are drawn on; a tile is handed the finished picture. A canvas that one draws on is copied for each
     frame of the page, of which there are many while tiles arrive and while the map moves. */
  let shared;
  function sheet(side) {
    if (shared?.canvas.width !== side) shared = new OffscreenCanvas(side, side).getContext("2d");
    shared.resetTransform();
    return shared;
  }

  /* Add feature i to a path, in CSS px of its tile, shifted to the right by `shift` px. */
  function trace(path, features, i, shift, closed, moveX = 0, moveY = 0) {
    const { xy, parts, first } = features, k = SIZE / EXTENT;
    for (let part = first[i]; part < first[i + 1]; part++) {
      const from = parts[part], to = parts[part + 1];
      for (let v = from; v < to; v++) {
        let x = xy[2 * v] * k + moveX, y = xy[2 * v + 1] * k + moveY;
        if (shift) {
          const before = Math.max(from, v - 1), after = Math.min(to - 1, v + 1);
          const dx = xy[2 * after] - xy[2 * before], dy = xy[2 * after + 1] - xy[2 * before + 1], d = Math.hypot(dx, dy) || 1;
          x -= (dy / d) * shift; y += (dx / d) * shift;
        }
        v === from ? path.moveTo(x, y) : path.lineTo(x, y);
      }
      if (closed) path.closePath();
    }
  }

  /* Which points lie under a later one, to 4 px, less than a third of a symbol: in a crowd most of the drawing would be for nothing. */
  function covered({ count, c, xy, parts, first }, isDrawn) {
    const side = EXTENT / 32 + 16, taken = new Uint8Array(side * side), hidden = new Uint8Array(count);
    for (let i = count - 1; i >= 0; i--) {
      if (!isDrawn(c[i])) { hidden[i] = 1; continue; }
      const at = 2 * parts[first[i]], cell = ((xy[at + 1] >> 5) + 8) * side + (xy[at] >> 5) + 8;
      hidden[i] = taken[cell];
      taken[cell] = 1;
    }
    return hidden;
  }

  /* Lay a sprite under what an image holds: pixels that are full already, most in a crowd, cost one look. */
  function slideUnder(image, found, left, top) {
    const { word, alpha, x: xs, y: ys } = found.pixels || (found.pixels = readPixels(found.canvas));
    const words = image.words || (image.words = new Uint32Array(image.data.buffer)), { width, height, data: to } = image;
    for (let k = 0; k < word.length; k++) {
      const x = left + xs[k], y = top + ys[k];
      if (x < 0 || y < 0 || x >= width || y >= height) continue;
      const at = y * width + x, above = words[at] >>> 24;
      if (above > FULL) continue;
      if (above === 0) { words[at] = word[k]; continue; }
      const d = 4 * at, below = (alpha[k] * (255 - above)) / 255, sum = above + below, w = word[k];
      to[d] = (to[d] * above + (w & 255) * below) / sum;
      to[d + 1] = (to[d + 1] * above + ((w >> 8) & 255) * below) / sum;
      to[d + 2] = (to[d + 2] * above + ((w >> 16) & 255) * below) / sum;
      to[d + 3] = sum;
    }
  }

  /* The pixels of a sprite that are not empty, as little-endian words. */
  function readPixels(canvas) {
    const size = canvas.width, all = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, size, size).data.buffer);
    const kept = [...all.keys()].filter((k) => all[k] >>> 24);
    return {
      word: Uint32Array.from(kept, (k) => all[k]), alpha: Uint8Array.from(kept, (k) => all[k] >>> 24),
      x: Int16Array.from(kept, (k) => k % size), y: Int16Array.from(kept, (k) => Math.floor(k / size)),
    };
  }

  function drawCount(c, count, x, y) {
    const text = count > 999 ? "999+" : String(count);
    c.font = "600 9px system-ui, sans-serif";
    const w = c.measureText(text).width + 6;
    c.fillStyle = "#1d2733"; c.strokeStyle = "#ffffff"; c.lineWidth = 1;
    c.beginPath(); c.roundRect(x - 3, y - 7, w, 12, 6); c.fill(); c.stroke();
    c.fillStyle = "#ffffff"; c.textBaseline = "middle"; c.textAlign = "left";
    c.fillText(text, x, y - 0.5);
  }

  Object.assign(webmap, { mvt: (spec) => new MvtLayer(spec), trace, decode, drawCount });
})(window.webmap);
