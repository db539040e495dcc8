/* What the screen paints as pixels, as SVG: paper then has lines and areas, not a picture of them.
   The drawing itself is that of symbols.js and mvtlayer.js; only the canvas is another one. */

const SVG = "http://www.w3.org/2000/svg", SIZE = 512, K = SIZE / 4096, HATCH = 8, CLIP = 0.2;
/* A layer with more than this on the sheet stays a picture: a browser would print for minutes. */
const MOST_POINTS = 20000, MOST_VERTICES = 400000;
let ids = 0;

export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== undefined) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const short = (value) => Math.round(value * 100) / 100;

/* Path2D that can be read. */
class Path {
  constructor(d = "") { this.d = d; }
  /* West, north, east, south of a path of straight lines. */
  extent() {
    const numbers = [], pattern = /[ML](-?[\d.]+) (-?[\d.]+)(?:h(-?[\d.]+)v(-?[\d.]+))?/g;
    for (const [, x, y, w, h] of this.d.matchAll(pattern)) numbers.push([Number(x), Number(y)], [Number(x) + Number(w || 0), Number(y) + Number(h || 0)]);
    return [0, 1].map((i) => numbers.reduce((best, at) => Math.min(best, at[i]), Infinity)).concat([0, 1].map((i) => numbers.reduce((best, at) => Math.max(best, at[i]), -Infinity)));
  }
  moveTo(x, y) { this.d += `M${short(x)} ${short(y)}`; }
  lineTo(x, y) { this.d += (this.d ? "L" : "M") + `${short(x)} ${short(y)}`; }
  bezierCurveTo(...at) { this.d += "C" + at.map(short).join(" "); }
  closePath() { this.d += "Z"; }
  rect(x, y, w, h) { this.d += `M${short(x)} ${short(y)}h${short(w)}v${short(h)}h${short(-w)}Z`; }
  arc(x, y, r, from, to) {
    const at = (angle) => `${short(x + r * Math.cos(angle))} ${short(y + r * Math.sin(angle))}`, half = from + (to - from) / 2;
    this.d += `${this.d ? "L" : "M"}${at(from)}A${short(r)} ${short(r)} 0 0 1 ${at(half)}A${short(r)} ${short(r)} 0 0 1 ${at(to)}`;
  }
}

/* What the drawing needs of a 2D context, written into an SVG element. */
export class SvgCanvas {
  constructor(root, defs = root) {
    this.out = root; this.defs = defs; this.kept = []; this.path = new Path();
    Object.assign(this, { fillStyle: "#000000", strokeStyle: "#000000", lineWidth: 1, lineCap: "butt", lineJoin: "miter", globalAlpha: 1, dash: [] });
  }
  newPath(d) { return new Path(d); }
  save() { const { out, fillStyle, strokeStyle, lineWidth, lineCap, lineJoin, globalAlpha, dash } = this; this.kept.push({ out, fillStyle, strokeStyle, lineWidth, lineCap, lineJoin, globalAlpha, dash }); }
  restore() { Object.assign(this, this.kept.pop()); }
  _into(attributes) { const group = svg("g", attributes); this.out.append(group); this.out = group; }
  translate(x, y) { this._into({ transform: `translate(${short(x)} ${short(y)})` }); }
  scale(x, y) { this._into({ transform: `scale(${x} ${y})` }); }
  clip(path) {
    const id = `clip-${++ids}`;
    this.defs.append(svg("clipPath", { id }, svg("path", { d: path.d })));
    this._into({ "clip-path": `url(#${id})` });
  }
  setLineDash(dash) { this.dash = dash; }
  beginPath() { this.path = new Path(); }
  moveTo(x, y) { this.path.moveTo(x, y); }
  lineTo(x, y) { this.path.lineTo(x, y); }
  arc(...at) { this.path.arc(...at); }
  roundRect(x, y, w, h) { this.path.rect(x, y, w, h); }
  fill(path = this.path) {
    if (this.fillStyle.colour) { this._fillHatched(path, this.fillStyle); return; }
    this.out.append(svg("path", { d: path.d ?? this.path.d, fill: this.fillStyle, "fill-opacity": this.globalAlpha < 1 ? this.globalAlpha : null }));
  }
  fillRect(x, y, w, h) { this.out.append(svg("rect", { x: short(x), y: short(y), width: short(w), height: short(h), fill: this.fillStyle })); }
  stroke(path = this.path) {
    this.out.append(svg("path", { d: path.d, fill: "none", stroke: this.strokeStyle, "stroke-width": short(this.lineWidth), "stroke-linejoin": this.lineJoin, "stroke-linecap": this.lineCap,
      "stroke-dasharray": this.dash.length ? this.dash.join(" ") : null, "stroke-opacity": this.globalAlpha < 1 ? this.globalAlpha : null }));
  }
  set font(value) { this.measure ||= document.createElement("canvas").getContext("2d"); this.measure.font = value; }
  measureText(text) { return this.measure.measureText(text); }
  fillText(text, x, y) {
    const [, weight, px] = /(\d+) ([\d.]+)px/.exec(this.measure.font) || [0, 600, 9];
    const made = svg("text", { x: short(x), y: short(y), dy: "0.35em", "font-size": px, "font-weight": weight, "font-family": "Be Vietnam Pro, sans-serif", fill: this.fillStyle });
    made.textContent = text;
    this.out.append(made);
  }
  /* The 8 px hatching of an area: lines cut to it, since a pattern would reach paper as a picture. */
  hatch({ hatch, fill }) { return { angle: hatch, colour: fill }; }
  _fillHatched(path, { angle, colour }) {
    const [x1, y1, x2, y2] = path.extent().map((value, i) => (i < 2 ? Math.max(-HATCH, value) : Math.min(SIZE + HATCH, value))), lines = new Path();
    const step = (from, to, draw) => { for (let at = Math.ceil(from / HATCH) * HATCH; at <= to; at += HATCH) draw(at); };
    if (angle === 90) step(x1, x2, (x) => { lines.moveTo(x + 4, y1); lines.lineTo(x + 4, y2); });
    else if (angle === 180) step(y1, y2, (y) => { lines.moveTo(x1, y + 4); lines.lineTo(x2, y + 4); });
    else if (angle === 45) step(x1 + y1, x2 + y2, (sum) => { lines.moveTo(sum - y2, y2); lines.lineTo(sum - y1, y1); });
    else step(x1 - y2, x2 - y1, (gap) => { lines.moveTo(gap + y1, y1); lines.lineTo(gap + y2, y2); });
    this.save();
    this.clip(path);
    this.out.append(svg("path", { d: lines.d, stroke: colour, "stroke-width": 1.6, "stroke-opacity": this.globalAlpha, fill: "none" }));
    this.restore();
  }
}

/* A data layer on the sheet, or null when it has too much for one. */
export function vectorLayer(layer, map) {
  const origin = map.getPixelBounds().min, size = map.getSize(), root = svg("svg", { class: "print-vector", width: size.x, height: size.y, viewBox: `0 0 ${size.x} ${size.y}`, opacity: layer.options.opacity ?? 1 });
  const tiles = [];
  layer.eachShown((tile, features) => { if (features?.count) tiles.push({ at: tile.coords.scaleBy(new L.Point(SIZE, SIZE)).subtract(origin), features }); });
  const isPoint = layer.spec.geometry === "point", sum = (of) => tiles.reduce((all, { features }) => all + of(features), 0);
  if (isPoint ? sum((f) => f.count) > MOST_POINTS : sum((f) => f.xy.length / 2) > MOST_VERTICES) return null;
  root.style.zIndex = layer.spec.zIndex;
  const defs = svg("defs");
  root.append(defs);
  if (isPoint) drawPoints(layer, map, root, defs, tiles, size);
  else {
    for (const { at, features } of tiles) {
      const part = svg("svg", { x: at.x - CLIP, y: at.y - CLIP, width: SIZE + 2 * CLIP, height: SIZE + 2 * CLIP, viewBox: `${-CLIP} ${-CLIP} ${SIZE + 2 * CLIP} ${SIZE + 2 * CLIP}`, overflow: "hidden" });
      layer._drawShapes(new SvgCanvas(part, defs), features, 1);
      root.append(part);
    }
  }
  return root;
}

/* Each symbol once, and a reference for each place on the sheet. */
function drawPoints(layer, map, root, defs, tiles, size) {
  const { drawPoint, radius } = window.webmap.symbols, scale = layer.scale(), made = new Map(), counts = [];
  const symbolOf = (number) => {
    if (!made.has(number)) {
      const group = svg("g", { id: `symbol-${++ids}` });
      drawPoint(new SvgCanvas(group, defs), layer.symbols[number], scale, map.getZoom() >= 10);
      defs.append(group);
      made.set(number, group.id);
    }
    return made.get(number);
  };
  for (const { at, features } of tiles) {
    for (let i = 0; i < features.count; i++) {
      const k = 2 * features.parts[features.first[i]], px = features.xy[k], py = features.xy[k + 1], x = at.x + px * K, y = at.y + py * K;
      const isOwn = px >= 0 && py >= 0 && px < 4096 && py < 4096, isOn = x > -40 && y > -40 && x < size.x + 40 && y < size.y + 40;
      if (!isOwn || !isOn || !layer.isDrawn(features.c[i])) continue; // the neighbour tile has it too
      root.append(svg("use", { href: "#" + symbolOf(features.c[i]), x: short(x), y: short(y) }));
      if (features.n[i] > 1) counts.push([features.n[i], x, y, radius(layer.symbols[features.c[i]], scale)]);
    }
  }
  const c = new SvgCanvas(root, defs);
  for (const [count, x, y, r] of counts) window.webmap.drawCount(c, count, x + r, y - r);
}

/* The land of the backdrop, cut to the sheet. */
export function vectorLand(land, map) {
  const size = map.getSize(), root = svg("svg", { class: "print-vector", width: size.x, height: size.y, viewBox: `0 0 ${size.x} ${size.y}` }), { land: fill, coast } = land._colours();
  const path = new Path(), around = L.bounds([-size.x, -size.y], [2 * size.x, 2 * size.y]);
  for (const ring of land.rings) {
    const points = [];
    for (let i = 0; i < ring.length; i += 2) points.push(map.latLngToContainerPoint([ring[i + 1], ring[i]]));
    L.PolyUtil.clipPolygon(points, around).forEach(({ x, y }, i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
    path.closePath();
  }
  root.style.zIndex = 0;
  root.append(svg("path", { d: path.d, fill, stroke: coast, "stroke-width": 1 }));
  return root;
}

/* The legend's picture of a symbol. */
export function vectorLegend(symbol, geometry, width, height) {
  const root = svg("svg", { class: "legend-symbol", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  window.webmap.symbols.drawLegend(new SvgCanvas(root), symbol, geometry, width, height, 1);
  return root;
}
