/* The worklist and the route form: counting what is chosen, and where the person stands. */
const count = document.getElementById("chosen-count");
const boxes = () => [...document.querySelectorAll('#list input[name="site"]')];

function showChosen() {
  if (!count) return;
  const chosen = boxes().filter((box) => box.checked).length;
  count.textContent = chosen;
  document.getElementById("action-bar").classList.toggle("is-shown", chosen > 0);
}

document.getElementById("list")?.addEventListener("change", showChosen);
document.getElementById("choose-all")?.addEventListener("change", (event) => {
  for (const box of boxes()) box.checked = event.target.checked;
  showChosen();
});
showChosen();

function locate(found, failed) {
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => found(`${coords.longitude.toFixed(6)},${coords.latitude.toFixed(6)}`), failed,
    { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
  );
}

const filter = document.getElementById("filter");

function submitFromHere(order) {
  locate((place) => {
    document.getElementById("here").value = place;
    if (order) document.getElementById("order").value = order;
    filter.requestSubmit();
  }, () => { document.getElementById("near-problem").hidden = false; });
}

document.getElementById("near-me")?.addEventListener("click", () => submitFromHere("near"));
filter?.addEventListener("submit", (event) => {
  if (!document.getElementById("km").value || document.getElementById("here").value) return;
  event.preventDefault();
  submitFromHere("");
});

document.getElementById("start-here")?.addEventListener("change", (event) => {
  const start = document.getElementById("start");
  if (!event.target.checked) { start.value = ""; return; }
  locate((place) => { start.value = place; }, () => { event.target.checked = false; });
});
