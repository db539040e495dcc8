/* The catalogue of violations in the visit form: choosing a row fills the words and the rule; the rest stays free. */
import { byId, find, findAll } from "../lib/find.js";
import { input } from "./form.js";

/** @typedef {{ code: string, label: string, wording: string, act: string, article: string, clause: string, point: string }} Violation */

const choice = byId("catalogue-choice", HTMLTemplateElement);
const findings = byId("findings");
/** @type {import("./merging.js").Content} */
const kept = JSON.parse(byId("paper-content").textContent || "{}");
const PARTS = /** @type {const} */ ([
  ["wording", "description"],
  ["act", "act"],
  ["article", "article"],
  ["clause", "clause"],
  ["point", "point"],
]);
/** @type {Violation[]} */
let rows = [];

/** @param {Element} part */
const selectOf = (part) => find("select", part, HTMLSelectElement);

/** @param {Element} part */
const codeOf = (part) => find("input", part, HTMLInputElement);

/**
 * @param {HTMLSelectElement} select
 * @param {string} code
 */
function fill(select, code) {
  const options = rows.map((row) => new Option(row.label, row.code));
  select.replaceChildren(select.options[0], ...options);
  select.value = rows.some((row) => row.code === code) ? code : "";
}

/** @param {HTMLElement} finding */
function dress(finding) {
  if (finding.querySelector(".catalogue-choice")) return;
  const name = `finding.${finding.dataset.finding}.code`;
  const copy = choice.content.cloneNode(true);
  if (!(copy instanceof DocumentFragment)) return;
  const part = find(".catalogue-choice", copy);
  const code = codeOf(part);
  code.name = name;
  code.value = kept[name] ?? "";
  fill(selectOf(part), code.value);
  selectOf(part).addEventListener("change", () => take(finding, part));
  find(".severities", finding).after(part);
}

/**
 * @param {HTMLElement} finding
 * @param {HTMLElement} part
 */
function take(finding, part) {
  const code = codeOf(part);
  const row = rows.find((each) => each.code === selectOf(part).value);
  code.value = row ? row.code : "";
  if (row) {
    for (const [from, to] of PARTS) {
      const field = find(`[name$=".${to}"]`, finding);
      if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) field.value = row[from];
    }
    find('[value="violation"]', finding, HTMLInputElement).checked = true;
  }
  code.dispatchEvent(new Event("input", { bubbles: true }));
  code.dispatchEvent(new Event("change", { bubbles: true }));
}

async function load() {
  const day = input("visited_on").value;
  try {
    const address = `${choice.dataset.address}?on=${encodeURIComponent(day)}`;
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    rows = (await answer.json()).violations;
  } catch {
    return; // without a connection the words are written freely
  }
  for (const part of findAll(".catalogue-choice", findings)) fill(selectOf(part), codeOf(part).value);
}

/** On another day another decree holds: what was not in force then stands as one's own words. */
async function changeDay() {
  await load();
  for (const code of findAll(".catalogue-choice input", findings)) {
    if (!(code instanceof HTMLInputElement) || !code.value || !rows.length) continue;
    if (rows.some((row) => row.code === code.value)) continue;
    code.value = "";
    code.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

const dressAll = () => findAll("[data-finding]", findings).forEach(dress);
new MutationObserver(dressAll).observe(findings, { childList: true });
dressAll();
input("visited_on").addEventListener("change", changeDay);
load();
