//! How long to wait before the next attempt.

use std::time::Duration;

use proptest::prelude::*;
use repflow::policy::{Backoff, Growth, Jitter, Progress};
use repflow::rng::Rng;
use repflow::time::MAX_DURATION;

const GROWTHS: [Growth; 3] = [Growth::Constant, Growth::Linear, Growth::Exponential];
/// Those whose delays stand for themselves.
const JITTERS: [Jitter; 3] = [Jitter::None, Jitter::Full, Jitter::Equal];

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// One delay of a schedule that remembers nothing.
fn once(backoff: &Backoff, attempt: u32, rng: &mut Rng) -> Duration {
    backoff.delay_after(attempt, &mut Progress::default(), rng)
}

fn schedule(growth: Growth, delay: Duration, max_delay: Duration) -> Vec<u128> {
    let backoff = Backoff { growth, delay, max_delay, jitter: Jitter::None };
    (1..=6).map(|attempt| once(&backoff, attempt, &mut Rng::new(0)).as_millis()).collect()
}

#[test]
fn without_jitter_the_schedule_is_exact() {
    assert_eq!(schedule(Growth::Constant, ms(100), ms(1_000)), [100, 100, 100, 100, 100, 100]);
    assert_eq!(schedule(Growth::Linear, ms(100), ms(350)), [100, 200, 300, 350, 350, 350]);
    assert_eq!(schedule(Growth::Exponential, ms(100), ms(1_000)), [100, 200, 400, 800, 1_000, 1_000]);
    // The cap holds from the first delay on.
    assert_eq!(schedule(Growth::Constant, ms(100), ms(40)), [40, 40, 40, 40, 40, 40]);
}

#[test]
fn the_default_is_exponential_from_200_ms_to_30_s_with_full_jitter() {
    let expected = Backoff { growth: Growth::Exponential, delay: ms(200), max_delay: ms(30_000), jitter: Jitter::Full };
    assert_eq!(Backoff::default(), expected);
}

#[test]
fn jitter_is_uniform_over_its_range() {
    for (jitter, from) in [(Jitter::Full, 0.0), (Jitter::Equal, 50.0)] {
        let backoff = Backoff { growth: Growth::Constant, delay: ms(100), max_delay: ms(100), jitter };
        let mut rng = Rng::new(1);
        let delays: Vec<f64> = (0..4_000).map(|_| once(&backoff, 1, &mut rng).as_secs_f64() * 1_000.0).collect();
        // A tenth of the delays in each tenth of the range.
        let tenth = (100.0 - from) / 10.0;
        for index in 0..10 {
            let low = from + tenth * f64::from(index);
            let count = delays.iter().filter(|delay| (low..low + tenth).contains(*delay)).count();
            assert!((310..490).contains(&count), "{jitter:?}: {count} of 4000 from {low} ms");
        }
    }
}

#[test]
fn no_jitter_draws_no_number() {
    let mut rng = Rng::new(9);
    let backoff = Backoff { jitter: Jitter::None, ..Backoff::default() };
    let _ = once(&backoff, 1, &mut rng);
    assert_eq!(rng.next_u64(), Rng::new(9).next_u64());
}

/// What the schedule is without jitter, counted in nanoseconds that cannot overflow.
fn grown(growth: Growth, delay: Duration, max_delay: Duration, attempt: u32) -> u128 {
    let times = u128::from(attempt.max(1));
    let grown = match growth {
        Growth::Constant => delay.as_nanos(),
        Growth::Linear => delay.as_nanos() * times,
        Growth::Exponential => delay.as_nanos() << (times - 1).min(66),
    };
    // 2^31 times a delay is beyond every cap, unless the delay is next to nothing.
    grown.min(max_delay.as_nanos())
}

fn any_delay() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        (0_u64..10_000).prop_map(Duration::from_millis),
        (0_u64..=MAX_DURATION.as_micros() as u64).prop_map(Duration::from_micros),
        Just(MAX_DURATION),
    ]
}

fn any_attempt() -> impl Strategy<Value = u32> {
    prop_oneof![0_u32..40, any::<u32>(), Just(u32::MAX)]
}

proptest! {
    #[test]
    fn every_schedule_is_within_its_bounds(
        growth in prop::sample::select(&GROWTHS),
        jitter in prop::sample::select(&JITTERS),
        delay in any_delay(),
        max_delay in any_delay(),
        attempt in any_attempt(),
        seed: u64,
    ) {
        let backoff = Backoff { growth, delay, max_delay, jitter };
        let given = once(&backoff, attempt, &mut Rng::new(seed)).as_nanos();
        let full = grown(growth, delay, max_delay, attempt);
        // Microsecond delays that are doubled 32 times and more stop growing at 2^32 - 1 times; that is over an hour.
        let full = if growth == Growth::Exponential { full.min(delay.as_nanos() * u128::from(u32::MAX)) } else { full };
        match jitter {
            Jitter::None => prop_assert_eq!(given, full),
            Jitter::Full => prop_assert!(given < full || (given, full) == (0, 0), "{} of {}", given, full),
            Jitter::Equal => {
                prop_assert!(given >= full / 2, "{} of {}", given, full);
                prop_assert!(given < full || (given, full) == (0, 0), "{} of {}", given, full);
            }
            Jitter::Decorrelated => unreachable!("it is not among them"),
        }
        prop_assert!(given <= max_delay.as_nanos());
    }

    #[test]
    fn without_jitter_no_delay_is_shorter_than_the_one_before_it(
        growth in prop::sample::select(&GROWTHS),
        delay in any_delay(),
        max_delay in any_delay(),
        attempt in any_attempt(),
    ) {
        let backoff = Backoff { growth, delay, max_delay, jitter: Jitter::None };
        let mut rng = Rng::new(0);
        let before = once(&backoff, attempt, &mut rng);
        let after = once(&backoff, attempt.saturating_add(1), &mut rng);
        prop_assert!(before <= after);
    }

    #[test]
    fn nothing_overflows(
        growth in prop::sample::select(&GROWTHS),
        jitter in prop::sample::select(&JITTERS),
        attempt in any_attempt(),
        seed: u64,
    ) {
        let backoff = Backoff { growth, delay: Duration::MAX, max_delay: Duration::MAX, jitter };
        let _ = once(&backoff, attempt, &mut Rng::new(seed));
    }

    #[test]
    fn tiny_delays_keep_to_their_range_too(
        jitter in prop::sample::select(&[Jitter::Full, Jitter::Equal][..]),
        nanos in 1_u64..10,
        seed: u64,
    ) {
        let delay = Duration::from_nanos(nanos);
        let backoff = Backoff { growth: Growth::Constant, delay, max_delay: delay, jitter };
        let given = once(&backoff, 1, &mut Rng::new(seed));
        prop_assert!(given < delay, "{:?} of {:?}", given, delay);
    }
}

/// Decorrelated jitter from a first delay of about `delay`.
fn decorrelated(delay: Duration, max_delay: Duration) -> Backoff {
    Backoff { growth: Growth::Exponential, delay, max_delay, jitter: Jitter::Decorrelated }
}

/// The delays after the first `count` attempts of one caller.
fn delays(backoff: &Backoff, count: u32, seed: u64) -> Vec<Duration> {
    let (mut progress, mut rng) = (Progress::default(), Rng::new(seed));
    (1..=count).map(|attempt| backoff.delay_after(attempt, &mut progress, &mut rng)).collect()
}

/// Polly's curve: how much time has passed at `t`, in units of 1.4 first delays.
fn curve(t: f64) -> f64 {
    let x = (4.0 * t).sqrt();
    2_f64.powf(t) * x.sinh() / x.cosh()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Polly: "decorrelated jitter backoff V2" has its first delay around the base, and the ones after it keep to the
/// doubling that the schedule without jitter has.
#[test]
fn polly_the_median_of_decorrelated_delays_doubles() {
    let backoff = decorrelated(ms(1_000), MAX_DURATION);
    let all: Vec<Vec<Duration>> = (0..4_001).map(|seed| delays(&backoff, 8, seed)).collect();
    let medians: Vec<f64> =
        (0..8).map(|index| median(all.iter().map(|it| it[index].as_secs_f64()).collect())).collect();
    assert!((0.8..1.1).contains(&medians[0]), "the first delay is about the base: {medians:?}");
    for (index, pair) in medians.windows(2).enumerate().skip(2) {
        assert!((1.8..2.2).contains(&(pair[1] / pair[0])), "after attempt {}: {medians:?}", index + 2);
    }
    // All delays together take as long as those of the plain schedule, give or take half of the last one.
    let together = median(all.iter().map(|it| it.iter().sum::<Duration>().as_secs_f64()).collect());
    assert!((100.0..160.0).contains(&together), "128 s in the middle: {together}");
}

/// Polly: the attempts of many callers spread over the whole time line; each step of the schedule begins where the one
/// before it ended, with neither a gap nor a pile in between.
#[test]
fn polly_decorrelated_attempts_leave_no_gap_between_the_steps() {
    let backoff = decorrelated(ms(1_000), MAX_DURATION);
    let mut instants: Vec<f64> = Vec::new();
    for seed in 0..4_000 {
        let mut passed = Duration::ZERO;
        instants.extend(delays(&backoff, 5, seed).iter().map(|delay| {
            passed += *delay;
            passed.as_secs_f64()
        }));
    }
    // From 1 s to 16 s, in steps of an eighth: no slot is empty, and none has twice what its neighbour has.
    let slots: Vec<usize> = (8..128)
        .map(|slot| {
            let from = f64::from(slot) / 8.0;
            instants.iter().filter(|it| (from..from + 0.125).contains(*it)).count()
        })
        .collect();
    for pair in slots.windows(2) {
        assert!(pair[0].min(pair[1]) * 2 > pair[0].max(pair[1]), "a gap or a pile: {slots:?}");
    }
}

/// cockatiel: without jitter, a first delay of 128 ms doubles up to the default maximum of 30 s.
#[test]
fn cockatiel_exponential_without_jitter_doubles_up_to_its_maximum() {
    let backoff = Backoff { growth: Growth::Exponential, delay: ms(128), max_delay: ms(30_000), jitter: Jitter::None };
    let given: Vec<u128> = delays(&backoff, 10, 0).iter().map(Duration::as_millis).collect();
    assert_eq!(given, [128, 256, 512, 1_024, 2_048, 4_096, 8_192, 16_384, 30_000, 30_000]);
}

/// cockatiel: its decorrelated generator keeps to the maximum too, however long it goes on.
#[test]
fn cockatiel_decorrelated_delays_keep_to_the_maximum_for_ever() {
    let given = delays(&decorrelated(ms(128), ms(30_000)), 300, 5);
    assert!(given.iter().all(|delay| *delay <= ms(30_000)));
    assert!(given[64..].iter().all(|delay| *delay == ms(30_000)), "it has long arrived there: {given:?}");
}

/// Polly: a linear schedule of 1 s is 1 s, 2 s, 3 s, …, and `MaxDelay` bounds every one of them.
#[test]
fn polly_linear_grows_by_the_base_up_to_the_maximum() {
    assert_eq!(schedule(Growth::Linear, ms(1_000), ms(60_000)), [1_000, 2_000, 3_000, 4_000, 5_000, 6_000]);
    assert_eq!(schedule(Growth::Linear, ms(1_000), ms(2_500)), [1_000, 2_000, 2_500, 2_500, 2_500, 2_500]);
}

/// AWS (Brooker 2015): full jitter is `random(0, min(cap, base * 2^attempt))`, so that its mean is half of the plain
/// delay, and some delays are next to nothing; equal jitter keeps half of the delay and draws the rest.
#[test]
fn aws_full_jitter_draws_all_of_the_capped_delay_and_equal_jitter_half_of_it() {
    for (jitter, attempt, from, to) in [
        (Jitter::Full, 3, 0.0, 400.0),
        (Jitter::Full, 9, 0.0, 1_000.0),
        (Jitter::Equal, 3, 200.0, 400.0),
        (Jitter::Equal, 9, 500.0, 1_000.0),
    ] {
        let backoff = Backoff { growth: Growth::Exponential, delay: ms(100), max_delay: ms(1_000), jitter };
        let mut rng = Rng::new(3);
        let given: Vec<f64> = (0..4_000).map(|_| once(&backoff, attempt, &mut rng).as_secs_f64() * 1_000.0).collect();
        let mean = given.iter().sum::<f64>() / 4_000.0;
        let middle = f64::midpoint(from, to);
        assert!((mean - middle).abs() < 0.03 * to, "{jitter:?} after {attempt}: the mean is {mean}, not {middle}");
        let least = given.iter().copied().fold(f64::MAX, f64::min);
        let most = given.iter().copied().fold(0.0, f64::max);
        let edge = 0.01 * to;
        assert!((from..from + edge).contains(&least), "{jitter:?} after {attempt}: {least}");
        assert!((to - edge..to).contains(&most), "{jitter:?} after {attempt}: {most}");
    }
}

proptest! {
    #[test]
    fn decorrelated_delays_follow_the_formula(
        delay_ms in 1_u64..10_000,
        max_delay in any_delay(),
        count in 1_u32..40,
        seed: u64,
    ) {
        let delay = ms(delay_ms);
        let given = delays(&decorrelated(delay, max_delay), count, seed);
        let (mut rng, mut before) = (Rng::new(seed), 0.0);
        for (index, given) in given.into_iter().enumerate() {
            let next = curve(index as f64 + rng.unit());
            let wanted = ((next - before) / 1.4 * delay.as_secs_f64()).min(max_delay.as_secs_f64());
            before = next;
            let off = (given.as_secs_f64() - wanted).abs();
            prop_assert!(off <= 2e-6 + wanted * 1e-9, "after attempt {}: {:?}, not {} s", index + 1, given, wanted);
        }
    }

    #[test]
    fn decorrelated_delays_are_within_their_bounds(
        delay in any_delay(),
        max_delay in any_delay(),
        attempts in prop::collection::vec(any_attempt(), 1..20),
        seed: u64,
    ) {
        let backoff = decorrelated(delay, max_delay);
        let (mut progress, mut rng) = (Progress::default(), Rng::new(seed));
        for attempt in attempts {
            let given = backoff.delay_after(attempt, &mut progress, &mut rng);
            prop_assert!(given <= max_delay, "{:?} is above {:?}", given, max_delay);
            prop_assert!(!delay.is_zero() || given.is_zero(), "{:?} of nothing", given);
        }
    }

    /// The sum of the delays so far is the curve itself: chance moves an attempt within its step, never out of it.
    #[test]
    fn decorrelated_attempts_stay_within_their_step(seed: u64, count in 1_u32..30) {
        let given = delays(&decorrelated(ms(1_000), Duration::MAX), count, seed);
        let together = given.iter().sum::<Duration>().as_secs_f64();
        let (from, to) = (curve(f64::from(count) - 1.0) / 1.4, curve(f64::from(count)) / 1.4);
        let slack = 1e-6 * f64::from(count) + to * 1e-9;
        prop_assert!((from - slack..=to + slack).contains(&together), "{} is not in {}..{}", together, from, to);
    }

    #[test]
    fn decorrelated_delays_of_any_length_do_not_overflow(attempts in prop::collection::vec(any_attempt(), 1..20), seed: u64) {
        let backoff = decorrelated(Duration::MAX, Duration::MAX);
        let (mut progress, mut rng) = (Progress::default(), Rng::new(seed));
        for attempt in attempts {
            let _ = backoff.delay_after(attempt, &mut progress, &mut rng);
        }
    }

    #[test]
    fn once_the_cap_is_reached_for_good_there_is_no_delay_of_nothing(
        delay_us in 1_u64..10_000_000,
        max_delay in any_delay(),
        attempt in 66_u32..,
        seed: u64,
    ) {
        let backoff = decorrelated(Duration::from_micros(delay_us), max_delay);
        let (mut progress, mut rng) = (Progress::default(), Rng::new(seed));
        for attempt in [attempt, attempt.saturating_add(1)] {
            prop_assert_eq!(backoff.delay_after(attempt, &mut progress, &mut rng), max_delay);
        }
    }
}
