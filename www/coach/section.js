// "Ask the coach": a request goes in, and what the engine did and the workout come out.

import { readable } from "../parts/asking.js";
import { byId, el } from "../parts/dom.js";
import { errorView } from "../parts/error-view.js";
import { eventLog } from "../parts/event-log.js";
import { RunLog } from "../parts/run-log.js";
import { now } from "../parts/time.js";
import { drawTimeline, follow, summary } from "../parts/timeline.js";
import { checksView } from "./checks.js";
import { workoutExports } from "./export-row.js";
import { RequestForm } from "./request-form.js";
import { slowBus } from "./slow-motion.js";
import { workoutView } from "./workout-view.js";

/**
 * Gives what the other sections go on from: the coach, the form with the request, and `onWorkout`, which hears of each
 * workout and of the request it is for.
 * @param {(state: "loading" | "done" | "error") => void} onState hears how the last request goes
 */
export function mountCoach(repflow, onState) {
  const view = {
    run: byId("coach-run"),
    cancel: byId("coach-cancel"),
    slow: byId("coach-slow"),
    status: byId("coach-status"),
    timeline: byId("coach-timeline"),
    events: byId("coach-events"),
    result: byId("coach-result"),
  };
  const atSpeed = new repflow.AdvancedWorkflowIntegration();
  let inSlowMotion = undefined;
  let controller = undefined;
  const listeners = [];

  async function integration() {
    if (!view.slow.checked) return atSpeed;
    inSlowMotion ??= new repflow.AdvancedWorkflowIntegration({ bus: await slowBus(repflow) });
    return inSlowMotion;
  }

  async function generate() {
    if (controller !== undefined) return;
    controller = new AbortController();
    onState("loading");
    view.run.disabled = true;
    view.cancel.disabled = false;
    view.status.textContent = "The engine is at work …";
    view.result.setAttribute("aria-busy", "true");
    view.events.replaceChildren();
    form.mark([]);
    reveal(view.status.closest(".panel"));
    const log = new RunLog();
    let drawLast = () => drawTimeline(view.timeline, log);
    try {
      const request = form.read();
      const { signal } = controller;
      const coach = await integration();
      drawLast = follow(view.timeline, log);
      const workout = await coach.generateComprehensiveWorkout(request, { signal, onEvent: (event) => log.add(event) });
      log.close(now(), "completed");
      const trains = workout.blocks.length > 0;
      const tools = trains ? [workoutExports(atSpeed, workout), checksView(atSpeed, workout, request)] : [];
      view.result.replaceChildren(workoutView(workout, tools));
      for (const listener of listeners) listener(workout, request);
      view.status.textContent = `${workout.title}: ${summary(log)}.`;
      onState("done");
    } catch (error) {
      log.close(now(), error.kind === "cancelled" ? "cancelled" : "failed");
      form.mark(error.problems ?? []);
      view.result.replaceChildren(errorView(readable(error), (pointer) => form.find(pointer)));
      view.status.textContent = log.startedAt === undefined ? "Refused: nothing was started." : `${summary(log)}.`;
      onState("error");
    } finally {
      drawLast();
      view.events.replaceChildren(...(log.events.length > 0 ? [eventLog(log)] : []));
      view.result.removeAttribute("aria-busy");
      view.run.disabled = false;
      view.cancel.disabled = true;
      controller = undefined;
    }
  }

  const form = new RequestForm(generate);
  view.cancel.addEventListener("click", () => controller?.abort(new DOMException("you pressed Cancel", "AbortError")));
  view.run.disabled = false;
  view.status.textContent = "Ready when you are.";
  view.result.replaceChildren(el("p", { class: "empty" }, "The workout will be here."));
  return { coach: atSpeed, form, onWorkout: (listener) => listeners.push(listener) };
}

/** On a small screen the answer is below the form, and on a large one it may be above what is seen. */
function reveal(panel) {
  const { top } = panel.getBoundingClientRect();
  if (top >= 0 && top < innerHeight / 2) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  panel.scrollIntoView({ behavior: calm ? "auto" : "smooth" });
}
