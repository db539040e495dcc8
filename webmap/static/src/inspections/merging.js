/* What two people wrote on one record: which words are sent, which come back into the form. No page is needed here. */

/** @typedef {Record<string, string>} Content the fields of a record by name, empty ones left out */
/** @typedef {{ name: string, label: string, mine: string, theirs: string, other: string }} Held a field nobody has settled */

/**
 * What is sent: what stands on the form, but for fields in conflict, which stay as the server has them.
 *
 * @param {Content} written
 * @param {Content} base what the server had
 * @param {Iterable<string>} held
 * @returns {Content}
 */
export function toSend(written, base, held) {
  const content = { ...written };
  for (const name of held) {
    if (base[name]) content[name] = base[name];
    else delete content[name];
  }
  return content;
}

/**
 * What the answer changes on the form: fields that others wrote and nobody has touched here since they were sent.
 *
 * @param {{ told: Content, sent: Content, now: Content, held: (name: string) => boolean }} states `now`: what would be sent now
 * @returns {Content} new values by name, an empty text for a field that was emptied
 */
export function arrivals({ told, sent, now, held }) {
  /** @type {Content} */
  const found = {};
  for (const name of new Set([...Object.keys(told), ...Object.keys(sent)])) {
    const value = told[name] || "";
    const isUntouched = (now[name] || "") === (sent[name] || "");
    if (!held(name) && isUntouched && (now[name] || "") !== value) found[name] = value;
  }
  return found;
}

/**
 * What a phone kept goes back into the form: fields that were emptied there are emptied here.
 *
 * @param {{ content: Content, base: Content }} kept
 * @param {Content} shown what stands on the form
 * @returns {Content}
 */
export function restored(kept, shown) {
  const emptied = Object.keys(shown).filter((name) => !(name in kept.content) && name in kept.base);
  return { ...Object.fromEntries(emptied.map((name) => [name, ""])), ...kept.content };
}

/**
 * Whether two contents say the same, in whatever order.
 *
 * @param {Content} one
 * @param {Content} other
 */
export function isSame(one, other) {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => (one[name] || "") === (other[name] || ""));
}
