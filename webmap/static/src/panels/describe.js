/* What the server knows about layers and their fields, asked once when something needs it. */
import { askJson } from "../lib/ask.js";
import { formatted, language, t } from "../lib/texts.js";
/** @import { Described, Field, Value } from "./types" */

/** @type {Promise<Map<string, Described>> | null} */
let asked = null;

/**
 * Return layer name -> its description of /api/layers.
 *
 * @param {Record<string, string>} addresses
 */
export function describedLayers(addresses) {
  asked ||= load(addresses.layers).catch((error) => {
    asked = null;
    throw error;
  });
  return asked;
}

/** @param {string} url */
async function load(url) {
  /** @type {{ layers: Described[] }} */
  const { layers } = await askJson(url);
  return new Map(layers.map((layer) => [layer.name, layer]));
}

const DAY = /** @type {const} */ ({ day: "2-digit", month: "2-digit", year: "numeric" });

/**
 * Return a stored value as people of the page's language write it; unknown is empty.
 *
 * @param {Field} field
 * @param {Value} value
 */
export function written(field, value) {
  if (value === null || value === undefined || value === "") return "";
  const label = field.values?.find((entry) => entry.value === String(value))?.label;
  if (label) return label;
  if (typeof value === "boolean") return value ? t("Yes") : t("No");
  if (typeof value === "number") return writtenNumber(field, value);
  if (field.type === "date") return new Date(`${value}T00:00`).toLocaleDateString(language, DAY);
  if (field.type === "datetime") {
    return new Date(value).toLocaleString(language, { dateStyle: "short", timeStyle: "short" });
  }
  return String(value);
}

/**
 * @param {Field} field
 * @param {number} value
 */
function writtenNumber({ type, name, decimals }, value) {
  if (type === "integer") return formatted(value, { useGrouping: !name.endsWith("_year") });
  return formatted(value, { minimumFractionDigits: decimals || 0, maximumFractionDigits: decimals ?? 3 });
}
