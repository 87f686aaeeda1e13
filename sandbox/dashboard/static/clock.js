// The sandbox's clock, and the time left of faults: computed from the last message, shown each second.
let now = 0, at = 0, speed = 1;

function sandboxNow() { return now + (performance.now() - at) * speed; }

function left(until) {
  const moment = document.getElementById("main")?.dataset.moment; // an earlier one is shown, which stands still
  const seconds = Math.round((Date.parse(until) - (moment ? Date.parse(moment) : sandboxNow())) / 1000);
  if (seconds <= 0) return "ending";
  const hours = Math.floor(seconds / 3600), minutes = Math.floor((seconds % 3600) / 60);
  const parts = [hours && `${hours}h`, minutes && `${minutes}m`, `${seconds % 60}s`];
  return `${parts.filter(Boolean).join(" ")} left`;
}

export const clock = {
  set(message) { now = Date.parse(message.now); at = performance.now(); speed = message.speed; },
  show() {
    if (document.body.classList.contains("lost-now")) return; // it is not known
    document.getElementById("clock").textContent = new Date(sandboxNow()).toISOString().slice(11, 19);
    for (const element of document.querySelectorAll("[data-until]")) element.textContent = left(element.dataset.until);
  },
  start() {
    const element = document.getElementById("clock");
    clock.set({ now: element.dataset.now, speed: Number(element.dataset.speed) });
    clock.show();
    setInterval(clock.show, 1000);
  },
};
