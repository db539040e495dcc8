/* The search box: hits of every layer, or a pair of coordinates. */
import { element, t } from "./texts.js";

const COORDINATES = /^\s*(-?\d{1,2}[.,]\d+)\s*[NB]?\s*[;,\s]\s*(-?\d{1,3}[.,]\d+)\s*[EĐ]?\s*$/i;

export function startSearch({ map, config }, selection) {
  const form = document.getElementById("search"), input = document.getElementById("search-text"), list = document.getElementById("search-hits");
  let choices = [], current = -1, waiting = null, asked = null;

  const close = () => { list.hidden = true; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
  const mark = (index) => {
    current = index;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", i === index));
    if (list.children[index]?.id) { input.setAttribute("aria-activedescendant", list.children[index].id); list.children[index].scrollIntoView({ block: "nearest" }); }
  };
  const take = (index) => { close(); input.blur(); choices[index].go(); };

  function offer(found, empty) {
    choices = found;
    const items = found.map((choice, i) => element("li", { role: "option", id: "hit-" + i, "aria-selected": "false", mousedown: (event) => event.preventDefault(), click: () => take(i) },
      element("strong", {}, choice.title), element("span", {}, choice.note)));
    list.replaceChildren(...(items.length ? items : [element("li", { class: "empty" }, empty)]));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark(items.length ? 0 : -1);
  }

  async function ask() {
    const text = input.value.trim(), pair = COORDINATES.exec(text);
    asked?.abort();
    if (!text) { close(); return; }
    if (pair) {
      const [lat, lon] = pair.slice(1).map((part) => parseFloat(part.replace(",", ".")));
      offer([{ title: `${pair[1]} ${pair[2]}`, note: t("Go to these coordinates"), go: () => map.setView([lat, lon], 16) }]);
      return;
    }
    asked = new AbortController();
    try {
      const answer = await fetch(`${config.addresses.search}?limit=12&q=${encodeURIComponent(text)}`, { signal: asked.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      const { hits } = await answer.json();
      offer(hits.map((hit) => ({ title: hit.name, note: [hit.kind, hit.address].filter(Boolean).join(" · "), go: () => selection.show(hit, { fly: true }) })),
        t("Nothing found for “{text}”.", { text }));
    } catch (error) {
      if (error.name !== "AbortError") offer([], t("The search did not answer. Try again."));
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
