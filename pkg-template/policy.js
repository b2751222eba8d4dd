// policy(): retry, timeout, breaker, limits, cache around any function. The core decides; this calls the function.
//
// The file is long because of one class: what a call that goes well touches is private to it, which is what keeps such a call
// at half a microsecond.

import { aborts } from "./aborts.js";
import { canonical } from "./canonical.js";
import { Alarm, now } from "./clock.js";
import { CIRCUIT_EVENT, CIRCUIT_STATES, byHand } from "./circuits.js";
import { Work, abort } from "./call.js";
import { Cancellable } from "./context.js";
import { NO_OPTIONS, RepflowError, aCount, aSignal, aString, assertValid, checkOptions, describe, disposed, hasFields, invalidAt, problem, problemsIn, problemsOf, soDid, textOf, whole } from "./errors.js";
import { REASON, refused } from "./failures.js";
import { Listeners } from "./listeners.js";
import { copyOf, split } from "./policy-options.js";
import { unattended, unlessPanic } from "./runtime.js";
import { sizeOf } from "./size.js";

/** Numbers before the commands: when something is due next, and how many commands there are. */
const HEAD = 2;
/** Numbers to a command, and what the first of them says; see `encode` in src/wasm/policy.rs. */
const NUMBERS = 6;
const START = 0;
const ABORT = 1;
const FAILED = 2;
const DELAYED = 3;
const FELL_BACK = 4;
const SETTLE = 5;
const EVICT = 6;
const CIRCUIT = 7;

/** How a call ended, in a SETTLE. */
const COMPLETED = 0;
const CACHED = 1;
const SHARED = 2;
const REFUSED = 3;

/** The slot of a value that nobody keeps. */
const NOT_STORED = -1;

/** Why an attempt is aborted, in an ABORT. */
const TIMED_OUT = 0;
const TOTAL_TIMED_OUT = 1;
const SUPERSEDED = 2;


const WHAT = "the options of the policy";
const EXECUTE_OPTIONS = {
  signal: aSignal,
  key: [() => true, "plain data"],
  limitKey: aString,
  tokens: whole(0, 2 ** 32 - 1),
};

/** What is observed. */
const OBSERVED = { limitKey: aString, requests: [() => true], tokens: [() => true] };
const COUNT = [aCount[0], "a whole number that is not negative"];
/** What is observed of one limit. */
const SAID = {
  remaining: [...COUNT, true],
  resetMs: [(value) => Number.isFinite(value) && value >= 0, "milliseconds from now, not negative", true],
  limit: COUNT,
};

const MORE_OPTIONS = { snapshot: [hasFields, "what `snapshot()` gave"] };

/** How a context reaches its policy. */
let commitAttempt;

const isOver = (context) => Cancellable.workOf(context).isOver;

/** What a function is given. */
class PolicyContext extends Cancellable {
  #policy;
  #call;

  constructor(policy, call, attempt, level) {
    super(new Work());
    this.#policy = policy;
    this.#call = call;
    /** Counts every time the function is called, from 1. */
    this.attempt = attempt;
    /** 0 for the function itself, then its fallbacks. */
    this.level = level;
  }

  /**
   * What came so far has been seen: from here on nothing is tried again. Bound when it is asked for, so that it may be taken
   * out of the context; most functions never ask.
   */
  get commit() {
    return () => {
      if (!isOver(this)) commitAttempt(this.#policy, this.#call, this.attempt);
    };
  }
}

/** One call, until its end. */
class Call {
  context = undefined;
  /** Contexts of the attempts beside the last one. */
  others = undefined;
  attempts = 0;
  value = undefined;
  error = undefined;
  /** By level, where it failed. */
  errors = undefined;
  /** Why a fallback is asked; it may start before anything has failed. */
  reason = undefined;
  followers = undefined;
  answered = false;
  key = undefined;
  /** Ends listening to the caller's signal. */
  unlisten = undefined;

  constructor(owner, execute, signal) {
    this.owner = owner;
    this.execute = execute;
    this.signal = signal;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  fail(level, error) {
    this.error = error;
    (this.errors ??= [])[level] = error;
  }

  begin(context) {
    if (this.context !== undefined) (this.others ??= []).push(this.context);
    this.context = context;
  }

  /** Takes the context of an attempt that is over. */
  take(attempt) {
    const last = this.context;
    if (last?.attempt === attempt) {
      this.context = this.others?.pop();
      return last;
    }
    const at = this.others?.findIndex((context) => context.attempt === attempt) ?? -1;
    return at < 0 ? undefined : this.others.splice(at, 1)[0];
  }

  /** Tells every attempt that still runs to stop. */
  abort(reason) {
    for (const context of [this.context, ...(this.others ?? [])]) {
      if (context !== undefined) abort(Cancellable.workOf(context), reason);
    }
    this.context = this.others = undefined;
  }

  /** Says whether its caller still waits, and that they no longer do. */
  answer() {
    if (this.answered) return false;
    this.answered = true;
    this.unlisten?.();
    return true;
  }
}

const free = (core, handle) => core.policyFree(handle);

export class PolicyBase {
  #runtime;
  /** The options as data; functions among them stand in `#host`. */
  #data;
  #host;
  #handle = undefined;
  #generation = 0;
  #memory = undefined;
  #view = new Float64Array();
  /** By the number that the core knows them by, and the numbers that are free. */
  #calls = [];
  #free = [];
  #active = 0;
  /** Cached values, by slot. */
  #values = [];
  /** Commands that wait to be performed, flat, and how far they are. */
  #todo = [];
  #head = 0;
  #performing = false;
  /** The call whose function is on the stack. */
  #running = undefined;
  #seed = 0;
  /** When something is due next. */
  #deadline = Infinity;
  #alarm = new Alarm(() => unattended(() => this.#tick()));
  #mayRest = () => {
    if (this.#active > 0) return false;
    this.#runtime.disown(this);
    return true;
  };
  #listeners = new Listeners(EVENTS);
  #disposed = false;
  /** Reject those who wait for the core. */
  #waiting = new Set();
  /** What outlives the core: where the circuit breaker is, and the quotas as they were at its last change or `snapshot()`. */
  #snapshot;

  constructor(runtime, options, more = NO_OPTIONS) {
    checkOptions("config.invalid", "what comes with the options", more, MORE_OPTIONS);
    this.#runtime = runtime;
    const { data, host, problems } = split(options);
    this.#data = copyOf(data);
    this.#host = host;
    this.#snapshot = copyOf(more.snapshot);
    // At once where the core can be had at once; otherwise the first call finds out.
    const core = runtime.ready();
    if (core instanceof Promise) {
      core.catch(() => {});
    } else {
      try {
        this.#attach(core);
      } catch (error) {
        if (problems.length === 0 || error.code !== "config.invalid") throw error;
        // Of what is no data the core has only seen that it is not there.
        const isKnown = ({ pointer }) => problems.some((problem) => problem.pointer === pointer);
        problems.push(...error.problems.filter((problem) => !isKnown(problem)));
      }
    }
    assertValid("config.invalid", WHAT, problems);
    /** The circuit breaker, by hand. */
    this.circuit = Object.freeze(byHand((act) => this.#soon((core) => this.#perform(core.policyCircuit(this.#handle, act, now())))));
  }

  /** What the service said of its limits; the rate limit keeps to it. */
  observe(said) {
    const problems = problemsOf(said, OBSERVED);
    const told = [];
    for (const unit of ["requests", "tokens"]) {
      const limit = said?.[unit];
      if (limit === undefined) continue;
      problems.push(...problemsIn(`/${unit}`, problemsOf(limit, SAID)));
      told.push([said.limitKey, unit === "tokens", limit?.remaining, limit?.resetMs, limit?.limit ?? 0, now()]);
    }
    if (this.#data.rateLimit === undefined) {
      problems.push(problem("", "the policy has no `rateLimit` that could keep to it; `rateLimit: {}` will do"));
    }
    assertValid("config.invalid", "what was observed", problems);
    this.#soon((core) => told.forEach((each) => core.policyObserve(this.#handle, ...each)));
  }

  /** Calls a function under the policies. */
  execute(execute, options = NO_OPTIONS) {
    try {
      if (this.#disposed) throw disposed();
      if (typeof execute !== "function") {
        const message = `a policy executes a function, not ${describe(execute)}`;
        throw invalidAt("config.invalid", "the call", "", message);
      }
      let key;
      if (options !== NO_OPTIONS) {
        checkOptions("config.invalid", "the options of execute", options, EXECUTE_OPTIONS);
        if (options.signal?.aborted) throw cancelled(options.signal.reason);
        key = keyOf(options.key);
      }
      if (this.#host.needsKey) {
        const outer = this.#running;
        if (key === undefined) throw wrongKey("`key` is missing: with `cache` or `singleFlight` it tells the same work from other work");
        if (key === outer?.key && !outer.answered) throw wrongKey("`key` is that of the call whose function this is: it would wait for itself");
      }
      const core = this.#attached();
      if (core instanceof Promise) return this.#later(core, execute, options);
      return this.#begin(core, execute, options, key);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** What happened so far; what needs the core is left out until it is there. */
  stats() {
    return this.#isAttached() ? this.#runtime.ready().policyStats(this.#handle, now()) : { calls: 0, inFlight: 0 };
  }

  /** Hears events, by type or `*`; returns a function that ends it. */
  on(type, handler, options = {}) {
    if (this.#disposed) throw disposed();
    checkOptions("config.invalid", "the options of `on`", options, { signal: aSignal });
    return this.#listeners.add(type, handler, options.signal);
  }

  /** What outlives a reload, as plain data: give it to the next policy. */
  snapshot() {
    if (this.#isAttached()) this.#snapshot = this.#runtime.ready().policySnapshot(this.#handle, now());
    return this.#snapshot ?? {};
  }

  /** Forgets what the cache holds. */
  clearCache() {
    if (this.#isAttached()) {
      const core = this.#runtime.ready();
      this.#perform(core.policyClearCache(this.#handle, now()));
    }
  }

  /** Rejects what is under way, and refuses further use. */
  dispose() {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.#isAttached()) this.#runtime.free(this, free, this.#handle);
    const error = disposed();
    this.abandon(error);
    for (const giveUp of [...this.#waiting]) giveUp(error);
    this.#listeners.clear();
  }

  /** The runtime calls this when the core was lost. */
  abandon(error) {
    const calls = this.#calls.filter((call) => call !== undefined);
    this.#handle = undefined;
    this.#calls = [];
    this.#free = [];
    this.#active = 0;
    this.#values = [];
    this.#todo.length = 0;
    this.#head = 0;
    this.#alarm.clear();
    this.#runtime.disown(this);
    for (const call of calls) {
      if (call.answer()) call.reject(new RepflowError(error.code, error.message, { cause: error.cause }));
      call.abort(error);
    }
  }

  #isAttached() {
    return this.#handle !== undefined && this.#generation === this.#runtime.generation;
  }

  #attached() {
    if (this.#isAttached()) return this.#runtime.ready();
    const core = this.#runtime.ready();
    if (!(core instanceof Promise)) this.#attach(core);
    return core;
  }

  #attach(core) {
    this.#handle = core.policyNew(this.#data, this.#snapshot, now());
    this.#generation = this.#runtime.generation;
    this.#runtime.freeWhenUnused(this, free, this.#handle);
    this.#memory = core.linearMemory();
    this.#view = new Float64Array(this.#memory.buffer);
    this.#seed = (Math.random() * 2 ** 32) >>> 0;
  }

  /** Executes when the core is there, unless the caller gives up before. */
  #later(loading, execute, options) {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      /** Says whether it still waited. */
      const leave = () => {
        unlisten?.();
        return this.#waiting.delete(giveUp);
      };
      const giveUp = (error) => {
        if (leave()) reject(error);
      };
      const unlisten = signal && aborts.add(signal, () => giveUp(cancelled(signal.reason)));
      this.#waiting.add(giveUp);
      loading.then(() => {
        if (leave()) resolve(this.execute(execute, options));
      }, giveUp);
    });
  }

  #begin(core, execute, { signal, limitKey, tokens = 0 }, key) {
    const owner = this.#free.pop() ?? this.#calls.length;
    const call = new Call(owner, execute, signal);
    call.key = key;
    this.#calls[owner] = call;
    this.#active += 1;
    if (this.#active === 1) this.#runtime.own(this);
    if (signal !== undefined) call.unlisten = aborts.add(signal, () => this.#cancel(call));
    // The core mixes it: what matters is that it is another one each time, and in each process.
    this.#seed = (this.#seed + 0x9e3779b9) >>> 0;
    const { fallback } = this.#host;
    let answer;
    try {
      answer = core.policyBegin(this.#handle, owner, key, limitKey, tokens, fallback.length, this.#seed, now());
    } catch (error) {
      // Of a panic the call has been told already.
      if (!call.answered) throw error;
      return call.promise;
    }
    if (answer <= 0) {
      this.#perform(answer);
    } else {
      this.#deadline = answer;
      if (this.#performing) this.#todo.push(START, owner, 1, 0, 0, 0);
      else this.#startAlone(call);
    }
    return call.promise;
  }

  #tick() {
    if (!this.#isAttached()) return;
    // It may ring for nothing.
    if (this.#active > 0) this.#perform(this.#runtime.ready().policyTick(this.#handle, now()));
  }


  /** At once, or when the core is there. */
  #soon(act) {
    if (this.#disposed) throw disposed();
    const core = this.#attached();
    if (core instanceof Promise) {
      core.then(() => unattended(() => this.#disposed || this.#soon(act))).catch(() => {});
    } else {
      act(core);
    }
  }

  /**
   * Takes commands out of linear memory, which the next call into the core overwrites, and performs them. `answer` is where
   * they stand, below zero; 0 when there is no such policy any more.
   */
  #perform(answer) {
    if (answer === 0) return;
    if (this.#view.byteLength === 0) this.#view = new Float64Array(this.#memory.buffer);
    const view = this.#view;
    const todo = this.#todo;
    const head = -answer / 8;
    this.#deadline = view[head];
    const end = head + HEAD + view[head + 1] * NUMBERS;
    for (let at = head + HEAD; at < end; at += 1) todo.push(view[at]);
    if (!this.#performing) this.#drain();
  }

  /** Starts the first attempt of a call when there is nothing else to do. */
  #startAlone(call) {
    this.#performing = true;
    try {
      this.#start(call, 1, 0);
    } finally {
      this.#performing = false;
    }
    if (this.#todo.length > 0) this.#drain();
    else this.#keepTime();
  }

  /** Performs what is to be done. Not reentrant: what a function begins joins the queue, however deep it goes. */
  #drain() {
    const todo = this.#todo;
    this.#performing = true;
    try {
      while (this.#head < todo.length) {
        const at = this.#head;
        this.#head += NUMBERS;
        this.#performOne(todo[at], todo[at + 1], todo[at + 2], todo[at + 3], todo[at + 4], todo[at + 5]);
      }
    } finally {
      todo.length = 0;
      this.#head = 0;
      this.#performing = false;
    }
    this.#keepTime();
  }

  #keepTime() {
    if (this.#active > 0) this.#alarm.set(this.#deadline);
    else this.#alarm.rest(this.#mayRest);
  }

  #performOne(op, owner, a, b, c, d) {
    const call = this.#calls[owner];
    switch (op) {
      case START:
        if (call !== undefined) this.#start(call, a, b);
        break;
      case ABORT: {
        const context = call?.take(a);
        if (context !== undefined) abort(Cancellable.workOf(context), abortReason(b, call.signal));
        break;
      }
      case FAILED:
        this.#attemptFailed(call, a, b, c, d);
        break;
      case DELAYED:
        this.#tell({ type: "retry.scheduled", attempt: (call?.attempts ?? 0) + 1, delayMs: a });
        break;
      case FELL_BACK:
        if (call !== undefined) call.reason = b === 1 ? undefined : call.error;
        this.#tell({ type: "fallback.started", level: a, error: call?.reason });
        break;
      case SETTLE:
        if (call !== undefined) this.#settle(call, a, b, c, d === 1);
        break;
      case EVICT:
        this.#values[a] = undefined;
        break;
      case CIRCUIT: {
        const [from, to] = [CIRCUIT_STATES[a], CIRCUIT_STATES[b]];
        this.snapshot();
        this.#tell({ type: CIRCUIT_EVENT[to], from, to, at: c });
        break;
      }
      default:
        throw new Error(`the core knows a command ${op} that the facade does not`);
    }
  }

  #start(call, attempt, level) {
    const context = new PolicyContext(this, call, attempt, level);
    call.begin(context);
    call.attempts = attempt;
    if (this.#listeners.size > 0) this.#tell({ type: "attempt.started", attempt, level });
    let answer, later;
    this.#running = call;
    try {
      // Called as plain functions: nothing of ours is their `this`.
      if (level === 0) {
        const { execute } = call;
        answer = execute(context);
      } else {
        const fallback = this.#host.fallback[level - 1];
        answer = fallback(call.reason, context);
      }
      later = typeof answer?.then === "function";
    } catch (error) {
      this.#running = undefined;
      this.#failed(call, context, error);
      return;
    }
    this.#running = undefined;
    if (later) {
      // Not `answer.then` itself: a thenable may call back twice, or throw after it did.
      Promise.resolve(answer).then((value) => this.#completed(call, context, value), (error) => this.#failed(call, context, error));
    } else {
      this.#completed(call, context, answer);
    }
  }

  #completed(call, context, value) {
    if (isOver(context)) return;
    call.take(context.attempt);
    call.value = value;
    const bytes = this.#host.caches ? sizeOf(value) : 0;
    if (this.#calls[call.owner] !== call) return;
    try {
      const answer = this.#runtime.ready().policySettle(this.#handle, call.owner, context.attempt, bytes, now());
      if (answer <= 0) {
        this.#perform(answer);
      } else {
        this.#deadline = answer;
        this.#settle(call, COMPLETED, context.attempt, NOT_STORED, false);
        this.#keepTime();
      }
    } catch (error) {
      unlessPanic(error);
    }
  }

  #failed(call, context, error) {
    if (isOver(context)) return;
    call.take(context.attempt);
    call.fail(context.level, error);
    const told = this.#host.classify(error);
    if (this.#calls[call.owner] !== call) return;
    try {
      this.#perform(this.#runtime.ready().policyFail(this.#handle, call.owner, context.attempt, told, now()));
    } catch (error) {
      unlessPanic(error);
    }
  }

  #cancel(call) {
    if (this.#calls[call.owner] !== call) return;
    try {
      this.#perform(this.#runtime.ready().policyCancel(this.#handle, call.owner, now()));
    } catch (error) {
      unlessPanic(error);
    }
  }

  #attemptFailed(call, attempt, reason, retryAfterMs, level) {
    if (call === undefined) return;
    if (reason !== REASON.error) call.fail(level, refused(reason, retryAfterMs));
    // No fallback failed then: there was no time for it.
    if (reason === REASON.totalTimeout) call.errors = undefined;
    this.#tell({ type: FAILED_EVENT[reason], attempt: attempt === 0 ? undefined : attempt, error: call.error });
  }

  #settle(call, kind, a, b, goesOn) {
    if (kind === SHARED) {
      // How it ends is known when the one that leads has ended, which is told next.
      (this.#calls[a].followers ??= []).push(call);
      this.#release(call);
      return;
    }
    if (!goesOn) this.#release(call);
    let settle, event;
    if (kind === COMPLETED || kind === CACHED) {
      const value = kind === COMPLETED ? call.value : this.#values[a];
      if (kind === COMPLETED && b >= 0) this.#values[b] = value;
      settle = (each) => each.resolve(value);
      if (this.#listeners.size > 0) event = { type: "call.completed", cached: kind === CACHED, attempts: call.attempts };
    } else {
      const error = kind === REFUSED ? errorOf(call) : cancelled(call.signal?.reason);
      settle = (each) => each.reject(error);
      event = { type: kind === REFUSED ? "call.failed" : "call.cancelled", error };
    }
    // First those who wait: a listener may dispose of this policy.
    if (call.answer()) settle(call);
    if (!goesOn) for (const follower of call.followers ?? []) if (follower.answer()) settle(follower);
    if (event !== undefined) this.#tell(event);
  }

  #release(call) {
    this.#calls[call.owner] = undefined;
    this.#free.push(call.owner);
    this.#active -= 1;
  }

  #tell(event) {
    if (this.#listeners.size === 0) return;
    event.at ??= now();
    // Nobody else can be told of a listener that fails: it is reported as any uncaught error is.
    this.#listeners.tell(event, (error) => queueMicrotask(() => { throw error; }));
  }

  static {
    commitAttempt = (policy, call, attempt) => {
      if (policy.#calls[call.owner] !== call || !policy.#isAttached()) return;
      policy.#perform(policy.#runtime.ready().policyCommit(policy.#handle, call.owner, attempt, now()));
    };
  }
}

const FAILED_EVENT = [
  "attempt.failed",
  "attempt.timed_out",
  "call.timed_out",
  "attempt.short_circuited",
  "attempt.rejected",
  "attempt.rejected",
  "attempt.rate_limited",
  "attempt.rate_limited",
  "attempt.rate_limited",
];

/** Every type of event that a policy tells. */
const EVENTS = [
  "attempt.started",
  ...new Set(FAILED_EVENT),
  "retry.scheduled",
  "fallback.started",
  "call.completed",
  "call.failed",
  "call.cancelled",
  ...Object.values(CIRCUIT_EVENT),
];

function keyOf(key) {
  if (key === undefined) return undefined;
  try {
    return canonical(key);
  } catch (cause) {
    throw wrongKey(`\`key\` must be plain data that JSON can hold: ${textOf(cause)}`);
  }
}

const wrongKey = (message) => invalidAt("config.invalid", "the options of execute", "/key", message);

function abortReason(reason, signal) {
  switch (reason) {
    case TIMED_OUT:
      return refused(REASON.timeout);
    case TOTAL_TIMED_OUT:
      return refused(REASON.totalTimeout);
    case SUPERSEDED:
      return new RepflowError("policy.cancelled", "another attempt answered first");
    default:
      return cancelled(signal?.reason);
  }
}

/** What a call that failed rejects with: the error as it was thrown, or all of them where fallbacks were tried. */
function errorOf(call) {
  const errors = Object.values(call.errors ?? []);
  const fallbacks = errors.length - 1;
  if (fallbacks < 1) return call.error;
  const message = `the call failed${soDid(fallbacks)}: ${textOf(errors[0])}`;
  return Object.assign(new RepflowError("policy.failed", message, { cause: errors[0] }), { errors });
}

function cancelled(reason) {
  return new RepflowError("policy.cancelled", "the call was given up by its caller", { cause: reason });
}
