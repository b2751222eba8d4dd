// What can be told of a session under way: a set, a heart rate, a feeling, a symptom, that something is left out, its end.

import { SYMPTOMS } from "../coach/vocabulary.js";
import { title } from "../coach/words.js";
import { byId, el, numbersIn } from "../parts/dom.js";

export class Controls {
  #form = byId("live-form");
  #controls = byId("live-controls");
  #elements = this.#form.elements;

  /** @param {(type: string, data: object) => void} onSignal */
  constructor(onSignal) {
    const { reps, rir, bpm, symptom } = this.#elements;
    symptom.append(...SYMPTOMS.map((it) => el("option", { value: it }, title(it))));
    for (const slider of [rir, bpm]) slider.addEventListener("input", () => this.#show());
    const data = {
      // Nothing is corrected here: what is wrong is for the package to say.
      "set-finished": () => ({
        ...numbersIn([reps]),
        ...(!rir.disabled && { rir: Number(rir.value) }),
      }),
      "heart-rate": () => ({ bpm: Number(bpm.value) }),
      easy: () => ({ difficulty: "easy" }),
      hard: () => ({ difficulty: "hard" }),
      too_hard: () => ({ difficulty: "too_hard" }),
      symptom: () => ({ symptoms: [symptom.value] }),
      skip: () => ({}),
      finish: () => ({}),
    };
    for (const button of this.#controls.querySelectorAll("[data-signal]")) {
      button.addEventListener("click", () => onSignal(button.dataset.signal, data[button.dataset.what ?? button.dataset.signal]()));
    }
    // Enter in a field is no click on a button that is not meant.
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#show();
  }

  /** Offers what the answer asks for; nothing but a new start once the session is over. */
  follow({ next, summary }) {
    const { reps, rir } = this.#elements;
    this.#controls.disabled = summary !== undefined;
    for (const button of this.#controls.querySelectorAll("[data-needs=next]")) button.disabled = !next;
    if (next) {
      byId("live-reps-label").textContent = next.goal.type === "reps" ? "Repetitions" : "Seconds";
      reps.value = next.goal.max;
      // A warm-up is not counted in repetitions that are left.
      rir.disabled = next.target.rir === undefined;
      rir.value = next.target.rir ?? rir.value;
      this.#show();
    }
  }

  /** Marks the fields that have problems. */
  mark(problems) {
    for (const marked of this.#form.querySelectorAll("[aria-invalid]")) marked.removeAttribute("aria-invalid");
    for (const { pointer } of problems) this.#field(pointer)?.setAttribute("aria-invalid", "true");
  }

  /** What takes the reader to the field of a problem, if there is one. */
  find(pointer) {
    const field = this.#field(pointer);
    return field && (() => field.focus());
  }

  #field(pointer) {
    return this.#elements[pointer.split("/")[1]];
  }

  #show() {
    const { rir, bpm } = this.#elements;
    byId("live-rir").textContent = rir.disabled ? "does not count here" : rir.value;
    byId("live-bpm").textContent = `${bpm.value} a minute`;
  }
}
