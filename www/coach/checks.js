// The invariants of a workout, checked in the page.

import { el, withCode } from "../parts/dom.js";
import { duration } from "../parts/time.js";

/**
 * What `checkWorkout` says of a workout for its request. That it would say something can be tried: by leaving the
 * warm-up out.
 */
export function checksView(coach, workout, request) {
  const verdict = el("div", { role: "status", "data-testid": "checks" }, "Checking …");
  const spoil = el("button", { type: "button", class: "quiet", "aria-pressed": "false", "data-testid": "spoil" }, "Try it without the warm-up");

  async function check() {
    const isSpoilt = spoil.getAttribute("aria-pressed") === "true";
    const given = isSpoilt ? { ...workout, blocks: workout.blocks.slice(1) } : workout;
    const from = performance.now();
    const violations = await coach.checkWorkout(given, request);
    const took = duration(performance.now() - from);
    verdict.dataset.state = violations.length === 0 ? "hold" : "violated";
    verdict.replaceChildren(...(violations.length === 0 ? [holds(took)] : [broken(violations, took)]));
  }
  const tell = () => check().catch((error) => verdict.replaceChildren(error.message));
  spoil.addEventListener("click", () => {
    spoil.setAttribute("aria-pressed", String(spoil.getAttribute("aria-pressed") !== "true"));
    tell();
  });
  tell();
  return el("div", { class: "checks" }, verdict, el("div", { class: "buttons" }, spoil));
}

const holds = (took) => el("p", {}, el("b", {}, "✓ All checks hold"), el("small", {}, ` every invariant of a workout, in ${took}`));

const broken = (violations, took) =>
  el(
    "div",
    {},
    el("b", {}, violations.length === 1 ? "✕ A check does not hold" : `✕ ${violations.length} checks do not hold`),
    el("small", {}, ` in ${took}`),
    el(
      "ul",
      {},
      violations.map(({ rule, message }) =>
        el("li", { "data-testid": "violation", "data-rule": rule }, el("code", {}, rule), " ", withCode(message)),
      ),
    ),
  );
