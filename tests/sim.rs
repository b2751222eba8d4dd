//! Random definitions, schedules and faults; the simulator's invariants hold in every one of them.
//!
//! A failure names its seed; `REPFLOW_SEED=… cargo test --test sim one_seed` replays it and prints its log,
//! `many_of_one_seed` the same for several runs at once, `one_steady_seed` for one that is compared with itself.

#[path = "sim/generate.rs"]
mod generate;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use generate::Mood;
use repflow::policy::Options;
use repflow::rng::Rng;
use repflow::sim::{Answer, Call, Simulation};
use repflow::value::Value;
use repflow::workflow::{EventKind, Plan, RunEnd};
use serde_json::{Value as Json, json};

/// How many worlds there are; `REPFLOW_SEEDS` asks for more, as in a long campaign.
fn seeds() -> u64 {
    std::env::var("REPFLOW_SEEDS").map_or(3_000, |seeds| seeds.parse().expect("REPFLOW_SEEDS is a number"))
}

/// Worlds that found a mistake once.
const FOUND: [u64; 1] = [45_147];

/// A world that fails with a probability of `faults`.
fn world(faults: f64) -> impl FnMut(&Call<'_>, &mut Rng) -> Answer {
    move |call, rng| {
        let delay = Duration::from_millis(rng.below(2_000) as u64);
        answer(call, faults, delay, rng.unit())
    }
}

/// A world that gives the same answer to the same attempt, whenever it is asked; one that a crash cut off is the same when
/// it is made again.
fn steady_world(seed: u64, faults: f64) -> impl FnMut(&Call<'_>, &mut Rng) -> Answer {
    move |call, _| {
        let mut rng = Rng::new(seed);
        for byte in call.step.bytes() {
            rng = Rng::new(rng.next_u64() ^ u64::from(byte));
        }
        rng = Rng::new(rng.next_u64() ^ u64::from(call.before) << 8 ^ u64::from(call.level));
        let delay = Duration::from_millis(rng.below(2_000) as u64);
        answer(call, faults, delay, rng.unit())
    }
}

fn answer(call: &Call<'_>, faults: f64, delay: Duration, luck: f64) -> Answer {
    match luck {
        luck if luck < faults * 0.6 => Answer::Fail(delay),
        luck if luck < faults * 0.8 => Answer::FailForGood(delay),
        luck if luck < faults => Answer::Never,
        _ => Answer::value_after(delay, json!({ "from": call.step, "before": call.before })),
    }
}

fn plan(rng: &mut Rng, id: &str, mood: Mood) -> Rc<Plan> {
    let definition = generate::definition(rng, id, mood);
    let plan = Plan::from_json(&definition.to_string(), Duration::from_secs(30));
    Rc::new(plan.unwrap_or_else(|error| panic!("the generated definition is valid: {error}\n{definition:#}")))
}

fn shared(rng: &mut Rng) -> Options {
    let options = generate::shared(rng);
    Options::new(&Value::from(&options))
        .unwrap_or_else(|error| panic!("the generated options are valid: {error}\n{options:#}"))
}

fn input() -> Json {
    json!({ "user": { "name": "Ada" }, "list": [1, 2, 3, 4], "pause": "1.5s" })
}

fn while_ms(rng: &mut Rng, most: usize) -> Duration {
    Duration::from_millis(rng.below(most) as u64)
}

/// What happens to a run from outside: signals, pauses, perhaps its end.
fn meddle<W: FnMut(&Call<'_>, &mut Rng) -> Answer>(
    rng: &mut Rng,
    simulation: &mut Simulation<W>,
    run: usize,
    plan: &Plan,
) {
    for signal in 0..plan.signals.len() as u32 {
        for number in 0..rng.below(3) {
            simulation.signal_after(run, while_ms(rng, 8_000), signal, json!({ "number": number }));
        }
    }
    if rng.below(4) == 0 {
        simulation.pause_after(run, while_ms(rng, 8_000), while_ms(rng, 4_000));
    }
    match rng.below(8) {
        0 => simulation.cancel_after(run, while_ms(rng, 10_000)),
        1 => simulation.cancel_after(run, while_ms(rng, 1_000)),
        _ => {}
    }
}

/// One simulated run: its log and its end.
fn simulate(seed: u64) -> (String, RunEnd) {
    let (log, end, _) = simulate_by(seed, Mood::Wild, false);
    (log, end)
}

/// The same, and how often the host went on by itself, if it does so where it can.
fn simulate_by(seed: u64, mood: Mood, follows: bool) -> (String, RunEnd, u32) {
    let mut rng = Rng::new(seed);
    let plan = plan(&mut rng, "random", mood);
    // What fails, and who comes in between, ends what is certain.
    let is_quiet = mood == Mood::Plain && rng.below(5) > 0;
    let faults = if is_quiet { 0.02 } else { 0.4 };
    let mut simulation = Simulation::new(seed, world(rng.unit() * faults));
    if follows {
        simulation.follow_what_is_certain();
    }
    simulation.define(generate::SHARED, &shared(&mut rng));
    let run = simulation.start(Rc::clone(&plan), input());
    if !is_quiet {
        meddle(&mut rng, &mut simulation, run, &plan);
        for _ in 0..rng.below(4) {
            simulation.crash_after(while_ms(&mut rng, 10_000));
        }
    }
    simulation.run_to_end();
    (simulation.log_of(run), simulation.end_of(run).expect("the run has ended"), simulation.followed())
}

/// Up to twelve runs of up to three workflows at once, which share what their policies share: their logs. Some are
/// cancelled, some removed, and some begin when others have.
fn simulate_many(seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let plans: Vec<Rc<Plan>> = (0..=rng.below(3)).map(|n| plan(&mut rng, &format!("random{n}"), Mood::Wild)).collect();
    let mut simulation = Simulation::new(seed, world(rng.unit() * 0.4));
    simulation.define(generate::SHARED, &shared(&mut rng));
    for _ in 0..2 + rng.below(11) {
        let plan = Rc::clone(&plans[rng.below(plans.len())]);
        let key = [None, Some("a"), Some("b")][rng.below(3)];
        if rng.below(3) == 0 {
            simulation.start_after(while_ms(&mut rng, 10_000), plan, input(), key);
            continue;
        }
        let run = simulation.start_with_key(Rc::clone(&plan), input(), key);
        meddle(&mut rng, &mut simulation, run, &plan);
        if rng.below(6) == 0 {
            simulation.remove_after(run, while_ms(&mut rng, 10_000));
        }
    }
    if rng.below(3) == 0 {
        simulation.crash_after(while_ms(&mut rng, 10_000));
    }
    simulation.run_to_end();
    assert!(simulation.ends().all(|(_, end)| end.is_some()));
    simulation.log()
}

/// How a run ends in a steady world, with or without crashes on the way: whether it completed, and with what.
fn simulate_steady(seed: u64, crashes: usize) -> (Option<Json>, String) {
    let mut rng = Rng::new(seed);
    let plan = plan(&mut rng, "random", Mood::Calm);
    let faults = rng.unit() * 0.3;
    let mut simulation = Simulation::new(seed, steady_world(seed, faults));
    let run = simulation.start(plan, input());
    for _ in 0..crashes {
        simulation.crash_after(while_ms(&mut rng, 12_000));
    }
    simulation.run_to_end();
    assert!(simulation.end_of(run).is_some());
    (simulation.output_of(run), simulation.log_of(run))
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
    for seed in 0..seeds() {
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
fn a_host_that_goes_on_by_itself_comes_to_the_same() {
    let mut followed = 0;
    for seed in 0..seeds() {
        let mood = if seed % 8 == 0 { Mood::Wild } else { Mood::Plain };
        let (by_engine, _, _) = simulate_by(seed, mood, false);
        let (by_host, _, times) = simulate_by(seed, mood, true);
        assert_eq!(by_host, by_engine, "seed {seed} comes to something else when the host goes on by itself");
        followed += u64::from(times);
    }
    // Often enough to mean something.
    assert!(followed >= seeds() / 4, "the host went on by itself {followed} times in {} runs", seeds());
}

#[test]
fn runs_that_share_parts_keep_the_invariants_together() {
    let mut told = Told::default();
    for seed in 0..seeds() / 3 {
        told.note(&repeated(seed, "many_of_one_seed", |seed| (simulate_many(seed), ())).0);
    }
    told.assert_everything_was_told();
}

#[test]
fn a_run_that_was_resumed_ends_like_one_that_was_not_interrupted() {
    let (mut completed, mut interrupted) = (0, 0);
    for seed in (0..seeds()).chain(FOUND) {
        let replay = format!("REPFLOW_SEED={seed} cargo test --test sim one_steady_seed -- --nocapture");
        let ends = catch_unwind(AssertUnwindSafe(|| (simulate_steady(seed, 0), simulate_steady(seed, 3))));
        let Ok(((whole, _), (resumed, log))) = ends else { panic!("seed {seed} fails; replay it with: {replay}") };
        assert_eq!(resumed, whole, "seed {seed} ends otherwise after a crash; replay it with: {replay}");
        completed += u64::from(whole.is_some());
        interrupted += u64::from(log.contains("attempt.interrupted"));
    }
    assert!(completed >= seeds() / 5, "{completed} of {} runs completed", seeds());
    assert!(interrupted >= seeds() / 10, "an attempt was cut off in {interrupted} of {} runs", seeds());
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
fn one_steady_seed() {
    let (whole, log) = simulate_steady(seed(), 0);
    println!("{log}{whole:?}\n");
    let (resumed, log) = simulate_steady(seed(), 3);
    println!("{log}{resumed:?}");
    assert_eq!(resumed, whole);
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
