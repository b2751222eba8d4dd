//! The order of the policies, rule by rule; outermost first: total timeout, cache with single flight, fallback, retry
//! with its budget, circuit breaker, rate limit, bulkhead, attempt timeout, hedge.

use repflow::policy::Request;

use super::host::Host;

/// One call on its way through all of them, and the next one, which finds what the first one left.
#[test]
fn the_whole_order() {
    let mut host = Host::new(
        r#"{
            "totalTimeout": "60s",
            "cache": { "ttl": "30s" },
            "retry": { "maxAttempts": 4, "backoff": "constant", "delay": "3s", "jitter": "none", "budget": {} },
            "circuitBreaker": { "windowCalls": 2, "failureRate": 1, "openFor": "10s" },
            "rateLimit": { "limit": 1, "per": "1s", "maxWait": "5s" },
            "bulkhead": { "maxConcurrent": 1, "maxQueue": 1 },
            "timeout": "2s",
            "hedge": { "delay": "500ms" }
        }"#,
    );
    // Another call has the turn and the place.
    host.begin(9);
    assert_eq!(host.log(), ["9 starts 1"]);

    // The cache has nothing and the breaker is closed; then it is not the call's turn, then there is no place.
    host.begin_as(Request { key: Some("plan"), fallbacks: 1, ..Request::new(1) });
    host.at(499);
    assert_eq!(host.log(), [""; 0]);
    host.at(1_000);
    assert_eq!(host.log(), ["9 starts 2"], "a hedge of the other, which needs neither turn nor place");
    assert_eq!(host.guards.bulkhead(host.wiring), Some((1, 1, 1)));
    host.complete(9, 1);
    assert_eq!(host.log(), ["9 aborts 2: Superseded", "9 ends: completed by 1", "1 starts 1"]);

    // The hedge is inside of the attempt's timeout, which began with the attempt: not with the call, and not again
    // with the hedge. The breaker has seen one attempt.
    host.at(3_000);
    assert_eq!(
        host.log(),
        [
            "1 starts 2",
            "1 aborts 1: TimedOut",
            "1 failed 1: Timeout",
            "1 aborts 2: TimedOut",
            "1 failed 2: Timeout",
            "1 waits 3s"
        ]
    );
    // Who waits for a delay holds no place.
    assert_eq!(host.guards.bulkhead(host.wiring), Some((0, 1, 0)));

    // The retry goes through all of these again. The breaker sees that attempt as well, and has seen enough.
    host.at(6_000);
    host.fail(1, 3);
    assert_eq!(host.log(), ["1 starts 3", "1 failed 3: Error", "circuit story: closed to open", "1 waits 3s"]);
    host.at(9_000);
    assert_eq!(host.log(), ["1 refused: CircuitOpen for 7s", "1 waits 7s"], "outside of it, the retry waits");
    host.at(16_000);
    host.fail(1, 4);
    assert_eq!(
        host.log(),
        [
            "circuit story: open to half_open",
            "1 starts 4",
            "1 failed 4: Error",
            "circuit story: half_open to open",
            "1 falls back to 1: Error",
            "1 starts 5 of fallback 1",
        ],
        "only when there is no retry left"
    );
    // The fallback is outside of the breaker and of the bulkhead, and inside of the cache, which does not keep it.
    assert_eq!(host.guards.bulkhead(host.wiring), Some((0, 1, 0)));
    host.complete(1, 5);
    assert_eq!(host.log(), ["1 ends: completed by 5"]);
    assert_eq!(host.guards.cache(host.wiring).map(|cache| cache.len()), Some(0));

    // What the function itself answers is kept: after that the cache is asked first.
    host.at(36_000);
    host.begin_keyed(2, "plan");
    host.complete(2, 1);
    host.begin_keyed(3, "plan");
    assert_eq!(
        host.log(),
        [
            "circuit story: open to half_open",
            "2 starts 1",
            "circuit story: half_open to closed",
            "2 ends: completed by 1, kept in 0",
            "3 ends: cached in 0",
        ]
    );
    assert!(host.guards.is_empty());
}

#[test]
fn the_total_timeout_bounds_what_is_inside_of_it() {
    let waits = [
        // A delay that would end too late is not begun: the error says more than the timeout.
        (
            r#"{ "totalTimeout": "1s", "retry": { "delay": "1s", "backoff": "constant", "jitter": "none" } }"#,
            "1 ends: failed: Error",
        ),
        (r#"{ "totalTimeout": "1s", "retry": { "delay": "0.9s", "jitter": "none" } }"#, "1 ends: failed: TotalTimeout"),
    ];
    for (options, last) in waits {
        let mut host = Host::new(options);
        host.begin(1);
        host.fail(1, 1);
        host.at(1_000);
        assert_eq!(host.log().last().map(String::as_str), Some(last), "{options}");
    }
    // In a fallback, and in the queue.
    let mut host = Host::new(r#"{ "totalTimeout": "1s" }"#);
    host.begin_as(Request { fallbacks: 1, ..Request::new(1) });
    host.at(600);
    host.fail(1, 1);
    host.at(1_000);
    assert_eq!(
        host.log()[4..],
        ["1 refused: TotalTimeout", "1 aborts 2: TotalTimedOut", "1 ends: failed: TotalTimeout"]
    );
    let mut host = Host::new(r#"{ "totalTimeout": "1s", "bulkhead": { "maxConcurrent": 1, "maxQueue": 1 } }"#);
    host.begin_for_ever(9);
    host.begin(1);
    host.at(1_000);
    assert_eq!(host.log()[1..], ["1 refused: TotalTimeout", "1 ends: failed: TotalTimeout"]);
    assert_eq!(host.guards.next_deadline(), None);
    // A turn at the rate limit that comes too late is not waited for.
    let mut host = Host::new(r#"{ "totalTimeout": "1s", "rateLimit": { "limit": 1, "per": "5s", "maxWait": "5s" } }"#);
    host.begin_for_ever(9);
    host.begin(1);
    assert_eq!(host.log()[1..], ["1 refused: RateLimited for 5s", "1 ends: failed: RateLimited for 5s"]);
}

/// The fallback answers for the cache too: no old value is served while a fallback works, and one is when it does not.
#[test]
fn the_cache_is_outside_of_the_fallback() {
    let mut host = Host::new(r#"{ "cache": { "ttl": "1s", "staleIfError": "1h" } }"#);
    host.begin_keyed(1, "plan");
    host.complete(1, 1);
    host.at(2_000);
    host.begin_as(Request { key: Some("plan"), fallbacks: 1, ..Request::new(2) });
    host.fail(2, 1);
    host.complete(2, 2);
    host.begin_as(Request { key: Some("plan"), fallbacks: 1, ..Request::new(3) });
    host.fail(3, 1);
    host.fail(3, 2);
    let log = host.log();
    let ends: Vec<&String> = log.iter().filter(|line| line.contains("ends")).collect();
    assert_eq!(ends, ["1 ends: completed by 1, kept in 0", "2 ends: completed by 2", "3 ends: stale in 0"]);
}

#[test]
fn the_fallback_is_outside_of_the_retry_and_is_not_retried() {
    let mut host = Host::new(r#"{ "retry": { "maxAttempts": 2, "delay": "0ms" } }"#);
    host.begin_as(Request { fallbacks: 2, ..Request::new(1) });
    host.fail(1, 1);
    host.at(0);
    host.fail(1, 2);
    host.fail(1, 3);
    host.fail(1, 4);
    let log = host.log();
    let starts: Vec<&String> = log.iter().filter(|line| line.contains("starts") || line.contains("ends")).collect();
    assert_eq!(
        starts,
        ["1 starts 1", "1 starts 2", "1 starts 3 of fallback 1", "1 starts 4 of fallback 2", "1 ends: failed: Error"]
    );
    assert_eq!((host.stats().retries, host.stats().fallbacks, host.stats().failed), (1, 2, 1));
}

#[test]
fn the_retry_is_outside_of_the_breaker_which_sees_each_attempt() {
    let options = r#"{
        "retry": { "maxAttempts": 9, "delay": "1s", "backoff": "constant", "jitter": "none" },
        "circuitBreaker": { "windowCalls": 3, "openFor": "10s" }
    }"#;
    let mut host = Host::new(options);
    host.begin(1);
    for attempt in 1..=3 {
        host.at(1_000 * u64::from(attempt - 1));
        host.fail(1, attempt);
    }
    assert!(host.log().contains(&"circuit story: closed to open".to_owned()), "one call was enough");
}

/// Where the breaker refuses, no turn of the rate limit is used up.
#[test]
fn the_breaker_is_outside_of_the_rate_limit() {
    let options = r#"{
        "circuitBreaker": { "windowCalls": 1, "openFor": "10s" },
        "rateLimit": { "limit": 2, "per": "1h" }
    }"#;
    let mut host = Host::new(options);
    host.begin(1);
    host.fail(1, 1);
    (2..9).for_each(|owner| host.begin(owner));
    host.at(10_000);
    host.begin(9);
    assert_eq!(host.log().last().map(String::as_str), Some("9 starts 1"));
    assert_eq!((host.stats().short_circuited, host.stats().rate_limited), (7, 0));
}

/// Who waits for a turn at the rate holds no place that another could use.
#[test]
fn the_rate_limit_is_outside_of_the_bulkhead() {
    let options = r#"{
        "rateLimit": { "limit": 1, "per": "1s", "maxWait": "10s" },
        "bulkhead": { "maxConcurrent": 1, "maxQueue": 1 }
    }"#;
    let mut host = Host::new(options);
    host.begin(1);
    host.begin(2);
    host.begin(3);
    host.complete(1, 1);
    assert_eq!(host.guards.bulkhead(host.wiring), Some((0, 1, 0)), "two wait, and neither is inside");
    host.at(1_000);
    host.at(2_000);
    assert_eq!(host.guards.bulkhead(host.wiring), Some((1, 1, 1)));
}

#[test]
fn the_bulkhead_is_outside_of_the_attempt_timeout_which_does_not_count_the_wait() {
    let mut host = Host::new(r#"{ "bulkhead": { "maxConcurrent": 1, "maxQueue": 1 }, "timeout": "1s" }"#);
    host.begin(1);
    host.begin(2);
    host.at(999);
    host.complete(1, 1);
    host.at(1_998);
    host.log();
    host.at(1_999);
    assert_eq!(host.log()[..2], ["2 aborts 1: TimedOut", "2 failed 1: Timeout"]);
}

/// One attempt and its hedge are one attempt to all that is outside of them.
#[test]
fn the_attempt_timeout_is_outside_of_the_hedge() {
    let mut host =
        Host::new(r#"{ "timeout": "1s", "hedge": { "delay": "600ms" }, "bulkhead": { "maxConcurrent": 1 } }"#);
    host.begin(1);
    host.at(999);
    assert_eq!(host.guards.bulkhead(host.wiring), Some((1, 1, 0)));
    host.at(1_000);
    assert_eq!(
        host.log(),
        [
            "1 starts 1",
            "1 starts 2",
            "1 aborts 1: TimedOut",
            "1 failed 1: Timeout",
            "1 aborts 2: TimedOut",
            "1 failed 2: Timeout",
            "1 ends: failed: Timeout"
        ]
    );
}

/// Waiting for a turn says nothing about the service, so the breaker counts no failure that never reached it.
#[test]
fn what_never_ran_is_no_failure_of_the_service() {
    let options = r#"{
        "totalTimeout": "1s",
        "circuitBreaker": { "windowCalls": 1 },
        "bulkhead": { "maxConcurrent": 1, "maxQueue": 1 }
    }"#;
    let mut host = Host::new(options);
    host.begin_for_ever(1);
    host.begin(2);
    host.at(1_000);
    host.complete(1, 1);
    let story = ["2 refused: TotalTimeout", "2 ends: failed: TotalTimeout", "1 ends: completed by 1"];
    assert_eq!(host.log()[1..], story);
    // One that ran until then is a failure.
    host.begin(3);
    host.at(2_000);
    assert!(host.log().contains(&"circuit story: closed to open".to_owned()));
}
