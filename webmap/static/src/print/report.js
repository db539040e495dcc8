/* The written report of what a sheet shows: the map is drawn anew as wide as the report's text, so that type and scale are true there. */
import { AskError, ask } from "../lib/ask.js";
import { byId } from "../lib/find.js";
import { failure } from "../lib/notices.js";
import { t } from "../lib/texts.js";
import { fileName, offer } from "./offer.js";
import { REPORT, chosen, paper } from "./paper.js";
import { asPng, drawPicture } from "./picture.js";
import { viewButton } from "./preview.js";
import { Sheet } from "./sheet.js";
/** @import { MapPage } from "../map/types" */

/**
 * @param {MapPage} page
 * @param {L.LatLng} centre of the sheet
 * @param {HTMLElement} status
 */
export function reportButtons(page, centre, status) {
  const { report } = byId("tool-set").dataset;
  if (!report) return [];
  /** @type {[string, string][]} */
  const formats = [
    ["docx", t("Report as Word")],
    ["pdf", t("Report as PDF")],
  ];
  return formats.map(([format, label]) => {
    const click = () => writeReport(page, centre, report.replace("docx", format), format, status);
    return viewButton("file-earmark-text", label, {
      class: "btn btn-outline-primary",
      "data-report-format": format,
      click,
    });
  });
}

/**
 * The report of the layers shown and the filters in force, with what the sheet shows as its map.
 *
 * @param {MapPage} page
 * @param {L.LatLng} centre
 * @param {string} address
 * @param {string} format
 * @param {HTMLElement} status
 */
async function writeReport(page, centre, address, format, status) {
  const shown = page.layers.filter((layer) => page.map.hasLayer(layer)).map((layer) => layer.spec.name);
  const query = new URLSearchParams([["layers", shown.join(",")]]);
  for (const name of shown) {
    for (const [field, value] of page.state.pairs(name)) query.append(`${name}.${field}`, value);
  }
  status.textContent = t("Writing the report…");
  const buttons = [...(status.parentElement?.querySelectorAll("button") ?? [])];
  const wait = (/** @type {boolean} */ isWaiting) => buttons.forEach((button) => (button.disabled = isWaiting));
  wait(true); // the sheet must not turn meanwhile
  try {
    const { picture, scale } = await drawMap(page, centre, status);
    const body = new FormData();
    body.set("title", chosen.title);
    body.set("picture", picture, "map.png");
    body.set("scale", String(scale));
    const headers = { "X-CSRFToken": byId("tool-set").dataset.token ?? "", Accept: "application/json" };
    const answer = await ask(`${address}?${query}`, { method: "POST", body, headers });
    if (!answer.ok) throw new AskError(answer.statusText, { status: answer.status });
    const file = await answer.blob();
    const hasLists = file.type === "application/zip"; // too long for the paper, they come beside it
    offer(file, `${fileName("bao-cao")}.${hasLists ? "zip" : format}`);
    status.textContent = hasLists ? t("Saved as a zip: the report, and the whole lists as Excel.") : "";
  } catch (error) {
    const text = t("The report could not be written. Check the connection and try again.");
    status.replaceChildren(...failure(error, text, () => writeReport(page, centre, address, format, status)));
  } finally {
    wait(false);
  }
}

/**
 * At least what the sheet shows, at a scale of two digits, out of sight.
 *
 * @param {MapPage} page
 * @param {L.LatLng} centre
 * @param {HTMLElement} status in the preview
 */
async function drawMap(page, centre, status) {
  const before = { ...chosen };
  const { mapWidth, mapHeight } = paper();
  Object.assign(chosen, { paper: REPORT, landscape: true });
  const own = paper();
  const needed = before.scale * Math.max(mapWidth / own.mapWidth, mapHeight / own.mapHeight);
  const round = 10 ** (Math.floor(Math.log10(needed)) - 1);
  const scale = Math.ceil(needed / round) * round;
  const sheet = new Sheet(page, { centre, scale, title: "" });
  status.closest("dialog")?.append(sheet.box);
  const made = sheet.begin();
  try {
    await sheet.finish(made);
    return { picture: await asPng(await drawPicture(sheet.box, made, sheet.frame)), scale };
  } finally {
    made.map.remove();
    sheet.box.remove();
    Object.assign(chosen, before);
  }
}
