/* What the tools ask, as their bar in the page says. */
import { byId } from "../lib/find.js";

/** @returns {{ around: string, inside: string, years: string, selects: Record<string, string> }} */
export const toolAddresses = () => JSON.parse(byId("tool-set").dataset.addresses ?? "{}");
