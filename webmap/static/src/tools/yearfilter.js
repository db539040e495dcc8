/* The year that layers are filtered by, for the tools that move through the years. */
/** @import { MapPage } from "../map/types" */
/** @import { Pair } from "../map/address.js" */

/**
 * The year in force on the map, or null.
 *
 * @param {MapPage} page
 */
export function chosenYear({ state, layers }) {
  const years = layers.map(({ spec }) => state.filter(spec.name, "year")?.[0]);
  return Number(years.find(Boolean)) || null;
}

/**
 * Filter layers by a year, and show those of them that are off; without a year they are as before.
 *
 * @param {MapPage} page
 * @param {string[]} names
 * @param {string | null} year
 * @param {boolean} push the step before can be gone back to
 */
export function applyYear({ state, layers }, names, year, push) {
  const filters = { ...state.filters };
  for (const name of names) {
    const others = (filters[name] || []).filter(([field]) => field !== "year");
    filters[name] = year ? [...others, /** @type {Pair} */ (["year", year])] : others;
  }
  const known = layers.map(({ spec }) => spec.name);
  const shown = state.layers || layers.filter(({ spec }) => spec.shown).map(({ spec }) => spec.name);
  const all = known.filter((name) => shown.includes(name) || names.includes(name));
  state.update(year && all.length > shown.length ? { filters, layers: all } : { filters }, { push });
}
