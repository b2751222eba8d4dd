//! Policies of steps, told as stories: what runs share, who waits for whom, and what is given back.

use std::rc::Rc;
use std::time::Duration;

use repflow::Kind;
use repflow::policy::{Facts, Failure, Options, Outcome, classify};
use repflow::value::Value;
use repflow::workflow::{Command, Decision, Engine, NodeIx, Plan, RunId, Status};
use serde_json::{Value as Json, json};

use crate::story::{self, Story, at, call, find, line, log, node, plan, workflow};

const NOTHING: [&str; 0] = [];

/// Many runs on one engine, each known by a name.
#[derive(Default)]
pub(crate) struct House {
    pub(crate) engine: Engine,
    runs: Vec<(&'static str, RunId, Rc<Plan>)>,
    now: u64,
    failures: Vec<String>,
}

impl House {
    /// Shared parts under a name.
    pub(crate) fn with(name: &str, options: Json) -> Self {
        let mut house = Self::default();
        let options = Options::new(&Value::from(&options)).expect("the options are valid");
        house.engine.guards().define(&name.into(), &options);
        house
    }

    pub(crate) fn start(&mut self, name: &'static str, definition: &Json) -> &mut Self {
        self.start_keyed(name, definition, None)
    }

    /// Starts a run that shares a limit with others that have the same key.
    pub(crate) fn start_with_key(&mut self, name: &'static str, definition: &Json, key: &str) -> &mut Self {
        self.start_keyed(name, definition, Some(key))
    }

    fn start_keyed(&mut self, name: &'static str, definition: &Json, key: Option<&str>) -> &mut Self {
        let plan = plan(definition);
        let run = self.engine.start(Rc::clone(&plan), 1, key, at(self.now));
        self.runs.push((name, run, plan));
        self
    }

    /// What a step asks is answered.
    pub(crate) fn decides(&mut self, name: &str, id: &str, decision: Decision) -> &mut Self {
        let (run, node) = self.node(name, id);
        self.engine.evaluated(run, node, decision, at(self.now));
        self
    }

    /// The host says by which key others may have the answer of a step.
    pub(crate) fn prepares(&mut self, name: &str, id: &str, key: &str) -> &mut Self {
        let (run, node) = self.node(name, id);
        self.engine.begin(run, node, Some(key), at(self.now));
        self
    }

    pub(crate) fn node(&self, name: &str, id: &str) -> (RunId, NodeIx) {
        let (_, run, _) = self.find(name);
        (run, find(self.engine.run(run).expect("the run is kept"), id))
    }

    pub(crate) fn status(&self, name: &str, id: &str) -> &'static str {
        let (run, node) = self.node(name, id);
        self.engine.run(run).expect("the run is kept").node(node).status.name()
    }

    /// Why steps failed, since the last time somebody asked.
    pub(crate) fn failures(&mut self) -> Vec<String> {
        std::mem::take(&mut self.failures)
    }

    /// The process ends, and another one goes on from the journals of all runs that have not been removed, in the order in
    /// which they began. Runs are found under their names as before.
    pub(crate) fn crashes(&mut self, keys: &[(&str, &str)]) -> &mut Self {
        let old = std::mem::take(&mut self.engine);
        for (name, run, plan) in &mut self.runs {
            let Some(state) = old.run(*run) else { continue };
            let key = keys.iter().find(|(it, _)| it == name).map(|(_, key)| *key);
            let log = story::through_numbers(&state.log().to_vec());
            let restored = self.engine.restore(Rc::clone(plan), 1, key, &log, at(self.now));
            *run = restored.expect("the journal is that of this plan");
        }
        self
    }

    /// Lets time pass until `ms`; every timer fires at its own instant.
    pub(crate) fn at(&mut self, ms: u64) -> &mut Self {
        while let Some(next) = self.wakes_at().filter(|next| *next <= ms) {
            self.now = self.now.max(next);
            self.engine.tick(at(self.now));
        }
        self.now = ms;
        self
    }

    /// The current attempt of a step of a run answers.
    pub(crate) fn completes(&mut self, name: &str, id: &str) -> &mut Self {
        self.answers(name, id, &Outcome::COMPLETED)
    }

    pub(crate) fn fails(&mut self, name: &str, id: &str) -> &mut Self {
        self.answers(name, id, &Outcome::failed())
    }

    pub(crate) fn answers(&mut self, name: &str, id: &str, outcome: &Outcome<'_>) -> &mut Self {
        let (_, run, _) = self.find(name);
        let state = self.engine.run(run).expect("the run is kept");
        let node = find(state, id);
        let attempt = state.node(node).attempt;
        self.engine.settle(run, node, attempt, outcome, at(self.now));
        self
    }

    pub(crate) fn cancels(&mut self, name: &str) -> &mut Self {
        let (_, run, _) = self.find(name);
        self.engine.cancel(run, at(self.now));
        self
    }

    /// Forgets a run without telling it to stop.
    pub(crate) fn removes(&mut self, name: &str) -> &mut Self {
        let (_, run, _) = self.find(name);
        self.engine.remove(run, at(self.now));
        self
    }

    pub(crate) fn find(&self, name: &str) -> (&'static str, RunId, Rc<Plan>) {
        self.runs.iter().rev().find(|(it, ..)| *it == name).cloned().expect("a run of this name was started")
    }

    /// The commands since the last time somebody asked.
    pub(crate) fn told(&mut self) -> Vec<String> {
        let commands: Vec<Command> = self.engine.drain_commands().collect();
        let mut told = Vec::new();
        for command in commands {
            let Some(run) = command.run() else {
                told.push(line(command, &|node| format!("{node:?}")));
                continue;
            };
            let (name, _, plan) = self.runs.iter().rev().find(|(_, it, _)| *it == run).expect("it was started");
            // Of a run that was removed only the plan is left.
            let id = |node: NodeIx| match self.engine.run(run) {
                Some(run) => story::name(run, node),
                None => plan.steps()[node.0 as usize].id.to_string(),
            };
            let line = line(command, &id);
            match command {
                Command::Fail { .. } => self.failures.push(format!("{name}: {line}")),
                _ => told.push(format!("{name}: {line}")),
            }
        }
        told
    }

    pub(crate) fn log(&self, name: &str) -> Vec<String> {
        log(self.engine.run(self.find(name).1).expect("the run is kept"))
    }

    pub(crate) fn wakes_at(&mut self) -> Option<u64> {
        self.engine.next_deadline().map(|at| at.as_millis() as u64)
    }

    /// Nothing is held, and nothing waits for time to pass.
    pub(crate) fn assert_idle(&mut self) {
        assert!(self.engine.guards().is_empty(), "a call is left behind");
        assert_eq!(self.wakes_at(), None, "a timer is left behind");
    }
}

/// A workflow named `id` of one call named `a`.
fn single(id: &str, keys: Json) -> Json {
    json!({ "id": id, "steps": [call("a", keys)] })
}

/// Retries without chance: after 100 ms, 200 ms, 400 ms, …
fn retry(max_attempts: u32) -> Json {
    json!({ "maxAttempts": max_attempts, "delay": "100ms", "maxDelay": "20s", "jitter": "none" })
}

/// A circuit breaker that opens after two failures, for ten seconds.
fn touchy() -> Json {
    json!({ "windowCalls": 2, "minCalls": 2, "openFor": "10s" })
}

#[test]
fn two_steps_share_a_circuit_breaker_by_name_in_all_runs() {
    let mut house = House::with("model", json!({ "circuitBreaker": touchy() }));
    let write = single("write", json!({ "circuitBreaker": "model" }));
    let check = json!({ "id": "check", "steps": [call("b", json!({ "circuitBreaker": "model" }))] });
    house.start("one", &write).fails("one", "a");
    assert_eq!(house.told(), ["one: call a#1", "one: failed: a"]);
    house.start("two", &check).fails("two", "b");
    assert_eq!(house.told(), ["two: call b#1", "circuit closed -> open", "two: failed: b"]);
    house.at(4_000).start("three", &write);
    assert_eq!(house.told(), ["three: failed: a met an open circuit for 6s"], "it is not called at all");
    assert_eq!(
        house.log("three"),
        [
            "4000 run.started",
            "4000 step.started a",
            "4000 attempt.short_circuited a",
            "4000 step.failed a",
            "4000 run.failed a",
        ]
    );
    house.at(10_000).start("four", &check);
    assert_eq!(house.told(), ["circuit open -> half_open", "four: call b#1"]);
    house.start("five", &write);
    assert_eq!(house.told(), ["five: failed: a met an open circuit"], "one probe at a time");
    assert_eq!(house.completes("four", "b").told(), ["circuit half_open -> closed", "four: completed"]);
    house.start("six", &write).completes("six", "a");
    assert_eq!(house.told(), ["six: call a#1", "six: completed"]);
    house.assert_idle();
}

#[test]
fn a_circuit_breaker_without_a_name_belongs_to_its_step_in_all_runs_of_the_workflow() {
    let definition = workflow(json!([
        call("a", json!({ "circuitBreaker": touchy() })),
        call("b", json!({ "circuitBreaker": touchy(), "needs": [] })),
    ]));
    let mut house = House::default();
    house.start("one", &definition).fails("one", "a").start("two", &definition).fails("two", "a");
    house.told();
    // The circuit of `a` is open, that of `b` is not; nor is that of a step `a` elsewhere.
    house.start("three", &definition);
    assert_eq!(house.told(), ["three: failed: a met an open circuit for 10s"]);
    let mut elsewhere = definition.clone();
    elsewhere["id"] = json!("elsewhere");
    house.start("four", &elsewhere);
    assert_eq!(house.told(), ["four: call a#1", "four: call b#1"]);
    let mut other = definition.clone();
    other["steps"] = json!([call("b", json!({ "circuitBreaker": touchy() }))]);
    house.start("five", &other);
    assert_eq!(house.told(), ["five: call b#1"]);
    let guards = house.engine.guards();
    let names: Vec<String> = (0..4).map(|breaker| guards.breaker_name(breaker).to_string()).collect();
    assert_eq!(names, ["session.a", "session.b", "elsewhere.a", "elsewhere.b"]);
}

#[test]
fn a_retry_waits_for_the_circuit_to_close() {
    let mut house = House::with("model", json!({ "circuitBreaker": touchy() }));
    let failing = single("failing", json!({ "circuitBreaker": "model" }));
    house.start("one", &failing).fails("one", "a").start("two", &failing).fails("two", "a");
    house.told();
    house.at(3_000).start("patient", &single("patient", json!({ "circuitBreaker": "model", "retry": retry(2) })));
    assert_eq!(house.told(), NOTHING, "refused, and it will come back when the circuit may close");
    assert_eq!(
        house.log("patient")[2..],
        ["3000 attempt.short_circuited a", "3000 retry.scheduled a#1 in 7s"],
        "nobody was called yet, so it is the first attempt that comes"
    );
    assert_eq!(house.at(9_999).told(), NOTHING);
    assert_eq!(house.at(10_000).told(), ["circuit open -> half_open", "patient: call a#1"]);
    assert_eq!(house.completes("patient", "a").told(), ["circuit half_open -> closed", "patient: completed"]);
    house.assert_idle();
}

#[test]
fn a_retry_does_not_wait_for_a_circuit_that_is_open_for_too_long() {
    let mut house = House::with("model", json!({ "circuitBreaker": touchy() }));
    let failing = single("failing", json!({ "circuitBreaker": "model" }));
    house.start("one", &failing).fails("one", "a").start("two", &failing).fails("two", "a");
    house.told();
    let hasty = json!({ "maxAttempts": 5, "maxDelay": "9s", "jitter": "none" });
    house.start("hasty", &single("hasty", json!({ "circuitBreaker": "model", "retry": hasty })));
    assert_eq!(house.told(), ["hasty: failed: a met an open circuit for 10s"]);
    house.assert_idle();
}

#[test]
fn refusals_count_as_attempts() {
    let mut house = House::with("model", json!({ "circuitBreaker": touchy() }));
    let failing = single("failing", json!({ "circuitBreaker": "model" }));
    house.start("one", &failing).fails("one", "a").start("two", &failing).fails("two", "a");
    house.told();
    let patient = single("patient", json!({ "circuitBreaker": "model", "retry": retry(2) }));
    house.start("three", &patient).start("four", &patient);
    // The probe of `three` fails, the circuit opens for longer, and `four` has been refused twice.
    assert_eq!(
        house.at(10_000).told(),
        ["circuit open -> half_open", "three: call a#1", "four: failed: a met an open circuit"]
    );
    assert_eq!(house.fails("three", "a").told(), ["circuit half_open -> open", "three: failed: a"]);
    house.assert_idle();
}

#[test]
fn a_call_waits_for_its_place_in_a_bulkhead_that_runs_share() {
    let mut house = House::with("gpu", json!({ "bulkhead": { "maxConcurrent": 2, "maxQueue": 1 } }));
    let [first, second] = ["first", "second"].map(|id| single(id, json!({ "bulkhead": "gpu", "timeout": "1s" })));
    house.start("one", &first).start("two", &second).start("three", &first);
    assert_eq!(house.told(), ["one: call a#1", "two: call a#1"]);
    let (_, run, _) = house.find("three");
    assert_eq!(house.engine.run(run).map(|run| run.node(NodeIx(0)).status), Some(Status::Pending));
    house.start("four", &second);
    assert_eq!(house.told(), ["four: failed: a met a full bulkhead"]);
    assert_eq!(house.log("four")[2], "0 attempt.rejected a");
    assert_eq!(house.at(900).completes("two", "a").told(), ["two: completed", "three: call a#1"]);
    assert_eq!(house.at(1_000).told(), ["one: abort a#1: timed out", "one: failed: a timed out"]);
    assert_eq!(house.at(1_899).told(), NOTHING, "the timeout does not count the time in the queue");
    assert_eq!(house.completes("three", "a").told(), ["three: completed"]);
    assert_eq!(house.log("three")[1..3], ["900 step.started a", "900 attempt.started a#1"]);
    house.assert_idle();
}

#[test]
fn who_waits_longer_than_they_want_leaves_the_queue() {
    let bulkhead = json!({ "maxConcurrent": 1, "maxQueue": 5, "maxWait": "500ms" });
    let mut house = House::default();
    let definition = single("w", json!({ "bulkhead": bulkhead }));
    house.start("one", &definition).at(100).start("two", &definition).at(200).start("three", &definition);
    assert_eq!(house.told(), ["one: call a#1"]);
    assert_eq!(house.at(600).told(), ["two: failed: a waited too long in the queue"]);
    assert_eq!(house.log("two")[2], "600 attempt.rejected a");
    assert_eq!(house.at(650).completes("one", "a").told(), ["one: completed", "three: call a#1"]);
    assert_eq!(house.completes("three", "a").told(), ["three: completed"]);
    house.assert_idle();
}

#[test]
fn who_has_a_place_by_now_does_not_wait_too_long_for_it() {
    let bulkhead = json!({ "maxConcurrent": 1, "maxQueue": 5, "maxWait": "1s" });
    let definition = single("w", json!({ "bulkhead": bulkhead, "timeout": "1s" }));
    let mut house = House::default();
    house.start("one", &definition).start("two", &definition);
    house.told();
    // All that is due at once, before anybody is told: the place is free at the instant at which `two` would give up.
    house.engine.with_guards(|guards| while guards.tick(at(1_000)) {}, at(1_000));
    assert_eq!(house.told(), ["one: abort a#1: timed out", "two: call a#1", "one: failed: a timed out"]);
    house.at(1_000).completes("two", "a");
    house.assert_idle();
}

#[test]
fn a_run_that_ends_leaves_the_queue() {
    let mut house = House::with("gpu", json!({ "bulkhead": { "maxConcurrent": 1, "maxQueue": 3 } }));
    let definition = single("w", json!({ "bulkhead": "gpu" }));
    house.start("one", &definition).start("two", &definition).start("three", &definition).start("four", &definition);
    assert_eq!(house.told(), ["one: call a#1"]);
    assert_eq!(house.cancels("two").told(), ["two: cancelled"], "there is nothing to abort");
    assert_eq!(house.log("two"), ["0 run.started", "0 run.cancelled"], "its step never began");
    assert_eq!(house.removes("three").told(), NOTHING);
    assert_eq!(house.completes("one", "a").told(), ["one: completed", "four: call a#1"]);
    assert_eq!(house.completes("four", "a").told(), ["four: completed"]);
    house.assert_idle();
}

#[test]
fn a_run_that_is_gone_frees_what_it_held() {
    let parts = json!({ "bulkhead": { "maxConcurrent": 1, "maxQueue": 3 }, "circuitBreaker": touchy() });
    let mut house = House::with("gpu", parts);
    let definition = single("w", json!({ "bulkhead": "gpu", "circuitBreaker": "gpu" }));
    house.start("one", &definition).start("two", &definition).start("three", &definition);
    assert_eq!(house.told(), ["one: call a#1"]);
    assert_eq!(house.removes("one").told(), ["two: call a#1"]);
    assert_eq!(house.cancels("two").told(), ["two: abort a#1: cancelled", "two: cancelled", "three: call a#1"]);
    // Neither of them was the fault of the service.
    assert_eq!(house.fails("three", "a").told(), ["three: failed: a"]);
    house.start("four", &definition).fails("four", "a");
    assert_eq!(house.told(), ["four: call a#1", "circuit closed -> open", "four: failed: a"]);
    house.assert_idle();
}

#[test]
fn a_probe_that_is_given_up_lets_another_one_try() {
    let mut house = House::with("model", json!({ "circuitBreaker": touchy() }));
    let definition = single("w", json!({ "circuitBreaker": "model" }));
    house.start("one", &definition).fails("one", "a").start("two", &definition).fails("two", "a");
    house.at(10_000).start("three", &definition);
    house.told();
    assert_eq!(house.cancels("three").told(), ["three: abort a#1: cancelled", "three: cancelled"]);
    house.start("four", &definition);
    assert_eq!(house.told(), ["four: call a#1"]);
    house.removes("four").start("five", &definition);
    assert_eq!(house.told(), ["five: call a#1"]);
}

#[test]
fn a_run_that_ends_calls_nobody_with_the_place_it_gives_up() {
    let mut definition = workflow(json!([
        { "id": "g", "parallel": [call("a", json!({ "bulkhead": "gpu" })), call("b", json!({ "bulkhead": "gpu" }))] },
    ]));
    let fails = |house: &mut House| _ = house.fails("one", "a");
    let cancels = |house: &mut House| _ = house.cancels("one");
    for ends in [fails as fn(&mut House), cancels] {
        let mut house = House::with("gpu", json!({ "bulkhead": { "maxConcurrent": 1, "maxQueue": 9 } }));
        house.start("one", &definition).start("two", &definition);
        assert_eq!(house.told(), ["one: call a#1"]);
        ends(&mut house);
        let told = house.told();
        assert_eq!(told.last().map(String::as_str), Some("two: call a#1"), "{told:?}");
        assert!(!told.iter().any(|line| line.contains("one: call")), "`b` is called in vain: {told:?}");
        assert!(!house.log("one").iter().any(|line| line.ends_with(" b#1")), "{:?}", house.log("one"));
    }
    definition["timeout"] = json!("5s");
    let mut house = House::with("gpu", json!({ "bulkhead": { "maxConcurrent": 1, "maxQueue": 9 } }));
    house.start("one", &definition);
    assert_eq!(house.at(5_000).told(), ["one: call a#1", "one: abort a#1: cancelled", "one: timed out"]);
    house.assert_idle();
}

#[test]
fn a_step_is_over_before_the_next_one_gets_its_place() {
    let bulkhead = json!({ "bulkhead": "gpu" });
    let definition = workflow(json!([{ "id": "g", "parallel": [call("a", bulkhead.clone()), call("b", bulkhead)] }]));
    let mut house = House::with("gpu", json!({ "bulkhead": { "maxConcurrent": 1, "maxQueue": 9 } }));
    house.start("one", &definition).at(5).completes("one", "a");
    assert_eq!(
        house.log("one")[4..],
        ["5 step.completed a", "5 step.started b", "5 attempt.started b#1"],
        "a fold of the log never sees two at once"
    );
}

#[test]
fn nobody_is_refused_for_a_place_that_has_just_become_free() {
    let definition = workflow(json!([
        call("a", json!({ "bulkhead": "gpu" })),
        call("b", json!({ "bulkhead": "gpu", "needs": ["a"] })),
    ]));
    let mut house = House::with("gpu", json!({ "bulkhead": { "maxConcurrent": 1, "maxQueue": 1 } }));
    house.start("one", &definition).start("two", &definition);
    assert_eq!(house.told(), ["one: call a#1"]);
    assert_eq!(house.completes("one", "a").told(), ["two: call a#1"], "the place was theirs first, and `b` is in line");
    assert_eq!(house.completes("two", "a").told(), ["one: call b#1"]);
    assert_eq!(house.completes("one", "b").told(), ["one: completed", "two: call b#1"]);
    house.completes("two", "b");
    house.assert_idle();
}

#[test]
fn a_delay_holds_no_place_in_a_bulkhead() {
    let mut house = House::with("gpu", json!({ "bulkhead": { "maxConcurrent": 1, "maxQueue": 3 } }));
    let definition = single("w", json!({ "bulkhead": "gpu", "retry": retry(2) }));
    house.start("one", &definition).start("two", &definition);
    assert_eq!(house.told(), ["one: call a#1"]);
    assert_eq!(house.at(10).fails("one", "a").told(), ["two: call a#1"]);
    assert_eq!(house.at(110).told(), NOTHING, "its delay is over, and it is in line again");
    assert_eq!(house.at(200).completes("two", "a").told(), ["two: completed", "one: call a#2"]);
    assert_eq!(house.fails("one", "a").told(), ["one: failed: a"]);
    house.assert_idle();
}

#[test]
fn a_step_in_the_queue_of_a_bulkhead_keeps_its_slot_of_the_run() {
    let mut house = House::with("gpu", json!({ "bulkhead": { "maxConcurrent": 1, "maxQueue": 3 } }));
    let mut definition = workflow(json!([call("a", json!({ "bulkhead": "gpu" })), call("b", json!({ "needs": [] }))]));
    definition["concurrency"] = json!(1);
    house.start("one", &definition).start("two", &definition);
    assert_eq!(house.told(), ["one: call a#1"]);
    assert_eq!(house.completes("one", "a").told(), ["one: call b#1", "two: call a#1"]);
}

#[test]
fn a_rate_limit_lets_calls_wait_for_their_turn_and_refuses_the_rest() {
    let rate = json!({ "limit": 1, "per": "1s", "maxWait": "2s" });
    let definition = single("w", json!({ "rateLimit": rate, "timeout": "500ms" }));
    let mut house = House::default();
    for name in ["one", "two", "three", "four"] {
        house.start(name, &definition);
    }
    assert_eq!(house.told(), ["one: call a#1", "four: failed: a is above the rate for 3s"]);
    assert_eq!(house.log("four")[2], "0 attempt.rate_limited a");
    house.completes("one", "a");
    house.told();
    assert_eq!(house.at(999).told(), NOTHING);
    assert_eq!(house.at(1_000).told(), ["two: call a#1"]);
    assert_eq!(house.at(1_499).completes("two", "a").told(), ["two: completed"]);
    house.cancels("three");
    assert_eq!(house.told(), ["three: cancelled"]);
    assert_eq!(house.at(9_000).told(), NOTHING, "who was cancelled does not come");
    house.assert_idle();
}

#[test]
fn a_retry_waits_as_long_as_the_rate_limit_says() {
    let rate = json!({ "limit": 1, "per": "1s" });
    let definition = single("w", json!({ "rateLimit": rate, "retry": retry(2) }));
    let mut house = House::default();
    house.start("one", &definition).completes("one", "a").at(400).start("two", &definition);
    house.told();
    assert_eq!(house.log("two")[2..], ["400 attempt.rate_limited a", "400 retry.scheduled a#1 in 600ms"]);
    assert_eq!(house.at(1_000).told(), ["two: call a#1"]);
}

#[test]
fn a_quota_that_is_used_up_is_not_tried_again() {
    let definition = single("w", json!({ "rateLimit": { "perDay": 1 }, "retry": retry(5) }));
    let mut house = House::default();
    house.start("one", &definition).completes("one", "a").start("two", &definition);
    assert_eq!(house.told()[2..], ["two: failed: a is above the quota for 86400s"]);
}

#[test]
fn a_total_timeout_bounds_attempts_and_delays() {
    let keys = json!({ "totalTimeout": "3s", "timeout": "2s", "retry": retry(9) });
    let mut story = Story::begin(&workflow(json!([call("a", keys)])));
    assert_eq!(story.at(2_000).told(), ["call a#1", "abort a#1: timed out"]);
    assert_eq!(story.at(2_100).told(), ["call a#2"]);
    assert_eq!(story.wakes_at(), Some(3_000), "before its own timeout at 4.1 s");
    assert_eq!(story.at(3_000).told(), ["abort a#2: total timed out", "failed: a took too long in all"]);
    assert_eq!(story.log()[7..], ["3000 step.timed_out a", "3000 step.failed a", "3000 run.failed a"]);
}

#[test]
fn a_delay_that_ends_after_the_total_timeout_is_not_begun() {
    let keys = json!({ "totalTimeout": "1s", "retry": retry(9) });
    let mut story = Story::begin(&workflow(json!([call("a", keys)])));
    story.at(850).fails("a").at(950).fails("a");
    assert_eq!(story.told(), ["call a#1", "call a#2", "failed: a"], "its error says more than a timeout would");
}

#[test]
fn a_total_timeout_counts_the_time_in_a_queue_and_for_a_slot_between_attempts() {
    let mut house = House::with("gpu", json!({ "bulkhead": { "maxConcurrent": 1, "maxQueue": 3 } }));
    let definition = single("w", json!({ "bulkhead": "gpu", "totalTimeout": "1s" }));
    house.start("one", &single("v", json!({ "bulkhead": "gpu" }))).at(300).start("two", &definition);
    assert_eq!(house.at(1_300).told(), ["one: call a#1", "two: failed: a took too long in all"]);
    assert_eq!(house.log("two")[1..3], ["1300 step.started a", "1300 step.timed_out a"]);
    house.completes("one", "a");
    house.assert_idle();
    // After a delay the slot of the run is taken, and the time goes on.
    let mut definition = workflow(json!([
        call("a", json!({ "totalTimeout": "1s", "retry": retry(3) })),
        call("b", json!({ "needs": [] })),
    ]));
    definition["concurrency"] = json!(1);
    let mut story = Story::begin(&definition);
    assert_eq!(story.fails("a").at(500).told(), ["call a#1", "call b#1"]);
    assert_eq!(story.at(1_000).told(), ["abort b#1: cancelled", "failed: a took too long in all"]);
}

/// Polly and gRPC: the first answer that is a good one wins, and what else runs is told to stop.
#[test]
fn a_hedge_starts_beside_a_slow_attempt_and_the_first_answer_wins() {
    for (winner, loser) in [(1, 2), (2, 1)] {
        let keys = json!({ "hedge": { "delay": "100ms" }, "timeout": "1s" });
        let mut story = Story::begin(&workflow(json!([call("a", keys), call("then", json!({}))])));
        assert_eq!(story.at(99).told(), ["call a#1"]);
        assert_eq!(story.at(100).told(), ["call a#2"]);
        assert_eq!(story.at(900).told(), NOTHING, "one beside it is enough");
        let told = story.answers("a", winner, Outcome::COMPLETED).told();
        assert_eq!(told, [format!("abort a#{loser}: superseded"), "call then#1".to_owned()]);
        assert_eq!(story.answers("a", loser, Outcome::COMPLETED).told(), NOTHING, "too late");
        assert_eq!(story.completes("then").told(), ["completed"]);
        assert_eq!(story.log()[2..5], ["0 attempt.started a#1", "100 attempt.started a#2", "900 step.completed a"]);
    }
}

#[test]
fn one_of_two_that_fails_leaves_the_other_one_to_decide() {
    for (loser, winner) in [(1, 2), (2, 1)] {
        let keys = json!({ "hedge": { "delay": "100ms" }, "timeout": "1s", "retry": retry(2) });
        let mut story = Story::begin(&workflow(json!([call("a", keys)])));
        story.at(200).answers("a", loser, Outcome::failed());
        assert_eq!(story.told(), ["call a#1", "call a#2"], "the other one still runs");
        assert_eq!(story.answers("a", winner, Outcome::COMPLETED).told(), ["completed"]);
    }
    // Both fail: then it is tried again, which counts as the second attempt of two.
    let keys = json!({ "hedge": { "delay": "100ms" }, "timeout": "1s", "retry": retry(2) });
    let mut story = Story::begin(&workflow(json!([call("a", keys)])));
    story.at(200).answers("a", 2, Outcome::failed()).answers("a", 1, Outcome::failed());
    assert_eq!(story.at(400).told(), ["call a#1", "call a#2", "call a#3", "call a#4"]);
    story.answers("a", 3, Outcome::failed()).answers("a", 4, Outcome::failed());
    assert_eq!(story.told(), ["failed: a"]);
}

#[test]
fn all_that_run_beside_each_other_share_one_timeout() {
    let keys = json!({ "hedge": { "delay": "100ms", "maxExtra": 3 }, "timeout": "1s" });
    let mut story = Story::begin(&workflow(json!([call("a", keys)])));
    assert_eq!(story.at(250).told(), ["call a#1", "call a#2", "call a#3"]);
    story.answers("a", 3, Outcome::failed());
    assert_eq!(story.at(999).told(), ["call a#4"]);
    let mut told = story.at(1_000).told();
    told[..3].sort();
    assert_eq!(told, ["abort a#1: timed out", "abort a#2: timed out", "abort a#4: timed out", "failed: a timed out"]);
    let mut ends: Vec<String> = story.log().into_iter().filter(|it| it.contains("attempt.timed_out")).collect();
    ends.sort();
    assert_eq!(
        ends,
        ["1000 attempt.timed_out a#1", "1000 attempt.timed_out a#2", "1000 attempt.timed_out a#4"],
        "each attempt that ran is told to have ended"
    );
}

#[test]
fn a_hedge_takes_no_second_place_in_a_bulkhead() {
    let bulkhead = json!({ "maxConcurrent": 1, "maxQueue": 1 });
    let definition = single("w", json!({ "hedge": { "delay": "100ms" }, "bulkhead": bulkhead }));
    let mut house = House::default();
    house.start("one", &definition).start("two", &definition);
    assert_eq!(house.at(100).told(), ["one: call a#1", "one: call a#2"]);
    assert_eq!(house.completes("one", "a").told(), ["one: abort a#1: superseded", "one: completed", "two: call a#1"]);
    house.completes("two", "a");
    house.told();
    house.assert_idle();
}

#[test]
fn a_run_that_ends_stops_all_attempts_of_a_step() {
    let keys = json!({ "hedge": { "delay": "100ms" } });
    let mut story = Story::begin(&workflow(json!([call("a", keys)])));
    story.at(100).told();
    assert_eq!(story.is_cancelled().told(), ["abort a#1: cancelled", "abort a#2: cancelled", "cancelled"]);
}

#[test]
fn a_retry_budget_is_shared_by_all_runs() {
    let budget = json!({ "ratio": 0.5, "minPerSecond": 0 });
    let mut house = House::with("retries", json!({ "retry": { "budget": budget } }));
    let mut retry = retry(2);
    retry["budget"] = json!("retries");
    let definition = single("w", json!({ "retry": retry }));
    for name in ["one", "two"] {
        house.start(name, &definition).completes(name, "a");
    }
    house.start("three", &definition).fails("three", "a");
    house.told();
    assert_eq!(house.at(100).told(), ["three: call a#2"], "two that went well pay for one retry");
    house.completes("three", "a").start("four", &definition).fails("four", "a");
    assert_eq!(house.told(), ["three: completed", "four: call a#1", "four: failed: a"]);
    house.assert_idle();
}

/// An error as a host tells it: what it is by its code, with the rows of the step.
fn error<'a>(plan: &Plan, code: &'a str) -> Outcome<'a> {
    let facts = Facts { code: Some(code), ..Facts::default() };
    let rows = &plan.steps()[0].policies.classify;
    Outcome::Failed(Failure { code: Some(code), ..Failure::new(classify(&facts, rows)) })
}

#[test]
fn a_step_says_what_its_errors_mean() {
    let rows = json!([
        { "code": "gym.closed", "kind": "exhausted" },
        { "code": "gym.busy", "kind": "validation", "retryable": true },
    ]);
    let definition = workflow(json!([call("a", json!({ "retry": retry(2), "classify": rows }))]));
    let plan = plan(&definition);
    for (code, retried) in [("gym.closed", false), ("gym.busy", true), ("gym.dark", true)] {
        let mut story = Story::begin(&definition);
        story.told();
        let told = story.answers("a", 1, error(&plan, code)).told();
        assert_eq!(told.is_empty(), retried, "{code}: {told:?}");
    }
    assert_eq!(
        plan.steps()[0].policies.classify.iter().map(|row| row.kind).collect::<Vec<_>>(),
        [Kind::Exhausted, Kind::Validation]
    );
}

#[test]
fn a_circuit_breaker_counts_only_the_errors_it_is_told_to() {
    let mut breaker = touchy();
    breaker["on"] = json!(["unavailable", "gym.dark"]);
    let definition = single("w", json!({ "circuitBreaker": breaker }));
    let plan = plan(&definition);
    let mut house = House::default();
    let ends = |house: &mut House, name, code| {
        house.start(name, &definition).answers(name, "a", &error(&plan, code));
        house.told().iter().any(|line| line.starts_with("circuit"))
    };
    assert!(!ends(&mut house, "one", "gym.busy"));
    assert!(!ends(&mut house, "two", "gym.busy"));
    assert!(!ends(&mut house, "three", "gym.dark"));
    assert!(!ends(&mut house, "four", "gym.busy"));
    assert!(ends(&mut house, "five", "gym.dark"));
}

#[test]
fn a_slow_service_opens_the_circuit_too() {
    let breaker = json!({ "windowCalls": 2, "slowCall": "1s", "slowCallRate": 0.5, "openFor": "5s" });
    let definition = single("w", json!({ "circuitBreaker": breaker }));
    let mut house = House::default();
    house.start("one", &definition).at(200).completes("one", "a").start("two", &definition);
    house.told();
    assert_eq!(house.at(1_300).completes("two", "a").told(), ["circuit closed -> open", "two: completed"]);
}

#[test]
fn a_definition_that_has_changed_gets_the_policies_it_has_now() {
    let mut house = House::default();
    house.start("old", &single("w", json!({ "circuitBreaker": touchy() })));
    let bulkhead = json!({ "maxConcurrent": 1, "maxQueue": 0 });
    let new = single("w", json!({ "bulkhead": bulkhead }));
    house.start("new", &new).start("newer", &new);
    assert_eq!(house.told(), ["old: call a#1", "new: call a#1", "newer: failed: a met a full bulkhead"]);
    house.completes("old", "a").completes("new", "a");
    house.assert_idle();
}

#[test]
fn a_name_that_is_defined_late_counts_from_the_next_call_on() {
    let definition = single("w", json!({ "bulkhead": "gpu" }));
    let mut house = House::default();
    house.start("one", &definition).start("two", &definition);
    assert_eq!(house.told(), ["one: call a#1", "two: call a#1"], "nobody has defined it, so it has the default limit");
    let options =
        Options::new(&Value::from(&json!({ "bulkhead": { "maxConcurrent": 1, "maxQueue": 0 } }))).expect("it is valid");
    house.engine.guards().define(&"gpu".into(), &options);
    house.start("three", &definition).start("four", &definition);
    assert_eq!(house.told(), ["three: call a#1", "four: failed: a met a full bulkhead"]);
    house.completes("one", "a").completes("three", "a").completes("two", "a");
    house.assert_idle();
}

/// Dean and Barroso 2013, "The Tail at Scale": the second attempt is sent once the first takes longer than most do.
#[test]
fn a_hedge_learns_from_the_runs_before_it() {
    let definition = single("w", json!({ "hedge": { "percentile": 0.5, "minCalls": 3 } }));
    let mut house = House::default();
    for (name, took) in [("one", 100), ("two", 200), ("three", 300)] {
        let begin = house.now;
        house.start(name, &definition).at(begin + took).completes(name, "a");
        assert_eq!(house.told().len(), 2, "too little is known for a second attempt");
    }
    house.start("four", &definition);
    assert_eq!(house.at(799).told(), ["four: call a#1"]);
    assert_eq!(house.at(800).told(), ["four: call a#2"], "half of the calls took 200 ms");
    house.removes("four");
    house.assert_idle();
}

#[test]
fn a_hedge_counts_once_for_the_circuit_breaker() {
    let definition = single("w", json!({ "hedge": { "delay": "10ms" }, "circuitBreaker": touchy() }));
    let mut house = House::default();
    house.start("one", &definition).at(10);
    let (_, run, plan) = house.find("one");
    for attempt in [1, 2] {
        house.engine.settle(run, node(&plan, "a"), attempt, &Outcome::failed(), at(10));
    }
    assert_eq!(house.told(), ["one: call a#1", "one: call a#2", "one: failed: a"], "the circuit is still closed");
    house.start("two", &definition).fails("two", "a");
    assert_eq!(house.told(), ["two: call a#1", "circuit closed -> open", "two: failed: a"]);
}

#[test]
fn policies_of_a_step_are_those_written() {
    let keys = json!({
        "totalTimeout": "1m", "timeout": "10s", "hedge": { "percentile": 0.9 },
        "retry": { "jitter": "decorrelated", "maxElapsed": "30s", "on": ["timeout", 503], "budget": "shared" },
        "circuitBreaker": "model", "rateLimit": { "limit": 5 }, "bulkhead": { "maxConcurrent": 2 },
    });
    let plan = plan(&workflow(json!([call("a", keys), call("b", json!({}))])));
    let policies = &plan.steps()[0].policies;
    assert_eq!(
        (policies.total_timeout, policies.timeout),
        (Some(Duration::from_secs(60)), Some(Duration::from_secs(10)))
    );
    let retry = policies.retry.as_ref().expect("it has one");
    assert_eq!(retry.max_elapsed, Some(Duration::from_secs(30)));
    assert!(policies.breaker.is_some() && policies.rate_limit.is_some() && policies.bulkhead.is_some());
    assert_eq!(plan.steps()[0].scope.as_deref(), Some("session.a"));
    assert_eq!(plan.steps()[1].scope, None, "it shares nothing");
}
