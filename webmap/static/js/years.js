/* “By the year N”: what exists, is being built and is planned, on the map and in numbers; two years side by side. */
import { openPanel, showInPanel } from "./panel.js";
import { element, icon, number, t } from "./texts.js";

const BACK = 30, AHEAD = 10, WAIT = 250;

export function startYears(page, body, close) {
  const { layers, state } = page, addresses = JSON.parse(document.getElementById("tool-set").dataset.addresses);
  const slider = element("input", { class: "form-range", type: "range", id: "year-slider", input: () => moved(false), change: () => moved(true) });
  const value = element("output", { class: "tool-value", for: "year-slider" }), table = element("div", { class: "year-table" });
  const note = element("p", { class: "tool-detail", role: "status" });
  const back = element("button", { class: "btn btn-sm btn-outline-secondary", type: "button", click: () => { apply(null, true); close(); } }, t("Remove the year"));
  const compare = element("button", { class: "btn btn-sm btn-outline-primary", type: "button", click: () => showComparison(thisYear, Number(slider.value)) }, icon("layout-split"), " ", t("Compare two years"));
  let names = [], thisYear = 0, timer = 0, turn = 0;

  /* The filters in force, but not the year: what is counted is what the map shows. */
  function query(years) {
    const asked = new URLSearchParams([["years", years.join(",")]]);
    for (const { spec } of layers) {
      for (const [field, wanted] of new URLSearchParams(state.filterQuery(spec.name))) if (field !== "year") asked.append(`${spec.name}.${field}`, wanted);
    }
    return `${addresses.years}?${asked}`;
  }

  async function load(years) {
    const answer = await fetch(query(years)), found = await answer.json();
    if (!answer.ok) throw new Error(found.message);
    return found;
  }

  async function begin() {
    try {
      const found = await load([new Date().getFullYear()]);
      names = found.layers.map((layer) => layer.name);
      thisYear = found.this_year;
      const spans = found.layers.map((layer) => layer.span).filter(Boolean);
      slider.min = Math.max(thisYear - BACK, Math.min(thisYear, ...spans.map(([first]) => first)));
      slider.max = Math.max(thisYear + AHEAD, ...spans.map(([, last]) => last));
      slider.value = names.map((name) => state.filter(name, "year")?.[0]).find(Boolean) || thisYear;
      showYear();
    } catch {
      note.textContent = t("The numbers could not be loaded. Try again.");
    }
  }

  function moved(isLast) {
    value.textContent = t("Year {year}", { year: slider.value });
    clearTimeout(timer);
    timer = setTimeout(() => { apply(slider.value, isLast); showYear(); }, isLast ? 0 : WAIT);
  }

  /* Filter every layer that knows years, and show those that are off. */
  function apply(year, push) {
    const filters = { ...state.filters };
    for (const name of names) {
      const others = (filters[name] || []).filter(([field]) => field !== "year");
      filters[name] = year ? [...others, ["year", String(year)]] : others;
    }
    const shown = state.layers || layers.filter((layer) => layer.spec.shown).map((layer) => layer.spec.name);
    const all = layers.map((layer) => layer.spec.name).filter((name) => shown.includes(name) || names.includes(name));
    state.update(year && all.length > shown.length ? { filters, layers: all } : { filters }, { push });
  }

  async function showYear() {
    const year = Number(slider.value), mine = ++turn;
    value.textContent = t("Year {year}", { year });
    try {
      const found = await load([thisYear, year]);
      if (mine !== turn) return;
      const rows = found.layers.map(({ name, title, years: [now, then] }) => {
        const change = total(then) - total(now);
        return element("tr", { "data-year-layer": name }, element("th", { scope: "row" }, title), ...numbers(then), element("td", { class: change ? "changed" : "" }, signed(change)));
      });
      table.replaceChildren(element("table", {}, element("thead", {}, element("tr", {}, element("th", { scope: "col" }, t("Layer")),
        ...found.states.map(({ label }) => element("th", { scope: "col" }, label)), element("th", { scope: "col" }, t("Against {year}", { year: thisYear })))), element("tbody", {}, ...rows)));
      note.textContent = year === thisYear ? t("Plans without a year are left out.") : "";
    } catch {
      if (mine === turn) note.textContent = t("The numbers could not be loaded. Try again.");
    }
  }

  const total = (count) => count.existing + count.under_way + count.planned;
  const numbers = (count) => [count.existing, count.under_way, count.planned].map((one) => element("td", {}, one ? number(one) : "–"));
  const signed = (change) => (change ? `${change > 0 ? "+" : "−"}${number(Math.abs(change))}` : "0");

  async function showComparison(first, second) {
    openPanel();
    try {
      const { layers: found, states } = await load([first, second]);
      const input = (year, label) => element("label", {}, label, element("input", { class: "form-control form-control-sm", type: "number", min: 1900, max: 2100, value: year, change: () => {
        const [a, b] = [...box.querySelectorAll("input")];
        if (a.checkValidity() && b.checkValidity() && a.value && b.value) showComparison(Number(a.value), Number(b.value));
      } }));
      const rows = found.flatMap(({ title, name, years: [a, b] }) => [
        element("tr", { class: "year-layer", "data-compared": name }, element("th", { scope: "row" }, title), element("td", {}, number(total(a))), element("td", {}, number(total(b))), element("td", { class: total(a) === total(b) ? "" : "changed" }, signed(total(b) - total(a)))),
        ...states.map((one) => element("tr", {}, element("th", { scope: "row" }, one.label), element("td", {}, number(a[one.name])), element("td", {}, number(b[one.name])), element("td", { class: a[one.name] === b[one.name] ? "" : "changed" }, signed(b[one.name] - a[one.name])))),
      ]);
      const box = element("article", { class: "feature-panel year-comparison" }, element("header", {}, element("p", { class: "kind" }, t("Compare two years")), element("h2", {}, `${first} – ${second}`)),
        element("div", { class: "year-inputs" }, input(first, t("First year")), input(second, t("Second year"))),
        element("table", { class: "year-numbers" }, element("thead", {}, element("tr", {}, element("th", { scope: "col" }, t("Layer")), element("th", { scope: "col" }, String(first)), element("th", { scope: "col" }, String(second)), element("th", { scope: "col" }, t("Change")))), element("tbody", {}, ...rows)),
        element("p", { class: "tool-detail" }, t("Counted with the filters in force. Plans without a year are left out.")));
      showInPanel(box);
    } catch {
      showInPanel(element("p", { class: "loading-lines" }, t("The numbers could not be loaded. Try again.")));
    }
  }

  const recount = () => { if (names.length) showYear(); };
  state.on("filters", recount);
  body.append(value, slider, table, note, element("div", { class: "tool-actions" }, compare, back));
  slider.setAttribute("aria-label", t("Year"));
  begin();
  return { close() { clearTimeout(timer); turn++; names = []; } };
}
