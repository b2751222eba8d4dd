//! What other libraries promise of attempts: hedges, timeouts, retries, their budget, and the circuit breaker.

use std::time::Duration;

use repflow::policy::{Outcome, Request, Sample};

use super::host::{Host, status, status_after};

/// tower (`hedge`), Polly (`HedgingStrategy`): the first answer wins, the others are aborted.
#[test]
fn tower_and_polly_the_loser_of_a_hedge_is_aborted() {
    for (winner, loser) in [(1, 2), (2, 1)] {
        let mut host = Host::new(r#"{ "hedge": { "delay": "100ms" } }"#);
        host.begin(1);
        host.at(99);
        assert_eq!(host.log(), ["1 starts 1"]);
        host.at(100);
        host.complete(1, winner);
        host.complete(1, loser);
        let end = format!("1 ends: completed by {winner}");
        assert_eq!(host.log(), ["1 starts 2", &format!("1 aborts {loser}: Superseded"), &end]);
        assert_eq!((host.stats().attempts, host.stats().hedges, host.stats().succeeded), (2, 1, 1));
    }
}

/// Polly (`MaxHedgedAttempts`): so many beside the first, each after its own delay.
#[test]
fn polly_no_more_hedges_than_allowed() {
    for (options, expected) in [
        (r#"{ "hedge": { "delay": "100ms" } }"#, 2),
        (r#"{ "hedge": { "delay": "100ms", "maxExtra": 2 } }"#, 3),
        (r#"{ "hedge": { "delay": "100ms", "maxExtra": 3 } }"#, 4),
    ] {
        let mut host = Host::new(options);
        host.begin(1);
        host.at(150);
        assert_eq!(host.log().len(), 2);
        host.at(10_000);
        assert_eq!(host.stats().attempts, expected);
        assert_eq!(host.guards.next_deadline(), None);
    }
}

/// Polly: a hedged call fails when all its attempts have failed; until then the others go on.
#[test]
fn polly_a_hedge_outlives_the_failure_of_the_first() {
    let mut host = Host::new(r#"{ "hedge": { "delay": "100ms" }, "circuitBreaker": { "windowCalls": 1 } }"#);
    host.begin(1);
    host.at(100);
    host.fail(1, 1);
    host.complete(1, 2);
    assert_eq!(host.log(), ["1 starts 1", "1 starts 2", "1 failed 1: Error", "1 ends: completed by 2"]);
}

const EARLY: &str = r#"{
    "hedge": { "delay": "100ms", "with": "fallback" }, "timeout": "1s", "bulkhead": { "maxConcurrent": 1 },
    "retry": { "maxAttempts": 2, "delay": "50ms", "jitter": "none" }
}"#;

fn begin_early(fallbacks: u32) -> Host {
    let mut host = Host::new(EARLY);
    host.begin_as(Request { fallbacks, ..Request::new(1) });
    host.at(99);
    assert_eq!(host.log(), ["1 starts 1"]);
    host.at(100);
    assert_eq!(host.log(), ["1 falls back to 1 early", "1 starts 2 of fallback 1"]);
    host
}

/// Whichever answers first. The place of the function is free as soon as it is not asked any more.
#[test]
fn a_fallback_may_start_early_and_the_first_answer_wins() {
    for (winner, loser) in [(1, 2), (2, 1)] {
        let mut host = begin_early(1);
        host.complete(1, winner);
        host.complete(1, loser);
        let end = format!("1 ends: completed by {winner}");
        assert_eq!(host.log(), [format!("1 aborts {loser}: Superseded"), end]);
        let stats = host.stats();
        assert_eq!((stats.attempts, stats.hedges, stats.fallbacks, stats.succeeded), (2, 1, 1, 1));
        host.begin(2);
        assert_eq!(host.log(), ["2 starts 1"]);
    }
}

/// Also when it fails for good: the function may do better. It may be tried again, too, and then the next fallback starts
/// early: the first one was asked already.
#[test]
fn an_early_fallback_that_fails_leaves_the_function_as_it_is() {
    let mut host = begin_early(2);
    host.settle(1, 2, &status_after(400, Duration::from_secs(9)));
    host.at(300);
    host.fail(1, 1);
    host.at(449);
    assert_eq!(host.log(), ["1 failed 2: Error", "1 failed 1: Error", "1 waits 50ms", "1 starts 3"]);
    host.at(450);
    host.fail(1, 3);
    host.fail(1, 4);
    let story = [
        "1 falls back to 2 early",
        "1 starts 4 of fallback 2",
        "1 failed 3: Error",
        "1 failed 4: Error",
        "1 ends: failed: Error",
    ];
    assert_eq!(host.log(), story);
}

/// The function is not tried again: what would be asked after all its tries is asked already.
#[test]
fn a_function_that_fails_leaves_its_early_fallback_as_it_is() {
    let mut host = begin_early(2);
    host.settle(1, 1, &Outcome::Failed(status(400)));
    host.begin(2);
    assert_eq!(host.log(), ["1 failed 1: Error", "2 starts 1"], "its place is free");
    host.at(500);
    host.fail(1, 2);
    host.complete(1, 3);
    let story = ["1 failed 2: Error", "1 falls back to 2: Error", "1 starts 3 of fallback 2", "1 ends: completed by 3"];
    assert_eq!(host.log(), story);
}

#[test]
fn an_early_fallback_has_a_timeout_of_its_own() {
    let mut host = begin_early(1);
    host.at(1_099);
    assert_eq!(host.log(), ["1 aborts 1: TimedOut", "1 failed 1: Timeout"]);
    assert_eq!(host.stats().timeouts, 1);
    host.at(1_100);
    assert_eq!(host.log(), ["1 aborts 2: TimedOut", "1 failed 2: Timeout", "1 ends: failed: Timeout"]);
}

#[test]
fn what_is_seen_of_an_early_fallback_ends_the_function_and_the_other_way_round() {
    for (seen, other) in [(1, 2), (2, 1)] {
        let mut host = begin_early(2);
        host.commit(1, seen);
        assert_eq!(host.log(), [format!("1 aborts {other}: Superseded")]);
        host.begin(2);
        assert_eq!(
            host.log(),
            [["2 refused: BulkheadFull", "2 waits 50ms"].as_slice(), &["2 starts 1"]][seen as usize - 1]
        );
        host.at(999);
        host.log();
        // It has as long as it would have had, and nothing is tried after it.
        host.at(if seen == 1 { 1_000 } else { 1_100 });
        let [aborted, timed_out] = [format!("1 aborts {seen}: TimedOut"), format!("1 failed {seen}: Timeout")];
        assert_eq!(host.log()[..3], [aborted, timed_out, "1 ends: failed: Timeout".to_owned()]);
    }
}

/// What was outrun is neither a success nor a failure: nothing is known of it.
#[test]
fn a_function_that_its_fallback_outran_is_no_sample() {
    let mut host = Host::new(
        r#"{ "hedge": { "delay": "100ms", "with": "fallback", "maxExtra": 3 }, "circuitBreaker": { "windowCalls": 2 } }"#,
    );
    host.begin_as(Request { fallbacks: 2, ..Request::new(1) });
    host.at(500);
    assert_eq!(host.stats().attempts, 3, "there is no third fallback");
    host.complete(1, 3);
    let counts = host.guards.breaker_counts(host.wiring, repflow::time::Timestamp::EPOCH).map(|it| it.calls);
    assert_eq!(counts, Some(0));
    assert_eq!(host.log()[5..], ["1 aborts 1: Superseded", "1 aborts 2: Superseded", "1 ends: completed by 3"]);
}

/// A timeout is told of an attempt that ran, not of one that had failed before.
#[test]
fn a_timeout_names_an_attempt_that_ran() {
    let mut host = Host::new(r#"{ "hedge": { "delay": "100ms" }, "timeout": "1s" }"#);
    host.begin(1);
    host.at(100);
    host.fail(1, 2);
    host.at(1_000);
    assert_eq!(
        host.log()[2..],
        ["1 failed 2: Error", "1 aborts 1: TimedOut", "1 failed 1: Timeout", "1 ends: failed: Timeout"]
    );
}

/// Polly (an outcome that `ShouldHandle` does not name), gRPC (A6: a fatal status): an error that no other attempt would
/// escape ends the hedges too.
#[test]
fn polly_and_grpc_a_fatal_error_ends_all_hedges() {
    let mut host = Host::new(r#"{ "hedge": { "delay": "100ms" }, "retry": {} }"#);
    host.begin(1);
    host.at(100);
    host.settle(1, 1, &Outcome::Failed(status(400)));
    assert_eq!(host.log()[2..], ["1 failed 1: Error", "1 aborts 2: Superseded", "1 ends: failed: Error"]);
}

/// gRPC (A6): a committed call is not hedged; what ran beside it is cancelled.
#[test]
fn grpc_a_committed_call_has_no_hedges() {
    let mut host = Host::new(r#"{ "hedge": { "delay": "100ms", "maxExtra": 3 }, "retry": {} }"#);
    host.begin(1);
    host.commit(1, 1);
    host.at(1_000);
    assert_eq!(host.log(), ["1 starts 1"]);
    host.begin(2);
    host.at(1_100);
    host.commit(2, 2);
    assert_eq!(host.log(), ["2 starts 1", "2 starts 2", "2 aborts 1: Superseded"]);
    host.at(9_000);
    host.commit(2, 1);
    host.complete(2, 2);
    assert_eq!(host.log(), ["2 ends: completed by 2"]);
}

/// gRPC (A6): once a part of the answer has been seen the call is committed: it is not tried again, and has no fallback.
/// Here it has no old answer of the cache either.
#[test]
fn grpc_a_committed_call_is_never_tried_again() {
    let mut host = Host::new(r#"{ "retry": {}, "timeout": "1s", "cache": { "ttl": "1s", "staleIfError": "1h" } }"#);
    host.begin_keyed(1, "plan");
    host.complete(1, 1);
    host.at(2_000);
    host.begin_as(Request { key: Some("plan"), fallbacks: 1, ..Request::new(2) });
    host.commit(2, 1);
    host.fail(2, 1);
    host.begin_as(Request { fallbacks: 1, ..Request::new(3) });
    host.commit(3, 1);
    host.at(3_000);
    assert_eq!(
        host.log()[2..],
        [
            "2 starts 1",
            "2 failed 1: Error",
            "2 ends: failed: Error",
            "3 starts 1",
            "3 aborts 1: TimedOut",
            "3 failed 1: Timeout",
            "3 ends: failed: Timeout",
        ]
    );
}

/// What an aborted attempt still puts out is dropped, so it commits to nothing.
#[test]
fn an_aborted_attempt_commits_to_nothing() {
    let mut host = Host::new(r#"{ "retry": { "delay": "0ms" }, "timeout": "1s" }"#);
    host.begin(1);
    host.at(1_000);
    host.commit(1, 1);
    host.fail(1, 2);
    host.at(1_001);
    assert_eq!(host.log().last().map(String::as_str), Some("1 starts 3"));
}

/// Polly, resilience4j: a retry around an attempt timeout retries it; a timeout around the retry ends the call.
#[test]
fn polly_an_attempt_timeout_is_retried_and_a_total_timeout_is_not() {
    let mut host = Host::new(r#"{ "totalTimeout": "1.5s", "timeout": "1s", "retry": { "delay": "0ms" } }"#);
    host.begin(1);
    host.at(1_000);
    assert_eq!(host.log(), ["1 starts 1", "1 aborts 1: TimedOut", "1 failed 1: Timeout", "1 waits 0ns", "1 starts 2"]);
    host.at(1_500);
    assert_eq!(host.log(), ["1 refused: TotalTimeout", "1 aborts 2: TotalTimedOut", "1 ends: failed: TotalTimeout"]);
    assert_eq!((host.stats().timeouts, host.stats().failed), (2, 1));
}

/// openai: `Retry-After` is kept to, also when our own delay would be shorter.
#[test]
fn openai_retry_after_is_kept_to() {
    let mut host = Host::new(r#"{ "retry": { "delay": "100ms", "jitter": "none", "maxDelay": "10s" } }"#);
    host.begin(1);
    host.settle(1, 1, &status_after(429, Duration::from_secs(10)));
    host.at(9_999);
    assert_eq!(host.log(), ["1 starts 1", "1 failed 1: Error", "1 waits 10s"]);
    host.at(10_000);
    // Longer than we are willing to wait: the error now, and not a shorter wait.
    host.settle(1, 2, &status_after(429, Duration::from_millis(10_001)));
    assert_eq!(host.log(), ["1 starts 2", "1 failed 2: Error", "1 ends: failed: Error"]);
}

/// The same when another attempt of the same try fails later, and says nothing of the kind.
#[test]
fn retry_after_holds_for_hedges_too() {
    let options = r#"{ "retry": { "delay": "0ms" }, "hedge": { "delay": "100ms", "maxExtra": 2 } }"#;
    let mut host = Host::new(options);
    host.begin(1);
    host.at(100);
    host.settle(1, 1, &status_after(503, Duration::from_secs(10)));
    host.at(1_100);
    host.fail(1, 2);
    assert_eq!(host.log()[2..], ["1 failed 1: Error", "1 failed 2: Error", "1 waits 9s"]);
}

/// tower (`TpsBudget`), Finagle (`RetryBudget`): without a deposit the reserve is all there is; then failures go
/// straight through. Calls that are answered fill it again.
#[test]
fn tower_and_finagle_an_empty_budget_lets_failures_through() {
    let options = r#"{ "retry": { "delay": "0ms", "budget": { "ratio": 0.2, "minPerSecond": 1, "ttl": "3s" } } }"#;
    let mut host = Host::new(options);
    for owner in 1..=9 {
        host.begin(owner);
        host.fail(owner, 1);
    }
    assert_eq!((host.stats().retries, host.stats().budget_exhausted), (3, 6));
    for owner in 11..=20 {
        host.begin(owner);
        host.complete(owner, 1);
    }
    for owner in 21..=29 {
        host.begin(owner);
        host.fail(owner, 1);
    }
    assert_eq!((host.stats().retries, host.stats().budget_exhausted), (5, 13), "a fifth of ten calls");
}

/// A fallback that works pays for no retry of what does not.
#[test]
fn a_fallback_pays_for_no_retry() {
    let options = r#"{ "retry": { "delay": "0ms", "budget": { "ratio": 1, "minPerSecond": 0, "ttl": "1m" } } }"#;
    let mut host = Host::new(options);
    for owner in 1..=9 {
        host.begin_as(Request { fallbacks: 1, ..Request::new(owner) });
        host.fail(owner, 1);
        host.complete(owner, 2);
    }
    assert_eq!((host.stats().retries, host.stats().budget_exhausted, host.stats().succeeded), (0, 9, 9));
}

/// resilience4j (`permittedNumberOfCallsInHalfOpenState`): as many probes as allowed, the others are refused.
#[test]
fn resilience4j_half_open_lets_so_many_probes_through() {
    let mut host = Host::new(r#"{ "circuitBreaker": { "windowCalls": 1, "openFor": "1s", "probes": 2 } }"#);
    host.begin(1);
    host.fail(1, 1);
    host.begin(2);
    assert_eq!(
        host.log()[3..],
        ["1 ends: failed: Error", "2 refused: CircuitOpen for 1s", "2 ends: failed: CircuitOpen for 1s"]
    );
    host.at(1_000);
    (3..=5).for_each(|owner| host.begin(owner));
    assert_eq!(
        host.log(),
        [
            "circuit story: open to half_open",
            "3 starts 1",
            "4 starts 1",
            "5 refused: CircuitOpen",
            "5 ends: failed: CircuitOpen"
        ]
    );
    // A caller that gives up hands its probe back.
    host.cancel(3);
    host.begin(6);
    host.complete(4, 1);
    host.complete(6, 1);
    assert_eq!(host.log().last().map(String::as_str), Some("6 ends: completed by 1"));
    assert!(!host.log().iter().any(|line| line.contains("open")));
}

/// opossum (`errorFilter`), cockatiel (`handleWhen`), resilience4j (`ignoreExceptions`): what is the caller's own fault,
/// or nobody's, does not open the breaker.
#[test]
fn opossum_and_cockatiel_the_breaker_counts_neither_aborts_nor_client_errors() {
    let mut host = Host::new(r#"{ "circuitBreaker": { "windowCalls": 1 } }"#);
    for (owner, code) in (1..).zip([400, 401, 403, 422, 429]) {
        host.begin(owner);
        host.settle(owner, 1, &Outcome::Failed(status(code)));
    }
    host.begin(8);
    host.cancel(8);
    assert!(!host.log().iter().any(|line| line.contains("circuit")));
    host.begin(9);
    host.settle(9, 1, &Outcome::Failed(status(503)));
    assert_eq!(host.log()[2], "circuit story: closed to open");
}

/// resilience4j (`recordExceptions`), opossum (`errorFilter`): a list or a predicate of the caller decides instead, and
/// it is asked about timeouts too.
#[test]
fn resilience4j_what_the_breaker_counts_can_be_named() {
    let options = r#"{ "timeout": "1s", "circuitBreaker": { "windowCalls": 1, "on": [429] } }"#;
    let mut host = Host::new(options);
    host.begin(1);
    host.settle(1, 1, &Outcome::Failed(status(503)));
    host.begin(2);
    host.at(1_000);
    let mut asked = status(429);
    asked.sample = Some(Sample::Ignored);
    host.begin(3);
    host.settle(3, 1, &Outcome::Failed(asked));
    assert!(!host.log().iter().any(|line| line.contains("circuit")));
    host.begin(4);
    host.settle(4, 1, &Outcome::Failed(status(429)));
    assert_eq!(host.log()[2], "circuit story: closed to open");
}

/// Polly (`BrokenCircuitException.RetryAfter`): a retry waits until the breaker lets calls through again, when it is
/// willing to wait that long.
#[test]
fn polly_a_retry_waits_for_an_open_breaker() {
    for (max_delay, expected) in [("10s", "1 waits 10s"), ("9s", "1 ends: failed: CircuitOpen for 10s")] {
        let options = format!(
            r#"{{ "retry": {{ "delay": "1ms", "maxDelay": "{max_delay}" }}, "circuitBreaker": {{ "windowCalls": 1, "openFor": "10s" }} }}"#
        );
        let mut host = Host::new(&options);
        host.begin(2);
        host.settle(2, 1, &Outcome::Failed(status(500)));
        host.cancel(2);
        host.begin(1);
        assert_eq!(host.log().last().map(String::as_str), Some(expected));
    }
}
