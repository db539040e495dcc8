/* The map's tools: one is open at a time, in a card over the map. */
import { startGrid, watchGrid } from "../grid/tool.js";
import { byId, find, findAll, target } from "../lib/find.js";
import { element, icon, t } from "../lib/texts.js";
import { thePage } from "../map/page.js";
import { openPrint, showAsked } from "../print/print.js";
import { startOutside } from "../panels/outside.js";
import { startOwn } from "../panels/own.js";
import { Inside, startInside } from "./inside.js";
import { startMeasure } from "./measure.js";
import { startNotes, watchNotes } from "./notes.js";
import { chosenYear } from "./yearfilter.js";
import { startYears } from "./years.js";

const page = await thePage().ready;

const TOOLS = { measure: startMeasure, inside: startInside, years: startYears, grid: startGrid, notes: startNotes };
const AHEAD = 5; // years between the two that are compared first

/** @typedef {keyof typeof TOOLS} ToolName */

const bar = byId("tool-set");
const buttons = findAll("[data-map-tool]", bar);
const card = byId("tool-card");
/** @type {{ name: ToolName, tool: { close(): void } } | null} */
let open = null;

/** @param {string} name */
const buttonOf = (name) => find(`[data-map-tool="${name}"]`, bar);

function closeTool() {
  if (!open) return;
  const { name, tool } = open;
  open = null;
  tool.close();
  card.hidden = true;
  card.replaceChildren();
  const button = buttonOf(name);
  button.setAttribute("aria-pressed", "false");
  if (document.activeElement === document.body) button.focus({ preventScroll: true });
}

/** @param {ToolName} name */
function openTool(name) {
  const button = buttonOf(name);
  const title = button.getAttribute("aria-label") ?? "";
  const body = element("div", { class: "tool-body" });
  closeTool();
  const close = { class: "icon-button", type: "button", "aria-label": t("Close"), click: closeTool };
  const head = element(
    "header",
    { class: "tool-head" },
    element("h2", {}, title),
    element("button", close, icon("x-lg")),
  );
  card.replaceChildren(head, body);
  card.setAttribute("aria-label", title);
  card.hidden = false;
  button.setAttribute("aria-pressed", "true");
  const tool = TOOLS[name](page, body, closeTool);
  open = { name, tool };
  return tool;
}

/**
 * Two years, or the same year of the network twice, so that another load can be chosen beside it.
 *
 * @param {number} thisYear
 */
function besides(thisYear) {
  const { grid } = page.state;
  const year = chosenYear(page) ?? thisYear;
  const years = grid ? [year, year] : [thisYear, thisYear + AHEAD];
  return { years, plans: ["", ""], grids: [grid, grid] };
}

/** @param {string} name */
function press(name) {
  const thisYear = new Date().getFullYear();
  const isOpen = open?.name === name;
  if (isOpen || !(name in TOOLS)) closeTool();
  if (name === "print") openPrint(page);
  else if (name === "compare") {
    page.state.update({ compare: besides(thisYear) }, { push: true });
  } else if (!isOpen) openTool(/** @type {ToolName} */ (name));
}

watchGrid(page);
watchNotes(page);
showAsked(page);
startOutside(page);
startOwn(page);

const toggle = find("[data-tools-toggle]", bar);
const showBar = (/** @type {boolean} */ on) => {
  toggle.setAttribute("aria-expanded", String(on));
  bar.classList.toggle("is-open", on);
};
toggle.addEventListener("click", () => showBar(toggle.getAttribute("aria-expanded") !== "true"));

for (const button of buttons) {
  button.addEventListener("click", () => {
    showBar(false);
    press(button.dataset.mapTool ?? "");
  });
}
/* A panel's own way to the tool: what is around the object it tells of. */
document.addEventListener("click", (event) => {
  if (!target(event).closest("[data-around]") || !page.state.selection) return;
  const tool = openTool("inside");
  if (tool instanceof Inside) tool.takeSelected();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !open || !card.contains(document.activeElement)) return;
  event.preventDefault();
  closeTool();
});
