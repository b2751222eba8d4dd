const started = performance.now();
const { createStep, createWorkflow } = await import("@mastra/core/workflows");
const { z } = await import("zod");
const schemas = { inputSchema: z.object({ name: z.string() }), outputSchema: z.string() };
const hello = createStep({ id: "hello", ...schemas, execute: async ({ inputData }) => `Hello ${inputData.name}!` });
const workflow = createWorkflow({ id: "greet", ...schemas }).then(hello).commit();
const output = (await (await workflow.createRun()).start({ inputData: { name: "Ada" } })).result;
console.log(JSON.stringify({ output, ms: performance.now() - started }));
