// A session that stays open: a run that takes what happens in it as signals, and answers each at once.
//
// The core decides; the state of a session is plain data, and is kept here between two signals. So a session outlives a core that
// was lost, and can be taken up again elsewhere.

import { internals } from "./bus.js";
import { isObject } from "./definition.js";
import { RepflowError, describe, invalid, invalidAt, problem } from "./errors.js";
import { withResolvers } from "./feature.js";
import { unknownWord } from "./nearest.js";

/** Nobody trains longer. */
const LONGEST = "12h";

const WORKFLOW = {
  id: "live-session",
  timeout: LONGEST,
  steps: [{ id: "session", call: "live-session.hold", with: "{{ input }}", timeout: LONGEST }],
  output: "{{ steps.session.output }}",
};

/** What holds a session open: its step ends with the session. */
const FEATURE = {
  name: "live-session",
  version: "1.0.0",
  description: "Keeps a session open while it takes signals.",
  capabilities: ["adaptation", "live"],
  actions: { hold: ({ session }, context) => LiveSession.hold(session, context) },
};

/** What can happen in a session. */
const SIGNALS = ["set-finished", "heart-rate", "feedback", "skip", "finish"];

/** Sessions that are open, by number: the input of a run is plain data. */
const open = new Map();
let count = 0;

/** What is wrong, where the caller has it. */
function told(error, at) {
  if (error?.problems === undefined) return error;
  return invalid(error.code, "the session", error.problems.map((it) => ({ ...it, pointer: it.pointer.replace(at, "") })));
}

export class LiveSession {
  /** The summary, once the session has ended. */
  result;
  /** How to go on, as it was last said. */
  answer;
  #apply;
  #state;
  #run;
  #context = undefined;
  /** What is yet to be told: the step begins after the host had its turn, and signals may come before. */
  #untold = [];
  #summary = withResolvers();
  #over = undefined;
  /** Signals are answered in turn: each goes on from the one before. */
  #last = Promise.resolve();

  /** Opens a session on a run of its own; `apply` has the core decide. */
  static async start(apply, orchestrator, given, options) {
    if (!isObject(given)) throw invalidAt("workout.invalid", "the session", "", `it must be an object with \`profile\` and \`workout\`, not ${describe(given)}`);
    const { state, ...start } = given;
    const session = new LiveSession();
    session.#apply = apply;
    await session.#turn(state === undefined ? { start: { userId: start.workout?.user_id ?? start.profile?.userId, ...start } } : { state }, "/start");
    const { bus } = orchestrator;
    if (!bus[internals].features.has(FEATURE.name)) bus.registerFeature(FEATURE);
    count += 1;
    const number = count;
    open.set(number, session);
    session.#run = orchestrator.start(WORKFLOW, { session: number }, options);
    session.result = session.#run.result.then(({ output }) => output).finally(() => open.delete(number));
    session.result.catch((error) => {
      session.#over = error;
    });
    return session;
  }

  /** The step of its run holds it; when that is given up, so is the session. */
  static hold(number, context) {
    const session = open.get(number);
    if (session === undefined) throw new RepflowError("run.cancelled", "this session is not open here; go on from its `state`");
    session.#context = context;
    for (const note of session.#untold.splice(0)) context.progress(note);
    return session.#summary.promise;
  }

  get runId() {
    return this.#run.id;
  }

  /** What has happened so far, as plain data: `startLiveSession({ state })` goes on from there. */
  get state() {
    return structuredClone(this.#state);
  }

  /** Tells what happened, and resolves with how to go on. */
  signal(type, data = {}) {
    const answer = this.#last.then(async () => {
      if (this.#over !== undefined) throw this.#over;
      if (!SIGNALS.includes(type)) {
        const message = `${describe(type)} is no signal; there are ${SIGNALS.join(", ")}`;
        throw invalid("workout.invalid", "the session", [typeof type === "string" ? unknownWord("", message, type, SIGNALS) : problem("", message)]);
      }
      await this.#turn({ state: this.#state, signal: { ...data, type } }, "/signal");
      const note = { signal: type, answer: this.answer };
      if (this.#context === undefined) this.#untold.push(note);
      else this.#context.progress(note);
      if (this.answer.summary !== undefined) {
        this.#over = new RepflowError("run.cancelled", "this session is over");
        this.#summary.resolve(this.answer.summary);
      }
      return this.answer;
    });
    this.#last = answer.catch(() => {});
    return answer;
  }

  /** Ends it: the summary of what was done. */
  async finish() {
    await this.signal("finish");
    return this.result;
  }

  /** Gives it up; `result` rejects. */
  cancel(reason) {
    this.#over ??= new RepflowError("run.cancelled", "this session was given up", { cause: reason });
    this.#run.cancel(reason);
  }

  async #turn(params, at) {
    try {
      const { state, answer } = await this.#apply(params);
      Object.assign(this, { answer });
      this.#state = state;
    } catch (error) {
      throw told(error, at);
    }
  }
}
