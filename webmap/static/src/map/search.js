/* The search box: hits of every layer, or the places that a pair of coordinates may mean. */
import { askJson, isAborted, statusOf } from "../lib/ask.js";
import { byId, findAll } from "../lib/find.js";
import { element, number, t } from "../lib/texts.js";
import { isPhone } from "../panels/panel.js";
import { inks } from "./inks.js";
/** @import { Selection } from "./popup.js" */
/** @import { OpenedPage } from "./types" */

/** @typedef {{ title: string, note: string, kind?: string, go: () => unknown }} Choice */
/** @typedef {{ layer: string, id: number, kind: string, label: string, address: string | null, code: string, is_alike: boolean }} SearchHit */
/** @typedef {{ id: number, number: string, kind: string, issued_on: string | null, summary: string, features: number }} Act */

/** Two numbers and the signs that belong to coordinates: worth asking what place that is. \u0027 and \u0022 are the plain quotes. */
const COORDINATES = /^(?=(?:.*\d){4})[\d\s.,;:/=°º\u0027’′\u0022”″XYNEBĐ-]+$/i;

const SLOW = 400; // ms until it says that it searches
const PAUSE = 180; // ms after the last letter
const MOST = 12;
const PLACE_ZOOM = 16;

export const fold = (/** @type {string} */ text) =>
  text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();

class Search {
  /** @type {Choice[]} */
  #choices = [];
  #current = -1;
  #waiting = 0;
  /** @type {AbortController | null} */
  #asked = null;
  /** @type {L.CircleMarker | null} */
  #marker = null;

  /**
   * @param {OpenedPage} page
   * @param {Selection} selection
   */
  constructor({ map, config }, selection) {
    this.map = map;
    this.addresses = config.addresses;
    this.selection = selection;
    this.input = byId("search-text", HTMLInputElement);
    this.list = byId("search-hits");
  }

  start() {
    const { input, list } = this;
    input.addEventListener("input", () => {
      clearTimeout(this.#waiting);
      this.#waiting = setTimeout(() => this.#ask(), PAUSE);
    });
    input.addEventListener("blur", () => setTimeout(() => this.#close(), 120));
    input.addEventListener("focus", () => {
      if (list.children.length && input.value.trim()) list.hidden = false;
    });
    input.addEventListener("keydown", (event) => this.#steer(event));
    byId("search").addEventListener("submit", async (event) => {
      event.preventDefault();
      clearTimeout(this.#waiting);
      if (list.hidden || !this.#choices.length) await this.#ask();
      if (this.#choices[this.#current]) this.#take(this.#current);
    });
  }

  /** @param {KeyboardEvent} event */
  #steer(event) {
    const count = this.#choices.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (count) this.#mark((this.#current + (event.key === "ArrowDown" ? 1 : count - 1)) % count);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      this.#close();
    }
  }

  #close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  /** @param {number} index */
  #mark(index) {
    const items = findAll("[role=option]", this.list);
    this.#current = index;
    items.forEach((item, i) => item.setAttribute("aria-selected", String(i === index)));
    if (!items[index]) return;
    this.input.setAttribute("aria-activedescendant", items[index].id);
    items[index].scrollIntoView({ block: "nearest" });
  }

  /** @param {number} index */
  #take(index) {
    this.#close();
    this.input.blur();
    this.#choices[index].go();
  }

  /**
   * Answers of one kind stand together, the kind of the best answer first; without any, sentences that say so.
   *
   * @param {Choice[]} found
   * @param {string[]} empty
   */
  #offer(found, empty) {
    const kinds = [...new Set(found.map((choice) => choice.kind))];
    this.#choices = kinds.flatMap((kind) => found.filter((choice) => choice.kind === kind));
    const items = this.#choices.map((choice, i) => this.#item(choice, i));
    const groups = kinds.flatMap((kind, k) => {
      /** @type {HTMLElement[]} */
      const mine = items.filter((_, i) => this.#choices[i].kind === kind);
      if (!kind) return mine;
      const heading = element("li", { class: "hit-kind", id: "hit-kind-" + k, role: "presentation" }, kind);
      return [element("ul", { role: "group", "aria-labelledby": "hit-kind-" + k }, heading, ...mine)];
    });
    const told = { class: "empty", role: "option", "aria-disabled": "true" }; // a list box may hold nothing else
    const sentences = empty.map((text) => element("li", told, text));
    this.list.replaceChildren(...(items.length ? groups : sentences));
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.#mark(items.length ? 0 : -1);
  }

  /**
   * @param {Choice} choice
   * @param {number} i
   */
  #item({ title, note }, i) {
    const keep = (/** @type {Event} */ event) => event.preventDefault(); // the box keeps the focus
    const attributes = { role: "option", id: "hit-" + i, "aria-selected": "false", mousedown: keep };
    const text = [element("strong", {}, title), element("span", {}, note)];
    return element("li", { ...attributes, click: () => this.#take(i) }, ...text);
  }

  /** @param {{ lat: number, lon: number }} place */
  #goTo({ lat, lon }) {
    this.#marker?.remove();
    const look = { radius: 9, color: inks.accent, weight: 3, fillOpacity: 0.15, interactive: false };
    this.#marker = L.circleMarker([lat, lon], look).addTo(this.map);
    document.dispatchEvent(new CustomEvent("webmap:place", { detail: { lat, lon } }));
    this.map.setView([lat, lon], PLACE_ZOOM);
  }

  async #ask() {
    const text = this.input.value.trim();
    this.#asked?.abort();
    if (!text) {
      this.#close();
      return;
    }
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    const late = setTimeout(() => this.#offer([], [t("Searching…")]), SLOW);
    try {
      const places = COORDINATES.test(text) ? await this.#places(text, signal) : [];
      const nothing = [
        t("Nothing found for “{text}”.", { text }),
        t("Try fewer words, a former name, a document number or coordinates."),
      ];
      const found = places.length ? places : await this.#objects(text, signal);
      this.#offer([...found, ...offered(text, !found.length)], nothing);
    } catch (error) {
      if (isAborted(error)) return;
      const isOut = statusOf(error) === 401;
      const lost = t("The search did not answer. Check the connection, then press Enter.");
      this.#offer([], [isOut ? t("Your session has ended.") : lost]);
    } finally {
      clearTimeout(late);
    }
  }

  /**
   * @param {string} text
   * @param {AbortSignal} signal
   * @returns {Promise<Choice[]>}
   */
  async #places(text, signal) {
    /** @type {{ places: { lat: number, lon: number, system: string }[] }} */
    const { places } = await askJson(`${this.addresses.coordinates}?q=${encodeURIComponent(text)}`, { signal });
    return places.map((place) => ({
      title: `${number(place.lat, 5)} N ${number(place.lon, 5)} E`,
      note: place.system,
      go: () => this.#goTo(place),
    }));
  }

  /**
   * @param {string} text
   * @param {AbortSignal} signal
   * @returns {Promise<Choice[]>}
   */
  async #objects(text, signal) {
    const url = `${this.addresses.search}?limit=${MOST}&q=${encodeURIComponent(text)}`;
    /** @type {{ hits: SearchHit[], acts: Act[] }} */
    const { hits, acts } = await askJson(url, { signal });
    const found = hits.map((hit) => ({
      kind: hit.kind,
      title: hit.label,
      note: [hit.is_alike ? t("only alike") : "", hit.address || hit.code].filter(Boolean).join(" · "),
      // Where there is room for both, what was asked for stands beside the map at once.
      go: () => this.selection.show(hit, { fly: true, details: !isPhone() }),
    }));
    const papers = acts.map((act) => ({
      kind: t("Documents"),
      title: act.number,
      note: noteOf(act),
      go: () => this.selection.openAct(act.id),
    }));
    const asked = fold(text);
    const isAsked = (/** @type {string} */ act) => act.startsWith(asked) || asked.endsWith(" " + act);
    const asksForPaper = acts.some((act) => isAsked(fold(act.number)));
    return asksForPaper ? [...papers, ...found] : [...found, ...papers];
  }
}

/**
 * What other modules offer beside what was found.
 *
 * @param {string} text
 * @param {boolean} isEmpty nothing was found
 */
function offered(text, isEmpty) {
  /** @type {Choice[]} */
  const choices = [];
  document.dispatchEvent(new CustomEvent("webmap:searched", { detail: { text, isEmpty, choices } }));
  return choices;
}

/** @param {Act} act */
function noteOf({ kind, issued_on: issued, summary, features }) {
  const objects = features ? t("{count} objects", { count: number(features) }) : "";
  return [kind, issued, summary, objects].filter(Boolean).join(" · ");
}

/**
 * @param {OpenedPage} page
 * @param {Selection} selection
 */
export function startSearch(page, selection) {
  new Search(page, selection).start();
}
