//! How healthy a feature is.

use std::time::Duration;

use proptest::prelude::*;
use repflow::bus::{Health, HealthOptions, HealthStatus};
use repflow::time::Timestamp;

use HealthStatus::{Degraded, Healthy, Unhealthy};

const QUICK: Duration = Duration::from_millis(40);
const SLOW: Duration = Duration::from_secs(6);

fn at(seconds: u64) -> Timestamp {
    Timestamp::EPOCH + Duration::from_secs(seconds)
}

/// The status after so many calls that failed, and then so many that did not.
fn calls(health: &mut Health, failed: u32, good: u32, now: Timestamp) -> HealthStatus {
    let mut status = health.status(now);
    for call in 0..failed + good {
        status = health.record(call < failed, QUICK, now);
    }
    status
}

/// The status after each of the reports.
fn reports(health: &mut Health, reports: &[HealthStatus]) -> Vec<HealthStatus> {
    reports.iter().map(|report| health.checked(*report, at(0))).collect()
}

#[test]
fn names_are_stable_and_worse_is_greater() {
    let names: Vec<&str> = HealthStatus::ALL.iter().map(|status| status.name()).collect();
    assert_eq!(names, ["healthy", "degraded", "unhealthy"]);
    assert!(HealthStatus::ALL.is_sorted());
}

#[test]
fn a_feature_of_which_nothing_is_known_is_healthy() {
    assert_eq!(Health::new(HealthOptions::default()).status(at(1_000)), Healthy);
}

#[test]
fn the_first_failed_check_degrades_and_the_third_in_a_row_makes_unhealthy() {
    let mut health = Health::new(HealthOptions::default());
    assert_eq!(reports(&mut health, &[Unhealthy; 4]), [Degraded, Degraded, Unhealthy, Unhealthy]);
    let mut health = Health::new(HealthOptions::default());
    let interrupted = [Unhealthy, Unhealthy, Healthy, Unhealthy, Unhealthy, Unhealthy];
    assert_eq!(
        reports(&mut health, &interrupted),
        [Degraded, Degraded, Degraded, Degraded, Degraded, Unhealthy],
        "a good one ends the row"
    );
}

#[test]
fn it_takes_two_good_checks_in_a_row_to_recover() {
    let mut health = Health::new(HealthOptions::default());
    reports(&mut health, &[Unhealthy; 3]);
    assert_eq!(reports(&mut health, &[Healthy, Healthy, Healthy]), [Unhealthy, Healthy, Healthy]);
    let mut health = Health::new(HealthOptions::default());
    reports(&mut health, &[Unhealthy; 3]);
    assert_eq!(
        reports(&mut health, &[Healthy, Unhealthy, Healthy, Healthy]),
        [Unhealthy, Unhealthy, Unhealthy, Healthy],
        "a failure does not make it better"
    );
}

#[test]
fn a_report_of_being_degraded_is_believed_at_once_and_ends_both_rows() {
    let mut health = Health::new(HealthOptions::default());
    assert_eq!(reports(&mut health, &[Degraded]), [Degraded]);
    assert_eq!(reports(&mut health, &[Healthy, Degraded, Healthy]), [Degraded; 3]);
    assert_eq!(reports(&mut health, &[Degraded, Unhealthy, Unhealthy, Degraded, Unhealthy]), [Degraded; 5]);
    assert_eq!(reports(&mut health, &[Unhealthy, Unhealthy, Degraded]), [Degraded, Unhealthy, Degraded]);
}

#[test]
fn how_many_checks_it_takes_is_an_option_and_none_is_as_one() {
    for count in [0, 1] {
        let options =
            HealthOptions { failures_to_unhealthy: count, successes_to_recover: count, ..HealthOptions::default() };
        assert_eq!(
            reports(&mut Health::new(options), &[Unhealthy, Healthy, Unhealthy]),
            [Unhealthy, Healthy, Unhealthy]
        );
    }
}

#[test]
fn a_tenth_of_errors_degrades_and_half_of_them_make_unhealthy() {
    for (failed, good, status) in
        [(0, 100, Healthy), (9, 91, Healthy), (10, 90, Degraded), (49, 51, Degraded), (50, 50, Unhealthy)]
    {
        // The good ones first, so that no level is entered on the way.
        let mut health = Health::new(HealthOptions::default());
        assert_eq!(calls(&mut health, 0, good, at(0)), Healthy);
        assert_eq!(calls(&mut health, failed, 0, at(0)), status, "{failed} of {}", failed + good);
    }
}

#[test]
fn slow_calls_count_although_they_answer() {
    let mut health = Health::new(HealthOptions::default());
    let mut slow = |took, count| (0..count).map(|_| health.record(false, took, at(0))).last();
    assert_eq!(slow(Duration::from_secs(5), 10), Some(Healthy), "as long as it may take is not slow");
    assert_eq!(slow(SLOW, 9), Some(Healthy));
    assert_eq!(slow(SLOW, 1), Some(Degraded), "half of them");
    assert_eq!(slow(SLOW, 79), Some(Degraded));
    assert_eq!(slow(SLOW, 1), Some(Unhealthy), "nine tenths of them");
}

#[test]
fn too_few_calls_change_nothing() {
    let mut health = Health::new(HealthOptions::default());
    assert_eq!(calls(&mut health, 9, 0, at(0)), Healthy);
    assert_eq!(calls(&mut health, 1, 0, at(0)), Unhealthy, "ten are enough");
    assert_eq!(calls(&mut health, 0, 1, at(30)), Unhealthy);
    assert_eq!(calls(&mut health, 0, 8, at(60)), Unhealthy, "the failures are forgotten, and nine good ones too few");
    assert_eq!(calls(&mut health, 0, 1, at(60)), Healthy);
}

#[test]
fn a_level_is_left_only_well_below_the_threshold_at_which_it_was_entered() {
    let mut health = Health::new(HealthOptions::default());
    assert_eq!(calls(&mut health, 0, 90, at(0)), Healthy);
    assert_eq!(calls(&mut health, 10, 0, at(0)), Degraded, "10 % reach the threshold");
    assert_eq!(calls(&mut health, 0, 1, at(0)), Degraded, "9.9 % are below it and change nothing");
    assert_eq!(calls(&mut health, 0, 99, at(0)), Degraded, "5 % are half of it");
    assert_eq!(calls(&mut health, 0, 1, at(0)), Healthy, "less than half of it");
    assert_eq!(calls(&mut health, 10, 0, at(0)), Healthy, "9.5 %: the way up is not the way down");
    assert_eq!(calls(&mut health, 2, 0, at(0)), Degraded);
}

#[test]
fn the_way_out_of_unhealthy_leads_over_degraded_unless_all_is_well() {
    let mut health = Health::new(HealthOptions::default());
    assert_eq!(calls(&mut health, 10, 0, at(0)), Unhealthy);
    assert_eq!(calls(&mut health, 0, 30, at(0)), Unhealthy, "25 % are half of the threshold");
    assert_eq!(calls(&mut health, 0, 1, at(0)), Degraded);
    assert_eq!(calls(&mut health, 0, 159, at(0)), Degraded, "5 %");
    assert_eq!(calls(&mut health, 0, 1, at(0)), Healthy);
    let mut health = Health::new(HealthOptions::default());
    assert_eq!(calls(&mut health, 10, 0, at(0)), Unhealthy);
    assert_eq!(calls(&mut health, 0, 10, at(60)), Healthy, "the bad ones were forgotten meanwhile");
}

#[test]
fn one_rate_that_is_still_high_holds_the_level() {
    let mut health = Health::new(HealthOptions::default());
    for _ in 0..10 {
        health.record(true, SLOW, at(0));
    }
    for _ in 0..23 {
        health.record(false, SLOW, at(0));
    }
    assert_eq!(
        calls(&mut health, 0, 40, at(0)),
        Unhealthy,
        "errors are below a quarter, but slow calls are not below 45 %"
    );
    assert_eq!(calls(&mut health, 0, 1, at(0)), Degraded);
}

#[test]
fn time_alone_heals_what_nobody_calls() {
    let mut health = Health::new(HealthOptions::default());
    assert_eq!(calls(&mut health, 10, 0, at(3)), Unhealthy);
    assert_eq!(health.status(at(59)), Unhealthy);
    let mut unseen = health.clone();
    assert_eq!(unseen.record(true, QUICK, at(60)), Healthy, "also when nobody looked before the next call");
    assert_eq!(health.status(at(60)), Healthy, "the tenth of the minute that they fell into is forgotten");
    reports(&mut health, &[Unhealthy]);
    assert_eq!(health.status(at(100_000)), Degraded, "checks are not forgotten: there will be another one");
}

#[test]
fn the_worse_witness_is_believed() {
    let mut health = Health::new(HealthOptions::default());
    assert_eq!(calls(&mut health, 10, 0, at(0)), Unhealthy);
    assert_eq!(health.checked(Healthy, at(0)), Unhealthy, "the check does not see what callers see");
    assert_eq!(health.checked(Degraded, at(0)), Unhealthy);
    assert_eq!(health.status(at(60)), Degraded);
    assert_eq!(health.checked(Healthy, at(60)), Degraded);
    assert_eq!(health.checked(Healthy, at(60)), Healthy);
}

#[test]
fn a_rate_of_nothing_is_not_reached_by_nothing() {
    let options = HealthOptions {
        degraded_error_rate: 0.0,
        degraded_slow_rate: 0.0,
        min_requests: 0,
        recovery: 0.0,
        ..HealthOptions::default()
    };
    let mut health = Health::new(options);
    assert_eq!(calls(&mut health, 0, 100, at(0)), Healthy);
    assert_eq!(calls(&mut health, 1, 0, at(0)), Degraded, "the first error does");
    assert_eq!(calls(&mut health, 0, 1, at(60)), Healthy);
}

/// What happens to a feature.
#[derive(Clone, Debug)]
enum Event {
    Call { failed: bool, took: Duration },
    Check(HealthStatus),
    Look,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (any::<bool>(), 0_u64..20).prop_map(|(failed, took)| {
            Event::Call { failed, took: Duration::from_millis(took) }
        }),
        2 => prop::sample::select(HealthStatus::ALL).prop_map(Event::Check),
        1 => Just(Event::Look),
    ]
}

/// Mostly a little later, sometimes any time whatever, in microseconds.
fn time() -> impl Strategy<Value = Result<u64, u64>> {
    prop_oneof![
        12 => (0_u64..400).prop_map(Ok),
        1 => (0_u64..20_000).prop_map(Ok),
        1 => any::<u64>().prop_map(Err),
        1 => (0_u64..50_000).prop_map(Err),
        1 => Just(Err(u64::MAX)),
    ]
}

fn options() -> impl Strategy<Value = HealthOptions> {
    let rate = || prop::sample::select(vec![0.1, 0.25, 0.3, 0.5, 0.9, 1.0]);
    let counts = (0_u32..8, 0_u32..4, 0_u32..4);
    (0_u64..5_000, counts, 0_u64..20, [rate(), rate(), rate(), rate(), rate()]).prop_map(
        |(window, (min_requests, failures_to_unhealthy, successes_to_recover), slow, rates)| HealthOptions {
            window: Duration::from_micros(window),
            min_requests,
            degraded_error_rate: rates[0],
            unhealthy_error_rate: rates[1],
            slow: Duration::from_millis(slow),
            degraded_slow_rate: rates[2],
            unhealthy_slow_rate: rates[3],
            recovery: rates[4],
            failures_to_unhealthy,
            successes_to_recover,
        },
    )
}

/// Keeps every call and every report, and looks at all of them each time.
struct Model {
    options: HealthOptions,
    /// In which step of the window each call ended, and whether it failed and was slow.
    calls: Vec<(u64, bool, bool)>,
    /// The latest step.
    latest: u64,
    reports: Vec<HealthStatus>,
    by_calls: HealthStatus,
}

impl Model {
    fn step(&mut self, now: u64) {
        let width = (self.options.window.as_micros() as u64 / 10).max(1);
        let step = now / width;
        // A clock that goes back by less than the window stands still; by more, it was wrong.
        if step.abs_diff(self.latest) >= 10 {
            self.calls.clear();
            self.latest = step;
        }
        self.latest = self.latest.max(step);
    }

    fn call(&mut self, failed: bool, took: Duration) {
        self.status();
        self.calls.push((self.latest, failed, took > self.options.slow));
    }

    fn by_checks(&self) -> HealthStatus {
        let row = |place: usize| {
            let same = self.reports[..=place].iter().rev().take_while(|report| **report == self.reports[place]);
            same.count() as u32
        };
        let mut status = Healthy;
        for (place, report) in self.reports.iter().enumerate() {
            status = match report {
                Degraded => Degraded,
                Unhealthy if row(place) >= self.options.failures_to_unhealthy => Unhealthy,
                Healthy if row(place) >= self.options.successes_to_recover => Healthy,
                Unhealthy if status == Healthy => Degraded,
                _ => status,
            };
        }
        status
    }

    /// Whether a rate is at a part of its threshold for the level.
    fn is_at(&self, level: HealthStatus, part: f64) -> bool {
        let inside: Vec<_> = self.calls.iter().filter(|(step, ..)| self.latest - step < 10).collect();
        let rate = |count: usize| count as f64 / inside.len() as f64;
        let (failed, slow) = (inside.iter().filter(|it| it.1).count(), inside.iter().filter(|it| it.2).count());
        let options = &self.options;
        let (errors_at, slow_at) = match level {
            Unhealthy => (options.unhealthy_error_rate, options.unhealthy_slow_rate),
            _ => (options.degraded_error_rate, options.degraded_slow_rate),
        };
        failed > 0 && rate(failed) >= errors_at * part || slow > 0 && rate(slow) >= slow_at * part
    }

    fn status(&mut self) -> HealthStatus {
        let inside = self.calls.iter().filter(|(step, ..)| self.latest - step < 10).count();
        if inside == 0 {
            self.by_calls = Healthy;
        } else if inside >= self.options.min_requests as usize {
            // Down as far as the rates have recovered, then up to what they reach.
            for (level, below) in [(Unhealthy, Degraded), (Degraded, Healthy)] {
                if self.by_calls == level && !self.is_at(level, self.options.recovery) {
                    self.by_calls = below;
                }
            }
            for level in [Degraded, Unhealthy] {
                if self.is_at(level, 1.0) {
                    self.by_calls = self.by_calls.max(level);
                }
            }
        }
        self.by_calls.max(self.by_checks())
    }
}

proptest! {
    #[test]
    fn health_is_what_a_list_of_all_calls_and_reports_says(
        options in options(),
        events in prop::collection::vec((event(), time()), 0..150),
    ) {
        let mut health = Health::new(options);
        let mut model =
            Model { options, calls: Vec::new(), latest: 0, reports: Vec::new(), by_calls: Healthy };
        let mut now = 0_u64;
        for (event, time) in events {
            now = match time {
                Ok(later) => now.saturating_add(later),
                Err(instant) => instant,
            };
            let instant = Timestamp::EPOCH + Duration::from_micros(now);
            model.step(now);
            let status = match event {
                Event::Call { failed, took } => {
                    model.call(failed, took);
                    health.record(failed, took, instant)
                }
                Event::Check(report) => {
                    model.reports.push(report);
                    health.checked(report, instant)
                }
                Event::Look => health.status(instant),
            };
            prop_assert_eq!(status, model.status());
            prop_assert_eq!(health.status(instant), status, "to look changes nothing");
        }
    }
}

proptest! {
    /// Good calls may be told together, once for each tenth of the window, as long as nothing in it went wrong: whatever comes
    /// then finds what it would have found.
    #[test]
    fn good_calls_told_together_are_as_good_as_told_one_by_one(
        good in prop::collection::vec(0_u64..9_000, 1..40),
        after in prop::collection::vec((0_u64..20_000, any::<bool>()), 1..40),
    ) {
        let tenth = HealthOptions::default().window.as_millis() as u64 / 10;
        let (mut each, mut together) = (Health::new(HealthOptions::default()), Health::new(HealthOptions::default()));
        let (mut now, mut untold, mut last) = (0, 0, 0);
        for pause in good {
            now += pause;
            prop_assert_eq!(each.record(false, QUICK, Timestamp::from_millis(now as f64)), Healthy);
            if untold > 0 && now / tenth != last / tenth {
                together.record_good(untold, Timestamp::from_millis(last as f64));
                untold = 0;
            }
            (untold, last) = (untold + 1, now);
        }
        together.record_good(untold, Timestamp::from_millis(last as f64));
        for (pause, failed) in after {
            now += pause;
            let at = Timestamp::from_millis(now as f64);
            prop_assert_eq!(together.record(failed, QUICK, at), each.record(failed, QUICK, at));
        }
    }
}
