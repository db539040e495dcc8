/* What did not come, of any layer: one message however much is missing, for when the server is gone every layer misses something. */
import { clear, notice } from "../lib/notices.js";
import { t } from "../lib/texts.js";
/** @import { MvtLayer } from "./mvtlayer.js" */

/** @typedef {{ layer: MvtLayer, sentence: string, again: () => unknown }} Loss */

/** @type {Map<string, Loss>} sentence and layer -> what did not come and how to ask for it again */
const lost = new Map();
let told = "";
let wait = 0;
let later = 0;
const SOON = 4000; // ms until what is missing is asked for again, then twice as long each time
const LATEST = 60_000;

window.addEventListener("online", () => {
  wait = 0;
  askAgain();
});

/**
 * @param {MvtLayer} layer
 * @param {string} sentence with {layer}
 * @param {() => unknown} again
 */
export function lose(layer, sentence, again) {
  lost.set(sentence + layer.spec.name, { layer, sentence, again });
  tell();
  if (later) return;
  wait = Math.min(LATEST, wait ? 2 * wait : SOON);
  later = setTimeout(askAgain, wait);
}

/**
 * @param {MvtLayer} layer
 * @param {string} sentence
 */
export function regain(layer, sentence) {
  if (lost.delete(sentence + layer.spec.name)) tell();
  if (!lost.size) wait = 0;
}

function tell() {
  const losses = [...lost.values()];
  const text = said(losses);
  if (text === told) return;
  told = text;
  if (!text) {
    clear("lost");
    return;
  }
  const action = () => {
    const missing = [...lost.values()];
    told = "";
    missing.forEach(({ again }) => again());
  };
  notice("lost", text, { label: t("Retry"), action });
}

/** Without a word: the message stands until everything has come. */
function askAgain() {
  clearTimeout(later);
  later = 0;
  for (const { again } of [...lost.values()]) again();
}

/** @param {Loss[]} losses */
function said(losses) {
  const count = new Set(losses.map(({ layer }) => layer)).size;
  if (!count) return "";
  if (count === 1) return t(losses[0].sentence, { layer: losses[0].layer.spec.title });
  return t(
    "The server did not answer for {count} layers. View and filters are kept; check the connection and try again.",
    { count },
  );
}
