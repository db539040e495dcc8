/* The table as a spreadsheet: moving, pasting, taking back. What is typed counts when the cell is left. */
import { find, findAll } from "../lib/find.js";
import { cellsOf, inPagesWriting, isNumber, plain } from "./numbers.js";

/** @typedef {{ cell: HTMLInputElement, from: string, to: string }} Change */

export class Cells {
  /** @type {HTMLInputElement[][]} */
  rows;
  /** @type {Map<HTMLInputElement, [number, number]>} */
  #places = new Map();
  /** @type {Map<HTMLInputElement, string>} what a cell held when it was last left */
  #left = new Map();
  /** @type {Change[][]} */
  #done = [];
  /** @type {Change[][]} */
  #undone = [];

  /**
   * @param {HTMLElement} table
   * @param {{ changed: () => void, typed: () => void, pasted: (facts: { cells: number, outside: number, isOther: boolean }) => void }} told
   */
  constructor(table, told) {
    this.told = told;
    this.rows = findAll("tbody tr", table)
      .map((row) => findAll("input", row).filter((cell) => cell instanceof HTMLInputElement))
      .filter((row) => row.length);
    this.rows.forEach((row, y) => row.forEach((cell, x) => this.#places.set(cell, [y, x])));
    for (const cell of this.all) this.#left.set(cell, cell.value);
    table.addEventListener("focusin", ({ target }) => this.#own(target)?.select());
    table.addEventListener("focusout", ({ target }) => this.#leave(this.#own(target)));
    table.addEventListener("input", () => told.typed());
    table.addEventListener("keydown", (event) => this.#key(event));
    table.addEventListener("paste", (event) => this.#paste(event));
  }

  get all() {
    return this.rows.flat();
  }

  /** The cells that differ from what is stored. */
  get changed() {
    return this.all.filter((cell) => plain(cell.value) !== plain(cell.dataset.stored ?? ""));
  }

  get mayUndo() {
    return this.#done.length > 0;
  }

  get mayRedo() {
    return this.#undone.length > 0;
  }

  /** @param {Change[]} changes made together, so that they are taken back together */
  set(changes) {
    const real = changes.filter(({ cell, to }) => this.#left.get(cell) !== to || cell.value !== to);
    for (const { cell, to } of real) this.#write(cell, to);
    if (real.length) {
      this.#done.push(real);
      this.#undone = [];
    }
    this.told.changed();
  }

  undo() {
    const step = this.#done.pop();
    if (step) this.#undone.push(step);
    for (const { cell, from } of step ?? []) this.#write(cell, from);
    this.#show(step);
  }

  redo() {
    const step = this.#undone.pop();
    if (step) this.#done.push(step);
    for (const { cell, to } of step ?? []) this.#write(cell, to);
    this.#show(step);
  }

  /** @param {Change[] | undefined} step */
  #show(step) {
    step?.[0].cell.focus();
    this.told.changed();
  }

  /**
   * @param {HTMLInputElement} cell
   * @param {string} text
   */
  #write(cell, text) {
    cell.value = text;
    this.#left.set(cell, text);
  }

  /**
   * @param {EventTarget | null} target
   * @returns {HTMLInputElement | null}
   */
  #own(target) {
    return target instanceof HTMLInputElement && this.#places.has(target) ? target : null;
  }

  /** @param {HTMLInputElement | null} cell */
  #leave(cell) {
    const from = cell ? (this.#left.get(cell) ?? "") : "";
    if (cell && cell.value !== from) this.set([{ cell, from, to: cell.value.trim() }]);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const cell = this.#own(event.target);
    const isCommand = event.ctrlKey || event.metaKey;
    if (!cell || event.altKey) return;
    const isTyping = cell.value !== this.#left.get(cell);
    const key = event.key.toLowerCase();
    if (isCommand && ["z", "y"].includes(key) && !isTyping) {
      event.preventDefault();
      if (key === "y" || event.shiftKey) this.redo();
      else this.undo();
    } else if (event.key === "Escape") {
      cell.value = this.#left.get(cell) ?? "";
      cell.select();
      this.told.typed();
    } else if (!isCommand && this.#turn(cell, event)) event.preventDefault();
  }

  /**
   * @param {HTMLInputElement} cell
   * @param {KeyboardEvent} event
   */
  #turn(cell, { key, shiftKey }) {
    const [start, end, length] = [cell.selectionStart ?? 0, cell.selectionEnd ?? 0, cell.value.length];
    const isWhole = start === 0 && end === length;
    const isAt = (/** @type {number} */ place) => !shiftKey && (isWhole || (start === place && end === place));
    /** @type {Record<string, () => boolean>} */
    const turns = {
      ArrowDown: () => this.#go(cell, 1, 0),
      ArrowUp: () => this.#go(cell, -1, 0),
      Enter: () => this.#go(cell, shiftKey ? -1 : 1, 0),
      ArrowLeft: () => isAt(0) && this.#go(cell, 0, -1),
      ArrowRight: () => isAt(length) && this.#go(cell, 0, 1),
      F2: () => (cell.setSelectionRange(length, length), true),
    };
    return turns[key]?.() ?? false;
  }

  /**
   * @param {HTMLInputElement} cell
   * @param {number} down
   * @param {number} right
   */
  #go(cell, down, right) {
    const [y, x] = this.#places.get(cell) ?? [0, 0];
    const next = this.rows[y + down]?.[x + right];
    if (next) next.focus();
    else this.#leave(cell);
    return true;
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    const cell = this.#own(event.target);
    const sent = cellsOf(event.clipboardData?.getData("text/plain") ?? "");
    if (!cell || (sent.length === 1 && sent[0].length === 1)) return;
    event.preventDefault();
    const { block, isOther } = inPagesWriting(sent);
    const [top, left] = this.#places.get(cell) ?? [0, 0];
    /** @type {Change[]} */
    const changes = [];
    let outside = 0;
    block.forEach((texts, y) =>
      texts.forEach((text, x) => {
        const to = this.rows[top + y]?.[left + x];
        if (to) changes.push({ cell: to, from: this.#left.get(to) ?? "", to: text.trim() });
        else if (text.trim()) outside++;
      }),
    );
    this.set(changes);
    this.told.pasted({ cells: changes.length, outside, isOther });
  }
}

/**
 * Say at a cell what is wrong with it; nothing for "".
 *
 * @param {HTMLInputElement} cell
 * @param {string} text
 */
export function sayAt(cell, text) {
  const place = /** @type {HTMLElement} */ (cell.parentElement);
  place.querySelector(".figure-problem")?.remove();
  cell.removeAttribute("aria-describedby");
  cell.toggleAttribute("aria-invalid", text !== "");
  if (text === "") return;
  cell.setAttribute("aria-invalid", "true");
  const said = document.createElement("span");
  said.className = "figure-problem";
  said.id = `p-${cell.dataset.key}`;
  said.textContent = text;
  cell.setAttribute("aria-describedby", said.id);
  place.append(said);
}

/** @param {HTMLInputElement} cell */
export const isReadable = (cell) => isNumber(cell.value);

/**
 * On a narrow screen one month is shown, and turned.
 *
 * @param {HTMLElement} table
 * @param {HTMLElement} turn
 */
export function showMonths(table, turn) {
  let month = Number(turn.dataset.first);
  const parts = findAll("[data-month]", table);
  const show = (/** @type {number} */ wanted) => {
    month = ((wanted + 11) % 12) + 1;
    for (const part of parts) part.classList.toggle("is-shown", part.dataset.month === String(month));
    find("strong", turn).textContent = find(`thead [data-month="${month}"]`, table).textContent;
  };
  find("#month-before", turn).addEventListener("click", () => show(month - 1));
  find("#month-after", turn).addEventListener("click", () => show(month + 1));
  turn.hidden = false;
  show(month);
  return show;
}
