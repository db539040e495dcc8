/* Asking the server on the map page: shows that an answer is awaited, and tells when the login has ended. */
import { clear, loginChanged, notice } from "./notices.js";
import { element, t } from "./texts.js";

const SOON = 400, LONG = 8000; // ms until the bar moves, until words say why it still does
const bar = element("div", { class: "working", role: "progressbar", "aria-label": t("Loading"), hidden: true });
let open = 0, timers = [];

document.querySelector(".top-bar").append(bar);

/* Throws 401 when an answer was made for another role than the page: class numbers mean nothing to that one. */
function check(answer) {
  const mine = document.getElementById("notices")?.dataset.role, its = answer.headers.get("X-Role");
  if (answer.status === 401 || (mine && its && mine !== its)) throw Object.assign(new Error("login"), { status: 401, role: its });
}
window.webmap.check = check;

/* fetch() for all that this page asks. What is answered to another than the page was made for is thrown as 401. */
export async function ask(url, options) {
  const done = working();
  try {
    const answer = await fetch(url, options);
    try {
      check(answer);
    } catch (error) {
      loginChanged(error.role);
      throw error;
    }
    return answer;
  } finally {
    done();
  }
}

/* Say that work has begun; call what it returns when it is over. */
export function working() {
  let isOpen = true;
  if (!open++) timers = [setTimeout(() => { bar.hidden = false; }, SOON), setTimeout(() => notice("slow", t("The network is slow; the answer is still awaited. What you chose is kept.")), LONG)];
  return () => {
    if (!isOpen) return;
    isOpen = false;
    if (--open) return;
    timers.forEach(clearTimeout);
    bar.hidden = true;
    clear("slow");
  };
}
