/* What the page says of the network's tool; nothing for who may not see the network. */

/**
 * @typedef {object} GridSettings
 * @property {string} address
 * @property {string} impact
 * @property {string} page
 * @property {string} method
 * @property {number} this_year
 * @property {number} last_year
 * @property {{ value: string, label: string }[]} scenarios
 * @property {[string, string][]} circuits tone and label, in their order
 * @property {[string, string][]} stations
 */

/** @returns {GridSettings | null} */
export const gridSettings = () => JSON.parse(document.getElementById("tool-set")?.dataset.grid ?? "null");
