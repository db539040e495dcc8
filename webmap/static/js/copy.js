/* Buttons that copy: data-copy holds the text, data-copy-link means this page's address. Says so for screen readers too. */
import { notice } from "./notices.js";
import { t } from "./texts.js";

export function startCopying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-copy-link]");
    if (!button) return;
    const text = button.dataset.copy ?? location.href;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      copyBySelection(text); // the clipboard needs https; a department's LAN may not have it
    }
    notice("copied", t("Copied."), { seconds: 3 });
  });
}

function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
