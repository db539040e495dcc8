/* What the server knows about layers and their fields, asked once when something needs it. */
import { ask } from "./ask.js";
import { language, t } from "./texts.js";

let asked = null;

/* Return layer name -> its description of /api/layers. */
export function describedLayers(addresses) {
  asked ||= ask(addresses.layers).then(async (answer) => {
    if (!answer.ok) throw new Error(answer.statusText);
    const { layers } = await answer.json();
    return new Map(layers.map((layer) => [layer.name, layer]));
  }).catch((error) => { asked = null; throw error; });
  return asked;
}

/* Return a stored value as people of the page's language write it; unknown is empty. */
export function written(field, value) {
  if (value === null || value === undefined || value === "") return "";
  const label = field.values?.find((entry) => entry.value === String(value))?.label;
  if (label) return label;
  if (typeof value === "boolean") return value ? t("Yes") : t("No");
  if (field.type === "number") return value.toLocaleString(language, { minimumFractionDigits: field.decimals || 0, maximumFractionDigits: field.decimals ?? 3 });
  if (field.type === "integer") return value.toLocaleString(language, { useGrouping: !field.name.endsWith("_year") });
  if (field.type === "date") return new Date(`${value}T00:00`).toLocaleDateString(language, { day: "2-digit", month: "2-digit", year: "numeric" });
  if (field.type === "datetime") return new Date(value).toLocaleString(language, { dateStyle: "short", timeStyle: "short" });
  return String(value);
}
