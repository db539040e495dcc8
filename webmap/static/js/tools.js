/* The map's tools: one is open at a time, in a card over the map. */
import { startInside } from "./tools-inside.js";
import { startMeasure } from "./tools-measure.js";
import { openPrint } from "./print.js";
import { startYears } from "./years.js";
import { element, icon, t } from "./texts.js";

const page = window.webmap.page;
await page.ready;

const TOOLS = { measure: startMeasure, inside: startInside, years: startYears };
const bar = document.getElementById("tool-set"), buttons = [...bar.querySelectorAll("[data-map-tool]")];
const card = document.getElementById("tool-card");
const THIS_YEAR = new Date().getFullYear(), AHEAD = 5;
let open = null;

function closeTool() {
  if (!open) return;
  const { name, tool } = open;
  open = null;
  tool.close();
  card.hidden = true;
  card.replaceChildren();
  const button = buttons.find((other) => other.dataset.mapTool === name);
  button.setAttribute("aria-pressed", "false");
  if (document.activeElement === document.body) button.focus({ preventScroll: true });
}

function openTool(name) {
  const button = buttons.find((other) => other.dataset.mapTool === name), body = element("div", { class: "tool-body" });
  closeTool();
  card.replaceChildren(
    element("header", { class: "tool-head" }, element("h2", {}, button.getAttribute("aria-label")),
      element("button", { class: "icon-button", type: "button", "aria-label": t("Close"), click: closeTool }, icon("x-lg"))),
    body);
  card.setAttribute("aria-label", button.getAttribute("aria-label"));
  card.hidden = false;
  button.setAttribute("aria-pressed", "true");
  open = { name, tool: TOOLS[name](page, body, closeTool) };
}

const toggle = bar.querySelector("[data-tools-toggle]");
toggle.addEventListener("click", () => {
  const shown = toggle.getAttribute("aria-expanded") !== "true";
  toggle.setAttribute("aria-expanded", shown);
  bar.classList.toggle("is-open", shown);
});

for (const button of buttons) {
  button.addEventListener("click", () => {
    const name = button.dataset.mapTool;
    bar.classList.remove("is-open");
    toggle.setAttribute("aria-expanded", "false");
    if (name === "print") { closeTool(); openPrint(page); }
    else if (name === "compare") { closeTool(); page.state.update({ compare: { years: [THIS_YEAR, THIS_YEAR + AHEAD], plans: ["", ""] } }, { push: true }); }
    else if (open?.name === name) closeTool();
    else openTool(name);
  });
}
/* A panel's own way to the tool: what is around the object it tells of. */
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-around]") || !page.state.selection) return;
  openTool("inside");
  open.tool.takeSelected();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && open && card.contains(document.activeElement)) { event.preventDefault(); closeTool(); }
});
