/* The preview: sheets on a desk, with the buttons for what is done with them. */
import { find } from "../lib/find.js";
import { element, icon, t } from "../lib/texts.js";
import { fixRatio } from "../map/ratio.js";
import { MM, RATIO, paper } from "./paper.js";

const pageRule = new CSSStyleSheet();
const otherRules = () => document.adoptedStyleSheets.filter((sheet) => sheet !== pageRule);

/**
 * Open it with these buttons and sheets; `leave` is called when it is closed. Returns the dialog.
 *
 * @param {HTMLElement[]} buttons
 * @param {HTMLElement} status
 * @param {HTMLElement[]} sheets
 * @param {() => void} leave
 */
export function openView(buttons, status, sheets, leave) {
  const { width, height } = paper();
  pageRule.replaceSync(`@page { size: ${width}mm ${height}mm; margin: 0 }`);
  document.adoptedStyleSheets = [...otherRules(), pageRule];
  const end = () => {
    leave();
    view.remove();
    fixRatio();
    document.body.classList.remove("has-print-view");
    document.adoptedStyleSheets = otherRules();
  };
  const close = { class: "btn btn-outline-secondary", type: "button", click: () => view.close() };
  const desk = { class: "print-desk", tabindex: 0, role: "region", "aria-label": t("Sheet") };
  /** @type {HTMLDialogElement} */
  const view = element(
    "dialog",
    { class: "print-view", "aria-label": t("Print preview"), close: end },
    element("div", { class: "print-bar" }, ...buttons, element("button", close, t("Close")), status),
    element("div", desk, ...sheets),
  );
  document.body.classList.add("has-print-view");
  document.body.append(view);
  view.showModal();
  fitToDesk(find(".print-desk", view), width, height);
  fixRatio(RATIO);
  return view;
}

/**
 * A sheet wider than the desk is shown smaller; two fingers make it larger.
 *
 * @param {HTMLElement} desk
 * @param {number} width mm
 * @param {number} height mm
 */
function fitToDesk(desk, width, height) {
  const { paddingLeft, paddingRight } = getComputedStyle(desk);
  const room = desk.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
  const share = room / (width * MM);
  desk.classList.toggle("is-fitted", share < 1);
  desk.style.setProperty("--fit", String(share));
  desk.style.setProperty("--sheet-width", `${width}mm`);
  desk.style.setProperty("--sheet-height", `${height}mm`);
}

/**
 * A button of the preview; none can be pressed before the sheet is finished.
 *
 * @param {string} sign
 * @param {string} label
 * @param {Record<string, string | (() => unknown)>} attributes
 */
export const viewButton = (sign, label, attributes) =>
  element("button", { type: "button", disabled: true, ...attributes }, icon(sign), " ", label);

export const printButton = () =>
  viewButton("printer", t("Print or save as PDF"), { class: "btn btn-primary", click: () => window.print() });
