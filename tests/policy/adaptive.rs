//! How a limit learns what a service can take.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use proptest::prelude::*;
use repflow::policy::{Adaptive, AdaptiveOptions, Algorithm};
use repflow::rng::Rng;
use repflow::time::Timestamp;

use Algorithm::{Aimd, Gradient};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn at(millis: u64) -> Timestamp {
    Timestamp::EPOCH + ms(millis)
}

fn starting_at(initial: u32, algorithm: Algorithm) -> Adaptive {
    Adaptive::new(AdaptiveOptions { initial, algorithm, ..AdaptiveOptions::default() })
}

/// What a server does with calls above its capacity.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Server {
    /// Answers all more slowly.
    Slows,
    /// Answers at once that it is overloaded.
    Refuses,
}

/// Calls a server as fast as the limit allows, and returns the limit after each answer. Below its capacity the server
/// takes `healthy` milliseconds, a fifth more or less; the two figures are for the first and the second half of the
/// answers.
fn drive(limit: &mut Adaptive, server: Server, capacity: usize, healthy: [u64; 2], answers: usize) -> Vec<u32> {
    let mut rng = Rng::new(7);
    // By the time at which they end, in microseconds: start, latency, refused.
    let mut running: BinaryHeap<Reverse<(u64, u64, u64, bool)>> = BinaryHeap::new();
    let (mut now, mut limits) = (0, Vec::new());
    while limits.len() < answers {
        while running.len() < limit.limit() as usize {
            let healthy = healthy[usize::from(limits.len() * 2 >= answers)];
            let healthy = healthy * 800 + rng.below(healthy as usize * 400) as u64;
            let (latency, refused) = match server {
                _ if running.len() < capacity => (healthy, false),
                Server::Slows => (healthy * (running.len() + 1) as u64 / capacity as u64, false),
                Server::Refuses => (5_000, true),
            };
            running.push(Reverse((now + latency, now, latency, refused)));
        }
        let in_flight = running.len() as u32;
        let Some(Reverse((ended, started, latency, refused))) = running.pop() else { break };
        now = ended;
        limit.record(at(0) + Duration::from_micros(started), Duration::from_micros(latency), refused, in_flight);
        limits.push(limit.limit());
    }
    limits
}

/// The lowest, the middle and the highest of some limits.
fn spread(limits: &[u32]) -> [u32; 3] {
    let mut sorted = limits.to_vec();
    sorted.sort_unstable();
    [sorted[0], sorted[sorted.len() / 2], sorted[sorted.len() - 1]]
}

#[test]
fn the_defaults() {
    let expected = AdaptiveOptions {
        algorithm: Aimd,
        min: 1,
        max: 200,
        initial: 10,
        latency: Duration::from_secs(5),
        backoff_ratio: 0.9,
    };
    assert_eq!(AdaptiveOptions::default(), expected);
    for algorithm in [Aimd, Gradient] {
        assert_eq!(starting_at(10, algorithm).limit(), 10);
    }
}

/// Netflix concurrency-limits, AIMDLimit: a drop, or an answer slower than the timeout, leaves 0.9 of the limit, and
/// at least one less.
#[test]
fn netflix_aimd_backs_off_on_a_drop_or_a_timeout() {
    let mut limit = starting_at(20, Aimd);
    limit.record(at(0), ms(5_000), false, 1);
    assert_eq!(limit.limit(), 20);
    limit.record(at(0), ms(5_001), false, 1);
    assert_eq!(limit.limit(), 18);
    limit.record(at(6_000), ms(10), true, 1);
    assert_eq!(limit.limit(), 16);

    let mut small = starting_at(3, Aimd);
    for (start, left) in [(100, 2), (200, 1), (300, 1)] {
        small.record(at(start), ms(10), true, 1);
        assert_eq!(small.limit(), left);
    }
}

/// Netflix concurrency-limits: the limit grows only when at least half of it is used.
#[test]
fn netflix_grows_only_what_is_used() {
    for algorithm in [Aimd, Gradient] {
        let mut limit = starting_at(10, algorithm);
        for call in 0..1_000 {
            limit.record(at(call * 10), ms(10), false, 4);
        }
        assert_eq!(limit.limit(), 10);
        limit.record(at(10_000), ms(10), false, 5);
        assert_eq!(limit.limit(), 11);
    }
}

/// TCP lowers its window once a round trip (RFC 5681, RFC 6582), Netflix with each answer. We follow TCP.
#[test]
fn tcp_a_burst_of_overload_answers_lowers_the_limit_once() {
    for algorithm in [Aimd, Gradient] {
        let mut limit = starting_at(100, algorithm);
        for call in 0..100 {
            limit.record(at(1_000 + call), ms(200), true, 100);
        }
        assert_eq!(limit.limit(), 90);
        // It was lowered at 1200 ms; this is the first call that ran under the new limit.
        limit.record(at(1_201), ms(200), true, 90);
        assert_eq!(limit.limit(), 81);
    }
}

#[test]
fn calls_of_one_tick_of_the_clock_are_one_burst() {
    let mut limit = starting_at(100, Aimd);
    for _ in 0..50 {
        limit.record(at(7), Duration::ZERO, true, 50);
    }
    assert_eq!(limit.limit(), 90);
    limit.record(at(8), Duration::ZERO, true, 50);
    assert_eq!(limit.limit(), 81);
}

#[test]
fn a_clock_that_goes_back_does_not_hide_an_overload() {
    let mut limit = starting_at(100, Aimd);
    limit.record(at(86_400_000), ms(100), true, 100);
    limit.record(at(0), ms(100), true, 90);
    assert_eq!(limit.limit(), 81);

    // Nor does it keep the limit halved for a measurement: that takes ten answers.
    let mut measured = Adaptive::new(AdaptiveOptions { max: 10, algorithm: Gradient, ..AdaptiveOptions::default() });
    for call in 0..210 {
        measured.record(at(86_400_000 + call * 10), ms(10), false, 10);
    }
    assert_eq!(measured.limit(), 5);
    for call in 0..10 {
        measured.record(at(call * 10), ms(10), false, 5);
    }
    assert_eq!(measured.limit(), 10);
}

/// TCP: slow start doubles the window each round trip until the first loss, congestion avoidance then adds one.
#[test]
fn tcp_slow_start_then_one_more_a_round_trip() {
    let mut limit = starting_at(10, Aimd);
    for _ in 0..10 {
        limit.record(at(0), ms(10), false, 10);
    }
    assert_eq!(limit.limit(), 20);
    limit.record(at(100), ms(10), true, 20);
    assert_eq!(limit.limit(), 18);
    for _ in 0..18 {
        limit.record(at(200), ms(10), false, 18);
    }
    assert_eq!(limit.limit(), 18);
    limit.record(at(200), ms(10), false, 18);
    assert_eq!(limit.limit(), 19);
}

/// Netflix concurrency-limits, Gradient2: a latency above 1.5 times the usual one lowers the limit, without any error;
/// less than that is noise.
#[test]
fn netflix_gradient_follows_the_latency() {
    let mut limit = starting_at(20, Gradient);
    for call in 0..100 {
        limit.record(at(call * 100), ms(100), false, limit.limit());
    }
    let before = limit.limit();
    assert!(before > 100);
    let mut noisy = limit.clone();
    for call in 0..100 {
        noisy.record(at(20_000 + call * 100), ms(149), false, before);
        limit.record(at(20_000 + call * 100), ms(400), false, before);
    }
    assert!(noisy.limit() >= before, "{} from {before}", noisy.limit());
    assert!(limit.limit() < before * 3 / 4, "{} from {before}", limit.limit());
    // By no more than half in a round trip, however slow it was.
    assert!(limit.limit() >= before / 2, "{} from {before}", limit.limit());
}

/// Netflix concurrency-limits, the first Gradient, measures the latency without load every so often. Ours does so at
/// half the limit, and leaves out the calls that ran before.
#[test]
fn netflix_gradient_measures_anew_at_half_the_limit() {
    let mut limit = Adaptive::new(AdaptiveOptions { max: 20, algorithm: Gradient, ..AdaptiveOptions::default() });
    let mut halved = Vec::new();
    for call in 0..600 {
        limit.record(at(call * 10), ms(100), false, 20);
        if limit.limit() == 10 && call > 15 {
            halved.push(call);
        }
    }
    // Ten answers first, then 200; ten calls were under way, then ten are measured.
    assert_eq!(halved, (209..229).collect::<Vec<u64>>());
}

#[test]
fn gradient_finds_its_way_when_the_service_becomes_slower_for_good() {
    let mut limit = starting_at(10, Gradient);
    let limits = drive(&mut limit, Server::Slows, 20, [100, 400], 40_000);
    let before = spread(&limits[10_000..20_000]);
    let after = spread(&limits[30_000..]);
    assert!(before[1].abs_diff(after[1]) <= 2, "{before:?} and then {after:?}");
}

#[test]
fn options_out_of_range_are_brought_into_it() {
    let odd = AdaptiveOptions { min: 0, max: 0, initial: 50, ..AdaptiveOptions::default() };
    assert_eq!(Adaptive::new(odd).limit(), 1);
    let low = AdaptiveOptions { min: 30, max: 20, initial: 5, ..AdaptiveOptions::default() };
    assert_eq!(Adaptive::new(low).limit(), 30);
    for backoff_ratio in [f64::NAN, 0.49, 1.0, -1.0, f64::INFINITY] {
        let mut limit = Adaptive::new(AdaptiveOptions { backoff_ratio, ..AdaptiveOptions::default() });
        limit.record(at(1), ms(1), true, 1);
        assert_eq!(limit.limit(), 9);
    }
}

fn any_algorithm() -> impl Strategy<Value = Algorithm> {
    prop::sample::select(&[Aimd, Gradient][..])
}

fn any_server() -> impl Strategy<Value = Server> {
    prop::sample::select(&[Server::Slows, Server::Refuses][..])
}

type Answer = (u64, u64, bool, u32);

fn any_answer() -> impl Strategy<Value = Answer> {
    let micros = || prop_oneof![Just(0), 0_u64..10_000_000, any::<u64>()];
    (micros(), micros(), prop::bool::weighted(0.1), prop_oneof![0_u32..100, any::<u32>()])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_limit_keeps_its_bounds(
        algorithm in any_algorithm(),
        (min, more, initial) in (1_u32..50, prop_oneof![0_u32..100, Just(u32::MAX - 50)], any::<u32>()),
        backoff_ratio in 0.5_f64..1.0,
        answers in prop::collection::vec(any_answer(), 0..500),
    ) {
        let max = min + more;
        let mut limit =
            Adaptive::new(AdaptiveOptions { algorithm, min, max, initial, backoff_ratio, ..AdaptiveOptions::default() });
        prop_assert_eq!(limit.limit(), initial.clamp(min, max));
        for (started, latency, overloaded, in_flight) in answers {
            let (started, latency) = (at(0) + Duration::from_micros(started), Duration::from_micros(latency));
            limit.record(started, latency, overloaded, in_flight);
            prop_assert!((min..=max).contains(&limit.limit()), "{} of {}..={}", limit.limit(), min, max);
        }
    }

    #[test]
    fn steady_overload_ends_at_the_minimum(algorithm in any_algorithm(), min in 1_u32..20, initial in 1_u32..200) {
        let mut limit = Adaptive::new(AdaptiveOptions { algorithm, min, initial, ..AdaptiveOptions::default() });
        for call in 0..100 {
            limit.record(at(1 + call * 100), ms(50), true, limit.limit());
        }
        prop_assert_eq!(limit.limit(), min);
    }

    #[test]
    fn a_healthy_service_that_is_used_ends_at_the_maximum(
        algorithm in any_algorithm(),
        max in 1_u32..150,
        initial in 1_u32..200,
        hiccup in prop::option::of(0_usize..50),
    ) {
        let mut limit = Adaptive::new(AdaptiveOptions { algorithm, max, initial, ..AdaptiveOptions::default() });
        if hiccup.is_some() {
            limit.record(at(1), ms(1), true, 1);
        }
        let limits = drive(&mut limit, Server::Slows, 1_000, [100, 100], 30_000);
        let [lowest, middle, highest] = spread(&limits[20_000..]);
        prop_assert_eq!((middle, highest), (max, max));
        // A measurement halves it for a moment.
        prop_assert!(lowest >= (max / 2).max(1));
    }

    /// A server of capacity C that slows down above it, or refuses: the limit settles around C.
    #[test]
    fn the_limit_settles_around_the_capacity(
        algorithm in any_algorithm(),
        server in any_server(),
        capacity in 1_usize..100,
        initial in 1_u32..200,
    ) {
        let latency = ms(150);
        let mut limit = Adaptive::new(AdaptiveOptions { algorithm, initial, latency, ..AdaptiveOptions::default() });
        let limits = drive(&mut limit, server, capacity, [100, 100], 40_000);
        let [lowest, middle, highest] = spread(&limits[30_000..]);
        let (capacity, middle) = (capacity as f64, f64::from(middle));
        prop_assert!(middle >= 0.85 * capacity - 1.0, "mostly {} of {}", middle, capacity);
        // Where it slows, 150 ms is reached at 1.5 times the capacity; where it refuses, there is nothing above it.
        let above = if server == Server::Slows { 1.5 } else { 1.0 };
        prop_assert!(middle <= above * capacity + 2.0, "mostly {} of {}", middle, capacity);
        prop_assert!(f64::from(highest) <= above * 1.1 * capacity + 4.0, "up to {} of {}", highest, capacity);
        let below = if algorithm == Gradient { 0.4 } else { 0.8 };
        prop_assert!(f64::from(lowest) >= below * capacity - 1.0, "down to {} of {}", lowest, capacity);
    }
}
