// Definitions to run in the playground. Each can be edited on the page.

const retry = { maxAttempts: 4, backoff: "exponential", delay: "200ms", jitter: "none" };

export const EXAMPLES = [
  {
    name: "Parallel and retry",
    about: "Two steps side by side; one of them fails twice, waits longer each time, and recovers.",
    definition: {
      id: "runner-report",
      version: "1.0.0",
      timeout: "10s",
      steps: [
        { id: "profile", call: "profile.load" },
        {
          id: "collect",
          parallel: [
            { id: "history", call: "history.load" },
            { id: "watch", call: "wearable.sync", timeout: "1s", retry },
          ],
        },
        {
          id: "report",
          call: "report.write",
          with: {
            profile: "{{ steps.profile.output }}",
            kilometres: "{{ steps.history.output.kilometres }}",
            heart: "{{ steps.watch.output }}",
          },
        },
      ],
      output: { report: "{{ steps.report.output }}", run: "{{ run.id }}" },
    },
  },
  {
    name: "Timeout",
    about: "A feature that never answers: two attempts of 350 ms, then the run fails, and the step beside it is stopped.",
    definition: {
      id: "find-a-gym",
      steps: [
        { id: "profile", call: "profile.load" },
        {
          id: "search",
          parallel: [
            { id: "gym", call: "gym.find", timeout: "350ms", retry: { maxAttempts: 2, delay: "100ms", jitter: "none" } },
            { id: "history", call: "history.load" },
          ],
        },
      ],
    },
  },
  {
    name: "Graph",
    about: "`needs` instead of order: a step starts as soon as the steps that it names have ended.",
    definition: {
      id: "graph",
      steps: [
        { id: "a", call: "profile.load", needs: [] },
        { id: "b", call: "history.load", needs: [] },
        { id: "c", call: "history.load", needs: ["a"] },
        { id: "d", call: "profile.load", needs: ["b"] },
        { id: "e", call: "profile.load", needs: ["c", "d"] },
      ],
    },
  },
  {
    name: "Limited to two",
    about: "Six slow steps in parallel, two at a time.",
    definition: {
      id: "two-at-a-time",
      steps: [
        {
          id: "all",
          concurrency: 2,
          parallel: [1, 2, 3, 4, 5, 6].map((number) => ({ id: `load-${number}`, call: "profile.load" })),
        },
      ],
    },
  },
  {
    name: "Broken",
    about: "A definition with mistakes is refused whole, with all of them listed. Nothing is started.",
    definition: {
      id: "broken",
      steps: [
        { id: "one", call: "profile.load", timeout: "soon", needs: ["two"] },
        { id: "two", cal: "history.load", needs: ["one"] },
        { id: "two", call: "report", retry: { maxAttempts: 0, backof: "linear" } },
        { id: "three", call: "report.write", with: { heart: "{{ steps.wacth.output }}" } },
      ],
    },
  },
];

export const INPUT = { user: "Ada" };
