/* “By the year N”: what exists, is being built and is planned, on the map and in numbers; what comes by then. */
import { askYears, signed, total } from "./compare.js";
import { failure } from "./notices.js";
import { element, icon, number, t } from "./texts.js";

const BACK = 30, AHEAD = 10, WAIT = 250;

export function startYears(page, body, close) {
  const { layers, state } = page;
  const slider = element("input", { class: "form-range", type: "range", id: "year-slider", input: () => moved(false), change: () => moved(true) });
  const value = element("output", { class: "tool-value", for: "year-slider" }), table = element("div", { class: "year-table" });
  const note = element("p", { class: "tool-detail", role: "status" });
  const back = element("button", { class: "btn btn-sm btn-outline-secondary", type: "button", click: () => { apply(null, true); close(); } }, t("Remove the year"));
  const compare = element("button", { class: "btn btn-sm btn-outline-primary", type: "button", click: () => beside() }, icon("layout-split"), " ", t("Compare two years"));
  let names = [], thisYear = 0, timer = 0, turn = 0;

  /* Today beside the chosen year, or beside the last one the data name. */
  function beside() {
    const chosen = Number(slider.value), then = chosen === thisYear ? Number(slider.max) : chosen;
    apply(null, false);
    close();
    state.update({ compare: { years: [thisYear, then], plans: ["", ""] } }, { push: true });
  }

  async function begin() {
    try {
      const found = await askYears(page, [new Date().getFullYear()]);
      names = found.layers.map((layer) => layer.name);
      thisYear = found.this_year;
      const spans = found.layers.map((layer) => layer.span).filter(Boolean);
      slider.min = Math.max(thisYear - BACK, Math.min(thisYear, ...spans.map(([first]) => first)));
      slider.max = Math.max(thisYear + AHEAD, ...spans.map(([, last]) => last));
      slider.value = names.map((name) => state.filter(name, "year")?.[0]).find(Boolean) || thisYear;
      note.textContent = "";
      showYear();
    } catch (error) {
      note.replaceChildren(...failure(error, t("The numbers could not be loaded. Check the connection and try again."), begin));
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
      const found = await askYears(page, [thisYear, year]);
      if (mine !== turn) return;
      const rows = found.layers.map(({ name, title, years: [now, then] }) => {
        const change = total(then) - total(now);
        return element("tr", { "data-year-layer": name }, element("th", { scope: "row" }, title), ...numbers(then), element("td", { class: change ? "changed" : "" }, signed(change)));
      });
      table.replaceChildren(element("table", {}, element("thead", {}, element("tr", {}, element("th", { scope: "col" }, t("Layer")),
        ...found.states.map(({ label }) => element("th", { scope: "col" }, label)), element("th", { scope: "col" }, t("Against {year}", { year: thisYear })))), element("tbody", {}, ...rows)));
      note.textContent = year === thisYear ? t("Plans without a year are left out.") : "";
    } catch (error) {
      if (mine === turn) note.replaceChildren(...failure(error, t("The numbers could not be loaded. Check the connection and try again."), showYear));
    }
  }

  const numbers = (count) => [count.existing, count.under_way, count.planned].map((one) => element("td", {}, one ? number(one) : "–"));

  const recount = () => { if (names.length) showYear(); };
  state.on("filters", recount);
  body.append(value, slider, table, note, element("div", { class: "tool-actions" }, compare, back));
  slider.setAttribute("aria-label", t("Year"));
  begin();
  return { close() { clearTimeout(timer); turn++; names = []; } };
}
