/* Editing on the map: the ways in. The form opens in the panel's place; a save leaves view, filters and selection. */
import { notice } from "../lib/notices.js";
import { element, icon, number, t } from "../lib/texts.js";
import { thePage } from "../map/page.js";
import { drafts } from "./drafts.js";
import { openForm } from "./form.js";
import { startPlaceMenu, startSearchOffers } from "./menu.js";
import { startProposed } from "./proposed.js";
import { editable } from "./server.js";
import { TableEditing } from "./table.js";

// Read before the map writes what it knows into the address.
const asksForForm = new URLSearchParams(location.search).has("edit");
const page = await thePage().ready;
const layers = Object.entries(editable);

/** The popup and the panel of an object that may be edited. */
function offerEditing() {
  document.addEventListener("webmap:shown", ({ detail: { layer, id, content } }) => {
    if (!editable[layer]) return;
    const click = () => openForm(page, layer, { id });
    const attributes = { class: "btn btn-sm btn-outline-primary", type: "button", "data-edit-object": id, click };
    const edit = element("button", attributes, icon("pencil"), " ", t("Edit"));
    const beside = content.querySelector(".panel-follow");
    if (beside) beside.prepend(edit, " ");
    else (content.querySelector(".actions, header") ?? content).after(element("div", { class: "edit-here" }, edit));
  });
  page.selection.follow(); // what the address names was shown before
}

/** “Add” at each layer of the list. */
function offerAdding() {
  for (const [layer, { title }] of layers) {
    const row = document.querySelector(`[data-layer="${CSS.escape(layer)}"] .layer-row`);
    const label = t("Add: {layer}", { layer: title });
    const click = () => openForm(page, layer, {});
    const attributes = { class: "icon-button small", type: "button", "aria-label": label, title: label };
    const add = element("button", { ...attributes, "data-add-object": layer, click }, icon("plus-lg"));
    row?.insertBefore(add, row.querySelector("[aria-controls]"));
  }
}

/** What was typed and not saved is offered again. */
function offerDrafts() {
  const [first, ...others] = drafts().filter(({ layer }) => editable[layer]);
  if (!first) return;
  const text = t("{count} drafts on this device are not saved.", { count: number(others.length + 1) });
  const action = () => openForm(page, first.layer, first.id ? { id: first.id } : {});
  notice("drafts", text, { label: t("Open it"), action });
}

/** An address that ends in `&edit` leads to the form of what it names, as a finding about the grid does. */
function openAskedForm() {
  const { selection } = page.state;
  if (asksForForm && selection && editable[selection.layer]) openForm(page, selection.layer, { id: selection.id });
}

offerEditing();
offerAdding();
offerDrafts();
new TableEditing(page);
startPlaceMenu(page);
startSearchOffers(page);
startProposed(page);
openAskedForm();
