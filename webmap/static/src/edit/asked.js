/* What is asked again when the place of an object is another: how exact it is, its source, since when it holds. */
import { find, findAll } from "../lib/find.js";

export class Asked {
  /** @type {[HTMLElement, Comment][]} a field, and where it stands otherwise */
  #fields;

  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.box = find(".edit-asked", form);
    const order = (/** @type {HTMLElement} */ { dataset }) => Number(dataset.askedWhenMoved);
    const fields = findAll("[data-asked-when-moved]", form).sort((one, other) => order(one) - order(other));
    this.#fields = fields.map((field) => {
      const mark = document.createComment("");
      field.before(mark);
      return [field, mark];
    });
  }

  /** @param {boolean} isMoved */
  show(isMoved) {
    if (this.box.hidden !== isMoved || !this.#fields.length) return;
    this.box.hidden = !isMoved;
    for (const [field, mark] of this.#fields)
      if (isMoved) this.box.append(field);
      else mark.after(field);
  }

  /** The drawing is over: what is asked is in view. */
  reveal() {
    if (!this.box.hidden) this.box.previousElementSibling?.scrollIntoView({ block: "start" });
  }
}
