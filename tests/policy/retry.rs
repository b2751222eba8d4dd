//! Whether there is a next attempt.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use repflow::Kind;
use repflow::policy::classify::{Class, Facts, classify};
use repflow::policy::{Backoff, Budget, BudgetOptions, Failure, Filter, Growth, Jitter, Part, Progress, Retry};
use repflow::rng::Rng;
use repflow::time::Timestamp;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn retry(max_attempts: u32) -> Retry {
    let backoff = Backoff { growth: Growth::Exponential, delay: ms(100), max_delay: ms(1_000), jitter: Jitter::None };
    Retry { max_attempts, backoff, ..Retry::default() }
}

/// An error that nothing is known of; it may pass.
fn unknown() -> Failure<'static> {
    Failure::new(classify(&Facts::default(), &[]))
}

/// An error that no second attempt helps against.
fn lasting() -> Failure<'static> {
    Failure::new(Class::of(Kind::Validation))
}

fn status(status: u16) -> Failure<'static> {
    let facts = Facts { status: Some(status), ..Facts::default() };
    Failure { status: Some(status), ..Failure::new(classify(&facts, &[])) }
}

fn code(code: &str) -> Failure<'_> {
    let facts = Facts { code: Some(code), ..Facts::default() };
    Failure { code: Some(code), ..Failure::new(classify(&facts, &[])) }
}

/// The delay after an attempt of a call that has just begun.
fn delay(retry: &Retry, attempt: u32, failure: &Failure<'_>) -> Option<Duration> {
    delay_at(retry, attempt, failure, Duration::ZERO)
}

/// The delay after an attempt that failed `elapsed` after the first began.
fn delay_at(retry: &Retry, attempt: u32, failure: &Failure<'_>, elapsed: Duration) -> Option<Duration> {
    retry.next_delay(attempt, failure, elapsed, &mut Progress::default(), &mut Rng::new(0))
}

#[test]
fn three_attempts_are_the_first_and_two_more() {
    let delays: Vec<_> = (1..=5).map(|attempt| delay(&retry(3), attempt, &unknown())).collect();
    assert_eq!(delays, [Some(ms(100)), Some(ms(200)), None, None, None]);
}

#[test]
fn the_default_is_three_attempts_with_the_default_backoff() {
    let expected = Retry { max_attempts: 3, backoff: Backoff::default(), max_elapsed: None, on: None, budget: None };
    assert_eq!(Retry::default(), expected);
}

#[test]
fn one_attempt_is_no_retry_and_draws_no_number() {
    let mut rng = Rng::new(4);
    let once = Retry { max_attempts: 1, ..Retry::default() };
    assert_eq!(once.next_delay(1, &unknown(), Duration::ZERO, &mut Progress::default(), &mut rng), None);
    assert_eq!(rng.next_u64(), Rng::new(4).next_u64());
}

#[test]
fn what_will_not_pass_is_not_retried() {
    for (failure, retried) in [
        (unknown(), true),
        (lasting(), false),
        (status(503), true),
        (status(429), true),
        (status(400), false),
        (status(401), false),
        (code("insufficient_quota"), false),
        (code("ECONNRESET"), true),
        // Our own: a circuit that is open may close, a call that was too slow in all will not be quicker.
        (code("circuit.open"), true),
        (code("policy.timeout"), true),
        (code("policy.total_timeout"), false),
        (code("rate_limit.quota_exceeded"), false),
    ] {
        assert_eq!(delay(&retry(3), 1, &failure).is_some(), retried, "{failure:?}");
    }
}

#[test]
fn a_filter_says_which_errors_are_worth_another_attempt() {
    let on = Filter { kinds: vec![Kind::RateLimited], codes: vec!["slow.db".to_owned()], statuses: vec![500, 404] };
    let retry = Retry { on: Some(on), ..retry(3) };
    for (failure, retried) in [
        (status(429), true),
        (code("rate_limit_exceeded"), true),
        (code("slow.db"), true),
        (code("slow.disk"), false),
        (status(500), true),
        // Also what is not retried otherwise: the filter is asked instead of the table.
        (status(404), true),
        // And not what is retried otherwise.
        (status(503), false),
        (unknown(), false),
        (lasting(), false),
    ] {
        assert_eq!(delay(&retry, 1, &failure).is_some(), retried, "{failure:?}");
    }
    let nothing = Retry { on: Some(Filter::default()), ..self::retry(3) };
    assert_eq!(delay(&nothing, 1, &unknown()), None, "an empty list is no error at all");
}

/// Polly: `ShouldHandle` is asked before everything else that is known of the error.
#[test]
fn polly_the_verdict_of_a_predicate_wins() {
    let on = |kind| Some(Filter { kinds: vec![kind], ..Filter::default() });
    let verdict = |retry, failure: Failure<'static>| Failure { retry: Some(retry), ..failure };
    for retry in [retry(3), Retry { on: on(Kind::Failed), ..retry(3) }, Retry { on: on(Kind::Network), ..retry(3) }] {
        for failure in [unknown(), lasting(), status(429)] {
            assert_eq!(delay(&retry, 1, &verdict(true, failure)), Some(ms(100)), "{failure:?}");
            assert_eq!(delay(&retry, 1, &verdict(false, failure)), None, "{failure:?}");
        }
    }
    assert_eq!(delay(&retry(2), 2, &verdict(true, unknown())), None, "it cannot add attempts");
}

/// backon, `with_total_delay`: no attempt begins after the time is over.
#[test]
fn backon_no_attempt_begins_later_than_the_longest_time() {
    let retry = Retry { max_elapsed: Some(ms(500)), ..retry(9) };
    assert_eq!(delay_at(&retry, 1, &unknown(), ms(400)), Some(ms(100)), "it would begin just in time");
    assert_eq!(delay_at(&retry, 1, &unknown(), ms(401)), None);
    assert_eq!(delay_at(&retry, 3, &unknown(), ms(101)), None, "its delay is 400 ms");
    assert_eq!(delay_at(&retry, 3, &unknown(), ms(100)), Some(ms(400)));
    assert_eq!(delay_at(&retry, 1, &unknown(), Duration::MAX), None, "nothing overflows");
    let asked = Failure { retry_after: Some(ms(600)), ..unknown() };
    assert_eq!(delay_at(&retry, 1, &asked, Duration::ZERO), None, "what the server asked for counts too");
}

/// resilience4j and Polly take a delay from the answer as it is; ours keeps to it and to the schedule, the longer one.
#[test]
fn nobody_comes_back_earlier_than_asked() {
    let asked = |after| Failure { retry_after: Some(after), ..status(429) };
    assert_eq!(delay(&retry(3), 1, &asked(ms(350))), Some(ms(350)));
    assert_eq!(delay(&retry(3), 1, &asked(ms(20))), Some(ms(100)), "the schedule says more");
    assert_eq!(delay(&retry(3), 1, &asked(Duration::ZERO)), Some(ms(100)));
    assert_eq!(delay(&retry(3), 1, &asked(ms(1_000))), Some(ms(1_000)), "as long as may be");
}

/// All of them know the instant at which an open circuit breaker lets one of them through.
#[test]
fn those_whom_a_shared_part_refused_come_back_spread_out() {
    let backoff = Backoff { delay: ms(200), max_delay: ms(1_000), ..Backoff::default() };
    for (by, spread) in [("circuit.open", true), ("rate_limit.exceeded", true), ("rate_limit_exceeded", false)] {
        let asked = Failure { retry_after: Some(ms(500)), ..code(by) };
        let delays: BTreeSet<Duration> = (0..100)
            .filter_map(|seed| {
                let retry = Retry { backoff, ..Retry::default() };
                retry.next_delay(1, &asked, Duration::ZERO, &mut Progress::default(), &mut Rng::new(seed))
            })
            .collect();
        let (first, last) = (delays.first().copied(), delays.last().copied());
        assert!(first >= Some(ms(500)) && last < Some(ms(700)), "{by}: {first:?} to {last:?}");
        assert_eq!((delays.len() > 90, last > Some(ms(650))), (spread, spread), "{by}");
    }
    let asked = |after| Failure { retry_after: Some(ms(after)), ..code("circuit.open") };
    assert_eq!(delay(&retry(3), 1, &asked(500)), Some(ms(500)), "without jitter it is as exact as it was asked for");
    let jittered = Retry { backoff, ..Retry::default() };
    assert_eq!(delay(&jittered, 1, &asked(1_000)), Some(ms(1_000)), "no longer than `maxDelay`");
    assert_eq!(delay(&jittered, 1, &asked(1_001)), None);
}

#[test]
fn a_wait_above_the_cap_fails_fast() {
    let asked = Failure { retry_after: Some(ms(1_001)), ..status(429) };
    assert_eq!(delay(&retry(3), 1, &asked), None);
    let insists = Failure { retry: Some(true), ..asked };
    assert_eq!(delay(&retry(3), 1, &insists), None, "a predicate cannot make the server answer earlier");
}

/// tower: the budget is taken from where it is shared, once it is known that there is something to pay for.
#[test]
fn tower_the_budget_is_not_asked_here() {
    let options = BudgetOptions { ttl: ms(10_000), min_per_second: 0, ratio: 0.001 };
    let mut empty = Budget::new(options);
    assert!(!empty.withdraw(Timestamp::EPOCH), "it has nothing to give");
    let retry = Retry { budget: Some(Part::Own(options)), ..retry(3) };
    assert_eq!(delay(&retry, 1, &unknown()), Some(ms(100)));
}

fn any_retry() -> impl Strategy<Value = Retry> {
    let jitter = prop::sample::select(&[Jitter::None, Jitter::Full, Jitter::Equal, Jitter::Decorrelated][..]);
    (1_u32..8, 0_u64..2_000, 0_u64..2_000, prop::option::of(0_u64..3_000), jitter).prop_map(
        |(max_attempts, delay, max_delay, max_elapsed, jitter)| {
            let growth = Growth::Exponential;
            let backoff = Backoff { growth, delay: ms(delay), max_delay: ms(max_delay), jitter };
            Retry { max_attempts, backoff, max_elapsed: max_elapsed.map(ms), ..Retry::default() }
        },
    )
}

proptest! {
    #[test]
    fn as_many_attempts_as_were_allowed(max_attempts in 1_u32..200) {
        let retries = (1..).take_while(|attempt| delay(&retry(max_attempts), *attempt, &unknown()).is_some()).count();
        prop_assert_eq!(retries + 1, max_attempts as usize);
    }

    /// A call as it would go on, with everything that may be asked of it.
    #[test]
    fn a_whole_call_keeps_every_bound(
        retry in any_retry(),
        takes in prop::collection::vec((0_u64..500, prop::option::of(0_u64..2_500)), 10),
        by in prop::sample::select(&["circuit.open", "rate_limit.exceeded", "ECONNRESET"][..]),
        seed: u64,
    ) {
        let (mut rng, mut progress, mut elapsed, mut attempt) = (Rng::new(seed), Progress::default(), Duration::ZERO, 0);
        for (took, asked) in takes {
            attempt += 1;
            prop_assert!(attempt <= retry.max_attempts);
            prop_assert!(attempt == 1 || retry.max_elapsed.is_none_or(|max| elapsed <= max), "it began at {:?}", elapsed);
            elapsed += ms(took);
            let failure = Failure { retry_after: asked.map(ms), ..code(by) };
            let Some(delay) = retry.next_delay(attempt, &failure, elapsed, &mut progress, &mut rng) else { break };
            prop_assert!(delay <= retry.backoff.max_delay);
            prop_assert!(asked.is_none_or(|asked| delay >= ms(asked)), "{:?} is earlier than asked", delay);
            elapsed += delay;
        }
    }
}
