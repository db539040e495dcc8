/* Printing what the screen shows: what is asked for before the preview. */
import { element, number, t } from "../lib/texts.js";
import { showAtlas } from "./atlas.js";
import { gridChoices } from "./grid.js";
import {
  PAPERS,
  SCALES,
  chosen,
  keepChoice,
  metresPerPaperPixel,
  metresPerPixel,
  nearestScale,
  readScale,
} from "./paper.js";
import { showSheet } from "./single.js";
import { takeSheet, themeChoice, whenCounted } from "./themes.js";
/** @import { MapPage } from "../map/types" */

/**
 * @param {string} label
 * @param {HTMLElement} control
 */
const field = (label, control) => element("label", { class: "print-field" }, element("span", {}, label), control);

/**
 * @param {string} name
 * @param {[string, string][]} options value and label
 * @param {string} value
 */
function choice(name, options, value) {
  const made = options.map(([key, label]) => element("option", { value: key, selected: key === value }, label));
  return element("select", { class: "form-select", name }, ...made);
}

/** @param {MapPage} page */
export function openPrint(page) {
  const take = () => {
    const asked = new FormData(form);
    const said = (/** @type {string} */ name) => String(asked.get(name) ?? "");
    chosen.paper = said("paper");
    chosen.landscape = said("direction") === "landscape";
    chosen.scale = readScale(said("scale")) ?? chosen.scale;
    chosen.grid = /** @type {import("./grid.js").GridKind} */ (said("grid"));
    chosen.title = said("title").trim();
    keepChoice();
    const wanted = page.layers.find((layer) => layer.spec.name === said("each"));
    if (wanted) showAtlas(page, wanted);
    else showSheet(page);
  };
  const cancel = { class: "btn btn-outline-secondary", type: "button", click: () => dialog.close() };
  /** @type {HTMLFormElement} */
  const form = element(
    "form",
    { method: "dialog", submit: take },
    ...fields(page),
    element(
      "div",
      { class: "tool-actions" },
      element("button", { class: "btn btn-primary", type: "submit" }, t("Preview")),
      element("button", cancel, t("Cancel")),
    ),
  );
  const themes = themeChoice((address) => {
    dialog.close();
    page.state.go(address);
    showAsked(page);
  });
  if (themes) form.querySelector("h2")?.after(field(t("Theme"), themes));
  const attributes = { class: "print-dialog", "aria-labelledby": "print-heading" };
  /** @type {HTMLDialogElement} */
  const dialog = element("dialog", { ...attributes, close: () => dialog.remove() }, form);
  document.body.append(dialog);
  dialog.showModal();
}

/**
 * The sheet that the page's address asks for, when what it shows is known.
 *
 * @param {MapPage} page
 */
export async function showAsked(page) {
  if (!takeSheet(page.state.asked)) return;
  await whenCounted(page);
  showSheet(page);
}

/**
 * Any scale may be written; the usual ones are offered.
 *
 * @param {string} value
 */
function scaleField(value) {
  const check = () => {
    const isGood = readScale(input.value) !== null;
    input.setCustomValidity(isGood ? "" : t("Write a scale from 1:500 to 1:2,000,000, like 1:25,000."));
  };
  /** @type {HTMLInputElement} */
  const input = element("input", {
    class: "form-control",
    name: "scale",
    list: "print-scales",
    value,
    required: true,
    autocomplete: "off",
    input: check,
  });
  return input;
}

/** @param {MapPage} page */
function fields({ map, layers }) {
  const here = metresPerPixel(map.getCenter().lat, map.getZoom()) / metresPerPaperPixel(1);
  const value = chosen.title || document.title.split(" · ")[0];
  const title = element("input", { class: "form-control", name: "title", maxlength: 120, value });
  const papers = Object.keys(PAPERS).map(/** @returns {[string, string]} */ (name) => [name, name]);
  const scales = element(
    "datalist",
    { id: "print-scales" },
    ...SCALES.map((one) => element("option", { value: `1:${number(one)}` })),
  );
  const scale = scaleField(`1:${number(chosen.scale || nearestScale(here))}`);
  const eachOf = layers
    .filter((layer) => map.hasLayer(layer))
    .map(
      /** @returns {[string, string]} */ ({ spec }) => [
        spec.name,
        t("One for each of: {layer}", { layer: spec.title }),
      ],
    );
  /** @type {[string, string][]} */
  const directions = [
    ["landscape", t("Landscape")],
    ["portrait", t("Portrait")],
  ];
  const note = t("In an atlas points take the scale chosen, lines and areas the one at which they fit.");
  return [
    element("h2", { id: "print-heading" }, t("Print or save a picture")),
    field(t("Title of the sheet"), title),
    element(
      "div",
      { class: "print-row" },
      field(t("Paper"), choice("paper", papers, chosen.paper)),
      field(t("Direction"), choice("direction", directions, chosen.landscape ? "landscape" : "portrait")),
      field(t("Scale"), scale),
      scales,
      field(t("Marks at the edge"), choice("grid", gridChoices(), chosen.grid)),
    ),
    field(t("Sheets"), choice("each", [["", t("One: what the screen shows")], ...eachOf], "")),
    element("p", { class: "small text-secondary" }, note),
  ];
}
