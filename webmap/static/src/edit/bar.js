/* The bar over the map while somebody draws: steps back and forth, snapping, tools, and what is known of the drawing. */
import { element, icon, t } from "../lib/texts.js";

const KIND = "btn btn-sm btn-outline-primary";

/**
 * @typedef {{ back: () => void, forth: () => void, snap: () => boolean, anew: () => void, finish: () => void }} Acts
 *   `snap` turns snapping and tells whether it is on
 */

export class Bar {
  #size = element("strong", { class: "edit-live" });
  #said = element("p", { role: "status" });
  #told = element("ul", { class: "edit-warnings", role: "status" });
  #back;
  #forth;

  /**
   * @param {Acts} acts
   * @param {HTMLElement[]} corners
   * @param {HTMLElement[]} tools
   */
  constructor({ back, forth, snap, anew, finish }, corners, tools) {
    this.#back = button(t("Undo the last step"), "arrow-counterclockwise", back);
    this.#forth = button(t("Do it again"), "arrow-clockwise", forth);
    const turn = (/** @type {{ currentTarget: HTMLElement }} */ { currentTarget }) =>
      currentTarget.setAttribute("aria-pressed", String(snap()));
    const snapping = { class: KIND, type: "button", "aria-pressed": "true", title: t("Snapping"), click: turn };
    this.root = element(
      "div",
      { class: "edit-bar", role: "toolbar", "aria-label": t("Place") },
      this.#back,
      this.#forth,
      element("button", snapping, icon("magnet"), " ", element("span", {}, t("Snapping"))),
      button(t("Draw anew"), "eraser", anew),
      ...corners,
      ...tools,
      this.#size,
      element("button", { class: "btn btn-sm btn-primary", type: "button", click: finish }, t("Finish")),
      this.#said,
      this.#told,
    );
  }

  /** @param {string} text */
  say(text) {
    this.#said.textContent = text;
  }

  /** @param {string} text */
  size(text) {
    this.#size.textContent = text;
  }

  /** @param {string[]} remarks what is worth knowing before it is stored */
  warn(remarks) {
    this.#told.replaceChildren(...remarks.map((text) => element("li", {}, text)));
  }

  /**
   * @param {boolean} hasBack
   * @param {boolean} hasForth
   */
  dress(hasBack, hasForth) {
    this.#back.disabled = !hasBack;
    this.#forth.disabled = !hasForth;
  }
}

/**
 * @param {string} label
 * @param {string} sign
 * @param {() => void} click
 */
const button = (label, sign, click) =>
  element("button", { class: KIND, type: "button", title: label, "aria-label": label, click }, icon(sign));
