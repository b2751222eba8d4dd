// What everybody does for the time that is measured, and what not. It is read beside the figures: who does less has less
// to do. Checked against the versions in package.json; whoever raises one reads the release notes.

export const PEERS = [
  {
    name: "repflow",
    does:
      "checks the definition once for as long as it is the same object, and the input each time; for every step an attempt with " +
      "timeout and cancellation, lifecycle events, metrics, a span in the trace, the run's journal (from which it can be restored), and the bus's history",
    not: "write anything to a disk; tell anybody who has not asked",
  },
];
