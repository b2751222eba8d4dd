//! From a journal back to a run.

use std::rc::Rc;

use repflow::time::Timestamp;
use repflow::workflow::{Command, Engine, Event, EventKind, Plan};

use crate::runs::{Host, World, plan};
use crate::{Once, Workload, shapes};

/// Sizes are events.
pub const ALL: &[Workload] =
    &[Workload { name: "restore", prepare: restore }, Workload { name: "restore-interrupted", prepare: interrupted }];

/// How many events an item of a loop leaves.
const EVENTS_OF_AN_ITEM: usize = 4;

/// A run that had come to its end.
fn restore(events: usize) -> Once {
    let plan = plan(&shapes::for_each());
    let log = log(&plan, events / EVENTS_OF_AN_ITEM);
    assert!(log.len().abs_diff(events) < 10, "a journal of {} events", log.len());
    Box::new(move || assert!(restored(&plan, &log).iter().all(|it| !matches!(it, Command::Call { .. }))))
}

/// A run whose calls had all begun, and none had ended.
fn interrupted(events: usize) -> Once {
    let plan = plan(&shapes::for_all());
    let calls = events / (EVENTS_OF_AN_ITEM - 1);
    let mut log = log(&plan, calls);
    let first = log.iter().position(|event| matches!(event.kind, EventKind::StepCompleted(_)));
    log.truncate(first.expect("a step completes"));
    assert!(log.len().abs_diff(events) < 10, "a journal of {} events", log.len());
    Box::new(move || {
        let commands = restored(&plan, &log);
        assert_eq!(commands.iter().filter(|it| matches!(it, Command::Call { .. })).count(), calls);
    })
}

/// The log of a run of a loop.
fn log(plan: &Rc<Plan>, items: usize) -> Vec<Event> {
    let mut host = Host::default();
    host.start(plan);
    let mut log = Vec::new();
    host.drive(World::of(items), |of_run| log.extend(of_run.iter()));
    log
}

/// What is to be done after a restart.
fn restored(plan: &Rc<Plan>, log: &[Event]) -> Vec<Command> {
    let mut engine = Engine::default();
    engine.restore(Rc::clone(plan), 7, None, log, Timestamp::EPOCH).expect("it is a log of this plan");
    engine.drain_commands().collect()
}
