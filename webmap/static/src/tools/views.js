/* Views of one's own: a name for an address of this page; and the link to it for everybody. */
import { ask, AskError, statusOf } from "../lib/ask.js";
import { byId, find } from "../lib/find.js";
import { failure } from "../lib/notices.js";
import { element, t } from "../lib/texts.js";
import { followButton, startFollowing } from "./following.js";
/** @import { State } from "../map/state.js" */

/** @typedef {{ id: number, name: string, address: string, follow: number | null }} View */

const SMALL = "form-control form-control-sm";

/** @param {State} state */
export function startViews(state) {
  const note = byId("view-note");
  find("[data-copy-link]").addEventListener("click", async () => {
    const value = new URL(state.address(), location.href).href;
    try {
      await navigator.clipboard.writeText(value);
      note.textContent = t("The link is copied.");
    } catch {
      // no clipboard without https: show the link to be copied by hand
      const label = t("Copy this link");
      const box = element("input", { class: SMALL, type: "text", readonly: true, value, "aria-label": label });
      note.replaceChildren(box);
      box.select();
    }
  });
  startFollowing(state);
  const form = document.getElementById("view-form");
  if (form instanceof HTMLFormElement) new Views(state, form, note).start();
}

class Views {
  #list = byId("view-list");

  /**
   * @param {State} state
   * @param {HTMLFormElement} form
   * @param {HTMLElement} note
   */
  constructor(state, form, note) {
    this.state = state;
    this.form = form;
    this.note = note;
    this.box = find("[name=name]", form, HTMLInputElement);
    this.token = find("[name=csrf_token]", form, HTMLInputElement).value;
    this.address = form.dataset.views ?? "";
  }

  start() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    byId("tab-filters").addEventListener("click", () => this.#load(), { once: true });
  }

  /**
   * @param {string} address
   * @param {RequestInit} options
   * @returns {Promise<{ views: View[] }>}
   */
  async #ask(address, options = {}) {
    const headers = { "X-CSRFToken": this.token, Accept: "application/json" };
    const answer = await ask(address, { ...options, headers });
    if (!answer.ok) throw new AskError(answer.statusText, { status: answer.status });
    return answer.json();
  }

  /** @param {View[]} views */
  #show(views) {
    const where = find("[data-follow][data-here]").dataset.follow ?? "";
    const rows = views.map(({ id, name, address, follow }) => {
      const label = t("Delete the view “{name}”", { name });
      const close = { class: "btn-close", type: "button", "aria-label": label, click: () => this.#remove(id) };
      const acts = element("span", {}, followButton({ name, address, follow }, where), element("button", close));
      return element("li", {}, element("a", { href: address }, name), acts);
    });
    const empty = element("li", { class: "empty" }, t("No saved views yet."));
    this.#list.replaceChildren(...(rows.length ? rows : [empty]));
  }

  /**
   * Return whether it was done.
   *
   * @param {Promise<{ views: View[] }>} asked
   * @param {string} said
   * @param {string} failed
   */
  async #change(asked, said, failed) {
    try {
      this.#show((await asked).views);
      this.note.textContent = said;
      return true;
    } catch (error) {
      const isOut = statusOf(error) === 401;
      this.note.textContent = isOut ? t("Your session has ended. Sign in and do it once more.") : failed;
      return false;
    }
  }

  /** @param {number} id */
  #remove(id) {
    const failed = t("The view could not be deleted. Check the connection and try again.");
    return this.#change(this.#ask(`${this.address}/${id}`, { method: "DELETE" }), "", failed);
  }

  async #save() {
    const button = find("[type=submit]", this.form, HTMLButtonElement);
    const body = new FormData();
    body.set("name", this.box.value.trim());
    body.set("address", this.state.address());
    this.note.textContent = t("Saving…");
    button.disabled = true;
    const failed = t("The view could not be saved. Check the connection and try again.");
    if (await this.#change(this.#ask(this.address, { method: "POST", body }), t("Saved."), failed)) this.box.value = "";
    button.disabled = false;
  }

  async #load() {
    try {
      this.#show((await this.#ask(this.address)).views);
    } catch (error) {
      const said = failure(error, t("The saved views could not be loaded."), () => this.#load());
      this.#list.replaceChildren(element("li", { class: "empty" }, ...said));
    }
  }
}
