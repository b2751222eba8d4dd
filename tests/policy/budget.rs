//! How many retries the calls so far have paid for.

use std::time::Duration;

use proptest::prelude::*;
use repflow::policy::{Budget, BudgetOptions};
use repflow::time::{MAX_DURATION, Timestamp};

fn at(ms: u64) -> Timestamp {
    Timestamp::EPOCH + Duration::from_millis(ms)
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A budget without a reserve.
fn share(ratio: f64, ttl: Duration) -> Budget {
    Budget::new(BudgetOptions { ttl, min_per_second: 0, ratio })
}

/// Takes out all there is.
fn drain(budget: &mut Budget, ms: u64) -> usize {
    std::iter::repeat_with(|| budget.withdraw(at(ms))).take_while(|taken| *taken).count()
}

#[test]
fn the_default_is_a_fifth_of_the_last_ten_seconds_and_one_per_second() {
    let expected = BudgetOptions { ttl: secs(10), min_per_second: 1, ratio: 0.2 };
    assert_eq!(BudgetOptions::default(), expected);
    let mut budget = Budget::new(expected);
    assert_eq!(budget.balance(at(0)), 10);
    for _ in 0..14 {
        budget.deposit(at(0));
    }
    assert_eq!(budget.balance(at(0)), 12, "fourteen calls are two retries and most of a third");
}

/// Finagle: `RetryBudget.Empty`; tower: an empty budget refuses.
#[test]
fn without_reserve_and_deposits_there_is_nothing_as_in_tower() {
    let mut budget = share(1.0, secs(1));
    assert_eq!(budget.balance(at(0)), 0);
    assert!(!budget.withdraw(at(0)));
    assert!(!budget.withdraw(at(500)));
}

/// tower: what is not used within the time to live is lost.
#[test]
fn deposits_expire_as_in_tower() {
    let mut budget = share(1.0, secs(1));
    budget.deposit(at(10_000));
    assert_eq!(budget.balance(at(10_999)), 1);
    assert_eq!(budget.balance(at(11_000)), 0);
    assert!(!budget.withdraw(at(11_000)));
}

/// tower: deposits of the same time to live add up, and go one by one.
#[test]
fn deposits_expire_one_after_the_other_as_in_tower() {
    let mut budget = share(0.5, secs(1));
    for ms in [10_000, 10_300, 10_300, 10_600] {
        budget.deposit(at(ms));
    }
    assert_eq!(budget.balance(at(10_600)), 2);
    assert_eq!(budget.balance(at(11_000)), 1, "one and a half");
    assert_eq!(budget.balance(at(11_300)), 0, "a half");
}

/// tower and Finagle: 0.1 of ten calls is one retry, and 2.0 is two retries for a call.
#[test]
fn the_ratio_says_how_many_calls_a_retry_costs_as_in_tower_and_finagle() {
    for (ratio, calls, retries) in [(0.1, 10, 1), (0.1, 9, 0), (0.5, 3, 1), (1.0, 3, 3), (2.0, 3, 6), (0.0, 1_000, 0)] {
        let mut budget = share(ratio, secs(10));
        for _ in 0..calls {
            budget.deposit(at(0));
        }
        assert_eq!(budget.balance(at(0)), retries, "{ratio} of {calls}");
        assert_eq!(drain(&mut budget, 0), retries as usize, "{ratio} of {calls}");
    }
}

/// tower and Finagle: the reserve is `min_per_second` times the time to live, whenever it is spent, and grows back as
/// the withdrawals expire.
#[test]
fn the_reserve_is_per_window_as_in_tower_and_finagle() {
    let mut budget = Budget::new(BudgetOptions { ttl: secs(10), min_per_second: 3, ratio: 0.0 });
    assert_eq!(drain(&mut budget, 0), 30);
    assert_eq!(budget.balance(at(9_999)), 0);
    assert_eq!(drain(&mut budget, 10_000), 30);
}

#[test]
fn a_reserve_is_at_least_one_retry() {
    let mut budget = Budget::new(BudgetOptions { ttl: Duration::from_millis(100), min_per_second: 1, ratio: 0.0 });
    assert_eq!(drain(&mut budget, 0), 1);
    assert_eq!(drain(&mut budget, 99), 0);
    assert_eq!(drain(&mut budget, 100), 1);
}

/// What tower's module doc argues for: three attempts each would be three times the load.
#[test]
fn an_outage_costs_a_fifth_more_and_not_three_times_the_calls() {
    let mut budget = share(0.2, secs(10));
    let mut calls = 0;
    for call in 0..10_000 {
        let now = at(call * 10);
        calls += 1;
        budget.deposit(now);
        for _retry in 0..2 {
            calls += usize::from(budget.withdraw(now));
        }
    }
    assert!((11_900..=12_000).contains(&calls), "{calls} for 10000");
}

#[test]
fn a_clock_that_was_set_back_does_not_stop_the_refill() {
    let mut budget = Budget::new(BudgetOptions { ttl: secs(10), min_per_second: 1, ratio: 1.0 });
    assert_eq!(drain(&mut budget, 1_000_000_000), 10);
    assert_eq!(drain(&mut budget, 999_999_000), 0, "a second is nothing");
    assert_eq!(drain(&mut budget, 5_000), 10, "eleven days are a new start");
}

#[test]
fn a_ratio_that_is_none_deposits_nothing() {
    for ratio in [f64::NAN, -1.0, f64::NEG_INFINITY] {
        let mut budget = share(ratio, secs(10));
        budget.deposit(at(0));
        assert_eq!(budget.balance(at(0)), 0, "{ratio}");
    }
    let mut budget = share(f64::INFINITY, secs(10));
    budget.deposit(at(0));
    assert_eq!(budget.balance(at(0)), 1_000);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Deposit,
    Withdraw,
    /// In tenths of a time to live, and a part of one.
    Advance(u64, u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => Just(Step::Deposit),
        4 => Just(Step::Withdraw),
        3 => (0_u64..3, 0_u64..1_000).prop_map(|(tenths, part)| Step::Advance(tenths, part)),
        1 => (0_u64..25, 0_u64..1_000).prop_map(|(tenths, part)| Step::Advance(tenths, part)),
    ];
    prop::collection::vec(step, 0..300)
}

proptest! {
    #[test]
    fn the_account_is_a_list_of_entries_of_which_the_old_are_struck_out(
        steps in steps(),
        start in 0_u64..100_000,
        tenth_secs in 1_u64..5,
        min_per_second in 0_u32..4,
        percent in 0_u32..150,
    ) {
        let tenth = tenth_secs * 1_000;
        let ratio = f64::from(percent) / 100.0;
        let mut budget = Budget::new(BudgetOptions { ttl: secs(tenth_secs * 10), min_per_second, ratio });
        // Tenth of the time to live and amount, in hundredths of a retry.
        let mut entries: Vec<(u64, i64)> = Vec::new();
        let mut now = start;
        for step in steps {
            let reserve = i64::from(min_per_second) * tenth_secs as i64 * 10 * 100;
            let slot = now / tenth;
            let sum: i64 = entries.iter().filter(|(it, _)| slot - it < 10).map(|(_, amount)| amount).sum();
            let balance = (reserve + sum).max(0) / 100;
            prop_assert_eq!(i64::from(budget.balance(at(now))), balance);
            match step {
                Step::Deposit => {
                    budget.deposit(at(now));
                    entries.push((slot, i64::from(percent)));
                }
                Step::Withdraw => {
                    prop_assert_eq!(budget.withdraw(at(now)), balance > 0);
                    if balance > 0 {
                        entries.push((slot, -100));
                    }
                }
                Step::Advance(tenths, part) => now += tenths * tenth + part * tenth / 1_000,
            }
        }
    }

    /// The promise of Finagle's `RetryBudget`.
    #[test]
    fn in_every_window_retries_are_at_most_the_reserve_and_their_share_of_the_calls(
        steps in steps(),
        min_per_second in 0_u32..3,
        percent in 0_u32..150,
    ) {
        let ratio = f64::from(percent) / 100.0;
        let mut budget = Budget::new(BudgetOptions { ttl: secs(10), min_per_second, ratio });
        let (mut calls, mut retries) = (Vec::new(), Vec::new());
        let mut now = 0;
        for step in steps {
            match step {
                Step::Deposit => {
                    budget.deposit(at(now));
                    calls.push(now);
                }
                Step::Withdraw if budget.withdraw(at(now)) => {
                    retries.push(now);
                    // The account looks back nine to ten tenths: in any nine tenths the bound holds with the calls of ten.
                    let within = |list: &[u64], ms: u64| list.iter().filter(|it| *it + ms > now).count();
                    let allowed = f64::from(min_per_second) * 10.0 + ratio * within(&calls, 10_000) as f64;
                    prop_assert!(within(&retries, 9_000) as f64 <= allowed + 1e-6);
                }
                Step::Withdraw => {}
                Step::Advance(tenths, part) => now += tenths * 1_000 + part,
            }
        }
    }

    #[test]
    fn nothing_overflows(
        micros in prop::collection::vec(any::<u64>(), 1..20),
        ttl in prop::sample::select(vec![Duration::ZERO, Duration::from_nanos(1), MAX_DURATION, Duration::MAX]),
        min_per_second in prop::sample::select(&[0, 1, u32::MAX][..]),
        ratio in prop::num::f64::ANY,
    ) {
        let mut budget = Budget::new(BudgetOptions { ttl, min_per_second, ratio });
        for micros in micros {
            let now = Timestamp::EPOCH + Duration::from_micros(micros);
            budget.deposit(now);
            let before = budget.balance(now);
            prop_assert_eq!(budget.withdraw(now), before > 0);
        }
    }
}
