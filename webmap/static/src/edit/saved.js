/* After a save: everything that shows the layer is asked for anew, and the way back stands in the message. */
import { saidOf } from "../lib/ask.js";
import { byId } from "../lib/find.js";
import { clear, notice } from "../lib/notices.js";
import { t } from "../lib/texts.js";
import { post } from "./server.js";
/** @import { MapPage } from "../map/types" */
/** @import { Report } from "./types" */

/** @param {string} layer */
const changed = (layer) => document.dispatchEvent(new CustomEvent("webmap:saved", { detail: { layer } }));

/**
 * @param {MapPage} page
 * @param {string} layer
 * @param {Report} report
 */
export function tellSaved(page, layer, { change_set_id: set, proposal, address }) {
  changed(layer);
  if (proposal) {
    notice("saved", t("Proposal {number} waits for a reviewer.", { number: proposal }), {
      label: t("Open it"),
      link: address,
    });
    return;
  }
  if (!set) {
    notice("saved", t("Nothing has changed."), { seconds: 6 });
    return;
  }
  const action = () => undo(page, layer, set);
  notice("saved", t("Saved as change {number}.", { number: set }), { label: t("Undo"), action });
}

/**
 * @param {MapPage} page
 * @param {string} layer
 * @param {number} set
 */
async function undo(page, layer, set) {
  try {
    await post((byId("editing").dataset.undo ?? "").replace("/0/", `/${set}/`), {});
    clear("saved");
    changed(layer);
    notice("saved", t("The change has been taken back."), { seconds: 8 });
    const { selection } = page.state;
    if (selection?.layer === layer) page.selection.follow();
  } catch (error) {
    const text = t("The change could not be taken back. Check the connection and try again.");
    notice("saved", saidOf(error, text), { label: t("Retry"), action: () => undo(page, layer, set) });
  }
}
