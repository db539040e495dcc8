/* A file made in the page, offered to be kept. */
import { element } from "../lib/texts.js";
import { chosen } from "./paper.js";

const KEPT = 10000; // ms until a file that was offered is forgotten

/**
 * A name for a file, from the title.
 *
 * @param {string} usual
 */
export const fileName = (usual) => (chosen.title || usual).replace(/[^\p{L}\p{N}]+/gu, "-");

/**
 * @param {Blob} blob
 * @param {string} download
 */
export function offer(blob, download) {
  const link = element("a", { href: URL.createObjectURL(blob), download });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT);
}
