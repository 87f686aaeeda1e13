// Requests per second and CPU: texts by key. Something moves only where requests flow.
export const numbers = {
  show(texts) {
    for (const element of document.querySelectorAll("[data-number]")) {
      const text = texts[element.dataset.number];
      const shown = text === undefined ? "–" : text + (element.dataset.unit ?? "");
      if (element.textContent !== shown) element.textContent = shown;
    }
    for (const element of document.querySelectorAll("[data-flow]")) {
      element.classList.toggle("flowing", Number(texts[element.dataset.flow] ?? 0) > 0);
    }
  },
};
