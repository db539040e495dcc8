/* To what the filters find: one button in the chips, one in the drawer. */
import { askJson } from "../lib/ask.js";
import { notice } from "../lib/notices.js";
import { t } from "../lib/texts.js";
import { showExtent } from "../map/home.js";
/** @import { State } from "../map/state.js" */
/** @import { OpenedPage } from "../map/types" */

/** @typedef {[number, number, number, number]} Extent west, south, east, north in degrees */

/**
 * Show all that the filters keep of these layers.
 *
 * @param {Pick<OpenedPage, "map" | "config">} page
 * @param {State} state
 * @param {string[]} names
 */
export async function zoomToResult({ map, config }, state, names) {
  const asked = names.map(async (name) => {
    const query = new URLSearchParams(state.pairs(name));
    query.set("extent", "true");
    /** @type {{ extent: Extent | null }} */
    const { extent } = await askJson(`${config.addresses.facets.replace("{layer}", name)}?${query}`);
    return extent;
  });
  const found = await Promise.allSettled(asked);
  const extents = found.flatMap((one) => (one.status === "fulfilled" && one.value ? [one.value] : []));
  if (extents.length) showExtent(map, extents.reduce(united));
  else if (found.some(({ status }) => status === "rejected"))
    notice("result", t("The server did not answer. Try again."), { seconds: 8 });
  else notice("result", t("No object matches the filters."), { seconds: 8 });
}

/**
 * @param {Extent} one
 * @param {Extent} other
 * @returns {Extent}
 */
const united = (one, other) => [
  Math.min(one[0], other[0]),
  Math.min(one[1], other[1]),
  Math.max(one[2], other[2]),
  Math.max(one[3], other[3]),
];
