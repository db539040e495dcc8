/* The form of one object: opened in the panel's place, checked by the server, saved as one change set. */
import { AskError, saidOf, statusOf } from "../lib/ask.js";
import { byId, find, findAll, target } from "../lib/find.js";
import { failure } from "../lib/notices.js";
import { element, t } from "../lib/texts.js";
import { openPanel, raisePanel, showInPanel } from "../panels/panel.js";
import { settleConflict } from "./conflict.js";
import { draftOf, forgetDraft, keepDraft, offerDraft, takeUp } from "./drafts.js";
import { Parts } from "./parts.js";
import { startPicking } from "./pick.js";
import { Place, alone } from "./place.js";
import { startActs, startRows } from "./rows.js";
import { tellSaved } from "./saved.js";
import { editable, fetchForm, post } from "./server.js";
import { startTones } from "./tones.js";
import { actsOf, changedRows, changedValues, setValues, storedRows, valuesOf } from "./values.js";
/** @import { MapPage } from "../map/types" */
/** @import { Draft, Problem, Report, Sent } from "./types" */

/**
 * An object, a copy of one, or a new one at a place or of a name. `lost`: the draft of an object that somebody has deleted.
 *
 * @typedef {{ id?: number, copy?: number, at?: L.LatLng, name?: string, lost?: Draft }} Asked
 */

const KEEP_AFTER = 400; // ms

/** @type {ObjectForm | null} */
let open = null;

/**
 * @param {MapPage} page
 * @param {string} layer
 * @param {Asked} asked
 */
export async function openForm(page, layer, asked) {
  closeForm();
  page.selection.giveWay();
  page.map.closePopup();
  openPanel();
  const { id, copy, lost } = asked;
  try {
    const form = await fetchForm(layer, id && !lost ? { id: String(id) } : copy ? { copy: String(copy) } : {});
    showInPanel(form);
    raisePanel("full");
    open = new ObjectForm(page, form, asked);
    find("h2", form).focus({ preventScroll: true });
  } catch (error) {
    const draft = id ? draftOf(layer, id) : null;
    if (statusOf(error) === 404 && draft && !lost) return openForm(page, layer, { id, lost: draft });
    const text = t("The form could not be loaded. Check the connection and try again.");
    showInPanel(element("p", { class: "failed" }, ...failure(error, text, () => openForm(page, layer, asked))));
  }
}

/** End what is being edited; its draft stays. */
export function closeForm() {
  const closed = open;
  open = null;
  closed?.stop();
}

/** @type {(page: MapPage, object: { layer: string, id: number }) => void} the object, and the map beside it */
function show({ selection }, object) {
  selection.show(object, { details: true });
  raisePanel("half");
}

const leavePanel = () => find("[data-close-object]").click();

export class ObjectForm {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isSaving = false;
  /** @type {Record<string, HTMLElement[]>} detail -> where the rows that were sent stand */
  #places = {};
  /** Closed before the pause after the last letter. */
  #left = () => this.#timer && this.#keep();
  /** What takes the form away: another object, the panel's cross. */
  #watch = new MutationObserver(() => {
    if (this.form.isConnected && !byId("object-panel").hidden) return;
    if (open === this) closeForm();
  });

  /**
   * @param {MapPage} page
   * @param {HTMLFormElement} form
   * @param {Asked} asked
   */
  constructor(page, form, asked) {
    this.page = page;
    this.form = form;
    this.layer = form.dataset.layer ?? "";
    this.id = form.dataset.id ? Number(form.dataset.id) : null;
    this.version = form.dataset.version ?? "";
    this.before = { values: this.id ? valuesOf(form) : {}, rows: storedRows(form), acts: actsOf(form) };
    const changed = () => this.#changed();
    this.parts = new Parts(form);
    this.place = new Place(page, form, changed);
    startRows(form, changed);
    startActs(form, changed);
    startPicking(form);
    startTones(form);
    form.addEventListener("input", changed);
    addEventListener("pagehide", this.#left);
    this.#startActions();
    this.#watch.observe(byId("object-body"), { childList: true });
    this.#watch.observe(byId("object-panel"), { attributes: true, attributeFilter: ["hidden"] });
    const draft = draftOf(this.layer, this.id);
    if (asked.lost && asked.id) this.#takeUpLost(asked.id, asked.lost);
    else if (draft) offerDraft(this, draft);
    if (asked.name) setValues(form, { name: asked.name });
    if (asked.at) this.#startAt(asked.at);
    else if (!this.id && !draft) this.place.draw();
  }

  /**
   * @param {number} id
   * @param {Draft} draft
   */
  #takeUpLost(id, draft) {
    takeUp(this, draft);
    this.id = id;
    this.#offerAgain();
  }

  /** @param {L.LatLng} at */
  #startAt({ lng, lat }) {
    if (this.form.dataset.geometryType === "POINT") this.place.set(alone({ type: "Point", coordinates: [lng, lat] }));
    else this.place.draw();
  }

  stop() {
    clearTimeout(this.#timer);
    removeEventListener("pagehide", this.#left);
    this.#watch.disconnect();
    this.place.stop();
  }

  #startActions() {
    const { form } = this;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault(); // a slip must not close a half-filled form
      target(event).closest("input, textarea, select")?.dispatchEvent(new Event("blur"));
    });
    find("[data-cancel]", form).addEventListener("click", () => this.#leave());
    form.querySelector("[data-copy-object]")?.addEventListener("click", () => {
      openForm(this.page, this.layer, { copy: this.id ?? undefined });
    });
    form.querySelector("[data-delete]")?.addEventListener("click", () => this.#askToRemove());
  }

  /** @param {(Node | string)[]} parts */
  say(...parts) {
    find(".edit-messages", this.form).replaceChildren(...parts);
  }

  /* --- the draft ------------------------------------------------------------------------------ */

  #changed() {
    clearTimeout(this.#timer);
    this.parts.show(this.place.parts.length);
    this.#timer = setTimeout(() => this.#keep(), KEEP_AFTER);
  }

  #keep() {
    if (open === this) keepDraft(this);
  }

  #forget() {
    clearTimeout(this.#timer);
    forgetDraft(this);
  }

  /* --- saving --------------------------------------------------------------------------------- */

  /** @returns {Sent} */
  #sent() {
    const before = this.before.acts.map(([id]) => id);
    const acts = actsOf(this.form).map(([id]) => id);
    const { rows, places } = changedRows(this.form, this.before.rows);
    this.#places = places;
    return {
      id: this.id,
      version: this.version || null,
      values: changedValues(this.form, this.before.values),
      details: rows,
      geometry: this.place.changed()?.geometry ?? null,
      acts_added: acts.filter((id) => !before.includes(id)),
      acts_removed: before.filter((id) => !acts.includes(id)),
    };
  }

  /**
   * What a split or a merge makes of others, in the same change set.
   *
   * @returns {Sent[]}
   */
  #besides() {
    const values = valuesOf(this.form);
    const made = this.place.parts.map((geometry, index) => {
      return { id: null, version: null, values: { ...values, ...this.parts.values[index] }, geometry };
    });
    return [...made, ...this.place.gone.map(({ id, version }) => ({ id, version, delete: true }))];
  }

  /** @param {Sent} object */
  async save(object = this.#sent()) {
    if (this.#isSaving) return;
    this.#isSaving = true;
    this.#keep();
    try {
      const { value: reason } = find("[data-reason]", this.form, HTMLInputElement);
      const objects = object.delete ? [object] : [object, ...this.#besides()];
      this.#saved(await post(editable[this.layer].address, { objects, reason }), object);
    } catch (error) {
      await this.#fail(error, object);
    } finally {
      this.#isSaving = false;
    }
  }

  /**
   * @param {unknown} error
   * @param {Sent} object
   */
  async #fail(error, object) {
    const { ids, problems } = error instanceof AskError ? error.details : /** @type {Record<string, unknown>} */ ({});
    if (statusOf(error) === 409) await this.#settle(ids, object);
    else if (statusOf(error) === 404 && this.id && !object.delete) this.#offerAgain();
    else if (problems) this.#tell(/** @type {Problem[]} */ (problems));
    else this.sayFailed(error, object);
  }

  /**
   * @param {unknown} ids what somebody else has changed
   * @param {Sent} object
   */
  async #settle(ids, object) {
    try {
      const changed = Array.isArray(ids) ? ids.map(Number) : [];
      if (this.id && changed.includes(this.id)) await settleConflict(this);
      else await this.#lookAtMerged(changed);
    } catch (error) {
      this.sayFailed(error, object);
    }
  }

  /** @param {number[]} changed objects that would be merged into this one */
  async #lookAtMerged(changed) {
    for (const other of this.place.gone.filter(({ id }) => changed.includes(id)))
      other.version = (await fetchForm(this.layer, { id: String(other.id) })).dataset.version ?? "";
    const text = t("What you merge has been changed by somebody else since. Look at it on the map, then save again.");
    this.say(element("div", { class: "alert alert-warning", role: "alert" }, text));
  }

  /** Somebody has deleted the object: what was typed can still become one. */
  #offerAgain() {
    const text = t("Somebody else has deleted this object since. What you typed is still here.");
    const kind = "btn btn-sm btn-outline-primary";
    const click = () => {
      this.becomeNew();
      this.save();
    };
    const again = element("button", { class: kind, type: "button", click }, t("Add it again"));
    this.say(element("div", { class: "alert alert-warning", role: "alert" }, text, " ", again));
  }

  /** Everything that the form holds is of an object that is not there yet. */
  becomeNew() {
    forgetDraft(this);
    this.id = null;
    this.version = "";
    this.before = { values: {}, rows: new Map(), acts: [] };
    for (const row of findAll(".edit-row.is-removed", this.form)) row.remove();
    for (const row of findAll(".edit-row[data-row]", this.form)) delete row.dataset.row;
    if (this.place.geometry && !this.place.changed()) this.place.set(alone(this.place.geometry), { accuracy: "" });
  }

  /**
   * @param {unknown} error
   * @param {Sent} [object]
   */
  sayFailed(error, object) {
    const lost = t("Not saved: the connection failed. What you typed is kept on this device.");
    const said = failure(error, saidOf(error, lost), () => this.save(object?.delete ? object : undefined));
    this.say(element("div", { class: "alert alert-danger", role: "alert" }, ...said));
  }

  /**
   * Each problem at its field, the first one in view.
   *
   * @param {Problem[]} problems
   */
  #tell(problems) {
    for (const part of findAll(".has-problem", this.form)) part.classList.remove("has-problem");
    for (const part of findAll("[data-problem-for] .edit-problem", this.form)) part.hidden = true;
    for (const problem of problems) tellAt(this.#placeOf(problem), problem);
    const text = t("Not saved: {count} values need your attention.", { count: problems.length });
    this.say(element("div", { class: "alert alert-danger", role: "alert" }, text));
    const first = find(".has-problem", this.form);
    first.scrollIntoView({ block: "center" });
    findAll("input, select, textarea, button", first)[0]?.focus({ preventScroll: true });
  }

  /** @param {Problem} problem its field is `detail[3].name` in a row that hangs on the object */
  #placeOf({ row: object, field: name }) {
    const field = name ?? "geom";
    const part = object && object > 1 ? this.parts.rowOf(object - 2) : null;
    if (part) return part;
    const [, detail, row] = /^(\w+)\[(\d+)\]/.exec(field) ?? [];
    const place =
      this.#places[detail]?.[Number(row) - 1] ??
      this.form.querySelector(`[data-problem-for="${CSS.escape(detail ?? field)}"]`);
    return place instanceof HTMLElement ? place : find('[data-problem-for="geom"]', this.form);
  }

  /**
   * @param {Report} report
   * @param {Sent} object
   */
  #saved(report, object) {
    this.#forget();
    const { page, layer } = this;
    const id = report.objects[0]?.id ?? this.id;
    closeForm();
    tellSaved(page, layer, report);
    if (object.delete || !id) leavePanel();
    else show(page, { layer, id });
  }

  #leave() {
    this.#forget();
    const { page, layer, id } = this;
    closeForm();
    if (id) show(page, { layer, id });
    else leavePanel();
  }

  #askToRemove() {
    const why = element("input", { class: "form-control form-control-sm", id: "edit-why", autocomplete: "off" });
    const remove = () => {
      if (!why.value.trim()) {
        why.focus();
        return;
      }
      find("[data-reason]", this.form, HTMLInputElement).value = why.value;
      this.save({ id: this.id, version: this.version, delete: true });
    };
    const text = t("Delete “{name}”? It can be undone.", { name: this.before.values.name ?? "" });
    const label = element("label", { class: "form-label", for: "edit-why" }, text, " ", t("Why is it deleted?"));
    const sure = element("button", { class: "btn btn-sm btn-danger mt-2", type: "button", click: remove }, t("Delete"));
    this.say(element("div", { class: "alert alert-warning" }, label, why, sure));
    why.focus();
  }
}

/**
 * @param {HTMLElement} place
 * @param {Problem} problem
 */
function tellAt(place, { message, suggestion }) {
  const box = findAll(".edit-problem", place).at(-1);
  if (!box) return;
  box.textContent = [box.hidden ? "" : box.textContent, message, suggestion].filter(Boolean).join(" ");
  box.hidden = false;
  place.classList.add("has-problem");
}
