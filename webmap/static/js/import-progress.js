/* Asks each second how far the background is, and goes on when it is done. Closing the page stops nothing. */
const box = document.getElementById("import-progress");
const part = (name) => document.getElementById(name);
const note = part("progress-note");

function say(message, link) {
  note.hidden = !message;
  note.textContent = message;
  if (!link) return;
  const anchor = document.createElement("a");
  anchor.href = link;
  anchor.textContent = box.dataset.signIn;
  anchor.className = "alert-link ms-2";
  note.append(anchor);
}

function show(state) {
  part("progress-step").textContent = state.step;
  part("progress-rows").textContent = state.rows;
  part("progress-left").textContent = state.left;
  part("no-worker").hidden = state.worker || !state.waiting;
  const bar = part("progress-bar");
  if (state.share === null) bar.removeAttribute("value");
  else bar.value = state.share;
}

async function look() {
  let wait = 1000;
  try {
    const answer = await fetch(box.dataset.state, { headers: { Accept: "application/json" } });
    if (answer.status === 401) { say(box.dataset.ended, box.dataset.login); return; }
    if (!answer.ok) throw new Error(answer.status);
    const state = await answer.json();
    say("");
    show(state);
    if (!state.working) { location.replace(state.next); return; }
  } catch {
    say(box.dataset.lost);
    wait = 4000;
  }
  setTimeout(look, wait);
}

setTimeout(look, 400);
