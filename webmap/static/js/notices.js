/* Short messages over the map: what went wrong, and the way out. One per key; they never pile up. */
import { element, t } from "./texts.js";

const shown = new Map();

/* `seconds`: how long a message that asks for nothing stays. */
export function notice(key, text, { action, label, link, seconds } = {}) {
  const same = shown.get(key);
  if (same?.firstChild.textContent === text && !seconds) { same.act = action; return; } // not to be read out again
  clear(key);
  const parts = [element("span", {}, text)];
  if (link) parts.push(element("a", { class: "btn", href: link }, label));
  if (action) parts.push(element("button", { class: "btn", type: "button", click: () => { clear(key); box.act(); } }, label));
  parts.push(element("button", { class: "btn-close btn-close-white", type: "button", "aria-label": t("Close"), click: () => clear(key) }));
  const box = element("div", { class: "notice" }, ...parts);
  box.act = action;
  shown.set(key, box);
  document.getElementById("notices").append(box);
  if (seconds) setTimeout(() => { if (shown.get(key) === box) clear(key); }, seconds * 1000);
}

export function clear(key) {
  shown.get(key)?.remove();
  shown.delete(key);
}

const loginAddress = () => `${window.webmap.page.config.addresses.login}?next=${encodeURIComponent(location.pathname + location.search)}`;

/* The page's account is not the one that the server sees (`role`): it was signed out, or signed in on another tab. */
export function loginChanged(role) {
  if (shown.has("session")) return;
  if (!role || role === "public") notice("session", t("Your session has ended. Sign in to go on; view and filters are kept."), { label: t("Sign in"), link: loginAddress() });
  else notice("session", t("You are signed in otherwise now. Load the page again; view and filters are kept."), { label: t("Load again"), link: location.href });
}

/* What to say of a request that failed: the way to the login, or `text` with the button that tries again. */
export function failure(error, text, retry) {
  const wayOut = error?.status === 401 ? element("a", { class: "btn btn-sm btn-outline-primary", href: loginAddress() }, t("Sign in"))
    : element("button", { class: "btn btn-sm btn-outline-primary", type: "button", click: retry }, t("Retry"));
  return [error?.status === 401 ? t("Your session has ended.") : text, " ", wayOut];
}

export function watchNetwork() {
  window.addEventListener("offline", () => notice("offline", t("You are offline. What is already on the map stays.")));
  window.addEventListener("online", () => clear("offline"));
}
