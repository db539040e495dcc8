/* The search box: hits of every layer, or the places that a pair of coordinates may mean. */
import { ask as request } from "./ask.js";
import { element, number, t } from "./texts.js";

/* Two numbers and the signs that belong to coordinates: worth asking what place that is. */
const COORDINATES = /^(?=(?:.*\d){4})[\d\s.,;:/=°º'’′"”″XYNEBĐ-]+$/i;

const SLOW = 400;

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();

async function read(address, signal) {
  const answer = await request(address, { signal });
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}

export function startSearch({ map, config }, selection) {
  const form = document.getElementById("search"), input = document.getElementById("search-text"), list = document.getElementById("search-hits");
  let choices = [], current = -1, waiting = null, asked = null, marker = null;

  const close = () => { list.hidden = true; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
  const mark = (index) => {
    const items = [...list.querySelectorAll("[role=option]")];
    current = index;
    items.forEach((item, i) => item.setAttribute("aria-selected", i === index));
    if (items[index]) { input.setAttribute("aria-activedescendant", items[index].id); items[index].scrollIntoView({ block: "nearest" }); }
  };
  const take = (index) => { close(); input.blur(); choices[index].go(); };

  /* Answers of one kind stand together, the kind of the best answer first; without any, sentences that say so. */
  function offer(found, empty) {
    const kinds = [...new Set(found.map((choice) => choice.kind))];
    choices = kinds.flatMap((kind) => found.filter((choice) => choice.kind === kind));
    const items = choices.map((choice, i) => element("li", { role: "option", id: "hit-" + i, "aria-selected": "false", mousedown: (event) => event.preventDefault(), click: () => take(i) },
      element("strong", {}, choice.title), element("span", {}, choice.note)));
    const groups = kinds.map((kind, k) => {
      const mine = items.filter((_, i) => choices[i].kind === kind);
      return kind ? element("ul", { role: "group", "aria-labelledby": "hit-kind-" + k }, element("li", { class: "hit-kind", id: "hit-kind-" + k, role: "presentation" }, kind), ...mine) : mine;
    }).flat();
    list.replaceChildren(...(items.length ? groups : empty.map((text) => element("li", { class: "empty" }, text))));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark(items.length ? 0 : -1);
  }

  function goTo(place) {
    marker?.remove();
    marker = L.circleMarker([place.lat, place.lon], { radius: 9, color: "#0B4F8A", weight: 3, fillOpacity: 0.15, interactive: false }).addTo(map);
    map.setView([place.lat, place.lon], 16);
  }

  async function ask() {
    const text = input.value.trim();
    asked?.abort();
    if (!text) { close(); return; }
    asked = new AbortController();
    const { signal } = asked, late = setTimeout(() => offer([], [t("Searching…")]), SLOW);
    try {
      const places = COORDINATES.test(text) ? await read(`${config.addresses.coordinates}?q=${encodeURIComponent(text)}`, signal) : { places: [] };
      if (places.places.length) {
        offer(places.places.map((place) => ({ title: `${number(place.lat, 5)} N ${number(place.lon, 5)} E`, note: place.system, go: () => goTo(place) })));
        return;
      }
      const { hits, acts } = await read(`${config.addresses.search}?limit=12&q=${encodeURIComponent(text)}`, signal);
      const found = hits.map((hit) => ({ kind: hit.kind, title: hit.name, note: hit.address || hit.code, go: () => selection.show(hit, { fly: true }) }));
      const papers = acts.map((act) => ({ kind: t("Documents"), title: act.number, note: [act.kind, act.issued_on, act.summary, act.features ? t("{count} objects", { count: number(act.features) }) : ""].filter(Boolean).join(" · "), go: () => selection.openAct(act.id) }));
      const asksForPaper = acts.some((act) => fold(act.number).startsWith(fold(text)));
      offer(asksForPaper ? [...papers, ...found] : [...found, ...papers],
        [t("Nothing found for “{text}”.", { text }), t("Try fewer words, a former name, a document number or coordinates.")]);
    } catch (error) {
      if (error.name !== "AbortError") offer([], [t(error.status === 401 ? "Your session has ended." : "The search did not answer. Check the connection, then press Enter.")]);
    } finally {
      clearTimeout(late);
    }
  }

  input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, 180); });
  input.addEventListener("blur", () => setTimeout(close, 120));
  input.addEventListener("focus", () => { if (list.children.length && input.value.trim()) { list.hidden = false; } });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (choices.length) mark((current + (event.key === "ArrowDown" ? 1 : choices.length - 1)) % choices.length);
    } else if (event.key === "Escape" && !list.hidden) { event.preventDefault(); close(); }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    if (list.hidden || !choices.length) await ask();
    if (choices[current]) take(current);
  });
}
