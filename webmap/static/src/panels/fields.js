/* The controls that filter one field of a layer: choices, ends of a span, words. */
import { askJson } from "../lib/ask.js";
import { element, number, t } from "../lib/texts.js";
import { UNKNOWN } from "./spans.js";
/** @import { MvtLayer } from "../map/mvtlayer.js" */
/** @import { Tools } from "./filters.js" */
/** @import { Field, Row } from "./types" */

const SMALL = "form-control form-control-sm";
const OFFERS = 200; // values that a field without a closed set offers

/**
 * @param {Tools} tools
 * @param {MvtLayer} layer
 * @param {Field} field
 */
export function control(tools, layer, field) {
  const unit = field.unit ? element("span", { class: "unit" }, ` (${field.unit})`) : null;
  const inputs = inputsOf(tools, layer, field);
  const legend = element("legend", {}, field.label, unit);
  return element("fieldset", { class: "filter-field", "data-field": field.name }, legend, ...inputs);
}

/**
 * @param {Tools} tools
 * @param {MvtLayer} layer
 * @param {Field} field
 */
function inputsOf(tools, layer, field) {
  if (field.filter === "choice" && field.values) return choice(tools, layer, field);
  if (field.filter === "range" || field.filter === "date") return ends(tools, layer, field);
  return [words(tools, layer, field)];
}

/**
 * Ticked values mean “or”; nothing ticked means all. A value keeps its count whatever else of its field is ticked.
 *
 * @param {Tools} tools
 * @param {MvtLayer} layer
 * @param {Field} field
 */
function choice({ state, controls }, layer, field) {
  const { name } = layer.spec;
  const values = [...(field.values ?? [])];
  if (!values.some(({ value }) => value === UNKNOWN)) values.push({ value: UNKNOWN, label: t("Unknown") });
  const boxes = values.map(({ value, label }) => {
    const id = `filter-${name}-${field.name}-${value}`;
    const counter = element("span", { class: "number" });
    const box = element("input", { class: "form-check-input", type: "checkbox", id, value, change: () => take() });
    const row = element("div", { class: "filter-choice" }, box, element("label", { for: id }, label), counter);
    return { value, box, counter, row };
  });
  function take() {
    const ticked = boxes.filter(({ box }) => box.checked).map(({ value }) => value);
    const isNarrow = field.name in state.opensWith[name]; // without values it would fall back to what it opens with
    state.setFilter(name, field.name, ticked.length || !isNarrow ? ticked : values.map(({ value }) => value));
  }
  controls.push(() => {
    const chosen = state.filter(name, field.name) || [];
    const counts = layer.counted?.facets[field.name] ?? {};
    for (const { value, box, counter, row } of boxes) {
      const found = counts[value] || 0;
      box.checked = chosen.includes(value);
      counter.textContent = number(found);
      row.hidden = value === UNKNOWN && !found && !box.checked;
      row.classList.toggle("is-empty", !found);
    }
  });
  return boxes.map(({ row }) => row);
}

/**
 * From and to, both optional, numbers or days; and whether objects of which nobody knows it are kept.
 *
 * @param {Tools} tools
 * @param {MvtLayer} layer
 * @param {Field} field
 */
function ends({ state, controls }, layer, field) {
  const { name } = layer.spec;
  const type = field.filter === "date" ? "date" : "number";
  const step = type === "number" ? "any" : null;
  const input = (/** @type {string} */ word) =>
    element("input", { class: SMALL, type, step, "aria-label": `${field.label}: ${word}`, change: () => take() });
  const low = input(t("from"));
  const high = input(t("to"));
  const id = `filter-${name}-${field.name}-${UNKNOWN}`;
  const unknown = element("input", { class: "form-check-input", type: "checkbox", id, change: () => take() });
  function take() {
    if (low.validity.badInput || high.validity.badInput) return;
    const isAbove = type === "number" ? Number(low.value) > Number(high.value) : low.value > high.value;
    if (low.value && high.value && isAbove) [low.value, high.value] = [high.value, low.value];
    const span = low.value || high.value ? [`${low.value}..${high.value}`] : [];
    state.setFilter(name, field.name, unknown.checked ? [...span, UNKNOWN] : span);
  }
  controls.push(() => {
    const values = state.filter(name, field.name) || [];
    const text = values.find((value) => value !== UNKNOWN && !value.endsWith("d")) || "";
    const at = text.indexOf("..");
    unknown.checked = values.includes(UNKNOWN);
    if (low !== document.activeElement) low.value = at < 0 ? text : text.slice(0, at);
    if (high !== document.activeElement) high.value = at < 0 ? text : text.slice(at + 2);
  });
  return [
    element("div", { class: "filter-ends" }, low, element("span", { "aria-hidden": "true" }, "–"), high),
    ...(type === "date" ? [withinDays({ state, controls }, name, field)] : []),
    element("div", { class: "filter-choice" }, unknown, element("label", { for: id }, t("Unknown"))),
  ];
}

/**
 * The days to come, or those that have passed, counted from the day on which the map is looked at.
 *
 * @param {Pick<Tools, "state" | "controls">} tools
 * @param {string} name
 * @param {Field} field
 */
function withinDays({ state, controls }, name, field) {
  const now = () => /^(-?)(\d+)d$/.exec((state.filter(name, field.name) ?? [])[0] ?? "");
  /** @type {HTMLSelectElement} */
  const side = element(
    "select",
    {
      class: "form-select form-select-sm",
      "aria-label": `${field.label}: ${t("next or last days")}`,
      change: () => take(),
    },
    element("option", { value: "" }, t("within the next")),
    element("option", { value: "-" }, t("within the last")),
  );
  const look = {
    class: SMALL,
    type: "number",
    min: 0,
    max: 36500,
    step: 1,
    "aria-label": `${field.label}: ${t("days")}`,
  };
  /** @type {HTMLInputElement} */
  const days = element("input", { ...look, change: () => take() });
  function take() {
    if (!days.checkValidity() || (!days.value && !now())) return;
    state.setFilter(name, field.name, days.value ? [`${side.value}${days.value}d`] : []);
  }
  controls.push(() => {
    const found = now();
    if (days !== document.activeElement) days.value = found?.[2] ?? "";
    if (found) side.value = found[1];
  });
  return element("div", { class: "filter-days" }, side, days, element("span", { "aria-hidden": "true" }, t("days")));
}

/**
 * Part of a text, or one of values that are not a closed set: those at hand are offered.
 *
 * @param {Tools} tools
 * @param {MvtLayer} layer
 * @param {Field} field
 */
function words({ page, state, controls }, layer, field) {
  const { name } = layer.spec;
  const offers = element("datalist", { id: `offers-${name}-${field.name}` });
  const take = () => state.setFilter(name, field.name, box.value.trim() ? [box.value.trim()] : []);
  /** @type {HTMLInputElement} */
  const box = element("input", {
    class: SMALL,
    type: "text",
    maxlength: 200,
    autocomplete: "off",
    list: offers.id,
    "aria-label": field.label,
    change: take,
  });
  if (field.filter === "choice") {
    const address = page.config.addresses.features.replace("{layer}", name);
    box.addEventListener("focus", () => offerValues(address, field.name, offers), { once: true });
  }
  controls.push(() => {
    if (box !== document.activeElement) box.value = (state.filter(name, field.name) || [""])[0];
  });
  return element("div", {}, box, offers);
}

/**
 * @param {string} address
 * @param {string} name
 * @param {HTMLDataListElement} offers
 */
async function offerValues(address, name, offers) {
  const url = `${address}?geometry=false&count=false&limit=1000&sort=${name}`;
  /** @type {{ features: Row[] } | null} */
  const answer = await askJson(url).catch(() => null);
  if (!answer) return;
  const known = answer.features
    .map(({ properties }) => properties[name])
    .filter((value) => value != null && value !== "");
  const found = [...new Set(known)].slice(0, OFFERS);
  offers.replaceChildren(...found.map((value) => element("option", { value })));
}
