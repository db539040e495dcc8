/* Short messages over the map: what went wrong, and the way out. One per key; they never pile up. */
import { byId } from "./find.js";
import { element, t } from "./texts.js";

/** @type {Map<string, { box: HTMLElement, text: string, act: (() => unknown) | undefined }>} */
const shown = new Map();

/**
 * @param {string} key
 * @param {string} text
 * @param {{ action?: () => unknown, label?: string, link?: string, seconds?: number }} options `seconds`: how long a
 *   message that asks for nothing stays
 */
export function notice(key, text, { action, label, link, seconds } = {}) {
  const same = shown.get(key);
  if (same?.text === text && !seconds) {
    same.act = action; // not to be read out again
    return;
  }
  clear(key);
  const act = () => {
    const told = shown.get(key);
    clear(key);
    told?.act?.();
  };
  const close = {
    class: "btn-close btn-close-white",
    type: "button",
    "aria-label": t("Close"),
    click: () => clear(key),
  };
  const box = element(
    "div",
    { class: "notice" },
    element("span", {}, text),
    link ? element("a", { class: "btn", href: link }, label) : null,
    action ? element("button", { class: "btn", type: "button", click: act }, label) : null,
    element("button", close),
  );
  shown.set(key, { box, text, act: action });
  byId("notices").append(box);
  if (seconds) setTimeout(() => shown.get(key)?.box === box && clear(key), seconds * 1000);
}

/** @param {string} key */
export function clear(key) {
  shown.get(key)?.box.remove();
  shown.delete(key);
}

const loginAddress = () =>
  `${byId("notices").dataset.login}?next=${encodeURIComponent(location.pathname + location.search)}`;

/**
 * What is asked for is there, but for others: say so, with the way to the login, which leads back here.
 *
 * @param {string} key
 * @param {string} text the server's
 */
export function signInFor(key, text) {
  notice(key, text, { label: t("Sign in"), link: loginAddress() });
}

/**
 * The page's account is not the one that the server sees (`role`): it was signed out, or signed in on another tab.
 *
 * @param {string | null | undefined} role
 */
export function loginChanged(role) {
  if (shown.has("session")) return;
  if (!role || role === "public") {
    const text = t("Your session has ended. Sign in to go on; view and filters are kept.");
    notice("session", text, { label: t("Sign in"), link: loginAddress() });
  } else {
    const text = t("You are signed in otherwise now. Load the page again; view and filters are kept.");
    notice("session", text, { label: t("Load again"), link: location.href });
  }
}

/**
 * What to say of a request that failed: the way to the login, or `text` with the button that tries again.
 *
 * @param {unknown} error
 * @param {string} text
 * @param {() => unknown} retry
 * @returns {(Node | string)[]}
 */
export function failure(error, text, retry) {
  const kind = "btn btn-sm btn-outline-primary";
  const isOut = error instanceof Error && "status" in error && error.status === 401;
  if (isOut)
    return [t("Your session has ended."), " ", element("a", { class: kind, href: loginAddress() }, t("Sign in"))];
  return [text, " ", element("button", { class: kind, type: "button", click: retry }, t("Retry"))];
}

export function watchNetwork() {
  window.addEventListener("offline", () => notice("offline", t("You are offline. What is already on the map stays.")));
  window.addEventListener("online", () => clear("offline"));
}
