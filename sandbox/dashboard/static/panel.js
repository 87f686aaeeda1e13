// Links with data-panel open in a dialog; without scripts, they are pages of their own.
export function panel() {
  const dialog = document.getElementById("panel");
  if (!dialog) return;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-panel]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(link.href);
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}

export async function show(url) {
  const dialog = document.getElementById("panel"), content = document.getElementById("panel-content");
  try {
    const answer = await fetch(url, { headers: { "X-Fragment": "1", Accept: "text/html" } });
    if (answer.ok) content.innerHTML = await answer.text();
    else content.textContent = (await answer.json()).error;
  } catch {
    content.textContent = "The control plane does not answer.";
  }
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}
