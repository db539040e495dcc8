/* The worklist and the route form: counting what is chosen, and where the person stands. */
import { byId, findAll } from "../lib/find.js";

/** @returns {HTMLInputElement[]} */
const boxes = () => findAll('#list input[name="site"]').filter((box) => box instanceof HTMLInputElement);

/** @param {string} id */
const input = (id) => byId(id, HTMLInputElement);

function showChosen() {
  const count = document.getElementById("chosen-count");
  if (!count) return;
  const chosen = boxes().filter((box) => box.checked).length;
  count.textContent = String(chosen);
  byId("action-bar").classList.toggle("is-shown", chosen > 0);
}

document.getElementById("list")?.addEventListener("change", showChosen);
document.getElementById("choose-all")?.addEventListener("change", ({ target }) => {
  for (const box of boxes()) box.checked = target instanceof HTMLInputElement && target.checked;
  showChosen();
});
showChosen();

/**
 * @param {(place: string) => void} found
 * @param {() => void} failed
 */
function locate(found, failed) {
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => found(`${coords.longitude.toFixed(6)},${coords.latitude.toFixed(6)}`),
    failed,
    { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
  );
}

const filter = document.getElementById("filter");

/** @param {string} order */
function submitFromHere(order) {
  locate(
    (place) => {
      input("here").value = place;
      if (order) input("order").value = order;
      if (filter instanceof HTMLFormElement) filter.requestSubmit();
    },
    () => {
      byId("near-problem").hidden = false;
    },
  );
}

document.getElementById("near-me")?.addEventListener("click", () => submitFromHere("near"));
filter?.addEventListener("submit", (event) => {
  if (!byId("km", HTMLSelectElement).value || input("here").value) return;
  event.preventDefault();
  submitFromHere("");
});

document.getElementById("start-here")?.addEventListener("change", ({ target }) => {
  if (!(target instanceof HTMLInputElement)) return;
  const start = input("start");
  if (!target.checked) {
    start.value = "";
    return;
  }
  locate(
    (place) => {
      start.value = place;
    },
    () => {
      target.checked = false;
    },
  );
});
