const started = performance.now();
const { FeatureBus, WorkflowOrchestrator } = await import("repflow");
const bus = new FeatureBus();
bus.registerFeature({ name: "greeter", version: "1.0.0", actions: { hello: async ({ name }) => `Hello ${name}!` } });
const orchestrator = new WorkflowOrchestrator({ bus });
const definition = { id: "greet", steps: [{ id: "hello", call: "greeter.hello" }] };
const { output } = await orchestrator.executeWorkflow(definition, { name: "Ada" });
console.log(JSON.stringify({ output, ms: performance.now() - started }));
