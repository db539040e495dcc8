/* Filters that hold for every layer: a text, another day, an area, the surroundings of a point. */
import { element, icon, t } from "../lib/texts.js";
import { ALL } from "../map/state.js";
import { AreaField } from "./areafield.js";
import { pickPoint } from "./pickpoint.js";
/** @import { Tools } from "./filters.js" */
/** @import { Described } from "./types" */

const SMALL = "form-control form-control-sm";
const USUAL = "5"; // km

/**
 * @param {Tools} tools
 * @param {Described[]} areas
 */
export function everyLayer(tools, areas) {
  return element(
    "section",
    { class: "filter-all", "aria-labelledby": "filter-all-heading" },
    element("h3", { id: "filter-all-heading" }, t("Applies to every layer")),
    textField(tools, ALL),
    dayField(tools),
    ...areaFields(tools, areas, ALL),
    nearField(tools),
  );
}

/**
 * Words that must occur.
 *
 * @param {Tools} tools
 * @param {string} scope a layer, or all of them
 */
export function textField({ state, controls }, scope) {
  /** @type {HTMLInputElement} */
  const text = element("input", {
    class: SMALL,
    type: "search",
    id: `filter-${scope}-q`,
    maxlength: 200,
    autocomplete: "off",
    change: () => state.setFilter(scope, "q", text.value.trim() ? [text.value.trim()] : []),
  });
  controls.push(() => {
    if (text !== document.activeElement) text.value = (state.filter(scope, "q") || [""])[0];
  });
  return element("div", { class: "filter-field" }, element("label", { for: text.id }, t("Text contains")), text);
}

/**
 * A field for each kind of area.
 *
 * @param {Tools} tools
 * @param {Described[]} areas
 * @param {string} scope a layer, or all of them
 */
export const areaFields = (tools, areas, scope) =>
  areas
    .filter(({ name }) => name !== scope)
    .map((area) => new AreaField(tools, area, scope, standing(tools, scope, area.selects_as ?? "")).made());

/**
 * Another day than today: symbols, counts, lists and files tell the states of that day.
 *
 * @param {Tools} tools
 */
function dayField({ state, controls }) {
  const take = () => {
    if (box.checkValidity()) state.setFilter(ALL, "as_of", box.value ? [box.value] : []);
  };
  const span = { min: "1990-01-01", max: "2100-12-31" };
  /** @type {HTMLInputElement} */
  const box = element("input", { class: SMALL, type: "date", id: "filter-all-as_of", ...span, change: take });
  controls.push(() => {
    if (box !== document.activeElement) box.value = (state.filter(ALL, "as_of") || [""])[0];
  });
  return element("div", { class: "filter-field" }, element("label", { for: box.id }, t("States as on the day")), box);
}

/**
 * The values of a filter in force in the server's words, each with its way out.
 *
 * @param {Tools} tools
 * @param {string} scope
 * @param {string} field
 */
function standing({ state, controls, sentences }, scope, field) {
  const list = element("ul", { class: "filter-values", hidden: true });
  controls.push(() => {
    const values = state.filter(scope, field) ?? [];
    const said = values.length ? sentences(scope, field) : [];
    list.hidden = !values.length;
    list.replaceChildren(
      ...values.map((value, i) => {
        const text = said.length === values.length ? said[i] : "…";
        const others = values.filter((other) => other !== value);
        const label = t("Remove the filter “{filter}”", { filter: text });
        const close = { class: "btn-close", type: "button", "aria-label": label };
        const drop = element("button", { ...close, click: () => state.setFilter(scope, field, others) });
        return element("li", { class: "filter-standing" }, element("span", {}, text), drop);
      }),
    );
  });
  return list;
}

/**
 * A point picked on the map and a distance.
 *
 * @param {Tools} tools
 */
function nearField(tools) {
  const { page, state, controls } = tools;
  const inForce = () => (state.filter(ALL, "near") || [""])[0].split(",");
  const isGood = () => Boolean(km.value) && km.checkValidity();
  const resize = () => {
    const [lon, lat] = inForce();
    if (lat && isGood()) state.setFilter(ALL, "near", [`${lon},${lat},${km.value}`]);
  };
  const span = { type: "number", min: 0.1, max: 500, step: "any", value: USUAL };
  /** @type {HTMLInputElement} */
  const km = element("input", { class: SMALL, ...span, "aria-label": t("Distance in km"), change: resize });
  const pick = () =>
    pickPoint(page.map, ({ lat, lng }) => {
      if (!isGood()) km.value = USUAL;
      state.setFilter(ALL, "near", [`${lng.toFixed(5)},${lat.toFixed(5)},${km.value}`]);
    });
  const look = { class: "btn btn-sm btn-outline-primary", type: "button", click: pick };
  const button = element("button", look, icon("geo-alt"), " ", t("Pick a point on the map"));
  controls.push(() => {
    const distance = inForce()[2];
    if (distance && km !== document.activeElement) km.value = distance;
  });
  return element(
    "fieldset",
    { class: "filter-field" },
    element("legend", {}, t("Near a point")),
    standing(tools, ALL, "near"),
    element("div", { class: "near-row" }, button, km, element("span", { "aria-hidden": "true" }, "km")),
  );
}
