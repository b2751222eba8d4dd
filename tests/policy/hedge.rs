//! When a second attempt starts, and the latencies it is derived from.

use std::time::Duration;

use proptest::prelude::*;
use repflow::policy::{HedgeDelay, HedgeOptions, Latencies};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn latencies(all: impl IntoIterator<Item = u64>) -> Latencies {
    let mut latencies = Latencies::new();
    for latency in all {
        latencies.record(ms(latency));
    }
    latencies
}

fn percentile(share: f64, min_calls: u32) -> HedgeOptions {
    HedgeOptions { delay: HedgeDelay::Percentile { share, min_calls }, max_extra: 1, ..HedgeOptions::default() }
}

#[test]
fn of_nothing_there_is_no_percentile() {
    let latencies = Latencies::new();
    assert_eq!((latencies.len(), latencies.is_empty(), latencies.percentile(0.5)), (0, true, None));
}

#[test]
fn each_per_cent_of_a_hundred_is_one_of_them() {
    let latencies = latencies((1..=100).rev());
    for per_cent in 1..=100 {
        assert_eq!(latencies.percentile(per_cent as f64 / 100.0), Some(ms(per_cent)));
    }
    assert_eq!(latencies.percentile(0.0), Some(ms(1)));
    assert_eq!((latencies.percentile(-1.0), latencies.percentile(2.0)), (Some(ms(1)), Some(ms(100))));
    assert_eq!(latencies.percentile(f64::NAN), Some(ms(1)));
}

#[test]
fn the_hundred_and_first_takes_the_place_of_the_first() {
    let mut latencies = latencies(std::iter::once(9_000).chain(1..=99));
    assert_eq!((latencies.len(), latencies.percentile(1.0)), (100, Some(ms(9_000))));
    latencies.record(ms(50));
    assert_eq!((latencies.len(), latencies.percentile(1.0)), (100, Some(ms(99))));
}

/// Dean & Barroso 2013: "sent after the 95th percentile"; Polly: one hedged attempt.
#[test]
fn the_default_is_one_extra_after_the_95th_percentile_of_ten_calls() {
    assert_eq!(HedgeOptions::default(), percentile(0.95, 10));
    assert_eq!(HedgeOptions::default().delay(&latencies(1..=9)), None);
    assert_eq!(HedgeOptions::default().delay(&latencies(1..=10)), Some(ms(10)));
    assert_eq!(HedgeOptions::default().delay(&latencies(1..=100)), Some(ms(95)));
}

/// tower: with fewer than `min_data_points` latencies a request is not hedged.
#[test]
fn as_long_as_too_little_is_known_nothing_is_hedged_as_in_tower() {
    assert_eq!(percentile(0.5, 3).delay(&latencies([10, 20])), None);
    assert_eq!(percentile(0.5, 3).delay(&latencies([10, 20, 30])), Some(ms(20)));
    assert_eq!(percentile(0.5, 0).delay(&latencies([])), None, "not even one");
    assert_eq!(percentile(0.5, 1_000).delay(&latencies(1..=99)), None);
    assert_eq!(percentile(0.5, 1_000).delay(&latencies(1..=100)), Some(ms(50)), "more than 100 are never known");
}

/// Polly: `Delay` is 2 s whatever the latencies, and zero starts everything at once.
#[test]
fn a_fixed_delay_needs_no_latencies_as_in_polly() {
    for delay in [ms(2_000), Duration::ZERO] {
        let options = HedgeOptions { delay: HedgeDelay::Fixed(delay), max_extra: 1, ..HedgeOptions::default() };
        assert_eq!(options.delay(&Latencies::new()), Some(delay));
        assert_eq!(options.delay(&latencies(1..=100)), Some(delay));
    }
}

/// Polly: with `MaxHedgedAttempts` used up there is no further attempt.
#[test]
fn where_no_extra_attempt_is_allowed_none_starts() {
    let options = HedgeOptions { delay: HedgeDelay::Fixed(ms(10)), max_extra: 0, ..HedgeOptions::default() };
    assert_eq!(options.delay(&latencies(1..=100)), None);
    assert_eq!(HedgeOptions { max_extra: 0, ..HedgeOptions::default() }.delay(&latencies(1..=100)), None);
}

/// Dean & Barroso 2013: a few per cent more load.
#[test]
fn about_a_twentieth_of_the_calls_is_hedged() {
    let mut known = Latencies::new();
    let mut hedged = 0;
    for call in 0..10_000_u64 {
        // Every latency from 0 to 996 ms, in a jumble.
        let latency = ms(call * 387 % 997);
        hedged += usize::from(HedgeOptions::default().delay(&known).is_some_and(|delay| delay < latency));
        known.record(latency);
    }
    assert!((400..600).contains(&hedged), "{hedged} of 10000");
}

proptest! {
    #[test]
    fn percentiles_are_those_of_the_last_hundred_sorted(
        // Many of them equal.
        all in prop::collection::vec(0_u64..50, 0..350),
        share in 0.0_f64..=1.0,
    ) {
        let mut latencies = Latencies::new();
        for (index, latency) in all.iter().enumerate() {
            latencies.record(ms(*latency));
            let mut last = all[(index + 1).saturating_sub(100)..=index].to_vec();
            last.sort_unstable();
            prop_assert_eq!(latencies.len(), last.len());
            let given = latencies.percentile(share).unwrap();
            // The definition: the shortest that at least this share of all are not longer than.
            let reaches = |it: u64| last.iter().filter(|other| **other <= it).count() as f64 >= share * last.len() as f64;
            let expected = last.iter().copied().find(|it| reaches(*it)).unwrap();
            prop_assert_eq!(given, ms(expected));
        }
    }

    #[test]
    fn the_delay_is_a_latency_that_was_seen(all in prop::collection::vec(any::<u64>(), 1..150), share in prop::num::f64::ANY) {
        let mut latencies = Latencies::new();
        for latency in &all {
            latencies.record(Duration::from_micros(*latency));
        }
        let delay = percentile(share, 1).delay(&latencies).unwrap();
        prop_assert!(all.iter().any(|latency| Duration::from_micros(*latency) == delay));
    }
}
