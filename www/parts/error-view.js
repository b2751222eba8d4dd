// A typed error: what kind it is, everything that is wrong, and where.

import { el, withCode } from "./dom.js";

const PLACES = [
  ["stepId", "step"],
  ["attempts", "attempts"],
  ["workflowId", "workflow"],
  ["runId", "run"],
  ["correlationId", "correlation"],
];

/**
 * @param {Error} error
 * @param {(pointer: string) => (() => void) | undefined} [find] what takes the reader to the place of a problem
 */
export function errorView(error, find = () => undefined) {
  const { code = error.name, kind, severity, retryable, problems = [], cause } = error;
  const calm = kind === "cancelled";
  return el(
    "div",
    { class: calm ? "error is-calm" : "error", role: calm ? "status" : "alert", "data-testid": "error", "data-code": code },
    el(
      "p",
      { class: "error-code" },
      el("code", { "data-testid": "error-code" }, code),
      kind && el("span", { class: "tag", "data-testid": "error-kind" }, `kind: ${kind}`),
      severity && el("span", { class: "tag" }, `severity: ${severity}`),
      retryable !== undefined && el("span", { class: "tag" }, retryable ? "retryable" : "not retryable"),
    ),
    el("p", { class: "error-message", "data-testid": "error-message" }, withCode(headline(error.message, problems))),
    problems.length > 0 && el("ul", { class: "problems" }, problems.map((problem) => problemView(problem, find))),
    cause?.message !== undefined &&
      !error.message.includes(cause.message) &&
      el("p", { class: "error-cause" }, "Because: ", withCode(cause.message)),
    places(error),
  );
}

/** The message lists the problems too; here they have a list of their own. */
function headline(message, problems) {
  return problems.length > 0 ? message.split("\n", 1)[0] : message;
}

function problemView({ pointer, message, suggestion }, find) {
  const where = pointer === "" ? "(whole)" : pointer;
  const go = find(pointer);
  return el(
    "li",
    { "data-testid": "problem", "data-pointer": pointer },
    go ? el("button", { type: "button", class: "pointer", onclick: go }, where) : el("code", { class: "pointer" }, where),
    el("span", { class: "problem-message" }, withCode(message)),
    suggestion !== undefined &&
      el("span", { class: "suggestion", "data-testid": "suggestion" }, "Did you mean ", el("code", {}, suggestion), "?"),
  );
}

function places(error) {
  const isSaid = (key) => key === "correlationId" && error.correlationId === error.runId;
  const known = PLACES.filter(([key]) => error[key] !== undefined && !isSaid(key));
  if (known.length === 0) return undefined;
  return el(
    "dl",
    { class: "places" },
    known.map(([key, label]) => el("div", {}, el("dt", {}, label), el("dd", {}, String(error[key])))),
  );
}
