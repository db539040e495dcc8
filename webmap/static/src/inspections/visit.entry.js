/* The visit form on a phone in a yard: everything is kept on the phone at once and sent a moment later. */
import { byId, findAll } from "../lib/find.js";
import "./catalogue.js";
import { flush, save } from "./draft.js";
import "./findings.js";
import { changed, form, onChange } from "./form.js";
import { offerEnd } from "./hours.js";
import { nameFindings, sendKept } from "./photos.js";
import "./place.js";
import "./previous.js";
import { isGiven, keepSignature } from "./signature.js";

let isReady = false;

for (const link of findAll("[data-go]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const found = form.elements.namedItem(link.dataset.go ?? "");
    const element = found instanceof RadioNodeList ? found[0] : found;
    if (!(element instanceof HTMLElement)) return;
    element.closest("details")?.setAttribute("open", "");
    element.scrollIntoView({ block: "center" });
    element.focus();
  });
}

form.addEventListener("input", changed);
form.addEventListener("change", (event) => {
  if (event.target instanceof Element && event.target.getAttribute("name")) changed();
});
onChange(nameFindings);
window.addEventListener("online", save);

/**
 * Pictures go first, then the words, then the end: a finished visit takes no more.
 *
 * @param {HTMLButtonElement} submitter
 */
async function finish(submitter) {
  submitter.disabled = true;
  try {
    if (!(await isGiven())) offerEnd(); // what was signed says its end already; a new one would not be covered
    await keepSignature();
    if (await sendKept()) {
      save();
      byId("photo-state").scrollIntoView({ block: "center" });
      return;
    }
    if (!(await flush())) return;
    isReady = true;
  } finally {
    submitter.disabled = false;
  }
  form.requestSubmit(submitter);
}

form.addEventListener("submit", (event) => {
  if (isReady) return;
  event.preventDefault();
  const { submitter } = event;
  if (submitter instanceof HTMLButtonElement && submitter.value === "finish") finish(submitter);
  else flush();
});
