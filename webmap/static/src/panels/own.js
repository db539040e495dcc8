/* Files of one's own on the map: dropped or chosen, read by the server as an import reads them, stored nowhere. They stay as
   long as this tab; who may import is led there. */
import { askJson, saidOf } from "../lib/ask.js";
import { namedColours } from "../lib/colours.js";
import { byId, find } from "../lib/find.js";
import { notice } from "../lib/notices.js";
import { element, icon, number, t } from "../lib/texts.js";
import { fitFree } from "../map/home.js";
/** @import { MapPage } from "../map/types" */

const COLOURS = namedColours("own");
const KEPT = "webmap-own";
const MOST = COLOURS.length;

/**
 * @typedef {{ value: string, why: string, samples?: string[] }} Choice
 * @typedef {{ name: string, count: number, left_out: number, crs: string, geojson: string }} Own
 * @typedef {{ question?: { about: string, choices: Choice[] } } & Omit<Own, "name">} Answer
 */

/** @param {MapPage} page */
export function startOwn({ map }) {
  const { glance } = byId("tool-set").dataset;
  if (glance) new OwnFiles(map, glance).start();
}

class OwnFiles {
  /** @type {Own[]} */
  #files = [];
  #list = element("ul");
  /** One for all files: of several canvases the uppermost takes every click. */
  #renderer = L.canvas({ padding: 0.2, tolerance: 6 });

  /**
   * @param {L.Map} map
   * @param {string} address
   */
  constructor(map, address) {
    this.map = map;
    this.address = address;
  }

  start() {
    /** @type {HTMLInputElement} */
    const input = element("input", {
      type: "file",
      hidden: true,
      change: () => {
        const [file] = input.files ?? [];
        input.value = "";
        if (file) this.read(file);
      },
    });
    const look = { class: "btn btn-sm btn-outline-primary", type: "button", click: () => input.click() };
    const button = element("button", look, icon("file-earmark-plus"), " ", t("Show a file on the map"));
    const heading = element("h3", { id: "own-heading" }, t("My files"));
    byId("layers-body").append(
      element("section", { class: "own-layers", "aria-labelledby": "own-heading" }, heading, this.#list, button, input),
    );
    this.#takeDrops();
    for (const own of kept()) this.#add(own);
  }

  #takeDrops() {
    const area = find(".map-area");
    area.dataset.drop = t("Drop the file to see it on the map");
    const mark = (/** @type {boolean} */ on) => area.classList.toggle("is-dropping", on);
    area.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      mark(true);
    });
    area.addEventListener("dragleave", (event) => {
      if (!(event.relatedTarget instanceof Node && area.contains(event.relatedTarget))) mark(false);
    });
    area.addEventListener("drop", (event) => {
      const [file] = event.dataTransfer?.files ?? [];
      mark(false);
      if (!file) return;
      event.preventDefault();
      this.read(file);
    });
  }

  /**
   * @param {File} file
   * @param {Record<string, string>} answers
   */
  async read(file, answers = {}) {
    if (this.#files.length >= MOST) {
      notice("own", t("{most} files are on the map. Remove one first.", { most: MOST }));
      return;
    }
    const body = new FormData();
    body.set("file", file);
    for (const [name, value] of Object.entries(answers)) body.set(name, value);
    const headers = { "X-CSRFToken": byId("tool-set").dataset.token ?? "", Accept: "application/json" };
    try {
      /** @type {Answer} */
      const found = await askJson(this.address, { method: "POST", body, headers });
      if (found.question) {
        const { about, choices } = found.question;
        askFor(about, choices, (value) => this.read(file, { ...answers, [about]: value }));
        return;
      }
      const own = { ...found, name: file.name };
      this.#add(own)();
      this.#keep();
    } catch (error) {
      notice("own", saidOf(error, t("“{name}” could not be read.", { name: file.name })));
    }
  }

  /**
   * Show a file, and return what brings it into view.
   *
   * @param {Own} own
   */
  #add(own) {
    const used = new Set(this.#files.map((other) => colours.get(other)));
    const colour = COLOURS.find((one) => !used.has(one)) ?? COLOURS[0];
    colours.set(own, colour);
    this.#files.push(own);
    const layer = drawn(own, colour, this.#renderer).addTo(this.map);
    const show = () => {
      if (layer.getBounds().isValid()) fitFree(this.map, layer.getBounds());
    };
    const id = `own-${Math.random().toString(36).slice(2)}`;
    /** @type {HTMLInputElement} */
    const box = element("input", {
      class: "form-check-input",
      type: "checkbox",
      id,
      checked: true,
      change: () => (box.checked ? layer.addTo(this.map) : layer.remove()),
    });
    const remove = () => {
      layer.remove();
      row.remove();
      this.#files = this.#files.filter((other) => other !== own);
      this.#keep();
    };
    const row = element(
      "li",
      {},
      box,
      keyOf(colour),
      element("label", { for: id }, own.name),
      ...acts(own.name, show, remove),
      factsOf(own),
    );
    this.#list.append(row);
    return show;
  }

  #keep() {
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(this.#files));
    } catch {
      sessionStorage.removeItem(KEPT); // too large to be kept: shown until the page is left
    }
  }
}

/** @param {string} colour */
function keyOf(colour) {
  const key = element("span", { class: "own-key" });
  key.style.background = colour;
  return key;
}

/**
 * @param {string} name
 * @param {() => unknown} show
 * @param {() => unknown} remove
 */
const acts = (name, show, remove) => [
  element("button", { ...SMALL, "aria-label": t("Zoom to “{name}”", { name }), click: show }, icon("zoom-in")),
  element("button", { ...SMALL, "aria-label": t("Remove “{name}”", { name }), click: remove }, icon("x-lg")),
];

/** @param {Own} own */
function factsOf({ count, crs, left_out: lost }) {
  const { import: wizard } = byId("tool-set").dataset;
  const told = [t("{count} objects", { count: number(count) }), crs];
  if (lost) told.push(t("{count} without a place", { count: number(lost) }));
  const parts = [told.join(" · "), ...(wizard ? [" · ", element("a", { href: wizard }, t("Import it"))] : [])];
  return element("small", {}, ...parts);
}

const SMALL = { class: "icon-button small", type: "button" };

/** @type {WeakMap<Own, string>} */
const colours = new WeakMap();

/** @returns {Own[]} what this tab showed before the page was loaded again */
function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
  } catch {
    return [];
  }
}

/**
 * @param {Own} own
 * @param {string} color
 * @param {L.Renderer} renderer
 */
function drawn({ geojson, name }, color, renderer) {
  const style = { renderer, color, weight: 2, fillColor: color, fillOpacity: 0.18, pane: "overlayPane" };
  return L.geoJSON(JSON.parse(geojson), {
    style: () => style,
    pointToLayer: (_, at) => L.circleMarker(at, { ...style, radius: 6, fillOpacity: 0.6, weight: 1.5 }),
    onEachFeature: ({ properties }, layer) =>
      layer.bindPopup(() => cellsOf(name, properties), { className: "own-popup" }),
  });
}

/**
 * @param {string} name
 * @param {Record<string, string>} properties
 */
function cellsOf(name, properties) {
  const cells = Object.entries(properties).flatMap(([key, value]) => [
    element("dt", {}, key),
    element("dd", {}, value),
  ]);
  return element("div", {}, element("strong", {}, name), element("dl", {}, ...cells));
}

/**
 * @param {string} about
 * @param {Choice[]} choices
 * @param {(value: string) => void} take
 */
function askFor(about, choices, take) {
  /** @type {Record<string, string>} */
  const headings = {
    crs: t("Which coordinate system is the file in?"),
    axes: t("Which coordinate comes first?"),
    encoding: t("How are its letters written?"),
    layer: t("Which layer of the file?"),
  };
  const buttons = choices.map(({ value, why, samples = [] }) => {
    const click = () => {
      dialog.close();
      take(value);
    };
    const told = [why, ...samples.slice(0, 2)].join(" · ");
    return element("button", { class: "btn btn-outline-primary", type: "button", click }, value, " – ", told);
  });
  const leave = { class: "btn btn-outline-secondary", type: "button", click: () => dialog.close() };
  /** @type {HTMLDialogElement} */
  const dialog = element(
    "dialog",
    { class: "print-dialog own-question", "aria-labelledby": "own-question", close: () => dialog.remove() },
    element("h2", { id: "own-question" }, headings[about] ?? about),
    element("div", { class: "d-grid gap-2" }, ...buttons, element("button", leave, t("Cancel"))),
  );
  document.body.append(dialog);
  dialog.showModal();
}
