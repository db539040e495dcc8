/* Choosing a campaign's sites on the map: buttons in popup and panel, a drawn area, the filter in force; a list, undo.
   Every step is stored at once; the server says what changed, so that undo takes back exactly that. */
import { askJson, saidOf } from "../lib/ask.js";
import { byId, find, findAll } from "../lib/find.js";
import { element, icon, number, t } from "../lib/texts.js";
import { inks } from "../map/inks.js";
import { thePage } from "../map/page.js";

/**
 * @typedef {object} Site
 * @property {number} id
 * @property {string} name
 * @property {string} code
 * @property {number} lat
 * @property {number} lon
 * @property {boolean} is_visited
 * @property {boolean} is_waived
 * @property {string[]} clashes numbers of other campaigns that want it
 */
/** @typedef {{ add?: number[], remove?: number[], within?: string }} Change */
/** @typedef {{ sites: Site[], added: number[], removed: number[] }} Told */

const { map, layers, state, selection } = await thePage().ready;
const card = byId("plan");
/** @type {{ layer: string, picks: string }} */
const plan = JSON.parse(card.dataset.plan ?? "{}");
const status = byId("plan-status");
const list = byId("plan-list");
const filter = byId("plan-filter");
const undo = byId("plan-undo", HTMLButtonElement);
const toggle = byId("plan-list-toggle");
const sitesLayer = layers.find(({ spec }) => spec.name === plan.layer);
/** @type {Change[]} what takes each step back */
const past = [];
/** @type {Map<number, Site>} */
let sites = new Map();

const pane = map.createPane("plan");
pane.style.pointerEvents = "none";
pane.style.zIndex = "450";
const rings = L.layerGroup().addTo(map);
const renderer = L.canvas({ pane: "plan", padding: 0.3 });

const notSaved = () => t("Not saved. Check the connection and try again.");

/** @param {RequestInit} options */
async function ask(options) {
  /** @type {Told} */
  const told = await askJson(plan.picks, options);
  sites = new Map(told.sites.map((site) => [site.id, site]));
  draw();
  return told;
}

/**
 * Store a change and return whether it was; `isUndo` keeps it off the list of what can be undone.
 *
 * @param {Change} wanted
 */
async function change(wanted, { isUndo = false } = {}) {
  const token = card.dataset.token ?? "";
  const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token };
  card.setAttribute("aria-busy", "true");
  const before = sites;
  try {
    const { added, removed } = await ask({ method: "POST", body: JSON.stringify(wanted), headers });
    if (!isUndo && added.length + removed.length) past.push({ add: removed, remove: added });
    status.textContent = removed.length ? saidRemoved(removed, before) : saidAdded(added);
    undo.disabled = !past.length;
    return true;
  } catch (error) {
    status.textContent = saidOf(error, notSaved());
    return false;
  } finally {
    card.removeAttribute("aria-busy");
  }
}

/**
 * @param {number[]} removed
 * @param {Map<number, Site>} before
 */
function saidRemoved(removed, before) {
  if (removed.length > 1) return t("{count} sites taken out.", { count: number(removed.length) });
  return t("{name} taken out.", { name: before.get(removed[0])?.name ?? "" });
}

/** @param {number[]} added */
function saidAdded(added) {
  if (!added.length) return t("Nothing new: all of them are in the campaign already.");
  const clashes = new Set(added.flatMap((id) => sites.get(id)?.clashes ?? []));
  const text =
    added.length === 1
      ? t("{name} added.", { name: sites.get(added[0])?.name ?? "" })
      : t("{count} sites added.", { count: number(added.length) });
  return clashes.size ? `${text} ${t("Also wanted by {numbers}", { numbers: [...clashes].join(", ") })}.` : text;
}

function draw() {
  const chosen = [...sites.values()];
  const clashes = number(chosen.filter((site) => site.clashes.length).length);
  const count = byId("plan-count");
  count.textContent = number(chosen.length);
  count.title = t("{count} sites, {clashes} of them also wanted by other campaigns", {
    count: number(chosen.length),
    clashes,
  });
  rings.clearLayers();
  const look = { renderer, pane: "plan", interactive: false, radius: 14, weight: 3, fill: false };
  for (const site of chosen) {
    const color = site.clashes.length ? inks.warning : inks.accent;
    const dashArray = site.is_waived ? "3 4" : undefined;
    L.circleMarker([site.lat, site.lon], { ...look, color, dashArray }).addTo(rings);
  }
  const empty = element("li", { class: "plan-empty" }, t("No site is chosen yet."));
  list.replaceChildren(...(chosen.length ? chosen.map(row) : [empty]));
  for (const button of findAll("[data-plan-site]")) if (button instanceof HTMLButtonElement) dress(button);
}

/** @param {Site} site */
function row(site) {
  const notes = [
    site.is_visited ? t("visited") : "",
    site.is_waived ? t("waived") : "",
    site.clashes.length ? t("Also wanted by {numbers}", { numbers: site.clashes.join(", ") }) : "",
  ].filter(Boolean);
  const show = () => selection.show({ layer: plan.layer, id: site.id }, { fly: true });
  const note = element("span", {}, notes.join(" · ") || site.code);
  const link = element("button", { class: "inside-link", type: "button", click: show }, site.name, note);
  const label = `${t("Take out of the campaign")}: ${site.name}`;
  const out = { class: "icon-button small", type: "button", "aria-label": label, click: () => remove(site) };
  const isFixed = site.is_visited || site.is_waived;
  return element("li", {}, link, isFixed ? null : element("button", out, icon("x-lg")));
}

/** @param {Site} site */
async function remove(site) {
  const index = [...sites.keys()].indexOf(site.id);
  if (!(await change({ remove: [site.id] }))) return;
  const rows = findAll("li > .inside-link", list);
  (rows[Math.min(index, rows.length - 1)] || toggle).focus(); // the button that was pressed is gone
}

/* --- a button where a site is shown --- */

/** @param {HTMLButtonElement} button */
function dress(button) {
  const site = sites.get(Number(button.dataset.planSite));
  button.disabled = Boolean(site && (site.is_visited || site.is_waived));
  button.className = `btn btn-sm ${site ? "btn-outline-danger" : "btn-primary"}`;
  const label = site ? t("Take out of the campaign") : t("Add to the campaign");
  button.replaceChildren(icon(site ? "dash-circle" : "plus-circle"), " ", label);
}

document.addEventListener("webmap:shown", ({ detail: { layer, id, content } }) => {
  if (layer !== plan.layer) return;
  const click = () => change(sites.has(id) ? { remove: [id] } : { add: [id] });
  const button = element("button", { type: "button", "data-plan-site": id, click });
  dress(button);
  (content.querySelector(".actions, header") || content).after(element("div", { class: "plan-here" }, button));
});

/* --- an area, a filter --- */

document.addEventListener("webmap:inside", ({ detail: { pair, layers: found } }) => {
  const count = found.find(({ name }) => name === plan.layer)?.count || 0;
  const query = new URLSearchParams(state.pairs(plan.layer).filter(([field]) => field !== pair[0]));
  query.append(...pair);
  document.getElementById("plan-area")?.remove();
  if (!count) return;
  const take = async () => {
    if (!(await change({ within: query.toString() }))) return;
    add.replaceWith(element("p", { class: "plan-said" }, status.textContent));
    undo.focus({ preventScroll: true });
  };
  const attributes = { class: "btn btn-sm btn-primary", type: "button", id: "plan-area", click: take };
  const label = t("Add the {count} in this area", { count: number(count) });
  /** @type {HTMLButtonElement} */
  const add = element("button", attributes, icon("plus-circle"), " ", label);
  find("#tool-card .tool-body").append(add); // where the hand just was, and above a phone's sheet
});

function offerFilter() {
  const query = state.filterQuery(plan.layer);
  const counted = sitesLayer?.counted;
  const count = query && counted?.query === query ? counted.numberMatched : 0;
  filter.hidden = !count;
  filter.textContent = t("Add the {count} that the filter keeps", { count: number(count) });
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
ask({ headers: { Accept: "application/json" } }).catch(() => {
  status.textContent = notSaved();
});
offerFilter();
