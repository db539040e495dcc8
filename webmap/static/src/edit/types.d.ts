/* The shapes that the scripts of editing share. */
import type { Geometry } from "geojson";

/** `address`: of the layer's form, checks and saves. */
export interface Editable {
  title: string;
  address: string;
}

/** What a reference may be; `code` of a legal act is its id. */
export interface Choice {
  code: string | number;
  name: string;
}

export type Input = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** Field -> text as people write it. */
export type Values = Record<string, string>;

/** A row that hangs on the object; without `id` it is new. */
export interface Row {
  id: number | null;
  values?: Values;
  remove?: boolean;
}

export interface Sent {
  id: number | null;
  version: string | null;
  values?: Values;
  details?: Record<string, Row[]>;
  geometry?: Geometry | null;
  acts_added?: number[];
  acts_removed?: number[];
  delete?: boolean;
}

/** What is drawn: `parts` become objects of their own, `gone` are deleted, both in the same change set. */
export interface Step {
  geometry: Geometry;
  parts: Geometry[];
  gone: { id: number; version: string }[];
}

/** A half-filled form as the device keeps it. */
export interface Draft {
  at: string;
  version: string;
  before: { values: Values; rows: [string, Values][]; acts: [number, string][]; geometry: string };
  values: Values;
  rows: Record<string, Row[]>;
  acts: [number, string][];
  step: Step | null;
  parts: Values[];
}

/** `row`: the object of the edit, from 1. */
export interface Problem {
  row: number | null;
  field: string | null;
  message: string;
  suggestion: string | null;
}

/** geodata's EditReport.as_json(). */
export interface Report {
  change_set_id: number | null;
  /** Set where the layer is reviewed: nothing is stored yet. */
  proposal?: number;
  address?: string;
  objects: { id: number | null }[];
}

/** What a batch would change: the counts of all, the objects that say most. */
export interface Previewed {
  mark: string;
  counts: Record<"changed" | "unchanged" | "rejected", number>;
  objects: {
    name: string | null;
    code: string | null;
    fields: Record<string, [string | number | boolean | null, string | number | boolean | null]>;
    problems: Problem[];
  }[];
}
