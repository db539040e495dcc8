/* Rows that hang on an object, in its form: added, removed, pasted from a spreadsheet; and the legal acts. */
import { find, target } from "../lib/find.js";
import { element, t } from "../lib/texts.js";
import { choices } from "./server.js";
import { inputsOf, write } from "./values.js";
/** @import { Input, Values } from "./types" */

let added = 0;

/** @param {HTMLElement} table */
const emptyRow = (table) => find("template", table, HTMLTemplateElement).content;

/**
 * @param {HTMLElement} table
 * @param {Values} values
 */
export function addRow(table, values = {}) {
  const row = find(".edit-row", document.importNode(emptyRow(table), true));
  added += 1;
  for (const part of row.querySelectorAll("[id]")) part.id = part.id.replace("NEW", `new${added}`);
  for (const label of row.querySelectorAll("label")) label.htmlFor = label.htmlFor.replace("NEW", `new${added}`);
  write(inputsOf(row), values);
  find(".edit-rows", table).append(row);
  return row;
}

/**
 * A cell may hold a value, or for a choice its label.
 *
 * @param {Input} input
 * @param {string} text
 */
function taken(input, text) {
  if (!(input instanceof HTMLSelectElement)) return text.trim();
  const folded = text.trim().toLowerCase();
  return [...input.options].find((item) => [item.value, item.text.toLowerCase()].includes(folded))?.value ?? "";
}

/**
 * @param {HTMLElement} table
 * @param {string} text
 */
function pasteRows(table, text) {
  for (const line of text.split(/\r?\n/).filter((part) => part.trim())) {
    const cells = line.split("\t");
    const row = addRow(table);
    inputsOf(row).forEach((input, index) => (input.value = taken(input, cells[index] ?? "")));
  }
}

/** @param {HTMLElement} row */
function removeRow(row) {
  if (row.dataset.row) row.classList.toggle("is-removed");
  else row.remove();
}

/**
 * @param {HTMLElement} button
 * @param {HTMLElement} table
 */
function press(button, table) {
  const paste = find(".edit-paste", table);
  const row = button.closest(".edit-row");
  if ("addRow" in button.dataset) inputsOf(addRow(table))[0].focus();
  else if ("removeRow" in button.dataset && row instanceof HTMLElement) removeRow(row);
  else if ("pasteRows" in button.dataset) paste.hidden = !paste.hidden;
  else if ("takeRows" in button.dataset) {
    pasteRows(table, find("textarea", paste, HTMLTextAreaElement).value);
    paste.hidden = true;
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {() => void} changed
 */
export function startRows(form, changed) {
  form.addEventListener("click", (event) => {
    const button = target(event).closest("button");
    const table = button?.closest("[data-detail]");
    if (!button || !(table instanceof HTMLElement)) return;
    press(button, table);
    changed();
  });
}

/**
 * @param {HTMLFormElement} form
 * @param {() => void} changed
 */
export function startActs(form, changed) {
  const input = find("#edit-act", form, HTMLInputElement);
  const offered = find("#edit-act-choices", form);
  /** @type {Map<string, number>} */
  const known = new Map();
  input.addEventListener("input", async () => {
    if (input.value.trim().length < 2 || known.has(input.value)) return;
    const asked = `${form.dataset.acts}?${new URLSearchParams({ q: input.value })}`;
    const found = await choices(asked).catch(() => []);
    for (const { code, name } of found) known.set(name, Number(code));
    offered.replaceChildren(...found.map(({ name }) => element("option", { value: name })));
  });
  form.addEventListener("click", (event) => {
    const remove = target(event).closest("[data-remove-act]");
    const id = known.get(input.value);
    if (remove) remove.closest("li")?.remove();
    else if (target(event).closest("[data-add-act]") && id) {
      addAct(form, id, input.value);
      input.value = "";
    } else return;
    changed();
  });
}

/**
 * @param {HTMLFormElement} form
 * @param {number} id
 * @param {string} name
 */
export function addAct(form, id, name) {
  if (form.querySelector(`[data-act="${id}"]`)) return;
  const attributes = { class: "btn btn-sm btn-outline-danger", type: "button", "data-remove-act": true };
  const off = element("button", attributes, t("Take off"));
  find(".edit-act-list", form).append(element("li", { "data-act": id }, element("span", {}, name), " ", off));
}
