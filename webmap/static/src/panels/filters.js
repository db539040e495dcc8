/* The filter panel, made from what the server says about each layer's fields; and the filters of all layers at once. */
import { byId, findAll } from "../lib/find.js";
import { failure } from "../lib/notices.js";
import { element, t } from "../lib/texts.js";
import { startViews } from "../tools/views.js";
import { ALL } from "../map/state.js";
import { describedLayers } from "./describe.js";
import { areaFields, everyLayer, textField } from "./everywhere.js";
import { control } from "./fields.js";
import { showGround } from "./ground.js";
/** @import { MvtLayer } from "../map/mvtlayer.js" */
/** @import { State } from "../map/state.js" */
/** @import { OpenedPage } from "../map/types" */
/** @import { Described } from "./types" */

/**
 * What every control of the panel is given. `controls` are functions that show the state; `sentences(scope, field)` is
 * what the server says of each value of a filter, of one layer or of all.
 *
 * @typedef {object} Tools
 * @property {OpenedPage} page
 * @property {State} state
 * @property {(() => void)[]} controls
 * @property {(scope: string, field: string) => string[]} sentences
 */

/**
 * @param {OpenedPage} page
 * @param {State} state
 */
export function startFilters(page, state) {
  const forms = byId("filter-forms");
  let isAsked = false;
  async function load() {
    if (isAsked) return;
    isAsked = true;
    try {
      build(page, state, await describedLayers(page.config.addresses));
    } catch (error) {
      isAsked = false;
      const said = failure(error, t("The filters could not be loaded. Check the connection and try again."), load);
      forms.replaceChildren(element("p", { class: "filter-hint" }, ...said));
    }
  }
  startTabs(load);
  startViews(state);
  startCount(state);
  showGround(page.map, state);
}

/**
 * @param {OpenedPage} page
 * @param {State} state
 * @param {Map<string, Described>} described
 */
function build(page, state, described) {
  /** @type {(() => void)[]} */
  const controls = [];
  const sync = () => controls.forEach((show) => show());
  const areas = [...described.values()].filter((layer) => layer.selects_as);
  /** @type {Tools["sentences"]} */
  const sentences = (scope, field) => sentencesOf(page, scope, field);
  const tools = { page, state, controls, sentences };
  const own = page.layers.flatMap((layer) => {
    const description = described.get(layer.spec.name);
    return description ? [oneLayer(tools, layer, description, areas)] : [];
  });
  byId("filter-forms").replaceChildren(everyLayer(tools, areas), ...own);
  state.on("filters", sync);
  document.addEventListener("counted", sync);
  sync();
}

/**
 * What the server says about each value of a filter; of one for all layers any layer knows it that has none of its own.
 *
 * @param {OpenedPage} page
 * @param {string} scope
 * @param {string} field
 */
function sentencesOf({ layers }, scope, field) {
  const asked = scope === ALL ? layers : layers.filter(({ spec }) => spec.name === scope);
  const sentences = asked.flatMap((layer) => layer.counted?.sentences ?? []);
  const found = sentences.find(({ name }) => name === field);
  return found?.parts ?? [found?.text || "…"];
}

/**
 * Two tabs in the side panel: layers, filters. On a phone a tab opens the sheet.
 *
 * @param {() => void} opened
 */
function startTabs(opened) {
  const tabs = findAll("#panel-tabs [role=tab]");
  const sheet = byId("layers-panel");
  const show = (/** @type {HTMLElement} */ tab) => {
    for (const other of tabs) {
      other.setAttribute("aria-selected", String(other === tab));
      other.tabIndex = other === tab ? 0 : -1;
      byId(other.getAttribute("aria-controls") ?? "").hidden = other !== tab;
    }
    if (sheet.dataset.height === "peek") sheet.dataset.height = "half";
    if (tab.id === "tab-filters") opened();
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => show(tab));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      event.preventDefault();
      const next = tabs[(index + 1) % tabs.length];
      show(next);
      next.focus();
    });
  });
}

/**
 * How many filters are in force, on the tab.
 *
 * @param {State} state
 */
function startCount(state) {
  const badge = byId("filter-count");
  const show = () => {
    const count = Object.keys(state.opensWith).reduce((sum, scope) => sum + state.filtered(scope).length, 0);
    badge.hidden = !count;
    badge.textContent = String(count);
    badge.title = t("{count} filters", { count });
  };
  state.on("filters", show);
  show();
}

/**
 * @param {Tools} tools
 * @param {MvtLayer} layer
 * @param {Described} description
 * @param {Described[]} areas
 */
function oneLayer(tools, layer, description, areas) {
  const { state, controls } = tools;
  const { name } = layer.spec;
  const count = element("span", { class: "filter-number" });
  const box = element("div", { class: "filter-fields" });
  const summary = element("summary", {}, element("span", { class: "name" }, description.title), count);
  const made = element("details", { class: "filter-layer", "data-filters": name }, summary, box);
  const fill = () => {
    if (box.childElementCount) return;
    const here = element(
      "p",
      { class: "filter-own" },
      t("Of this layer only, in place of what applies to every layer"),
    );
    box.append(here, textField(tools, name), ...areaFields(tools, areas, name));
    for (const field of description.fields) if (field.filter) box.append(control(tools, layer, field));
    controls.forEach((show) => show());
  };
  made.addEventListener("toggle", () => {
    if (made.open) fill();
  });
  controls.push(() => {
    const filters = state.filtered(name).length;
    count.textContent = filters ? String(filters) : "";
    made.classList.toggle("is-filtered", filters > 0);
  });
  if (state.filtered(name).length) {
    made.open = true;
    fill();
  }
  return made;
}
