//! Random definitions, schedules and faults; the simulator's invariants hold in every one of them.
//!
//! A failure names its seed; `REPFLOW_SEED=… cargo test --test sim one_seed` replays it and prints its log, `many_of_one_seed` the same for
//! several runs at once.

#[path = "sim/generate.rs"]
mod generate;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use repflow::policy::Options;
use repflow::rng::Rng;
use repflow::sim::{Answer, Call, Simulation};
use repflow::workflow::{EventKind, Plan, RunEnd};
use serde_json::{Value as Json, json};

const SEEDS: u64 = 3_000;

/// A world that fails with a probability of `faults`.
fn world(faults: f64) -> impl FnMut(&Call<'_>, &mut Rng) -> Answer {
    move |call, rng| {
        let delay = Duration::from_millis(rng.below(2_000) as u64);
        match rng.unit() {
            luck if luck < faults * 0.6 => Answer::Fail(delay),
            luck if luck < faults * 0.8 => Answer::FailForGood(delay),
            luck if luck < faults => Answer::Never,
            _ => Answer::value_after(delay, json!({ "from": call.step, "attempt": call.attempt })),
        }
    }
}

fn plan(rng: &mut Rng, id: &str) -> Rc<Plan> {
    let definition = generate::definition(rng, id);
    let plan = Plan::from_json(&definition.to_string(), Duration::from_secs(30));
    Rc::new(plan.unwrap_or_else(|error| panic!("the generated definition is valid: {error}\n{definition:#}")))
}

fn shared(rng: &mut Rng) -> Options {
    let options = generate::shared(rng);
    Options::new(&options).unwrap_or_else(|error| panic!("the generated options are valid: {error}\n{options:#}"))
}

fn input() -> Json {
    json!({ "user": { "name": "Ada" } })
}

fn while_ms(rng: &mut Rng, most: usize) -> Duration {
    Duration::from_millis(rng.below(most) as u64)
}

/// One simulated run: its log and its end.
fn simulate(seed: u64) -> (String, RunEnd) {
    let mut rng = Rng::new(seed);
    let plan = plan(&mut rng, "random");
    let mut simulation = Simulation::new(seed, world(rng.unit() * 0.5));
    simulation.define(generate::SHARED, &shared(&mut rng));
    let run = simulation.start(plan, input());
    if rng.unit() < 0.2 {
        simulation.cancel_after(run, while_ms(&mut rng, 10_000));
    }
    simulation.run_to_end();
    (simulation.log_of(run), simulation.end_of(run).expect("the run has ended"))
}

/// Up to twelve runs of up to three workflows at once, which share what their policies share: their logs. Some are
/// cancelled, some removed, and some begin when others have.
fn simulate_many(seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let plans: Vec<Rc<Plan>> = (0..=rng.below(3)).map(|n| plan(&mut rng, &format!("random{n}"))).collect();
    let mut simulation = Simulation::new(seed, world(rng.unit() * 0.5));
    simulation.define(generate::SHARED, &shared(&mut rng));
    for _ in 0..2 + rng.below(11) {
        let plan = Rc::clone(&plans[rng.below(plans.len())]);
        if rng.below(3) == 0 {
            simulation.start_after(while_ms(&mut rng, 10_000), plan, input());
            continue;
        }
        let run = simulation.start(plan, input());
        match rng.below(6) {
            0 => simulation.cancel_after(run, while_ms(&mut rng, 10_000)),
            1 => simulation.remove_after(run, while_ms(&mut rng, 10_000)),
            _ => {}
        }
    }
    simulation.run_to_end();
    assert!(simulation.ends().all(|(_, end)| end.is_some()));
    simulation.log()
}

/// Each seed gives the same log twice; a failure names its seed.
fn repeated<T>(seed: u64, test: &str, simulate: impl Fn(u64) -> (String, T)) -> (String, T) {
    let Ok((log, end)) = catch_unwind(AssertUnwindSafe(|| simulate(seed))) else {
        panic!("seed {seed} fails; replay it with: REPFLOW_SEED={seed} cargo test --test sim {test} -- --nocapture");
    };
    assert_eq!(simulate(seed).0, log, "seed {seed} gives another log the second time");
    (log, end)
}

#[test]
fn every_run_ends_and_keeps_the_invariants() {
    let mut ends = [0_u32; 5];
    for seed in 0..SEEDS {
        let (_, end) = repeated(seed, "one_seed", simulate);
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
fn runs_that_share_parts_keep_the_invariants_together() {
    let mut told = Told::default();
    for seed in 0..SEEDS / 3 {
        told.note(&repeated(seed, "many_of_one_seed", |seed| (simulate_many(seed), ())).0);
    }
    told.assert_everything_was_told();
}

/// How often each event was told.
#[derive(Default)]
struct Told(BTreeMap<String, u32>);

impl Told {
    fn note(&mut self, log: &str) {
        for name in log.lines().filter_map(|line| line.split(' ').nth(2)) {
            *self.0.entry(name.to_owned()).or_default() += 1;
        }
    }

    /// The generator reaches every event often enough to mean something.
    fn assert_everything_was_told(&self) {
        for name in EventKind::NAMES {
            let times = self.0.get(*name).copied().unwrap_or_default();
            assert!(times >= 50, "`{name}` was told {times} times: {:?}", self.0);
        }
    }
}

fn seed() -> u64 {
    std::env::var("REPFLOW_SEED").map_or(0, |seed| seed.parse().expect("REPFLOW_SEED is a number"))
}

#[test]
fn many_of_one_seed() {
    let log = simulate_many(seed());
    println!("{log}");
    assert!(!log.is_empty());
}

#[test]
fn one_seed() {
    let (log, end) = simulate(seed());
    println!("{log}{end:?}");
    assert!(!log.is_empty());
}
