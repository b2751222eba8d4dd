const started = performance.now();
const hello = async ({ name }) => `Hello ${name}!`;
const output = await hello({ name: "Ada" });
console.log(JSON.stringify({ output, ms: performance.now() - started }));
