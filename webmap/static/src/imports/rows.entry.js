/* Ticks of the preview are kept as they are made, so that turning the page or closing it loses none. */
import { byId, findAll } from "../lib/find.js";

const form = byId("rows", HTMLFormElement);
const all = document.getElementById("choose-all");

/** @returns {HTMLInputElement[]} */
const ticks = () => findAll('input[name="row"]', form).filter((tick) => tick instanceof HTMLInputElement);

/** @param {HTMLInputElement} box */
function showAll(box) {
  const taken = ticks().filter((tick) => tick.checked).length;
  box.checked = taken === ticks().length;
  box.indeterminate = taken > 0 && taken < ticks().length;
}

/** @param {FormData} body */
async function store(body) {
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  if (!answer.ok) {
    location.reload();
    return;
  }
  /** @type {{ left_out: number }} */
  const { left_out: count } = await answer.json();
  const said = (form.dataset.leftOut ?? "").replace("{count}", count.toLocaleString(document.documentElement.lang));
  byId("left-out").textContent = count ? said : "";
}

let last = Promise.resolve();

/** One after the other, so that the last tick wins. */
function keep() {
  const body = new FormData(form);
  last = last.then(() => store(body)).catch(() => {});
}

if (all instanceof HTMLInputElement) {
  all.addEventListener("change", () => {
    for (const tick of ticks()) tick.checked = all.checked;
    keep();
  });
  form.addEventListener("change", (event) => {
    if (!(event.target instanceof HTMLInputElement) || event.target.name !== "row") return;
    showAll(all);
    keep();
  });
  showAll(all);
}
