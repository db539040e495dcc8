/* Views of one's own: a name for an address of this page; and the link to it for everybody. */
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
    const answer = await fetch(address, { method, body, headers: { "X-CSRFToken": token, Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  };
  const show = ({ views }) => {
    list.replaceChildren(...views.map(({ id, name, address }) => element("li", {}, element("a", { href: address }, name),
      element("button", { class: "btn-close", type: "button", "aria-label": t("Delete the view “{name}”", { name }), click: () => change(() => ask(`${url}/${id}`, "DELETE")) }))));
    if (!views.length) list.append(element("li", { class: "empty" }, t("No saved views yet.")));
  };
  async function change(act, said = "") {
    try {
      show(await act());
      note.textContent = said;
    } catch {
      note.textContent = t("The view could not be saved.");
    }
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const body = new FormData();
    body.set("name", form.elements.name.value.trim());
    body.set("address", state.address());
    change(() => ask(url, "POST", body), t("Saved."));
    form.elements.name.value = "";
  });
  document.getElementById("tab-filters").addEventListener("click", () => change(() => ask(url)), { once: true });
}
