// The list of events: new ones come on top, or, while an earlier time is shown, are only counted.
import { named } from "./account.js";

const MOST = 300;

export function history() {
  const rows = document.getElementById("event-rows"), paused = document.getElementById("paused");
  let unseen = 0;

  function template(html) {
    const made = document.createElement("template");
    made.innerHTML = html.join("");
    return made.content;
  }

  function add(html, whole) {
    const known = template(html);
    for (const row of [...known.children]) if (document.getElementById(row.id)) row.remove();
    const count = known.children.length;
    if (!count) return;
    if (!paused.hidden) {
      unseen += count;
      document.getElementById("unseen").textContent = `${unseen} newer.`;
      return;
    }
    if (!whole) for (const row of known.children) row.classList.add("new");
    for (const row of rows.querySelectorAll(".new")) row.classList.remove("new");
    rows.prepend(known);
    while (rows.children.length > MOST) rows.lastElementChild.remove();
  }

  async function load(url) {
    const answer = await fetch(named(url), { headers: { "X-Fragment": "1" } });
    if (!answer.ok) return null;
    const made = template([await answer.text()]);
    return { rows: made.querySelectorAll("li.event"), older: made.querySelector("[data-older]") };
  }

  async function upTo(id, label) {
    const found = await load(`/_sandbox/ui/events${id ? `?until=${encodeURIComponent(id)}` : ""}`);
    if (!found) return;
    paused.hidden = !label;
    document.getElementById("paused-at").textContent = label ?? "";
    unseen = 0;
    document.getElementById("unseen").textContent = "";
    rows.replaceChildren(...found.rows);
    older(found.older);
  }

  function older(link) {
    const here = document.getElementById("older");
    if (!here) return;
    here.hidden = !link;
    if (link) here.href = link.getAttribute("href");
  }

  document.addEventListener("click", async (event) => {
    const link = event.target.closest("#older");
    if (!link) return;
    event.preventDefault();
    const found = await load(link.href);
    if (!found) return;
    rows.append(...found.rows);
    older(found.older);
  });
  return { add, upTo };
}
