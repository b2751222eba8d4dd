//! When a circuit breaker opens, probes and closes.

use std::time::Duration;

use proptest::prelude::*;
use repflow::policy::breaker::{Breaker, BreakerOptions, BreakerSnapshot, BreakerState, Change, Permit, Sample};
use repflow::policy::{Counts, Window};
use repflow::time::Timestamp;

use BreakerState::{Closed, HalfOpen, Isolated, Open};
use Sample::{Failure, Ignored, Success};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn at(millis: u64) -> Timestamp {
    Timestamp::EPOCH + ms(millis)
}

/// The last ten calls, at least four of them; open for 1 s, growing to 5 s.
fn options() -> BreakerOptions {
    BreakerOptions {
        window: Window::Calls(10),
        min_calls: 4,
        open_for: ms(1_000),
        max_open_for: ms(5_000),
        ..BreakerOptions::default()
    }
}

/// Makes calls one after another, all at one instant, until one is refused.
fn calls(breaker: &mut Breaker, samples: &[Sample], now: Timestamp) {
    for sample in samples {
        let Ok(permit) = breaker.admit(now) else { return };
        breaker.record(permit, *sample, ms(1), now);
    }
}

/// A breaker that opened at 0 ms.
fn opened(options: BreakerOptions) -> Breaker {
    let mut breaker = Breaker::new(options);
    calls(&mut breaker, &[Failure; 10], at(0));
    assert_eq!(breaker.state(at(0)), Open);
    breaker
}

fn changes(breaker: &mut Breaker) -> Vec<(BreakerState, BreakerState)> {
    std::iter::from_fn(|| breaker.take_change()).map(|change| (change.from, change.to)).collect()
}

#[test]
fn a_story_from_closed_to_closed() {
    let mut breaker = Breaker::new(options());
    calls(&mut breaker, &[Success, Failure, Failure], at(0));
    assert_eq!(breaker.state(at(0)), Closed);
    calls(&mut breaker, &[Failure], at(10));
    assert_eq!(breaker.state(at(10)), Open);
    assert_eq!(breaker.counts(at(10)), Counts { calls: 4, failures: 3, slow: 0 });

    assert_eq!(breaker.admit(at(400)).unwrap_err().retry_after, Some(ms(610)));
    assert_eq!(breaker.state(at(1_009)), Open);
    let probe = breaker.admit(at(1_010)).unwrap();
    assert_eq!(breaker.admit(at(1_010)).unwrap_err().retry_after, None);
    breaker.record(probe, Success, ms(5), at(1_015));
    assert_eq!(breaker.state(at(1_015)), Closed);
    assert_eq!(breaker.counts(at(1_015)), Counts::default());

    let told: Vec<_> = std::iter::from_fn(|| breaker.take_change()).collect();
    assert_eq!(
        told,
        [
            Change { from: Closed, to: Open, at: at(10) },
            Change { from: Open, to: HalfOpen, at: at(1_010) },
            Change { from: HalfOpen, to: Closed, at: at(1_015) },
        ]
    );
}

#[test]
fn the_defaults_suit_a_browser_tab() {
    let expected = BreakerOptions {
        window: Window::Time(Duration::from_secs(30)),
        failure_rate: 0.5,
        slow_call: None,
        slow_call_rate: 1.0,
        min_calls: 10,
        open_for: Duration::from_secs(10),
        max_open_for: Duration::from_secs(120),
        probes: 1,
    };
    assert_eq!(BreakerOptions::default(), expected);
}

#[test]
fn states_have_stable_names() {
    let names: Vec<_> = BreakerState::ALL.iter().map(|state| state.name()).collect();
    assert_eq!(names, ["closed", "open", "half_open", "isolated"]);
}

/// resilience4j, COUNT_BASED: the window is the last N calls, older ones do not count.
#[test]
fn resilience4j_count_window_forgets_all_but_the_last_calls() {
    let mut breaker = Breaker::new(BreakerOptions { window: Window::Calls(4), failure_rate: 0.75, ..options() });
    calls(&mut breaker, &[Failure, Failure, Success, Success], at(0));
    // Two of the last four failed; then the two old failures leave the window one by one.
    calls(&mut breaker, &[Failure, Failure], at(0));
    assert_eq!(breaker.counts(at(0)), Counts { calls: 4, failures: 2, slow: 0 });
    assert_eq!(breaker.state(at(0)), Closed);
    calls(&mut breaker, &[Failure], at(0));
    assert_eq!(breaker.state(at(0)), Open);
}

/// resilience4j, TIME_BASED: calls older than the window do not count. Ours slides in tenths.
#[test]
fn resilience4j_time_window_expires_by_bucket() {
    let mut breaker = Breaker::new(BreakerOptions { window: Window::Time(ms(1_000)), ..options() });
    calls(&mut breaker, &[Failure; 3], at(50));
    calls(&mut breaker, &[Success], at(950));
    assert_eq!(breaker.state(at(950)), Open);

    breaker.close(at(2_000));
    calls(&mut breaker, &[Failure; 3], at(2_050));
    assert_eq!(breaker.counts(at(2_999)).failures, 3);
    assert_eq!(breaker.counts(at(3_000)).failures, 0);
    calls(&mut breaker, &[Success, Success, Success, Failure], at(3_000));
    assert_eq!(breaker.state(at(3_000)), Closed);
}

/// resilience4j, minimumNumberOfCalls: below it no rate is computed; with a count window it is at most the window.
#[test]
fn resilience4j_minimum_number_of_calls() {
    let mut breaker = Breaker::new(BreakerOptions { window: Window::Calls(20), min_calls: 10, ..options() });
    calls(&mut breaker, &[Failure; 9], at(0));
    assert_eq!(breaker.state(at(0)), Closed);
    calls(&mut breaker, &[Failure], at(0));
    assert_eq!(breaker.state(at(0)), Open);

    let mut small = Breaker::new(BreakerOptions { window: Window::Calls(3), min_calls: 100, ..options() });
    calls(&mut small, &[Failure; 2], at(0));
    assert_eq!(small.state(at(0)), Closed);
    calls(&mut small, &[Failure], at(0));
    assert_eq!(small.state(at(0)), Open);
}

/// resilience4j computes the rate after each call; Polly only after failures. With a success as the call that reaches
/// the minimum the two differ, and we follow resilience4j.
#[test]
fn resilience4j_a_success_may_be_the_call_that_opens() {
    let mut breaker = Breaker::new(options());
    calls(&mut breaker, &[Failure, Failure, Failure, Success], at(0));
    assert_eq!(breaker.state(at(0)), Open);
}

/// resilience4j: "equal or greater than the threshold" opens.
#[test]
fn resilience4j_the_threshold_itself_opens() {
    for (rate, failures) in [(0.1, 1), (0.3, 3), (0.7, 7), (1.0, 10)] {
        let limits = BreakerOptions { failure_rate: rate, min_calls: 10, ..options() };
        let mut below = Breaker::new(limits);
        calls(&mut below, &[Failure].repeat(failures - 1), at(0));
        calls(&mut below, &[Success].repeat(11 - failures), at(0));
        assert_eq!((rate, below.state(at(0))), (rate, Closed));
        let mut reached = Breaker::new(limits);
        calls(&mut reached, &[Failure].repeat(failures), at(0));
        calls(&mut reached, &[Success].repeat(10 - failures), at(0));
        assert_eq!((rate, reached.state(at(0))), (rate, Open));
    }
}

/// resilience4j, slowCallRateThreshold and slowCallDurationThreshold: slower than the threshold is slow, and a slow
/// failure counts as both.
#[test]
fn resilience4j_slow_calls_open_too() {
    let slow = BreakerOptions { slow_call: Some(ms(100)), slow_call_rate: 0.5, ..options() };
    let mut breaker = Breaker::new(slow);
    for (sample, took) in [(Success, 100), (Failure, 101), (Success, 99)] {
        let permit = breaker.admit(at(0)).unwrap();
        breaker.record(permit, sample, ms(took), at(0));
    }
    assert_eq!(breaker.counts(at(0)), Counts { calls: 3, failures: 1, slow: 1 });
    let permit = breaker.admit(at(0)).unwrap();
    breaker.record(permit, Success, ms(5_000), at(0));
    assert_eq!(breaker.state(at(0)), Open);

    // A slow probe opens it again; without a threshold no call is slow.
    let probe = breaker.admit(at(1_000)).unwrap();
    breaker.record(probe, Success, ms(5_000), at(1_000));
    assert_eq!(breaker.state(at(1_000)), Open);
    let mut patient = Breaker::new(BreakerOptions { slow_call_rate: 0.5, ..options() });
    for _ in 0..10 {
        let permit = patient.admit(at(0)).unwrap();
        patient.record(permit, Success, Duration::MAX, at(0));
    }
    assert_eq!(patient.counts(at(0)), Counts { calls: 10, failures: 0, slow: 0 });
}

/// resilience4j, permittedNumberOfCallsInHalfOpenState: so many are let through, the rest is refused, and their rate
/// decides. We decide as soon as the probes that are still out cannot change the outcome; resilience4j waits for all.
#[test]
fn resilience4j_permitted_calls_in_half_open_state() {
    let half = BreakerOptions { probes: 4, ..options() };
    let mut breaker = opened(half);
    let probes: Vec<_> = (0..4).map(|_| breaker.admit(at(1_000)).unwrap()).collect();
    assert_eq!(breaker.admit(at(1_000)).unwrap_err().retry_after, None);
    breaker.record(probes[0], Success, ms(1), at(1_001));
    assert_eq!(breaker.admit(at(1_001)).unwrap_err().retry_after, None);
    breaker.record(probes[1], Failure, ms(1), at(1_002));
    breaker.record(probes[2], Success, ms(1), at(1_003));
    assert_eq!(breaker.state(at(1_003)), HalfOpen);
    assert_eq!(breaker.counts(at(1_003)), Counts { calls: 3, failures: 1, slow: 0 });
    breaker.record(probes[3], Success, ms(1), at(1_004));
    assert_eq!(breaker.state(at(1_004)), Closed);

    let mut worse = opened(half);
    let probes: Vec<_> = (0..4).map(|_| worse.admit(at(1_000)).unwrap()).collect();
    worse.record(probes[3], Failure, ms(1), at(1_001));
    assert_eq!(worse.state(at(1_001)), HalfOpen);
    worse.record(probes[0], Failure, ms(1), at(1_002));
    assert_eq!(worse.state(at(1_002)), Open);

    let mut better = opened(half);
    let probes: Vec<_> = (0..4).map(|_| better.admit(at(1_000)).unwrap()).collect();
    for probe in &probes[..3] {
        assert_eq!(better.state(at(1_001)), HalfOpen);
        better.record(*probe, Success, ms(1), at(1_001));
    }
    assert_eq!(better.state(at(1_001)), Closed);
}

/// resilience4j, ignored exceptions: neither success nor failure, and half-open the permission is released.
#[test]
fn resilience4j_ignored_gives_the_probe_back() {
    let mut breaker = opened(options());
    let probe = breaker.admit(at(1_000)).unwrap();
    assert!(breaker.admit(at(1_000)).is_err());
    breaker.record(probe, Ignored, ms(1), at(1_001));
    assert_eq!(breaker.state(at(1_001)), HalfOpen);
    let probe = breaker.admit(at(1_001)).unwrap();
    breaker.record(probe, Success, ms(1), at(1_001));
    assert_eq!(breaker.state(at(1_001)), Closed);

    calls(&mut breaker, &[Ignored; 50], at(1_002));
    assert_eq!(breaker.counts(at(1_002)), Counts::default());
}

/// resilience4j issue 903: a probe that never answers held the half-open state for ever. resilience4j answered with
/// maxWaitDurationInHalfOpenState, off by default, which opens again; we hand out fresh probes, after as long as the
/// breaker was open.
#[test]
fn resilience4j_903_a_probe_that_never_answers_does_not_block() {
    let mut breaker = opened(options());
    let lost = breaker.admit(at(1_000)).unwrap();
    assert!(breaker.admit(at(2_000)).is_err());
    let fresh = breaker.admit(at(2_001)).unwrap();
    assert!(breaker.admit(at(2_001)).is_err());
    // The lost one comes back after all. What it gives back is not the place of the fresh one.
    breaker.record(lost, Ignored, ms(1_001), at(2_001));
    assert!(breaker.admit(at(2_001)).is_err());
    breaker.record(fresh, Success, ms(1), at(2_002));
    assert_eq!(breaker.state(at(2_002)), Closed);
}

#[test]
fn a_service_slower_than_the_pause_is_seen_to_work() {
    let mut breaker = opened(options());
    let slow = breaker.admit(at(1_000)).unwrap();
    assert!(breaker.admit(at(3_000)).is_ok());
    breaker.record(slow, Success, ms(2_500), at(3_500));
    assert_eq!(breaker.state(at(3_500)), Closed);
}

/// Polly v8, FailureRatio and MinimumThroughput over SamplingDuration.
#[test]
fn polly_failure_ratio_and_minimum_throughput() {
    let mut breaker = Breaker::new(BreakerOptions {
        window: Window::Time(Duration::from_secs(10)),
        failure_rate: 0.5,
        min_calls: 8,
        ..options()
    });
    for second in 0..7 {
        calls(&mut breaker, &[Failure], at(second * 1_000));
    }
    assert_eq!(breaker.state(at(6_000)), Closed);
    // The first two are too old by now: seven are left of nine.
    calls(&mut breaker, &[Success, Success], at(11_000));
    assert_eq!(breaker.counts(at(11_000)), Counts { calls: 7, failures: 5, slow: 0 });
    assert_eq!(breaker.state(at(11_000)), Closed);
    calls(&mut breaker, &[Failure], at(11_500));
    assert_eq!(breaker.state(at(11_500)), Open);
}

/// Polly v8, BreakDurationGenerator over HalfOpenAttempts, and cockatiel, halfOpenAfter with a backoff: the pause
/// grows with each failed half-open phase and starts anew once the breaker has closed.
#[test]
fn polly_break_duration_grows_with_half_open_attempts() {
    let mut breaker = opened(options());
    let mut now = at(0);
    for pause in [1_000, 2_000, 4_000, 5_000, 5_000] {
        assert_eq!(breaker.admit(now).unwrap_err().retry_after, Some(ms(pause)));
        now = now + ms(pause);
        let probe = breaker.admit(now).unwrap();
        breaker.record(probe, Failure, ms(1), now);
    }
    now = now + ms(5_000);
    let probe = breaker.admit(now).unwrap();
    breaker.record(probe, Success, ms(1), now);
    calls(&mut breaker, &[Failure; 4], now);
    assert_eq!(breaker.admit(now).unwrap_err().retry_after, Some(ms(1_000)));
}

/// Polly v8, CircuitBreakerManualControl: isolate holds until closed by hand, whatever the time; closing an open
/// circuit by hand resets it. Ours ends an isolation with `lift`, so `close` does not.
#[test]
fn polly_manual_control() {
    let mut breaker = Breaker::new(options());
    breaker.isolate(at(0));
    assert_eq!(breaker.admit(at(999_999_999)).unwrap_err().retry_after, None);
    breaker.close(at(5));
    assert_eq!(breaker.state(at(5)), Isolated);
    breaker.lift(at(6));
    assert!(breaker.admit(at(6)).is_ok());

    let mut breaker = opened(options());
    breaker.close(at(1));
    assert_eq!(breaker.state(at(1)), Closed);
    calls(&mut breaker, &[Failure; 3], at(1));
    assert_eq!(breaker.state(at(1)), Closed);
    assert_eq!(changes(&mut breaker), [(Closed, Open), (Open, Closed)]);
}

/// cockatiel: each isolate() gives a handle, and the circuit is held until the last one is disposed of.
#[test]
fn cockatiel_isolations_are_counted() {
    let mut breaker = opened(options());
    breaker.isolate(at(1));
    breaker.isolate(at(2));
    breaker.lift(at(3));
    assert_eq!(breaker.state(at(3)), Isolated);
    breaker.lift(at(4));
    assert_eq!(breaker.state(at(4)), Closed);
    assert_eq!(breaker.counts(at(4)), Counts::default());
    breaker.lift(at(5));
    breaker.isolate(at(6));
    assert_eq!(breaker.state(at(6)), Isolated);
    assert_eq!(changes(&mut breaker), [(Closed, Open), (Open, Isolated), (Isolated, Closed), (Closed, Isolated)]);
}

/// cockatiel and Polly: the result of a call that was made before the circuit opened neither opens nor closes a later
/// phase. opossum issue 381: a success that was under way closed the open circuit. opossum issue 385: a failure that
/// was under way opened it a second time, and it never became half-open.
#[test]
fn cockatiel_late_results_of_an_earlier_phase_count_nowhere() {
    let mut breaker = Breaker::new(options());
    let late: Vec<_> = (0..6).map(|_| breaker.admit(at(0)).unwrap()).collect();
    calls(&mut breaker, &[Failure; 4], at(0));
    breaker.record(late[0], Success, ms(500), at(500));
    breaker.record(late[1], Failure, ms(500), at(500));
    assert_eq!(breaker.admit(at(500)).unwrap_err().retry_after, Some(ms(500)));

    let probe = breaker.admit(at(1_000)).unwrap();
    breaker.record(late[2], Success, ms(1_000), at(1_000));
    breaker.record(late[3], Failure, ms(1_000), at(1_000));
    breaker.record(late[4], Ignored, ms(1_000), at(1_000));
    assert_eq!(breaker.state(at(1_000)), HalfOpen);
    assert!(breaker.admit(at(1_000)).is_err());
    breaker.record(probe, Success, ms(1), at(1_001));
    breaker.record(late[5], Failure, ms(1_001), at(1_001));
    assert_eq!(breaker.counts(at(1_001)), Counts::default());
}

/// cockatiel, initialState: a half-open circuit is stored as an open one whose time is over, with its attempts.
#[test]
fn cockatiel_half_open_restores_as_open() {
    let mut breaker = opened(options());
    let probe = breaker.admit(at(1_000)).unwrap();
    breaker.record(probe, Failure, ms(1), at(1_000));
    let _lost = breaker.admit(at(3_000)).unwrap();
    let snapshot = breaker.snapshot(at(3_000));
    assert_eq!((snapshot.state, snapshot.opens), (HalfOpen, 2));

    let mut restored = Breaker::restore(options(), snapshot, at(3_000));
    let probe = restored.admit(at(3_000)).unwrap();
    assert!(restored.admit(at(3_000)).is_err());
    restored.record(probe, Failure, ms(1), at(3_000));
    assert_eq!(restored.admit(at(3_000)).unwrap_err().retry_after, Some(ms(4_000)));
    assert_eq!(changes(&mut restored), [(Open, HalfOpen), (HalfOpen, Open)]);
}

/// opossum, volumeThreshold: the circuit does not open before so many calls, however they fail. opossum issue 276:
/// a failed probe below the threshold left the circuit half-open for ever; the threshold is not for probes.
#[test]
fn opossum_volume_threshold_is_not_for_probes() {
    let mut breaker =
        Breaker::new(BreakerOptions { window: Window::Time(ms(500)), min_calls: 6, failure_rate: 0.01, ..options() });
    calls(&mut breaker, &[Failure; 5], at(0));
    assert_eq!(breaker.state(at(0)), Closed);
    calls(&mut breaker, &[Failure], at(0));
    assert_eq!(breaker.state(at(0)), Open);
    let probe = breaker.admit(at(1_000)).unwrap();
    breaker.record(probe, Failure, ms(1), at(1_000));
    assert_eq!(breaker.admit(at(1_000)).unwrap_err().retry_after, Some(ms(2_000)));
}

#[test]
fn an_open_breaker_is_half_open_from_the_end_of_its_pause() {
    let mut breaker = opened(options());
    assert_eq!(breaker.state(at(999)), Open);
    assert_eq!(breaker.state(at(1_000)), HalfOpen);
    // The change is told with the call that makes it.
    assert_eq!(changes(&mut breaker), [(Closed, Open)]);
    breaker.admit(at(1_500)).unwrap();
    assert_eq!(breaker.take_change(), Some(Change { from: Open, to: HalfOpen, at: at(1_500) }));
}

#[test]
fn a_clock_that_was_wrong_does_not_keep_it_open() {
    let day = Duration::from_secs(86_400);
    let mut breaker = Breaker::new(options());
    calls(&mut breaker, &[Failure; 4], at(0) + day);
    assert_eq!(breaker.admit(at(0)).unwrap_err().retry_after, Some(ms(5_000)));
    let probe = breaker.admit(at(5_000)).unwrap();

    // Nor half-open.
    let mut half = breaker.clone();
    assert!(half.admit(at(1_000)).is_err());
    assert!(half.admit(at(2_001)).is_ok());

    breaker.record(probe, Success, ms(1), at(5_001));
    calls(&mut breaker, &[Failure; 4], at(5_001));
    let tampered = BreakerSnapshot { open_until: at(0) + day * 365, ..breaker.snapshot(at(5_001)) };
    let mut restored = Breaker::restore(options(), tampered, at(6_000));
    assert_eq!(restored.admit(at(6_000)).unwrap_err().retry_after, Some(ms(5_000)));
}

#[test]
fn a_window_of_time_survives_a_clock_that_goes_back() {
    let mut breaker = Breaker::new(BreakerOptions { window: Window::Time(ms(1_000)), min_calls: 9, ..options() });
    calls(&mut breaker, &[Failure; 4], at(5_000));
    calls(&mut breaker, &[Failure; 2], at(4_500));
    assert_eq!(breaker.counts(at(4_900)).failures, 6);
    assert_eq!(breaker.counts(at(5_999)).failures, 6);
    assert_eq!(breaker.counts(at(6_000)).failures, 0);
    // Back by more than the window: those calls were not where the clock said.
    calls(&mut breaker, &[Failure; 4], at(6_000));
    calls(&mut breaker, &[Failure; 2], at(1_000));
    assert_eq!(breaker.counts(at(1_000)).failures, 2);
    assert_eq!(breaker.counts(at(2_000)).failures, 0);

    // A window that is emptied forgets what time it was.
    calls(&mut breaker, &[Failure; 9], at(5_000));
    assert_eq!(breaker.state(at(5_000)), Open);
    breaker.close(at(4_500));
    calls(&mut breaker, &[Failure; 2], at(4_500));
    assert_eq!(breaker.counts(at(5_499)).failures, 2);
    assert_eq!(breaker.counts(at(5_500)).failures, 0);
}

/// The first call of a program lies 50 years after the epoch, and that is many buckets.
#[test]
fn a_window_of_time_does_not_count_the_buckets_of_a_long_gap() {
    let mut breaker = Breaker::new(BreakerOptions { window: Window::Time(ms(1)), ..options() });
    calls(&mut breaker, &[Failure; 3], at(1_800_000_000_000));
    assert_eq!(breaker.counts(at(1_800_000_000_000)).failures, 3);
    assert_eq!(breaker.counts(at(1_900_000_000_000)).failures, 0);
}

#[test]
fn options_that_make_no_sense_do_no_harm() {
    let mut zeros = Breaker::new(BreakerOptions {
        window: Window::Time(Duration::ZERO),
        failure_rate: 0.0,
        slow_call: Some(Duration::ZERO),
        slow_call_rate: 0.0,
        min_calls: 0,
        open_for: Duration::ZERO,
        max_open_for: Duration::ZERO,
        probes: 0,
    });
    let permit = zeros.admit(at(0)).unwrap();
    zeros.record(permit, Success, Duration::ZERO, at(0));
    assert_eq!(zeros.state(at(0)), Closed);
    calls(&mut zeros, &[Failure], at(0));
    assert_eq!(zeros.state(at(0)), HalfOpen);
    calls(&mut zeros, &[Failure], at(0));
    assert_eq!(zeros.snapshot(at(0)).opens, 2);

    let mut never = Breaker::new(BreakerOptions {
        window: Window::Calls(0),
        failure_rate: f64::NAN,
        slow_call: Some(Duration::ZERO),
        slow_call_rate: 1.5,
        ..options()
    });
    calls(&mut never, &[Failure; 50], at(0));
    assert_eq!(never.state(at(0)), Closed);
    assert_eq!(never.counts(at(0)), Counts { calls: 1, failures: 1, slow: 1 });

    let endless = BreakerOptions { open_for: Duration::MAX, max_open_for: Duration::MAX, ..options() };
    assert!(opened(endless).admit(at(1_000_000)).is_err());
}

#[test]
fn of_changes_that_nobody_takes_the_last_eight_are_kept() {
    let mut breaker = Breaker::new(options());
    for time in 0..10 {
        breaker.isolate(at(time));
        breaker.lift(at(time));
    }
    let times: Vec<_> = std::iter::from_fn(|| breaker.take_change()).map(|change| change.at.as_millis()).collect();
    assert_eq!(times, [6.0, 6.0, 7.0, 7.0, 8.0, 8.0, 9.0, 9.0]);
}

/// What happens to a breaker in the model test.
#[derive(Clone, Copy, Debug)]
enum Step {
    Admit,
    /// The call that was let through as the n-th of those under way (modulo their number) ends; sometimes the latest.
    Record(usize, Sample, u64),
    Later(u64),
    Earlier(u64),
    Isolate,
    Lift,
    Close,
    Restore,
}

fn any_step() -> impl Strategy<Value = Step> {
    let sample = || prop_oneof![4 => Just(Success), 4 => Just(Failure), 1 => Just(Ignored)];
    let record = |which: BoxedStrategy<usize>| (which, sample(), 0_u64..4).prop_map(|(n, s, d)| Step::Record(n, s, d));
    prop_oneof![
        12 => Just(Step::Admit),
        10 => record(Just(usize::MAX).boxed()),
        4 => record((0_usize..100).boxed()),
        6 => (0_u64..30).prop_map(Step::Later),
        3 => (0_u64..400).prop_map(Step::Later),
        1 => (0_u64..20).prop_map(Step::Earlier),
        1 => (0_u64..2_000).prop_map(Step::Earlier),
        1 => Just(Step::Isolate),
        2 => Just(Step::Lift),
        1 => Just(Step::Close),
        1 => Just(Step::Restore),
    ]
}

/// Options, and the two rates as fractions so that the model needs no float.
fn any_options() -> impl Strategy<Value = (BreakerOptions, [u64; 2])> {
    let window = prop_oneof![(1_u32..8).prop_map(Window::Calls), (1_u64..30).prop_map(|w| Window::Time(ms(w * 10)))];
    let times = (0_u64..100, 0_u64..400, prop::option::of(1_u64..3));
    (window, 1_u64..=10, 1_u64..=10, 0_u32..6, times, 0_u32..5).prop_map(
        |(window, failure, slow, min_calls, (open_for, max_open_for, slow_call), probes)| {
            let options = BreakerOptions {
                window,
                failure_rate: failure as f64 / 10.0,
                slow_call: slow_call.map(ms),
                slow_call_rate: slow as f64 / 10.0,
                min_calls,
                open_for: ms(open_for),
                max_open_for: ms(max_open_for),
                probes,
            };
            (options, [failure, slow])
        },
    )
}

/// A call that ended: the bucket of time it fell into, whether it failed, whether it was slow.
type Ended = (u64, bool, bool);

/// A probe of the current half-open phase.
#[derive(Clone, Copy, Debug)]
struct Probe {
    out: bool,
    given_up: bool,
}

/// The plain model: every call of the phase is kept, and every question is answered by counting them. Times are
/// milliseconds.
#[derive(Debug)]
struct Model {
    options: BreakerOptions,
    tenths: [u64; 2],
    state: BreakerState,
    /// Which phase it is, to tell late answers.
    phase: u64,
    ended: Vec<Ended>,
    newest_bucket: u64,
    opened_by: Counts,
    open_until: u64,
    opens: u32,
    probes: Vec<Probe>,
    latest_probe: u64,
    isolations: u32,
    changes: Vec<(BreakerState, BreakerState, u64)>,
}

impl Model {
    fn new(options: BreakerOptions, tenths: [u64; 2]) -> Self {
        Self {
            options,
            tenths,
            state: Closed,
            phase: 0,
            ended: Vec::new(),
            newest_bucket: 0,
            opened_by: Counts::default(),
            open_until: 0,
            opens: 0,
            probes: Vec::new(),
            latest_probe: 0,
            isolations: 0,
            changes: Vec::new(),
        }
    }

    fn enter(&mut self, state: BreakerState, now: u64) {
        if state != self.state {
            self.changes.push((self.state, state, now));
        }
        self.state = state;
        self.phase += 1;
        self.ended.clear();
        self.newest_bucket = 0;
        self.probes.clear();
    }

    fn close(&mut self, now: u64) {
        self.opens = 0;
        self.enter(Closed, now);
    }

    fn open(&mut self, now: u64) {
        self.opened_by = count(&self.ended);
        self.opens += 1;
        self.open_until = now + self.period();
        self.enter(Open, now);
    }

    fn period(&self) -> u64 {
        let mut period = self.options.open_for.as_millis() as u64;
        for _ in 1..self.opens {
            period = (period * 2).min(1_000_000);
        }
        period.min(self.longest())
    }

    fn longest(&self) -> u64 {
        self.options.max_open_for.as_millis() as u64
    }

    /// Moves the window on, and says what it holds.
    fn in_window(&mut self, now: u64) -> Vec<Ended> {
        match self.options.window {
            Window::Calls(size) => self.ended[self.ended.len().saturating_sub(size as usize)..].to_vec(),
            Window::Time(span) => {
                let bucket = now / (span.as_millis() as u64 / 10);
                if bucket + 10 <= self.newest_bucket {
                    self.ended.clear();
                    self.newest_bucket = bucket;
                }
                self.newest_bucket = self.newest_bucket.max(bucket);
                self.ended.iter().copied().filter(|(bucket, ..)| bucket + 10 > self.newest_bucket).collect()
            }
        }
    }

    fn trips(&self, ended: &[Ended]) -> bool {
        let counts = count(ended);
        let reached = |count: u32, tenths: u64| count > 0 && u64::from(count) * 10 >= tenths * u64::from(counts.calls);
        reached(counts.failures, self.tenths[0]) || reached(counts.slow, self.tenths[1])
    }

    /// The outcomes that a half-open phase can still have, found by trying every way the missing probes may go.
    fn possible_outcomes(&self, ended: &mut Vec<Ended>) -> Vec<bool> {
        if ended.len() >= self.options.probes.max(1) as usize {
            return vec![self.trips(ended)];
        }
        let mut outcomes = Vec::new();
        for (failed, slow) in [(false, false), (false, true), (true, false), (true, true)] {
            ended.push((0, failed, slow));
            outcomes.extend(self.possible_outcomes(ended));
            ended.pop();
        }
        outcomes
    }

    fn admit(&mut self, now: u64) -> Result<(u64, usize), Option<u64>> {
        if self.state == Open {
            self.open_until = self.open_until.min(now + self.longest());
            if now < self.open_until {
                return Err(Some(self.open_until - now));
            }
            self.enter(HalfOpen, now);
            self.latest_probe = now;
        }
        match self.state {
            Closed => return Ok((self.phase, 0)),
            Open | Isolated => return Err(None),
            HalfOpen => {}
        }
        let out = self.probes.iter().filter(|probe| probe.out && !probe.given_up).count();
        if out + self.ended.len() >= self.options.probes.max(1) as usize {
            self.latest_probe = self.latest_probe.min(now);
            if now - self.latest_probe <= self.period() {
                return Err(None);
            }
            self.probes.iter_mut().for_each(|probe| probe.given_up = true);
        }
        self.latest_probe = now;
        self.probes.push(Probe { out: true, given_up: false });
        Ok((self.phase, self.probes.len() - 1))
    }

    fn record(&mut self, (phase, probe): (u64, usize), sample: Sample, took: u64, now: u64) {
        if phase != self.phase {
            return;
        }
        if let Some(probe) = self.probes.get_mut(probe) {
            probe.out = false;
        }
        if sample == Ignored {
            return;
        }
        let slow = self.options.slow_call.is_some_and(|limit| ms(took) > limit);
        if self.state == HalfOpen {
            self.ended.push((0, sample == Failure, slow));
            let outcomes = self.possible_outcomes(&mut self.ended.clone());
            if outcomes.iter().all(|opens| *opens) {
                self.open(now);
            } else if !outcomes.contains(&true) {
                self.close(now);
            }
            return;
        }
        self.in_window(now);
        self.ended.push((self.newest_bucket, sample == Failure, slow));
        let held = self.in_window(now);
        let min_calls = match self.options.window {
            Window::Calls(size) => self.options.min_calls.min(size),
            Window::Time(_) => self.options.min_calls,
        };
        if held.len() >= min_calls as usize && self.trips(&held) {
            self.ended = held;
            self.open(now);
        }
    }

    fn counts(&mut self, now: u64) -> Counts {
        match self.state {
            Closed => count(&self.in_window(now)),
            Open => self.opened_by,
            HalfOpen => count(&self.ended),
            Isolated => Counts::default(),
        }
    }

    fn state(&self, now: u64) -> BreakerState {
        if self.state == Open && now >= self.open_until { HalfOpen } else { self.state }
    }
}

fn count(ended: &[Ended]) -> Counts {
    let number = |of: &dyn Fn(&&Ended) -> bool| ended.iter().filter(of).count() as u32;
    Counts { calls: number(&|_| true), failures: number(&|ended| ended.1), slow: number(&|ended| ended.2) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_breaker_does_what_the_model_does(
        (options, tenths) in any_options(),
        steps in prop::collection::vec(any_step(), 1..150),
    ) {
        let (mut breaker, mut model) = (Breaker::new(options), Model::new(options, tenths));
        let mut under_way: Vec<(Permit, (u64, usize))> = Vec::new();
        let mut now = 1_000_000_u64;
        for step in steps {
            match step {
                Step::Admit => match (breaker.admit(at(now)), model.admit(now)) {
                    (Ok(permit), Ok(expected)) => under_way.push((permit, expected)),
                    (Err(refusal), Err(retry_after)) => prop_assert_eq!(refusal.retry_after, retry_after.map(ms)),
                    (given, expected) => prop_assert!(false, "{:?} instead of {:?}", given, expected),
                },
                Step::Record(..) if under_way.is_empty() => {}
                Step::Record(which, sample, took) => {
                    let index = if which == usize::MAX { under_way.len() - 1 } else { which % under_way.len() };
                    let (permit, expected) = under_way.remove(index);
                    breaker.record(permit, sample, ms(took), at(now));
                    model.record(expected, sample, took, now);
                }
                Step::Later(time) => now += time,
                Step::Earlier(time) => now -= time,
                Step::Isolate => {
                    breaker.isolate(at(now));
                    model.isolations += 1;
                    if model.isolations == 1 {
                        model.opens = 0;
                        model.enter(Isolated, now);
                    }
                }
                Step::Lift => {
                    breaker.lift(at(now));
                    if model.isolations == 1 {
                        model.close(now);
                    }
                    model.isolations = model.isolations.saturating_sub(1);
                }
                Step::Close => {
                    breaker.close(at(now));
                    if model.isolations == 0 {
                        model.close(now);
                    }
                }
                Step::Restore => {
                    breaker = Breaker::restore(options, breaker.snapshot(at(now)), at(now));
                    under_way.clear();
                    let mut restored = Model::new(options, tenths);
                    restored.isolations = model.isolations;
                    restored.opens = model.opens;
                    restored.state = if model.state == HalfOpen { Open } else { model.state };
                    let until = if model.state == Open { model.open_until } else { 0 };
                    restored.open_until = until.min(now + model.longest());
                    model = restored;
                }
            }
            prop_assert_eq!(breaker.state(at(now)), model.state(now), "after {:?}", step);
            prop_assert_eq!(breaker.counts(at(now)), model.counts(now), "after {:?}", step);
            let snapshot = breaker.snapshot(at(now));
            prop_assert_eq!((snapshot.opens, snapshot.isolations), (model.opens, model.isolations));
            let until = if model.state == Open { model.open_until } else { 0 };
            prop_assert_eq!(snapshot.open_until, at(until));
            let told: Vec<_> = std::iter::from_fn(|| breaker.take_change()).map(|c| (c.from, c.to, c.at)).collect();
            let expected: Vec<_> = model.changes.drain(..).map(|(from, to, time)| (from, to, at(time))).collect();
            prop_assert_eq!(told, expected, "after {:?}", step);
        }
    }
}
