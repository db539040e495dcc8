/* The colours that belong to no layer: geodata's Inks, which folium's script hands over. All drawing takes them from here. */
import { namedColour } from "../lib/colours.js";
import { fixedRatio } from "./ratio.js";
/** @import { Inks } from "./types" */

/** @type {Inks} */
export const inks = { ink: "", faint: "", paper: "", accent: "", warning: "", alert: "", tick: "" };

/** What names and halos are written in: by the system's wish light on dark, on paper never. */
export const tones = () =>
  !fixedRatio() && document.documentElement.dataset.bsTheme === "dark"
    ? {
        label: namedColour("night-ink"),
        faint: namedColour("night-faint"),
        halo: namedColour("night-paper"),
        isDark: true,
      }
    : { label: inks.ink, faint: inks.faint, halo: inks.paper, isDark: false };

/**
 * A colour that is readable as a name on this ground.
 *
 * @param {string} colour #rrggbb
 */
export function asName(colour) {
  if (!tones().isDark) return colour;
  const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return (
    "#" +
    parts
      .map((part) =>
        Math.round(part + (255 - part) * 0.6)
          .toString(16)
          .padStart(2, "0"),
      )
      .join("")
  );
}

const DARK = 0.2; // of 0 to 1, below which a colour is lost by night

/**
 * What lies around a symbol of this colour, so that it stands out from the map.
 *
 * @param {string} colour #rrggbb
 */
export function rim(colour) {
  const { label, halo, isDark } = tones();
  return isDark && lightness(colour) < DARK ? label : halo;
}

/** @param {string} colour #rrggbb */
function lightness(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/** @param {Inks} given */
export function setInks(given) {
  Object.assign(inks, given);
}

/**
 * A colour with less than all of its strength.
 *
 * @param {string} colour #rrggbb
 * @param {number} share 0 to 1
 */
export const faded = (colour, share) =>
  colour +
  Math.round(255 * share)
    .toString(16)
    .padStart(2, "0");
