/* What a drawing snaps to: the true geometries of the shown layers around the view, unseen on the map.
   A tile's corner is off by up to a pixel of its zoom; these are not. */
import { askJson } from "../lib/ask.js";
/** @import { Feature, Geometry, Position } from "geojson" */
/** @import { MapPage } from "../map/types" */

/** @typedef {{ code: string, lon: number, lat: number }} Point degrees, EPSG:4326 */

const MOST = 400; // objects of one layer
const UNSEEN = { opacity: 0, fillOpacity: 0, interactive: false, pmIgnore: true, snapIgnore: false };

export class Targets {
  #group = L.layerGroup();
  /** @type {Map<string, L.GeoJSON>} */
  #shown = new Map();
  /** @type {Map<string, Point[]>} */
  #points = new Map();
  /** @type {AbortController | null} */
  #asked = null;
  #load = () => this.load();

  /**
   * @param {MapPage} page
   * @param {string} layer of what is drawn
   * @param {number | null} id what is drawn does not snap to itself
   */
  constructor(page, layer, id) {
    this.page = page;
    this.layer = layer;
    this.id = id;
  }

  start() {
    this.#group.addTo(this.page.map);
    this.page.map.on("moveend", this.#load);
    return this.load();
  }

  stop() {
    this.page.map.off("moveend", this.#load);
    this.#group.remove();
    this.#asked?.abort();
  }

  async load() {
    this.#asked?.abort();
    const { signal } = (this.#asked = new AbortController());
    const { map, layers, config } = this.page;
    const bbox = map.getBounds().pad(0.1).toBBoxString();
    const query = new URLSearchParams({ bbox, limit: String(MOST), count: "false" });
    const load = async (/** @type {string} */ name) => {
      const url = `${config.addresses.features.replace("{layer}", name)}?${query}`;
      const found = await askJson(url, { signal }).catch(() => null); // without it, one draws without snapping to it
      if (found) this.#take(name, found.features);
    };
    await Promise.all(layers.filter((layer) => map.hasLayer(layer)).map(({ spec }) => load(spec.name)));
  }

  /**
   * The true geometry of an object.
   *
   * @param {string} layer
   * @param {number} id
   * @returns {Promise<Geometry>}
   */
  async geometryOf(layer, id) {
    const address = this.page.config.addresses.feature.replace("{layer}", layer).replace("{id}", String(id));
    return (await askJson(address)).geometry;
  }

  /**
   * @param {string} name
   * @param {Feature<Geometry, Record<string, any>>[]} features
   */
  #take(name, features) {
    const others = features.filter(({ id, geometry }) => geometry && !(name === this.layer && id === this.id));
    /** @type {Point[]} */
    const points = [];
    for (const { geometry, properties } of others) {
      if (geometry.type !== "Point") continue;
      const [lon, lat] = geometry.coordinates;
      points.push({ code: properties.code, lon, lat });
    }
    this.#points.set(name, points);
    const options = {
      ...UNSEEN,
      style: UNSEEN,
      pointToLayer: (/** @type {unknown} */ _, /** @type {L.LatLng} */ latlng) =>
        L.circleMarker(latlng, { ...UNSEEN, radius: 1 }),
    };
    const made = L.geoJSON(/** @type {any} */ (others), options);
    const old = this.#shown.get(name);
    if (old) this.#group.removeLayer(old);
    this.#shown.set(name, made);
    this.#group.addLayer(made);
  }

  /**
   * What of a layer stands at a place, or so near on the screen that it was meant.
   *
   * @param {string} name
   * @param {Position} place degrees, (lon, lat)
   * @param {number} within px
   */
  near(name, [lon, lat], within) {
    const at = (/** @type {{ lon: number, lat: number }} */ point) =>
      this.page.map.latLngToContainerPoint([point.lat, point.lon]);
    const here = at({ lon, lat });
    const found = (this.#points.get(name) ?? []).map((point) => ({ ...point, px: at(point).distanceTo(here) }));
    return found.filter(({ px }) => px <= within).sort((one, other) => one.px - other.px)[0];
  }

  /** @param {string} name */
  isPoint(name) {
    return Boolean(this.#points.get(name)?.length);
  }
}
