// The live page: takes the stream of changes, and carries out what is clicked. The server renders everything. page.js loads it.
import { connect } from "./stream.js";
import { listen } from "./forms.js";
import { history } from "./history.js";
import { numbers } from "./numbers.js";
import { clock } from "./clock.js";
import { panel } from "./panel.js";
import { past } from "./past.js";

const main = document.getElementById("main");
panel();
listen();
if (main?.dataset.stream) {
  clock.start();
  const events = history(), earlier = past(events, () => stream.again());
  const stream = connect(main.dataset.stream, main.dataset.last, {
    change(message) {
      clock.set(message.clock);
      morph(earlier.shown ? { status: message.parts?.status } : message.parts ?? {});
      if (!earlier.shown) numbers.show(message.numbers);
      events.add(message.events ?? [], message.whole);
      clock.show();
    },
    tick(message) { clock.set(message.clock); },
  });
}

// Replaces elements by their new rendering. What a person has opened, typed or focused stays.
function morph(parts) {
  for (const [id, html] of Object.entries(parts)) {
    const element = document.getElementById(id);
    if (element && html) Idiomorph.morph(element, html, { morphStyle: "outerHTML", ignoreActiveValue: true, callbacks: { beforeAttributeUpdated } });
  }
}

function beforeAttributeUpdated(name, node) {
  if (name === "open" && node.tagName === "DETAILS") return false;
  return undefined;
}
