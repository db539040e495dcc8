/* “110 kV network”: the year and the load it is shown under, its legend over the map, and what an outage or a storm takes. */
import { saidOf, statusOf } from "../lib/ask.js";
import { byId, find } from "../lib/find.js";
import { failure } from "../lib/notices.js";
import { element, icon, t } from "../lib/texts.js";
import { fetchFragment } from "../map/fragment.js";
import { isPhone, openPanel, showInPanel } from "../panels/panel.js";
import { Drawing } from "../tools/draw.js";
import { applyYear, chosenYear } from "../tools/yearfilter.js";
import { GridOverlay, gridLegend, gridMethod, gridNote } from "./overlay.js";
import { gridSettings } from "./settings.js";
/** @import { MapPage } from "../map/types" */
/** @import { GridAnswer, GridElement, GridOffer } from "./overlay.js" */
/** @import { GridSettings } from "./settings.js" */

const WAIT = 250; // ms after a move of the slider until the map follows
const USUAL = "evening_peak";

/** The network over the page's map, as the address says. */
class GridView extends EventTarget {
  #key = element("section", { class: "grid-key", "aria-label": t("110 kV network"), hidden: true });
  #label = element("strong", { role: "status" });
  #note = element("div");

  /**
   * @param {MapPage} page
   * @param {GridSettings} settings
   */
  constructor(page, settings) {
    super();
    this.page = page;
    this.settings = settings;
    this.overlay = new GridOverlay(page.map, (chosen) => this.#actions(chosen));
    const off = { class: "icon-button small", type: "button", "aria-label": t("Hide the network") };
    const hide = element(
      "button",
      { ...off, click: () => page.state.update({ grid: "" }, { push: true }) },
      icon("x-lg"),
    );
    const legend = element("details", { open: !isPhone() });
    legend.append(element("summary", {}, this.#label), ...gridLegend(), this.#note, gridMethod());
    this.#key.append(legend, hide);
    page.map.on("popupopen", () => {
      if (isPhone()) legend.open = false; // both want the place at the top
    });
    find(".map-area").append(this.#key);
    page.state.on("grid", () => this.follow());
    page.state.on("filters", () => this.follow());
    find("[data-close-object]").addEventListener("click", () => this.overlay.mark([]));
  }

  get year() {
    return chosenYear(this.page) ?? this.settings.this_year;
  }

  /** The layers that the network is drawn from, and those that are filtered by a year anyway. */
  get layers() {
    const { layers, state } = this.page;
    const own = new Set(this.overlay.answer?.features.map(({ properties }) => properties.layer));
    return layers.map(({ spec }) => spec.name).filter((name) => own.has(name) || state.filter(name, "year"));
  }

  async follow() {
    const { grid } = this.page.state;
    this.#key.hidden = !grid;
    const title = this.settings.scenarios.find(({ value }) => value === grid)?.label ?? "";
    this.#label.textContent = `${this.year} · ${title} · ${t("for orientation only")}`;
    try {
      const answer = await this.overlay.show(this.year, grid);
      if (!answer) return;
      this.#note.replaceChildren(gridNote(answer));
      this.dispatchEvent(new CustomEvent("shown"));
    } catch (error) {
      if (statusOf(error) === 401) return;
      const text = t("The network could not be loaded. Check the connection and try again.");
      this.#note.replaceChildren(...failure(error, saidOf(error, text), () => this.follow()));
    }
  }

  /** @param {GridElement} chosen */
  #actions({ layer, id, code, impact, offers }) {
    const small = { class: "btn btn-sm btn-outline-primary", type: "button" };
    const offer = (/** @type {GridOffer} */ { code: out, label, name, impact: address }) =>
      element("button", { ...small, title: name, "data-grid-out": out, click: () => this.tell(address) }, label);
    const object = () => this.page.selection.show({ layer, id }, { details: true });
    return [
      element("button", { ...small, "data-grid-out": code, click: () => this.tell(impact) }, t("What fails with it")),
      ...offers.map(offer),
      element("button", { ...small, click: object }, t("Details")),
    ];
  }

  /**
   * Show in the panel what an outage takes, and mark on the map what has no supply.
   *
   * @param {string} address
   * @param {L.LatLng[]} area
   */
  async tell(address, area = []) {
    this.page.map.closePopup();
    this.dispatchEvent(new CustomEvent("told")); // the card gives the map room
    this.page.selection.drop();
    openPanel();
    try {
      const content = await fetchFragment(`${address}&part=panel`);
      showInPanel(content);
      const listed = (/** @type {string | undefined} */ text) => (text ?? "").split(" ").filter(Boolean);
      this.overlay.mark(listed(content.dataset.dead), area);
      const low = isPhone() ? this.page.map.getSize().y / 2 : 0;
      const around = { paddingTopLeft: L.point(60, 80), paddingBottomRight: L.point(90, low + 60), maxZoom: 13 };
      this.overlay.fit([...listed(content.dataset.dead), ...listed(content.dataset.out)], around);
    } catch (error) {
      const text = t("This could not be loaded. Check the connection and try again.");
      showInPanel(
        element("div", { class: "p-3" }, ...failure(error, saidOf(error, text), () => this.tell(address, area))),
      );
    }
  }

  /** @param {L.LatLng[]} ring */
  tellStorm(ring) {
    const { scenario } = /** @type {GridAnswer} */ (this.overlay.answer);
    const area = ring.map(({ lat, lng }) => `${lng.toFixed(5)} ${lat.toFixed(5)}`).join(",");
    this.tell(`${this.settings.impact}?${new URLSearchParams({ year: String(this.year), scenario, area })}`, ring);
  }
}

/** @type {GridView | null} */
let view = null;

/**
 * Show the network as the address says; nothing for who may not see it.
 *
 * @param {MapPage} page
 */
export function watchGrid(page) {
  const settings = gridSettings();
  if (!settings) return;
  view = new GridView(page, settings);
  if (page.state.grid) view.follow();
}

/** The network as the page shows it now, or null: what goes on paper with the map. */
export const shownNetwork = () => view?.overlay.shown ?? null;

class GridCard {
  #scenario = element("select", { class: "form-select", id: "grid-scenario", change: () => this.#changed() });
  #slider = element("input", { class: "form-range", type: "range", id: "grid-year", "aria-label": t("Year") });
  #year = element("output", { class: "tool-value", for: "grid-year" });
  #beyond = element("ul", { class: "grid-beyond" });
  #hint = element("p", { class: "tool-detail", role: "status" });
  #storm = element(
    "button",
    { class: "btn btn-sm btn-outline-primary", type: "button", "data-grid-storm": true, click: () => this.#draw() },
    icon("tornado"),
    " ",
    t("Storm: draw an area"),
  );
  /** @type {Drawing | null} */
  #drawing = null;
  #timer = 0;

  /**
   * @param {GridView} shown
   * @param {() => void} leave
   */
  constructor(shown, leave) {
    this.shown = shown;
    this.leave = leave;
    this.follow = () => this.#follow();
    shown.addEventListener("shown", this.follow);
    shown.addEventListener("told", leave);
  }

  /** @param {HTMLElement} body */
  start(body) {
    const { page, settings } = this.shown;
    const { state } = page;
    const options = settings.scenarios.map(({ value, label }) => element("option", { value }, label));
    this.#scenario.append(...options);
    this.#scenario.value = state.grid || USUAL;
    this.#slider.min = String(settings.this_year);
    this.#slider.max = String(settings.last_year);
    this.#slider.value = String(this.shown.year);
    this.#slider.addEventListener("input", () => this.#moved(WAIT));
    this.#slider.addEventListener("change", () => this.#moved(0));
    const label = element("label", { class: "grid-choice", for: "grid-scenario" }, t("Load"), this.#scenario);
    const all = element("a", { class: "btn btn-sm btn-outline-primary", href: settings.page }, t("All numbers"));
    body.append(
      this.#year,
      this.#slider,
      label,
      this.#hint,
      this.#beyond,
      element("div", { class: "tool-actions" }, this.#storm, all),
    );
    if (!state.grid) this.#changed();
    this.#follow();
  }

  close() {
    clearTimeout(this.#timer);
    this.#drawing?.remove();
    this.shown.removeEventListener("shown", this.follow);
    this.shown.removeEventListener("told", this.leave);
  }

  #changed() {
    this.shown.page.state.update({ grid: this.#scenario.value }, { push: true });
  }

  /** @param {number} wait */
  #moved(wait) {
    this.#year.textContent = t("Year {year}", { year: this.#slider.value });
    clearTimeout(this.#timer);
    const follow = () => applyYear(this.shown.page, this.shown.layers, this.#slider.value, !wait);
    this.#timer = setTimeout(follow, wait);
  }

  /** What is beyond a limit with nothing out; each opens on the map. */
  #follow() {
    const { overlay, year } = this.shown;
    this.#year.textContent = t("Year {year}", { year });
    this.#slider.value = String(year);
    const beyond = overlay.answer?.beyond ?? [];
    this.#hint.textContent = beyond.length
      ? t("Beyond a limit already:")
      : t("Choose a circuit or a station: what it carries, what fails with it.");
    const entry = (/** @type {{ code: string, text: string }} */ { code, text }) =>
      element(
        "li",
        {},
        element("button", { class: "inside-link", type: "button", click: () => overlay.open(code) }, text),
      );
    this.#beyond.replaceChildren(...beyond.slice(0, 6).map(entry));
  }

  #draw() {
    this.#drawing?.remove();
    this.#hint.textContent = t("Click each corner, double click the last; or move the map and press Enter.");
    this.#drawing = new Drawing(this.shown.page.map, "polygon", {
      changed: () => {},
      finished: ({ ring }) => this.shown.tellStorm(ring),
      cancelled: () => {
        this.#drawing?.remove();
        this.#follow();
      },
    });
  }
}

/**
 * @param {MapPage} page
 * @param {HTMLElement} body
 * @param {() => void} close
 */
export function startGrid(page, body, close) {
  if (!view) throw new Error(`${byId("tool-set").id} has no network`);
  const card = new GridCard(view, close);
  card.start(body);
  return card;
}
