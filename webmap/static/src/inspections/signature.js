/* The signature: drawn with a finger, kept on the phone until the server has it, for the words on the screen when it
   was drawn and for no others. */
import { byId } from "../lib/find.js";
import { save } from "./draft.js";
import { fields, store, text } from "./form.js";
import { offerEnd } from "./hours.js";
import { keep, list } from "../lib/kept.js";
import { isSame } from "./merging.js";
import { signaturePad } from "./pad.js";
import { sendKept } from "./photos.js";

const state = byId("signature-state");
/** @type {import("./merging.js").Content | null} the form when the last line was drawn; null while nobody has signed */
let signed = null;
const pad = signaturePad(byId("signature", HTMLCanvasElement), () => {
  offerEnd();
  signed = fields();
});

function clear() {
  pad.clear();
  signed = null;
}

/** Whether somebody has signed what stands on the form, or a signature is still on this phone. */
export async function isGiven() {
  const isWaiting = (await list(store)).some((thing) => thing.signature && !thing.refused);
  return signed !== null || isWaiting || state.dataset.signed === "valid";
}

/** Keep what was drawn on the phone; it goes to the server with the photos. */
export async function keepSignature() {
  if (!signed) return;
  const signature = { image: pad.image(), content: signed, edition: Number(text("edition")) };
  await keep({ visit: store, name: state.dataset.name, signature });
  clear();
  state.textContent = state.dataset.waiting ?? "";
}

/** @param {string} kind `valid`, `stale` or `none` */
function show(kind) {
  if (kind !== "none") state.textContent = (kind === "valid" ? state.dataset.kept : state.dataset.stale) ?? "";
  state.classList.toggle("is-stale", kind === "stale");
  state.dataset.signed = kind;
}

byId("clear-signature").addEventListener("click", clear);
byId("keep-signature").addEventListener("click", async () => {
  save(); // the words that were signed go to the server with the signature
  await keepSignature();
  sendKept();
});
document.addEventListener("visit-signed", (event) => {
  if (event instanceof CustomEvent) show(isSame(event.detail, fields()) ? "valid" : "stale");
});
document.addEventListener("visit-saved", (event) => {
  if (event instanceof CustomEvent) show(event.detail.signed);
});
