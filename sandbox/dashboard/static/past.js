// The page as of an earlier event, rendered by the server from the journal. Meanwhile, what comes from the stream is only counted.
import { named } from "./account.js";

export function past(events, back) {
  const main = document.getElementById("main");
  let wanted = null;

  async function show(url) {
    wanted = url;
    const answer = await fetch(named(url), { headers: { "X-Fragment": "1", Accept: "text/html" } });
    if (!answer.ok || wanted !== url) return; // another moment was chosen meanwhile
    const made = document.createElement("template");
    made.innerHTML = await answer.text();
    const note = made.content.getElementById("past");
    for (const id of ["past", "state"]) Idiomorph.morph(document.getElementById(id), made.content.getElementById(id), { morphStyle: "outerHTML" });
    main.classList.add("past");
    main.dataset.moment = note.dataset.moment;
    await events.upTo(note.dataset.at, note.dataset.label);
  }

  async function live() {
    wanted = null;
    main.classList.remove("past");
    delete main.dataset.moment;
    document.getElementById("past").hidden = true;
    const scroll = document.getElementById("scroll");
    if (scroll) scroll.value = scroll.max;
    await events.upTo(null, null);
    back();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-at-event]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    link.closest("dialog")?.close();
    show(link.href);
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-back]")) return;
    event.preventDefault();
    live();
  });
  document.addEventListener("change", (event) => {
    if (event.target.id !== "scroll") return;
    const ids = event.target.dataset.ids.split(" "), step = Number(event.target.value);
    if (step === ids.length - 1) live();
    else if (ids[step]) show(`${event.target.dataset.url}/${ids[step]}`);
  });
  return { get shown() { return main.classList.contains("past"); } };
}
