/* The same value for many objects: what would change is shown before it is stored, and stored as it was shown. */
import { AskError, saidOf } from "../lib/ask.js";
import { find } from "../lib/find.js";
import { failure } from "../lib/notices.js";
import { element, number, t } from "../lib/texts.js";
import { describedLayers, written } from "../panels/describe.js";
import { openPanel, raisePanel, showInPanel } from "../panels/panel.js";
import { closeForm } from "./form.js";
import { startPicking } from "./pick.js";
import { tellSaved } from "./saved.js";
import { editable, emptyForm, post } from "./server.js";
import { inputsOf } from "./values.js";
/** @import { MapPage } from "../map/types" */
/** @import { Field, Value } from "../panels/types" */
/** @import { Input, Previewed } from "./types" */
/** @typedef {{ ticked: () => number[], done: () => void }} Ticked */

const LOOK_AFTER = 350; // ms
/** An object has its own. */
const OWN = ["code", "name"];

/**
 * @param {MapPage} page
 * @param {string} layer
 * @param {Ticked} ticked
 */
export async function openBatch(page, layer, ticked) {
  closeForm();
  page.selection.giveWay();
  page.map.closePopup();
  openPanel();
  try {
    const [form, described] = await Promise.all([emptyForm(layer), describedLayers(page.config.addresses)]);
    const batch = new Batch(page, layer, ticked, form, described.get(layer)?.fields ?? []);
    showInPanel(batch.root);
    raisePanel("full");
    batch.start();
  } catch (error) {
    const text = t("The form could not be loaded. Check the connection and try again.");
    showInPanel(element("p", { class: "failed" }, ...failure(error, text, () => openBatch(page, layer, ticked))));
  }
}

class Batch {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #mark = "";
  #turn = 0;
  /** @type {Input | null} */
  #input = null;
  #who = element("div", { class: "edit-who", role: "radiogroup", "aria-label": t("Which objects") });
  #field = element("select", { class: "form-select form-select-sm", id: "batch-field" });
  #value = element("div", { class: "batch-value" });
  #reason = element("input", { class: "form-control form-control-sm", id: "batch-reason", autocomplete: "off" });
  #told = element("div", { class: "batch-told", role: "status", "aria-live": "polite" });
  #save = element("button", { class: "btn btn-sm btn-primary", type: "submit", disabled: true }, t("Save"));
  #isAll = false;

  /**
   * @param {MapPage} page
   * @param {string} layer
   * @param {Ticked} ticked
   * @param {HTMLFormElement} form a new object's
   * @param {Field[]} fields
   */
  constructor(page, layer, ticked, form, fields) {
    this.page = page;
    this.layer = layer;
    this.ticked = ticked;
    this.form = form;
    this.fields = fields;
    const close = () => find("[data-close-object]").click();
    this.root = element(
      "form",
      { class: "edit-form batch-form", novalidate: true, submit: (/** @type {Event} */ event) => this.#store(event) },
      element(
        "header",
        {},
        element("p", { class: "kind" }, editable[layer].title),
        element("h2", { tabindex: "-1" }, t("Change many")),
      ),
      this.#who,
      row(t("Field"), this.#field),
      this.#value,
      row(t("Reason"), this.#reason),
      this.#told,
      element(
        "div",
        { class: "edit-actions" },
        this.#save,
        element("button", { class: "btn btn-sm btn-outline-secondary", type: "button", click: close }, t("Cancel")),
      ),
    );
  }

  start() {
    this.#offerWho();
    const options = inputsOf(this.form).filter((input) => input.closest(".edit-field") && !OWN.includes(input.name));
    this.#field.append(element("option", { value: "" }, t("Choose a field")));
    for (const { name, id } of options) {
      const label = this.form
        .querySelector(`label[for="${CSS.escape(id)}"]`)
        ?.textContent?.replace("*", "")
        .trim();
      this.#field.append(element("option", { value: name }, label || name));
    }
    this.#field.addEventListener("change", () => this.#choose());
    const asked = () => {
      if (!this.root.isConnected) document.removeEventListener("webmap:ticked", asked);
      else {
        this.#offerWho();
        this.#later();
      }
    };
    document.addEventListener("webmap:ticked", asked);
    find("h2", this.root).focus({ preventScroll: true });
  }

  #offerWho() {
    const count = this.ticked.ticked().length;
    const choice = (/** @type {string} */ id, /** @type {string} */ label, /** @type {boolean} */ isAll) => {
      const change = () => {
        this.#isAll = isAll;
        this.#later();
      };
      const attributes = { class: "form-check-input", type: "radio", id, change };
      const input = element("input", { ...attributes, name: "batch-who", checked: this.#isAll === isAll });
      return element(
        "div",
        { class: "form-check" },
        input,
        element("label", { class: "form-check-label", for: id }, label),
      );
    };
    this.#who.replaceChildren(
      choice("batch-ticked", t("{count} ticked in the table", { count: number(count) }), false),
      choice("batch-all", t("All that the filters keep"), true),
    );
  }

  #choose() {
    const { value: name } = this.#field;
    const field = this.form.querySelector(`.edit-field[data-problem-for="${CSS.escape(name)}"]`);
    this.#input = null;
    this.#value.replaceChildren();
    if (field && name) {
      const shown = /** @type {HTMLElement} */ (field.cloneNode(true));
      for (const part of shown.querySelectorAll("[id]")) part.id = part.id.replace(/^edit-/, "batch-value-");
      for (const label of shown.querySelectorAll("label"))
        label.htmlFor = label.htmlFor.replace(/^edit-/, "batch-value-");
      for (const input of inputsOf(shown)) {
        for (const about of ["list", "aria-describedby"])
          if (input.hasAttribute(about))
            input.setAttribute(about, (input.getAttribute(about) ?? "").replace(/^edit-/, "batch-value-"));
        this.#input = input;
      }
      this.#value.append(shown);
      startPicking(this.root, this.form.dataset);
      this.#input?.addEventListener("input", () => this.#later());
      this.#input?.focus();
    }
    this.#later();
  }

  #later() {
    clearTimeout(this.#timer);
    this.#mark = "";
    this.#turn += 1;
    this.#save.disabled = true;
    this.#timer = setTimeout(() => this.#look(), LOOK_AFTER);
  }

  #body() {
    const { state, map } = this.page;
    const asking = new URLSearchParams(state.filterQuery(this.layer));
    if (state.here) asking.set("bbox", map.getBounds().toBBoxString());
    const who = this.#isAll ? { filters: String(asking) } : { ids: this.ticked.ticked() };
    return { ...who, values: { [this.#input?.name ?? ""]: this.#input?.value ?? "" }, reason: this.#reason.value };
  }

  async #look() {
    if (!this.#input || !(this.#isAll || this.ticked.ticked().length)) {
      this.#told.replaceChildren(
        this.#input ? t("Tick the objects in the table, or take all that the filters keep.") : "",
      );
      return;
    }
    const turn = this.#turn;
    try {
      /** @type {Previewed} */
      const found = await post(`${editable[this.layer].address}/batch/preview`, this.#body());
      if (turn !== this.#turn) return;
      this.#mark = found.mark;
      this.#tell(found);
    } catch (error) {
      if (turn !== this.#turn) return;
      const text = saidOf(error, t("What would change could not be asked. Check the connection and try again."));
      this.#told.replaceChildren(...failure(error, text, () => this.#look()));
    }
  }

  /** @param {Previewed} found */
  #tell({ counts, objects }) {
    const said = [t("{count} change", { count: number(counts.changed) })];
    if (counts.unchanged) said.push(t("{count} have it already", { count: number(counts.unchanged) }));
    if (counts.rejected) said.push(t("{count} refused", { count: number(counts.rejected) }));
    const field = this.fields.find(({ name }) => name === this.#input?.name);
    const text = (/** @type {Value} */ value) => (field ? written(field, value) : String(value ?? "")) || t("(empty)");
    const lines = objects.map(({ name, code, fields, problems }) => {
      const [before, after] = fields[this.#input?.name ?? ""] ?? [];
      const why = problems.map(({ message }) => message).join(" ");
      const told = why || `${text(before)} → ${text(after)}`;
      return element("li", { class: why ? "is-refused" : null }, element("strong", {}, name || code || ""), " ", told);
    });
    const total = counts.changed + counts.rejected;
    const more = total - objects.length;
    const rest = more > 0 ? element("li", {}, t("and {count} more", { count: number(more) })) : null;
    this.#told.replaceChildren(element("p", {}, said.join(" · ")), element("ul", {}, ...lines, rest));
    this.#save.textContent = counts.rejected
      ? t("Save {count}, leave out the refused", { count: number(counts.changed) })
      : t("Save {count} changes", { count: number(counts.changed) });
    this.#save.disabled = !counts.changed;
  }

  /** @param {Event} event */
  async #store(event) {
    event.preventDefault();
    if (this.#save.disabled || !this.#mark) return;
    this.#save.disabled = true;
    try {
      const sent = { ...this.#body(), mark: this.#mark, partial: true };
      const report = await post(`${editable[this.layer].address}/batch`, sent);
      this.ticked.done();
      find("[data-close-object]").click();
      tellSaved(this.page, this.layer, report);
    } catch (error) {
      const isStale = error instanceof AskError && error.status === 409;
      const text = isStale
        ? t("Somebody has changed one of these objects since. Look at it once more and save again.")
        : saidOf(error, t("Not saved. Check the connection and try again."));
      const again = () => this.#look();
      this.#told.prepend(element("p", { class: "edit-problem", role: "alert" }, ...failure(error, text, again)));
      if (isStale) await this.#look();
    }
  }
}

/**
 * @param {string} label
 * @param {HTMLElement} input
 */
const row = (label, input) =>
  element("div", { class: "edit-field" }, element("label", { for: input.id }, label), input);
