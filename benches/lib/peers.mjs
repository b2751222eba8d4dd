// What everybody does for the time that is measured, and what not. It is read beside the figures: who does less has less
// to do. It is about the options that the workloads use, and about the versions in package.json; whoever raises one looks
// whether it still holds.

export const PEERS = [
  {
    name: "repflow",
    does:
      "Workflows: the definition is data, and is checked before a run. For each step an attempt that is bounded in " +
      "time and can be aborted, lifecycle events, a journal from which the run goes on elsewhere, a trace; requests " +
      "to features are counted and timed. Bus: history of events, metrics of who tells and asks whom, failures of a " +
      "handler kept from the others. Policies: what the table's title says, and statistics.",
    not: "Writes nothing to a disk or a network by itself. Values are handed on as they are, not copied.",
  },
  {
    name: "by hand",
    does: "Promises, and as few lines as will do.",
    not: "No events, records, limits other than those that the workload asks for, cancellation or recovery.",
  },
  {
    name: "by hand, with records",
    does: "Keeps when each step began and ended, and its output, of the runs under way and the last hundred.",
    not: "No events, limits, cancellation or recovery, and what fails is not looked at.",
  },
  {
    name: "by hand, bounded in time",
    does: "A promise of its own, a timer that is cleared, and a signal that is aborted when it rings.",
    not: "No records, and nobody else can give it up.",
  },
  {
    name: "effect",
    does:
      "Fibers that can be interrupted, typed failures with their cause, and a scheduler that lets the event loop " +
      "have its turn.",
    not:
      "The workflow is code: no definition to check, no events, history or metrics unless one adds them. Nothing to " +
      "go on from after a restart; its workflow module, which can, is not used here.",
  },
  {
    name: "xstate",
    does:
      "Interprets a state machine: for each step a transition, a snapshot of the state for those who subscribe, and " +
      "an actor that can be stopped.",
    not:
      "No retries, time limits or limits of concurrency of its own; no history. Snapshots can be kept, and nobody " +
      "does here.",
  },
  {
    name: "mastra",
    does:
      "Checks the input of each step with zod, keeps the result of each in the run's state, tells its progress as " +
      "events; retries where asked.",
    not: "No storage is set up, and so no snapshot is written, and no telemetry.",
  },
  {
    name: "langgraph",
    does:
      "Runs nodes in supersteps over channels with reducers; each node is a runnable with callbacks, config, tags " +
      "and an abort signal.",
    not: "No checkpointer is set up, and so there is nothing to go on from; no tracing service.",
  },
  {
    name: "flowcraft",
    does:
      "Interprets a graph that is data: looks it through for each run, keeps a context of all outputs, awaits an " +
      "event bus (which does nothing by default), and gives the context back as JSON text as well.",
    not: "No history or metrics, no storage.",
  },
  {
    name: "rxjs",
    does: "Operators over streams, which can be unsubscribed.",
    not: "No definition, records, time limits or retries unless one adds them.",
  },
  {
    name: "p-graph",
    does:
      "Runs functions in the order of their dependencies; looks for circles once, when it is made, which is not " +
      "measured.",
    not: "Hands no values on; no events, records, time limits or retries.",
  },
  {
    name: "p-limit, p-map, p-queue",
    does: "Let so many run at once and collect the answers. p-queue has priorities and emits events for each task.",
    not: "No records or retries, no time limits unless asked (p-queue).",
  },
  {
    name: "mitt, eventemitter3",
    does: "Call one handler after the other.",
    not: "No history or metrics, nothing is awaited, and a handler that throws keeps those after it from hearing.",
  },
  {
    name: "emittery",
    does: "Calls each handler asynchronously and waits for all of them.",
    not: "No history or metrics.",
  },
  {
    name: "cockatiel",
    does:
      "Policies that are wrapped around each other; each emits events, and the timeout gives the work an abort " +
      "signal.",
    not: "No statistics.",
  },
  {
    name: "opossum + p-retry",
    does:
      "A circuit breaker with a timeout, and retries around it; the breaker counts in rolling windows and emits " +
      "events.",
    not: "Its snapshots and percentiles are turned off, since nobody reads them here.",
  },
  {
    name: "openai",
    does: "The official client: retries, a time limit, typed errors, and a stream that is parsed into objects.",
    not: "Whether the answer is whole is for the caller to see; no budgets, no cache.",
  },
];
