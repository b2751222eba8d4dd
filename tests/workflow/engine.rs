//! Many runs on one clock.

use std::rc::Rc;
use std::time::Duration;

use repflow::policy::Outcome;
use repflow::workflow::{Command, Engine, NodeIx, RunEnd, Status};
use serde_json::json;

use crate::story::{at, call, plan, workflow};

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
