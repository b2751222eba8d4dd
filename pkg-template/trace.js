// Trace context, as W3C has it: by it, logs and traces of several services find together.

/** Version, trace, span, flags; a later version may say more. */
const TRACEPARENT = /^(?:00(?=.{53}$)|(?!00|ff)[\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]([\da-f])(?:-|$)/;

/** What belongs together, whoever does it. Ids are made when somebody asks: most calls are not traced. */
export class Trace {
  #id = undefined;
  #flags = "01";
  /** What the tracers of other vendors said, passed on as it is. */
  tracestate = undefined;

  /** Goes on with the trace of whoever called. What is malformed is as good as none: a new trace begins. */
  constructor(traceparent, tracestate) {
    if (traceparent === undefined) return;
    const [, id, flags] = TRACEPARENT.exec(traceparent) ?? [];
    if (id === undefined) return;
    this.#id = id;
    // The only flag that is passed on: whether somebody records this.
    this.#flags = Number.parseInt(flags, 16) % 2 === 1 ? "01" : "00";
    this.tracestate = tracestate;
  }

  /** The header `traceparent` of a span. */
  headerOf(span) {
    return `00-${(this.#id ??= hex(16))}-${span}-${this.#flags}`;
  }
}

/** The id of a span. */
export const spanId = () => hex(8);

const hex = (bytes) => Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
