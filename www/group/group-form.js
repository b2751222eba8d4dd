// The group's request: people to add and to remove, and how many there are of each item.

import { EQUIPMENT, FOCUS, LEVELS } from "../coach/vocabulary.js";
import { title } from "../coach/words.js";
import { byId, el, numbersIn } from "../parts/dom.js";

/** Who is there at first. Words are free to be mistyped: the package says what was meant. */
const PEOPLE = [
  { userId: "ada", fitnessLevel: "beginner", age: 34 },
  { userId: "bo", fitnessLevel: "advanced", age: 41, injuries: "knee" },
  { userId: "cleo", fitnessLevel: "intermediate", age: 58 },
  { userId: "dan", fitnessLevel: "beginner", age: 47, symptoms: "chest pain" },
];

const INVENTORY = { dumbbells: 4, bench: 2, kettlebell: 2 };

/** Fields that hold a number, and may be left empty. */
const NUMBERS = ["duration", "stations", "capacity"];

export class GroupForm {
  #form = byId("group-form");
  #people = byId("group-people");
  #inventory = byId("group-inventory");
  #count = 0;

  constructor() {
    const { focus } = this.#form.elements;
    focus.append(...FOCUS.map((it) => el("option", { value: it }, title(it))));
    this.#inventory.append(...EQUIPMENT.map((item) => stock(item, INVENTORY[item])));
    for (const person of PEOPLE) this.#add(person);
    byId("group-add").addEventListener("click", () => this.#add({ userId: `guest${this.#count + 1}`, fitnessLevel: "beginner" }).focus());
  }

  /** What is asked. What was left empty is not sent, so that the package says what is missing. */
  read() {
    const { elements } = this.#form;
    const request = { participants: [...this.#people.children].map(personOf), focus: elements.focus.value };
    Object.assign(request, numbersIn(NUMBERS.map((key) => elements[key])));
    request.equipment = numbersIn([...this.#inventory.querySelectorAll("input")]);
    return request;
  }

  /** The field of a problem, if the form has it. */
  field(pointer) {
    const [, key, place, own = "userId"] = pointer.split("/");
    const named = (part, name) => part?.querySelector(`[name="${CSS.escape(name)}"]`);
    if (key === "participants") return named(this.#people.children[place], own);
    return key === "equipment" ? named(this.#inventory, place ?? "dumbbells") : named(this.#form, key);
  }

  /** Adds a person; gives the first field. */
  #add(person) {
    this.#count += 1;
    const row = personRow(person, () => {
      row.remove();
      byId("group-add").focus();
    });
    this.#people.append(row);
    return row.querySelector("input");
  }
}

const words = (text) => text.split(",").map((word) => word.trim()).filter((word) => word !== "");

function personOf(row) {
  const { userId, fitnessLevel, injuries, symptoms } = Object.fromEntries(
    [...row.querySelectorAll("[name]")].map(({ name, value }) => [name, value]),
  );
  return {
    userId,
    fitnessLevel,
    ...numbersIn([row.querySelector("[name=age]")]),
    ...(injuries !== "" && { injuries: words(injuries) }),
    ...(symptoms !== "" && { symptoms: words(symptoms) }),
  };
}

function personRow({ userId, fitnessLevel, age, injuries, symptoms }, onRemove) {
  const levels = LEVELS.map((level) => el("option", { value: level, selected: level === fitnessLevel }, title(level)));
  const text = (name, value, placeholder) => el("input", { name, value, placeholder, autocomplete: "off", spellcheck: "false" });
  const field = (label, input, width) => el("label", { class: width ? `small ${width}` : "small" }, el("span", {}, label), input);
  return el(
    "fieldset",
    { class: "person", "data-testid": "person" },
    el("legend", { class: "visually-hidden" }, "Person"),
    field("Name", text("userId", userId)),
    field("Level", el("select", { name: "fitnessLevel" }, levels)),
    field("Age", el("input", { name: "age", type: "number", inputmode: "numeric", value: age })),
    field("Injuries", text("injuries", injuries, "knee, shoulder"), "is-whole"),
    field("Symptoms", text("symptoms", symptoms, "none"), "is-wide"),
    el("button", { type: "button", class: "quiet", "data-testid": "person-remove", onclick: onRemove }, "Remove"),
  );
}

function stock(item, count) {
  return el(
    "label",
    { class: "inline" },
    el("input", { name: item, type: "number", inputmode: "numeric", value: count }),
    el("span", {}, title(item)),
  );
}
