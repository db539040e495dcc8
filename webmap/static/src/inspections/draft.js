/* Saving at every step: an entry is kept on the phone at once and sent a moment later. What another person wrote
   meanwhile is shown, never overwritten: a field in conflict stays as the server has it until somebody chooses. */
import { byId, find, findAll } from "../lib/find.js";
import { element, language } from "../lib/texts.js";
import { button, changed, fields, form, input, onChange, send, setField, store, text } from "./form.js";
import { offered } from "./hours.js";
import { arrivals, restored, toSend } from "./merging.js";

/** @typedef {import("./merging.js").Content} Content */
/** @typedef {import("./merging.js").Held} Held */
/** @typedef {{ version: number, base: Content, content: Content, held?: Held[] }} Kept */
/** @typedef {{ version: number, content: Content, conflicts: Omit<Held, "other">[], other: string, signed: string }} Told */

const saveState = byId("save-state");
const conflicts = byId("conflicts");
let version = Number(text("version"));
/** @type {Content} */
let base = JSON.parse(byId("paper-content").textContent || "{}");
/** @type {Map<string, Held>} what nobody has settled yet */
const held = new Map();
let isDirty = false;
/** @type {number | undefined} */
let timer;
/** @type {Promise<void> | null} */
let running = null;

/** @param {string} said */
function tell(said) {
  saveState.textContent = said;
}

/** Keep everything on the phone; false when it cannot be kept there. */
function keepHere() {
  try {
    localStorage.setItem(store, JSON.stringify({ version, base, content: fields(), held: [...held.values()] }));
    return true;
  } catch {
    return false;
  }
}

function forget() {
  try {
    localStorage.removeItem(store);
  } catch {
    /* nothing kept */
  }
}

const written = () => toSend(fields(), base, held.keys());

async function sendDraft() {
  tell(text("saving"));
  const content = written();
  let answer;
  try {
    answer = await send(text("draft"), { version, base, content });
  } catch {
    tell(text(keepHere() ? "offline" : "unkept"));
    timer = window.setTimeout(save, 10000);
    return false;
  }
  if (answer.status === 200 || (answer.status === 409 && answer.told.conflicts)) {
    take(answer.told, content);
    return true;
  }
  tell(text("failed").replace("{reason}", answer.told.message || answer.status));
  return false;
}

async function saveAll() {
  while (isDirty) {
    isDirty = false;
    if (!(await sendDraft())) {
      isDirty = true;
      return;
    }
  }
}

/** Save now; a save under way goes on, and what was written since follows it. */
export function save() {
  clearTimeout(timer);
  running ||= saveAll().finally(() => {
    running = null;
  });
  return running;
}

/**
 * Save everything and wait for it.
 *
 * @returns {Promise<boolean>} whether the server has it all and nothing is left to choose
 */
export async function flush() {
  isDirty = true;
  await save();
  if (held.size) conflicts.scrollIntoView({ block: "center" });
  else if (!isDirty) {
    input("version").value = String(version);
    input("base").value = JSON.stringify(base);
  }
  return !isDirty && !held.size;
}

/**
 * @param {Told} told
 * @param {Content} sent
 */
function take(told, sent) {
  version = told.version;
  base = told.content;
  const now = written();
  for (const conflict of told.conflicts) {
    if (offered.has(conflict.name)) setField(conflict.name, conflict.theirs);
    else hold({ ...conflict, other: told.other });
  }
  const come = arrivals({ told: told.content, sent, now, held: (name) => held.has(name) });
  for (const [name, value] of Object.entries(come)) setField(name, value);
  for (const row of held.values()) {
    row.theirs = base[row.name] || "";
    nameChoices(row);
  }
  if (!held.size && JSON.stringify(fields()) === JSON.stringify(sent)) forget();
  document.dispatchEvent(new CustomEvent("visit-saved", { detail: told }));
  const time = new Date().toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
  tell(text("saved").replace("{time}", time));
}

/** @param {string} name */
const rowOf = (name) => conflicts.querySelector(`[data-conflict="${CSS.escape(name)}"]`);

/**
 * Show a field that two people wrote differently; both values stay until one is chosen.
 *
 * @param {Held} conflict
 */
function hold(conflict) {
  if (!held.size) {
    const title = (conflicts.dataset.title ?? "").replace("{name}", conflict.other);
    conflicts.replaceChildren(element("p", {}, title));
  }
  rowOf(conflict.name)?.remove();
  held.set(conflict.name, conflict);
  const choices = element("div", { class: "chips" });
  for (const side of /** @type {const} */ (["mine", "theirs"])) {
    const choice = button("", () => choose(conflict.name, side));
    choice.dataset.side = side;
    choices.append(choice);
  }
  const attributes = { class: "conflict", "data-conflict": conflict.name };
  conflicts.append(element("div", attributes, element("strong", {}, conflict.label), choices));
  conflicts.hidden = false;
  nameChoices(conflict);
  conflicts.scrollIntoView({ block: "center" });
}

/**
 * Let both buttons say what would hold: what is written on now, and what the server has now.
 *
 * @param {Held} conflict
 */
function nameChoices(conflict) {
  const row = rowOf(conflict.name);
  if (!row) return;
  conflict.mine = fields()[conflict.name] ?? "";
  for (const choice of findAll("[data-side]", row)) {
    const isMine = choice.dataset.side === "mine";
    const said = inWords(conflict.name, isMine ? conflict.mine : conflict.theirs) || conflicts.dataset.empty;
    choice.textContent = `${isMine ? conflicts.dataset.mine : conflicts.dataset.theirs}: ${said}`;
  }
}

/**
 * What a value is called on the form: a radio by its label, anything else by itself.
 *
 * @param {string} name
 * @param {string} value
 */
function inWords(name, value) {
  const found = form.elements.namedItem(name);
  const radios = found instanceof RadioNodeList ? [...found] : [];
  const radio = radios.find((one) => one instanceof HTMLInputElement && one.value === value);
  return (radio?.parentElement?.textContent ?? value).trim();
}

/**
 * @param {string} name
 * @param {"mine" | "theirs"} side
 */
function choose(name, side) {
  const conflict = held.get(name);
  if (conflict && side === "theirs") setField(name, conflict.theirs);
  held.delete(name);
  rowOf(name)?.remove();
  if (!held.size) conflicts.hidden = true;
  changed();
}

onChange(() => {
  isDirty = true;
  for (const conflict of held.values()) nameChoices(conflict);
  tell(text(keepHere() ? "saving" : "unkept")); // what was said of an earlier save is not true of this change
  clearTimeout(timer);
  timer = window.setTimeout(save, 800);
});

/** @returns {Kept | null} */
function keptHere() {
  try {
    return JSON.parse(localStorage.getItem(store) ?? "null");
  } catch {
    return null;
  }
}

/** Offer what this phone kept and the server does not have. */
function offerKept() {
  const kept = keptHere();
  const here = JSON.stringify(kept?.content);
  if (!kept || here === JSON.stringify(fields()) || here === JSON.stringify(base)) return;
  const box = byId("restore");
  box.hidden = false;
  find("button:first-of-type", box).addEventListener("click", () => {
    for (const [name, value] of Object.entries(restored(kept, fields()))) setField(name, value);
    version = kept.version;
    base = kept.base;
    for (const conflict of kept.held || []) hold(conflict);
    box.hidden = true;
    changed();
  });
  find("button:last-of-type", box).addEventListener("click", () => {
    forget();
    box.hidden = true;
  });
}
offerKept();
