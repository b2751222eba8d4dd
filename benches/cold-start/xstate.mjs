const started = performance.now();
const { assign, createActor, fromPromise, setup, toPromise } = await import("xstate");
const hello = fromPromise(async ({ input }) => `Hello ${input.name}!`);
const machine = setup({ actors: { hello } }).createMachine({
  context: ({ input }) => ({ input }),
  initial: "hello",
  states: {
    hello: {
      invoke: {
        src: "hello",
        input: ({ context }) => context.input,
        onDone: { target: "done", actions: assign({ output: ({ event }) => event.output }) },
      },
    },
    done: { type: "final" },
  },
  output: ({ context }) => context.output,
});
const output = await toPromise(createActor(machine, { input: { name: "Ada" } }).start());
console.log(JSON.stringify({ output, ms: performance.now() - started }));
