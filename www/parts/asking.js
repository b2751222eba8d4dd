// A form that asks for one thing at a time, and shows what came of it.

import { errorView } from "./error-view.js";
import { duration } from "./time.js";

/** What cannot even be read as what it should be; that never reaches the package. */
export const readable = (error) =>
  error instanceof SyntaxError ? Object.assign(error, { code: "not JSON", kind: "validation" }) : error;

/**
 * Asks when the form is sent. How it goes is said in `data-state` of the section: `ready`, `loading`, `done`, `error`.
 * @param {{ section: Element, form: Element, button: Element, status: Element, result: Element }} view
 * @param {() => Promise<{ title: string, content: Element }>} ask
 * @param {(pointer: string) => Element | undefined} field the field of a problem, if the form has it
 * @param {{ mark: (problems: object[]) => void, find: (pointer: string) => (() => void) | undefined }} [elsewhere] the
 *   form that has the other fields
 */
export function asking({ section, form, button, status, result }, ask, field, elsewhere) {
  function mark(problems) {
    for (const marked of form.querySelectorAll("[aria-invalid]")) marked.removeAttribute("aria-invalid");
    for (const { pointer } of problems) field(pointer)?.setAttribute("aria-invalid", "true");
    elsewhere?.mark(problems);
  }

  /** What takes the reader to the place of a problem. */
  function find(pointer) {
    const own = field(pointer);
    if (!own) return elsewhere?.find(pointer);
    return () => {
      own.closest("details")?.setAttribute("open", "");
      own.focus();
    };
  }

  async function submit() {
    if (section.dataset.state === "loading") return;
    section.dataset.state = "loading";
    button.disabled = true;
    result.setAttribute("aria-busy", "true");
    mark([]);
    const from = performance.now();
    try {
      const { title, content } = await ask();
      status.textContent = `${title}, in ${duration(performance.now() - from)}.`;
      result.replaceChildren(content);
      section.dataset.state = "done";
    } catch (error) {
      mark(error.problems ?? []);
      status.textContent = "Refused.";
      result.replaceChildren(errorView(readable(error), find));
      section.dataset.state = "error";
    } finally {
      result.removeAttribute("aria-busy");
      button.disabled = false;
    }
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  button.disabled = false;
  section.dataset.state = "ready";
}
