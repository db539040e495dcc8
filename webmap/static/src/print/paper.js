/* Papers and scales, in millimetres and metres. Knows no page. */

/** @type {Record<string, [number, number]>} long and short side, mm */
export const PAPERS = { A4: [297, 210], A3: [420, 297] };
export const SCALES = [5000, 10000, 25000, 50000, 100000, 200000, 250000, 500000];
export const RATIO = 2; // canvas px for one px of the sheet
export const REACH = 64; // px by which names are drawn beyond the map
export const FONT = '"Be Vietnam Pro", "Segoe UI", sans-serif';
export const MM = 96 / 25.4; // CSS px
const EDGES = { edge: 10, head: 16, side: 62, foot: 62 };
/** The map of a written report: as wide as its text, without a title of its own; mm as it is printed there. */
export const REPORT = "report";
const REPORT_MM = [165, 112];
const REPORT_EDGES = { edge: 1, head: 0, side: 56, foot: 0 };
const CIRCUMFERENCE = 40075016.686; // metres
const E2 = 0.00669438;
const INCH = 0.0254; // metres

/** @typedef {{ paper: string, landscape: boolean, scale: number, title: string, grid: import("./grid.js").GridKind }} Choice scale 0: that of the screen */

const KEPT = "webmap-print";

/** @type {Choice} what was asked for the last time, on this page or before it */
export const chosen = { paper: "A4", landscape: true, scale: 0, title: "", grid: "vn2000", ...kept() };

/**
 * Paper, direction and marks as somebody chose them the last time he printed in this browser.
 *
 * @returns {Partial<Choice>}
 */
function kept() {
  try {
    const { paper: name, landscape, grid } = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    const isGood = name in PAPERS && typeof landscape === "boolean" && ["", "vn2000", "degrees"].includes(grid);
    return isGood ? { paper: name, landscape, grid } : {};
  } catch {
    return {};
  }
}

/** Keep what was chosen for the next time. */
export function keepChoice() {
  try {
    const { paper: name, landscape, grid } = chosen;
    localStorage.setItem(KEPT, JSON.stringify({ paper: name, landscape, grid }));
  } catch {
    /* not kept, still printed */
  }
}

/**
 * Metres of a pixel in east-west direction: web Mercator's scale on the ellipsoid.
 *
 * @param {number} lat degrees
 * @param {number} zoom
 */
export function metresPerPixel(lat, zoom) {
  const sine = Math.sin((lat * Math.PI) / 180);
  return (CIRCUMFERENCE * Math.sqrt(1 - sine * sine)) / Math.sqrt(1 - E2 * sine * sine) / 256 / 2 ** zoom;
}

/**
 * How much shorter a pixel of web Mercator is from north to south than from east to west: the ellipsoid is flat.
 *
 * @param {number} lat degrees
 */
export function flattened(lat) {
  const sine = Math.sin((lat * Math.PI) / 180);
  return (1 - E2) / (1 - E2 * sine * sine);
}

/**
 * Metres of a CSS pixel on paper.
 *
 * @param {number} scale
 */
export const metresPerPaperPixel = (scale) => (scale * INCH) / 96;

/** Millimetres of the paper, and of the map on it. */
export function paper() {
  const [long, short] = chosen.paper === REPORT ? REPORT_MM : PAPERS[chosen.paper];
  const { edge, head, side, foot } = chosen.paper === REPORT ? REPORT_EDGES : EDGES;
  const width = chosen.landscape ? long : short;
  const height = chosen.landscape ? short : long;
  const mapWidth = width - 2 * edge - (chosen.landscape ? side : 0);
  const mapHeight = height - 2 * edge - head - (chosen.landscape ? 0 : foot);
  return { width, height, mapWidth, mapHeight };
}

/**
 * The largest of the usual scales at which a box of metres fits on the map.
 *
 * @param {number} metresWide
 * @param {number} metresHigh
 */
export function scaleFor(metresWide, metresHigh) {
  const { mapWidth, mapHeight } = paper();
  const needed = Math.max(metresWide / mapWidth, metresHigh / mapHeight) * 1000;
  return SCALES.find((one) => one >= needed) || SCALES[SCALES.length - 1];
}

export const LEAST_SCALE = 500;
export const MOST_SCALE = 2_000_000;

/**
 * The number of a scale as people write it, “1:25.000”, “25 000”; nothing when it is none.
 *
 * @param {string} text
 */
export function readScale(text) {
  const found = Number(text.replace(/^\s*1\s*[:/]\s*/, "").replace(/[\s.,\u00a0\u202f]/g, ""));
  return found >= LEAST_SCALE && found <= MOST_SCALE ? Math.round(found) : null;
}

/**
 * The usual scale that is nearest.
 *
 * @param {number} scale
 */
export const nearestScale = (scale) =>
  SCALES.reduce((best, one) => (Math.abs(Math.log(one / scale)) < Math.abs(Math.log(best / scale)) ? one : best));
