/* Choosing a campaign's sites on the map: buttons in popup and panel, a drawn area, the filter in force; a list, undo.
   Every step is stored at once; the server says what changed, so that undo takes back exactly that. */
import { ask as request } from "./ask.js";
import { element, icon, number, t } from "./texts.js";

const page = window.webmap.page;
await page.ready;

const { map, layers, state, selection } = page;
const card = document.getElementById("plan"), plan = JSON.parse(card.dataset.plan);
const status = document.getElementById("plan-status"), list = document.getElementById("plan-list");
const filter = document.getElementById("plan-filter"), undo = document.getElementById("plan-undo");
const toggle = document.getElementById("plan-list-toggle"), sitesLayer = layers.find(({ spec }) => spec.name === plan.layer);
const past = [];
let sites = new Map();

map.createPane("plan").style.pointerEvents = "none";
map.getPane("plan").style.zIndex = 450;
const rings = L.layerGroup().addTo(map), renderer = L.canvas({ pane: "plan", padding: 0.3 });

async function ask(options) {
  const answer = await request(plan.picks, options), told = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(told.message), { isSaid: true });
  sites = new Map(told.sites.map((site) => [site.id, site]));
  draw();
  return told;
}

/* Store a change; `isUndo` keeps it off the list of what can be undone. */
async function change(wanted, { isUndo = false } = {}) {
  card.setAttribute("aria-busy", "true");
  const before = sites;
  try {
    const { added, removed } = await ask({
      method: "POST", body: JSON.stringify(wanted),
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": card.dataset.token },
    });
    if (!isUndo && added.length + removed.length) past.push({ add: removed, remove: added });
    status.textContent = said(added, removed, before);
    undo.disabled = !past.length;
    return true;
  } catch (error) {
    status.textContent = error.isSaid ? error.message : t("Not saved. Check the connection and try again.");
    return false;
  } finally {
    card.removeAttribute("aria-busy");
  }
}

function said(added, removed, before) {
  const [changed, from, one, many] = removed.length ? [removed, before, "{name} taken out.", "{count} sites taken out."] : [added, sites, "{name} added.", "{count} sites added."];
  if (!changed.length) return t("Nothing new: all of them are in the campaign already.");
  const clashes = changed.map((id) => sites.get(id)?.clashes || []).flat();
  const text = changed.length === 1 ? t(one, { name: from.get(changed[0])?.name ?? "" }) : t(many, { count: number(changed.length) });
  return clashes.length ? `${text} ${t("Also wanted by {numbers}", { numbers: [...new Set(clashes)].join(", ") })}.` : text;
}

function draw() {
  const chosen = [...sites.values()], clashing = chosen.filter(({ clashes }) => clashes.length);
  const count = document.getElementById("plan-count");
  count.textContent = number(chosen.length);
  count.title = t("{count} sites, {clashes} of them also wanted by other campaigns", { count: number(chosen.length), clashes: number(clashing.length) });
  rings.clearLayers();
  for (const site of chosen) {
    L.circleMarker([site.lat, site.lon], { renderer, pane: "plan", interactive: false, radius: 14, weight: 3, fill: false,
      color: site.clashes.length ? "#c2570c" : "#0b4f8a", dashArray: site.is_waived ? "3 4" : null }).addTo(rings);
  }
  list.replaceChildren(...(chosen.length ? chosen.map(row) : [element("li", { class: "plan-empty" }, t("No site is chosen yet."))]));
  for (const button of document.querySelectorAll("[data-plan-site]")) dress(button);
}

function row(site) {
  const notes = [site.is_visited ? t("visited") : null, site.is_waived ? t("waived") : null, site.clashes.length ? t("Also wanted by {numbers}", { numbers: site.clashes.join(", ") }) : null].filter(Boolean);
  return element("li", {},
    element("button", { class: "inside-link", type: "button", click: () => selection.show({ layer: plan.layer, id: site.id }, { fly: true }) }, site.name, element("span", {}, notes.join(" · ") || site.code)),
    site.is_visited || site.is_waived ? null : element("button", { class: "icon-button small", type: "button", "aria-label": `${t("Take out of the campaign")}: ${site.name}`, click: () => remove(site) }, icon("x-lg")));
}

async function remove(site) {
  const index = [...sites.keys()].indexOf(site.id);
  if (!(await change({ remove: [site.id] }))) return;
  const rows = [...list.querySelectorAll("li > .inside-link")];
  (rows[Math.min(index, rows.length - 1)] || toggle).focus(); // the button that was pressed is gone
}

/* --- a button where a site is shown --- */
function dress(button) {
  const site = sites.get(Number(button.dataset.planSite)), isIn = Boolean(site);
  button.disabled = Boolean(site && (site.is_visited || site.is_waived));
  button.className = `btn btn-sm ${isIn ? "btn-outline-danger" : "btn-primary"}`;
  button.replaceChildren(icon(isIn ? "dash-circle" : "plus-circle"), " ", t(isIn ? "Take out of the campaign" : "Add to the campaign"));
}

document.addEventListener("webmap:shown", ({ detail: { layer, id, content } }) => {
  if (layer !== plan.layer) return;
  const button = element("button", { type: "button", "data-plan-site": id, click: () => change(sites.has(id) ? { remove: [id] } : { add: [id] }) });
  dress(button);
  const box = element("div", { class: "plan-here" }, button);
  (content.querySelector(".actions, header") || content).after(box);
});

/* --- an area, a filter --- */
document.addEventListener("webmap:inside", ({ detail: { pair, layers: found } }) => {
  const count = found.find(({ name }) => name === plan.layer)?.count || 0;
  const query = new URLSearchParams([...new URLSearchParams(state.filterQuery(plan.layer))].filter(([field]) => field !== pair[0]));
  query.append(...pair);
  document.getElementById("plan-area")?.remove();
  if (!count) return;
  const add = element("button", { class: "btn btn-sm btn-primary", type: "button", id: "plan-area", click: async () => {
    if (!(await change({ within: query.toString() }))) return;
    add.replaceWith(element("p", { class: "plan-said" }, status.textContent));
    undo.focus({ preventScroll: true });
  } }, icon("plus-circle"), " ", t("Add the {count} in this area", { count: number(count) }));
  document.querySelector("#tool-card .tool-body").append(add); // where the hand just was, and above a phone's sheet
});

function offerFilter() {
  const isFiltered = state.filterQuery(plan.layer) !== "" && sitesLayer.countedFor === state.filterQuery(plan.layer);
  filter.hidden = !isFiltered || !sitesLayer.matched;
  filter.textContent = t("Add the {count} that the filter keeps", { count: number(sitesLayer.matched || 0) });
}
filter.addEventListener("click", () => change({ within: state.filterQuery(plan.layer) }));
state.on("filters", offerFilter);
document.addEventListener("counted", offerFilter);

undo.addEventListener("click", async () => {
  const last = past.pop();
  if (last && !(await change(last, { isUndo: true }))) past.push(last);
  undo.disabled = !past.length;
});
toggle.addEventListener("click", () => {
  list.hidden = !list.hidden;
  toggle.setAttribute("aria-expanded", String(!list.hidden));
});

L.DomEvent.disableClickPropagation(card);
L.DomEvent.disableScrollPropagation(card);
ask({ headers: { Accept: "application/json" } }).catch(() => { status.textContent = t("Not saved. Check the connection and try again."); });
offerFilter();
