/* What the server describes and answers, as the panels read it. */

/** A field of a layer, as /api/layers describes it; what is measured for a place asked for comes as one too. */
export interface Field {
  name: string;
  label: string;
  type?: string;
  unit?: string | null;
  values?: { value: string; label: string }[] | null;
  filter?: string | null;
  decimals?: number | null;
}

export interface Described {
  name: string;
  title: string;
  singular: string;
  fields: Field[];
  /** The name of the filter by which objects of other layers are asked for that lie inside. */
  selects_as?: string | null;
}

/** What the search answers of an area; extent as west, south, east, north in degrees. */
export interface AreaHit {
  id: number;
  code: string;
  label: string;
  ended_on: string | null;
  bbox: [number, number, number, number];
}

export type Value = string | number | boolean | null | undefined;

export interface Row {
  id: number;
  properties: Record<string, Value>;
}

/** One bar of a chart: `value` is the filter it stands for; none for what is not listed. */
export interface Bar {
  value: string;
  label: string;
  tick: string;
  count: number;
  sums: (number | null)[];
}

export interface Chart {
  field: string;
  label: string;
  unit: string;
  help: string;
  scale: string;
  bars: Bar[];
  rest: Bar | null;
  unknown: Bar;
}

/** What /api/layers/<layer>/charts answers. */
export interface Charts {
  numberMatched: number;
  sums: { name: string; label: string; unit: string; value: number | null }[];
  charts: Chart[];
  blank: string[];
}
