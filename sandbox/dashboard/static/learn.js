// A lesson: when the sandbox says that something changed, the server renders its steps again. Keeps no state of the sandbox.
import { named } from "./account.js";
import { connect } from "./stream.js";

const main = document.getElementById("learn");
const steps = () => document.getElementById("steps");
const PAUSE = 1000; // real milliseconds between two requests
let asked = 0, waiting = null;

if (steps()) {
  connect(main.dataset.learnStream, "", { change: soon, tick: soon });
  document.addEventListener("submit", () => { for (const after of [400, 1500]) setTimeout(show, after); });
  setInterval(() => { if (steps().hasAttribute("data-running") && !document.hidden) soon(); }, 2000);
}

function soon() {
  if (waiting) return;
  waiting = setTimeout(() => { waiting = null; show(); }, Math.max(0, asked + PAUSE - Date.now()));
}

async function show() {
  asked = Date.now();
  try {
    const answer = await fetch(named(steps().dataset.lesson), { headers: { "X-Fragment": "1", Accept: "text/html" } });
    if (answer.ok) put(await answer.text());
  } catch { /* stream.js says that the control plane does not answer */ }
}

// What a person has opened or focused stays.
function put(html) {
  const callbacks = { beforeAttributeUpdated: (name, node) => (name === "open" && node.tagName === "DETAILS" ? false : undefined) };
  if (window.Idiomorph) Idiomorph.morph(steps(), html, { morphStyle: "outerHTML", callbacks });
  else steps().outerHTML = html;
}
