/* What was answered last time, copied by a tap and never silently; a tap takes it back. */
import { find, findAll, target } from "../lib/find.js";
import { changed, form } from "./form.js";

const undo = document.getElementById("undo-previous");
/** @type {HTMLElement[]} questions that the last tap answered */
let copied = [];

/** @param {HTMLElement} check */
const remarkOf = (check) => find(".remark", check, HTMLInputElement);

/**
 * @param {HTMLElement} tap the button of a question
 * @param {boolean} onlyOpen leave what is answered
 */
function copy(tap, onlyOpen) {
  const check = tap.closest(".check");
  if (!(check instanceof HTMLElement)) return;
  if (onlyOpen && check.querySelector(".answers input:checked")) return;
  find(`.answers [value="${tap.dataset.answer}"]`, check).click();
  const remark = remarkOf(check);
  if (tap.dataset.remark && !remark.value) remark.value = tap.dataset.remark;
  check.classList.add("is-copied");
  copied.push(check);
}

form.addEventListener("click", (event) => {
  const tap = target(event).closest("[data-answer]");
  if (!(tap instanceof HTMLElement)) return;
  copied = [];
  copy(tap, false);
  changed();
});

document.getElementById("copy-previous")?.addEventListener("click", () => {
  copied = [];
  for (const tap of findAll("[data-answer]", form)) copy(tap, true);
  if (undo) undo.hidden = !copied.length;
  changed();
});

undo?.addEventListener("click", () => {
  for (const check of copied) {
    const chosen = check.querySelector(".answers input:checked");
    if (chosen instanceof HTMLInputElement) chosen.checked = false;
    const remark = remarkOf(check);
    if (remark.value === find("[data-answer]", check).dataset.remark) remark.value = "";
    check.classList.remove("is-copied");
  }
  copied = [];
  undo.hidden = true;
  changed();
});
