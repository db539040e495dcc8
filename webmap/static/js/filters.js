/* The filter panel, made from what the server says about each layer's fields; and the filters of all layers at once. */
import { describedLayers } from "./describe.js";
import { ask as request } from "./ask.js";
import { clear as clearNotice, failure, notice } from "./notices.js";
import { ALL } from "./state.js";
import { element, icon, number, t } from "./texts.js";
import { drawGround } from "./tools-inside.js";
import { startViews } from "./views.js";

const UNKNOWN = "unknown";

export function startFilters(page, state) {
  const forms = document.getElementById("filter-forms"), controls = []; // functions that show the state
  const sync = () => controls.forEach((show) => show());
  let isAsked = false;

  async function load() {
    if (isAsked) return;
    isAsked = true;
    try {
      build(await describedLayers(page.config.addresses));
    } catch (error) {
      isAsked = false;
      forms.replaceChildren(element("p", { class: "filter-hint" }, ...failure(error, t("The filters could not be loaded. Check the connection and try again."), load)));
    }
  }
  startTabs(load);
  startViews(state);
  startCount(state);
  showGround(page.map, state);

  function build(described) {
    const layers = page.layers.filter(({ spec }) => described.has(spec.name));
    const areas = [...described.values()].filter((layer) => layer.selects_as);
    const tools = { page, state, controls, sentence };
    forms.replaceChildren(everyLayer(tools, areas), ...layers.map((layer) => oneLayer(tools, layer, described.get(layer.spec.name))));
    state.on("filters", sync);
    document.addEventListener("counted", sync);
    sync();
  }

  /* What the server says about a filter of all layers; any layer knows it. */
  function sentence(field) {
    return page.layers.flatMap((layer) => layer.sentences || []).find(({ name }) => name === field)?.text || "…";
  }
}

/* Two tabs in the side panel: layers, filters. On a phone a tab opens the sheet. */
function startTabs(opened) {
  const tabs = [...document.querySelectorAll("#panel-tabs [role=tab]")], sheet = document.getElementById("layers-panel");
  const show = (tab) => {
    for (const other of tabs) {
      other.setAttribute("aria-selected", other === tab);
      other.tabIndex = other === tab ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = other !== tab;
    }
    if (sheet.dataset.height === "peek") sheet.dataset.height = "half";
    if (tab.id === "tab-filters") opened();
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => show(tab));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      event.preventDefault();
      const next = tabs[(index + 1) % tabs.length];
      show(next);
      next.focus();
    });
  });
}

/* How many filters are in force, on the tab. */
function startCount(state) {
  const badge = document.getElementById("filter-count");
  const show = () => {
    const count = Object.keys(state.opensWith).reduce((sum, scope) => sum + state.filtered(scope).length, 0);
    badge.hidden = !count;
    badge.textContent = count;
    badge.title = t("{count} filters", { count });
  };
  state.on("filters", show);
  show();
}

/* --- one layer ------------------------------------------------------------------------------------- */

function oneLayer(tools, layer, description) {
  const { state, controls } = tools, name = layer.spec.name;
  const count = element("span", { class: "filter-number" }), box = element("div", { class: "filter-fields" });
  const made = element("details", { class: "filter-layer", "data-filters": name }, element("summary", {}, element("span", { class: "name" }, description.title), count), box);
  const fill = () => {
    if (box.childElementCount) return;
    for (const field of description.fields) if (field.filter) box.append(control(tools, layer, field));
    controls.forEach((show) => show());
  };
  made.addEventListener("toggle", () => { if (made.open) fill(); });
  controls.push(() => {
    const filters = state.filtered(name).length;
    count.textContent = filters || "";
    made.classList.toggle("is-filtered", filters > 0);
  });
  if (state.filtered(name).length) { made.open = true; fill(); }
  return made;
}

function control(tools, layer, field) {
  const legend = element("legend", {}, field.label, field.unit ? element("span", { class: "unit" }, ` (${field.unit})`) : null);
  const inputs = field.filter === "choice" && field.values ? choice(tools, layer, field)
    : field.filter === "range" || field.filter === "date" ? ends(tools, layer, field)
    : [words(tools, layer, field)];
  return element("fieldset", { class: "filter-field", "data-field": field.name }, legend, ...inputs);
}

/* Ticked values mean “or”; nothing ticked means all. A value keeps its count whatever else of its field is ticked. */
function choice({ state, controls }, layer, field) {
  const { name } = layer.spec, values = [...field.values];
  if (!values.some(({ value }) => value === UNKNOWN)) values.push({ value: UNKNOWN, label: t("Unknown") });
  const boxes = values.map(({ value, label }) => {
    const id = `filter-${name}-${field.name}-${value}`, counter = element("span", { class: "number" });
    const box = element("input", { class: "form-check-input", type: "checkbox", id, value, change: () => take() });
    const row = element("div", { class: "filter-choice" }, box, element("label", { for: id }, label), counter);
    return { value, box, counter, row };
  });
  function take() {
    const ticked = boxes.filter(({ box }) => box.checked).map(({ value }) => value);
    const isNarrow = field.name in state.opensWith[name]; // without values it would fall back to what it opens with
    state.setFilter(name, field.name, ticked.length || !isNarrow ? ticked : values.map(({ value }) => value));
  }
  controls.push(() => {
    const chosen = state.filter(name, field.name) || [], counts = layer.facets?.[field.name] || {};
    for (const { value, box, counter, row } of boxes) {
      const found = counts[value] || 0;
      box.checked = chosen.includes(value);
      counter.textContent = number(found);
      row.hidden = value === UNKNOWN && !found && !box.checked;
      row.classList.toggle("is-empty", !found);
    }
  });
  return boxes.map(({ row }) => row);
}

/* From and to, both optional, numbers or days; and whether objects of which nobody knows it are kept. */
function ends({ state, controls }, layer, field) {
  const { name } = layer.spec, type = field.filter === "date" ? "date" : "number";
  const input = (word) => element("input", { class: "form-control form-control-sm", type, step: type === "number" ? "any" : null, "aria-label": `${field.label}: ${word}`, change: () => take() });
  const low = input(t("from")), high = input(t("to")), id = `filter-${name}-${field.name}-${UNKNOWN}`;
  const unknown = element("input", { class: "form-check-input", type: "checkbox", id, change: () => take() });
  function take() {
    if (low.validity.badInput || high.validity.badInput) return;
    const isTurned = low.value && high.value && (type === "number" ? Number(low.value) > Number(high.value) : low.value > high.value);
    if (isTurned) [low.value, high.value] = [high.value, low.value];
    state.setFilter(name, field.name, [...(low.value || high.value ? [`${low.value}..${high.value}`] : []), ...(unknown.checked ? [UNKNOWN] : [])]);
  }
  controls.push(() => {
    const values = state.filter(name, field.name) || [], text = values.find((value) => value !== UNKNOWN) || "", at = text.indexOf("..");
    unknown.checked = values.includes(UNKNOWN);
    for (const [box, value] of [[low, at < 0 ? text : text.slice(0, at)], [high, at < 0 ? text : text.slice(at + 2)]]) {
      if (box !== document.activeElement) box.value = value;
    }
  });
  return [element("div", { class: "filter-ends" }, low, element("span", { "aria-hidden": "true" }, "–"), high),
    element("div", { class: "filter-choice" }, unknown, element("label", { for: id }, t("Unknown")))];
}

/* Part of a text, or one of values that are not a closed set: those at hand are offered. */
function words({ page, state, controls }, layer, field) {
  const { name } = layer.spec, offers = element("datalist", { id: `offers-${name}-${field.name}` });
  const box = element("input", {
    class: "form-control form-control-sm", type: "text", maxlength: 200, autocomplete: "off", list: offers.id, "aria-label": field.label,
    change: () => state.setFilter(name, field.name, box.value.trim() ? [box.value.trim()] : []),
  });
  if (field.filter === "choice") box.addEventListener("focus", async () => {
    const url = `${page.config.addresses.features.replace("{layer}", name)}?geometry=false&count=false&limit=1000&sort=${field.name}`;
    const answer = await request(url).catch(() => null);
    if (!answer?.ok) return;
    const { features } = await answer.json(), found = new Set(features.map(({ properties }) => properties[field.name]).filter((value) => value !== null && value !== ""));
    offers.replaceChildren(...[...found].slice(0, 200).map((value) => element("option", { value })));
  }, { once: true });
  controls.push(() => { if (box !== document.activeElement) box.value = (state.filter(name, field.name) || [""])[0]; });
  return element("div", {}, box, offers);
}

/* --- every layer ----------------------------------------------------------------------------------- */

function everyLayer(tools, areas) {
  const { state, controls } = tools;
  const text = element("input", {
    class: "form-control form-control-sm", type: "search", id: "filter-all-q", maxlength: 200, autocomplete: "off",
    change: () => state.setFilter(ALL, "q", text.value.trim() ? [text.value.trim()] : []),
  });
  controls.push(() => { if (text !== document.activeElement) text.value = (state.filter(ALL, "q") || [""])[0]; });
  return element("section", { class: "filter-all", "aria-labelledby": "filter-all-heading" },
    element("h3", { id: "filter-all-heading" }, t("Applies to every layer")),
    element("div", { class: "filter-field" }, element("label", { for: text.id }, t("Text contains")), text),
    dayField(tools),
    ...areas.map((area) => areaField(tools, area)),
    nearField(tools));
}

/* Another day than today: symbols, counts, lists and files tell the states of that day. */
function dayField({ state, controls }) {
  const box = element("input", { class: "form-control form-control-sm", type: "date", id: "filter-all-as_of", min: "1990-01-01", max: "2100-12-31",
    change: () => { if (box.checkValidity()) state.setFilter(ALL, "as_of", box.value ? [box.value] : []); } });
  controls.push(() => { if (box !== document.activeElement) box.value = (state.filter(ALL, "as_of") || [""])[0]; });
  return element("div", { class: "filter-field" }, element("label", { for: box.id }, t("States as on the day")), box);
}

/* The filter in force in the server's words, with its way out. */
function standing({ state, controls, sentence }, field) {
  const text = element("span"), row = element("p", { class: "filter-standing", hidden: true }, text,
    element("button", { class: "btn-close", type: "button", "aria-label": t("Remove filter"), click: () => state.setFilter(ALL, field, []) }));
  controls.push(() => { row.hidden = !state.filter(ALL, field); text.textContent = row.hidden ? "" : sentence(field); });
  return row;
}

/* An area to be inside of: found by name, old ones too. */
function areaField(tools, area) {
  const { page, state } = tools, field = area.selects_as, list = element("ul", { class: "area-hits", id: `areas-${field}`, role: "listbox", "aria-label": area.singular, hidden: true });
  const labelled = area.fields.filter((one) => one.values);
  let found = [], current = -1, waiting = null, latest = 0;
  const close = () => { list.hidden = true; box.setAttribute("aria-expanded", "false"); box.removeAttribute("aria-activedescendant"); };
  const mark = (index) => {
    current = index;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", i === index));
    const item = list.children[index];
    if (item?.id) { box.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); }
  };
  const take = (index) => {
    const { id, properties } = found[index], isFormer = properties.valid_to;
    box.value = "";
    close();
    state.setFilter(ALL, field, [isFormer ? `id:${id}` : properties.code]);
  };
  async function ask() {
    const mine = ++latest, query = new URLSearchParams({ geometry: "false", count: "false", limit: 30, sort: "name" });
    if (box.value.trim()) query.set("q", box.value.trim());
    const answer = await request(`${page.config.addresses.features.replace("{layer}", area.name)}?${query}`).catch(() => null);
    if (mine !== latest) return;
    found = answer?.ok ? (await answer.json()).features : [];
    const items = found.map(({ properties }, i) => {
      const note = labelled.map((one) => one.values.find(({ value }) => value === properties[one.name])?.label).filter(Boolean).slice(0, 2).join(" · ");
      return element("li", { role: "option", id: `area-${field}-${i}`, "aria-selected": "false", mousedown: (event) => event.preventDefault(), click: () => take(i) },
        element("strong", {}, properties.name), element("span", {}, note));
    });
    list.replaceChildren(...(items.length ? items : [element("li", { class: "empty" }, t(answer?.ok ? "No area of that name." : "The search did not answer. Check the connection and try again."))]));
    list.hidden = false;
    box.setAttribute("aria-expanded", "true");
    list.scrollIntoView({ block: "nearest" }); // the sheet of a phone is low
    mark(items.length && box.value.trim() ? 0 : -1);
  }
  const box = element("input", {
    class: "form-control form-control-sm", type: "text", id: `filter-all-${field}`, role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list",
    autocomplete: "off", placeholder: t("Find by name"), maxlength: 100,
    input: () => { clearTimeout(waiting); waiting = setTimeout(ask, 180); },
    focus: ask, blur: () => { latest++; close(); },
    keydown: (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) ask();
        else if (found.length) mark((current + (event.key === "ArrowDown" ? 1 : found.length - (current < 0 ? 0 : 1))) % found.length);
      } else if (event.key === "Enter" && !list.hidden && found[current]) { event.preventDefault(); take(current); }
      else if (event.key === "Escape" && !list.hidden) { event.preventDefault(); event.stopPropagation(); close(); }
    },
  });
  return element("div", { class: "filter-field area-field" }, element("label", { for: box.id }, area.singular), standing(tools, field), box, list);
}

/* A point picked on the map and a distance. */
function nearField(tools) {
  const { page, state, controls } = tools;
  const km = element("input", { class: "form-control form-control-sm", type: "number", min: 0.1, max: 500, step: "any", value: 5, "aria-label": t("Distance in km"), change: () => {
    const [lon, lat] = (state.filter(ALL, "near") || [""])[0].split(",");
    if (lat && km.value && km.checkValidity()) state.setFilter(ALL, "near", [`${lon},${lat},${km.value}`]);
  } });
  const pick = element("button", { class: "btn btn-sm btn-outline-primary", type: "button", click: () => pickPoint(page.map, ({ lat, lng }) => {
    if (!km.value || !km.checkValidity()) km.value = 5;
    state.setFilter(ALL, "near", [`${lng.toFixed(5)},${lat.toFixed(5)},${km.value}`]);
  }) }, icon("geo-alt"), " ", t("Pick a point on the map"));
  controls.push(() => {
    const [, , distance] = (state.filter(ALL, "near") || [""])[0].split(",");
    if (distance && km !== document.activeElement) km.value = distance;
  });
  return element("fieldset", { class: "filter-field" }, element("legend", {}, t("Near a point")), standing(tools, "near"),
    element("div", { class: "near-row" }, pick, km, element("span", { "aria-hidden": "true" }, "km")));
}

/* The next click on the map, or Enter over its middle, is a point and nothing else. */
function pickPoint(map, take) {
  const box = map.getContainer(), sheet = document.getElementById("layers-panel");
  let start = null;
  const end = () => {
    for (const name of Object.keys(listeners)) box.removeEventListener(name, listeners[name], true);
    document.removeEventListener("keydown", escape, true);
    box.classList.remove("is-picking");
    clearNotice("pick");
  };
  const stop = (event) => { event.preventDefault(); event.stopImmediatePropagation(); };
  const listeners = {
    pointerdown: (event) => { start = [event.clientX, event.clientY]; },
    click: (event) => {
      if (event.target.closest(".leaflet-popup")) return;
      stop(event);
      if (start && Math.hypot(event.clientX - start[0], event.clientY - start[1]) > 6) return;
      end();
      take(map.mouseEventToLatLng(event).wrap());
    },
    keydown: (event) => {
      if (event.key !== "Enter" || event.target !== box) return;
      stop(event);
      end();
      take(map.getCenter().wrap());
    },
  };
  const escape = (event) => { if (event.key === "Escape") { stop(event); end(); } };
  for (const name of Object.keys(listeners)) box.addEventListener(name, listeners[name], true);
  document.addEventListener("keydown", escape, true);
  box.classList.add("is-picking");
  if (sheet.dataset.height) sheet.dataset.height = "peek"; // a phone shows the map to be clicked
  notice("pick", t("Click the map, or move it and press Enter."), { label: t("Cancel"), action: end });
  box.focus({ preventScroll: true });
}

/* Where the filters of all layers look, drawn as long as they filter: a circle, an area, the ground around an object. */
function showGround(map, state) {
  const LINE = { interactive: false, color: "#0b4f8a", weight: 2, fillOpacity: 0.05, dashArray: "6 4" };
  const addresses = JSON.parse(document.getElementById("tool-set").dataset.addresses);
  let drawn = [], told = null;
  const show = async () => {
    const [near, polygon, around] = ["near", "polygon", "around"].map((field) => (state.filter(ALL, field) || [""])[0]);
    const mine = JSON.stringify([near, polygon, around]);
    if (mine === told) return;
    told = mine;
    drawn.forEach((shape) => shape.remove());
    drawn = [];
    const add = (shape) => drawn.push(shape.addTo(map));
    const [lon, lat, km] = near.split(",").map(Number);
    if ([lon, lat, km].every(Number.isFinite) && km > 0) add(L.circle([lat, lon], { ...LINE, radius: km * 1000 }));
    const ring = polygon.split(";").map((corner) => corner.split(",").map(Number).reverse());
    if (ring.length > 2 && ring.every((corner) => corner.length === 2 && corner.every(Number.isFinite))) add(L.polygon(ring, LINE));
    if (!around) return;
    const answer = await request(`${addresses.around}?${new URLSearchParams({ around })}`).catch(() => null);
    const shapes = answer?.ok ? await answer.json() : null;
    if (mine === told && shapes) add(drawGround(shapes)); // what fails is told where the filter is counted
  };
  state.on("filters", show);
  show();
}
