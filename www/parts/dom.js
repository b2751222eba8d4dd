// Elements, made without markup: whatever text a workout, an error or an event holds stays text.

/**
 * An element with attributes and children.
 * `onclick` and the like are listeners; `style` is an object of custom properties; `null`, `undefined` and `false` are
 * left out, of attributes and of children.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, given] of Object.entries(value)) element.style.setProperty(key, given);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** The element with that id, which the page is known to have. */
export const byId = (id) => document.getElementById(id);

/**
 * The numbers that some fields hold, by their names, without those that are empty. What was typed and is no number, a browser gives as
 * empty text: that is sent as such, so that the package refuses it and nothing is made without it.
 */
export function numbersIn(fields) {
  const given = fields.filter(({ value, validity }) => value !== "" || validity.badInput);
  return Object.fromEntries(given.map(({ name, value }) => [name, value === "" ? value : Number(value)]));
}

/** Text in which names stand between backticks, as the package writes its messages. */
export function withCode(text) {
  return text.split("`").map((part, index) => (index % 2 === 1 ? el("code", {}, part) : part));
}

/** A folded part; `fill` makes its content when it is first opened. */
export function folded(title, fill, attributes = {}) {
  const details = el("details", attributes, el("summary", {}, title));
  details.addEventListener("toggle", () => details.append(fill()), { once: true });
  return details;
}

/** JSON to look at, which scrolls by itself and can be reached with the keyboard. */
export function jsonView(value, label) {
  const text = value === undefined ? "undefined" : JSON.stringify(value, null, 2);
  return el("pre", { class: "json", tabindex: "0", role: "region", "aria-label": label }, text);
}
