/* One sheet: what the screen shows; printed, saved as a picture, or put into a report. */
import { AskError, ask } from "../lib/ask.js";
import { byId } from "../lib/find.js";
import { failure } from "../lib/notices.js";
import { element, t } from "../lib/texts.js";
import { showPrint } from "../map/page.js";
import { chosen } from "./paper.js";
import { asPng, drawPicture } from "./picture.js";
import { openView, printButton, viewButton } from "./preview.js";
import { Sheet } from "./sheet.js";
import { canKeep, saveTheme } from "./themes.js";
/** @import { MapPage } from "../map/types" */

const KEPT = 10000; // ms until a file that was offered is forgotten

/**
 * @param {MapPage} page
 * @param {L.LatLng} centre
 */
export async function showSheet(page, centre = page.map.getCenter()) {
  const sheet = new Sheet(page, { centre, scale: chosen.scale, title: chosen.title });
  const status = element("span", { class: "print-status", role: "status" }, t("Drawing the map…"));
  const picture = async () => asPng(await drawPicture(sheet.box, made, sheet.frame));
  const save = async () => offer(await picture(), `${fileName("map")}.png`);
  const keep = async () => {
    try {
      await saveTheme(page, centre);
      status.textContent = t("Kept: next time choose it under “Theme”.");
    } catch (error) {
      status.replaceChildren(...failure(error, t("The theme could not be kept."), keep));
    }
  };
  const turn = () => {
    chosen.landscape = !chosen.landscape;
    again();
  };
  const again = () => {
    view.close();
    showSheet(page, centre);
  };
  const look = "btn btn-outline-primary";
  const buttons = [
    printButton(),
    viewButton("image", t("Save as PNG"), { class: look, click: save }),
    viewButton("phone-landscape", t("Turn the sheet"), { class: look, click: turn }),
    ...(canKeep() ? [viewButton("bookmark", t("Keep as a theme"), { class: look, click: keep })] : []),
    ...reportButtons(page, status, picture),
  ];
  const view = openView(buttons, status, [sheet.box], () => {
    made.map.remove();
    showPrint(undefined);
  });
  const made = sheet.begin();
  showPrint(made);
  const failed = await sheet.finish(made);
  if (!view.isConnected) return;
  startMoving(sheet, made, (to) => {
    view.close();
    showSheet(page, to);
  });
  const text = t("Part of “{layer}” could not be loaded.", { layer: failed.join(", ") });
  const onPaper = made.outside.filter((layer) => layer.isForPaper && !layer.failures).map((layer) => layer.title);
  const kept = t("“{layer}” is on paper only: its server does not let it be taken into a picture.", {
    layer: onPaper.join(", "),
  });
  status.replaceChildren(...(failed.length ? failure(null, text, again) : onPaper.length ? [kept] : []));
  for (const button of buttons) button.disabled = false;
}

/**
 * The map on the sheet is dragged, or moved by the arrow keys, to what is to be printed; then it is drawn anew.
 *
 * @param {Sheet} sheet
 * @param {import("./sheet.js").Made} made
 * @param {(centre: L.LatLng) => void} moved
 */
function startMoving({ frame, inner }, { map }, moved) {
  const usual = inner.style.transform;
  const middle = map.getSize().divideBy(2);
  const end = (/** @type {number} */ dx, /** @type {number} */ dy) => {
    const box = frame.getBoundingClientRect();
    const away = L.point((dx / box.width) * map.getSize().x, (dy / box.height) * map.getSize().y);
    moved(map.containerPointToLatLng(middle.subtract(away)));
  };
  /** @type {PointerEvent | null} */
  let from = null;
  frame.classList.add("is-movable");
  frame.tabIndex = 0;
  frame.setAttribute("aria-label", t("The map on the sheet: drag it or use the arrow keys to choose what is printed"));
  frame.setAttribute("role", "application");
  frame.addEventListener("pointerdown", (event) => {
    from = event;
    frame.setPointerCapture(event.pointerId);
  });
  frame.addEventListener("pointermove", (event) => {
    if (!from) return;
    const share = frame.offsetWidth / frame.getBoundingClientRect().width; // the sheet may be shown smaller
    const [dx, dy] = [(event.clientX - from.clientX) * share, (event.clientY - from.clientY) * share];
    inner.style.transform = `translate(${dx}px, ${dy}px) ${usual}`;
  });
  frame.addEventListener("pointerup", (event) => {
    const [dx, dy] = from ? [event.clientX - from.clientX, event.clientY - from.clientY] : [0, 0];
    from = null;
    if (Math.hypot(dx, dy) > 3) end(dx, dy);
    else inner.style.transform = usual;
  });
  frame.addEventListener("keydown", (event) => {
    const step = frame.getBoundingClientRect().width / 8;
    const ways = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    const way = ways[/** @type {keyof typeof ways} */ (event.key)];
    if (!way) return;
    event.preventDefault();
    end(way[0], way[1]);
  });
}

/**
 * A name for a file, from the title.
 *
 * @param {string} usual
 */
const fileName = (usual) => (chosen.title || usual).replace(/[^\p{L}\p{N}]+/gu, "-");

/**
 * @param {Blob} blob
 * @param {string} download
 */
function offer(blob, download) {
  const link = element("a", { href: URL.createObjectURL(blob), download });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT);
}

/**
 * @param {MapPage} page
 * @param {HTMLElement} status
 * @param {() => Promise<Blob>} picture
 */
function reportButtons(page, status, picture) {
  const { report } = byId("tool-set").dataset;
  if (!report) return [];
  /** @type {[string, string][]} */
  const formats = [
    ["docx", t("Report as Word")],
    ["pdf", t("Report as PDF")],
  ];
  return formats.map(([format, label]) => {
    const click = () => writeReport(page, report.replace("docx", format), format, status, picture);
    return viewButton("file-earmark-text", label, {
      class: "btn btn-outline-primary",
      "data-report-format": format,
      click,
    });
  });
}

/**
 * The report of the layers shown and the filters in force, with this sheet as its map.
 *
 * @param {MapPage} page
 * @param {string} address
 * @param {string} format
 * @param {HTMLElement} status
 * @param {() => Promise<Blob>} picture
 */
async function writeReport(page, address, format, status, picture) {
  const shown = page.layers.filter((layer) => page.map.hasLayer(layer)).map((layer) => layer.spec.name);
  const query = new URLSearchParams([["layers", shown.join(",")]]);
  for (const name of shown) {
    for (const [field, value] of page.state.pairs(name)) query.append(`${name}.${field}`, value);
  }
  status.textContent = t("Writing the report…");
  try {
    const body = new FormData();
    body.set("title", chosen.title);
    body.set("picture", await picture(), "map.png");
    body.set("scale", String(Math.round(chosen.scale))); // of the sheet, which the report fits to its page
    body.set("paper", chosen.paper);
    const headers = { "X-CSRFToken": byId("tool-set").dataset.token ?? "", Accept: "application/json" };
    const answer = await ask(`${address}?${query}`, { method: "POST", body, headers });
    if (!answer.ok) throw new AskError(answer.statusText, { status: answer.status });
    const file = await answer.blob();
    const hasLists = file.type === "application/zip"; // too long for the paper, they come beside it
    offer(file, `${fileName("bao-cao")}.${hasLists ? "zip" : format}`);
    status.textContent = hasLists ? t("Saved as a zip: the report, and the whole lists as Excel.") : "";
  } catch (error) {
    const text = t("The report could not be written. Check the connection and try again.");
    const again = () => writeReport(page, address, format, status, picture);
    status.replaceChildren(...failure(error, text, again));
  }
}
