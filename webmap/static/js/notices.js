/* Short messages over the map: what went wrong, and the way out. One per key; they never pile up. */
import { element, t } from "./texts.js";

const shown = new Map();

/* `seconds`: how long a message that asks for nothing stays. */
export function notice(key, text, { action, label, link, seconds } = {}) {
  clear(key);
  const parts = [element("span", {}, text)];
  if (link) parts.push(element("a", { class: "btn", href: link }, label));
  if (action) parts.push(element("button", { class: "btn", type: "button", click: () => { clear(key); action(); } }, label));
  parts.push(element("button", { class: "btn-close btn-close-white", type: "button", "aria-label": t("Close"), click: () => clear(key) }));
  const box = element("div", { class: "notice" }, ...parts);
  shown.set(key, box);
  document.getElementById("notices").append(box);
  if (seconds) setTimeout(() => { if (shown.get(key) === box) clear(key); }, seconds * 1000);
}

export function clear(key) {
  shown.get(key)?.remove();
  shown.delete(key);
}

/* An answer that says who is needed: 401 leads to the login and back to this place. */
export function sessionEnded(addresses) {
  const next = encodeURIComponent(location.pathname + location.search);
  notice("session", t("Your session has ended."), { label: t("Sign in"), link: `${addresses.login}?next=${next}` });
}

export function watchNetwork() {
  window.addEventListener("offline", () => notice("offline", t("You are offline. What is already on the map stays.")));
  window.addEventListener("online", () => clear("offline"));
}
