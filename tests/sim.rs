//! Random definitions, schedules and faults; the simulator's invariants hold in every one of them.
//!
//! A failure names its seed; `REPFLOW_SEED=… cargo test --test sim one_seed` replays it and prints its log.

#[path = "sim/generate.rs"]
mod generate;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use repflow::rng::Rng;
use repflow::sim::{Answer, Simulation};
use repflow::workflow::{Plan, RunEnd};
use serde_json::json;

const SEEDS: u64 = 3_000;

/// One simulated run: its log and its end.
fn simulate(seed: u64) -> (String, RunEnd) {
    let mut rng = Rng::new(seed);
    let definition = generate::definition(&mut rng);
    let plan = Plan::from_json(&definition.to_string(), Duration::from_secs(30))
        .unwrap_or_else(|error| panic!("the generated definition is valid: {error}\n{definition:#}"));
    let faults = rng.unit() * 0.5;
    let mut simulation = Simulation::new(seed, move |call, rng| {
        let delay = Duration::from_millis(rng.below(2_000) as u64);
        match rng.unit() {
            luck if luck < faults * 0.6 => Answer::Fail(delay),
            luck if luck < faults * 0.8 => Answer::FailForGood(delay),
            luck if luck < faults => Answer::Never,
            _ => Answer::value_after(delay, json!({ "from": call.step, "attempt": call.attempt })),
        }
    });
    let run = simulation.start(Rc::new(plan), json!({ "user": { "name": "Ada" } }));
    if rng.unit() < 0.2 {
        simulation.cancel_after(run, Duration::from_millis(rng.below(10_000) as u64));
    }
    simulation.run_to_end();
    (simulation.log_of(run), simulation.end_of(run).expect("the run has ended"))
}

#[test]
fn every_run_ends_and_keeps_the_invariants() {
    let mut ends = [0_u32; 5];
    for seed in 0..SEEDS {
        let outcome = catch_unwind(AssertUnwindSafe(|| simulate(seed)));
        let Ok((log, end)) = outcome else {
            panic!(
                "seed {seed} fails; replay it with: REPFLOW_SEED={seed} cargo test --test sim one_seed -- --nocapture"
            );
        };
        assert_eq!(simulate(seed).0, log, "seed {seed} gives another log the second time");
        ends[match end {
            RunEnd::Completed => 0,
            RunEnd::Failed(..) => 1,
            RunEnd::TimedOut => 2,
            RunEnd::Cancelled => 3,
            RunEnd::OutputFailed => 4,
        }] += 1;
    }
    // The generator reaches every kind of end often enough to mean something.
    assert!(ends.iter().all(|count| *count >= 50), "ends: {ends:?}");
}

#[test]
fn one_seed() {
    let seed = std::env::var("REPFLOW_SEED").map_or(0, |seed| seed.parse().expect("REPFLOW_SEED is a number"));
    let (log, end) = simulate(seed);
    println!("{log}{end:?}");
    assert!(!log.is_empty());
}
