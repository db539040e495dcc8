/* Half-filled forms stay on the device until they are saved or thrown away: a closed browser, an ended session and a
   lost network cost nothing. */
import { findAll } from "../lib/find.js";
import { element, t } from "../lib/texts.js";
import { settleConflict } from "./conflict.js";
import { addAct, addRow } from "./rows.js";
import { account } from "./server.js";
import { actsOf, changedRows, changedValues, inputsOf, rowElements, setValues, tables, write } from "./values.js";
/** @import { ObjectForm } from "./form.js" */
/** @import { Draft, Row } from "./types" */

const PREFIX = `webmap.draft.${account}.`;

/**
 * @param {string} layer
 * @param {number | null} id
 */
const keyOf = (layer, id) => `${PREFIX}${layer}.${id ?? "new"}`;

/**
 * @param {string} layer
 * @param {number | null} id
 * @returns {Draft | null}
 */
export function draftOf(layer, id) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(layer, id)) ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {string} layer
 * @param {number | null} id
 * @param {Omit<Draft, "at"> | null} draft null: there is nothing to keep any more
 */
function store(layer, id, draft) {
  const key = keyOf(layer, id);
  try {
    if (draft) localStorage.setItem(key, JSON.stringify({ ...draft, at: new Date().toISOString() }));
    else localStorage.removeItem(key);
  } catch {
    /* a full or forbidden store: the form itself still holds everything */
  }
}

/** The objects with a draft on this device. */
export function drafts() {
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(PREFIX))
    .map((key) => {
      const [layer, id] = key.slice(PREFIX.length).split(".");
      return { layer, id: id === "new" ? null : Number(id) };
    });
}

/**
 * What was typed, with what the form began with: by that one sees what somebody else changed since.
 *
 * @param {ObjectForm} edited
 */
export function keepDraft({ layer, id, version, form, before, place, parts }) {
  store(layer, id, {
    version,
    before: { ...before, rows: [...before.rows], geometry: form.dataset.geometry ?? "" },
    values: changedValues(form, before.values),
    rows: changedRows(form, before.rows).rows,
    acts: actsOf(form),
    step: place.changed(),
    parts: parts.values,
  });
}

/** @param {{ layer: string, id: number | null }} of */
export const forgetDraft = ({ layer, id }) => store(layer, id, null);

/**
 * @param {ObjectForm} edited
 * @param {Draft} draft
 */
export function offerDraft(edited, draft) {
  const time = new Date(draft.at).toLocaleString(document.documentElement.lang);
  const button = (/** @type {string} */ label, /** @type {() => void} */ act) => {
    const click = () => {
      edited.say();
      act();
    };
    return element("button", { class: "btn btn-sm btn-outline-primary", type: "button", click }, label);
  };
  const text = t("There is a draft of {time} that was not saved.", { time });
  const take = button(t("Take it up"), () => takeUp(edited, draft));
  const drop = button(t("Throw it away"), () => forgetDraft(edited));
  edited.say(element("div", { class: "alert alert-info" }, text, " ", take, " ", drop));
}

/**
 * The form as it was left; what somebody else has changed since is settled like a conflict of saves.
 *
 * @param {ObjectForm} edited
 * @param {Draft} draft
 */
export async function takeUp(edited, draft) {
  const { form } = edited;
  const isOld = draft.version !== edited.version;
  edited.version = draft.version;
  edited.before = { ...draft.before, rows: new Map(draft.before.rows) };
  form.dataset.geometry = draft.before.geometry;
  setValues(form, { ...draft.before.values, ...draft.values });
  for (const table of tables(form)) takeUpRows(table, edited.before.rows, draft.rows[table.dataset.detail ?? ""] ?? []);
  const kept = draft.acts.map(([id]) => id);
  for (const item of findAll("[data-act]", form)) if (!kept.includes(Number(item.dataset.act))) item.remove();
  for (const [id, name] of draft.acts) addAct(form, id, name);
  edited.parts.values = draft.parts;
  if (draft.step) edited.place.set(draft.step, { accuracy: "" });
  if (isOld && edited.id) await settleConflict(edited).catch((error) => edited.sayFailed(error));
}

/**
 * @param {HTMLElement} table
 * @param {Map<string, import("./types").Values>} before
 * @param {Row[]} changed
 */
function takeUpRows(table, before, changed) {
  const shown = new Map(rowElements(table).map((row) => [`${table.dataset.detail} ${row.dataset.row}`, row]));
  for (const [key, row] of shown) if (!before.has(key)) row.remove();
  for (const [key, values] of before) {
    const [detail, id] = key.split(" ");
    if (detail !== table.dataset.detail) continue;
    const row = shown.get(key) ?? addRow(table);
    row.dataset.row = id;
    write(inputsOf(row), values);
  }
  for (const { id, values = {}, remove } of changed) {
    const row = id ? table.querySelector(`[data-row="${id}"]`) : addRow(table);
    if (row && remove) row.classList.add("is-removed");
    else if (row) write(inputsOf(row), values);
  }
}
