/* The checklist and the findings. Nothing that was written disappears by a mis-tap: what is taken off can be put back. */
import { byId, find, findAll, target } from "../lib/find.js";
import { element } from "../lib/texts.js";
import { addFinding, button, changed, form, input, onChange, setField } from "./form.js";

const list = byId("findings");
const checklist = byId("checklist");

const newKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(5)), (byte) => byte.toString(36))
    .join("")
    .slice(0, 8);

byId("add-finding").addEventListener("click", () => {
  find("textarea", addFinding(newKey())).focus();
  changed();
});

/** @param {HTMLElement} box */
const wordsOf = (box) => find("textarea", box, HTMLTextAreaElement).value;

/**
 * Take a finding off, with a way back in its place.
 *
 * @param {HTMLElement} box
 */
function takeOff(box) {
  const said = (list.dataset.removed ?? "").replace("{text}", wordsOf(box).trim());
  const undo = button(list.dataset.undo ?? "", () => {
    place.replaceWith(box);
    changed();
  });
  const place = element("div", { class: "taken-off", role: "status" }, element("span", {}, said), undo);
  box.replaceWith(place);
  changed();
}

/** @param {Element | null} part */
function findingAround(part) {
  const box = part?.closest(".finding-form");
  return box instanceof HTMLElement ? box : null;
}

form.addEventListener("click", (event) => {
  const box = findingAround(target(event).closest("[data-remove-finding]"));
  if (box) takeOff(box);
});

/** @param {string} item */
function findingOf(item) {
  const fields = findAll('.finding-form [name$=".item"]', form);
  return findingAround(fields.find((field) => field instanceof HTMLInputElement && field.value === item) ?? null);
}

/** @param {Element} check */
function offeredWords(check) {
  const question = find("legend", check).firstChild?.textContent ?? "";
  return (checklist.dataset.failed ?? "").replace("{item}", question.trim());
}

/**
 * Whether a finding says no more than the form itself put there.
 *
 * @param {HTMLElement} box
 * @param {Element} check
 */
function isUntouched(box, check) {
  const wanted = "input:not([type=hidden]):not([type=radio]):not([name$='.act']):not([type=file])";
  const isBlank = findAll(wanted, box).every((field) => field instanceof HTMLInputElement && !field.value);
  const severity = box.querySelector('[type="radio"]:checked');
  const isMinor = severity instanceof HTMLInputElement && severity.value === "minor";
  return wordsOf(box) === offeredWords(check) && isBlank && isMinor;
}

form.addEventListener("change", (event) => {
  const answer = event.target;
  const check = target(event).closest(".check[data-item]");
  if (!(check instanceof HTMLElement && answer instanceof HTMLInputElement && answer.name.startsWith("answer.")))
    return;
  const item = check.dataset.item ?? "";
  const box = findingOf(item);
  if (answer.value === "not_ok") {
    if (!box) addFinding(`item-${item}`, item, offeredWords(check));
  } else if (box) {
    if (isUntouched(box, check)) takeOff(box);
    else askAbout(box);
  }
});

/**
 * A written finding stays when its question is answered otherwise; whoever means it takes it off himself.
 *
 * @param {HTMLElement} box
 */
function askAbout(box) {
  if (box.querySelector(".doubt")) return;
  const doubt = element("p", { class: "doubt", role: "status" }, list.dataset.doubt);
  box.prepend(doubt);
  doubt.scrollIntoView({ block: "center" });
}

function showAnswered() {
  const checks = findAll(".check", checklist);
  const answered = checks.filter((check) => check.querySelector("input:checked")).length;
  byId("answered").textContent = `${answered}/${checks.length}`;
}

for (const back of findAll("[data-put-back]", form)) {
  back.addEventListener("click", () => {
    const key = back.dataset.key ?? "";
    const box = addFinding(key);
    /** @type {Record<string, string>} */
    const parts = JSON.parse(back.dataset.putBack ?? "{}");
    for (const [part, value] of Object.entries(parts)) {
      if (form.elements.namedItem(`finding.${key}.${part}`)) setField(`finding.${key}.${part}`, value);
    }
    back.closest(".clash")?.remove();
    box.scrollIntoView({ block: "center" });
    changed();
  });
}

/** The decree in force on the day of the visit is offered; what somebody wrote himself stays. */
function offerDecree() {
  const day = input("visited_on").value;
  /** @type {[string, string][]} */
  const byDay = JSON.parse(byId("decrees").dataset.byDay ?? "[]");
  const decree = byDay.find(([start]) => day >= start)?.[1];
  if (!day || !decree) return;
  const template = byId("finding-template", HTMLTemplateElement).content;
  for (const field of [...findAll("[data-offered]", form), ...findAll("[data-offered]", template)]) {
    if (!(field instanceof HTMLInputElement)) continue;
    if (field.value === field.dataset.offered) field.value = decree;
    if (!form.contains(field)) field.setAttribute("value", decree);
    field.dataset.offered = decree;
  }
}

input("visited_on").addEventListener("change", offerDecree);
onChange(showAnswered);
showAnswered();
