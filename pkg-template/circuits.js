// Circuit breakers in words: the core has numbers for where they are and for how they are moved.

/** What moves a circuit breaker by hand; `move` has the number by which the core knows it, see `policyCircuit`. */
export const byHand = (move) => ({ isolate: () => move(0), lift: () => move(1), close: () => move(2) });

/** Where a circuit breaker may be, by the core's numbers; a test holds the two lists against each other. */
export const CIRCUIT_STATES = ["closed", "open", "half_open", "isolated"];

/** The event of a circuit breaker, by the state it has now. */
export const CIRCUIT_EVENT = {
  closed: "circuit.closed",
  open: "circuit.opened",
  half_open: "circuit.half_opened",
  isolated: "circuit.isolated",
};
