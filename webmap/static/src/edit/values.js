/* What a form holds: read as the server takes it, written back from a draft. */
import { findAll } from "../lib/find.js";
/** @import { Input, Row, Values } from "./types" */

/** @type {(part: HTMLElement) => part is Input} */
const isInput = (part) =>
  part instanceof HTMLInputElement || part instanceof HTMLSelectElement || part instanceof HTMLTextAreaElement;

/** @param {ParentNode} root */
export const inputsOf = (root) => findAll("[name]:not([name=''])", root).filter(isInput);

/**
 * The inputs of the object's own fields: neither those of rows nor the choices of a message.
 *
 * @param {HTMLFormElement} form
 */
export const ownInputs = (form) => inputsOf(form).filter((input) => input.closest(".edit-field"));

/**
 * @param {Input[]} inputs
 * @returns {Values}
 */
const read = (inputs) => Object.fromEntries(inputs.map((input) => [input.name, input.value]));

/**
 * @param {Values} now
 * @param {Values} before
 * @returns {Values}
 */
const differing = (now, before) =>
  Object.fromEntries(Object.entries(now).filter(([name, value]) => value !== (before[name] ?? "")));

/** @param {HTMLFormElement} form */
export const valuesOf = (form) => read(ownInputs(form));

/**
 * @param {Input[]} inputs
 * @param {Values} values
 */
export function write(inputs, values) {
  for (const input of inputs) {
    if (!(input.name in values)) continue;
    input.value = values[input.name];
    input.dispatchEvent(new Event("change")); // what stands beside it follows: a name, a colour
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {Values} values
 */
export const setValues = (form, values) => write(ownInputs(form), values);

/**
 * What differs from what was there when the form opened.
 *
 * @param {HTMLFormElement} form
 * @param {Values} before
 */
export const changedValues = (form, before) => differing(valuesOf(form), before);

/** @param {HTMLFormElement} form */
export const tables = (form) => findAll("[data-detail]", form);

/** @param {HTMLElement} table */
export const rowElements = (table) => findAll(".edit-rows > .edit-row", table);

/**
 * The values of each stored row when the form opened: "detail id" -> values.
 *
 * @param {HTMLFormElement} form
 */
export function storedRows(form) {
  /** @type {Map<string, Values>} */
  const found = new Map();
  for (const table of tables(form))
    for (const row of rowElements(table)) found.set(`${table.dataset.detail} ${row.dataset.row}`, read(inputsOf(row)));
  return found;
}

/**
 * The rows of a table that are new, changed or removed, each with the element it stands in.
 *
 * @param {HTMLElement} table
 * @param {Map<string, Values>} before
 */
function changedIn(table, before) {
  /** @type {{ row: Row, place: HTMLElement }[]} */
  const found = [];
  for (const place of rowElements(table)) {
    const id = place.dataset.row ? Number(place.dataset.row) : null;
    const values = differing(read(inputsOf(place)), before.get(`${table.dataset.detail} ${id}`) ?? {});
    if (place.classList.contains("is-removed")) found.push({ row: { id, remove: true }, place });
    else if (Object.keys(values).length) found.push({ row: { id, values }, place });
  }
  return found;
}

/**
 * Detail -> its changed rows, and where they stand.
 *
 * @param {HTMLFormElement} form
 * @param {Map<string, Values>} before
 */
export function changedRows(form, before) {
  /** @type {Record<string, Row[]>} */
  const rows = {};
  /** @type {Record<string, HTMLElement[]>} */
  const places = {};
  for (const table of tables(form)) {
    const name = table.dataset.detail ?? "";
    const changed = changedIn(table, before);
    if (!changed.length) continue;
    rows[name] = changed.map(({ row }) => row);
    places[name] = changed.map(({ place }) => place);
  }
  return { rows, places };
}

/**
 * The legal acts on the form's list.
 *
 * @param {HTMLFormElement} form
 * @returns {[number, string][]}
 */
export const actsOf = (form) =>
  findAll("[data-act]", form).map((item) => [Number(item.dataset.act), item.firstElementChild?.textContent ?? ""]);
