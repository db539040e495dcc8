/* What is selected: the popup beside it and the panel with everything; in the panel, a legal act as well. */
import { statusOf } from "../lib/ask.js";
import { byId, find, target } from "../lib/find.js";
import { failure, notice } from "../lib/notices.js";
import { element, t } from "../lib/texts.js";
import { closePanel, isPhone, openPanel, showInPanel } from "../panels/panel.js";
import { fetchFragment } from "./fragment.js";
import { ALL } from "./state.js";
/** @import { State } from "./state.js" */
/** @import { Hit, Named, OpenedPage } from "./types" */

/** @typedef {[number, number, number, number]} Extent west, south, east, north in degrees */

const CLOSE = 15; // zoom at which a point is shown, and the nearest for the rest

const isPanelOpen = () => !byId("object-panel").hidden;
const isGone = (/** @type {unknown} */ error) => statusOf(error) === 404;
const said = (/** @type {unknown} */ error) =>
  isGone(error)
    ? t("This object is no longer there.")
    : t("This object could not be loaded. Check the connection and try again.");

/**
 * @param {unknown} error
 * @param {() => unknown} again
 */
const failed = (error, again) =>
  element("p", { class: "failed" }, ...(isGone(error) ? [said(error)] : failure(error, said(error), again)));

export class Selection {
  /** @type {Hit[]} what lies where one clicked */
  #hits = [];
  #index = 0;
  /** Counts what was asked for, so that a late answer does not take the place of something newer. */
  #asked = 0;

  /**
   * @param {OpenedPage} page
   * @param {State} state
   */
  constructor(page, state) {
    this.page = page;
    this.state = state;
    this.popup = L.popup({ className: "feature", maxWidth: 320, autoPanPadding: [24, 24] });
  }

  /**
   * With another day than today in the filters, the fragments tell that day's states.
   *
   * @param {"popup" | "panel"} kind
   * @param {Pick<Hit, "layer" | "id">} hit
   */
  #address(kind, { layer, id }) {
    const day = this.state.filter(ALL, "as_of")?.[0];
    const address = this.page.config.addresses[kind];
    const url = address.replace("{layer}", layer.spec.name).replace("{id}", String(id));
    return day ? `${url}?as_of=${encodeURIComponent(day)}` : url;
  }

  /**
   * @param {Hit[]} hits
   * @param {number} index
   * @param {{ details?: boolean }} options
   */
  choose(hits, index, { details = isPanelOpen() } = {}) {
    this.#hits = hits;
    this.#index = index;
    const hit = hits[index];
    this.page.overlay.select(hit);
    this.state.update({ selection: { layer: hit.layer.spec.name, id: hit.id }, panel: details, act: null });
    if (details) this.openDetails(hit);
    else this.openPopup(hit);
  }

  /** @param {Hit} hit */
  #isCurrent(hit) {
    return this.#hits[this.#index] === hit;
  }

  /** @param {Hit} hit */
  async openPopup(hit) {
    const box = element("div", {}, element("div", { class: "skeleton" }), element("div", { class: "skeleton" }));
    this.popup.setLatLng(hit.latlng).setContent(box).openOn(this.page.map);
    try {
      const content = await fetchFragment(this.#address("popup", hit));
      if (!this.#isCurrent(hit)) return;
      content.querySelector("[data-open-panel]")?.addEventListener("click", () => this.openDetails(hit));
      this.#offerNext(content);
      tellShown(hit, content);
      box.replaceChildren(content);
    } catch (error) {
      box.replaceChildren(failed(error, () => this.openPopup(hit)));
    }
    this.popup.update();
  }

  /** @param {HTMLElement} content */
  #offerNext(content) {
    const count = this.#hits.length;
    if (count < 2 || !content.querySelector("[data-next-here]")) return;
    const next = find("[data-next-here]", content);
    const where = find("[data-here]", content);
    where.hidden = next.hidden = false;
    where.textContent = t("{index} of {count} here", { index: this.#index + 1, count });
    next.addEventListener("click", () => this.choose(this.#hits, (this.#index + 1) % count));
  }

  /** @param {Hit} hit */
  async openDetails(hit) {
    const { map } = this.page;
    openPanel();
    map.closePopup(this.popup); // the panel says it all
    if (isPhone()) {
      // keep the object above the sheet
      map.panInside(hit.latlng, { paddingTopLeft: [32, 64], paddingBottomRight: [32, map.getSize().y / 2 + 32] });
    }
    if (!this.state.panel) this.state.update({ panel: true });
    const asked = ++this.#asked;
    try {
      const content = await fetchFragment(this.#address("panel", hit));
      if (!this.#isCurrent(hit) || asked !== this.#asked) return;
      tellShown(hit, content);
      showInPanel(content);
    } catch (error) {
      if (this.#isCurrent(hit) && asked === this.#asked) showInPanel(failed(error, () => this.openDetails(hit)));
    }
  }

  /** Something else takes the panel: what is still awaited for it comes no more. */
  giveWay() {
    this.#asked += 1;
  }

  drop() {
    this.#leave();
    closePanel();
    this.state.update({ selection: null, panel: false, act: null });
  }

  #leave() {
    this.#hits = [];
    this.page.overlay.select(null);
    this.page.map.closePopup(this.popup);
  }

  /**
   * Select what lies at a place of the map's box.
   *
   * @param {L.Point} point
   * @param {number} reach px
   */
  pickAt(point, reach) {
    const { map, overlay } = this.page;
    const found = overlay.pick(point, reach);
    const before = this.#hits;
    if (!found.length) {
      this.drop();
      return;
    }
    const isSame =
      found.length === before.length &&
      found.every((hit, i) => hit.id === before[i].id && hit.layer === before[i].layer);
    if (isSame)
      this.choose(before, (this.#index + 1) % before.length); // clicking again walks through what lies here
    else if (found[0].count > 1) map.setView(found[0].latlng, Math.min(map.getZoom() + 2, map.getMaxZoom()));
    else this.choose(found, 0);
  }

  /**
   * A line or an area is shown whole, as large as fits beside the panel; a point not farther off than one is.
   *
   * @param {L.LatLng} latlng
   * @param {Extent} extent
   */
  #goTo(latlng, [west, south, east, north]) {
    const { map } = this.page;
    if (west === east && south === north) {
      map.setView(latlng, Math.max(map.getZoom(), CLOSE));
      return;
    }
    const sheet = isPhone() ? map.getSize().y / 2 : 0;
    const bounds = L.latLngBounds([south, west], [north, east]);
    map.fitBounds(bounds, { paddingTopLeft: [40, 64], paddingBottomRight: [72, sheet + 40], maxZoom: CLOSE });
  }

  /**
   * What somebody goes to is seen there, also when its layer was off.
   *
   * @param {Hit["layer"]} wanted
   */
  #switchOn(wanted) {
    const { map, layers } = this.page;
    if (map.hasLayer(wanted)) return;
    const shown = layers.filter((layer) => layer === wanted || map.hasLayer(layer));
    this.state.update({ layers: shown.map(({ spec }) => spec.name) });
  }

  /**
   * Show an object that is known by name only: from the address, a search, a table.
   *
   * @param {Named} named
   * @param {{ fly?: boolean, details?: boolean }} options
   */
  async show({ layer: name, id }, { fly = false, details = false } = {}) {
    const layer = this.page.layers.find((other) => other.spec.name === name);
    if (!layer) return;
    const asked = ++this.#asked;
    try {
      const { dataset } = await fetchFragment(this.#address("popup", { layer, id }));
      if (asked !== this.#asked) return;
      const latlng = L.latLng(Number(dataset.lat), Number(dataset.lon));
      if (fly) this.#switchOn(layer);
      if (details) {
        openPanel();
        this.page.map.invalidateSize({ pan: false });
      }
      if (fly) this.#goTo(latlng, /** @type {Extent} */ ((dataset.extent ?? "").split(" ").map(Number)));
      this.choose([{ layer, id, latlng, count: 1, size: layer.symbols[0].size_px }], 0, { details });
    } catch (error) {
      if (statusOf(error) === 401) return;
      const again = { label: t("Retry"), action: () => this.show({ layer: name, id }, { fly, details }) };
      notice("object", said(error), isGone(error) ? {} : again);
    }
  }

  /**
   * A legal act with what hangs on it, in the panel.
   *
   * @param {number} id
   */
  async openAct(id) {
    this.#leave();
    openPanel();
    this.state.update({ selection: null, panel: false, act: id });
    try {
      const content = await fetchFragment(this.page.config.addresses.act.replace("{id}", String(id)));
      if (this.state.act === id) showInPanel(content);
    } catch (error) {
      if (this.state.act === id) showInPanel(failed(error, () => this.openAct(id)));
    }
  }

  /** Show what the address names. */
  follow({ fly = false } = {}) {
    const { selection, panel, act } = this.state;
    if (selection) this.show(selection, { details: panel, fly });
    else if (act) this.openAct(act);
    else return false;
    return true;
  }
}

/**
 * Others may add their buttons: content is the popup's or the panel's element.
 *
 * @param {Hit} hit
 * @param {HTMLElement} content
 */
function tellShown({ layer, id }, content) {
  document.dispatchEvent(new CustomEvent("webmap:shown", { detail: { layer: layer.spec.name, id, content } }));
}

/**
 * @param {OpenedPage} page
 * @param {State} state
 */
export function startSelection(page, state) {
  const selection = new Selection(page, state);
  watchPanel(page, state, selection);
  watchMap(page, selection);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !(state.selection || state.act)) return;
    selection.drop();
    page.map.getContainer().focus({ preventScroll: true });
  });
  find("[data-close-object]").addEventListener("click", () => selection.drop());
  const closed = () => {
    // not when another one follows, or the panel
    if (!page.map.hasLayer(selection.popup) && !isPanelOpen() && state.selection) selection.drop();
  };
  page.map.on("popupclose", () => setTimeout(closed));
  window.addEventListener("popstate", () => selection.follow() || selection.drop());
  selection.follow({ fly: !state.view });
  return selection;
}

/**
 * In the panel, documents and objects open here instead of leading away.
 *
 * @param {OpenedPage} page
 * @param {State} state
 * @param {Selection} selection
 */
function watchPanel({ map, layers }, state, selection) {
  byId("object-body").addEventListener("click", (event) => {
    const link = target(event).closest("[data-open-act], [data-show-id]");
    if (!(link instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.dataset.openAct) {
      selection.openAct(Number(link.dataset.openAct));
      return;
    }
    const name = link.dataset.showLayer ?? "";
    const shown = layers.filter((layer) => map.hasLayer(layer)).map((layer) => layer.spec.name);
    if (!shown.includes(name)) state.update({ layers: [...shown, name] });
    selection.show({ layer: name, id: Number(link.dataset.showId) }, { fly: true, details: true });
  });
}

/**
 * @param {OpenedPage} page
 * @param {Selection} selection
 */
function watchMap({ map, overlay }, selection) {
  const box = map.getContainer();
  const isTouch = window.matchMedia("(pointer: coarse)").matches;
  map.on("click", (event) => {
    if (box.classList.contains("is-drawing")) return; // the click sets a point
    selection.pickAt(event.containerPoint, isTouch ? 16 : 8);
  });
  box.addEventListener("keydown", (event) => {
    const isPlain = event.target === box && !box.classList.contains("is-drawing");
    if (event.key === "Enter" && isPlain) selection.pickAt(map.getSize().divideBy(2), 24);
  });
  if (isTouch) return;
  const hover = (/** @type {L.LeafletMouseEvent} */ event) => {
    const found = overlay.pick(event.containerPoint)[0];
    box.classList.toggle("over-feature", Boolean(found && (found.order ?? 2) < 2));
  };
  map.on("mousemove", /** @type {typeof hover} */ (L.Util.throttle(/** @type {() => void} */ (hover), 60, map)));
}
