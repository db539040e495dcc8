/* Ticks of the preview are kept as they are made, so that turning the page or closing it loses none. */
const form = document.getElementById("rows");
const all = document.getElementById("choose-all");
const ticks = () => [...form.querySelectorAll('input[name="row"]')];

function showAll() {
  const taken = ticks().filter((tick) => tick.checked).length;
  all.checked = taken === ticks().length;
  all.indeterminate = taken > 0 && taken < ticks().length;
}

let last = Promise.resolve();
function keep() {
  const data = new FormData(form);
  last = last.then(async () => {
    const answer = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "application/json" } });
    if (!answer.ok) { location.reload(); return; }
    const { left_out: count } = await answer.json();
    document.getElementById("left-out").textContent = count ? form.dataset.leftOut.replace("{count}", count.toLocaleString(document.documentElement.lang)) : "";
  }).catch(() => {});
}

if (all) {
  all.addEventListener("change", () => { for (const tick of ticks()) tick.checked = all.checked; keep(); });
  form.addEventListener("change", (event) => { if (event.target.name === "row") { showAll(); keep(); } });
  showAll();
}
