/* The shapes that the map's modules share: what the server writes into the page and answers, and what is on the map. */
import type { Coords, LatLng, LatLngBoundsExpression, Map as LeafletMap, TileLayer } from "leaflet";
import type { TileFeatures } from "./decode.js";
import type { Ground } from "./ground.js";
import type { Land } from "./land.js";
import type { MvtLayer } from "./mvtlayer.js";
import type { Overlay } from "./overlay.js";
import type { Selection } from "./popup.js";
import type { State } from "./state.js";

/** geodata's Symbol.as_dict(): unset parts are missing. Sizes in CSS px, angles in degrees. */
export interface MapSymbol {
  shape?: string;
  size_px?: number;
  fill?: string;
  fill_opacity?: number;
  level?: number;
  stroke?: string;
  stroke_px?: number;
  dash?: number[];
  hatch?: number;
  glyph?: string;
  badge?: string;
  core?: boolean;
  weight?: number;
}

export interface VariationValue {
  value: string;
  label: string;
  symbol: MapSymbol;
}

export interface Variation {
  field: string;
  label: string;
  opens_with: string[];
  values: VariationValue[];
}

export interface Style {
  symbols: MapSymbol[];
  /** Class number of a tile -> place in `symbols`. */
  classes: number[];
  variations: Variation[];
  base: MapSymbol;
  /** What an area smaller than a symbol is drawn as. */
  small: MapSymbol | null;
  /** What the parts of a label are. */
  labels: string[];
  label_min_zoom: number;
  /** From which on those are named that come before the others. */
  first_min_zoom: number;
  label_rank: number;
  /** What a reader of the legend's numbers must know. */
  note: string;
  side_by_side: boolean;
  thin_below_zoom: number;
}

type Drawing =
  | "save"
  | "restore"
  | "translate"
  | "scale"
  | "beginPath"
  | "moveTo"
  | "lineTo"
  | "arc"
  | "fillRect"
  | "fill"
  | "stroke"
  | "clip"
  | "setLineDash"
  | "createPattern"
  | "fillText"
  | "measureText"
  | "roundRect"
  | "fillStyle"
  | "strokeStyle"
  | "lineWidth"
  | "lineJoin"
  | "lineCap"
  | "globalAlpha"
  | "font"
  | "textAlign"
  | "textBaseline";

/** What draws: a canvas, one off the screen, or what writes SVG (print/vector.js), which makes paths and hatching its own way. */
export interface Pen extends Pick<CanvasRenderingContext2D, Drawing> {
  newPath?(d?: string): Path2D;
  hatch?(symbol: MapSymbol): string;
}

export type Geometry = "point" | "multilinestring" | "multipolygon";

/** What webmap/map/build.py writes of a layer. `url` has {x}, {y}, {z}. */
export interface LayerSpec {
  name: string;
  title: string;
  geometry: Geometry;
  url: string;
  minZoom: number;
  zIndex: number;
  shown: boolean;
  /** A base map shows the same. */
  isGround: boolean;
  style: Style;
}

/** geodata's Ground.spec(): a base map of our own. `url` has {x}, {y}, {z}; zooms are those of tiles. */
export interface GroundSpec {
  url: string;
  bounds: LatLngBoundsExpression;
  least: number;
  most: number;
  /** Land is drawn on water; else water on land. */
  hasLand: boolean;
  attribution: string;
}

/** VN-2000: the central meridian in degrees; metres, arc seconds and ppm of the datum shift (position vector). */
export interface Projection {
  srid: number;
  meridian: number;
  towgs84: number[];
}

/** geodata's Inks: colours as #rrggbb that belong to no layer. */
export interface Inks {
  ink: string;
  faint: string;
  paper: string;
  accent: string;
  warning: string;
  alert: string;
  tick: string;
}

export interface Config {
  inks: Inks;
  language: string;
  home: LatLngBoundsExpression;
  projection: Projection;
  /** Addresses with {layer} and {id} to be filled in. */
  addresses: Record<string, string>;
}

/** What folium's script hands over. */
export interface PageParts {
  map: LeafletMap;
  layers: MvtLayer[];
  basemap: TileLayer | Ground | null;
  land: Land | null;
  config: Config;
}

export interface OpenedPage extends PageParts {
  overlay: Overlay;
  /** Resolves when the map page has started, for scripts that need all of it. */
  ready: Promise<MapPage>;
  /** The map of the sheet that is being printed. */
  print?: { map: LeafletMap; factor: number; factorY: number };
}

/** The map page once it has started. */
export interface MapPage extends OpenedPage {
  state: State;
  selection: Selection;
}

/** `places`: how each symbol is shown (crowding.js), null: all whole. `done` tells Leaflet that it can be shown. */
export interface ShownTile {
  canvas: HTMLCanvasElement;
  coords: Coords;
  data: Record<string, TileFeatures> | null;
  failed: boolean;
  isDrawn: boolean;
  places: Uint8Array | null;
  abort: AbortController;
  done: (error?: Error) => void;
}

/** An object by its names alone. */
export interface Named {
  layer: string;
  id: number;
}

/** What lies at a place. `size` in px; `order`, `px` and `index` sort it. */
export interface Hit {
  layer: MvtLayer;
  id: number;
  count: number;
  latlng: LatLng;
  size: number | undefined;
  order?: number;
  px?: number;
  index?: number;
}

/** The name by which tests and benchmarks find the page; no script of the page reads it. */
export interface TestHandle {
  page: OpenedPage & Partial<MapPage>;
  /** Pixels for one CSS px while something is drawn for paper, else undefined. */
  readonly ratio: number | undefined;
}

declare global {
  interface Window {
    webmap: TestHandle;
  }
  interface DocumentEventMap {
    /** Something of a layer was stored: what shows it asks anew. */
    "webmap:saved": CustomEvent<{ layer: string }>;
    "webmap:ticked": CustomEvent<undefined>;
    /** The table has been drawn: others may add to its rows. */
    "webmap:table": CustomEvent<{ layer: string; body: HTMLElement }>;
    /** A layer has been counted. */
    counted: CustomEvent<undefined>;
    /** A place was found by its coordinates: degrees. */
    "webmap:place": CustomEvent<{ lat: number; lon: number }>;
    /** A text was looked for: others may offer choices beside what was found. */
    "webmap:searched": CustomEvent<{
      text: string;
      isEmpty: boolean;
      choices: { kind?: string; title: string; note: string; go: () => unknown }[];
    }>;
    "webmap:shown": CustomEvent<{ layer: string; id: number; content: Element }>;
    "webmap:inside": CustomEvent<{ pair: [string, string]; layers: { name: string; count: number }[] }>;
  }
}
