/* Map themes: layers, filters and place together with the sheet they are printed on. A theme is a view of one's own whose
   address also says the sheet (&sheet=A3,landscape,100000,vn2000&title=…); whoever opens that address gets the sheet. */
import { ask, AskError } from "../lib/ask.js";
import { byId } from "../lib/find.js";
import { element, t } from "../lib/texts.js";
import { GRIDS } from "./grid.js";
import { LEAST_SCALE, MOST_SCALE, PAPERS, chosen } from "./paper.js";
/** @import { MapPage } from "../map/types" */
/** @import { GridKind } from "./grid.js" */

const LONGEST = 80; // letters of a name
const PATIENCE = 8000; // ms until a sheet does without the server's words for its filters

/** @typedef {{ id: number, name: string, address: string }} View */

/**
 * The address of what is shown, with the sheet as it was chosen, around a place.
 *
 * @param {MapPage} page
 * @param {L.LatLng} centre
 */
export function themeAddress({ state }, centre) {
  const url = new URL(state.address(), location.href);
  url.searchParams.set("lat", centre.lat.toFixed(5));
  url.searchParams.set("lon", centre.lng.toFixed(5));
  url.searchParams.set("sheet", [chosen.paper, chosen.landscape ? "landscape" : "portrait", chosen.scale, chosen.grid].join()); // prettier-ignore
  url.searchParams.set("title", chosen.title);
  return url.pathname + url.search;
}

/**
 * Choose the sheet that an address asks for; false where it asks for none.
 *
 * @param {{ sheet: string, title: string }} asked
 */
export function takeSheet({ sheet, title }) {
  const [paper, direction, scale, grid] = sheet.split(",");
  const isScale = Number(scale) >= LEAST_SCALE && Number(scale) <= MOST_SCALE;
  if (!(paper in PAPERS) || !isScale || !GRIDS.includes(/** @type {GridKind} */ (grid))) return false;
  const landscape = direction !== "portrait";
  Object.assign(chosen, { paper, landscape, scale: Math.round(Number(scale)), grid, title });
  return true;
}

/**
 * Resolves when what is shown has been counted: the sheet says its filters in the server's words.
 *
 * @param {MapPage} page
 * @returns {Promise<void>}
 */
export function whenCounted({ map, layers, state }) {
  const isCounted = () =>
    layers.every((layer) => !map.hasLayer(layer) || layer.counted?.query === state.filterQuery(layer.spec.name));
  return new Promise((done) => {
    const look = () => {
      if (!isCounted()) return;
      document.removeEventListener("counted", look);
      done();
    };
    document.addEventListener("counted", look);
    setTimeout(done, PATIENCE);
    look();
  });
}

/** Where views are kept; nothing for who is not signed in. */
const keptAt = () => document.getElementById("view-form")?.dataset.views ?? "";

/**
 * The form's choice among one's themes, filled when they have come; nothing for who is not signed in.
 *
 * @param {(address: string) => void} take
 */
export function themeChoice(take) {
  if (!keptAt()) return null;
  const choose = () => {
    if (select.value) take(select.value);
  };
  /** @type {HTMLSelectElement} */
  const select = element(
    "select",
    { class: "form-select", change: choose },
    element("option", { value: "" }, t("What the screen shows")),
  );
  const fill = async () => {
    const answer = await ask(keptAt(), { headers: { Accept: "application/json" } });
    /** @type {{ views: View[] }} */
    const { views } = answer.ok ? await answer.json() : { views: [] };
    const themes = views.filter(({ address }) => new URL(address, location.href).searchParams.has("sheet"));
    select.append(...themes.map(({ name, address }) => element("option", { value: address }, name)));
  };
  fill().catch(() => {}); // the form does without: sheets can be printed all the same
  return select;
}

/**
 * Keep what is shown and its sheet under the sheet's title.
 *
 * @param {MapPage} page
 * @param {L.LatLng} centre
 */
export async function saveTheme(page, centre) {
  const body = new FormData();
  body.set("name", chosen.title.slice(0, LONGEST));
  body.set("address", themeAddress(page, centre));
  const headers = { "X-CSRFToken": byId("tool-set").dataset.token ?? "", Accept: "application/json" };
  const answer = await ask(keptAt(), { method: "POST", body, headers });
  if (!answer.ok) throw new AskError(answer.statusText, { status: answer.status });
}

/** Whether there is somebody to keep themes for. */
export const canKeep = () => Boolean(keptAt());
