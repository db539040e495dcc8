/* Values that the map's symbols give a colour carry it in the form too. */
import { findAll } from "../lib/find.js";

const MARK = "inset 6px 0 0"; // beside the words, which tell the same

/** @param {HTMLSelectElement} select */
function paint(select) {
  const tone = select.selectedOptions[0]?.dataset.tone;
  select.style.boxShadow = tone ? `${MARK} ${tone}` : "";
}

/** @param {HTMLFormElement} form */
export function startTones(form) {
  for (const select of findAll("select:has(option[data-tone])", form)) {
    if (!(select instanceof HTMLSelectElement)) continue;
    select.addEventListener("change", () => paint(select));
    paint(select);
  }
}
