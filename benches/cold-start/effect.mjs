const started = performance.now();
const Effect = await import("effect/Effect");
const hello = ({ name }) => Effect.promise(async () => `Hello ${name}!`);
const output = await Effect.runPromise(hello({ name: "Ada" }));
console.log(JSON.stringify({ output, ms: performance.now() - started }));
