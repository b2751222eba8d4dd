//! What other libraries promise of what calls share: the bulkhead, the cache, work in flight.

use repflow::policy::{Failure, Outcome, Request};

use super::host::{Host, status};

/// cockatiel (`BulkheadPolicy`), resilience4j (`maxWaitDuration` 0): beyond the queue a call is refused at once; a retry
/// may find a place later.
#[test]
fn cockatiel_and_resilience4j_the_queue_overflows() {
    let mut host = Host::new(
        r#"{ "bulkhead": { "maxConcurrent": 1, "maxQueue": 1 }, "retry": { "maxAttempts": 2, "delay": "1s", "jitter": "none" } }"#,
    );
    (1..=3).for_each(|owner| host.begin(owner));
    assert_eq!(host.log(), ["1 starts 1", "3 refused: BulkheadFull", "3 waits 1s"]);
    host.complete(1, 1);
    host.complete(2, 1);
    host.at(1_000);
    assert_eq!(host.log(), ["1 ends: completed by 1", "2 starts 1", "2 ends: completed by 1", "3 starts 1"]);
    assert_eq!(host.stats().bulkhead_rejected, 1);
}

/// cockatiel: a waiter whose signal is aborted leaves the queue without having run.
#[test]
fn cockatiel_an_aborted_waiter_leaves_the_queue() {
    let mut host = Host::new(r#"{ "bulkhead": { "maxConcurrent": 1, "maxQueue": 2 } }"#);
    (1..=3).for_each(|owner| host.begin(owner));
    host.cancel(2);
    assert_eq!(host.guards.bulkhead(host.wiring), Some((1, 1, 1)));
    host.cancel(1);
    assert_eq!(
        host.log(),
        ["1 starts 1", "2 ends: cancelled", "1 aborts 1: Cancelled", "1 ends: cancelled", "3 starts 1"]
    );
    host.complete(3, 1);
    assert_eq!(host.guards.bulkhead(host.wiring), Some((0, 1, 0)));
}

/// resilience4j (`maxWaitDuration`): who waited that long is refused.
#[test]
fn resilience4j_nobody_waits_longer_than_allowed() {
    let mut host = Host::new(r#"{ "bulkhead": { "maxConcurrent": 1, "maxQueue": 2, "maxWait": "1s" } }"#);
    host.begin(1);
    host.begin(2);
    host.at(1_000);
    assert_eq!(host.log()[1..], ["2 refused: BulkheadTimeout", "2 ends: failed: BulkheadTimeout"]);
    assert_eq!(host.guards.bulkhead(host.wiring), Some((1, 1, 0)));
}

/// Each would wait for a turn that comes when its time is over, and so use it up.
#[test]
fn under_overload_a_rate_limit_lets_as_many_through_as_its_rate() {
    let mut host = Host::new(
        r#"{ "totalTimeout": "1s", "rateLimit": { "limit": 10, "per": "1s", "burst": 1, "maxWait": "10s" } }"#,
    );
    for call in 0..10_000_u64 {
        // A hundred a second, ten times what there are turns for.
        host.at(call * 10);
        host.begin(call);
        for line in host.log() {
            if let Some((owner, _)) = line.split_once(" starts ") {
                host.complete(owner.parse().expect("an owner is a number"), 1);
            }
        }
    }
    let stats = host.stats();
    assert_eq!(stats.timeouts, 0, "nobody waits in vain");
    assert!((990..=1_001).contains(&stats.succeeded), "{} of 1,000", stats.succeeded);
    assert_eq!(stats.rate_limited, stats.failed);
}

const CACHE: &str = r#"{ "cache": { "ttl": "10s", "staleWhileRevalidate": "10s", "staleIfError": "20s" } }"#;

/// A host whose cache was filled at its beginning, with the key `plan` in slot 0.
fn with_cache() -> Host {
    let mut host = Host::new(CACHE);
    host.begin_keyed(1, "plan");
    host.complete(1, 1);
    assert_eq!(host.log(), ["1 starts 1", "1 ends: completed by 1, kept in 0"]);
    host
}

/// RFC 5861 (3), SWR: who asks past the time is answered at once with the old value, and one of them refreshes it.
#[test]
fn rfc_5861_stale_while_revalidate_refreshes_once() {
    let mut host = with_cache();
    host.at(10_000);
    host.begin_keyed(2, "plan");
    host.begin_keyed(3, "plan");
    assert_eq!(host.log(), ["2 ends: stale in 0, and goes on", "2 starts 1", "3 ends: stale in 0"]);
    host.cancel(2);
    host.cancel(3);
    host.complete(2, 1);
    host.begin_keyed(4, "plan");
    let (evicted, kept) = ("evicts 0", "2 ends: completed by 1, kept in 1");
    assert_eq!(host.log(), [evicted, kept, "4 ends: cached in 1"]);
    let stats = host.stats();
    assert_eq!((stats.calls, stats.succeeded, stats.cancelled, stats.cache_hits, stats.stale_hits), (4, 4, 0, 3, 2));
}

/// A refresh that fails leaves what is there, and counts for nobody.
#[test]
fn a_refresh_that_fails_is_nobodys_failure() {
    let mut host = with_cache();
    host.at(10_000);
    host.begin_keyed(2, "plan");
    host.fail(2, 1);
    host.begin_keyed(3, "plan");
    host.cancel(2);
    let stats = host.stats();
    assert_eq!((stats.calls, stats.succeeded, stats.failed, stats.cache_hits, stats.stale_hits), (3, 3, 0, 2, 2));
    assert_eq!(host.log().last().map(String::as_str), Some("3 starts 1"), "the next one tries");
}

/// RFC 5861 (4): an old value is served when a new one cannot be had, after everything else was tried.
#[test]
fn rfc_5861_stale_if_error_after_all_else_failed() {
    let mut host = with_cache();
    host.at(25_000);
    host.begin_as(Request { key: Some("plan"), fallbacks: 1, ..Request::new(2) });
    host.fail(2, 1);
    assert_eq!(host.log(), ["2 starts 1", "2 failed 1: Error", "2 falls back to 1: Error", "2 starts 2 of fallback 1"]);
    host.fail(2, 2);
    assert_eq!(host.log(), ["2 failed 2: Error", "2 ends: stale in 0"]);
    host.at(30_000);
    host.begin_keyed(3, "plan");
    host.fail(3, 1);
    assert_eq!(host.log(), ["3 starts 1", "3 failed 1: Error", "3 ends: failed: Error"], "too old for that, too");
}

#[test]
fn the_answer_of_a_fallback_is_not_kept() {
    let mut host = Host::new(CACHE);
    host.begin_as(Request { key: Some("plan"), fallbacks: 1, ..Request::new(1) });
    host.fail(1, 1);
    host.complete(1, 2);
    host.begin_keyed(2, "plan");
    assert_eq!(host.log()[4..], ["1 ends: completed by 2", "2 starts 1"]);
}

/// Go's `singleflight`: one call of the function, and all get its end, be it a value or an error.
#[test]
fn go_one_call_for_all_who_ask_for_the_same() {
    let mut host = Host::new(r#"{ "singleFlight": true }"#);
    (1..=3).for_each(|owner| host.begin_keyed(owner, "plan"));
    host.begin_keyed(4, "another");
    host.begin(5);
    assert_eq!(host.log(), ["1 starts 1", "4 starts 1", "5 starts 1"]);
    host.complete(1, 1);
    assert_eq!(host.log(), ["2 ends: as 1", "3 ends: as 1", "1 ends: completed by 1"]);
    host.begin_keyed(6, "plan");
    host.begin_keyed(7, "plan");
    host.settle(6, 1, &Outcome::Failed(status(400)));
    assert_eq!(host.log(), ["6 starts 1", "6 failed 1: Error", "7 ends: as 6", "6 ends: failed: Error"]);
    let stats = host.stats();
    assert_eq!((stats.calls, stats.attempts, stats.shared, stats.succeeded, stats.failed), (7, 4, 3, 3, 2));
}

/// Go (`DoChan` with contexts), cockatiel: whoever leads may give up while others wait.
#[test]
fn who_leads_may_give_up_while_others_wait() {
    let mut host = Host::new(r#"{ "singleFlight": true, "retry": { "delay": "1s", "jitter": "none" } }"#);
    host.begin_keyed(1, "plan");
    host.begin_keyed(2, "plan");
    host.cancel(1);
    host.cancel(1);
    assert_eq!(host.log(), ["1 starts 1", "1 ends: cancelled, and goes on"]);
    host.fail(1, 1);
    host.at(1_000);
    host.complete(1, 2);
    assert_eq!(host.log(), ["1 failed 1: Error", "1 waits 1s", "1 starts 2", "2 ends: as 1", "1 ends: completed by 2"]);
    let stats = host.stats();
    assert_eq!((stats.calls, stats.succeeded, stats.cancelled, stats.failed), (2, 1, 1, 0));
}

#[test]
fn when_everybody_gives_up_the_work_is_aborted() {
    // The last to go is one that follows, one whose time is up, and the one that leads.
    let mut host = Host::new(r#"{ "singleFlight": true }"#);
    (1..=3).for_each(|owner| host.begin_keyed(owner, "plan"));
    host.cancel(1);
    host.cancel(2);
    assert_eq!(host.log()[1..], ["1 ends: cancelled, and goes on", "2 ends: cancelled"]);
    host.cancel(3);
    assert_eq!(host.log(), ["3 ends: cancelled", "1 aborts 1: Cancelled", "1 ends: cancelled"]);
    host.begin_keyed(4, "plan");
    host.begin_keyed(5, "plan");
    host.cancel(5);
    host.cancel(4);
    assert_eq!(host.log(), ["4 starts 1", "5 ends: cancelled", "4 aborts 1: Cancelled", "4 ends: cancelled"]);
    assert!(host.guards.is_empty());
    assert_eq!((host.stats().calls, host.stats().cancelled), (5, 5));
}

/// It may hang, and nobody has asked for it to be bounded.
#[test]
fn nobody_waits_for_a_refresh() {
    for refresh_is_last in [false, true] {
        let mut host = Host::new(r#"{ "cache": { "ttl": "1s", "staleWhileRevalidate": "1s" } }"#);
        host.begin_keyed(1, "plan");
        host.complete(1, 1);
        host.at(1_500);
        host.begin_keyed(2, "plan");
        host.at(2_500);
        host.begin_keyed(3, "plan");
        host.begin_keyed(4, "plan");
        assert_eq!(host.log()[2..], ["2 ends: stale in 0, and goes on", "2 starts 1", "3 starts 1"]);
        if refresh_is_last {
            host.complete(3, 1);
            host.complete(2, 1);
            let story = ["evicts 0", "4 ends: as 3", "3 ends: completed by 1, kept in 1", "2 ends: completed by 1"];
            assert_eq!(host.log(), story, "what is kept is what was asked for last");
        } else {
            host.complete(2, 1);
            host.cancel(4);
            host.cancel(3);
            let story = ["2 ends: completed by 1", "4 ends: cancelled", "3 aborts 1: Cancelled", "3 ends: cancelled"];
            assert_eq!(host.log(), story);
        }
        assert!(host.guards.is_empty());
    }
}

/// As long as an answer lives, however long its own timeouts are.
#[test]
fn a_refresh_that_hangs_is_given_up() {
    for (total, until) in [("", 7_500), (r#""totalTimeout": "2s","#, 3_500), (r#""totalTimeout": "1h","#, 7_500)] {
        let mut host = Host::new(&format!(r#"{{ {total} "cache": {{ "ttl": "1s", "staleWhileRevalidate": "5s" }} }}"#));
        host.begin_keyed(1, "plan");
        host.complete(1, 1);
        host.at(1_500);
        host.begin_keyed(2, "plan");
        host.at(until - 1);
        assert_eq!(host.log()[2..], ["2 ends: stale in 0, and goes on", "2 starts 1"]);
        host.at(until);
        let end = ["2 refused: TotalTimeout", "2 aborts 1: TotalTimedOut", "2 ends: failed: TotalTimeout"];
        assert_eq!(host.log(), end);
        assert!(host.guards.is_empty());
    }
}

/// OpenAI's `slow_down`: once for all attempts that were under way, for those who share the limit, and not for a fallback,
/// which may ask somebody else.
#[test]
fn openai_slow_down_lowers_the_rate_of_all_who_share_it() {
    let slow_down = Outcome::Failed(Failure { code: Some("slow_down"), ..status(503) });
    let mut host = Host::new(r#"{ "rateLimit": { "limit": 1000, "burst": 1, "maxWait": "1s" } }"#);
    host.at(10);
    host.begin(1);
    host.begin_as(Request { limit_key: Some("other"), ..Request::new(2) });
    host.at(20);
    host.begin(3);
    host.at(30);
    for owner in [1, 2, 3] {
        host.settle(owner, 1, &slow_down);
    }
    host.log();
    for owner in 4..7 {
        host.begin(owner);
    }
    assert_eq!(host.log(), ["4 starts 1"]);
    host.at(32);
    assert_eq!(host.log(), ["5 starts 1"], "half as many");
    host.at(34);
    host.log();

    let mut host = Host::new(r#"{ "rateLimit": {} }"#);
    host.begin_as(Request { fallbacks: 1, ..Request::new(1) });
    host.fail(1, 1);
    host.settle(1, 2, &slow_down);
    host.at(10);
    for owner in 2..10 {
        host.begin(owner);
        host.complete(owner, 1);
    }
    assert_eq!(host.stats().succeeded, 8);
}

/// It was asked for before, and may be what the cache was cleared of.
#[test]
fn what_was_asked_for_before_the_cache_was_cleared_is_not_kept() {
    let mut host = Host::new(CACHE);
    host.begin_keyed(1, "plan");
    host.begin_keyed(2, "plan");
    host.clear_cache();
    host.begin_keyed(3, "plan");
    host.complete(1, 1);
    assert_eq!(host.log(), ["1 starts 1", "3 starts 1", "2 ends: as 1", "1 ends: completed by 1"]);
    host.begin_keyed(4, "plan");
    host.complete(3, 1);
    assert_eq!(host.log(), ["4 ends: as 3", "3 ends: completed by 1, kept in 0"]);
    // Also what refreshes it.
    host.at(10_000);
    host.begin_keyed(5, "plan");
    host.clear_cache();
    host.complete(5, 1);
    host.begin_keyed(6, "plan");
    let story = ["5 ends: stale in 0, and goes on", "5 starts 1", "evicts 0", "5 ends: completed by 1", "6 starts 1"];
    assert_eq!(host.log(), story);
}
