/* “What is inside”: an area drawn, or an object of the map and the ground around it; what lies there per layer, how
   near or how much of it, and the files of exactly that. */
import { askJson, saidOf, statusOf } from "../lib/ask.js";
import { failure } from "../lib/notices.js";
import { element, icon, number, t } from "../lib/texts.js";
import { ALL } from "../map/state.js";
import { toolAddresses } from "./addresses.js";
import { Drawing } from "./draw.js";
import { area } from "./geodesy.js";
import { drawGround } from "./ground.js";
import { showResult } from "./insideresult.js";
import { button } from "./measure.js";
import { metres, squareMetres } from "./measures.js";
/** @import { MapPage, Named } from "../map/types" */
/** @import { Shape, Sketch } from "./draw.js" */
/** @import { Inside as Answer } from "./insideresult.js" */

/** @typedef {[string, string]} Pair field and value of a filter */
/** @typedef {Exclude<Shape, "line" | "point">} Area */

const FARTHEST = 50000; // metres
const USUAL = 500; // metres around a point or a line
const DISTANCES = [0, 50, 100, 250, 500, 1000, 2000, 5000];

/** @param {L.LatLng} place */
const written = ({ lat, lng }) => `${lng.toFixed(6)},${lat.toFixed(6)}`;

/**
 * @param {Sketch} sketch
 * @returns {Pair}
 */
const filterOf = ({ ring, circle }) =>
  circle
    ? ["near", `${written(circle.at)},${(circle.radius / 1000).toFixed(4)}`]
    : ["polygon", ring.map(written).join(";")];

/** @param {Sketch} sketch */
const sizeOf = ({ ring, circle }) =>
  circle ? t("radius {length}", { length: metres(circle.radius) }) : squareMetres(area(ring));

export class Inside {
  #addresses = toolAddresses();
  #choices = {
    polygon: this.#choice("polygon", t("Polygon"), "pentagon"),
    rectangle: this.#choice("rectangle", t("Rectangle"), "square"),
    circle: this.#choice("circle", t("Circle"), "circle"),
  };
  #take = element(
    "button",
    { class: "btn btn-sm btn-outline-primary", type: "button", hidden: true, click: () => this.takeSelected() },
    icon("bullseye"),
    " ",
    t("The selected object"),
  );
  #upTo = element("input", {
    class: "form-control form-control-sm",
    type: "number",
    id: "inside-metres",
    min: 0,
    max: FARTHEST,
    step: "any",
    list: "inside-distances",
    change: () => this.#taken && this.#takeObject(this.#taken),
  });
  #reach = element("div", { class: "tool-row", hidden: true }, ...this.#reachParts());
  #value = element("output", { class: "tool-value" }, "–");
  #detail = element("p", { class: "tool-detail", role: "status" });
  #undo = button("btn-outline-secondary", t("Remove the last point"), () => this.#drawing?.undo());
  #finish = button("btn-primary", t("Finish drawing"), () => this.#drawing?.finish());
  #list = button("btn-primary", t("Show the list"), () => this.#showList());
  #filter = button("btn-outline-primary", t("Filter the map by this area"), () => this.#filterMap());
  /** @type {Drawing | null} */
  #drawing = null;
  /** @type {L.GeoJSON | null} */
  #outline = null;
  /** @type {Pair | null} */
  #asked = null;
  /** @type {Answer | null} */
  #answer = null;
  /** @type {Named | null} the object that all this is around */
  #taken = null;
  #turn = 0;

  /**
   * @param {MapPage} page
   * @param {() => void} leave
   */
  constructor(page, leave) {
    this.page = page;
    this.leave = leave;
  }

  /** @param {HTMLElement} body */
  start(body) {
    const { state } = this.page;
    const group = { class: "tool-choices", role: "group", "aria-label": t("How to choose the area") };
    const actions = element("div", { class: "tool-actions" }, this.#undo, this.#finish, this.#list, this.#filter);
    const choices = element("div", group, ...Object.values(this.#choices), this.#take);
    body.append(choices, this.#reach, this.#value, this.#detail, actions);
    const offer = () => {
      this.#take.hidden = !state.selection;
    };
    state.on("selection", offer);
    offer();
    if (!state.selection) {
      this.begin("polygon");
      return;
    }
    this.close();
    this.#undo.hidden = this.#finish.hidden = true;
    this.#detail.textContent = t("Draw an area, or take the selected object.");
  }

  /**
   * @param {Area} shape
   * @param {string} label
   * @param {string} sign
   */
  #choice(shape, label, sign) {
    const attributes = { class: "btn btn-sm btn-outline-primary", type: "button", "data-shape": shape };
    return element("button", { ...attributes, click: () => this.begin(shape) }, icon(sign), " ", label);
  }

  #reachParts() {
    const offers = DISTANCES.map((value) => element("option", { value }));
    return [
      element("label", { for: this.#upTo.id }, t("Up to a distance of")),
      this.#upTo,
      element("span", { "aria-hidden": "true" }, "m"),
      element("datalist", { id: "inside-distances" }, ...offers),
    ];
  }

  /** @param {Area} shape */
  begin(shape) {
    this.close();
    this.#choices[shape].setAttribute("aria-pressed", "true");
    this.#drawing = new Drawing(this.page.map, shape, {
      changed: (sketch) => {
        this.#undo.disabled = !sketch.points.length;
        this.#finish.disabled = sketch.points.length < (shape === "polygon" ? 3 : 2);
        this.#value.textContent = sketch.whole ? sizeOf(sketch) : "–";
      },
      finished: (sketch) => this.#count(filterOf(sketch)),
      cancelled: this.leave,
    });
    this.#value.textContent = "–";
    this.#detail.textContent = {
      polygon: t("Click each corner, double click the last; or move the map and press Enter."),
      rectangle: t("Click two opposite corners."),
      circle: t("Click the middle, then the edge."),
    }[shape];
    this.#undo.hidden = this.#finish.hidden = shape !== "polygon";
    this.#undo.disabled = this.#finish.disabled = true;
  }

  /** Forget what was drawn or taken. */
  close() {
    this.#turn++;
    this.#drawing?.remove();
    this.#outline?.remove();
    this.#drawing = this.#outline = this.#answer = this.#taken = null;
    for (const choice of [...Object.values(this.#choices), this.#take]) choice.setAttribute("aria-pressed", "false");
    this.#list.hidden = this.#filter.hidden = this.#reach.hidden = true;
  }

  takeSelected() {
    const { selection } = this.page.state;
    if (selection) this.#takeObject(selection);
  }

  /**
   * An object and the ground around it. An area at no distance is its layer's own area filter where there is one.
   *
   * @param {Named} chosen
   */
  async #takeObject(chosen) {
    const isSame = this.#taken?.layer === chosen.layer && this.#taken.id === chosen.id;
    this.close();
    this.#taken = chosen;
    if (!isSame) this.#upTo.value = String(this.#isArea(chosen) ? 0 : USUAL);
    this.#reach.hidden = false;
    this.#undo.hidden = this.#finish.hidden = true;
    this.#take.setAttribute("aria-pressed", "true");
    if (!this.#upTo.value || !this.#upTo.checkValidity()) {
      this.#detail.textContent = t("Give a distance from 0 to {most} m.", { most: number(FARTHEST) });
      return;
    }
    const mine = this.#turn;
    const far = Number(this.#upTo.value);
    const around = `${chosen.layer}:${chosen.id}:${far}`;
    this.#detail.textContent = t("Counting…");
    try {
      const shapes = await askJson(`${this.#addresses.around}?${new URLSearchParams({ around })}`);
      if (mine !== this.#turn) return;
      this.#outline = drawGround(shapes).addTo(this.page.map);
      this.page.map.fitBounds(this.#outline.getBounds(), { padding: [40, 40], maxZoom: 15 });
      const wide = t("{name} and {length} around", { name: shapes.name, length: metres(far) });
      this.#value.textContent = far ? wide : shapes.name;
      const by = far ? null : this.#addresses.selects[chosen.layer];
      this.#count(by ? [by, `id:${chosen.id}`] : ["around", around]);
    } catch (error) {
      const text = t("This object could not be loaded. Try again.");
      this.#detail.replaceChildren(...failure(error, text, () => this.#takeObject(chosen)));
    }
  }

  /** @param {Named} chosen */
  #isArea({ layer }) {
    return this.page.layers.find(({ spec }) => spec.name === layer)?.spec.geometry === "multipolygon";
  }

  /** @param {Pair} pair */
  async #count(pair) {
    const mine = ++this.#turn;
    this.#asked = pair;
    this.#undo.hidden = this.#finish.hidden = true;
    this.#detail.textContent = t("Counting…");
    try {
      const found = await askJson(`${this.#addresses.inside}?${this.#query(pair)}`);
      if (mine === this.#turn) this.#show(pair, found);
    } catch (error) {
      if (mine !== this.#turn) return;
      const said = saidOf(error, "");
      const text = t("The server did not answer. Check the connection and try again.");
      const parts = said && statusOf(error) !== 401 ? [said] : failure(error, text, () => this.#count(pair));
      this.#detail.replaceChildren(...parts);
    }
  }

  /**
   * The area, and each layer's own filters.
   *
   * @param {Pair} pair
   */
  #query(pair) {
    const query = new URLSearchParams([pair]);
    for (const { spec } of this.page.layers) {
      for (const [field, wanted] of this.page.state.pairs(spec.name)) {
        if (field !== pair[0]) query.append(`${spec.name}.${field}`, wanted);
      }
    }
    return query;
  }

  /**
   * @param {Pair} pair
   * @param {Answer} found
   */
  #show(pair, found) {
    this.#answer = found;
    const counts = { count: number(found.count), layers: found.layers.length };
    this.#detail.textContent = found.count
      ? t("{count} objects in {layers} layers", counts)
      : t("Nothing lies inside this area.");
    this.#list.hidden = !found.count;
    this.#filter.hidden = false;
    document.dispatchEvent(new CustomEvent("webmap:inside", { detail: { pair, layers: found.layers } }));
    if (found.count) this.#showList();
  }

  #showList() {
    if (this.#answer) showResult(this.page.selection, this.#answer, this.#value.textContent ?? "", this.#taken);
  }

  #filterMap() {
    if (this.#asked) this.page.state.setFilter(ALL, this.#asked[0], [this.#asked[1]]);
    this.leave();
  }
}

/**
 * @param {MapPage} page
 * @param {HTMLElement} body
 * @param {() => void} close
 */
export function startInside(page, body, close) {
  const inside = new Inside(page, close);
  inside.start(body);
  return inside;
}
