// The queue of what the core wants done, and when it is worked off. What a command means for a run is in perform.js.

import { placeOf } from "./attempts.js";
import { Alarm, LOST_MS, now, soon } from "./clock.js";
import { perform } from "./perform.js";
import { unattended } from "./runtime.js";

/** Words to a command, and those commands that are dealt with here; see `encode` in src/wasm/engine.rs. */
const WORDS = 5;
const CALL = 0;
const TIME_OUT_ATTEMPT = 1;
const COMPLETED = 3;
const CIRCUIT = 11;
const CANCEL_ATTEMPT = 12;
const ITERATE = 15;
/** From this one on, commands only move values. */
const RECEIVE = 16;
const DROP = 21;
const SHARE = 22;
/** Of a SHARE nothing is left to do once it was taken. */
const DONE = SHARE;

/** What the core answers beside how many commands there are; see `flush` in src/wasm/engine.rs. */
const IS_ELSEWHERE = 2 ** 31;
const IS_EARLIER = 2 ** 30;
const IS_NEXT = 2 ** 29;
const COUNT = IS_NEXT - 1;
/** A step that is none: the run has completed. */
const IS_COMPLETED = COUNT;

/** Numbers for answers that are written down before the core is told of them, three to an answer; see `engineFollowed`. */
const MOST_NOTED = 300;

/** Words that there is room for at first, and more than which are not kept room for when nothing waits. */
const ROOM = 64 * WORDS;
const MOST_KEPT = 16 * ROOM;

/** How long commands are performed without letting the page breathe. */
const SLICE_MS = 4;
/** A pause between two performances that is longer than this may have been the host's turn. */
const IDLE_MS = 0.5;

export class Commands {
  #engine;
  /** The memory of the core, and what was last seen of it. With a sign, as the engine that runs this has small numbers. */
  #memory = undefined;
  #view = new Int32Array();
  /** Where in it commands stand. */
  #start = 0;
  /** Answers that runs have gone on from, and of which the core has not been told. */
  #ledger = new Float64Array(MOST_NOTED);
  #noted = 0;
  /** Runs that have begun, by the core's number. */
  #runs = [];
  /**
   * Commands that wait to be performed, flat, from one place to another. Of bytes and not a list: V8 takes fresh memory of its host
   * for each list that is long, and copies it many times as it grows.
   */
  #todo = new Int32Array(ROOM);
  #head = 0;
  #tail = 0;
  /** Answers that came while the host had its turn: the first and the last of them, each of which knows the next. */
  #answer = undefined;
  #lastAnswer = undefined;
  #performing = false;
  /** Since when answers wait for the host to have had its turn. */
  #yieldsSince = -Infinity;
  /** Whether an answer that had to wait has its turn: nothing stands between it and what it leads to. */
  #settling = false;
  /**
   * Since when the host had no turn, as far as is known, and when something was last done. The clock is not asked how long a
   * handler takes, so what comes long after that may come of it, or after a turn of the host: then a task of ours that waits
   * its turn tells. While it waits, nobody else had one.
   */
  #busySince = 0;
  #busyUntil = -Infinity;
  #awaitsSince = -Infinity;
  #hadTurn = () => {
    this.#awaitsSince = -Infinity;
  };
  #alarm = new Alarm(() => unattended(() => this.#tick()));
  #ticksSince = -Infinity;

  constructor(engine) {
    this.#engine = engine;
  }

  /** There is a core, whose commands stand in this memory. */
  attach(memory) {
    this.#memory = memory;
    this.#view = new Int32Array();
  }

  /** The core is gone. */
  clear() {
    this.#noted = 0;
    this.#runs = [];
    this.#todo = new Int32Array(ROOM);
    this.#head = 0;
    this.#tail = 0;
    this.#answer = this.#lastAnswer = undefined;
    this.#alarm.clear();
  }

  /** A run has begun. */
  add(run) {
    this.#runs[run.coreId] = run;
  }

  /** A run has ended. Says whether it was known: a core that came later may have given its number to another one. */
  remove(run) {
    if (this.#runs[run.coreId] !== run) return false;
    this.#runs[run.coreId] = undefined;
    return true;
  }

  /** Nothing is awaited for now; see `Alarm`. */
  rest(mayRest) {
    this.#alarm.rest(mayRest);
  }

  /**
   * Copies commands out of linear memory, which the next call into the core overwrites. Of what was done for one run, there may be
   * one step instead that is next; `attempt` says which attempt of it.
   */
  take(core, told, run, attempt) {
    if (told === 0) return;
    this.#heedEarlier(told);
    const commands = told & COUNT;
    if ((told & IS_NEXT) !== 0) {
      if (commands === IS_COMPLETED) this.#queue(COMPLETED, run.coreId, 0, 0, 0);
      else this.later(run, commands, attempt);
      return;
    }
    if (commands === 0) return;
    // What it views is gone when the memory has grown.
    if (this.#view.length === 0) this.#view = new Int32Array(this.#memory.buffer);
    if (told >= IS_ELSEWHERE) this.#start = core.engineCommands(this.#engine.coreHandle) >>> 2;
    const view = this.#view;
    const start = this.#start;
    for (let word = start; word < start + commands * WORDS; word += WORDS) {
      const op = view[word];
      const node = view[word + 2];
      const a = view[word + 3];
      const b = view[word + 4];
      this.#queue(op, view[word + 1], node, a, b);
      if (op === CIRCUIT || op === DROP) continue;
      const run = this.#runs[view[word + 1]];
      if (run === undefined) continue;
      this.#engine.telling.touch(run);
      // What others have to know before it is this one's turn.
      if (op === ITERATE) open(run, node, a, b);
      else if (op === CANCEL_ATTEMPT) (run.revoked ??= new Set()).add(placeOf(node, a));
      else if (op === SHARE) share(this.#runs[a], b, run, node);
    }
  }

  /**
   * Does what the start of a run or an answer in it led to, now. Mostly that is one step more, or the next attempt of this one, which
   * is `attempt` then; and nobody waits: then there is nothing to put into order, and its node is returned, which is to begin at once.
   * Then `begun` is to be told. Who hears of the run is told after that, as after any other command.
   */
  goOn(run, told, attempt, at) {
    const { core } = this.#engine;
    if ((told & IS_NEXT) === 0 || !this.#mayGoOn(at)) {
      this.take(core, told, run, attempt);
      if (told !== 0 || !this.#isAtRest()) this.work(core, at);
      return undefined;
    }
    this.#heedEarlier(told);
    this.#performing = true;
    const node = told & COUNT;
    if (node !== IS_COMPLETED) return node;
    try {
      this.#engine.complete(core, run, at);
    } catch (error) {
      this.#engine.fail(run, error);
    } finally {
      this.begun(at);
    }
    return undefined;
  }

  /** Something may be due earlier than the core was last asked for. */
  #heedEarlier(told) {
    if ((told & IS_EARLIER) !== 0) this.#alarm.isStale = true;
  }

  /**
   * Lets a run go on after the answer of a step whose followers are certain, without the core, which is told when it is next
   * asked for something. Returns the node that they stand behind, if they are to begin at once. Then `begun` is to be told.
   */
  follow(run, node, leadsTo, at) {
    if (this.#engine.telling.listeners.size > 0 || !this.#mayGoOn(at)) return undefined;
    const from = leadsTo[0] === 0 ? nextItem(run, node) : node;
    if (from === undefined) return undefined;
    this.#note(run.coreId, node, at);
    this.#performing = true;
    return from;
  }

  /** Whether nobody waits for anything that would come first, and the host had its turn not long ago. */
  #mayGoOn(at) {
    if (this.#performing || this.isYielding(at) || this.isLate(at)) return false;
    return this.#settling ? this.#head === this.#tail : this.#isIdle() && at - this.#busyUntil <= IDLE_MS;
  }

  /** Whether it is the host's turn. */
  isLate(time) {
    return time - this.#busySince >= SLICE_MS;
  }

  /** Has an attempt begin when it is its turn. */
  later(run, node, attempt) {
    this.#queue(CALL, run.coreId, node, attempt, 0);
  }

  /** What was to begin at once has begun, the last of it at `time`. */
  begun(time) {
    this.#performing = false;
    this.#busyUntil = time;
    if (!this.#settling && !this.#isAtRest()) this.work(this.#engine.core, this.#isIdle() ? time : now());
  }

  /** Writes down an answer that a run goes on from. */
  #note(number, node, at) {
    if (this.#noted === MOST_NOTED) this.report(this.#engine.core);
    const ledger = this.#ledger;
    ledger[this.#noted] = at;
    ledger[this.#noted + 1] = number;
    ledger[this.#noted + 2] = node;
    this.#noted += 3;
  }

  /** Tells the core which answers runs have gone on from. */
  report(core) {
    if (this.#noted === 0) return;
    const answers = this.#ledger.subarray(0, this.#noted);
    this.#noted = 0;
    core.engineFollowed(this.#engine.coreHandle, answers);
  }

  /**
   * Moves the values that waiting commands are about: the logs of runs tell of them already, and whoever looks at a run has to find
   * both. What calls somebody waits its turn.
   */
  catchUp() {
    const todo = this.#todo;
    for (let at = this.#head; at < this.#tail; at += WORDS) {
      if (todo[at] >= RECEIVE) {
        this.#performOne(this.#engine.core, ...todo.subarray(at, at + WORDS));
        todo[at] = DONE;
      } else if (todo[at] === TIME_OUT_ATTEMPT) {
        // Why it failed. Without its number, no attempt is told so before its turn.
        this.#performOne(this.#engine.core, ...todo.subarray(at, at + 3));
      }
    }
  }

  /** Whether nothing is to be done, nobody is to be told, and the alarm is set. */
  #isAtRest() {
    return this.#isIdle() && this.#engine.telling.isQuiet && !this.#alarm.isStale;
  }

  #queue(op, number, node, a, b) {
    if (this.#tail === this.#todo.length) this.#makeRoom();
    const at = this.#tail;
    const todo = this.#todo;
    todo[at] = op;
    todo[at + 1] = number;
    todo[at + 2] = node;
    todo[at + 3] = a;
    todo[at + 4] = b;
    this.#tail = at + WORDS;
  }

  /** Takes the room of what has been performed, where that is much. */
  #makeRoom() {
    const waiting = this.#todo.subarray(this.#head, this.#tail);
    if (2 * waiting.length > this.#todo.length) this.#todo = new Int32Array(2 * this.#todo.length);
    this.#todo.set(waiting);
    this.#head = 0;
    this.#tail = waiting.length;
  }

  /** Performs commands until none is left. Not reentrant: what a handler starts joins the queue. `time` is now. */
  work(core, time = now()) {
    if (this.#performing || this.isYielding(time) || this.#settling) return;
    this.#performing = true;
    // Handlers that answer in microtasks come back here within the same task: what they used counts too.
    if (time - this.#busyUntil > IDLE_MS && time - this.#awaitsSince > LOST_MS) {
      this.#busySince = this.#awaitsSince = time;
      soon(this.#hadTurn);
    }
    let last = time;
    try {
      last = this.#workOff(core, time);
    } finally {
      this.#busyUntil = this.isYielding(last) ? -Infinity : last;
      if (this.#head === this.#tail) {
        this.#head = 0;
        this.#tail = 0;
        // A great many are seldom needed twice.
        if (this.#todo.length > MOST_KEPT) this.#todo = new Int32Array(ROOM);
      }
      this.#performing = this.#settling = false;
    }
    if (this.#engine.isAttached && this.#engine.runs.size > 0) this.#keepTime(core, last);
  }

  /** Returns when the last command was performed: asking when it had been, too, is dear where most answers lead to one. */
  #workOff(core, begin) {
    let time = begin;
    for (;;) {
      const isLate = time - this.#busySince >= SLICE_MS;
      // Those who are told may start something.
      if (isLate || this.#isIdle()) {
        this.report(core);
        this.#engine.telling.tellMoved(core);
      }
      if (this.#isIdle()) return time;
      if (isLate) {
        this.#yield();
        return time;
      }
      if (this.#head === this.#tail) {
        this.#settleNext(time);
      } else {
        this.report(core);
        const todo = this.#todo;
        const at = this.#head;
        this.#head += WORDS;
        this.#performOne(core, todo[at], todo[at + 1], todo[at + 2], todo[at + 3], todo[at + 4], time);
      }
      if (!this.#isIdle()) time = now();
    }
  }

  #isIdle() {
    return this.#head === this.#tail && this.#answer === undefined;
  }

  /** Whether answers have to wait: thousands may come at once, and the host is to have its turn between them. */
  isYielding(time) {
    return time - this.#yieldsSince <= LOST_MS;
  }

  get hasAnswers() {
    return this.#answer !== undefined;
  }

  /** Has `settle(call, isValue, answer, at)` called when it is its turn. */
  answerLater(settle, call, isValue, answer) {
    const last = this.#lastAnswer;
    this.#lastAnswer = { settle, call, isValue, answer, next: undefined };
    if (last === undefined) this.#answer = this.#lastAnswer;
    else last.next = this.#lastAnswer;
  }

  #settleNext(time) {
    const { settle, call, isValue, answer, next } = this.#answer;
    this.#answer = next;
    if (next === undefined) this.#lastAnswer = undefined;
    this.#performing = false;
    this.#settling = true;
    settle(call, isValue, answer, time);
    this.#performing = true;
    this.#settling = false;
  }

  /** Lets the host have its turn. */
  #yield() {
    soon(() => {
      this.#yieldsSince = -Infinity;
      if (this.#engine.isAttached) unattended(() => this.work(this.#engine.core));
    });
    this.#yieldsSince = now();
  }

  #performOne(core, op, number, node, a, b, at) {
    if (op === CIRCUIT) {
      this.#engine.circuitChanged(core, number, a, b);
      return;
    }
    if (op === DROP) {
      this.#engine.keep(a, b, undefined);
      return;
    }
    const run = this.#runs[number];
    if (run === undefined) return;
    try {
      perform(this.#engine, core, run, op, node, a, b, at);
    } catch (error) {
      // Nothing there is expected to throw, but whatever happens, no promise is left hanging.
      this.#engine.fail(run, error);
    }
  }

  #keepTime(core, time) {
    if (!this.#alarm.isStale) return;
    const deadline = core.engineDeadline(this.#engine.coreHandle);
    if (deadline > time) {
      this.#alarm.set(deadline);
    } else if (time - this.#ticksSince > LOST_MS) {
      // A timer would take its time, and what is due is due.
      soon(() => {
        this.#ticksSince = -Infinity;
        unattended(() => this.#tick());
      });
      this.#ticksSince = time;
    }
  }

  /** Has the core look what is due. */
  #tick() {
    if (!this.#engine.isAttached || this.#engine.runs.size === 0) return;
    const { core } = this.#engine;
    // What was answered in time is not too late.
    if (!this.hasAnswers) this.take(core, core.engineTick(this.#engine.coreHandle, now()));
    this.work(core);
  }
}

/** An iteration has begun, with nodes of its own. */
function open(run, each, index, frame) {
  run.nodes.open(each, index, frame);
  opened(run, run.nodes.size - run.stepAt(each).size);
}

/** A step of a loop begins for the next item, if there is one: its node. */
function nextItem(run, node) {
  const { nodes, lists, items } = run;
  const each = nodes.loopAround(node);
  const list = lists[each];
  const index = nodes.begunOf(each);
  if (list === undefined || index >= list.length) return undefined;
  items[nodes.open(each, index)] = list[index];
  opened(run, nodes.size - 1);
  return nodes.size - 1;
}

/** There are nodes from this one on. What the journal has of them stays. */
function opened(run, first) {
  for (let node = first; node < run.nodes.size; node += 1) run.outputs[node] ??= null;
}

/** A call had waited for another one, and has its answer. */
function share(leader, from, run, node) {
  if (leader === undefined) return;
  run.prepared?.delete(node);
  run.outputs[node] = leader.outputs[from];
  if (leader.errors[from] !== undefined) run.setError(node, leader.errors[from]);
}
