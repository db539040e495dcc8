/* Views of one's own: a name for an address of this page; and the link to it for everybody. */
import { ask as request } from "./ask.js";
import { failure } from "./notices.js";
import { element, t } from "./texts.js";

export function startViews(state) {
  const form = document.getElementById("view-form"), list = document.getElementById("view-list"), note = document.getElementById("view-note");

  document.querySelector("[data-copy-link]").addEventListener("click", async () => {
    const address = new URL(state.address(), location.href).href;
    try {
      await navigator.clipboard.writeText(address);
      note.textContent = t("The link is copied.");
    } catch { // no clipboard without https: show the link to be copied by hand
      const box = element("input", { class: "form-control form-control-sm", type: "text", readonly: true, value: address, "aria-label": t("Copy this link") });
      note.replaceChildren(box);
      box.select();
    }
  });
  if (!form) return;
  const token = form.elements.csrf_token.value, url = form.dataset.views;
  const ask = async (address, method = "GET", body = undefined) => {
    const answer = await request(address, { method, body, headers: { "X-CSRFToken": token, Accept: "application/json" } });
    if (!answer.ok) throw Object.assign(new Error(answer.statusText), { status: answer.status });
    return answer.json();
  };
  const show = ({ views }) => {
    list.replaceChildren(...views.map(({ id, name, address }) => element("li", {}, element("a", { href: address }, name),
      element("button", { class: "btn-close", type: "button", "aria-label": t("Delete the view “{name}”", { name }), click: () => change(() => ask(`${url}/${id}`, "DELETE"), "", t("The view could not be deleted. Check the connection and try again.")) }))));
    if (!views.length) list.append(element("li", { class: "empty" }, t("No saved views yet.")));
  };
  /* Return whether it was done. */
  async function change(act, said, failed) {
    try {
      show(await act());
      note.textContent = said;
      return true;
    } catch (error) {
      note.textContent = error.status === 401 ? t("Your session has ended. Sign in and do it once more.") : failed;
      return false;
    }
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new FormData(), box = form.elements.name, save = form.querySelector("[type=submit]");
    body.set("name", box.value.trim());
    body.set("address", state.address());
    note.textContent = t("Saving…");
    save.disabled = true;
    if (await change(() => ask(url, "POST", body), t("Saved."), t("The view could not be saved. Check the connection and try again."))) box.value = "";
    save.disabled = false;
  });
  const load = async () => {
    try {
      show(await ask(url));
    } catch (error) {
      list.replaceChildren(element("li", { class: "empty" }, ...failure(error, t("The saved views could not be loaded."), load)));
    }
  };
  document.getElementById("tab-filters").addEventListener("click", load, { once: true });
}
