/* What is something else in one year than in another, and what is late: named in a list, and marked on maps. */
import { element, icon, number, t } from "../lib/texts.js";
import { inks } from "../map/inks.js";
/** @import { Change, YearLayer, Years } from "./yearcounts.js" */

const LATE = "late";
const SIGNS = { late: "exclamation-triangle", gone: "dash-lg", comes: "plus-lg", differs: "arrow-repeat" };

/** @param {Change} change */
function kindOf({ before, after }) {
  if (after === LATE) return LATE;
  if (!after) return "gone";
  return before ? "differs" : "comes";
}

/**
 * The changes of each layer by name; each leads to its place.
 *
 * @param {Years} found
 * @param {(layer: YearLayer, change: Change) => unknown} go
 */
export function changesList({ layers, states }, go) {
  const labels = Object.fromEntries(states.map(({ name, label }) => [name, label]));
  const changed = layers.filter(({ change_count: count }) => count);
  if (!changed.length)
    return element("p", { class: "year-changes tool-detail" }, t("Nothing differs between the two."));
  const parts = changed.flatMap((layer) => {
    const rest = layer.change_count - layer.changes.length;
    const items = layer.changes.map((change) => item(layer, change, labels, go));
    const more = rest > 0 ? [element("li", {}, t("and {count} more", { count: number(rest) }))] : [];
    const heading = element("h3", {}, `${layer.title} (${number(layer.change_count)})`);
    return [heading, element("ul", { "data-changes": layer.name }, ...items, ...more)];
  });
  return element("div", { class: "year-changes" }, ...parts);
}

/**
 * @param {YearLayer} layer
 * @param {Change} change
 * @param {Record<string, string>} labels
 * @param {(layer: YearLayer, change: Change) => unknown} go
 */
function item(layer, change, labels, go) {
  const kind = kindOf(change);
  const { before, after, year, name } = change;
  const state = after ? labels[after] : t("no longer existing");
  const told = before && before !== after ? `${labels[before]} → ${state}` : state;
  const button = { class: "link-button", type: "button", click: () => go(layer, change) };
  const sign = icon(SIGNS[kind]);
  const text = element("span", { class: "tool-detail" }, [year, told].filter(Boolean).join(" · "));
  return element("li", { class: "is-" + kind }, sign, " ", element("button", button, name), " ", text);
}

/**
 * Rings around what changes; returns them, so that they can be taken away.
 *
 * @param {L.Map} map
 * @param {Years} found
 */
export function markChanges(map, { layers }) {
  const rings = layers.flatMap(({ changes }) =>
    changes.map((change) => {
      const isLate = change.after === LATE;
      const look = { color: isLate ? inks.warning : inks.accent, dashArray: isLate ? "5 4" : undefined };
      return L.circleMarker([change.lat, change.lon], {
        radius: 13,
        weight: 3,
        fill: false,
        interactive: false,
        ...look,
      });
    }),
  );
  return L.layerGroup(rings).addTo(map);
}
