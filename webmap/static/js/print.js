/* Printing what the screen shows: what is asked for, the preview, the picture and the report from the same sheet.
   The browser prints it (names and legend stay text). */
import { ask } from "./ask.js";
import { failure } from "./notices.js";
import { showAtlas } from "./print-atlas.js";
import { FONT, PAPERS, RATIO, REACH, SCALES, chosen, drawNames, layOut, metresPerPixel, openView, printButton } from "./print-sheet.js";
import { element, icon, number, t } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";

export function openPrint(page) {
  const here = metresPerPixel(page.map.getCenter().lat, page.map.getZoom()) / (0.0254 / 96);
  const scale = chosen.scale || SCALES.reduce((best, one) => (Math.abs(Math.log(one / here)) < Math.abs(Math.log(best / here)) ? one : best));
  const field = (label, control) => element("label", { class: "print-field" }, element("span", {}, label), control);
  const choice = (name, options, value) => element("select", { class: "form-select", name }, ...options.map(([key, label]) => element("option", { value: key, selected: String(key) === String(value) }, label)));
  const dialog = element("dialog", { class: "print-dialog", "aria-labelledby": "print-heading", close: () => dialog.remove() });
  const form = element("form", { method: "dialog", submit: () => {
    const asked = new FormData(form);
    Object.assign(chosen, { paper: asked.get("paper"), landscape: asked.get("direction") === "landscape", scale: Number(asked.get("scale")), title: asked.get("title").trim() });
    const wanted = page.layers.find((layer) => layer.spec.name === asked.get("each"));
    wanted ? showAtlas(page, wanted) : showSheet(page);
  } },
    element("h2", { id: "print-heading" }, t("Print or save a picture")),
    field(t("Title of the sheet"), element("input", { class: "form-control", name: "title", maxlength: 120, value: chosen.title || document.title.split(" · ")[0] })),
    element("div", { class: "print-row" },
      field(t("Paper"), choice("paper", Object.keys(PAPERS).map((name) => [name, name]), chosen.paper)),
      field(t("Direction"), choice("direction", [["landscape", t("Landscape")], ["portrait", t("Portrait")]], chosen.landscape ? "landscape" : "portrait")),
      field(t("Scale"), choice("scale", SCALES.map((one) => [one, `1:${number(one)}`]), scale))),
    field(t("Sheets"), choice("each", [["", t("One: what the screen shows")], ...page.layers.filter((layer) => page.map.hasLayer(layer)).map((layer) => [layer.spec.name, t("One for each of: {layer}", { layer: layer.spec.title })])], "")),
    element("p", { class: "small text-secondary" }, t("In an atlas points take the scale chosen, lines and areas the one at which they fit.")),
    element("div", { class: "tool-actions" },
      element("button", { class: "btn btn-primary", type: "submit" }, t("Preview")),
      element("button", { class: "btn btn-outline-secondary", type: "button", click: () => dialog.close() }, t("Cancel"))));
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
}

async function showSheet(page) {
  const laid = layOut(page, { centre: page.map.getCenter(), scale: chosen.scale, title: chosen.title }), { sheet, frame } = laid;
  const status = element("span", { class: "print-status", role: "status" }, t("Drawing the map…"));
  const print = printButton();
  const save = element("button", { class: "btn btn-outline-primary", type: "button", disabled: true, click: () => savePicture(sheet, made, frame) }, icon("image"), " ", t("Save as PNG"));
  const { report: address, token } = document.getElementById("tool-set").dataset;
  const reports = address ? ["docx", "pdf"].map((format) => element("button", { class: "btn btn-outline-primary", type: "button", "data-report-format": format, disabled: true,
    click: () => writeReport(page, { address: address.replace("docx", format), token, format, status, picture: () => drawPicture(sheet, made, frame) }) }, icon("file-earmark-text"), " ", t(format === "docx" ? "Report as Word" : "Report as PDF"))) : [];
  const view = openView([print, save, ...reports], status, [sheet], () => { made.map.remove(); delete page.print; });
  const made = laid.begin();
  page.print = made;
  const failed = await laid.finish(made);
  if (!view.isConnected) return;
  status.replaceChildren(...(failed.length ? failure(null, t("Part of “{layer}” could not be loaded.", { layer: failed.join(", ") }), () => { view.close(); showSheet(page); }) : []));
  for (const button of [print, save, ...reports]) button.disabled = false;
}

/* --- picture --------------------------------------------------------------------------------------- */

async function savePicture(sheet, made, frame) {
  const canvas = await drawPicture(sheet, made, frame);
  canvas.toBlob((blob) => {
    const link = element("a", { href: URL.createObjectURL(blob), download: `${(chosen.title || "map").replace(/[^\p{L}\p{N}]+/gu, "-")}.png` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }, "image/png");
}

/* The report of the layers shown and the filters in force, with this sheet as its map. */
async function writeReport(page, { address, token, format, status, picture }) {
  const shown = page.layers.filter((layer) => page.map.hasLayer(layer)).map((layer) => layer.spec.name), query = new URLSearchParams([["layers", shown.join(",")]]);
  for (const name of shown) for (const [field, value] of page.state.pairs(name)) query.append(`${name}.${field}`, value);
  status.textContent = t("Writing the report…");
  try {
    const canvas = await picture(), form = new FormData();
    form.set("title", chosen.title);
    form.set("picture", await new Promise((done) => { canvas.toBlob(done, "image/png"); }), "map.png");
    const answer = await ask(`${address}?${query}`, { method: "POST", body: form, headers: { "X-CSRFToken": token, Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const link = element("a", { href: URL.createObjectURL(await answer.blob()), download: `${(chosen.title || "bao-cao").replace(/[^\p{L}\p{N}]+/gu, "-")}.${format}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    status.textContent = "";
  } catch (error) {
    status.replaceChildren(...failure(error, t("The report could not be written. Check the connection and try again."), () => writeReport(page, { address, token, format, status, picture })));
  }
}

/* The sheet as one canvas, part by part where the page has laid it out. */
export async function drawPicture(sheet, made, frame) {
  const whole = sheet.getBoundingClientRect(), canvas = document.createElement("canvas"), c = canvas.getContext("2d"), k = sheet.offsetWidth / whole.width; // the preview may show it smaller
  const at = (node) => { const box = node.getBoundingClientRect(); return [box.left - whole.left, box.top - whole.top, box.width, box.height].map((side) => side * k); };
  canvas.width = Math.round(whole.width * k * RATIO); canvas.height = Math.round(whole.height * k * RATIO);
  c.scale(RATIO, RATIO);
  c.fillStyle = "#ffffff"; c.fillRect(0, 0, whole.width * k, whole.height * k);
  const [x, y, w, h] = at(frame), origin = made.map.getPixelBounds().min;
  c.save();
  c.beginPath(); c.rect(x, y, w, h); c.clip();
  c.fillStyle = getComputedStyle(frame).backgroundColor; c.fillRect(x, y, w, h);
  c.translate(x, y); c.scale(made.factor, made.factor);
  const drawn = [];
  made.map.eachLayer((layer) => { if (layer._tiles) drawn.push(layer); });
  drawn.sort((a, b) => (a.options.zIndex || 1) - (b.options.zIndex || 1));
  for (const layer of drawn) {
    c.globalAlpha = layer.options.opacity ?? 1;
    const side = layer.getTileSize().x;
    for (const { el, coords } of Object.values(layer._tiles)) {
      if (coords.z === layer._tileZoom && el.width) c.drawImage(el, coords.x * side - origin.x, coords.y * side - origin.y, side, side);
    }
  }
  c.globalAlpha = 1;
  c.translate(-REACH, -REACH);
  drawNames(c, made.names);
  c.restore();
  c.strokeStyle = "#1d2733"; c.lineWidth = 1; c.strokeRect(x, y, w, h);
  for (const mark of sheet.querySelectorAll(".print-side svg")) await drawSvg(c, mark, at(mark));
  drawTexts(c, sheet, whole, k);
  return canvas;
}

async function drawSvg(c, mark, box) {
  const copy = mark.cloneNode(true), image = new Image();
  copy.setAttribute("xmlns", SVG); copy.setAttribute("width", box[2]); copy.setAttribute("height", box[3]);
  image.src = "data:image/svg+xml," + encodeURIComponent(new XMLSerializer().serializeToString(copy));
  await image.decode();
  c.drawImage(image, ...box);
}

function drawTexts(c, sheet, whole, k) {
  const walker = document.createTreeWalker(sheet, NodeFilter.SHOW_TEXT), range = document.createRange();
  c.textBaseline = "middle"; c.textAlign = "left"; c.lineWidth = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest("svg, .print-map")) continue;
    const style = getComputedStyle(node.parentElement);
    c.font = `${style.fontWeight} ${style.fontSize} ${FONT}`; c.fillStyle = style.color;
    for (const word of node.data.matchAll(/\S+/g)) {
      range.setStart(node, word.index); range.setEnd(node, word.index + word[0].length);
      const box = range.getBoundingClientRect();
      c.fillText(word[0], (box.left - whole.left) * k, (box.top - whole.top + box.height / 2) * k);
    }
  }
}
