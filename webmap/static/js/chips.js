/* The filters in force as the server's sentences, each with its way out; clear, undo; what to do when nothing matches. */
import { clear as clearNotice, notice } from "./notices.js";
import { ALL } from "./state.js";
import { element, icon, t } from "./texts.js";

export function startChips({ layers }, state) {
  const box = document.getElementById("chips"), past = [];
  const SHARED = ["year", "plan"]; // set for several layers at once: one chip, one way out
  let before = JSON.stringify(state.filters), known = new Set(), latest = null;

  /* Every filter that is not what a layer opens with: {scope, field, title, text}. */
  function inForce() {
    const own = layers.flatMap(({ spec, sentences }) => state.filtered(spec.name).map((field) => ({ scope: spec.name, field, title: spec.title, text: said(sentences, field) })));
    const shared = state.filtered(ALL).map((field) => ({ scope: ALL, field, title: "", text: said(layers.flatMap((layer) => layer.sentences || []), field) || (field === "q" ? `“${state.filter(ALL, field)[0]}”` : "") }));
    const once = own.filter(({ scope, field }, i) => !SHARED.includes(field) || own.findIndex((other) => other.field === field && isSame(other.scope, scope, field)) === i);
    return [...shared, ...once.map((filter) => (own.filter((other) => other.field === filter.field && SHARED.includes(filter.field)).length > 1 ? { ...filter, title: "" } : filter))];
  }

  const said = (sentences, field) => (sentences || []).find((sentence) => sentence.name === field)?.text;

  const isSame = (one, other, field) => String(state.filter(one, field)) === String(state.filter(other, field));

  function remove({ scope, field }) {
    if (!SHARED.includes(field)) { state.setFilter(scope, field, state.opensWith[scope][field] || []); return; }
    const same = Object.keys(state.filters).filter((other) => isSame(other, scope, field));
    const kept = Object.entries(state.filters).map(([name, pairs]) => [name, same.includes(name) ? pairs.filter(([other]) => other !== field) : pairs]);
    state.update({ filters: Object.fromEntries(kept) }, { push: true });
  }

  function undo() {
    if (!past.length) return;
    const filters = JSON.parse(past.pop());
    before = JSON.stringify(filters);
    state.update({ filters }, { push: true });
  }

  function draw() {
    const filters = inForce(), names = new Set(filters.map(({ scope, field }) => `${scope}.${field}`));
    latest = filters.find(({ scope, field }) => !known.has(`${scope}.${field}`)) || filters.find((filter) => filter.scope === latest?.scope && filter.field === latest?.field) || filters.at(-1);
    known = names;
    const hadFocus = box.contains(document.activeElement);
    box.replaceChildren(...filters.map((filter) => element("span", { class: "chip" },
      element("span", {}, filter.title ? element("b", {}, filter.title + ": ") : null, filter.text || "…"),
      element("button", { class: "btn-close", type: "button", "aria-label": t("Remove the filter “{filter}”", { filter: filter.text || "" }), click: () => remove(filter) }))));
    if (filters.length) box.append(element("button", { class: "chip-action", type: "button", "data-clear-filters": true, click: () => state.clearFilters() }, t("Clear filters")));
    if (past.length) box.append(element("button", { class: "chip-action", type: "button", "data-undo": true, title: "Ctrl+Z", click: undo }, icon("arrow-counterclockwise"), " ", t("Undo")));
    if (hadFocus) (box.querySelector("button") || document.querySelector(".folium-map")).focus({ preventScroll: true });
    offerWayOut(filters);
  }

  /* Nothing matches: say so and offer to drop the filter that was set last. */
  function offerWayOut(filters) {
    const shown = layers.filter(({ spec, matched, countedFor }) => document.getElementById("show-" + spec.name).checked && matched !== undefined && countedFor === state.filterQuery(spec.name));
    const isShared = filters.some(({ scope }) => scope === ALL);
    const empty = shown.filter((layer) => layer.matched === 0 && (isShared || filters.some(({ scope }) => scope === layer.spec.name)));
    const own = empty.find(({ spec }) => filters.some(({ scope }) => scope === spec.name));
    const everything = empty.length && empty.length === shown.length;
    if (!everything && !own) { clearNotice("empty"); return; }
    const candidates = filters.filter(({ scope }) => everything || scope === own.spec.name || scope === ALL);
    const drop = candidates.includes(latest) ? latest : candidates.at(-1);
    if (!drop?.text) return;
    const text = t("No object matches the filters. Remove “{filter}”?", { filter: drop.text });
    notice("empty", everything ? text : `${own.spec.title}: ${text}`, { label: t("Remove filter"), action: () => remove(drop) });
  }

  state.on("filters", () => {
    const now = JSON.stringify(state.filters);
    if (now !== before) { past.push(before); if (past.length > 50) past.shift(); before = now; }
    draw();
  });
  state.on("layers", draw);
  document.addEventListener("counted", draw); // the sentences come with the counts
  document.addEventListener("keydown", (event) => {
    const isText = event.target.matches("input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]");
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || isText || !past.length) return;
    event.preventDefault();
    undo();
  });
  draw();
}
