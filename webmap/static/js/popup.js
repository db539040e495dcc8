/* What is under the pointer, the popup beside it and the panel with everything.
   Popup and panel are fragments of the server, parsed as inert documents and adopted. */
import { element, t } from "./texts.js";
import { ask } from "./ask.js";
import { failure, notice } from "./notices.js";
import { ALL } from "./state.js";
import { closePanel, openPanel, showInPanel } from "./panel.js";

/* Return the fragment's element. Throws an error with `status`. */
export async function fetchFragment(url) {
  const answer = await ask(url);
  if (!answer.ok) throw Object.assign(new Error(answer.statusText), { status: answer.status });
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  return document.adoptNode(parsed.body.firstElementChild);
}

export function startSelection(page, state) {
  const { map, layers, overlay, config } = page;
  const touch = window.matchMedia("(pointer: coarse)").matches, reach = touch ? 16 : 8;
  const popup = L.popup({ className: "feature", maxWidth: 320, autoPanPadding: [24, 24] });
  /* With another day than today in the filters, the fragments tell that day's states. */
  function address(kind, { layer, id }) {
    const day = state.filter(ALL, "as_of")?.[0], url = config.addresses[kind].replace("{layer}", layer.spec.name).replace("{id}", id);
    return day ? `${url}?as_of=${encodeURIComponent(day)}` : url;
  }
  let hits = [], index = 0;

  const isPanelOpen = () => !document.getElementById("object-panel").hidden;

  function choose(found, at, { details = isPanelOpen() } = {}) {
    hits = found; index = at;
    const hit = hits[index];
    overlay.select(hit);
    state.update({ selection: { layer: hit.layer.spec.name, id: hit.id }, panel: details, act: null });
    details ? openDetails(hit) : openPopup(hit);
  }

  async function openPopup(hit) {
    const box = element("div", {}, element("div", { class: "skeleton" }), element("div", { class: "skeleton" }));
    popup.setLatLng(hit.latlng).setContent(box).openOn(map);
    try {
      const content = await fetchFragment(address("popup", hit));
      if (hits[index] !== hit) return;
      content.querySelector("[data-open-panel]")?.addEventListener("click", () => openDetails(hit));
      offerNext(content);
      tellShown(hit, content);
      box.replaceChildren(content);
    } catch (error) {
      box.replaceChildren(failed(error, () => openPopup(hit)));
    }
    popup.update();
  }

  /* Others may add their buttons: content is the popup's or the panel's element. */
  function tellShown({ layer, id }, content) {
    document.dispatchEvent(new CustomEvent("webmap:shown", { detail: { layer: layer.spec.name, id, content } }));
  }

  function offerNext(content) {
    const next = content.querySelector("[data-next-here]"), where = content.querySelector("[data-here]");
    if (hits.length < 2 || !next) return;
    where.hidden = next.hidden = false;
    where.textContent = t("{index} of {count} here", { index: index + 1, count: hits.length });
    next.addEventListener("click", () => choose(hits, (index + 1) % hits.length));
  }

  async function openDetails(hit) {
    openPanel();
    map.closePopup(popup); // the panel says it all
    if (matchMedia("(max-width: 767.98px)").matches) { // keep the object above the sheet
      map.panInside(hit.latlng, { paddingTopLeft: [32, 64], paddingBottomRight: [32, map.getSize().y / 2 + 32] });
    }
    if (!state.panel) state.update({ panel: true });
    try {
      const content = await fetchFragment(address("panel", hit));
      if (hits[index] === hit) { tellShown(hit, content); showInPanel(content); }
    } catch (error) {
      if (hits[index] === hit) showInPanel(failed(error, () => openDetails(hit)));
    }
  }

  const isGone = (error) => error.status === 404;
  const said = (error) => t(isGone(error) ? "This object is no longer there." : "This object could not be loaded. Check the connection and try again.");
  const failed = (error, again) => element("p", { class: "failed" }, ...(isGone(error) ? [said(error)] : failure(error, said(error), again)));

  function drop() {
    hits = [];
    overlay.select(null);
    map.closePopup(popup);
    closePanel();
    state.update({ selection: null, panel: false, act: null });
  }

  function pickAt(point, within = reach) {
    const found = overlay.pick(point, within);
    if (!found.length) { drop(); return; }
    const isSame = found.length === hits.length && found.every((hit, i) => hit.id === hits[i].id && hit.layer === hits[i].layer);
    if (isSame) choose(hits, (index + 1) % hits.length); // clicking again walks through what lies here
    else if (found[0].count > 1) map.setView(found[0].latlng, Math.min(map.getZoom() + 2, map.getMaxZoom()));
    else choose(found, 0);
  }

  /* A line or an area is shown whole, as large as fits beside the panel; a point not farther off than one is. */
  function goTo(latlng, [west, south, east, north]) {
    if (west === east && south === north) { map.setView(latlng, Math.max(map.getZoom(), 15)); return; }
    const sheet = matchMedia("(max-width: 767.98px)").matches ? map.getSize().y / 2 : 0;
    map.fitBounds([[south, west], [north, east]], { paddingTopLeft: [40, 64], paddingBottomRight: [72, sheet + 40], maxZoom: 15 });
  }

  /* Show an object that is known by name only: from the address, a search, a table. */
  async function show({ layer: name, id }, { fly = false, details = false } = {}) {
    const layer = layers.find((other) => other.spec.name === name);
    try {
      const content = await fetchFragment(address("popup", { layer, id }));
      const latlng = L.latLng(content.dataset.lat, content.dataset.lon);
      if (details) { openPanel(); map.invalidateSize({ pan: false }); }
      if (fly) goTo(latlng, content.dataset.extent.split(" ").map(Number));
      choose([{ layer, id, latlng, count: 1, size: layer.symbols[0].size_px }], 0, { details });
    } catch (error) {
      if (error.status !== 401) notice("object", said(error), isGone(error) ? {} : { label: t("Retry"), action: () => show({ layer: name, id }, { fly, details }) });
    }
  }

  /* A legal act with what hangs on it, in the panel. */
  async function openAct(id) {
    hits = [];
    overlay.select(null);
    map.closePopup(popup);
    openPanel();
    state.update({ selection: null, panel: false, act: id });
    try {
      const content = await fetchFragment(config.addresses.act.replace("{id}", id));
      if (state.act === id) showInPanel(content);
    } catch (error) {
      if (state.act === id) showInPanel(failed(error, () => openAct(id)));
    }
  }

  /* In the panel, documents and objects open here instead of leading away. */
  document.getElementById("object-body").addEventListener("click", (event) => {
    const link = event.target.closest("[data-open-act], [data-show-id]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.dataset.openAct) { openAct(Number(link.dataset.openAct)); return; }
    const name = link.dataset.showLayer, shown = layers.filter((layer) => map.hasLayer(layer)).map((layer) => layer.spec.name);
    if (!shown.includes(name)) state.update({ layers: [...shown, name] });
    show({ layer: name, id: Number(link.dataset.showId) }, { fly: true, details: true });
  });

  map.on("click", (event) => pickAt(event.containerPoint));
  map.getContainer().addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === map.getContainer()) pickAt(map.getSize().divideBy(2), 24);
  });
  if (!touch) {
    const hover = L.Util.throttle((event) => {
      const found = overlay.pick(event.containerPoint)[0];
      map.getContainer().classList.toggle("over-feature", Boolean(found && found.order < 2));
    }, 60);
    map.on("mousemove", hover);
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && (state.selection || state.act)) { drop(); map.getContainer().focus({ preventScroll: true }); }
  });
  document.querySelector("[data-close-object]").addEventListener("click", drop);
  map.on("popupclose", () => setTimeout(() => { // not when another one follows, or the panel
    if (!map.hasLayer(popup) && !isPanelOpen() && state.selection) drop();
  }));
  window.addEventListener("popstate", () => { state.selection ? show(state.selection, { details: state.panel }) : state.act ? openAct(state.act) : drop(); });
  if (state.selection) show(state.selection, { details: state.panel, fly: !state.view });
  else if (state.act) openAct(state.act);
  return { show, drop, openAct };
}
