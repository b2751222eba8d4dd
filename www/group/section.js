// "Group": people and what there is to train with become stations, a rotation, and everybody's own workout.

import { asking } from "../parts/asking.js";
import { byId, el } from "../parts/dom.js";
import { GroupForm } from "./group-form.js";
import { groupView } from "./group-view.js";

export function mountGroup({ coach }) {
  const form = new GroupForm();
  const view = {
    section: byId("group"),
    form: byId("group-form"),
    button: byId("group-run"),
    status: byId("group-status"),
    result: byId("group-result"),
  };

  async function ask() {
    const group = await coach.createGroupWorkout(form.read());
    return { title: group.title, content: groupView(coach, group) };
  }

  asking(view, ask, (pointer) => form.field(pointer));
  view.status.textContent = "One clock for all, and for each their own.";
  view.result.replaceChildren(el("p", { class: "empty" }, "Stations and rotation will be here."));
}
