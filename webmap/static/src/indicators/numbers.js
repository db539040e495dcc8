/* Numbers as they are typed: in the page's writing, and of a pasted block in the one that the block itself proves. */
import { language } from "../lib/texts.js";

const WRITTEN = { vi: /^[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$/, en: /^[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?$/ };
const page = language === "en" ? "en" : "vi";
const other = page === "en" ? "vi" : "en";

/** @param {string} text without blanks, %, and with the minus of keyboards */
export const clean = (text) => text.replace(/[\s\u00a0\u202f%]/g, "").replace(/[\u2212\u2013]/g, "-");

/** @param {string} text */
export const isNumber = (text) => clean(text) === "" || WRITTEN[page].test(clean(text));

/**
 * The number without what separates thousands, so that spellings of one number are equal.
 *
 * @param {string} text
 */
export function plain(text) {
  const bare = clean(text).replaceAll(page === "vi" ? "." : ",", "");
  return bare.replace(page === "vi" ? "," : ".", ".").replace(/^\+/, "");
}

/** One sign before three digits: thousands or a fraction. @param {string} text */
const hasTwoReadings = (text) => /^[+-]?\d{1,3}[.,]\d{3}$/.test(text);

/**
 * The cells of a block in the page's writing, and whether they were written in the other one.
 *
 * @param {string[][]} block
 */
export function inPagesWriting(block) {
  const telling = block
    .flat()
    .map(clean)
    .filter((text) => /[.,]/.test(text) && !hasTwoReadings(text));
  const proves = (/** @type {"vi" | "en"} */ style) => telling.filter((text) => WRITTEN[style].test(text)).length;
  if (proves(other) <= proves(page)) return { block, isOther: false };
  const turned = (/** @type {string} */ text) => {
    const bare = clean(text);
    if (!WRITTEN[other].test(bare)) return text;
    return bare.replace(/[.,]/g, (sign) => (sign === "." ? "," : "."));
  };
  return { block: block.map((row) => row.map(turned)), isOther: true };
}

/**
 * The cells of what a spreadsheet puts on the clipboard: rows of lines, columns of tabs, quotes around cells with either.
 *
 * @param {string} text
 */
export function cellsOf(text) {
  const rows = [[""]];
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    const row = rows[rows.length - 1];
    const isStart = row[row.length - 1] === "";
    if (isQuoted && sign === '"' && text[at + 1] === '"') row[row.length - 1] += text[++at];
    else if (sign === '"' && (isQuoted || isStart)) isQuoted = !isQuoted;
    else if (sign === "\t" && !isQuoted) row.push("");
    else if (sign === "\n" && !isQuoted) rows.push([""]);
    else if (sign !== "\r") row[row.length - 1] += sign;
  }
  if (rows.length > 1 && rows[rows.length - 1].join("") === "") rows.pop();
  return rows;
}
