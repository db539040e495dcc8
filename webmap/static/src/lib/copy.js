/* Buttons that copy: data-copy holds the text, data-copy-link means this page's address. Says so for screen readers too. */
import { target } from "./find.js";
import { notice } from "./notices.js";
import { element, t } from "./texts.js";

export function startCopying() {
  document.addEventListener("click", async (event) => {
    const button = target(event).closest("[data-copy], [data-copy-link]");
    if (!(button instanceof HTMLElement)) return;
    const text = button.dataset.copy ?? location.href;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      copyBySelection(text); // the clipboard needs https; a department's LAN may not have it
    }
    notice("copied", t("Copied."), { seconds: 3 });
  });
}

/** @param {string} text */
function copyBySelection(text) {
  const area = element("textarea", { class: "visually-hidden" });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
