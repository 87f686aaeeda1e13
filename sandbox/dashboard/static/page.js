// Loads what makes the page live when its first picture is on the screen: until then, reading scripts would only delay it.
const SCRIPTS = import.meta.url.replace(/[^/]*$/, "");

function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, 500); // a hidden page is not painted
  });
}

function library(path) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, { src: SCRIPTS + path, onload: resolve, onerror: reject });
    document.head.append(script);
  });
}

await painted();
await library("vendor/idiomorph-0.7.3/idiomorph.min.js");
await import("./live.js");
document.documentElement.dataset.live = ""; // clicks do from now on what they say
