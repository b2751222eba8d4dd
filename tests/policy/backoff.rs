//! How long to wait before the next attempt.

use std::time::Duration;

use proptest::prelude::*;
use repflow::policy::{Backoff, Growth, Jitter, Progress};
use repflow::rng::Rng;
use repflow::time::MAX_DURATION;

const GROWTHS: [Growth; 3] = [Growth::Constant, Growth::Linear, Growth::Exponential];
const JITTERS: [Jitter; 3] = [Jitter::None, Jitter::Full, Jitter::Equal];

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn schedule(growth: Growth, delay: Duration, max_delay: Duration) -> Vec<u128> {
    let backoff = Backoff { growth, delay, max_delay, jitter: Jitter::None };
    (1..=6)
        .map(|attempt| backoff.delay_after(attempt, &mut Progress::default(), &mut Rng::new(0)).as_millis())
        .collect()
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
        let delays: Vec<f64> = (0..4_000)
            .map(|_| backoff.delay_after(1, &mut Progress::default(), &mut rng).as_secs_f64() * 1_000.0)
            .collect();
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
    let _ = backoff.delay_after(1, &mut Progress::default(), &mut rng);
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
        let given = backoff.delay_after(attempt, &mut Progress::default(), &mut Rng::new(seed)).as_nanos();
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
        let (before, after) = (backoff.delay_after(attempt, &mut Progress::default(), &mut rng), backoff.delay_after(attempt.saturating_add(1), &mut rng));
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
        let _ = backoff.delay_after(attempt, &mut Progress::default(), &mut Rng::new(seed));
    }

    #[test]
    fn tiny_delays_keep_to_their_range_too(
        jitter in prop::sample::select(&[Jitter::Full, Jitter::Equal][..]),
        nanos in 1_u64..10,
        seed: u64,
    ) {
        let delay = Duration::from_nanos(nanos);
        let backoff = Backoff { growth: Growth::Constant, delay, max_delay: delay, jitter };
        let given = backoff.delay_after(1, &mut Progress::default(), &mut Rng::new(seed));
        prop_assert!(given < delay, "{:?} of {:?}", given, delay);
    }
}
