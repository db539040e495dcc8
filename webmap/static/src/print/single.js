/* One sheet: what the screen shows; printed, saved as a picture, or put into a report. */
import { failure } from "../lib/notices.js";
import { element, t } from "../lib/texts.js";
import { showPrint } from "../map/page.js";
import { chosen } from "./paper.js";
import { asPng, drawPicture } from "./picture.js";
import { fileName, offer } from "./offer.js";
import { openView, printButton, viewButton } from "./preview.js";
import { reportButtons } from "./report.js";
import { Sheet } from "./sheet.js";
import { canKeep, saveTheme } from "./themes.js";
/** @import { MapPage } from "../map/types" */

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
    ...reportButtons(page, centre, status),
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
