/* The drawer's charts: how what is filtered is spread over each field of a layer. A bar is a filter; its own field's
   filter is left out of its count, so that the others stay to be chosen. */
import { ask } from "./ask.js";
import { failure } from "./notices.js";
import { ALL } from "./state.js";
import { element, icon, language, number, t } from "./texts.js";

const CARD = 320, SETTLED = 250, SVG = "http://www.w3.org/2000/svg", UNKNOWN = "unknown"; // ms after a move until the extent is asked for
const part = (name) => document.getElementById("charts-" + name);
const written = (value) => (value === null ? "–" : value.toLocaleString(language, { maximumFractionDigits: Math.abs(value) < 1000 ? 2 : 0 }));

export function startCharts({ map, layers, config }, state) {
  const body = part("body"), drawer = document.getElementById("table-drawer"), toggle = part("toggle"), select = part("measure").querySelector("select");
  const views = [...drawer.querySelectorAll("[data-drawer-view]")];
  let asked = null, shown = null, shownFor = "", moved = 0, laidOut = 0; // the answer that is shown, and what was asked for it
  const unfolded = new Set(); // layer.field of the tables that are open
  const isOpen = () => Boolean(state.table && state.charts);

  /* --- what is asked --- */

  const key = () => `${state.table}?${query()}`;

  function query() {
    const asking = new URLSearchParams(state.filterQuery(state.table));
    if (state.here) asking.set("bbox", visibleBounds(map, drawer).toBBoxString());
    return asking.toString();
  }

  function follow() {
    for (const button of views) button.setAttribute("aria-pressed", (button.dataset.drawerView === "charts") === state.charts);
    body.hidden = !state.charts;
    toggle.setAttribute("aria-expanded", isOpen());
    if (!isOpen()) { asked?.abort(); shownFor = ""; return; }
    body.setAttribute("aria-labelledby", "table-tab-" + state.table);
    key() === shownFor ? draw() : load();
  }

  async function load() {
    const wanted = key(), name = state.table, address = `${config.addresses.charts.replace("{layer}", name)}?${query()}`;
    asked?.abort();
    const mine = asked = new AbortController();
    part("csv").href = `${address}&format=csv`;
    drawer.setAttribute("aria-busy", "true");
    if (shown?.name !== name) {
      part("count").textContent = "";
      body.replaceChildren(...[90, 70, 80, 60].map(() => element("div", { class: "skeleton" })));
    }
    try {
      const answer = await ask(address, { signal: mine.signal }), found = await answer.json();
      if (mine !== asked) return;
      if (!answer.ok) throw Object.assign(new Error(found.message), { isTold: true });
      shown = { ...found, name };
      shownFor = wanted;
      draw();
    } catch (error) {
      if (error.name === "AbortError" || mine !== asked) return;
      shown = null;
      shownFor = part("count").textContent = "";
      body.replaceChildren(element("p", { class: "table-message" }, ...failure(error, error.isTold ? error.message : t("The charts could not be loaded. Check the connection and try again."), load)));
    } finally {
      if (mine === asked) drawer.removeAttribute("aria-busy");
    }
  }

  /* --- what is shown --- */

  function draw() {
    const { name, numberMatched, sums, charts, blank } = shown, measure = sums.findIndex((one) => one.name === state.measure);
    const { spec } = layers.find((layer) => layer.spec.name === name), focused = body.contains(document.activeElement) ? document.activeElement.dataset.bar : null;
    const heads = [t("Number of objects"), ...sums.map((one) => t(one.unit ? "Total of “{field}” ({unit})" : "Total of “{field}”", { field: one.label, unit: one.unit }))];
    const page = { name, spec, total: numberMatched, measure, heads, said: (bar) => (measure < 0 ? bar.count : bar.sums[measure]), of: (bar) => page.said(bar) || 0, all: measure < 0 ? numberMatched : sums[measure].value };
    part("count").textContent = [t("{count} objects", { count: number(numberMatched) }), ...sums.map((one) => `${one.label} ${written(one.value)}${one.unit ? " " + one.unit : ""}`)].join(" · ");
    part("measure").hidden = !sums.length;
    select.replaceChildren(...heads.map((text, i) => element("option", { value: i ? sums[i - 1].name : "", selected: i === measure + 1 }, text)));
    const scrolled = body.scrollTop, inStyle = new Set(spec.style.variations.map(({ field }) => field)), isFirst = ({ field }) => inStyle.has(field);
    const ordered = [...charts.filter(isFirst), ...charts.filter((chart) => !isFirst(chart))], cards = ordered.map((chart) => card(page, chart));
    const parts = numberMatched ? [] : [element("p", { class: "table-message" }, ...nothing(name))];
    if (cards.length) parts.push(element("p", { class: "charts-hint" }, t("Choose a bar to filter by it; with Shift, all up to it.")), columns(cards, ordered));
    if (blank.length) parts.push(element("p", { class: "charts-blank" }, t("Nothing known yet of: {fields}", { fields: blank.join(", ") })));
    body.replaceChildren(...parts);
    body.scrollTop = scrolled;
    for (const plot of body.querySelectorAll(".histogram")) plot.scrollLeft = plot.scrollWidth; // the latest years
    if (focused) (body.querySelector(`[data-bar="${CSS.escape(focused)}"]`) || body).focus({ preventScroll: true });
  }

  /* Cards in columns, each next one where there is most room, so that the first ones stand on top. */
  function columns(cards, charts) {
    const count = Math.max(1, Math.floor(body.clientWidth / CARD)), made = Array.from({ length: count }, () => element("div")), heights = made.map(() => 0);
    laidOut = count;
    cards.forEach((one, i) => {
      const at = heights.indexOf(Math.min(...heights)), { scale, bars } = charts[i];
      made[at].append(one);
      heights[at] += scale === "choice" ? 110 + 30 * bars.length : 250;
    });
    return element("div", { class: "charts-grid" }, ...made);
  }

  function nothing(name) {
    const button = (label, click) => element("button", { class: "btn btn-sm btn-outline-primary", type: "button", click }, label);
    if (state.here) return [t("No object on the visible map."), " ", button(t("Count the whole layer"), () => state.update({ here: false }, { push: true }))];
    const isFiltered = [...state.filtered(name), ...state.filtered(ALL)].length;
    return isFiltered ? [t("No object matches the filters."), " ", button(t("Clear filters"), () => state.clearFilters())] : [t("This layer has no objects yet.")];
  }

  function card(page, chart) {
    const id = `chart-${page.name}-${chart.field}`, title = chart.unit ? `${chart.label} (${chart.unit})` : chart.label;
    const chosen = state.filter(page.name, chart.field), isFiltered = Boolean(chosen) && !state.isUsual(page.name, chart.field);
    const clear = isFiltered ? element("button", { class: "btn-close", type: "button", "data-bar": `${id} clear`, "aria-label": t("Remove the filter of “{field}”", { field: chart.label }),
      click: () => state.setFilter(page.name, chart.field, state.opensWith[page.name][chart.field] || []) }) : null;
    const head = element("h3", { id, title: chart.help || null }, title, isFiltered ? element("span", { class: "visually-hidden" }, ` – ${t("Filtered")}`) : null);
    const compared = chart.scale === "choice" ? [...chart.bars, chart.unknown, chart.rest].filter(Boolean) : chart.bars;
    const tools = { page, chart, chosen, most: Math.max(1e-9, ...compared.map(page.of)) };
    const rows = chart.scale === "choice" ? [...chart.bars, chart.rest, chart.unknown] : [chart.unknown];
    const list = rows.filter((bar) => bar && (bar !== chart.unknown || bar.count || chosen?.includes(UNKNOWN))).map((bar) => element("li", {}, row(tools, bar)));
    return element("section", { class: `chart-card${isFiltered ? " is-filtered" : ""}`, "aria-labelledby": id, "data-chart": chart.field },
      element("header", {}, head, clear), chart.scale === "choice" ? null : histogram(tools, id), list.length ? element("ul", { class: "bars" }, ...list) : null, asTable(page, chart, id, title));
  }

  const inWords = ({ page }, bar) => t("{label}: {value}, {share} %", { label: bar.label, value: written(page.said(bar)), share: written(page.all ? Math.round((1000 * page.of(bar)) / page.all) / 10 : 0) });

  /* One bar lying: a choice, what is unknown, what is not listed (which no filter asks for). */
  function row(tools, bar) {
    const { page, chart, most } = tools, variation = page.spec.style.variations.find(({ field }) => field === chart.field);
    const symbol = bar.value && variation?.values.find(({ value }) => value === bar.value)?.symbol;
    const parts = [
      element("span", { class: "bar-label" }, symbol ? window.webmap.symbols.legend(symbol, page.spec.geometry, 22, 18) : null, element("span", {}, bar.label)),
      drawn((100 * Math.max(0, page.of(bar))) / (chart.scale === "choice" ? most : page.all || 1), symbol ? colourOf(symbol) : "", bar.value === UNKNOWN),
      element("span", { class: "bar-number" }, written(page.said(bar)))];
    if (!bar.value) return element("span", { class: "bar-row" }, ...parts);
    return button(tools, bar, "bar-row", parts);
  }

  /* Bars standing side by side over a number or a year. */
  function histogram(tools, id) {
    const { page, chart, most } = tools;
    const bars = chart.bars.map((bar) => {
      const column = element("span", { class: "column" }), made = button(tools, bar, "column-button", [column, element("span", { class: "tick", "aria-hidden": "true" }, bar.tick)]);
      column.style.setProperty("--share", `${(100 * Math.max(0, page.of(bar))) / most}%`);
      made.setAttribute("aria-label", inWords(tools, bar));
      made.title = inWords(tools, bar);
      return element("li", {}, made);
    });
    const readout = element("p", { class: "readout-line", "aria-hidden": "true" }), list = element("ul", { class: `histogram${bars.length > 12 ? " is-dense" : ""}`, "aria-labelledby": id }, ...bars);
    const usual = () => {
      const inside = chart.bars.filter((bar) => isPressed(tools, bar));
      readout.textContent = inside.length === 1 ? inWords(tools, inside[0]) : inside.length ? `${inside[0].label} … ${inside.at(-1).label}` : t("Known: {count} of {all}", { count: written(chart.bars.reduce((sum, bar) => sum + page.of(bar), 0)), all: written(page.all) });
    };
    list.addEventListener("pointerover", (event) => tell(event));
    list.addEventListener("focusin", (event) => tell(event));
    list.addEventListener("pointerleave", usual);
    list.addEventListener("focusout", usual);
    const tell = (event) => { readout.textContent = event.target.closest("button")?.title ?? readout.textContent; };
    usual();
    return element("div", { class: "plot" }, readout, list);
  }

  function button(tools, bar, kind, parts) {
    const { page, chart, chosen } = tools, pressed = isPressed(tools, bar);
    const made = element("button", { class: `${kind}${chosen && !pressed ? " is-out" : ""}${page.of(bar) ? "" : " is-empty"}`, type: "button", "aria-pressed": String(pressed), "data-bar": `${chart.field} ${bar.value}`,
      click: (event) => choose(tools, bar, event.shiftKey) }, ...parts);
    return made;
  }

  /* --- a bar is a filter --- */

  function isPressed({ chart, chosen }, bar) {
    if (!chosen) return false;
    if (chosen.includes(bar.value)) return true;
    if (chart.scale === "choice" || bar.value === UNKNOWN) return false;
    const span = chosen.find((value) => value !== UNKNOWN);
    if (!span) return false;
    const [low, high] = ends(span), [from, to] = ends(bar.value);
    return from >= low && to <= high;
  }

  function choose(tools, bar, isFurther) {
    const { page, chart, chosen } = tools, pressed = isPressed(tools, bar);
    const set = (values) => state.setFilter(page.name, chart.field, values.length ? values : state.opensWith[page.name][chart.field] || []);
    if (chart.scale === "choice") {
      const isNarrow = chart.field in state.opensWith[page.name] && state.isUsual(page.name, chart.field); // what it opens with is nobody's choice
      set(pressed && !isNarrow ? chosen.filter((value) => value !== bar.value) : [...(isNarrow ? [] : chosen || []), bar.value]);
      return;
    }
    const span = (chosen || []).filter((value) => value !== UNKNOWN), unknown = (chosen || []).filter((value) => value === UNKNOWN);
    if (bar.value === UNKNOWN) set(pressed ? span : [...span, UNKNOWN]);
    else if (isFurther && span.length) set([joined(span[0], bar.value), ...unknown]);
    else set(pressed ? unknown : [bar.value, ...unknown]);
  }

  /* --- the same as a table --- */

  function asTable(page, chart, id, title) {
    const name = `${page.name}.${chart.field}`, box = element("div");
    const made = element("details", { class: "as-table" }, element("summary", { "data-bar": `${id} table` }, t("As a table"), element("span", { class: "visually-hidden" }, `: ${title}`)), box);
    const fill = () => {
      if (box.childElementCount) return;
      const heads = [title, t("Count"), `${t("Share")} (%)`, ...page.heads.slice(1)];
      const share = (bar) => (page.total ? Math.round((1000 * bar.count) / page.total) / 10 : 0);
      const bars = [...chart.bars, chart.rest, chart.unknown].filter((bar) => bar && (bar !== chart.unknown || bar.count));
      const lines = bars.map((bar) => [bar.label, number(bar.count), written(share(bar)), ...bar.sums.map(written)]);
      const text = [heads, ...lines].map((line) => line.join("\t")).join("\n");
      box.append(
        element("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": title }, element("table", { class: "table table-sm" },
          element("thead", {}, element("tr", {}, ...heads.map((head, i) => element("th", { scope: "col", class: i ? "number" : null }, head)))),
          element("tbody", {}, ...lines.map(([label, ...cells]) => element("tr", {}, element("th", { scope: "row" }, label), ...cells.map((cell) => element("td", { class: "number" }, cell))))))),
        element("button", { class: "btn btn-sm btn-outline-primary", type: "button", "data-copy": text, "data-bar": `${id} copy` }, icon("clipboard"), " ", t("Copy the table")));
    };
    made.addEventListener("toggle", () => { made.open ? unfolded.add(name) : unfolded.delete(name); if (made.open) fill(); });
    if (unfolded.has(name)) { made.open = true; fill(); }
    return made;
  }

  /* --- what changes it --- */

  for (const button of views) button.addEventListener("click", () => state.update({ charts: button.dataset.drawerView === "charts" }, { push: true }));
  select.addEventListener("change", () => { state.update({ measure: select.value }, { push: true }); draw(); });
  for (const name of ["table", "charts", "filters", "here"]) state.on(name, wait);
  map.on("moveend", () => {
    if (!isOpen() || !state.here) return;
    clearTimeout(moved);
    moved = setTimeout(() => { if (isOpen()) follow(); }, SETTLED);
  });
  new ResizeObserver(() => { if (isOpen() && shown && Math.max(1, Math.floor(body.clientWidth / CARD)) !== laidOut) draw(); }).observe(body);
  follow();

  let isWaiting = false;
  function wait() { // one change of the address may tell of several
    if (isWaiting) return;
    isWaiting = true;
    queueMicrotask(() => { isWaiting = false; follow(); });
  }
}

/* The colour that tells a class on the map; a white one tells nothing on a white card. */
const colourOf = ({ fill, stroke }) => [fill, stroke].find((colour) => colour && !/^#f{3,6}$/i.test(colour) && (colour === fill || !fill)) || "";

/* A bar lying, as the dashboard draws it. */
function drawn(share, fill, isUnknown) {
  const rect = (name, attributes) => {
    const made = document.createElementNS(SVG, "rect");
    for (const [attribute, value] of Object.entries({ class: name, height: 10, ...attributes })) made.setAttribute(attribute, value);
    return made;
  };
  const svg = document.createElementNS(SVG, "svg"), colour = fill || (isUnknown ? "none" : "");
  for (const [attribute, value] of Object.entries({ class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" })) svg.setAttribute(attribute, value);
  svg.append(rect("track", { width: 100 }), rect(colour ? "value" : "value plain", { width: share.toFixed(2), ...(colour ? { fill: colour } : {}) }));
  return svg;
}

/* A span's two ends, so that they compare: numbers, or days and years. */
function ends(span) {
  const at = span.indexOf(".."), texts = at < 0 ? [span, span] : [span.slice(0, at), span.slice(at + 2)];
  const value = (text, open) => (text === "" ? open : /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number(text));
  return [value(texts[0], -Infinity), value(texts[1], Infinity)];
}

/* The span from the one to the other, whichever comes first. */
function joined(one, other) {
  const sides = [one, other].map((span) => (span.includes("..") ? span.split("..") : [span, span]));
  const [low] = ends(one)[0] <= ends(other)[0] ? sides[0] : sides[1], [, high] = ends(one)[1] >= ends(other)[1] ? sides[0] : sides[1];
  return low === high ? low : `${low}..${high}`;
}

/* What of the map is not under the drawer: a phone's sheet lies over it. */
function visibleBounds(map, drawer) {
  const box = map.getContainer().getBoundingClientRect(), size = map.getSize(), top = drawer.getBoundingClientRect().top - box.top;
  if (top >= size.y || top < 60) return map.getBounds();
  return L.latLngBounds(map.containerPointToLatLng([0, top]), map.containerPointToLatLng([size.x, 0]));
}
