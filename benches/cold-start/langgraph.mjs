const started = performance.now();
const { Annotation, END, START, StateGraph } = await import("@langchain/langgraph");
const app = new StateGraph(Annotation.Root({ name: Annotation(), output: Annotation() }))
  .addNode("hello", async ({ name }) => ({ output: `Hello ${name}!` }))
  .addEdge(START, "hello")
  .addEdge("hello", END)
  .compile();
const { output } = await app.invoke({ name: "Ada" });
console.log(JSON.stringify({ output, ms: performance.now() - started }));
