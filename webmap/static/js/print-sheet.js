/* A sheet of paper with a map: laid out in millimetres, drawn again at a chosen scale, with its legend and who made it. */
import { loaded, mirrorLayers } from "./mirror.js";
import { svg, vectorLand, vectorLayer, vectorLegend } from "./print-vector.js";
import { element, icon, language, number, t } from "./texts.js";

export const PAPERS = { A4: [297, 210], A3: [420, 297] }, SCALES = [5000, 10000, 25000, 50000, 100000, 200000, 250000, 500000];
export const RATIO = 2, REACH = 64, FONT = '"Be Vietnam Pro", "Segoe UI", sans-serif';
const MM = 96 / 25.4, EDGE = 10, HEAD = 16, SIDE = 62, FOOT = 62, CIRCUMFERENCE = 40075016.686, E2 = 0.00669438, BAR_MM = 30;
/* What was asked for the last time. */
export const chosen = { paper: "A4", landscape: true, scale: null, title: "" };
const pageRule = new CSSStyleSheet();

/* Metres of a pixel in east-west direction: web Mercator's scale on the ellipsoid. */
export function metresPerPixel(lat, zoom) {
  const sine = Math.sin((lat * Math.PI) / 180);
  return (CIRCUMFERENCE * Math.sqrt(1 - sine * sine)) / Math.sqrt(1 - E2 * sine * sine) / 256 / 2 ** zoom;
}

/* Millimetres of the paper, and of the map on it. */
export function paper() {
  const [long, short] = PAPERS[chosen.paper], width = chosen.landscape ? long : short, height = chosen.landscape ? short : long;
  return { width, height, mapWidth: width - 2 * EDGE - (chosen.landscape ? SIDE : 0), mapHeight: height - 2 * EDGE - HEAD - (chosen.landscape ? 0 : FOOT) };
}

/* The largest of the usual scales at which a box of metres fits on the map. */
export function scaleFor(metresWide, metresHigh) {
  const { mapWidth, mapHeight } = paper(), needed = Math.max(metresWide / mapWidth, metresHigh / mapHeight) * 1000;
  return SCALES.find((one) => one >= needed) || SCALES.at(-1);
}

/* A sheet that is laid out and still empty: draw() fills it once it is in the page. */
export function layOut(page, { centre, scale, title, under = "" }) {
  const { width, height, mapWidth, mapHeight } = paper(), perPixel = (scale * 0.0254) / 96;
  const zoom = Math.max(page.map.getMinZoom(), Math.min(page.map.getMaxZoom(), Math.round(Math.log2(metresPerPixel(centre.lat, 0) / perPixel))));
  const factor = metresPerPixel(centre.lat, zoom) / perPixel;
  const inner = element("div", { class: "print-map-inner" }), frame = element("div", { class: "print-map" }, inner), aside = element("aside", { class: "print-side" });
  const sheet = element("section", { class: `print-sheet ${chosen.landscape ? "is-landscape" : "is-portrait"}` },
    element("header", {}, element("h1", {}, title), element("p", {}, under || document.querySelector(".brand-name")?.textContent || "")), frame, aside);
  Object.assign(sheet.style, { width: width + "mm", height: height + "mm" });
  Object.assign(frame.style, { width: mapWidth + "mm", height: mapHeight + "mm" });
  Object.assign(inner.style, { width: (mapWidth * MM) / factor + "px", height: (mapHeight * MM) / factor + "px", transform: `scale(${factor})` });
  return {
    sheet, frame, inner,
    begin() { return drawMap(page, inner, { centre, zoom, factor, scale }); },
    async finish(made) {
      await document.fonts.ready;
      await Promise.all(made.layers.map(loaded));
      if (!sheet.isConnected) return [];
      made.overlay.redraw();
      made.overlay._canvas.hidden = true;
      made.names = namesOf(made.overlay);
      showVectors(made);
      inner.append(namesAsText(made.names, made.map.getSize()));
      aside.append(...side(page, made));
      fit(aside.querySelector(".print-legend"));
      sheet.dataset.ready = "";
      return made.layers.filter((layer) => layer.failures).map((layer) => layer.spec.title);
    },
  };
}

/* The preview, with these buttons and sheets; `leave` is called when it is closed. Returns the dialog. */
export function openView(buttons, status, sheets, leave) {
  const { width, height } = paper();
  pageRule.replaceSync(`@page { size: ${width}mm ${height}mm; margin: 0 }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets.filter((sheet) => sheet !== pageRule), pageRule];
  const view = element("dialog", { class: "print-view", "aria-label": t("Print preview"), close: () => {
    leave();
    view.remove();
    delete window.webmap.ratio;
    document.body.classList.remove("has-print-view");
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== pageRule);
  } },
    element("div", { class: "print-bar" }, ...buttons, element("button", { class: "btn btn-outline-secondary", type: "button", click: () => view.close() }, t("Close")), status),
    element("div", { class: "print-desk", tabindex: 0, role: "region", "aria-label": t("Sheet") }, ...sheets));
  document.body.classList.add("has-print-view");
  document.body.append(view);
  view.showModal();
  fitToDesk(view.querySelector(".print-desk"), width, height);
  window.webmap.ratio = RATIO;
  return view;
}

/* A sheet wider than the desk is shown smaller; two fingers make it larger. */
function fitToDesk(desk, width, height) {
  const { paddingLeft, paddingRight } = getComputedStyle(desk), room = desk.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
  const share = room / (width * 96 / 25.4);
  desk.classList.toggle("is-fitted", share < 1);
  for (const [name, value] of [["--fit", share], ["--sheet-width", `${width}mm`], ["--sheet-height", `${height}mm`]]) desk.style.setProperty(name, value);
}

/* The layers of the screen once more: same filters, same classes, same opacity. */
function drawMap(page, inner, { centre, zoom, factor, scale }) {
  const options = { zoomControl: false, attributionControl: false, dragging: false, keyboard: false, scrollWheelZoom: false, doubleClickZoom: false, boxZoom: false, touchZoom: false, fadeAnimation: false, zoomAnimation: false, trackResize: false };
  const map = L.map(inner, { ...options, minZoom: zoom, maxZoom: zoom });
  map.setView(centre, zoom, { animate: false });
  const layers = mirrorLayers(page, map, page.layers.filter((layer) => page.map.hasLayer(layer) && zoom >= layer.spec.minZoom));
  const overlay = window.webmap.overlay(layers).addTo(map);
  return { map, layers, overlay, factor, zoom, scale };
}

/* Paper gets lines and areas; the canvases stay, out of sight, for the picture. */
function showVectors({ map }) {
  const pane = map.getPane("tilePane");
  map.eachLayer((layer) => {
    const drawn = layer.spec ? vectorLayer(layer, map) : layer.rings ? vectorLand(layer, map) : null;
    if (!drawn) return;
    pane.append(drawn);
    layer.getContainer().classList.add("is-replaced");
  });
}

/* --- names as text --------------------------------------------------------------------------------- */

/* What the labels' drawing needs of a canvas; keeps the names that lie wholly on the sheet. */
class TextRecorder {
  constructor(size) {
    this.size = size;
    this.measure = document.createElement("canvas").getContext("2d");
    this.names = []; this.lines = [];
    this.x = this.y = this.angle = 0;
  }
  set font(value) { this.measure.font = value; }
  get font() { return this.measure.font; }
  measureText(text) { return this.measure.measureText(text); }
  save() { this.lines = []; }
  translate(x, y) { this.x = x; this.y = y; }
  rotate(angle) { this.angle = angle; }
  strokeText() {}
  fillText(text, x, y) {
    const half = this.measureText(text).width / 2, reach = (Math.abs(Math.cos(this.angle)) * half || half) + 2;
    const isOn = this.x - reach > REACH && this.x + reach < this.size.x - REACH && this.y + y - 10 > REACH && this.y + y + 10 < this.size.y - REACH;
    this.lines.push({ text, y, isOn, font: this.font, ink: this.fillStyle });
  }
  restore() {
    if (this.lines.every((line) => line.isOn)) this.names.push({ x: this.x, y: this.y, angle: this.angle, lines: this.lines });
    this.x = this.y = this.angle = 0;
  }
}

function namesOf(overlay) {
  const recorder = new TextRecorder(overlay._map.getSize().add([2 * REACH, 2 * REACH]));
  overlay._drawLabels(recorder, recorder.size);
  return recorder.names;
}

function namesAsText(names, { x: width, y: height }) {
  const [w, h] = [width + 2 * REACH, height + 2 * REACH], root = svg("svg", { class: "print-names", width: w, height: h, viewBox: `0 0 ${w} ${h}` });
  for (const { x, y, angle, lines } of names) {
    for (const { text, y: dy, font, ink } of lines) {
      const [, weight, px] = /(\d+) ([\d.]+)px/.exec(font) || [0, 500, 12];
      const made = svg("text", { transform: `translate(${x.toFixed(2)} ${y.toFixed(2)}) rotate(${((angle * 180) / Math.PI).toFixed(2)})`, y: dy, dy: "0.35em", "text-anchor": "middle",
        "font-family": FONT, "font-size": px, "font-weight": weight, fill: ink, stroke: "#ffffff", "stroke-opacity": 0.9, "stroke-width": 3, "stroke-linejoin": "round", "paint-order": "stroke" });
      made.textContent = text;
      root.append(made);
    }
  }
  return root;
}

export function drawNames(c, names) {
  c.textAlign = "center"; c.textBaseline = "middle"; c.lineJoin = "round"; c.lineWidth = 3.5; c.strokeStyle = "rgba(255,255,255,.9)";
  for (const { x, y, angle, lines } of names) {
    c.save();
    c.translate(x, y); c.rotate(angle);
    for (const line of lines) { c.font = line.font; c.fillStyle = line.ink; c.strokeText(line.text, 0, line.y); c.fillText(line.text, 0, line.y); }
    c.restore();
  }
}

/* --- legend, scale, source ------------------------------------------------------------------------- */

function side(page, made) {
  const legend = element("div", { class: "print-legend" }, element("h2", {}, t("Legend")), ...made.layers.map((layer) => legendOf(layer, made.map)).filter(Boolean));
  const filtered = made.layers.flatMap((layer) => (page.state.filtered(layer.spec.name).length ? [sentencesOf(page, layer)] : [])).filter(Boolean);
  const today = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { day: "2-digit", month: "2-digit", year: "numeric" }).format(new Date());
  const source = [...document.querySelectorAll("#attribution, #illustration strong")].map((one) => one.textContent.trim().replace(/\.$/, "")).filter(Boolean);
  return [legend, element("div", { class: "print-facts" },
    element("div", { class: "print-marks" }, northArrow(), element("div", {}, scaleBar(made.scale), element("p", { class: "print-scale" }, t("Scale 1:{scale}", { scale: number(made.scale) })))),
    ...filtered.map((text) => element("p", {}, text)),
    element("p", {}, t("Printed on {date}", { date: today })),
    element("p", {}, [t("Source: {department}", { department: document.querySelector(".brand-name")?.textContent || "" }), ...source].join(". ")))];
}

/* A long legend goes on in a second column, then gets smaller, until it fits. */
function fit(legend) {
  const isTooLong = () => legend.scrollHeight > legend.clientHeight + 1 || legend.scrollWidth > legend.clientWidth + 1;
  if (isTooLong()) legend.classList.add("is-dense");
  for (let size = 0.95; size >= 0.5 && isTooLong(); size -= 0.05) legend.style.setProperty("--size", size);
}

function sentencesOf(page, layer) {
  const original = page.layers.find((other) => other.spec.name === layer.spec.name);
  const texts = (original.sentences || []).map((one) => one.text ?? one);
  return texts.length ? `${layer.spec.title}: ${texts.join(" · ")}` : "";
}

function legendOf(layer, map) {
  const seen = classesInView(layer, map), { style, geometry, title } = layer.spec;
  if (!seen.size) return null;
  const row = (symbol, label) => element("li", {}, vectorLegend(symbol, geometry, 24, 18), element("span", {}, label));
  const groups = style.variations.map((variation, index) => {
    const below = style.variations.slice(index + 1).reduce((product, other) => product * other.values.length, 1), told = new Set();
    const wanted = new Set([...seen].map((number) => Math.floor(number / below) % variation.values.length));
    const rows = variation.values.filter(({ value }, i) => wanted.has(i) && !told.has(value) && told.add(value)).map(({ symbol, label }) => row(symbol, label));
    return rows.length ? element("div", {}, style.variations.length > 1 ? element("h4", {}, variation.label) : null, element("ul", {}, ...rows)) : null;
  });
  return element("section", {}, element("h3", {}, title), ...(style.variations.length ? groups : [element("ul", {}, row(style.base, title))]));
}

/* The class numbers of what lies on the sheet. */
function classesInView(layer, map) {
  const { min, max } = map.getPixelBounds(), seen = new Set(), k = 512 / 4096;
  layer.eachShown((tile, features) => {
    if (!features) return;
    const left = tile.coords.x * 512, top = tile.coords.y * 512;
    for (let i = 0; i < features.count; i++) {
      if (!layer.isDrawn(features.c[i]) || seen.has(features.c[i])) continue;
      let west = Infinity, east = -Infinity, north = Infinity, south = -Infinity;
      for (let v = features.parts[features.first[i]]; v < features.parts[features.first[i + 1]]; v++) {
        const x = left + features.xy[2 * v] * k, y = top + features.xy[2 * v + 1] * k;
        west = Math.min(west, x); east = Math.max(east, x); north = Math.min(north, y); south = Math.max(south, y);
      }
      if (east >= min.x && west <= max.x && south >= min.y && north <= max.y) seen.add(features.c[i]);
    }
  });
  return seen;
}

/* A bar of round metres; on paper its length is metres over scale. */
function scaleBar(scale) {
  const most = (BAR_MM / 1000) * scale, power = 10 ** Math.floor(Math.log10(most)), round = [5, 2, 1].map((one) => one * power).find((one) => one <= most), mm = (round / scale) * 1000;
  const label = round < 1000 ? `${number(round)}\u202fm` : `${number(round / 1000)}\u202fkm`;
  const text = (x, value, anchor) => { const made = svg("text", { x, y: 3, "font-size": 2.6, "text-anchor": anchor, "font-family": FONT, fill: "#1d2733" }); made.textContent = value; return made; };
  const bar = svg("svg", { class: "print-scale-bar", width: BAR_MM + 12 + "mm", height: "7mm", viewBox: `-1 0 ${BAR_MM + 12} 7`, role: "img", "aria-label": label, "data-metres": round },
    svg("rect", { class: "bar", x: 0, y: 4, width: mm, height: 1.6, fill: "#ffffff", stroke: "#1d2733", "stroke-width": 0.25 }), svg("rect", { x: 0, y: 4, width: mm / 4, height: 1.6, fill: "#1d2733" }),
    svg("rect", { x: mm / 2, y: 4, width: mm / 4, height: 1.6, fill: "#1d2733" }), text(0, "0", "start"), text(mm, label, "middle"));
  return bar;
}

function northArrow() {
  const made = svg("text", { x: 6, y: 4.4, "font-size": 4, "font-weight": 700, "text-anchor": "middle", "font-family": FONT, fill: "#1d2733" });
  made.textContent = t("N");
  return svg("svg", { class: "print-north", width: "12mm", height: "16mm", viewBox: "0 0 12 16", role: "img", "aria-label": t("North is up") }, made,
    svg("path", { d: "M6 5.4L9.4 15 6 13z", fill: "#1d2733" }), svg("path", { d: "M6 5.4L2.6 15 6 13z", fill: "#ffffff", stroke: "#1d2733", "stroke-width": 0.3 }));
}

export const printButton = () => element("button", { class: "btn btn-primary", type: "button", disabled: true, click: () => window.print() }, icon("printer"), " ", t("Print or save as PDF"));
