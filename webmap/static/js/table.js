/* The table under the map: the same filters, a page at a time, rows and map showing each other. */
import { describedLayers, written } from "./describe.js";
import { ask } from "./ask.js";
import { failure } from "./notices.js";
import { ALL } from "./state.js";
import { element, icon, number, t } from "./texts.js";

const PAGE_SIZE = 100, USUAL_COLUMNS = 8, STEP = 5;
const part = (name) => document.getElementById("table-" + name);
const isPhone = () => matchMedia("(max-width: 767.98px)").matches;

export function startTable({ map, layers, config }, state, selection) {
  const drawer = part("drawer"), body = part("body"), toggle = part("toggle"), here = part("here"), tabs = [...part("tabs").querySelectorAll("[role=tab]")];
  const sorts = {}; // layer -> "field" or "-field"
  let cursors = [""], page = 0, next = null, matched = null, rows = [], fields = [], measures = [], asked = null, shownFor = "", asks = "", isShowing = false;

  /* --- opening, tabs, height --- */

  const open = (name) => state.update({ table: name }, { push: true });
  function close() {
    const opener = state.charts ? document.getElementById("charts-toggle") : toggle;
    state.update({ table: null }, { push: true });
    opener.focus({ preventScroll: true });
  }
  function show() {
    const name = state.table, wasHidden = drawer.hidden;
    drawer.hidden = !name;
    toggle.setAttribute("aria-expanded", Boolean(name) && !state.charts);
    drawer.classList.toggle("is-charts", state.charts);
    if (name && (wasHidden || isShowing !== state.charts)) drawer.dataset.height = state.charts ? "half" : "full"; // of a phone's sheet
    isShowing = state.charts;
    body.hidden = state.charts;
    for (const tab of tabs) {
      const isCurrent = tab.dataset.tableLayer === name;
      tab.setAttribute("aria-selected", isCurrent);
      tab.tabIndex = isCurrent ? 0 : -1;
      if (isCurrent) {
        body.setAttribute("aria-labelledby", tab.id);
        tab.scrollIntoView({ block: "nearest", inline: "nearest" });
      }
    }
    if (wasHidden === Boolean(name)) window.dispatchEvent(new Event("webmap:resized"));
    if (name && !state.charts) restart();
  }
  const usualLayer = () => (state.selection?.layer) || layers.find(({ spec }) => state.filtered(spec.name).length)?.spec.name
    || layers.find(({ spec }) => document.getElementById("show-" + spec.name).checked)?.spec.name || layers[0].spec.name;
  for (const [button, charts] of [[toggle, false], [document.getElementById("charts-toggle"), true]]) {
    button.addEventListener("click", () => { state.table && state.charts === charts ? close() : state.update({ table: state.table || usualLayer(), charts }, { push: true }); });
  }
  part("close").addEventListener("click", close);
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => open(tab.dataset.tableLayer));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const other = tabs[(index + step + tabs.length) % tabs.length];
      open(other.dataset.tableLayer);
      other.focus();
    });
  });
  drawer.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || event.target.closest(".dropdown")) return;
    event.preventDefault();
    close();
  });
  startGrip(drawer, part("grip"));

  /* --- what is asked --- */

  const query = () => {
    const asking = new URLSearchParams(state.filterQuery(state.table));
    if (here.checked) asking.set("bbox", map.getBounds().toBBoxString());
    return asking;
  };

  const filtersKey = () => `${state.table}?${state.filterQuery(state.table)}`;

  function restart() {
    asks = filtersKey();
    cursors = [""]; page = 0; matched = null;
    load();
  }

  async function load() {
    const name = state.table, layer = layers.find(({ spec }) => spec.name === name), filters = query();
    const counted = !here.checked && layer.countedFor === state.filterQuery(name) ? layer.matched : null; // the legend has counted already
    linkExports(name, filters);
    const asking = new URLSearchParams(filters);
    asking.set("geometry", "false");
    asking.set("limit", PAGE_SIZE);
    if (sorts[name]) asking.set("sort", sorts[name]);
    if (cursors[page]) asking.set("cursor", cursors[page]);
    if (counted !== null || matched !== null) asking.set("count", "false");
    asked?.abort();
    const mine = asked = new AbortController();
    drawer.setAttribute("aria-busy", "true");
    if (shownFor !== name) body.replaceChildren(...[90, 70, 80].map(() => element("div", { class: "skeleton" })));
    try {
      const described = await describedLayers(config.addresses);
      if (mine !== asked) return;
      fields = described.get(name).fields;
      const answer = await ask(`${config.addresses.features.replace("{layer}", name)}?${asking}`, { signal: mine.signal });
      const found = await answer.json();
      if (mine !== asked) return;
      if (found.details?.name === "sort" && sorts[name]) { // by the distance from a place that is no longer asked for
        delete sorts[name];
        return restart();
      }
      if (!answer.ok) throw Object.assign(new Error(found.message), { isTold: true });
      matched = found.numberMatched ?? counted ?? matched;
      rows = found.features;
      measures = (found.measures || []).map((measure) => ({ ...measure, decimals: 2 }));
      next = found.next ? new URL(found.next, location.href).searchParams.get("cursor") : null;
      draw(name);
    } catch (error) {
      if (error.name === "AbortError" || mine !== asked) return;
      shownFor = "";
      part("count").textContent = "";
      body.replaceChildren(element("p", { class: "table-message" }, ...failure(error, error.isTold ? error.message : t("The table could not be loaded. Check the connection and try again."), load)));
    } finally {
      if (mine === asked) drawer.removeAttribute("aria-busy");
    }
  }

  function turn(step) {
    if (step > 0 && next) cursors[page + 1] = next;
    page += step;
    body.scrollTop = 0;
    load();
  }
  part("back").addEventListener("click", () => turn(-1));
  part("next").addEventListener("click", () => turn(1));
  here.addEventListener("change", () => state.update({ here: here.checked }, { push: true }));
  let wasHere = here.checked = state.here;
  state.on("here", () => {
    if (wasHere === state.here) return;
    wasHere = here.checked = state.here;
    if (state.table && !state.charts) restart();
  });
  map.on("moveend", () => { if (state.table && here.checked && !state.charts) restart(); });

  /* --- what is shown --- */

  function draw(name) {
    const columns = chosenColumns(name), hadFocus = body.contains(document.activeElement) ? document.activeElement.dataset.sort : null;
    shownFor = name;
    part("count").textContent = rows.length ? t("{first}–{last} of {count}", { first: number(page * PAGE_SIZE + 1), last: number(page * PAGE_SIZE + rows.length), count: number(matched ?? rows.length) }) : "";
    part("back").disabled = page === 0;
    part("next").disabled = !next;
    drawColumnMenu(name);
    if (!rows.length) {
      body.replaceChildren(element("p", { class: "table-message" }, ...nothing(name)));
      return;
    }
    const head = element("tr", {}, ...columns.map((field) => heading(name, field)));
    const lines = rows.map((row) => line(name, row, columns));
    body.replaceChildren(element("table", { class: "table table-sm table-hover" }, element("thead", {}, head), element("tbody", {}, ...lines)));
    if (hadFocus) body.querySelector(`[data-sort="${CSS.escape(hadFocus)}"]`)?.focus({ preventScroll: true });
    mark();
  }

  /* Why the table is empty, and the way out. */
  function nothing(name) {
    const button = (label, click) => element("button", { class: "btn btn-sm btn-outline-primary", type: "button", click }, label);
    if (here.checked) return [t("No object on the visible map."), " ", button(t("List the whole layer"), () => state.update({ here: false }, { push: true }))];
    const isFiltered = [...state.filtered(name), ...state.filtered(ALL)].length;
    return isFiltered ? [t("No object matches the filters."), " ", button(t("Clear filters"), () => state.clearFilters())] : [t("This layer has no objects yet.")];
  }

  const isNumber = (field) => (field.type === "integer" || field.type === "number") && !field.values;

  function heading(name, field) {
    const sort = sorts[name] || "", way = sort === field.name ? "ascending" : sort === "-" + field.name ? "descending" : null;
    const button = element("button", { type: "button", "data-sort": field.name, click: () => {
      sorts[name] = way === "ascending" ? "-" + field.name : way === "descending" ? "" : field.name;
      cursors = [""]; page = 0;
      load();
    } }, field.label, field.unit ? element("span", { class: "unit" }, ` (${field.unit})`) : null, way ? icon(way === "ascending" ? "sort-down-alt" : "sort-down") : null);
    return element("th", { scope: "col", class: isNumber(field) ? "is-number" : null, "aria-sort": way || "none" }, button);
  }

  function line(name, row, columns) {
    const choose = () => {
      selection.show({ layer: name, id: row.id }, { fly: true });
      if (isPhone()) close(); // the map shows it
    };
    const cells = columns.map((field, index) => {
      const text = written(field, row.properties[field.name]);
      if (index) return element("td", { class: isNumber(field) ? "is-number" : null }, text);
      return element("th", { scope: "row" }, element("button", { class: "row-button", type: "button" }, text || "–"));
    });
    return element("tr", { "data-id": row.id, click: choose }, ...cells);
  }

  /* The row of the selected object; when it is on another page, a copy of it on top. */
  function mark() {
    const { layer, id } = state.selection || {}, pinned = body.querySelector("tr.is-pinned");
    if (pinned && (layer !== shownFor || pinned.dataset.id !== String(id))) pinned.remove();
    if (layer === shownFor && !body.querySelector(`tr[data-id="${id}"]`)) pin(layer, id);
    for (const row of body.querySelectorAll("tr[data-id]")) {
      const isSelected = layer === shownFor && row.dataset.id === String(id);
      if (isSelected && !row.classList.contains("is-selected")) row.scrollIntoView({ block: "nearest" });
      row.classList.toggle("is-selected", isSelected);
      isSelected ? row.setAttribute("aria-current", "true") : row.removeAttribute("aria-current");
    }
  }

  async function pin(name, id) {
    const answer = await ask(config.addresses.feature.replace("{layer}", name).replace("{id}", id)).catch(() => null);
    if (!answer?.ok) return;
    const row = await answer.json(), isWanted = shownFor === name && state.selection?.layer === name && state.selection.id === id;
    if (!isWanted || body.querySelector(`tr[data-id="${id}"]`) || !body.querySelector("tbody")) return;
    const made = line(name, row, chosenColumns(name));
    made.classList.add("is-pinned");
    made.title = t("The selected object; it is not on this page of the table.");
    body.querySelector("tbody").prepend(made);
    body.scrollTop = 0;
    mark();
  }

  /* --- columns --- */

  const storeKey = (name) => "webmap-columns-" + name;
  function chosenColumns(name) {
    let kept = null;
    try { kept = JSON.parse(localStorage.getItem(storeKey(name))); } catch { /* kept by nobody else: start anew */ }
    const found = Array.isArray(kept) ? fields.filter((field) => kept.includes(field.name)) : [];
    return inOrder([...(found.length ? found : usualColumns(name)), ...measures.filter((measure) => !hiddenMeasures().includes(measure.name))]);
  }
  /* The name first, then what the symbol shows, then what can be filtered. */
  function usualColumns(name) {
    const { variations } = layers.find(({ spec }) => spec.name === name).spec.style, shaping = variations.map(({ field }) => field);
    const rank = (field) => (field.name === "name" ? 0 : field.name === "code" ? 1 : shaping.includes(field.name) ? 2 : field.name === "address" ? 3 : field.filter ? 4 : 5);
    return [...fields].sort((a, b) => rank(a) - rank(b)).slice(0, USUAL_COLUMNS);
  }
  /* The name, then what is measured for the place asked for. */
  const inOrder = (some) => {
    const rank = (field) => (field.name === "name" ? 0 : measures.includes(field) ? 1 : 2);
    return [...some].sort((a, b) => rank(a) - rank(b));
  };
  /* Measures come and go with the filters: they are shown in all layers until hidden. */
  function hiddenMeasures() {
    try { return JSON.parse(localStorage.getItem("webmap-hidden-measures")) || []; } catch { return []; }
  }

  function drawColumnMenu(name) {
    const menu = document.getElementById("column-menu"), offers = [name, ...measures.map((measure) => measure.name)].join();
    if (menu.dataset.offers === offers) return;
    menu.dataset.offers = offers;
    const measured = measures.map((measure) => measure.name);
    const chosen = new Set(chosenColumns(name).map((field) => field.name));
    const keep = (key, names) => { try { localStorage.setItem(key, JSON.stringify(names)); } catch { /* not kept, still shown */ } };
    menu.replaceChildren(...inOrder([...fields, ...measures]).map((field) => {
      const id = `column-${field.name}`;
      const box = element("input", { class: "form-check-input", type: "checkbox", id, change: () => {
        box.checked ? chosen.add(field.name) : chosen.delete(field.name);
        const others = [...chosen].filter((one) => !measured.includes(one));
        if (!others.length) { chosen.add(field.name); box.checked = true; }
        if (measured.includes(field.name)) keep("webmap-hidden-measures", [...hiddenMeasures().filter((one) => one !== field.name), ...(box.checked ? [] : [field.name])]);
        else keep(storeKey(name), [...chosen].filter((one) => !measured.includes(one)));
        draw(name);
      } });
      box.checked = chosen.has(field.name);
      return element("div", { class: "form-check" }, box, element("label", { class: "form-check-label", for: id }, field.label));
    }));
  }

  /* --- export: the same filters --- */

  const crs = document.getElementById("export-crs");
  function linkExports(name, filters) {
    for (const link of drawer.querySelectorAll("[data-export]")) {
      const asking = new URLSearchParams(filters);
      asking.set("format", link.dataset.export);
      if (crs.value && link.dataset.export !== "kml") asking.set("crs", crs.value);
      link.href = `${config.addresses.export.replace("{layer}", name)}?${asking}`;
    }
  }
  crs.addEventListener("change", () => linkExports(state.table, query()));
  drawer.querySelector(".export-menu").parentElement.addEventListener("show.bs.dropdown", () => linkExports(state.table, query()));

  state.on("filters", () => { if (state.table && !state.charts && asks !== filtersKey()) restart(); });
  for (const name of ["table", "charts"]) {
    state.on(name, () => { if (drawer.hidden === Boolean(state.table) || isShowing !== state.charts || asks !== filtersKey()) show(); });
  }
  state.on("selection", mark);
  if (state.table) show();
}

/* Drag the upper edge, or use the arrow keys on it; the height is a share of the window. */
function startGrip(drawer, grip) {
  const set = (percent) => {
    const share = Math.round(Math.max(15, Math.min(85, percent)));
    drawer.style.setProperty("--drawer-height", share + "vh");
    grip.setAttribute("aria-valuenow", share);
    window.dispatchEvent(new Event("webmap:resized"));
  };
  const now = () => Number(grip.getAttribute("aria-valuenow"));
  let from = null;
  grip.addEventListener("pointerdown", (event) => {
    from = { y: event.clientY, height: drawer.offsetHeight };
    grip.setPointerCapture(event.pointerId);
  });
  grip.addEventListener("pointermove", (event) => { if (from) set(((from.height + from.y - event.clientY) / innerHeight) * 100); });
  for (const name of ["pointerup", "pointercancel"]) grip.addEventListener(name, () => { from = null; });
  grip.addEventListener("keydown", (event) => {
    const percent = { ArrowUp: now() + STEP, ArrowDown: now() - STEP, Home: 15, End: 85 }[event.key];
    if (percent === undefined) return;
    event.preventDefault();
    set(percent);
  });
}
