// "Engine playground": a definition to edit, run on a bus with the features of `features.js`.

import { byId, el, folded, jsonView } from "../parts/dom.js";
import { errorView } from "../parts/error-view.js";
import { eventLog } from "../parts/event-log.js";
import { RunLog } from "../parts/run-log.js";
import { now } from "../parts/time.js";
import { drawTimeline, follow, summary } from "../parts/timeline.js";
import { EXAMPLES, INPUT } from "./examples.js";
import { FEATURES } from "./features.js";

export function mountPlayground({ FeatureBus, WorkflowOrchestrator }) {
  const section = byId("playground");
  const view = {
    form: byId("playground-form"),
    examples: byId("playground-examples"),
    about: byId("playground-about"),
    definition: byId("playground-definition"),
    input: byId("playground-input"),
    run: byId("playground-run"),
    cancel: byId("playground-cancel"),
    features: byId("playground-features"),
    status: byId("playground-status"),
    timeline: byId("playground-timeline"),
    result: byId("playground-result"),
    events: byId("playground-events"),
  };
  const bus = new FeatureBus();
  for (const feature of FEATURES) bus.registerFeature(feature);
  const orchestrator = new WorkflowOrchestrator({ bus });
  let controller = undefined;

  async function run() {
    if (controller !== undefined) return;
    controller = new AbortController();
    section.dataset.state = "loading";
    view.run.disabled = true;
    view.cancel.disabled = false;
    view.status.textContent = "Running …";
    view.result.replaceChildren();
    view.events.replaceChildren();
    const log = new RunLog();
    let drawLast = () => drawTimeline(view.timeline, log);
    try {
      const definition = parse("definition", view.definition.value);
      const input = parse("input", view.input.value);
      drawLast = follow(view.timeline, log);
      const { signal } = controller;
      const result = await orchestrator.executeWorkflow(definition, input, { signal, onEvent: (event) => log.add(event) });
      log.close(now(), "completed");
      view.result.replaceChildren(resultView(result));
      section.dataset.state = "done";
    } catch (error) {
      log.close(now(), error.kind === "cancelled" ? "cancelled" : "failed");
      view.result.replaceChildren(errorView(error));
      section.dataset.state = "error";
    } finally {
      drawLast();
      view.status.textContent = log.startedAt === undefined ? "Refused: nothing was started." : `${summary(log)}.`;
      view.events.replaceChildren(...(log.events.length > 0 ? [eventLog(log)] : []));
      view.run.disabled = false;
      view.cancel.disabled = true;
      controller = undefined;
    }
  }

  function show(example) {
    view.definition.value = JSON.stringify(example.definition, null, 2);
    view.about.textContent = example.about;
    for (const button of view.examples.children) {
      button.setAttribute("aria-pressed", String(button.textContent === example.name));
    }
  }

  view.examples.append(
    ...EXAMPLES.map((example) =>
      el("button", { type: "button", class: "quiet", "data-testid": "playground-example", onclick: () => show(example) }, example.name),
    ),
  );
  view.input.value = JSON.stringify(INPUT);
  view.features.append(...FEATURES.map(featureView));
  show(EXAMPLES[0]);
  view.form.addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  view.cancel.addEventListener("click", () => controller?.abort(new DOMException("you pressed Cancel", "AbortError")));
  view.run.disabled = false;
  section.dataset.state = "ready";
}

function featureView({ name, version, description, actions }) {
  const code = Object.entries(actions).map(([action, call]) => `${action}: ${call}`).join("\n");
  return el(
    "li",
    {},
    el("b", {}, name),
    el("small", {}, ` ${version} `),
    el("span", {}, description),
    folded("Code", () => el("pre", { class: "json", tabindex: "0", role: "region", "aria-label": `Code of ${name}` }, code), { class: "fold" }),
  );
}

function resultView(result) {
  const { output, ...rest } = result;
  return el(
    "div",
    { "data-testid": "playground-output" },
    el("h4", {}, "Output"),
    jsonView(output, "Output of the run"),
    folded("The rest of the result", () => jsonView(rest, "The rest of the result"), { class: "fold" }),
  );
}

function parse(what, text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw Object.assign(new Error(`the ${what} is not JSON: ${error.message}`), { code: "not JSON", kind: "validation" });
  }
}
