/* Drawing on the map by hand: points, lines, areas and words in five colours. Who is signed in has each step kept by the
   server under a code that stands in the address: a saved view and the copied link show it again. */
import { askJson, saidOf, statusOf } from "../lib/ask.js";
import { byId } from "../lib/find.js";
import { failure, notice, signInFor } from "../lib/notices.js";
import { element, icon, t } from "../lib/texts.js";
import { COLOURS, NotesLayer } from "../map/notes.js";
import { Drawing } from "./draw.js";
import { button } from "./measure.js";
/** @import { MapPage } from "../map/types" */
/** @import { NoteKind, Shape } from "../map/notes.js" */
/** @import { Sketch } from "./draw.js" */

/** @typedef {{ code: string, by: string, is_mine: boolean, shapes: Shape[] }} Kept */

const MOST = 200;
const LONGEST = 300;
const SMALL = { class: "icon-button small", type: "button" };

/** @type {Notes | null} one for the page: the tool's card comes and goes, the drawing stays */
let notes = null;

/** @param {MapPage} page */
export function watchNotes(page) {
  notes = new Notes(page);
  notes.start();
}

/** What is drawn, its steps back, and its copy on the server. */
class Notes {
  /** @type {Shape[]} */
  shapes = [];
  /** @type {Shape[][]} */
  #before = [];
  #layer = new NotesLayer();
  #shown = "";
  #isSaving = false;
  #isChanged = false;
  /** @type {(said: (string | Node)[]) => void} */
  tell = () => {};
  /** @type {() => void} */
  redrawn = () => {};

  /** @param {MapPage} page */
  constructor(page) {
    this.page = page;
    const { sketches = "", token = "" } = byId("tool-set").dataset;
    this.address = sketches;
    this.token = token;
  }

  start() {
    this.#layer.addTo(this.page.map);
    this.page.state.on("notes", () => this.#follow());
    this.#follow();
  }

  get canSave() {
    return Boolean(this.address);
  }

  get canUndo() {
    return this.#before.length > 0;
  }

  /**
   * @param {Shape[]} shapes
   * @param {boolean} isQuiet the card shows them already
   */
  change(shapes, isQuiet = false) {
    this.#before.push(this.shapes);
    this.#take(shapes, isQuiet);
    this.#save();
  }

  undo() {
    const before = this.#before.pop();
    if (!before) return;
    this.#take(before);
    this.#save();
  }

  /** Take all off the map; a drawing that was kept stays under its link. */
  leave() {
    this.#before = [];
    this.#shown = "";
    this.#isChanged = false;
    this.#take([]);
    this.page.state.update({ notes: "" }, { push: true });
    this.tell([]);
  }

  /**
   * @param {Shape[]} shapes
   * @param {boolean} isQuiet
   */
  #take(shapes, isQuiet = false) {
    this.shapes = shapes;
    this.#layer.show(shapes);
    if (!isQuiet) this.redrawn();
  }

  /** Show the drawing that the address names. */
  async #follow() {
    const code = this.page.state.notes;
    if (code === this.#shown) return;
    this.#shown = code;
    this.#before = [];
    if (!code) {
      this.#take([]);
      return;
    }
    if (!this.canSave) {
      signInFor("notes", t("This link has a drawing for who is signed in."));
      return;
    }
    try {
      const kept = await askJson(`${this.address}/${code}`);
      if (this.#shown === code) this.#take(kept.shapes);
    } catch (error) {
      const text =
        statusOf(error) === 404
          ? t("The drawing of this link is no longer there.")
          : saidOf(error, t("The drawing could not be loaded."));
      notice("notes", text, { seconds: 12 });
    }
  }

  /** Keep what is drawn: one question at a time, the last state wins. */
  async #save() {
    this.#isChanged = true;
    if (!this.canSave || this.#isSaving) return;
    this.#isSaving = true;
    while (this.#isChanged) {
      this.#isChanged = false;
      await this.#send();
    }
    this.#isSaving = false;
  }

  async #send() {
    const body = new FormData();
    const code = this.#shown;
    body.set("shapes", JSON.stringify(this.shapes));
    const headers = { "X-CSRFToken": this.token, Accept: "application/json" };
    this.tell([t("Saving…")]);
    try {
      /** @type {Kept} */
      const kept = await askJson(code ? `${this.address}/${code}` : this.address, { method: "POST", body, headers });
      if (this.#shown !== code) return; // taken off the map meanwhile
      this.#shown = kept.code;
      this.page.state.update({ notes: kept.code });
      this.tell([t("Kept. Whoever is signed in and has the link of this page sees it; a saved view keeps it.")]);
    } catch (error) {
      this.tell(failure(error, t("The drawing could not be kept."), () => this.#save()));
    }
  }
}

/** The tool's card. */
class NotesTool {
  #list = element("ul", { class: "note-list" });
  #status = element("p", { class: "tool-detail", role: "status" });
  #undo = button("btn-outline-secondary", t("Undo"), () => this.#back());
  #finish = button("btn-primary", t("Finish drawing"), () => this.#drawing?.finish());
  #clear = button("btn-outline-secondary", t("Take off the map"), () => this.notes.leave());
  /** @type {Drawing | null} */
  #drawing = null;
  #points = 0;
  #colour = COLOURS[0];
  /** @type {Record<NoteKind, HTMLElement>} */
  #choices = {
    point: button("btn-outline-primary", t("Point"), () => this.begin("point")),
    line: button("btn-outline-primary", t("Line"), () => this.begin("line")),
    area: button("btn-outline-primary", t("Region"), () => this.begin("area")),
    text: button("btn-outline-primary", t("Written words"), () => this.begin("text")),
  };

  /**
   * @param {Notes} made
   * @param {L.Map} map
   * @param {() => void} leave
   */
  constructor(made, map, leave) {
    this.notes = made;
    this.map = map;
    this.leave = leave;
  }

  parts() {
    const { point, line, area, text } = this.#choices;
    const kinds = { class: "tool-choices", role: "group", "aria-label": t("What to draw") };
    const actions = element("div", { class: "tool-actions" }, this.#finish, this.#undo, this.#clear);
    this.notes.tell = (said) => this.#status.replaceChildren(...said);
    this.notes.redrawn = () => this.show();
    this.#hint();
    this.show();
    return [element("div", kinds, point, line, area, text), this.#colours(), actions, this.#list, this.#status];
  }

  #hint() {
    const lost = t("Choose what to draw. It is lost when this page is left: sign in to keep and share it.");
    this.#status.textContent = this.notes.canSave ? t("Choose what to draw. Each step is kept at once.") : lost;
  }

  #colours() {
    const names = [t("Red"), t("Blue"), t("Brown"), t("Green"), t("Violet")];
    const swatches = COLOURS.map((colour, i) => {
      const input = element("input", {
        type: "radio",
        name: "note-colour",
        "aria-label": names[i],
        title: names[i],
        checked: colour === this.#colour,
        change: () => {
          this.#colour = colour;
        },
      });
      input.style.setProperty("--swatch", colour);
      return input;
    });
    return element("div", { class: "note-colours", role: "radiogroup", "aria-label": t("Colour") }, ...swatches);
  }

  /** @param {NoteKind} kind */
  begin(kind) {
    this.#stop();
    if (this.notes.shapes.length >= MOST) {
      this.#status.textContent = t("A drawing has at most {most} shapes.", { most: MOST });
      return;
    }
    const shape = kind === "area" ? "polygon" : kind === "line" ? "line" : "point";
    this.#choices[kind].setAttribute("aria-pressed", "true");
    this.#status.textContent =
      shape === "point"
        ? t("Click the map; or move the map and press Enter.")
        : t("Click the map for each point, double click for the last; or move the map and press Enter.");
    this.#drawing = new Drawing(this.map, shape, {
      changed: ({ points }) => this.#count(points.length),
      finished: (sketch) => this.#end(kind, sketch),
      cancelled: () => this.#stop(),
    });
    this.show();
  }

  /** @param {number} points */
  #count(points) {
    this.#points = points;
    this.#buttons();
  }

  #buttons() {
    this.#finish.hidden = !this.#drawing;
    this.#undo.toggleAttribute("disabled", !this.#points && !this.notes.canUndo);
    this.#clear.toggleAttribute("disabled", !this.notes.shapes.length);
  }

  /**
   * @param {NoteKind} kind
   * @param {Sketch} sketch
   */
  #end(kind, { points }) {
    const at = points.map(({ lng, lat }) => /** @type {[number, number]} */ ([lng, lat]));
    this.#stop();
    this.#hint();
    this.notes.change([...this.notes.shapes, { kind, at, colour: this.#colour, note: "" }]);
    const boxes = this.#list.querySelectorAll("input");
    boxes[boxes.length - 1]?.focus({ preventScroll: true });
  }

  #back() {
    if (this.#points) this.#drawing?.undo();
    else this.notes.undo();
  }

  #stop() {
    this.#drawing?.remove();
    this.#drawing = null;
    this.#points = 0;
    for (const choice of Object.values(this.#choices)) choice.setAttribute("aria-pressed", "false");
    this.#buttons();
  }

  show() {
    this.#list.replaceChildren(...this.notes.shapes.map((shape, i) => this.#row(shape, i)));
    this.#buttons();
  }

  /**
   * @param {Shape} shape
   * @param {number} index
   */
  #row(shape, index) {
    const kind = this.#choices[shape.kind].textContent ?? "";
    const name = `${kind} ${index + 1}`;
    const others = (/** @type {Shape[]} */ put) => this.notes.shapes.flatMap((one, i) => (i === index ? put : [one]));
    /** @type {HTMLInputElement} */
    const box = element("input", {
      class: "form-control form-control-sm",
      type: "text",
      maxlength: LONGEST,
      value: shape.note,
      placeholder: shape.kind === "text" ? t("Write the words") : t("Note"),
      "aria-label": t("Note of “{name}”", { name }),
      change: () => {
        this.notes.change(others([{ ...shape, note: box.value.trim() }]), true);
        this.#buttons();
      },
    });
    const key = element("span", { class: "own-key" });
    key.style.background = shape.colour;
    const remove = {
      ...SMALL,
      "aria-label": t("Remove “{name}”", { name }),
      click: () => this.notes.change(others([])),
    };
    return element(
      "li",
      {},
      key,
      element("span", { class: "note-kind" }, kind),
      box,
      element("button", remove, icon("x-lg")),
    );
  }

  close() {
    this.#stop();
    this.notes.tell = () => {};
    this.notes.redrawn = () => {};
  }
}

/**
 * @param {MapPage} page
 * @param {HTMLElement} body
 * @param {() => void} close
 */
export function startNotes(page, body, close) {
  const tool = new NotesTool(/** @type {Notes} */ (notes), page.map, close);
  body.append(...tool.parts());
  return tool;
}
