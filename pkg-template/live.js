// A session that stays open: a run that takes what happens in it as signals, and answers each at once.
//
// The core decides; the state of a session is plain data, and is kept here between two signals. So a session outlives a core that
// was lost, and can be taken up again elsewhere.

import { internals } from "./bus.js";
import { RepflowError } from "./errors.js";
import { withResolvers } from "./feature.js";

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

/** Sessions that are open, by number: the input of a run is plain data. */
const open = new Map();
let count = 0;

export class LiveSession {
  /** The summary, once the session has ended. */
  result;
  #apply;
  #state;
  #run;
  #context = undefined;
  #summary = withResolvers();
  #over = undefined;

  /** Opens a session on a run of its own; `apply` has the core decide. */
  static async start(apply, orchestrator, { state, ...given }, options) {
    const session = new LiveSession();
    session.#apply = apply;
    session.#state = (await apply(() => (state === undefined ? { start: { userId: given.workout?.user_id, ...given } } : { state }))).state;
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
    return session.#summary.promise;
  }

  get runId() {
    return this.#run.id;
  }

  /** What has happened so far, as plain data: `startLiveSession({ state })` goes on from there. */
  get state() {
    return structuredClone(this.#state);
  }

  /** Tells what happened, and resolves with how to go on: `set-finished`, `heart-rate`, `feedback`, `skip`, `finish`. */
  async signal(type, data = {}) {
    if (this.#over !== undefined) throw this.#over;
    const { state, answer } = await this.#apply(() => ({ state: this.#state, signal: { ...data, type } }));
    this.#state = state;
    this.#context?.progress({ signal: type, answer });
    if (answer.summary !== undefined) {
      this.#over = new RepflowError("run.cancelled", "this session is over");
      this.#summary.resolve(answer.summary);
    }
    return answer;
  }

  /** Ends it: the summary of what was done. */
  async finish() {
    await this.signal("finish");
    return this.result;
  }

  /** Gives it up; `result` rejects. */
  cancel(reason) {
    this.#run.cancel(reason);
  }
}
