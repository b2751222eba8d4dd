// "Programme": the coach's request, the days of a week and a first day become twelve weeks.

import { today } from "../coach/export-row.js";
import { asking } from "../parts/asking.js";
import { byId, el, numbersIn } from "../parts/dom.js";
import { programmeView } from "./programme-view.js";

export function mountProgramme({ coach, form: session }) {
  const form = byId("programme-form");
  const view = {
    section: byId("programme"),
    form,
    button: byId("programme-run"),
    status: byId("programme-status"),
    result: byId("programme-result"),
  };
  form.elements.startDate.value = today(1);

  async function ask() {
    const { daysPerWeek, startDate } = form.elements;
    const request = {
      ...session.read(),
      ...numbersIn([daysPerWeek]),
      ...(startDate.value !== "" && { startDate: startDate.value }),
    };
    const programme = await coach.createProgressiveProgram(request);
    return { title: programme.title, content: programmeView(coach, programme) };
  }

  // What is not asked here is asked by the coach's form.
  asking(view, ask, (pointer) => form.querySelector(`[name="${CSS.escape(pointer.slice(1))}"]`), session);
  view.status.textContent = "From the request of the coach, above.";
  view.result.replaceChildren(el("p", { class: "empty" }, "Twelve weeks, in three phases of four."));
}
