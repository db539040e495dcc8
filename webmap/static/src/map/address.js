/* What the page shows, as the query of its address and back. Knows no page: texts in, texts out.
   ?z=12&lat=20.86&lon=106.68&layers=a,b&fade=a:60&sel=a:12&a.status=planned&a.status=building&all.q=text
   &table=a&charts&here&measure=field: the drawer with a layer's table, or its charts, of the visible map alone
   &compare=2026,2035&plans=…&plans=…&grids=…&grids=…: two years side by side, each under its plan and its load
   &over=3,4&notes=code: maps of other servers, and a drawing of somebody's
   &grid=day_peak: the power network under a load
   &sheet=A3,landscape,100000,vn2000&title=…: opens as a sheet to be printed (print/themes.js) */
/** @import { Named } from "./types" */

/** @typedef {[string, string]} Pair field and value of a filter */
/** @typedef {Record<string, Record<string, string[]>>} Opening layer -> field -> the values shown when the address says none */
/**
 * @typedef {object} Shown
 * @property {{ z: number, lat: number, lon: number } | null} view
 * @property {string[] | null} layers those that are on; null: as the page opens
 * @property {Record<string, string | number>} fade layer -> opacity in per cent
 * @property {Named | null} selection
 * @property {boolean} panel whether all of the selected object is told
 * @property {number | null} act a legal act in the panel
 * @property {{ years: number[], plans: string[], grids: string[] } | null} compare grids: the load of each side's network
 * @property {string} grid the load under which the power network is shown, if it is
 * @property {string | null} table the layer in the drawer
 * @property {boolean} charts the drawer shows charts and not the table
 * @property {boolean} here of the visible map alone
 * @property {string} measure
 * @property {string} sheet paper, direction, scale and marks of a sheet that is asked for; read, never written
 * @property {string} title of that sheet
 * @property {Record<string, Pair[]>} filters layer -> pairs
 * @property {string[]} over maps of other servers that are on
 * @property {string} notes the code of a drawing on the map
 */

/** Filters of this name hold for every layer: all.q, all.near, all.<area filter>. */
export const ALL = "all";

const VIEW = ["z", "lat", "lon"];
const OTHERS = [
  "layers",
  "fade",
  "sel",
  "details",
  "act",
  "table",
  "charts",
  "here",
  "measure",
  "compare",
  "plans",
  "grids",
  "grid",
  "sheet",
  "title",
  "q",
  "over",
  "notes",
];
const FIRST_YEAR = 1900;
const LAST_YEAR = 2100;

/**
 * @param {URLSearchParams} query
 * @param {Opening} opensWith with an entry for each layer that can be named
 * @returns {Shown}
 */
export function readAddress(query, opensWith) {
  const names = Object.keys(opensWith).filter((name) => name !== ALL);
  const known = (/** @type {string | null} */ name) => (name !== null && names.includes(name) ? name : null);
  const selection = readSelection(query, names);
  const act = query.get("act") ?? "";
  return {
    view: readView(query),
    layers: query.get("layers")?.split(",").filter(known) ?? null,
    fade: Object.fromEntries(listed(query, "fade").map((pair) => /** @type {Pair} */ (pair.split(":")))),
    selection,
    panel: query.has("details"),
    act: !selection && /^\d+$/.test(act) ? Number(act) : null,
    compare: readCompare(query),
    grid: query.get("grid") ?? "",
    table: known(query.get("table")),
    charts: query.has("charts"),
    here: query.has("here"),
    measure: query.get("measure") || "",
    sheet: query.get("sheet") ?? "",
    title: query.get("title") ?? "",
    filters: readFilters(query, opensWith),
    over: listed(query, "over").filter((id) => /^[0-9]{1,18}$/.test(id)),
    notes: /^[\w-]{22}$/.test(query.get("notes") ?? "") ? (query.get("notes") ?? "") : "",
  };
}

/**
 * @param {URLSearchParams} query
 * @param {string} name
 */
const listed = (query, name) => (query.get(name) || "").split(",").filter(Boolean);

/** @param {URLSearchParams} query */
function readView(query) {
  const [z, lat, lon] = VIEW.map((name) => parseFloat(query.get(name) ?? ""));
  if (![z, lat, lon].every(Number.isFinite)) return null;
  return { z: Math.round(z * 4) / 4, lat: Math.max(-85, Math.min(85, lat)), lon: homeward(lon) };
}

/**
 * The same meridian between -180 and 180 degrees: the data lie on one world only.
 *
 * @param {number} lon degrees
 */
export const homeward = (lon) => (lon >= -180 && lon <= 180 ? lon : ((((lon + 180) % 360) + 360) % 360) - 180);

/**
 * @param {URLSearchParams} query
 * @param {string[]} names
 */
function readSelection(query, names) {
  const [layer, id] = (query.get("sel") || "").split(":");
  return names.includes(layer) && /^\d+$/.test(id || "") ? { layer, id: Number(id) } : null;
}

/** @param {URLSearchParams} query */
function readCompare(query) {
  const years = (query.get("compare") || "").split(",").map(Number);
  const isWhole = years.length === 2 && years.every((year) => year >= FIRST_YEAR && year <= LAST_YEAR);
  const pair = (/** @type {string} */ name) => [0, 1].map((i) => query.getAll(name)[i] || "");
  return isWhole ? { years, plans: pair("plans"), grids: pair("grids") } : null;
}

/**
 * What is filtered: what the address says, and for other fields what a layer opens with.
 *
 * @param {URLSearchParams} query
 * @param {Opening} opensWith
 */
function readFilters(query, opensWith) {
  /** @type {Record<string, Pair[]>} */
  const filters = {};
  for (const [key, value] of query) {
    const [name, field] = key.split(".");
    if (field && Object.hasOwn(opensWith, name)) (filters[name] ||= []).push([field, value]);
  }
  for (const [name, fields] of Object.entries(opensWith)) {
    for (const [field, values] of Object.entries(fields)) {
      if (valuesOf(filters[name], field)) continue;
      (filters[name] ||= []).push(...values.map((value) => /** @type {Pair} */ ([field, value])));
    }
  }
  return filters;
}

/**
 * The values that pairs list for a field, or null when the field is not filtered.
 *
 * @param {Pair[] | undefined} pairs
 * @param {string} field
 */
export function valuesOf(pairs, field) {
  const values = (pairs || []).filter(([name]) => name === field).map(([, value]) => value);
  return values.length ? values : null;
}

/**
 * Whether a field shows what it opens with: no filter worth telling.
 *
 * @param {Record<string, Pair[]>} filters
 * @param {Opening} opensWith
 * @param {string} layer
 * @param {string} field
 */
export const isUsual = (filters, opensWith, layer, field) =>
  String(valuesOf(filters[layer], field) || "") === String(opensWith[layer][field] || "");

/**
 * The query of an address that shows this; what of `before` is none of ours stays.
 *
 * @param {Shown} shown
 * @param {Opening} opensWith
 * @param {URLSearchParams} before
 */
export function writeAddress(shown, opensWith, before) {
  const query = new URLSearchParams(before);
  for (const key of [...query.keys()]) {
    if (key.includes(".") || VIEW.includes(key) || OTHERS.includes(key)) query.delete(key);
  }
  writeMap(query, shown);
  for (const [layer, pairs] of Object.entries(shown.filters)) {
    for (const [field, value] of pairs) {
      if (!isUsual(shown.filters, opensWith, layer, field)) query.append(`${layer}.${field}`, value);
    }
  }
  writePanels(query, shown);
  return query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
}

/**
 * @param {URLSearchParams} query
 * @param {Shown} shown
 */
function writeMap(query, { view, layers, fade, over, notes }) {
  if (view) {
    query.set("z", String(Math.round(view.z * 100) / 100));
    query.set("lat", view.lat.toFixed(5));
    query.set("lon", view.lon.toFixed(5));
  }
  if (layers) query.set("layers", layers.join(","));
  const faded = Object.entries(fade).filter(([, percent]) => Number(percent) < 100);
  if (faded.length) query.set("fade", faded.map((pair) => pair.join(":")).join(","));
  if (over.length) query.set("over", over.join(","));
  if (notes) query.set("notes", notes);
}

/**
 * @param {URLSearchParams} query
 * @param {Shown} shown
 */
function writePanels(query, { selection, panel, act, table, charts, here, measure, compare, grid }) {
  if (selection) {
    query.set("sel", `${selection.layer}:${selection.id}`);
    if (panel) query.set("details", "");
  } else if (act) query.set("act", String(act));
  if (table) {
    query.set("table", table);
    if (charts) query.set("charts", "");
    if (here) query.set("here", "");
    if (charts && measure) query.set("measure", measure);
  }
  if (compare) {
    query.set("compare", compare.years.join(","));
    if (compare.plans.some(Boolean)) for (const plan of compare.plans) query.append("plans", plan);
    if (compare.grids.some(Boolean)) for (const load of compare.grids) query.append("grids", load);
  }
  if (grid) query.set("grid", grid);
}
