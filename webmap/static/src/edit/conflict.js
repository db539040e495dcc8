/* Two people changed one object: what only one of them touched is taken from both; for the rest the second chooses. */
import { find, findAll } from "../lib/find.js";
import { element, t } from "../lib/texts.js";
import { fateOfRow, mergeValues } from "./merge.js";
import { addAct } from "./rows.js";
import { fetchForm } from "./server.js";
import { actsOf, ownInputs, inputsOf, rowElements, storedRows, tables, valuesOf, write } from "./values.js";
/** @import { ObjectForm } from "./form.js" */
/** @import { Input, Values } from "./types" */

let groups = 0;

/**
 * Take the version of the other one as what the form starts from.
 *
 * @param {ObjectForm} edited
 */
export async function settleConflict(edited) {
  const theirs = await fetchForm(edited.layer, { id: String(edited.id) });
  const open = [...settleFields(edited, theirs), ...settleRows(edited, theirs), ...settlePlace(edited, theirs)];
  settleActs(edited, theirs);
  edited.version = theirs.dataset.version ?? "";
  Object.assign(edited.before, { values: valuesOf(theirs), rows: storedRows(theirs), acts: actsOf(theirs) });
  const text = t("Somebody else has changed this object since. Choose for each field; nothing of either is lost.");
  const taken = t("Somebody else has changed this object since. Look at it once more and save again.");
  edited.say(
    element("div", { class: "alert alert-warning", role: "alert" }, open.length ? text : taken, ...open.map(group)),
  );
  find("header", edited.form).scrollIntoView({ block: "start" });
}

/** @typedef {{ label: string, options: [string, () => void][] }} Choice the first one holds */

/**
 * @param {ObjectForm} edited
 * @param {HTMLFormElement} theirs
 */
const settleFields = ({ form, before }, theirs) =>
  settleInputs(ownInputs(form), before.values, valuesOf(theirs), (input) => labelOf(form, input));

/**
 * @param {Input[]} inputs
 * @param {Values} before
 * @param {Values} theirs
 * @param {(input: Input) => string} label
 * @returns {Choice[]}
 */
function settleInputs(inputs, before, theirs, label) {
  const mine = Object.fromEntries(inputs.map((input) => [input.name, input.value]));
  const { taken, open } = mergeValues(before, mine, theirs);
  write(inputs, taken);
  return inputs
    .filter(({ name }) => open.includes(name))
    .map((input) => {
      const take = (/** @type {string} */ value) => () => write([input], { [input.name]: value });
      const [own, other] = [mine[input.name], theirs[input.name]];
      return {
        label: label(input),
        options: [
          [t("Mine: {value}", { value: said(input, own) }), take(own)],
          [t("Theirs: {value}", { value: said(input, other) }), take(other)],
        ],
      };
    });
}

/**
 * @param {Input} input
 * @param {string} value
 */
function said(input, value) {
  const options = input instanceof HTMLSelectElement ? [...input.options] : [];
  return (options.find((item) => item.value === value)?.text ?? value) || t("(empty)");
}

/**
 * @param {ParentNode} root
 * @param {Input} input
 */
const labelOf = (root, input) =>
  root
    .querySelector(`label[for="${CSS.escape(input.id)}"]`)
    ?.textContent?.replace("*", "")
    .trim() ?? input.name;

/**
 * @param {ObjectForm} edited
 * @param {HTMLFormElement} theirs
 */
const settleRows = (edited, theirs) =>
  tables(theirs).flatMap((table) => {
    const name = table.dataset.detail ?? "";
    const mine = find(`[data-detail="${CSS.escape(name)}"]`, edited.form);
    return settleTable(mine, table, edited.before.rows);
  });

/**
 * @param {HTMLElement} table
 * @param {HTMLElement} theirs the same table as it is stored now
 * @param {Map<string, Values>} before
 * @returns {Choice[]}
 */
function settleTable(table, theirs, before) {
  const own = new Map(rowElements(table).map((row) => [row.dataset.row, row]));
  const stored = new Map(rowElements(theirs).map((row) => [row.dataset.row, row]));
  const ids = [...new Set([...own.keys(), ...stored.keys()])].filter(Boolean);
  const [read, isRemoved] = [readRow, (/** @type {HTMLElement} */ row) => row.classList.contains("is-removed")];
  return ids.flatMap((id) => {
    const [row, other] = [own.get(id), stored.get(id)];
    const began = before.get(`${table.dataset.detail} ${id}`);
    const fate = fateOfRow(began, row && !isRemoved(row) ? read(row) : undefined, other && read(other));
    if (fate === "arrives" && other) find(".edit-rows", table).append(other.cloneNode(true));
    if (fate === "leaves") row?.remove();
    if (!row || !began) return [];
    if (fate === "merges" && other)
      return settleInputs(
        inputsOf(row),
        began,
        read(other),
        (input) => `${titleOf(table, row)}: ${labelOf(row, input)}`,
      );
    if (fate === "back") return [backOrGone(table, row)];
    return fate === "gone" && other ? [goneOrTheirs(table, row, read(other))] : [];
  });
}

/** @param {HTMLElement} row */
const readRow = (row) => Object.fromEntries(inputsOf(row).map((input) => [input.name, input.value]));

/**
 * @param {HTMLElement} table
 * @param {HTMLElement} row
 */
const titleOf = (table, row) => `${table.querySelector("legend")?.textContent ?? ""} ${inputsOf(row)[0]?.value ?? ""}`;

/**
 * A row that they removed and that is changed here.
 *
 * @param {HTMLElement} table
 * @param {HTMLElement} row
 * @returns {Choice}
 */
function backOrGone(table, row) {
  const rows = find(".edit-rows", table);
  delete row.dataset.row; // it is added anew
  return {
    label: titleOf(table, row),
    options: [
      [t("Mine: it stays, as changed here"), () => rows.append(row)],
      [t("Theirs: removed"), () => row.remove()],
    ],
  };
}

/**
 * A row that is removed here and that they changed.
 *
 * @param {HTMLElement} table
 * @param {HTMLElement} row
 * @param {Values} theirs
 * @returns {Choice}
 */
function goneOrTheirs(table, row, theirs) {
  write(inputsOf(row), theirs);
  const turn = (/** @type {boolean} */ isRemoved) => () => row.classList.toggle("is-removed", isRemoved);
  return {
    label: titleOf(table, row),
    options: [
      [t("Mine: removed"), turn(true)],
      [t("Theirs: it stays, as they changed it"), turn(false)],
    ],
  };
}

/**
 * Documents are a set: what either of them attached or took off holds.
 *
 * @param {ObjectForm} edited
 * @param {HTMLFormElement} theirs
 */
function settleActs({ form, before }, theirs) {
  const [began, now] = [new Map(before.acts), new Map(actsOf(theirs))];
  for (const [id, name] of now) if (!began.has(id)) addAct(form, id, name);
  for (const item of findAll("[data-act]", form)) {
    const id = Number(item.dataset.act);
    if (began.has(id) && !now.has(id)) item.remove();
  }
}

/**
 * Both drawings are on the map while one of them is chosen.
 *
 * @param {ObjectForm} edited
 * @param {HTMLFormElement} theirs
 * @returns {Choice[]}
 */
function settlePlace({ form, place }, theirs) {
  const { geometry } = theirs.dataset;
  if (geometry === form.dataset.geometry) return [];
  form.dataset.geometry = geometry;
  const [mine, other] = [place.changed(), JSON.parse(geometry ?? "null")];
  if (!mine) {
    place.reset(other);
    return [];
  }
  place.showOther(other);
  return [
    {
      label: t("Place"),
      options: [
        [t("My drawing"), () => place.set(mine, { accuracy: "" })],
        [t("Their drawing, dashed on the map"), () => place.reset(other)],
      ],
    },
  ];
}

/** @param {Choice} choice */
function group({ label, options }) {
  groups += 1;
  const made = options.map(([text, change], index) => {
    const id = `edit-choice-${groups}-${index}`;
    const attributes = { class: "form-check-input", type: "radio", name: `edit-choice-${groups}` };
    const input = element("input", { ...attributes, id, checked: index === 0, change });
    const told = element("label", { class: "form-check-label", for: id }, text);
    return element("div", { class: "form-check" }, input, told);
  });
  const attributes = { class: "edit-conflict", role: "group", "aria-label": label };
  return element("div", attributes, element("strong", {}, label), ...made);
}
