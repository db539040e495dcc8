/* The maps of other servers that an administrator allowed, below the layers: a switch and an opacity each. Nothing is asked
   of a server before somebody switches its map on. */
import { byId } from "../lib/find.js";
import { clear, notice } from "../lib/notices.js";
import { element, t } from "../lib/texts.js";
import { creditOutside, hideOutside, showOutside } from "../map/outside.js";
/** @import { MapPage } from "../map/types" */
/** @import { Source } from "../map/outside.js" */

/** @param {MapPage} page */
export function startOutside(page) {
  const told = document.getElementById("outside-layers")?.textContent;
  if (!told) return;
  /** @type {Source[]} */
  const sources = JSON.parse(told);
  const rows = sources.map((source) => rowOf(page, source));
  const heading = element("h3", { id: "outside-heading" }, t("Maps of other servers"));
  const list = element("ul", {}, ...rows.map(({ row }) => row));
  byId("layers-body").append(
    element("section", { class: "own-layers", "aria-labelledby": "outside-heading" }, heading, list),
  );
  const show = () => {
    for (const { show: one } of rows) one();
    byId("attribution-outside").textContent = creditOutside();
  };
  page.state.on("over", show);
  show();
}

/**
 * @param {MapPage} page
 * @param {Source} source
 */
function rowOf({ map, layers, state }, source) {
  const id = `outside-${source.id}`;
  /** @type {HTMLInputElement} */
  const box = element("input", {
    class: "form-check-input",
    type: "checkbox",
    id,
    change: () => {
      const others = state.over.filter((other) => other !== String(source.id));
      state.update({ over: box.checked ? [...others, String(source.id)] : others }, { push: true });
    },
  });
  /** @type {HTMLInputElement} */
  const slider = element("input", {
    class: "form-range",
    type: "range",
    min: 10,
    max: 100,
    step: 5,
    value: source.opacity,
    "aria-label": t("Opacity of “{layer}”", { layer: source.name }),
    input: () => layer?.setOpacity(Number(slider.value) / 100),
  });
  /** @type {L.TileLayer | null} */
  let layer = null;
  const show = () => {
    const on = state.over.includes(String(source.id));
    box.checked = on;
    slider.hidden = !on;
    if (on && !layer) layer = watched(showOutside(map, source, layers).setOpacity(Number(slider.value) / 100), source);
    if (!on && layer) {
      hideOutside(source.id);
      clear(id);
      layer = null;
    }
  };
  const name = element("label", { for: id }, source.name);
  return { row: element("li", {}, box, name, element("small", {}, source.attribution), slider), show };
}

/**
 * Say once that a server does not answer, until it does.
 *
 * @param {L.TileLayer} layer
 * @param {Source} source
 */
function watched(layer, { id, name }) {
  let failed = 0;
  layer.on("loading", () => {
    failed = 0;
  });
  layer.on("tileerror", () => {
    if (failed++) return;
    notice(
      `outside-${id}`,
      t("“{layer}” does not come: its server does not answer, or has no picture here.", { layer: name }),
      { seconds: 12 },
    );
  });
  layer.on("load", () => {
    if (!failed) clear(`outside-${id}`);
  });
  return layer;
}
