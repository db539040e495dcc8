/* Editing in the table: rows are ticked to be changed together, cells changed where they stand. Off until asked for. */
import { AskError, saidOf } from "../lib/ask.js";
import { byId, find, findAll } from "../lib/find.js";
import { element, icon, number, t } from "../lib/texts.js";
import { openBatch } from "./batch.js";
import { openForm } from "./form.js";
import { tellSaved } from "./saved.js";
import { editable, emptyForm, fetchForm, post } from "./server.js";
import { inputsOf } from "./values.js";
/** @import { MapPage } from "../map/types" */
/** @import { Input } from "./types" */

export class TableEditing {
  #isOn = false;
  #layer = "";
  /** @type {HTMLElement | null} */
  #body = null;
  /** @type {Map<string, Set<number>>} layer -> what is ticked */
  #ticked = new Map();
  /** @type {number | null} where the last tick was set */
  #last = null;
  #toggle = this.#button("pencil-square", t("Edit in the table"), () => this.#turn(!this.#isOn));
  #many = this.#button("ui-checks", t("Change many"), () => this.#openMany());
  #count = element("span", { role: "status" });

  /** @param {MapPage} page */
  constructor(page) {
    this.page = page;
    const tools = find(".table-tools", byId("table-drawer"));
    const bar = element("div", { class: "table-editing", "data-for": "table", hidden: true });
    bar.append(this.#toggle, this.#many, this.#count);
    tools.insertBefore(bar, find(".dropdown", tools));
    this.#toggle.setAttribute("aria-pressed", "false");
    this.bar = bar;
    document.addEventListener("webmap:table", ({ detail }) => this.#take(detail.layer, detail.body));
  }

  /**
   * @param {string} sign
   * @param {string} label
   * @param {() => void} click
   */
  #button(sign, label, click) {
    const attributes = { class: "btn btn-sm btn-outline-primary", type: "button", click };
    return element("button", attributes, icon(sign), " ", label);
  }

  ticked() {
    const found = this.#ticked.get(this.#layer) ?? new Set();
    this.#ticked.set(this.#layer, found);
    return found;
  }

  /**
   * @param {string} layer
   * @param {HTMLElement} body
   */
  #take(layer, body) {
    if (layer !== this.#layer) this.#last = null;
    this.#layer = layer;
    this.#body = body;
    this.bar.hidden = !editable[layer];
    if (this.#isOn && editable[layer]) this.#dress(body);
    this.#say();
  }

  #say() {
    const count = this.ticked().size;
    this.#count.textContent = this.#isOn && count ? t("{count} ticked", { count: number(count) }) : "";
  }

  /** @param {boolean} isOn */
  #turn(isOn) {
    this.#isOn = isOn;
    this.#toggle.setAttribute("aria-pressed", String(isOn));
    if (!this.#body) return;
    if (isOn) this.#dress(this.#body);
    else this.#undress(this.#body);
    this.#say();
  }

  #openMany() {
    if (!this.#isOn) this.#turn(true);
    const layer = this.#layer;
    openBatch(this.page, layer, {
      ticked: () => [...(this.#ticked.get(layer) ?? [])],
      done: () => {
        this.#ticked.delete(layer);
        this.#say();
      },
    });
  }

  /** @param {HTMLElement} body */
  #undress(body) {
    for (const part of findAll(".cell-ways", body)) part.remove();
    for (const cell of findAll(".is-editable", body)) cell.classList.remove("is-editable");
    for (const button of findAll(".cell-edit", body)) button.replaceWith(button.textContent ?? "");
  }

  /** @param {HTMLElement} body */
  async #dress(body) {
    const layer = this.#layer;
    const heads = body.querySelector("thead tr");
    if (!heads || heads.querySelector(".cell-ways")) return;
    const all = this.#tick(t("Tick all rows of this page"), (isOn) => this.#tickPage(isOn));
    heads.prepend(element("th", { class: "cell-ways", scope: "col" }, all));
    for (const row of findAll("tr[data-id]", body)) this.#dressRow(row, layer);
    const form = await emptyForm(layer).catch(() => null); // without it, rows can still be ticked and opened
    if (!form || !this.#isOn || this.#layer !== layer) return;
    const fields = new Set(inputsOf(form).map(({ name }) => name));
    for (const cell of findAll("tbody td[data-field]", body)) {
      if (fields.has(cell.dataset.field ?? "")) this.#dressCell(cell, layer);
    }
  }

  /**
   * @param {string} label
   * @param {(isOn: boolean) => void} change
   */
  #tick(label, change) {
    const changed = (/** @type {Event} */ event) => change(/** @type {HTMLInputElement} */ (event.target).checked);
    return element("input", { class: "form-check-input", type: "checkbox", "aria-label": label, change: changed });
  }

  /**
   * @param {HTMLElement} row
   * @param {string} layer
   */
  #dressRow(row, layer) {
    const id = Number(row.dataset.id);
    const name = find("th", row).textContent ?? "";
    const tick = this.#tick(t("Tick {name}", { name }), (isOn) => this.#tickOne(id, isOn));
    tick.checked = this.ticked().has(id);
    tick.addEventListener("click", (event) => event.shiftKey && this.#tickSpan(id, tick.checked));
    const label = t("Edit {name}", { name });
    const open = { class: "icon-button small", type: "button", "aria-label": label, title: label };
    const edit = element("button", { ...open, click: () => openForm(this.page, layer, { id }) }, icon("pencil"));
    const stop = (/** @type {Event} */ event) => event.stopPropagation(); // the row's click shows the object
    row.prepend(element("td", { class: "cell-ways", click: stop }, tick, edit));
  }

  /**
   * @param {number} id
   * @param {boolean} isOn
   */
  #tickOne(id, isOn) {
    this.#last = id;
    if (isOn) this.ticked().add(id);
    else this.ticked().delete(id);
    this.#told();
  }

  /** @param {boolean} isOn */
  #tickPage(isOn) {
    this.#each(findAll("tr[data-id]", this.#body ?? document), isOn);
  }

  /**
   * @param {number} id
   * @param {boolean} isOn
   */
  #tickSpan(id, isOn) {
    const rows = findAll("tr[data-id]", this.#body ?? document);
    const ends = [id, this.#last].map((end) => rows.findIndex((row) => row.dataset.id === String(end)));
    if (Math.min(...ends) >= 0) this.#each(rows.slice(Math.min(...ends), Math.max(...ends) + 1), isOn);
  }

  /**
   * @param {HTMLElement[]} rows
   * @param {boolean} isOn
   */
  #each(rows, isOn) {
    for (const row of rows) {
      find(".cell-ways input", row, HTMLInputElement).checked = isOn;
      if (isOn) this.ticked().add(Number(row.dataset.id));
      else this.ticked().delete(Number(row.dataset.id));
    }
    this.#told();
  }

  #told() {
    this.#say();
    document.dispatchEvent(new CustomEvent("webmap:ticked"));
  }

  /* --- one cell ------------------------------------------------------------------------------- */

  /**
   * @param {HTMLElement} cell
   * @param {string} layer
   */
  #dressCell(cell, layer) {
    const text = cell.textContent ?? "";
    const head = this.#body?.querySelector(`[data-sort="${CSS.escape(cell.dataset.field ?? "")}"]`);
    const value = text || t("(empty)");
    const label = t("{field}: {value}. Change", { field: head?.textContent ?? "", value });
    const click = (/** @type {Event} */ event) => {
      event.stopPropagation();
      this.#editCell(cell, layer, text);
    };
    const shown = element("button", { class: "cell-edit", type: "button", "aria-label": label, click }, text);
    cell.classList.add("is-editable");
    cell.replaceChildren(shown);
  }

  /**
   * @param {HTMLElement} cell
   * @param {string} layer
   * @param {string} text what it showed
   */
  async #editCell(cell, layer, text) {
    const name = cell.dataset.field ?? "";
    const id = Number(cell.closest("tr")?.dataset.id);
    const label = cell.querySelector("button")?.getAttribute("aria-label") ?? name;
    const back = () => {
      cell.replaceChildren(text);
      this.#dressCell(cell, layer);
      cell.querySelector("button")?.focus({ preventScroll: true });
    };
    const form = await fetchForm(layer, { id: String(id) }).catch(() => null);
    const input = form && inputsOf(form).find((other) => other.name === name && !other.closest(".edit-row"));
    if (!form || !input || !cell.isConnected) return;
    const said = element("span", { class: "edit-problem", role: "alert" });
    const before = input.value;
    input.setAttribute("aria-label", label);
    input.removeAttribute("aria-describedby");
    input.removeAttribute("list");
    cell.replaceChildren(input, said);
    input.focus();
    this.#listen(input, before, back, () =>
      this.#saveCell(layer, { id, version: form.dataset.version ?? null, values: { [name]: input.value } }, said),
    );
  }

  /**
   * @param {Input} input
   * @param {string} before
   * @param {() => void} back
   * @param {() => Promise<boolean>} save whether it is over
   */
  #listen(input, before, back, save) {
    let isBusy = false;
    const finish = async () => {
      if (isBusy) return;
      if (input.value === before) {
        back();
        return;
      }
      isBusy = true;
      input.setAttribute("aria-busy", "true");
      isBusy = await save();
      input.removeAttribute("aria-busy");
    };
    input.addEventListener("click", (event) => event.stopPropagation());
    input.addEventListener("keydown", (event) => {
      const { key } = /** @type {KeyboardEvent} */ (event);
      if (key !== "Enter" && key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      if (key === "Enter") finish();
      else back();
    });
    input.addEventListener("change", () => input instanceof HTMLSelectElement && finish());
    input.addEventListener("blur", () => input.value === before && !isBusy && back());
  }

  /**
   * @param {string} layer
   * @param {import("./types").Sent} object
   * @param {HTMLElement} said
   */
  async #saveCell(layer, object, said) {
    try {
      tellSaved(this.page, layer, await post(editable[layer].address, { objects: [object], reason: "" }));
      return true;
    } catch (error) {
      const problems = error instanceof AskError ? error.details?.problems : null;
      const [first] = /** @type {import("./types").Problem[]} */ (problems ?? []);
      said.textContent = first?.message ?? saidOf(error, t("Not saved. Check the connection and try again."));
      return false;
    }
  }
}
