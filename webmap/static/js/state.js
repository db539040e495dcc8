/* What the page shows, kept in the address so that it can be shared: view, layers, filters, selection.
   ?z=12&lat=20.86&lon=106.68&layers=a,b&fade=a:60&sel=a:12&a.status=planned&a.status=building&all.q=text
   &table=a&charts&here&measure=field: the drawer with a layer's table, or its charts, of the visible map alone
   Everything that changes the page goes through update(); listeners get the names of what changed. */

const VIEW = ["z", "lat", "lon"];
/* Filters of this name hold for every layer: all.q, all.near, all.<area filter>. */
export const ALL = "all";

export class State extends EventTarget {
  /* `opensWith`: layer -> field -> the values shown when the address does not say. */
  constructor(opensWith) {
    super();
    this.opensWith = { [ALL]: {}, ...opensWith };
    this.layerNames = Object.keys(opensWith);
    this.read();
    window.addEventListener("popstate", () => { this.read(); this.tell(["view", "layers", "filters", "selection", "fade", "table", "charts", "here", "compare"]); });
  }

  read() {
    const query = new URLSearchParams(location.search);
    const [z, lat, lon] = VIEW.map((name) => parseFloat(query.get(name)));
    this.view = [z, lat, lon].every(Number.isFinite) ? { z: Math.round(z), lat, lon } : null;
    this.layers = query.has("layers") ? query.get("layers").split(",").filter((name) => this.layerNames.includes(name)) : null;
    this.fade = Object.fromEntries((query.get("fade") || "").split(",").filter(Boolean).map((pair) => pair.split(":")));
    const [layer, id] = (query.get("sel") || "").split(":");
    this.selection = this.layerNames.includes(layer) && /^\d+$/.test(id || "") ? { layer, id: Number(id) } : null;
    this.panel = query.has("details");
    this.act = !this.selection && /^\d+$/.test(query.get("act") || "") ? Number(query.get("act")) : null; // a legal act in the panel
    const years = (query.get("compare") || "").split(",").map(Number);
    this.compare = years.length === 2 && years.every((year) => year >= 1900 && year <= 2100) ? { years, plans: [0, 1].map((i) => query.getAll("plans")[i] || "") } : null;
    this.table = this.layerNames.includes(query.get("table")) ? query.get("table") : null;
    this.charts = query.has("charts"); // the drawer shows charts and not the table
    this.here = query.has("here");
    this.measure = query.get("measure") || "";
    this.filters = {}; // layer -> [[field, value], …]
    for (const [key, value] of query) {
      const [name, field] = key.split(".");
      if (field && Object.hasOwn(this.opensWith, name)) (this.filters[name] ||= []).push([field, value]);
    }
    for (const name of this.layerNames) {
      for (const [field, values] of Object.entries(this.opensWith[name])) {
        if (!this.filter(name, field)) (this.filters[name] ||= []).push(...values.map((value) => [field, value]));
      }
    }
  }

  /* The values a filter of a layer lists, or null when the field is not filtered. */
  filter(layer, field) {
    const values = (this.filters[layer] || []).filter(([name]) => name === field).map(([, value]) => value);
    return values.length ? values : null;
  }

  setFilter(layer, field, values) {
    const others = (this.filters[layer] || []).filter(([name]) => name !== field);
    this.update({ filters: { ...this.filters, [layer]: [...others, ...(values || []).map((value) => [field, value])] } }, { push: true });
  }

  /* Whether a field shows what it opens with: no filter worth telling. */
  isUsual(layer, field) {
    return String(this.filter(layer, field) || "") === String(this.opensWith[layer][field] || "");
  }

  /* The fields of a layer that are filtered otherwise than when it opens. */
  filtered(layer) {
    const fields = new Set([...(this.filters[layer] || []).map(([field]) => field), ...Object.keys(this.opensWith[layer])]);
    return [...fields].filter((field) => !this.isUsual(layer, field));
  }

  /* What a layer is filtered by when its filters are cleared. */
  usual(layer) {
    return Object.entries(this.opensWith[layer]).flatMap(([field, values]) => values.map((value) => [field, value]));
  }

  clearFilters() {
    this.update({ filters: Object.fromEntries(Object.keys(this.opensWith).map((scope) => [scope, this.usual(scope)])) }, { push: true });
  }

  /* All that filters a layer: its own filters and those of every layer. */
  pairs(layer) { return [...(this.filters[layer] || []), ...(this.filters[ALL] || [])]; }

  filterQuery(layer) { return new URLSearchParams(this.pairs(layer)).toString(); }

  update(changes, { push = false } = {}) {
    Object.assign(this, changes);
    this._write(push);
    this.tell(Object.keys(changes));
  }

  tell(names) { this.dispatchEvent(new CustomEvent("change", { detail: new Set(names) })); }

  on(name, listener) {
    this.addEventListener("change", (event) => { if (event.detail.has(name)) listener(); });
  }

  address() {
    const query = new URLSearchParams(location.search);
    for (const key of [...query.keys()]) {
      if (key.includes(".") || [...VIEW, "layers", "fade", "sel", "details", "act", "table", "charts", "here", "measure", "compare", "plans", "q"].includes(key)) query.delete(key);
    }
    if (this.view) {
      query.set("z", this.view.z);
      query.set("lat", this.view.lat.toFixed(5)); query.set("lon", this.view.lon.toFixed(5));
    }
    if (this.layers) query.set("layers", this.layers.join(","));
    const fade = Object.entries(this.fade).filter(([, percent]) => Number(percent) < 100).map((pair) => pair.join(":"));
    if (fade.length) query.set("fade", fade.join(","));
    for (const [layer, pairs] of Object.entries(this.filters)) {
      for (const [field, value] of pairs) if (!this.isUsual(layer, field)) query.append(`${layer}.${field}`, value);
    }
    if (this.selection) query.set("sel", `${this.selection.layer}:${this.selection.id}`);
    if (this.selection && this.panel) query.set("details", "");
    if (this.act && !this.selection) query.set("act", this.act);
    if (this.table) {
      query.set("table", this.table);
      if (this.charts) query.set("charts", "");
      if (this.here) query.set("here", "");
      if (this.charts && this.measure) query.set("measure", this.measure);
    }
    if (this.compare) {
      query.set("compare", this.compare.years.join(","));
      if (this.compare.plans.some(Boolean)) for (const plan of this.compare.plans) query.append("plans", plan);
    }
    const text = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
    return location.pathname + (text && "?" + text);
  }

  _write(push) {
    const address = this.address();
    if (address !== location.pathname + location.search) history[push ? "pushState" : "replaceState"](null, "", address);
    for (const link of document.querySelectorAll("[data-language]")) {
      const url = new URL(address, location.href);
      url.searchParams.set("lang", link.dataset.language);
      link.href = url.pathname + url.search;
    }
    for (const link of document.querySelectorAll('[data-keep-place="next"]')) {
      const url = new URL(link.href, location.href);
      url.searchParams.set("next", address);
      link.href = url.pathname + url.search;
    }
  }
}
