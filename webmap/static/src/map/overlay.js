/* One canvas above all data layers: names without collisions, the halo of the selected object, and
   the answer to "what is at this place". Reads the layers' arrays, asks no server. */
import { Boxes, covered, leading, linesOf, places } from "./boxes.js";
import { WHOLE } from "./crowding.js";
import { groundOn } from "./ground.js";
import { faded, inks, tones } from "./inks.js";
import { collectLabels, haloRadius } from "./labels.js";
import { pickFrom } from "./picking.js";
import { pixelRatio } from "./ratio.js";
import { SCALE, SIZE, trace } from "./shapes.js";
import { radius } from "./symbols.js";
/** @import { Box, Label } from "./boxes.js" */
/** @import { MvtLayer } from "./mvtlayer.js" */
/** @import { Hit, ShownTile } from "./types" */

const MARGIN = 64;
const MOST = 400; // names
const NEAR = 8; // px
const FEW = 600; // symbols of a tile that names keep clear of
const FONT = '"Be Vietnam Pro", "Segoe UI", system-ui, sans-serif';
const CHANGES = "arrived redrawn add remove";

export class Overlay extends L.Layer {
  /** @param {MvtLayer[]} layers */
  constructor(layers) {
    super();
    this.layers = layers;
    /** @type {Hit | null} */
    this.selected = null;
    this.soon = L.Util.throttle(() => this.redraw(), 250, this);
    this.canvas = L.DomUtil.create("canvas", "leaflet-zoom-animated");
    this.corner = L.latLng(0, 0);
    this.zoom = 0;
    this.stretch = 1; // how much larger than drawn the tiles are shown
    this.origin = L.point(0, 0);
    /** @type {() => Box[]} what lies over the map, px of its box */
    this.covers = () => [];
    /** @type {{ text: string, box: Box }[]} the names that stand on the map, and where */
    this.named = [];
  }

  /**
   * What is seen of the map, px of this canvas, which is larger.
   *
   * @returns {Box}
   */
  view() {
    const { x, y } = this._map.getSize();
    return [MARGIN, MARGIN, MARGIN + x, MARGIN + y];
  }

  /**
   * @override
   * @param {L.Map} map
   */
  onAdd(map) {
    const pane = map.getPane("labels") || map.createPane("labels");
    pane.classList.add("labels-pane");
    pane.append(this.canvas);
    for (const layer of this.layers) layer.on(CHANGES, this.soon);
    map.on("moveend resize", this.redraw, this).on("groundarrived", this.soon);
    map.on("zoomanim", this.follow, this);
    document.fonts?.load('500 12px "Be Vietnam Pro"', "Ậễ").then(() => this.redraw());
    this.redraw();
    return this;
  }

  /**
   * @override
   * @param {L.Map} map
   */
  onRemove(map) {
    for (const layer of this.layers) layer.off(CHANGES, this.soon);
    map.off("moveend resize", this.redraw, this).off("groundarrived", this.soon).off("zoomanim", this.follow, this);
    this.canvas.remove();
    return this;
  }

  /** The base map whose names are written with the others. */
  ground() {
    return groundOn(this._map);
  }

  /** @param {Hit | null} selection */
  select(selection) {
    this.selected = selection;
    this.redraw();
  }

  /** @param {L.ZoomAnimEvent} event */
  follow(event) {
    const map =
      /** @type {L.Map & { _latLngToNewLayerPoint(at: L.LatLng, zoom: number, center: L.LatLng): L.Point }} */ (
        this._map
      );
    const at = map._latLngToNewLayerPoint(this.corner, event.zoom, event.center);
    L.DomUtil.setTransform(this.canvas, at, map.getZoomScale(event.zoom, this.zoom));
  }

  redraw() {
    const map = this._map;
    if (!map) return;
    const ratio = pixelRatio(3);
    const size = map.getSize().add([2 * MARGIN, 2 * MARGIN]);
    const corner = map.containerPointToLayerPoint([-MARGIN, -MARGIN]);
    const canvas = this.canvas;
    canvas.width = Math.round(size.x * ratio);
    canvas.height = Math.round(size.y * ratio);
    canvas.style.width = size.x + "px";
    canvas.style.height = size.y + "px";
    L.DomUtil.setTransform(canvas, corner, 1);
    this.corner = map.layerPointToLatLng(corner);
    this.zoom = map.getZoom();
    this.stretch = map.getZoomScale(this.zoom, Math.round(this.zoom));
    this.origin = map.getPixelBounds().min?.subtract([MARGIN, MARGIN]) ?? this.origin;
    const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    c.scale(ratio, ratio);
    this.drawSelected(c);
    this.drawLabels(c);
    canvas.dataset.labels = String(this.named.length);
  }

  /**
   * A tile's upper left corner in px of this canvas.
   *
   * @param {ShownTile} tile
   */
  cornerOf(tile) {
    const side = SIZE * this.stretch;
    return tile.coords.scaleBy(new L.Point(side, side)).subtract(this.origin);
  }

  /* --- names ---------------------------------------------------------------------------------- */

  /**
   * Draw names, each whole within what is seen of the map and under nothing that lies over it.
   *
   * @param {CanvasRenderingContext2D} c
   */
  drawLabels(c) {
    const taken = new Boxes();
    this.named = [];
    this.reserveSymbols(taken);
    for (const [x1, y1, x2, y2] of this.covers()) taken.take([x1 + MARGIN, y1 + MARGIN, x2 + MARGIN, y2 + MARGIN]);
    const wanted = collectLabels(this);
    c.textBaseline = "middle";
    c.lineJoin = "round";
    const said = new Set();
    for (const label of wanted) {
      if (this.named.length >= MOST) break;
      if (label.isOnce && said.has(label.text)) continue;
      c.font = `${label.weight} ${label.px}px ${FONT}`;
      const box = this.roomFor(c, label, taken);
      if (!box) continue;
      for (const part of covered(label, box)) taken.take(part);
      write(c, label, box);
      if (label.isOnce) said.add(label.text);
      this.named.push({ text: label.text, box });
    }
  }

  /**
   * Break a label so that it finds room, and return where.
   *
   * @param {CanvasRenderingContext2D} c
   * @param {Label} label
   * @param {Boxes} taken
   */
  roomFor(c, label, taken) {
    const [left, top, right, bottom] = this.view();
    for (const lines of linesOf(label)) {
      label.lines = lines;
      label.width = Math.max(...lines.map((text) => c.measureText(text).width));
      if (label.room && label.width > label.room) continue;
      const isFree = (/** @type {Box} */ place) => covered(label, place).every((box) => taken.isFree(box));
      const box = places(label).find(
        (place) => place[0] > left && place[1] > top && place[2] < right && place[3] < bottom && isFree(place),
      );
      if (box) return box;
    }
    return null;
  }

  /** @param {Boxes} taken */
  reserveSymbols(taken) {
    for (const layer of this.layers) {
      const isPoint = layer.spec.geometry === "point";
      if (!layer.isOnMap() || !(isPoint || layer.spec.style.small)) continue;
      const unit = SCALE * this.stretch;
      layer.eachShown((tile, whole, points) => {
        const features = isPoint ? whole : points;
        if (!features || features.count > FEW) return;
        const at = this.cornerOf(tile);
        for (let i = 0; i < features.count; i++) {
          if (!layer.isDrawn(features.c[i]) || (tile.places ? tile.places[i] !== WHOLE : !isPoint)) continue;
          const x = at.x + features.xy[2 * i] * unit;
          const y = at.y + features.xy[2 * i + 1] * unit;
          const symbol = layer.points[features.c[i]];
          const r = 0.8 * radius(symbol, layer.pointScale(symbol)) * this.stretch;
          taken.take([x - r, y - r, x + r, y + r]);
          if (symbol.badge) taken.take([x, y - 1.6 * r, x + 1.6 * r, y]);
        }
      });
    }
  }

  /* --- the selected object -------------------------------------------------------------------- */

  /** @param {CanvasRenderingContext2D} c */
  drawSelected(c) {
    const chosen = this.selected;
    if (!chosen || !chosen.layer.isOnMap()) return;
    const layer = chosen.layer;
    const isArea = layer.spec.geometry === "multipolygon";
    if (layer.spec.geometry === "point") {
      const path = new Path2D();
      const at = this._map.project(chosen.latlng, this.zoom).subtract(this.origin);
      path.arc(at.x, at.y, haloRadius(chosen), 0, 2 * Math.PI);
      halo(c, path, false);
      return;
    }
    layer.eachShown((tile, features) => {
      if (!features) return;
      const at = this.cornerOf(tile);
      const piece = new Path2D();
      for (let i = 0; i < features.count; i++) {
        if (features.id[i] !== chosen.id) continue;
        trace(piece, features, i, { shift: layer.shift(features.o[i], this.zoom), closed: isArea });
      }
      c.save(); // the buffer around a tile belongs to its neighbours
      c.translate(at.x, at.y);
      c.scale(this.stretch, this.stretch);
      c.beginPath();
      c.rect(0, 0, SIZE, SIZE);
      c.clip();
      halo(c, piece, isArea);
      c.restore();
    });
  }

  /* --- picking --------------------------------------------------------------------------------- */

  /**
   * Return what is at a place of the map's box, nearest and topmost first.
   *
   * @param {L.Point} point
   * @param {number} reach px
   * @returns {Hit[]}
   */
  pick(point, reach = NEAR) {
    const latlng = this._map.layerPointToLatLng(this._map.containerPointToLayerPoint(point));
    const zoom = Math.round(this.zoom);
    return pickFrom(this.layers, this._map, this._map.project(latlng, zoom), zoom, reach / this.stretch);
  }
}

/**
 * @param {CanvasRenderingContext2D} c
 * @param {Path2D} path
 * @param {boolean} isArea
 */
function halo(c, path, isArea) {
  if (isArea) {
    c.fillStyle = faded(inks.accent, 0.1);
    c.fill(path);
  }
  c.lineJoin = "round";
  c.strokeStyle = inks.paper;
  c.lineWidth = 8;
  c.stroke(path);
  c.strokeStyle = inks.accent;
  c.lineWidth = 4;
  c.stroke(path);
}

/**
 * @param {CanvasRenderingContext2D} c
 * @param {Label} label
 * @param {Box} box
 */
function write(c, label, [x1, y1, x2, y2]) {
  c.save();
  c.translate((x1 + x2) / 2, (y1 + y2) / 2);
  c.rotate(label.angle);
  c.textAlign = "center";
  c.strokeStyle = faded(tones().halo, 0.9);
  c.lineWidth = 3.5;
  c.fillStyle = label.ink;
  label.lines.forEach((text, i) => {
    const y = (i - (label.lines.length - 1) / 2) * leading(label);
    c.strokeText(text, 0, y);
    c.fillText(text, 0, y);
  });
  c.restore();
}
