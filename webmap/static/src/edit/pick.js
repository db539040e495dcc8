/* References are picked by search: a code with the name of what it stands for. */
import { find, findAll } from "../lib/find.js";
import { element } from "../lib/texts.js";
import { choices } from "./server.js";

/**
 * @param {HTMLInputElement} input
 * @param {HTMLFormElement} form
 * @param {DOMStringMap} told
 */
function startOne(input, form, told) {
  const list = find(`#${CSS.escape(input.id)}-list`, form);
  const said = input.closest(".edit-field")?.querySelector("[data-reference-name]");
  const search = async () => {
    const text = input.value.trim();
    const address = (told.choices ?? "").replace("LAYER", input.dataset.refers ?? "");
    const found = text ? await choices(`${address}?${new URLSearchParams({ q: text })}`).catch(() => []) : [];
    list.replaceChildren(...found.map(({ code, name }) => element("option", { value: code }, name)));
    if (said) said.textContent = found.find(({ code }) => code === text)?.name ?? "";
  };
  input.addEventListener("input", search);
  input.addEventListener("change", search);
  search();
}

/**
 * @param {HTMLFormElement} form
 * @param {DOMStringMap} told where references are asked for
 */
export function startPicking(form, told = form.dataset) {
  for (const input of findAll("input[data-refers]", form))
    if (input instanceof HTMLInputElement) startOne(input, form, told);
}
