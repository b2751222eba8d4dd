// The request: a form, or the same as JSON.

import { byId, el, numbersIn } from "../parts/dom.js";
import { AREAS, CONDITIONS, EQUIPMENT, EXAMPLES, FOCUS, LEVELS, SEVERITIES, SYMPTOMS } from "./vocabulary.js";
import { title } from "./words.js";

const OWNED = new Set(["dumbbells", "bench"]);

/** Fields that hold a whole or a decimal number, and may be left empty. */
const NUMBERS = ["duration", "age", "weightKg", "seed"];

export class RequestForm {
  #form = byId("request");
  #editor = byId("request-json");
  /** The JSON as it was last written from the form; what differs was typed. */
  #written = "";

  constructor(onSubmit) {
    this.#build();
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      onSubmit();
    });
    this.#form.addEventListener("input", ({ target }) => this.#unmark(target.closest("[data-key]")));
    for (const mode of this.#form.elements.mode) mode.addEventListener("change", () => this.#show(mode.value));
    this.#show("form");
  }

  /** Whether the JSON editor is what counts. */
  get isJson() {
    return this.#form.elements.mode.value === "json";
  }

  /** What is asked: an object of the form, or whatever the JSON says. Throws a `SyntaxError` when it is not JSON. */
  read() {
    return this.isJson ? JSON.parse(this.#editor.value) : this.#fields();
  }

  /** Marks the fields that have problems. */
  mark(problems) {
    for (const marked of this.#form.querySelectorAll(".is-wrong")) this.#unmark(marked);
    if (this.isJson) return;
    for (const { pointer } of problems) {
      const field = this.#field(pointer);
      field?.classList.add("is-wrong");
      field?.querySelector("input, select, textarea")?.setAttribute("aria-invalid", "true");
    }
  }

  /** What takes the reader to the field of a problem, if the form has it. */
  find(pointer) {
    const input = this.isJson ? this.#editor : this.#field(pointer)?.querySelector("input, select, textarea");
    if (!input) return undefined;
    return () => {
      input.closest("details")?.setAttribute("open", "");
      input.focus();
      if (this.isJson) this.#select(pointer);
    };
  }

  #build() {
    const { elements } = this.#form;
    elements.focus.append(...FOCUS.map((focus) => el("option", { value: focus }, title(focus))));
    byId("levels").append(
      ...LEVELS.map((level) => choice("radio", "fitnessLevel", level, title(level), level === "intermediate")),
    );
    byId("equipment").append(
      ...EQUIPMENT.map((item) => choice("checkbox", "equipment", item, title(item), OWNED.has(item))),
    );
    byId("conditions").append(...CONDITIONS.map((it) => choice("checkbox", "conditions", it, title(it), false)));
    byId("symptoms").append(...SYMPTOMS.map((it) => choice("checkbox", "symptoms", it, title(it), false)));
    byId("injuries").append(...AREAS.map(injury));
    byId("examples").append(
      ...Object.entries(EXAMPLES).map(([name, request]) =>
        el("button", { type: "button", class: "quiet", onclick: () => this.#write(request ?? this.#fields()) }, name),
      ),
    );
    elements.duration.addEventListener("input", () => this.#showDuration());
    this.#showDuration();
  }

  #showDuration() {
    const { duration, durationSlider } = this.#form.elements;
    durationSlider.value = duration.value;
    durationSlider.oninput = () => {
      duration.value = durationSlider.value;
    };
  }

  #show(mode) {
    byId("request-fields").hidden = mode === "json";
    byId("request-raw").hidden = mode !== "json";
    this.mark([]);
    // What was typed is kept; what came from the form follows the form.
    if (mode === "json" && this.#editor.value === this.#written) this.#write(this.#fields());
  }

  #write(request) {
    this.#written = JSON.stringify(request, null, 2);
    this.#editor.value = this.#written;
  }

  #fields() {
    const data = new FormData(this.#form);
    const request = {
      userId: data.get("userId"),
      duration: undefined,
      focus: data.get("focus"),
      equipment: data.getAll("equipment"),
      fitnessLevel: data.get("fitnessLevel"),
    };
    Object.assign(request, numbersIn(NUMBERS.map((key) => this.#form.elements[key])));
    const injuries = AREAS.map((area) => ({ area, severity: data.get(`injury-${area}`) }));
    const lists = {
      injuries: injuries.filter(({ severity }) => severity !== ""),
      conditions: data.getAll("conditions"),
      symptoms: data.getAll("symptoms"),
    };
    for (const [key, list] of Object.entries(lists)) if (list.length > 0) request[key] = list;
    // A key without a value is not sent, so that the package says that it is missing.
    return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
  }

  #field(pointer) {
    const [, key] = pointer.split("/");
    return key ? this.#form.querySelector(`[data-key="${CSS.escape(key)}"]`) : undefined;
  }

  #unmark(field) {
    field?.classList.remove("is-wrong");
    field?.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
  }

  /** Selects the key of the editor's JSON that a pointer starts with. */
  #select(pointer) {
    const [, key] = pointer.split("/");
    const at = key ? this.#editor.value.indexOf(JSON.stringify(key)) : -1;
    if (at >= 0) this.#editor.setSelectionRange(at, at + JSON.stringify(key).length);
  }
}

function choice(type, name, value, label, checked) {
  return el("label", { class: "chip" }, el("input", { type, name, value, checked }), el("span", {}, label));
}

function injury(area) {
  const options = [el("option", { value: "" }, "none"), ...SEVERITIES.map((it) => el("option", { value: it }, it))];
  return el("label", { class: "inline" }, el("span", {}, title(area)), el("select", { name: `injury-${area}` }, options));
}
