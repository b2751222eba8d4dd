// "Live session": the workout above is trained, and each thing that happens is answered at once.

import { readable } from "../parts/asking.js";
import { byId, el } from "../parts/dom.js";
import { errorView } from "../parts/error-view.js";
import { answerView, summaryView } from "./answer-view.js";
import { Controls } from "./controls.js";
import { signalLog } from "./signal-log.js";

export function mountLive({ coach, onWorkout }) {
  const section = byId("live");
  const view = {
    start: byId("live-start"),
    status: byId("live-status"),
    answer: byId("live-answer"),
    problem: byId("live-problem"),
    log: byId("live-log"),
  };
  let planned = undefined;
  let session = undefined;
  let heading = undefined;
  const controls = new Controls(tell);

  /** Runs what may be refused, and shows what is wrong with it. */
  async function attempt(work) {
    try {
      await work();
      view.problem.replaceChildren();
      controls.mark([]);
    } catch (error) {
      controls.mark(error.problems ?? []);
      view.problem.replaceChildren(errorView(readable(error), (pointer) => controls.find(pointer)));
    }
  }

  const start = () =>
    attempt(async () => {
      session?.cancel("another one begins");
      const { workout, request } = planned;
      session = await coach.startLiveSession({ profile: request, workout });
      heading = workout.title;
      view.log.replaceChildren();
      await send("start");
    });

  function tell(type, data) {
    return attempt(() => send(type, data));
  }

  /** Shows what comes first at the start, and what a signal is answered with. */
  async function send(type, data = {}) {
    const from = performance.now();
    const answer = type === "start" ? session.answer : await session.signal(type, data);
    const took = performance.now() - from;
    view.log.prepend(signalLog(type, data, answer, took));
    view.answer.replaceChildren(answerView(answer, took), ...(answer.summary ? [summaryView(answer.summary)] : []));
    view.status.textContent = `${heading}: ${answer.status}.`;
    section.dataset.state = answer.status;
    controls.follow(answer);
    view.start.textContent = "Start again";
  }

  onWorkout((workout, request) => {
    planned = { workout, request };
    view.start.disabled = false;
    if (section.dataset.state === "ready") view.status.textContent = `On “${workout.title}”, above.`;
  });
  view.start.addEventListener("click", start);
  view.status.textContent = "Needs a workout: generate one above.";
  view.answer.replaceChildren(el("p", { class: "empty" }, "What comes next will be here."));
  section.dataset.state = "ready";
}
