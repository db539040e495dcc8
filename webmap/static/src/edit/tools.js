/* What is done to a geometry beyond moving its corners: split, merge, cut, extend, buffer, trace. The server works it out. */
import { saidOf } from "../lib/ask.js";
import { element, icon, t } from "../lib/texts.js";
import { fetchForm, post } from "./server.js";
/** @import { Geometry } from "geojson" */
/** @import { Hit } from "../map/types" */
/** @import { Drawing } from "./draw.js" */
/** @import { Step } from "./types" */

/** @typedef {(drawing: Drawing) => unknown} Act */

/** @param {Drawing} drawing */
const stepOf = (drawing) => drawing.step ?? { geometry: null, parts: [], gone: [] };

/** @typedef {(parts: Geometry[], step: Step | ReturnType<typeof stepOf>) => Step} Made */

/** @type {(drawing: Drawing, asked: object, made: Made) => Promise<unknown>} */
const apply = (drawing, asked, made) => drawing.during(work(drawing, asked, made));

/**
 * @param {Drawing} drawing
 * @param {object} asked
 * @param {Made} made
 */
async function work(drawing, asked, made) {
  const step = stepOf(drawing);
  try {
    const body = { geometry: step.geometry, ...asked };
    /** @type {{ parts: Geometry[] }} */
    const { parts } = await post(`${drawing.task.address}/tool`, body);
    if (drawing.bar.isConnected) drawing.replace(made(parts, step));
  } catch (error) {
    drawing.say(saidOf(error, t("This could not be done. Check the connection and try again.")));
  }
}

/** @param {Drawing} drawing */
const split = (drawing) =>
  drawing.help("Line", t("Draw the line that cuts it, from outside to outside."), (other) =>
    apply(drawing, { tool: "split", other }, ([geometry, ...parts], step) => ({
      geometry,
      parts: [...step.parts, ...parts],
      gone: step.gone,
    })),
  );

/** @param {Drawing} drawing */
const cut = (drawing) =>
  drawing.help("Polygon", t("Draw the outline of the hole."), (other) =>
    apply(drawing, { tool: "cut", other }, ([geometry], step) => ({ ...step, geometry })),
  );

/** @param {Drawing} drawing */
const extend = (drawing) =>
  drawing.help("Line", t("Draw on from an end of the line."), (other) =>
    apply(drawing, { tool: "extend", other }, ([geometry], step) => ({ ...step, geometry })),
  );

/**
 * The true geometry of what was clicked: a tile's is only as fine as its zoom.
 *
 * @param {Hit} hit
 */
async function formOf({ layer, id }) {
  const { dataset } = await fetchForm(layer.spec.name, { id: String(id) });
  return { id, version: dataset.version ?? "", geometry: JSON.parse(dataset.geometry ?? "null") };
}

/** @param {Drawing} drawing */
const merge = (drawing) =>
  drawing.pick(t("Click the object to merge with it; it is deleted when you save."), async (hits) => {
    const hit = hits.find(({ layer }) => layer.spec.name === drawing.task.layer);
    if (!hit) {
      drawing.say(t("Only objects of the same layer can be merged."));
      return;
    }
    const other = await formOf(hit).catch(() => null);
    if (!other) {
      drawing.say(t("This could not be done. Check the connection and try again."));
      return;
    }
    const { id, version } = other;
    apply(drawing, { tool: "merge", other: other.geometry }, ([geometry], step) => ({
      geometry,
      parts: step.parts,
      gone: [...step.gone, { id, version }],
    }));
  });

/** @param {Drawing} drawing */
function trace(drawing) {
  const done = (/** @type {Geometry} */ geometry, /** @type {Geometry} */ ends) =>
    apply(drawing, { tool: "trace", geometry, other: ends }, ([line], step) => ({ ...step, geometry: asTask(line) }));
  /** @type {(line: any) => Geometry} */
  const asTask = (line) =>
    drawing.task.type === "MULTIPOLYGON"
      ? { type: "Polygon", coordinates: [[...line.coordinates, line.coordinates[0]]] }
      : line;
  drawing.pick(t("Click the object to follow."), async ([{ layer, id }]) => {
    const found = await drawing.targets.geometryOf(layer.spec.name, id).catch(() => null);
    if (!found) drawing.say(t("This could not be done. Check the connection and try again."));
    else {
      const text = t("Click where to begin on it, then where to end, and the end once more.");
      drawing.help("Line", text, (ends) => done(found, ends));
    }
  });
}

/**
 * @param {Drawing} drawing
 * @param {HTMLInputElement} metres
 */
function buffer(drawing, metres) {
  const value = Number(metres.value.replace(",", "."));
  apply(drawing, { tool: "buffer", metres: value }, ([geometry], step) => ({ ...step, geometry }));
}

/** @type {Record<string, [string, () => string, Act][]>} */
const OFFERED = {
  POINT: [],
  MULTILINESTRING: [
    ["scissors", () => t("Split"), split],
    ["union", () => t("Merge"), merge],
    ["arrow-bar-right", () => t("Extend"), extend],
    ["bezier2", () => t("Trace"), trace],
  ],
  MULTIPOLYGON: [
    ["scissors", () => t("Split"), split],
    ["union", () => t("Merge"), merge],
    ["intersect", () => t("Cut a hole"), cut],
    ["bezier2", () => t("Trace"), trace],
  ],
};

/**
 * The tools that an object's kind of geometry has, folded together.
 *
 * @param {Drawing} drawing
 * @returns {HTMLElement[]}
 */
export function toolMenu(drawing) {
  const offered = OFFERED[drawing.task.type];
  if (!offered.length) return [];
  const kind = { class: "btn btn-sm btn-outline-primary", type: "button" };
  const summary = element("summary", {}, icon("tools"), " ", t("Tools"));
  const menu = element("details", { class: "edit-tool-menu" }, summary);
  const begin = (/** @type {Act} */ act) => {
    menu.open = false; // the map below it is drawn on
    act(drawing);
  };
  const buttons = offered.map(([sign, label, act]) =>
    element("button", { ...kind, click: () => begin(act) }, icon(sign), " ", label()),
  );
  const inner = element("div", { class: "edit-tools" }, ...buttons);
  if (drawing.task.type === "MULTIPOLYGON") {
    const attributes = { class: "form-control form-control-sm", id: "edit-metres", inputmode: "decimal", value: "50" };
    const metres = element("input", attributes);
    const label = element("label", { for: "edit-metres" }, t("Buffer, m"));
    const click = () => begin(() => buffer(drawing, metres));
    inner.append(label, metres, element("button", { ...kind, click }, t("Apply")));
  }
  menu.append(inner);
  return [menu];
}
