//! Many runs on one clock.

use std::rc::Rc;
use std::time::Duration;

use repflow::policy::Outcome;
use repflow::workflow::{Command, Engine, NodeIx, RunEnd, Status};
use serde_json::json;

use crate::story::{self, at, call, plan, workflow};

const ONLY: NodeIx = NodeIx(0);

/// One call that may take a second and is tried twice.
fn quick() -> Rc<repflow::workflow::Plan> {
    let retry = json!({ "maxAttempts": 2, "delay": "100ms", "jitter": "none" });
    plan(&workflow(json!([call("a", json!({ "timeout": "1s", "retry": retry }))])))
}

fn commands(engine: &mut Engine) -> Vec<Command> {
    engine.drain_commands().collect()
}

#[test]
fn runs_do_not_touch_each_other() {
    let mut engine = Engine::default();
    assert!(engine.is_empty());
    let plan = quick();
    let first = engine.start(Rc::clone(&plan), 1, None, at(0));
    let second = engine.start(Rc::clone(&plan), 1, None, at(400));
    assert_eq!(
        commands(&mut engine),
        [first, second].map(|run| Command::Call { run, node: ONLY, attempt: 1, level: 0 })
    );
    assert_eq!((engine.len(), engine.next_deadline()), (2, Some(at(1_000))));
    engine.cancel(first, at(500));
    assert_eq!(engine.next_deadline(), Some(at(1_400)), "the timer of the other is still there");
    engine.settle(second, ONLY, 1, &Outcome::COMPLETED, at(600));
    assert_eq!(engine.next_deadline(), None);
    let settled: Vec<Command> =
        commands(&mut engine).into_iter().filter(|it| matches!(it, Command::Settle { .. })).collect();
    assert_eq!(
        settled,
        [
            Command::Settle { run: first, end: RunEnd::Cancelled },
            Command::Settle { run: second, end: RunEnd::Completed }
        ]
    );
    let status = |run| engine.run(run).map(|run| run.node(ONLY).status);
    assert_eq!((status(first), status(second)), (Some(Status::Cancelled), Some(Status::Completed)));
}

#[test]
fn a_tick_fires_all_that_is_due_earliest_first() {
    let mut engine = Engine::default();
    let plan = quick();
    let late = engine.start(Rc::clone(&plan), 1, None, at(300));
    let early = engine.start(plan, 1, None, at(100));
    commands(&mut engine);
    engine.tick(at(1_099));
    assert_eq!(commands(&mut engine), []);
    engine.tick(at(1_350));
    let aborted: Vec<u32> = commands(&mut engine).into_iter().filter_map(Command::run).collect();
    assert_eq!(aborted, [early, late]);
    // The host was late: what comes next is counted from now.
    assert_eq!(engine.next_deadline(), Some(at(1_450)));
}

#[test]
fn a_removed_run_leaves_nothing_behind() {
    let mut engine = Engine::default();
    let plan = quick();
    let kept = engine.start(Rc::clone(&plan), 1, None, at(0));
    commands(&mut engine);
    let gone = engine.start(Rc::clone(&plan), 1, None, at(0));
    engine.remove(gone, at(0));
    engine.remove(gone, at(0));
    assert!(engine.run(gone).is_none());
    assert_eq!(commands(&mut engine), [], "nobody calls for a run that is not there");
    engine.settle(gone, ONLY, 1, &Outcome::COMPLETED, at(1));
    engine.cancel(gone, at(1));
    engine.settle(kept, ONLY, 1, &Outcome::COMPLETED, at(2));
    assert_eq!(commands(&mut engine), [Command::Settle { run: kept, end: RunEnd::Completed }]);
    assert_eq!((engine.len(), engine.next_deadline()), (1, None), "its timer went with it");
    assert!(engine.guards().is_empty(), "and its call");
    engine.remove(kept, at(2));
    assert!(engine.is_empty());
}

#[test]
fn removing_a_run_drops_its_commands_and_no_others() {
    let mut engine = Engine::default();
    let plan = quick();
    let [first, second, third] = [0, 1, 2].map(|seed| engine.start(Rc::clone(&plan), seed, None, at(0)));
    engine.cancel(second, at(1));
    engine.remove(second, at(1));
    let left: Vec<u32> = commands(&mut engine).into_iter().filter_map(Command::run).collect();
    assert_eq!(left, [first, third]);
}

#[test]
fn a_number_is_used_again_and_starts_afresh() {
    let mut engine = Engine::default();
    let plan = quick();
    let run = engine.start(Rc::clone(&plan), 1, None, at(0));
    engine.settle(run, ONLY, 1, &Outcome::failed(), at(10));
    engine.remove(run, at(10));
    commands(&mut engine);
    let again = engine.start(plan, 1, None, at(20));
    assert_eq!(again, run);
    assert_eq!(commands(&mut engine), [Command::Call { run, node: ONLY, attempt: 1, level: 0 }]);
    assert_eq!(engine.next_deadline(), Some(at(1_020)), "the retry of the first run is forgotten");
    engine.tick(at(110));
    assert_eq!(commands(&mut engine), []);
}

#[test]
fn what_names_no_step_is_ignored() {
    let mut engine = Engine::default();
    let run = engine.start(quick(), 1, None, at(0));
    commands(&mut engine);
    engine.settle(run, NodeIx(9), 1, &Outcome::COMPLETED, at(1));
    engine.settle(run + 1, ONLY, 1, &Outcome::COMPLETED, at(1));
    engine.tick(at(999));
    assert_eq!(commands(&mut engine), []);
}

#[test]
fn ten_thousand_runs_share_one_deadline() {
    let mut engine = Engine::default();
    let plan = plan(&workflow(json!([call("a", json!({ "timeout": "1h" }))])));
    let runs: Vec<u32> = (0..10_000).map(|n| engine.start(Rc::clone(&plan), n, None, at(n))).collect();
    for (n, run) in runs.iter().enumerate().skip(1) {
        engine.settle(*run, ONLY, 1, &Outcome::COMPLETED, at(20_000 + n as u64));
        engine.remove(*run, at(20_000 + n as u64));
    }
    assert_eq!((engine.len(), engine.next_deadline()), (1, Some(at(0) + Duration::from_secs(3_600))));
    engine.tick(at(3_600_000));
    assert!(engine.run(runs[0]).is_some_and(|run| run.end().is_some()));
}

/// A run that has everything: limits, timers, waits, loops, questions, keys and compensation under way.
fn everything() -> Rc<repflow::workflow::Plan> {
    let retry = json!({ "maxAttempts": 3, "delay": "1m", "jitter": "none" });
    let undo = json!({ "call": "gym.undo" });
    plan(&json!({
        "id": "w", "timeout": "1h", "concurrency": { "limit": 3, "key": "{{ input.user }}", "perKey": 2 },
        "steps": [
            call("first", json!({ "compensate": undo })),
            { "id": "g", "timeout": "50m", "concurrency": 9, "parallel": [
                call("retried", json!({ "retry": retry })),
                call("shared", json!({ "singleFlight": true, "bulkhead": { "maxConcurrent": 1, "maxQueue": 9 } })),
                call("limited", json!({ "rateLimit": { "limit": 1, "per": "1h", "maxWait": "2h" } })),
                { "id": "w", "wait": "10m" },
                { "id": "s", "wait": { "signal": "go", "timeout": "20m" } },
                { "id": "asks", "wait": "{{ input.rest }}" },
                { "id": "each", "forEach": "{{ input.sets }}", "steps": [call("lift", json!({ "retry": retry }))] },
            ] },
        ],
    }))
}

#[test]
fn of_runs_that_were_removed_nothing_is_left() {
    let plan = everything();
    let mut engine = Engine::default();
    for seed in 0..300_u64 {
        let mut rng = repflow::rng::Rng::new(seed);
        let runs: Vec<u32> =
            (0..4).map(|run| engine.start(Rc::clone(&plan), seed, [Some("ada"), None][run % 2], at(0))).collect();
        for step in 0..40 {
            for command in commands(&mut engine) {
                let now = at(step);
                match command {
                    Command::Call { run, node, attempt, .. } if rng.below(3) > 0 => {
                        let outcome = if rng.below(3) > 0 { Outcome::COMPLETED } else { Outcome::failed() };
                        engine.settle(run, node, attempt, &outcome, now);
                    }
                    Command::Prepare { run, node } => engine.begin(run, node, Some("k"), now),
                    Command::Evaluate { run, node, question: repflow::workflow::Question::Items } => {
                        engine.evaluated(run, node, repflow::workflow::Decision::Items(3), now);
                    }
                    _ => {}
                }
            }
            match rng.below(12) {
                0 => engine.cancel(runs[rng.below(4)], at(step)),
                1 => engine.pause(runs[rng.below(4)], at(step)),
                2 => engine.resume(runs[rng.below(4)], at(step)),
                3 => engine.signal(runs[rng.below(4)], 0, 0, at(step)),
                4 => engine.remove(runs[rng.below(4)], at(step)),
                5 => engine.tick(at(step) + Duration::from_secs(rng.below(4_000) as u64)),
                _ => {}
            }
        }
        for run in runs {
            engine.remove(run, at(50));
        }
        assert!(engine.is_empty() && engine.guards().is_empty(), "seed {seed} leaves a run or a call");
        assert_eq!((engine.next_deadline(), commands(&mut engine)), (None, Vec::new()), "seed {seed} leaves a timer");
        let text = format!("{engine:?}");
        assert!(text.contains("keys: Keys { limits: Slab { len: 0, "), "seed {seed} leaves a key: {text}");
        assert!(!text.contains("Flight {"), "seed {seed} leaves somebody in flight: {text}");
        let shared = plan.step(story::step(&plan, "shared"));
        let wiring = engine.guards().wire(&shared.policies, shared.scope.as_ref().expect("it shares something"));
        assert_eq!(engine.guards().bulkhead(wiring), Some((0, 1, 0)), "seed {seed} leaves somebody in a bulkhead");
    }
}

#[test]
fn what_is_about_no_node_no_signal_and_no_run_is_ignored() {
    use repflow::workflow::{Decision, Note};
    let mut engine = Engine::default();
    let run = engine.start(everything(), 1, None, at(0));
    commands(&mut engine);
    let log = engine.run(run).expect("it is kept").log().len();
    for (run, node) in [(run, NodeIx(99)), (run, NodeIx(u32::MAX)), (run + 7, ONLY)] {
        engine.evaluated(run, node, Decision::When(true), at(1));
        engine.evaluation_failed(run, node, at(1));
        engine.note(run, node, 1, Note::Log, at(1));
        engine.begin(run, node, Some("k"), at(1));
        engine.settle(run, node, 1, &Outcome::failed(), at(1));
        engine.signal(run, 5, 0, at(1));
    }
    for act in [Engine::output_built, Engine::output_failed, Engine::pause, Engine::resume, Engine::cancel] {
        act(&mut engine, run + 7, at(1));
    }
    engine.output_built(run, at(1));
    engine.output_failed(run, at(1));
    assert_eq!((engine.run(run).expect("it is kept").log().len(), commands(&mut engine)), (log, Vec::new()));
}
