// Forms with data-post or data-put: sent as JSON with the header that no other page can send. What went wrong is shown in the form.
import { named } from "./account.js";

export function listen() {
  document.addEventListener("submit", (event) => {
    const form = event.target, url = form.dataset.post ?? form.dataset.put;
    if (!url) return;
    event.preventDefault();
    if (form.dataset.confirm && !confirm(`${form.dataset.confirm}\n\nDo it?`)) return;
    send(form, url);
  });
  let typing = null;
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form?.dataset.refresh || !("refreshes" in event.target.dataset)) return;
    clearTimeout(typing);
    typing = setTimeout(() => refresh(form), event.target.tagName === "SELECT" ? 0 : 250);
  });
}

async function send(form, url) {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch(named(url), {
      method: form.dataset.put ? "PUT" : "POST",
      headers: { "Content-Type": "application/json", "X-Sandbox-Client": "page" },
      body: JSON.stringify(values(form)),
    });
    const told = await answer.json();
    if (answer.ok) done(form, told);
    else problem(form, told.next ? `${told.error} Next: ${told.next}` : told.error);
  } catch {
    problem(form, "The control plane does not answer: nothing was changed that is known.");
  } finally {
    button.disabled = false;
  }
}

// {kind, targets: [...], for, parameters: {...}} of the form's fields. Empty texts are left out.
function values(form) {
  const found = {};
  for (const element of form.elements) {
    if (!element.name) continue;
    if (element.type === "checkbox") found[element.name] = element.checked;
    else if (element.multiple) found[element.name] = [...element.selectedOptions].map((option) => option.value);
    else if (element.value === "") continue;
    else if (element.name.startsWith("parameters.")) (found.parameters ??= {})[element.name.slice(11)] = element.value;
    else found[element.name] = element.dataset.type === "number" ? Number(element.value) : element.value;
  }
  return found;
}

function done(form, told) {
  problem(form, null);
  say((form.dataset.done ?? "").replace(/\{(\w+)\}/g, (_, name) => told[name] ?? ""));
  const dialog = form.closest("dialog");
  if (dialog) dialog.close();
}

function problem(form, sentence) {
  const place = form.querySelector("[data-problem]");
  if (!place) { if (sentence) say(sentence, true); return; }
  place.hidden = !sentence;
  place.textContent = sentence ? `✖ ${sentence}` : "";
}

let quiet = null;
function say(sentence, bad) {
  const place = document.getElementById("said");
  if (!sentence || !place) return;
  place.textContent = bad ? `✖ ${sentence}` : sentence;
  place.hidden = false;
  clearTimeout(quiet);
  quiet = setTimeout(() => { place.hidden = true; }, 6000);
}

// The fields and commands of the form for what is chosen now, rendered by the server.
async function refresh(form) {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) query.append(name, value);
  const answer = await fetch(named(`${form.dataset.refresh}?${query}`), { headers: { "X-Fragment": "1", Accept: "text/html" } });
  if (answer.ok && form.isConnected) Idiomorph.morph(form, await answer.text(), { morphStyle: "outerHTML", ignoreActiveValue: true });
}
