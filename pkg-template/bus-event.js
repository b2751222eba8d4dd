// What is published, in the terms of CloudEvents 1.0. The envelope is written when somebody reads it.

import { uniqueId } from "./ids.js";
import { Trace, spanId } from "./trace.js";

const NOTHING = Object.freeze({});
const isBytes = (data) => data instanceof ArrayBuffer || ArrayBuffer.isView(data);
const rfc3339 = (at) => (at === undefined ? undefined : new Date(at).toISOString());

export class BusEvent {
  #at;
  #number;
  #more;
  /** What somebody has asked for: the id, the span, and the trace. */
  #asked = undefined;

  /** `more` has what few events have: `correlationId`, `causationId`, `trace`, `priority` and `expiresAt`. */
  constructor(topic, data, source, at, number, more = NOTHING) {
    this.type = topic;
    this.source = source;
    this.data = data;
    if (more.correlationId !== undefined) this.correlationid = more.correlationId;
    this.#at = at;
    this.#number = number;
    this.#more = more;
  }

  get specversion() {
    return "1.0";
  }

  get id() {
    return (this.#kept.id ??= uniqueId());
  }

  get time() {
    return rfc3339(this.#at);
  }

  /** The same in milliseconds since the Unix epoch. */
  get at() {
    return this.#at;
  }

  /** Counts the events of the bus; as text, it sorts as it counts. */
  get sequence() {
    return String(this.#number).padStart(16, "0");
  }

  get causationid() {
    return this.#more.causationId;
  }

  get priority() {
    return this.#more.priority;
  }

  get expiresAt() {
    return this.#more.expiresAt;
  }

  get traceparent() {
    const trace = this.#more.trace ?? this.#asked?.trace;
    return trace && trace.headerOf((this.#kept.span ??= spanId()));
  }

  get tracestate() {
    return this.#more.trace?.tracestate;
  }

  get #kept() {
    return (this.#asked ??= {});
  }

  /** The trace that whoever hears of it goes on with. */
  static traceOf(event) {
    return event.#more.trace ?? (event.#kept.trace ??= new Trace());
  }

  /** A CloudEvent in the JSON format, with its data as JSON has it. */
  toJSON() {
    const { time, expiresAt, data } = this;
    const times = { recordedtime: time, expirytime: rfc3339(expiresAt) };
    const envelope = {};
    for (const key of ATTRIBUTES) {
      const value = times[key] ?? this[key];
      if (value !== undefined) envelope[key] = value;
    }
    if (isBytes(data)) return Object.assign(envelope, { datacontenttype: "application/octet-stream", data_base64: base64(data) });
    return Object.assign(envelope, { datacontenttype: "application/json" }, asJson(data));
  }
}

/** What is told of an event beside its data, in this order. */
const ATTRIBUTES = [
  "specversion", "id", "source", "type", "time", "recordedtime", "sequence", "correlationid", "causationid", "traceparent", "tracestate", "expirytime",
  "priority",
];

/** What JSON cannot hold is left out, and that is said. */
function asJson(data) {
  try {
    if (data === undefined) return {};
    return { data: JSON.parse(JSON.stringify(data)) };
  } catch {
    return { data: null, datalost: true };
  }
}

function base64(data) {
  const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
