// The page: loads the package, then sets its sections up.

import { mountCoach } from "./coach/section.js";
import { mountGroup } from "./group/section.js";
import { mountLive } from "./live/section.js";
import { byId } from "./parts/dom.js";
import { errorView } from "./parts/error-view.js";
import { mountPlayground } from "./playground/section.js";
import { mountProgramme } from "./programme/section.js";

/** `loading`, `ready`, `done` or `error`: where the page, and then the coach's last request, is. */
function setState(state) {
  document.documentElement.dataset.state = state;
}

try {
  // Not a static import: a page without its package should say so.
  const repflow = await import("./pkg/entry-browser.js");
  const coach = mountCoach(repflow, setState);
  mountProgramme(coach);
  mountLive(coach);
  mountGroup(coach);
  mountPlayground(repflow);
  setState("ready");
} catch (error) {
  byId("coach-result").replaceChildren(errorView(error));
  byId("coach-status").textContent = "The package could not be loaded.";
  setState("error");
}
