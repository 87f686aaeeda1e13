// One stream of server-sent events. It ends while the page is hidden, because a browser opens only six connections to one address.
import { named } from "./account.js";

const SILENCE = 12000; // real milliseconds without any message: the control plane does not answer (it sends one each 5 s)
const AGAIN = 2000;

export function connect(url, last, on) {
  let source = null, heard = Date.now(), timer = null;
  const lost = document.getElementById("lost"), since = document.getElementById("lost-since");

  function open() {
    close();
    heard = Date.now();
    source = new EventSource(named(last ? `${url}?after=${encodeURIComponent(last)}` : url));
    source.addEventListener("change", (event) => take(event, on.change));
    source.addEventListener("tick", (event) => take(event, on.tick));
    source.onerror = () => {
      missing();
      if (source && source.readyState === EventSource.CLOSED) again();
    };
  }

  function take(event, act) {
    heard = Date.now();
    if (event.lastEventId) last = event.lastEventId;
    lost.hidden = true;
    document.body.classList.remove("lost-now");
    act(JSON.parse(event.data));
  }

  function missing() {
    if (!lost.hidden) return;
    since.textContent = new Date(heard).toLocaleTimeString();
    lost.hidden = false;
    document.body.classList.add("lost-now");
  }

  function again() {
    clearTimeout(timer);
    timer = setTimeout(() => { if (!document.hidden) open(); }, AGAIN);
  }

  function close() {
    clearTimeout(timer);
    if (source) source.close();
    source = null;
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  addEventListener("pagehide", close);
  setInterval(() => {
    if (source && Date.now() - heard > SILENCE) { missing(); open(); }
  }, 1000);
  open();
  return { again: open }; // which brings the whole state
}
