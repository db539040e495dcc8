/* The table of a year's figures: typed, pasted, kept as a draft on this device, saved as one change. */
import { byId, find } from "../lib/find.js";
import { element, number, t } from "../lib/texts.js";
import { Cells, isReadable, sayAt, showMonths } from "./cells.js";
import { plain } from "./numbers.js";

/** @typedef {{ at: string, source: string, cells: Record<string, [string, string]> }} Draft */
/** @typedef {{ key: string, message: string, stored?: string }} Problem */

const table = byId("figure-grid");
const showMonth = showMonths(table, byId("month-turn"));
const said = byId("figure-said");

/**
 * @param {"success" | "info" | "warning" | "danger"} tone
 * @param {(Node | string)[]} parts none: nothing is said any more
 */
function say(tone, ...parts) {
  said.className = `alert alert-${tone}`;
  said.hidden = !parts.length;
  said.replaceChildren(...parts);
}

class Table {
  #source = byId("source", HTMLInputElement);
  #save = byId("figure-save", HTMLButtonElement);
  #undo = byId("figure-undo", HTMLButtonElement);
  #redo = byId("figure-redo", HTMLButtonElement);
  #drop = byId("figure-drop", HTMLButtonElement);
  #key = `webmap.figures.${table.dataset.account}.${table.dataset.page}`;
  #isConfirmed = false;
  #saveText = this.#save.textContent ?? "";

  constructor() {
    this.cells = new Cells(table, {
      changed: () => this.#changed(),
      typed: () => this.#keep(),
      pasted: (facts) => this.#sayPasted(facts),
    });
    this.#takeUp();
    this.#save.addEventListener("click", () => this.#send());
    this.#undo.addEventListener("click", () => this.cells.undo());
    this.#redo.addEventListener("click", () => this.cells.redo());
    this.#drop.addEventListener("click", () => this.#dropAll());
    this.#source.addEventListener("input", () => this.#keep());
    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
      event.preventDefault();
      if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
      if (!this.#save.disabled) this.#send();
    });
    this.#changed();
  }

  /** A cell was left with another text, or several at once. */
  #changed() {
    this.#confirm(false);
    for (const cell of this.cells.all) {
      const isChanged = plain(cell.value) !== plain(cell.dataset.stored ?? "");
      cell.classList.toggle("is-changed", isChanged);
      const text = isReadable(cell) ? "" : t("Not a number as written here.");
      if (cell.classList.contains("is-told") && isChanged && !text) continue;
      cell.classList.remove("is-told");
      sayAt(cell, text);
    }
    this.#keep();
  }

  /** @param {boolean} isConfirmed whether the next save is one of figures that do not fit */
  #confirm(isConfirmed) {
    this.#isConfirmed = isConfirmed;
    this.#save.textContent = isConfirmed ? t("Save as it is") : this.#saveText;
  }

  #keep() {
    const changed = this.cells.changed;
    this.#save.disabled = this.#drop.disabled = !changed.length;
    this.#undo.disabled = !this.cells.mayUndo;
    this.#redo.disabled = !this.cells.mayRedo;
    byId("figure-count").textContent = changed.length
      ? t("{count} cells changed, kept on this device", { count: number(changed.length) })
      : "";
    /** @type {Draft} */
    const draft = { at: new Date().toISOString(), source: this.#source.value, cells: {} };
    for (const cell of changed) draft.cells[cell.dataset.key ?? ""] = [cell.value, cell.dataset.stored ?? ""];
    try {
      if (changed.length) localStorage.setItem(this.#key, JSON.stringify(draft));
      else localStorage.removeItem(this.#key);
    } catch {
      /* a full or forbidden store: the page itself still holds everything */
    }
  }

  /** @returns {Draft | null} */
  #kept() {
    try {
      return JSON.parse(localStorage.getItem(this.#key) ?? "null");
    } catch {
      return null;
    }
  }

  /** What was typed and not saved, the last time: it is there again, and where somebody saved meanwhile it says so. */
  #takeUp() {
    const draft = this.#kept();
    if (!draft) return;
    this.#source.value = draft.source;
    const kept = new Map(Object.entries(draft.cells));
    const found = this.cells.all.filter((cell) => kept.has(cell.dataset.key ?? ""));
    const text = (/** @type {HTMLInputElement} */ cell) => kept.get(cell.dataset.key ?? "") ?? ["", ""];
    this.cells.set(found.map((cell) => ({ cell, from: cell.value, to: text(cell)[0] })));
    for (const cell of found) {
      const [, before] = text(cell);
      const stored = cell.dataset.stored ?? "";
      if (plain(before) !== plain(stored)) this.#sayOf(cell, t("Stored meanwhile: {value}", { value: stored || "–" }));
    }
    const time = new Date(draft.at).toLocaleString(document.documentElement.lang);
    say("info", t("Your draft of {time} is here again; it is not saved yet.", { time }));
  }

  /** @param {{ cells: number, outside: number, isOther: boolean }} facts */
  #sayPasted({ cells, outside, isOther }) {
    const texts = [t("{count} cells pasted.", { count: number(cells) })];
    if (outside) texts.push(t("{count} lie outside the table and were left out.", { count: number(outside) }));
    if (isOther) texts.push(t("The numbers of the block are written the other way; commas and points were exchanged."));
    say(outside || isOther ? "warning" : "info", texts.join(" "));
  }

  #dropAll() {
    this.cells.set(this.cells.changed.map((cell) => ({ cell, from: cell.value, to: cell.dataset.stored ?? "" })));
    say("info", t("The draft was thrown away; Undo brings it back."));
  }

  /**
   * @param {HTMLInputElement} cell
   * @param {string} text
   */
  #sayOf(cell, text) {
    cell.classList.add("is-told");
    sayAt(cell, text);
  }

  async #send() {
    const sent = this.cells.changed;
    const cells = sent.map(({ dataset, value }) => ({ key: dataset.key, value, before: dataset.stored }));
    this.#save.disabled = true;
    try {
      const answer = await fetch(table.dataset.save ?? "", {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          Accept: "application/json",
          "X-CSRFToken": table.dataset.token ?? "",
        },
        body: JSON.stringify({ cells, source: this.#source.value, confirmed: this.#isConfirmed }),
      });
      const role = answer.headers.get("X-Role");
      if (answer.status === 401 || (role && role !== table.dataset.role)) this.#sayEnded();
      else this.#take(answer.ok, await answer.json());
    } catch {
      say("danger", t("Not saved: the network or the server does not answer. The draft is kept on this device."));
    }
    this.#save.disabled = false;
  }

  #sayEnded() {
    const next = encodeURIComponent(location.pathname + location.search);
    const link = element("a", { href: `${table.dataset.login}?next=${next}` }, t("Sign in again"));
    say("warning", t("Your session has ended. Nothing is lost: the draft is kept on this device."), " ", link);
  }

  /**
   * @param {boolean} isStored
   * @param {{ change_set?: number, error?: string, message?: string, details?: { problems?: Problem[] } }} answer
   */
  #take(isStored, answer) {
    if (isStored) {
      localStorage.removeItem(this.#key);
      const address = new URL(location.href);
      address.searchParams.set("saved", String(answer.change_set ?? ""));
      location.assign(address);
      return;
    }
    const cells = new Map(this.cells.all.map((cell) => [cell.dataset.key, cell]));
    const elsewhere = [];
    let isFirst = true;
    for (const { key, message, stored } of answer.details?.problems ?? []) {
      const cell = cells.get(key);
      if (!cell) {
        elsewhere.push(message);
        continue;
      }
      if (stored !== undefined) cell.dataset.stored = stored; // told: the next save is over it
      this.#sayOf(cell, message);
      if (isFirst) {
        showMonth(Number(cell.closest("td")?.dataset.month));
        find("input", cell.parentElement ?? document).focus();
      }
      isFirst = false;
    }
    if (answer.error === "unfit") this.#confirm(true);
    say("danger", [answer.message ?? t("Not saved."), ...elsewhere].join(" "));
  }
}

if (document.getElementById("figure-save")) new Table();
