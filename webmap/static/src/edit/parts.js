/* What a split leaves beside an object become objects of their own: each is asked for its code and name. */
import { find } from "../lib/find.js";
import { element, t } from "../lib/texts.js";
import { emptyForm } from "./server.js";
import { valuesOf } from "./values.js";
/** @import { Values } from "./types" */

export class Parts {
  /** @type {Values[]} code and name of each */
  values = [];
  #box = element("div", { class: "edit-rows" });

  /** @param {HTMLFormElement} form of the object that is split */
  constructor(form) {
    this.form = form;
    find(".edit-size", form).after(this.#box);
  }

  /**
   * Ask for so many names; those that were given stay.
   *
   * @param {number} count
   */
  async show(count) {
    if (this.#box.childElementCount === count) return;
    const { code = "", name = "" } = valuesOf(this.form);
    this.values.length = Math.min(this.values.length, count);
    const next = count > this.values.length ? await this.#nextCode() : "";
    while (this.values.length < count) {
      const mark = this.values.length + 2;
      const free = next && this.values.length === 0 ? next : "";
      this.values.push({ code: free || `${code}-${mark}`, name: `${name} (${mark})` });
    }
    this.#box.replaceChildren(...this.values.map((values, index) => this.#row(values, index)));
  }

  /** The code that goes on where the layer's end; empty where they do not count. */
  async #nextCode() {
    const form = await emptyForm(this.form.dataset.layer ?? "").catch(() => null);
    return form ? (valuesOf(form).code ?? "") : "";
  }

  /**
   * @param {Values} values
   * @param {number} index
   */
  #row(values, index) {
    const cell = (/** @type {"code" | "name"} */ name, /** @type {string} */ label) => {
      const id = `edit-part-${index}-${name}`;
      const input = element("input", { class: "form-control form-control-sm", id, autocomplete: "off" });
      input.value = values[name];
      input.addEventListener("input", () => (values[name] = input.value));
      return element("div", { class: "edit-cell" }, element("label", { for: id }, label), input);
    };
    const number = index + 2;
    return element(
      "div",
      { class: "edit-row" },
      cell("code", t("Code of part {number}", { number })),
      cell("name", t("Name of part {number}", { number })),
      element("p", { class: "edit-problem", hidden: true }),
    );
  }

  /**
   * Where the problems of a part are told.
   *
   * @param {number} index
   */
  rowOf(index) {
    const row = this.#box.children[index];
    return row instanceof HTMLElement ? row : null;
  }
}
