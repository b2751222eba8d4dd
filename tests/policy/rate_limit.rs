//! How many calls may start in a time.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, FakeRelativeClock};
use governor::{Quota, RateLimiter};
use proptest::prelude::*;
use repflow::policy::{BucketOptions, Cost, Observed, RateLimit, RateLimitOptions, Turn, Unit};
use repflow::time::{MAX_DURATION, Timestamp};

const DAY: u64 = 86_400_000;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn at(ms: u64) -> Timestamp {
    Timestamp::EPOCH + Duration::from_millis(ms)
}

fn requests(limit: u32, per: Duration, burst: u32) -> BucketOptions {
    BucketOptions { limit, per, burst, unit: Unit::Requests }
}

fn tokens(limit: u32, per: Duration, burst: u32) -> BucketOptions {
    BucketOptions { limit, per, burst, unit: Unit::Tokens }
}

fn limit(buckets: &[BucketOptions], max_wait: Duration) -> RateLimit {
    RateLimit::new(&RateLimitOptions { buckets: buckets.to_vec(), per_day: None, max_wait })
}

fn per_day(per_day: u32, max_wait: Duration) -> RateLimit {
    RateLimit::new(&RateLimitOptions { buckets: Vec::new(), per_day: Some(per_day), max_wait })
}

const ONE: Cost = Cost { requests: 1, tokens: 0 };

fn cost(requests: u32, tokens: u32) -> Cost {
    Cost { requests, tokens }
}

fn refused(retry_after: u64) -> Turn {
    Turn::Refused { retry_after: ms(retry_after) }
}

fn used_up(retry_after: u64) -> Turn {
    Turn::Exhausted { retry_after: ms(retry_after) }
}

/// All of it comes back at once.
fn left(remaining: u32, reset: Duration) -> Observed {
    Observed { remaining, reset, limit: None }
}

/// It is refilled steadily.
fn left_of(remaining: u32, limit: u32, reset: Duration) -> Observed {
    Observed { remaining, reset, limit: Some(limit) }
}

fn wait(after: u64) -> Turn {
    Turn::Wait(ms(after))
}

#[test]
fn the_default_cost_is_one_request_and_the_default_limit_is_none() {
    assert_eq!(Cost::default(), ONE);
    let mut limit = RateLimit::new(&RateLimitOptions::default());
    for _ in 0..1_000 {
        assert_eq!(limit.acquire("a", cost(u32::MAX, u32::MAX), None, at(0)), Turn::Now);
    }
}

#[test]
fn a_burst_passes_at_once_and_then_the_rate_holds() {
    let mut limit = limit(&[requests(10, ms(1_000), 3)], Duration::ZERO);
    let turns: Vec<_> = (0..4).map(|_| limit.acquire("a", ONE, None, at(5_000))).collect();
    assert_eq!(turns, [Turn::Now, Turn::Now, Turn::Now, refused(100)]);
    assert_eq!(limit.acquire("a", ONE, None, at(5_099)), refused(1));
    assert_eq!(limit.acquire("a", ONE, None, at(5_100)), Turn::Now);
    assert_eq!(limit.acquire("a", ONE, None, at(5_100)), refused(100));
    assert_eq!(limit.acquire("a", cost(3, 0), None, at(5_200)), refused(200), "two of three are missing");
}

#[test]
fn keys_do_not_know_each_other() {
    let mut limit = limit(&[requests(1, ms(1_000), 1)], Duration::ZERO);
    assert_eq!(limit.acquire("a", ONE, None, at(0)), Turn::Now);
    assert_eq!(limit.acquire("b", ONE, None, at(500)), Turn::Now);
    assert_eq!(limit.acquire("a", ONE, None, at(500)), refused(500));
    assert_eq!(limit.acquire("b", ONE, None, at(500)), refused(1_000));
}

/// tower's and resilience4j's limiters count in fixed periods, and let twice the limit pass around the end of one.
#[test]
fn no_two_bursts_meet_at_the_end_of_a_period() {
    let mut limit = limit(&[requests(10, ms(1_000), 10)], Duration::ZERO);
    let pass =
        |limit: &mut RateLimit, ms| (0..10).filter(|_| limit.acquire("a", ONE, None, at(ms)) == Turn::Now).count();
    assert_eq!(pass(&mut limit, 990), 10);
    assert_eq!(pass(&mut limit, 1_010), 0);
    assert_eq!(pass(&mut limit, 1_490), 5);
}

/// resilience4j: `reservePermission` gives the time to wait when it is within `timeoutDuration`, and takes nothing when
/// it is not.
#[test]
fn a_turn_within_the_longest_wait_is_reserved_as_in_resilience4j() {
    let mut limit = limit(&[requests(1, ms(100), 1)], ms(250));
    let turns: Vec<_> = (0..5).map(|_| limit.acquire("a", ONE, None, at(0))).collect();
    assert_eq!(turns, [Turn::Now, wait(100), wait(200), refused(300), refused(300)]);
    assert_eq!(limit.acquire("a", ONE, None, at(50)), wait(250));
}

#[test]
fn who_gives_up_waiting_has_used_the_turn() {
    let mut limit = limit(&[requests(1, ms(100), 1)], ms(1_000));
    assert_eq!(limit.acquire("a", ONE, None, at(0)), Turn::Now);
    // This one gives up, and the next one comes after it all the same.
    assert_eq!(limit.acquire("a", ONE, None, at(0)), wait(100));
    assert_eq!(limit.acquire("a", ONE, None, at(10)), wait(190));
}

/// Or those who are gone when their turn comes would use up all that there is.
#[test]
fn a_turn_that_comes_too_late_is_refused_and_not_taken() {
    let mut limit = limit(&[requests(1, ms(100), 1)], ms(1_000));
    assert_eq!(limit.acquire("a", ONE, Some(at(0)), at(0)), Turn::Now);
    for deadline in [0, 50, 100] {
        assert_eq!(limit.acquire("a", ONE, Some(at(deadline)), at(0)), refused(100));
    }
    assert_eq!(limit.acquire("a", ONE, Some(at(101)), at(0)), wait(100));
    assert_eq!(limit.acquire("a", ONE, None, at(0)), wait(200));
}

#[test]
fn all_buckets_or_none() {
    let buckets = [requests(10, ms(1_000), 2), tokens(1_000, ms(1_000), 100)];
    let mut limit = limit(&buckets, Duration::ZERO);
    assert_eq!(limit.acquire("a", cost(1, 90), None, at(0)), Turn::Now);
    for _ in 0..10 {
        assert_eq!(limit.acquire("a", cost(1, 50), None, at(0)), refused(40), "takes no request");
    }
    assert_eq!(limit.acquire("a", cost(1, 10), None, at(0)), Turn::Now);
    assert_eq!(limit.acquire("a", cost(1, 0), None, at(40)), refused(60));
    assert_eq!(limit.acquire("a", cost(0, 40), None, at(40)), Turn::Now, "refused as it was, it took no tokens");
}

#[test]
fn two_limits_on_the_same_thing_both_hold() {
    let mut limit = limit(&[requests(10, ms(1_000), 2), requests(60, ms(60_000), 3)], Duration::ZERO);
    assert_eq!(limit.acquire("a", cost(2, 0), None, at(0)), Turn::Now);
    assert_eq!(limit.acquire("a", ONE, None, at(0)), refused(100));
    assert_eq!(limit.acquire("a", ONE, None, at(100)), Turn::Now);
    assert_eq!(limit.acquire("a", ONE, None, at(200)), refused(800));
}

/// Were the tokens charged when the turn is asked for, they would be refilled before they are used.
#[test]
fn a_cost_is_charged_when_the_turn_comes() {
    let buckets = [requests(1, ms(10_000), 1), tokens(10, ms(1_000), 100)];
    let mut limit = limit(&buckets, ms(20_000));
    assert_eq!(limit.acquire("a", cost(1, 0), None, at(0)), Turn::Now);
    assert_eq!(limit.acquire("a", cost(1, 100), None, at(0)), wait(10_000));
    assert_eq!(limit.acquire("a", cost(0, 100), None, at(10_000)), wait(10_000), "the tokens have just been used");
}

/// governor: `check_n` gives `InsufficientCapacity`; Polly's token bucket throws when more is asked for than it holds.
#[test]
fn what_is_more_than_the_burst_never_passes_as_in_governor() {
    let mut limit = limit(&[requests(10, ms(1_000), 3), tokens(10, ms(1_000), 5)], MAX_DURATION);
    assert_eq!(limit.acquire("a", cost(4, 0), None, at(0)), Turn::Never);
    assert_eq!(limit.acquire("a", cost(1, 6), None, at(0)), Turn::Never);
    assert_eq!(limit.keys(), 0);
    assert_eq!(limit.acquire("a", cost(3, 5), None, at(0)), Turn::Now);
}

#[test]
fn with_a_limit_or_a_burst_of_zero_nothing_passes() {
    for bucket in [requests(0, ms(1_000), 5), requests(5, ms(1_000), 0)] {
        let mut limit = limit(&[bucket], MAX_DURATION);
        assert_eq!(limit.acquire("a", ONE, None, at(0)), Turn::Never);
        assert_eq!(limit.acquire("a", cost(0, 7), None, at(0)), Turn::Now, "it takes no tokens");
    }
    assert_eq!(per_day(0, MAX_DURATION).acquire("a", ONE, None, at(0)), Turn::Never);
}

#[test]
fn a_rate_that_does_not_divide_is_never_exceeded() {
    // A third of a millisecond is 333,333 1/3 ns; turns are at whole microseconds.
    let mut limit = limit(&[requests(3, ms(1), 1)], Duration::ZERO);
    assert_eq!(limit.acquire("a", ONE, None, at(0)), Turn::Now);
    assert_eq!(limit.acquire("a", ONE, None, at(0)), Turn::Refused { retry_after: Duration::from_micros(334) });
    let later = |micros| Timestamp::EPOCH + Duration::from_micros(micros);
    assert_eq!(limit.acquire("a", ONE, None, later(333)), Turn::Refused { retry_after: Duration::from_micros(1) });
    assert_eq!(limit.acquire("a", ONE, None, later(334)), Turn::Now);
}

#[test]
fn a_quota_is_per_utc_day() {
    let mut limit = per_day(3, Duration::ZERO);
    let evening = 20 * DAY - 1_000;
    assert_eq!(limit.acquire("a", cost(2, 0), None, at(evening)), Turn::Now);
    assert_eq!(limit.acquire("a", cost(2, 0), None, at(evening)), used_up(1_000));
    assert_eq!(limit.acquire("a", ONE, None, at(evening)), Turn::Now);
    assert_eq!(limit.acquire("a", ONE, None, at(evening + 999)), used_up(1));
    assert_eq!(limit.acquire("b", ONE, None, at(evening + 999)), Turn::Now);
    assert_eq!(limit.acquire("a", cost(0, 9), None, at(evening)), Turn::Now, "not a request");
    assert_eq!(limit.acquire("a", cost(3, 0), None, at(20 * DAY)), Turn::Now);
    assert_eq!(limit.acquire("a", ONE, None, at(20 * DAY)), used_up(DAY));
    assert_eq!(limit.acquire("a", cost(4, 0), None, at(20 * DAY)), Turn::Never);
}

#[test]
fn a_turn_after_midnight_counts_for_the_new_day() {
    let mut limit = per_day(2, ms(5_000));
    let evening = at(20 * DAY - 1_000);
    assert_eq!(limit.acquire("a", cost(2, 0), None, evening), Turn::Now);
    assert_eq!(limit.acquire("a", cost(2, 0), None, evening), wait(1_000));
    assert_eq!(limit.snapshot(), [("a".to_owned(), 20, 2)]);
    assert_eq!(limit.acquire("a", ONE, None, evening), used_up(1_000 + DAY));
}

#[test]
fn a_quota_outlives_its_limiter() {
    let noon = 20 * DAY + DAY / 2;
    let mut limit = per_day(5, Duration::ZERO);
    let _ = limit.acquire("b", cost(4, 0), None, at(noon));
    let _ = limit.acquire("a", cost(5, 0), None, at(noon - DAY));
    let _ = limit.acquire("c", cost(0, 1), None, at(noon));
    let saved = limit.snapshot();
    assert_eq!(saved, [("a".to_owned(), 19, 5), ("b".to_owned(), 20, 4)]);

    let mut limit = per_day(5, Duration::ZERO);
    let _ = limit.acquire("b", cost(2, 0), None, at(noon));
    limit.restore(saved.clone());
    limit.restore(saved);
    assert_eq!(limit.acquire("a", cost(5, 0), None, at(noon)), Turn::Now, "yesterday's");
    assert_eq!(limit.acquire("b", cost(2, 0), None, at(noon)), used_up(DAY / 2));
    limit.restore(vec![("b".to_owned(), 20, 3)]);
    assert_eq!(limit.acquire("b", ONE, None, at(noon)), Turn::Now, "four of five were used");
    assert_eq!(limit.acquire("b", ONE, None, at(noon)), used_up(DAY / 2), "the smaller number made it no less");

    let mut unlimited = RateLimit::new(&RateLimitOptions::default());
    unlimited.restore(limit.snapshot());
    assert_eq!(unlimited.keys(), 0);
}

#[test]
fn what_the_server_says_is_left_holds_until_its_reset() {
    let buckets = [requests(10, ms(1_000), 10), tokens(1_000, ms(1_000), 1_000)];
    let mut limit = limit(&buckets, Duration::ZERO);
    limit.observe("a", Unit::Requests, left(2, ms(30_000)), at(0));
    assert_eq!(limit.acquire("a", cost(2, 100), None, at(0)), Turn::Now);
    assert_eq!(limit.acquire("a", ONE, None, at(10_000)), refused(20_000));
    assert_eq!(limit.acquire("a", cost(0, 100), None, at(10_000)), Turn::Now, "of tokens it said nothing");
    assert_eq!(limit.acquire("b", cost(3, 0), None, at(10_000)), Turn::Now, "nor of others");
    assert_eq!(limit.acquire("a", cost(10, 0), None, at(30_000)), Turn::Now);
}

#[test]
fn what_the_server_says_never_makes_a_turn_come_earlier() {
    let mut limit = limit(&[requests(10, ms(1_000), 1)], Duration::ZERO);
    assert_eq!(limit.acquire("a", ONE, None, at(0)), Turn::Now);
    limit.observe("a", Unit::Requests, left(1_000, ms(60_000)), at(0));
    assert_eq!(limit.acquire("a", ONE, None, at(0)), refused(100));
}

/// Otherwise steady calls would starve: each answer would move the reset on, and what is left would only get less.
#[test]
fn the_newest_word_of_the_server_counts() {
    let mut limit = limit(&[requests(10, ms(1_000), 10)], Duration::ZERO);
    limit.observe("a", Unit::Requests, left(0, ms(60_000)), at(0));
    assert_eq!(limit.acquire("a", ONE, None, at(1_000)), refused(59_000));
    limit.observe("a", Unit::Requests, left(1, ms(60_000)), at(1_000));
    assert_eq!(limit.acquire("a", ONE, None, at(1_000)), Turn::Now);
    assert_eq!(limit.acquire("a", ONE, None, at(1_000)), refused(60_000));
}

/// OpenAI: `x-ratelimit-reset-requests` is when the limit is back in its initial state, and it is refilled on the way.
#[test]
fn with_the_whole_of_a_limit_it_is_refilled_steadily_as_at_openai() {
    let mut limit = limit(&[], ms(3_000));
    limit.observe("a", Unit::Tokens, left_of(0, 60_000, ms(60_000)), at(0));
    assert_eq!(limit.acquire("a", cost(1, 500), None, at(0)), wait(500));
    assert_eq!(limit.acquire("a", cost(1, 500), None, at(0)), wait(1_000));
    assert_eq!(limit.acquire("a", cost(1, 5_000), None, at(1_000)), refused(5_000));
    assert_eq!(limit.acquire("a", cost(1, 0), None, at(1_000)), Turn::Now, "of requests it said nothing");
    assert_eq!(limit.acquire("a", cost(1, 90_000), None, at(1_000)), refused(60_000), "more than ever is there");
    // Nine of ten are there, the tenth comes in 6 s.
    limit.observe("a", Unit::Requests, left_of(9, 10, ms(6_000)), at(2_000));
    let turns: Vec<_> = (0..10).map(|_| limit.acquire("a", ONE, None, at(2_000))).collect();
    assert_eq!(turns, [vec![Turn::Now; 9], vec![refused(6_000)]].concat());
    assert_eq!(limit.acquire("a", cost(0, 1), None, at(2_000)), Turn::Now);
    // The newest word counts here too, and one that says that nothing is missing holds nothing back.
    limit.observe("a", Unit::Requests, left_of(10, 10, ms(0)), at(2_001));
    assert_eq!(limit.acquire("a", ONE, None, at(2_001)), Turn::Now);
}

/// How many pass in a second, for a caller who comes every millisecond.
fn passed(limit: &mut RateLimit, from: u64) -> usize {
    (from..from + 1_000).filter(|ms| limit.acquire("a", ONE, None, at(*ms)) == Turn::Now).count()
}

#[test]
fn who_is_told_to_slow_down_halves_the_rate_and_it_grows_back_in_a_minute() {
    let mut limit = limit(&[requests(100, ms(1_000), 1)], Duration::ZERO);
    assert_eq!(passed(&mut limit, 0), 100);
    limit.slow_down("a", at(999), at(1_000));
    assert_eq!(limit.acquire("b", ONE, None, at(1_000)), Turn::Now, "others were told nothing");
    let after: Vec<usize> = (1..64).map(|second| passed(&mut limit, second * 1_000)).collect();
    assert!((49..=51).contains(&after[0]), "{after:?}");
    assert!((70..=77).contains(&after[15]), "{after:?}");
    assert_eq!(after[31..], [100; 32], "half of it takes half a minute");
    assert!(after.windows(2).all(|pair| pair[0] <= pair[1] + 1), "{after:?}");
}

#[test]
fn one_word_is_heard_once_however_many_calls_hear_it() {
    let mut limit = limit(&[requests(100, ms(1_000), 1)], Duration::ZERO);
    for answered in 0..20 {
        limit.slow_down("a", at(50), at(100 + answered));
    }
    assert!((49..=52).contains(&passed(&mut limit, 200)));
    // These had heard it, and were told again: down to a sixteenth.
    for (round, expected) in [(1, 25), (2, 12), (3, 6), (4, 6)] {
        limit.slow_down("a", at(round * 2_000 - 500), at(round * 2_000));
        let passed = passed(&mut limit, round * 2_000);
        // Meanwhile it has grown by a thirtieth.
        assert!((expected..=expected + 4).contains(&passed), "{passed} after {round} more");
    }
    assert_eq!(passed(&mut limit, 8_000 + 60_000), 100);
}

#[test]
fn without_a_rate_of_requests_calls_keep_apart() {
    let mut limit = limit(&[tokens(1_000, ms(1_000), 1_000)], ms(2_000));
    limit.slow_down("a", at(0), at(1));
    assert_eq!(limit.acquire("a", ONE, None, at(1)), Turn::Now);
    assert_eq!(limit.acquire("a", ONE, None, at(1)), wait(1_000));
    assert_eq!(limit.acquire("a", ONE, None, at(1)), wait(2_000));
    assert_eq!(limit.acquire("a", ONE, None, at(1)), refused(3_000));
    assert_eq!(limit.acquire("b", ONE, None, at(1)), Turn::Now);
    let near = |turn, from, to| matches!(turn, Turn::Wait(wait) if wait >= ms(from) && wait <= ms(to));
    assert_eq!(limit.acquire("a", ONE, None, at(25_001)), Turn::Now);
    assert!(near(limit.acquire("a", ONE, None, at(25_001)), 85, 95), "a twelfth is missing of the rate");
    for _ in 0..100 {
        assert_eq!(limit.acquire("a", ONE, None, at(30_001)), Turn::Now, "as before");
    }
    for round in 0..10 {
        limit.slow_down("a", at(40_000 + round), at(40_000 + round));
    }
    assert_eq!(limit.acquire("a", ONE, None, at(40_009)), Turn::Now);
    assert_eq!(limit.acquire("a", ONE, None, at(40_009)), refused(15_000));
}

#[test]
fn a_clock_that_was_set_back_locks_no_one_out() {
    let options = RateLimitOptions { buckets: vec![requests(1, ms(1_000), 2)], per_day: Some(3), max_wait: ms(500) };
    let mut limit = RateLimit::new(&options);
    assert_eq!(limit.acquire("a", cost(2, 0), None, at(900 * DAY)), Turn::Now);
    limit.observe("a", Unit::Requests, left(0, ms(1_000)), at(900 * DAY));
    // An empty bucket takes two seconds; half a second it could be in debt.
    assert_eq!(limit.acquire("a", ONE, None, at(20 * DAY)), refused(1_500));
    assert_eq!(limit.acquire("a", ONE, None, at(20 * DAY + 1_500)), Turn::Now);
    // The two of the day that never was count as today's.
    assert_eq!(limit.acquire("a", ONE, None, at(20 * DAY + 10_000)), used_up(DAY - 10_000));
    assert_eq!(limit.acquire("a", ONE, None, at(21 * DAY)), Turn::Now);
}

#[test]
fn keys_at_rest_are_forgotten() {
    let mut limit = limit(&[requests(1, ms(1_000), 5)], Duration::ZERO);
    for call in 0..100_000_u64 {
        // Each key is at rest a second after its call, so a hundred are not, and as many are not forgotten yet.
        assert_eq!(limit.acquire(&format!("user {call}"), ONE, None, at(call * 10)), Turn::Now);
        assert!(limit.keys() <= 202, "{} keys after {call}", limit.keys());
    }
    // A crowd that leaves is forgotten although no new key comes.
    let now = 2_000_000;
    for user in 0..10_000 {
        let _ = limit.acquire(&format!("user {user}"), ONE, None, at(now));
    }
    assert!(limit.keys() >= 10_000, "all of them are needed");
    for call in 0..25_000 {
        let _ = limit.acquire("last", ONE, None, at(now + 5_000 + call));
    }
    assert_eq!(limit.keys(), 1);
}

#[test]
fn a_key_that_is_remembered_for_its_quota_is_forgotten_the_next_day() {
    let mut limit = per_day(1, Duration::ZERO);
    for user in 0..1_000 {
        let _ = limit.acquire(&format!("user {user}"), ONE, None, at(5 * DAY));
    }
    for call in 0..5_000 {
        let _ = limit.acquire("last", ONE, None, at(6 * DAY - 1 - call % 2));
    }
    assert_eq!(limit.keys(), 1_001);
    for _ in 0..5_000 {
        let _ = limit.acquire("last", ONE, None, at(6 * DAY));
    }
    assert_eq!(limit.keys(), 1);
}

/// A turn that was taken.
#[derive(Clone, Copy, Debug)]
struct Taken {
    /// Nanoseconds since the epoch.
    turn: u64,
    cost: Cost,
}

fn amount(cost: Cost, unit: Unit) -> u64 {
    u64::from(if unit == Unit::Requests { cost.requests } else { cost.tokens })
}

fn nanos(duration: Duration) -> u64 {
    duration.as_nanos() as u64
}

/// The model: all turns ever taken, and every stretch of time looked at anew.
#[derive(Clone, Debug, Default)]
struct Ledger {
    taken: Vec<Taken>,
    /// By unit: how many turns had been taken when the server spoke, what it said is left, and until when.
    said: [Option<(usize, u64, u64)>; 2],
}

impl Ledger {
    fn acquire(&mut self, options: &RateLimitOptions, cost: Cost, patience: Option<Duration>, now: u64) -> Turn {
        let too_much = |it: &BucketOptions| amount(cost, it.unit) > u64::from(it.burst);
        if options.buckets.iter().any(too_much) || options.per_day.is_some_and(|per_day| cost.requests > per_day) {
            return Turn::Never;
        }
        let mut turn = now;
        for bucket in options.buckets.iter().filter(|it| amount(cost, it.unit) > 0) {
            let interval = nanos(bucket.per).div_ceil(u64::from(bucket.limit));
            // From each turn on, in the order they were asked for: what has been taken since, and this, has to fit the
            // burst and the refill since.
            let mut sum = amount(cost, bucket.unit);
            for taken in self.taken.iter().rev().filter(|it| amount(it.cost, bucket.unit) > 0) {
                sum += amount(taken.cost, bucket.unit);
                turn = turn.max(taken.turn + sum * interval - u64::from(bucket.burst) * interval);
            }
        }
        for (unit, said) in [Unit::Requests, Unit::Tokens].into_iter().zip(self.said) {
            let Some((since, remaining, until)) = said.filter(|(_, _, until)| now < *until) else { continue };
            let used: u64 =
                self.taken[since..].iter().filter(|it| it.turn < until).map(|it| amount(it.cost, unit)).sum();
            if amount(cost, unit) > remaining.saturating_sub(used) {
                turn = turn.max(until);
            }
        }
        let by_rates = Duration::from_nanos(turn.next_multiple_of(1_000) - now);
        if let Some(per_day) = options.per_day.filter(|_| cost.requests > 0) {
            let day = nanos(ms(DAY));
            let of_a_day = |it: &&Taken| it.cost.requests > 0;
            let full = |turn: u64| {
                let same_day = self.taken.iter().filter(of_a_day).filter(|it| it.turn / day == turn / day);
                same_day.map(|it| it.cost.requests).sum::<u32>() + cost.requests > per_day
                    || self.taken.iter().filter(of_a_day).any(|it| it.turn / day > turn / day)
            };
            while full(turn) {
                turn = (turn / day + 1) * day;
            }
        }
        let turn = turn.next_multiple_of(1_000);
        let after = Duration::from_nanos(turn - now);
        let in_time = |wait: Duration| wait.is_zero() || patience.is_none_or(|patience| wait < patience);
        let let_it = |wait: Duration| wait <= options.max_wait && in_time(wait);
        if !let_it(after) {
            let rates_let_it = let_it(by_rates);
            return if rates_let_it {
                Turn::Exhausted { retry_after: after }
            } else {
                Turn::Refused { retry_after: after }
            };
        }
        self.taken.push(Taken { turn, cost });
        if after.is_zero() { Turn::Now } else { Turn::Wait(after) }
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// Who gives up after so long, if ever.
    Acquire(usize, Cost, Option<Duration>),
    Observe(usize, Unit, u32, Duration),
    /// Microseconds.
    Advance(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = 0_usize..2;
    let unit = prop::sample::select(vec![Unit::Requests, Unit::Tokens]);
    let step = prop_oneof![
        12 => (key.clone(), 0_u32..4, prop_oneof![Just(0_u32), 1_u32..12], prop::option::of((0_u64..2_000).prop_map(ms)))
            .prop_map(|(key, requests, tokens, patience)| Step::Acquire(key, Cost { requests, tokens }, patience)),
        1 => (key, unit, 0_u32..8, (0_u64..5_000).prop_map(ms)).prop_map(|(key, unit, left, reset)| Step::Observe(key, unit, left, reset)),
        5 => (0_u64..1_000_000).prop_map(Step::Advance),
        2 => (0_u64..20_000_000).prop_map(Step::Advance),
        1 => (0_u64..200_000_000_000).prop_map(Step::Advance),
    ];
    prop::collection::vec(step, 0..120)
}

fn any_options() -> impl Strategy<Value = RateLimitOptions> {
    let unit = prop::sample::select(vec![Unit::Requests, Unit::Tokens]);
    let per = prop::sample::select(vec![ms(1), ms(333), ms(1_000), ms(7_000), ms(60_000)]);
    let bucket = (1_u32..20, per, 1_u32..15, unit).prop_map(|(limit, per, burst, unit)| BucketOptions {
        limit,
        per,
        burst,
        unit,
    });
    let max_wait = prop::sample::select(vec![Duration::ZERO, ms(500), ms(10_000), ms(2 * DAY)]);
    (prop::collection::vec(bucket, 0..4), prop::option::of(1_u32..20), max_wait)
        .prop_map(|(buckets, per_day, max_wait)| RateLimitOptions { buckets, per_day, max_wait })
}

/// Somewhere in a day, often just before its end.
fn any_start() -> impl Strategy<Value = u64> {
    prop_oneof![0..DAY * 1_000, (0_u64..20_000_000).prop_map(|before| DAY * 1_000 - before)]
        .prop_map(|part| 20_000 * DAY * 1_000 + part)
}

proptest! {
    #[test]
    fn turns_come_as_early_as_the_list_of_all_turns_allows(options in any_options(), start in any_start(), steps in steps()) {
        let mut limit = RateLimit::new(&options);
        let mut ledgers = [Ledger::default(), Ledger::default()];
        let mut now = start;
        for step in steps {
            let timestamp = Timestamp::EPOCH + Duration::from_micros(now);
            match step {
                Step::Acquire(key, cost, patience) => {
                    let expected = ledgers[key].acquire(&options, cost, patience, now * 1_000);
                    let deadline = patience.map(|patience| timestamp + patience);
                    prop_assert_eq!(limit.acquire(["a", "b"][key], cost, deadline, timestamp), expected, "{:?}", cost);
                }
                Step::Observe(key, unit, remaining, reset) => {
                    limit.observe(["a", "b"][key], unit, left(remaining, reset), timestamp);
                    let until = now * 1_000 + nanos(reset);
                    ledgers[key].said[unit as usize] = Some((ledgers[key].taken.len(), u64::from(remaining), until));
                }
                Step::Advance(by) => now += by,
            }
        }
    }

    /// The bound that the module promises, over every stretch between two turns, whoever waits or gives up.
    #[test]
    fn in_no_stretch_of_time_more_passes_than_the_burst_and_the_refill(
        options in any_options(),
        start in any_start(),
        steps in steps(),
    ) {
        let mut limit = RateLimit::new(&options);
        let mut taken: Vec<Taken> = Vec::new();
        let mut now = start;
        for step in steps {
            let timestamp = Timestamp::EPOCH + Duration::from_micros(now);
            match step {
                Step::Acquire(_, cost, _) => match limit.acquire("a", cost, None, timestamp) {
                    Turn::Now => taken.push(Taken { turn: now * 1_000, cost }),
                    Turn::Wait(after) => {
                        prop_assert!(after <= options.max_wait);
                        taken.push(Taken { turn: now * 1_000 + nanos(after), cost });
                    }
                    Turn::Refused { retry_after } | Turn::Exhausted { retry_after } => {
                        prop_assert!(retry_after > options.max_wait)
                    }
                    Turn::Never => {}
                },
                // Now and then with the whole, and with the word to slow down.
                Step::Observe(key, unit, remaining, reset) => {
                    if key == 0 {
                        limit.observe("a", unit, left_of(remaining, 5, reset), timestamp);
                    }
                    if remaining % 2 == 0 {
                        limit.slow_down("a", timestamp, timestamp);
                    }
                }
                Step::Advance(by) => now += by,
            }
        }
        taken.sort_by_key(|it| it.turn);
        for (first, from) in taken.iter().enumerate() {
            for bucket in &options.buckets {
                let mut sum = 0;
                for to in &taken[first..] {
                    sum += u128::from(amount(to.cost, bucket.unit));
                    let refill = u128::from(to.turn - from.turn) * u128::from(bucket.limit);
                    // Without a division, so exactly.
                    prop_assert!(sum * bucket.per.as_nanos() <= u128::from(bucket.burst) * bucket.per.as_nanos() + refill);
                }
            }
            if let Some(per_day) = options.per_day {
                let day = |it: &&Taken| it.turn / nanos(ms(DAY)) == from.turn / nanos(ms(DAY));
                prop_assert!(taken.iter().filter(day).map(|it| it.cost.requests).sum::<u32>() <= per_day);
            }
        }
    }

    /// Whatever was said, a minute after the last word and a rest it is as if nothing had been.
    #[test]
    fn who_was_told_to_slow_down_recovers(
        options in any_options(),
        words in prop::collection::vec((0_u64..90_000, 0_u64..90_000, any::<bool>()), 1..20),
        costs in prop::collection::vec((0_u32..4, 0_u32..12, 0_u64..2_000), 1..40),
    ) {
        let options = RateLimitOptions { per_day: None, max_wait: options.max_wait.min(ms(10_000)), ..options };
        let mut limit = RateLimit::new(&options);
        // The clock goes wherever it likes meanwhile.
        for (began, said, asks) in &words {
            limit.slow_down("a", at(*began), at(*said));
            if *asks {
                let _ = limit.acquire("a", ONE, None, at(*said));
            }
        }
        let mut fresh = RateLimit::new(&options);
        // The slowest bucket takes 15 minutes to be full, a 16th as fast.
        let mut now = 90_000 + 60_000 + 10_000 + 17 * 900_000;
        for (requests, tokens, advance) in costs {
            now += advance;
            let expected = fresh.acquire("a", cost(requests, tokens), None, at(now));
            prop_assert_eq!(limit.acquire("a", cost(requests, tokens), None, at(now)), expected);
        }
    }

    /// Two callers with the same luck, one of whom is told to slow down: never before the other.
    #[test]
    fn no_turn_comes_earlier_for_having_been_told_to_slow_down(
        options in any_options(),
        steps in prop::collection::vec((0_u32..3, 0_u32..6, 0_u64..20_000, any::<bool>()), 1..60),
    ) {
        let options = RateLimitOptions { per_day: None, max_wait: MAX_DURATION, ..options };
        let (mut slowed, mut free) = (RateLimit::new(&options), RateLimit::new(&options));
        let mut now = 0;
        let after = |turn| match turn {
            Turn::Wait(after) => after,
            Turn::Now => Duration::ZERO,
            _ => Duration::MAX,
        };
        for (requests, tokens, advance, told) in steps {
            now += advance;
            if told {
                slowed.slow_down("a", at(now), at(now));
            }
            let cost = cost(requests, tokens);
            let (late, early) = (slowed.acquire("a", cost, None, at(now)), free.acquire("a", cost, None, at(now)));
            prop_assert!(after(late) >= after(early), "{:?} although without it is {:?}", late, early);
        }
    }

    #[test]
    fn one_bucket_decides_as_governor_does(
        interval in 1_u64..5_000,
        burst in 1_u32..20,
        steps in prop::collection::vec((1_u32..8, prop_oneof![0_u64..10, 0_u64..5_000, 0_u64..50_000]), 0..150),
    ) {
        let clock = FakeRelativeClock::default();
        let quota = Quota::with_period(ms(interval)).unwrap().allow_burst(NonZeroU32::new(burst).unwrap());
        let theirs = RateLimiter::direct_with_clock(quota, clock.clone());
        let mut ours = limit(&[requests(1, ms(interval), burst)], Duration::ZERO);
        let mut now = 0;
        for (cells, advance) in steps {
            let expected = match theirs.check_n(NonZeroU32::new(cells).unwrap()) {
                Err(_) => Turn::Never,
                Ok(Ok(())) => Turn::Now,
                Ok(Err(until)) => Turn::Refused { retry_after: until.wait_time_from(clock.now()) },
            };
            prop_assert_eq!(ours.acquire("a", cost(cells, 0), None, at(now)), expected);
            clock.advance(ms(advance));
            now += advance;
        }
    }

    #[test]
    fn who_comes_when_told_to_is_let_in(options in any_options(), start in any_start(), costs in prop::collection::vec((0_u32..4, 0_u32..12), 1..60)) {
        let mut limit = RateLimit::new(&options);
        let mut now = Timestamp::EPOCH + Duration::from_micros(start);
        for (requests, tokens) in costs {
            if let Turn::Refused { retry_after } | Turn::Exhausted { retry_after } = limit.acquire("a", cost(requests, tokens), None, now) {
                now = now + retry_after;
                prop_assert_eq!(limit.acquire("a", cost(requests, tokens), None, now), Turn::Now);
            }
        }
    }

    #[test]
    fn nothing_overflows(
        limits in prop::collection::vec((any_edge(), any_long(), any_edge(), prop::bool::ANY), 0..4),
        per_day in prop::option::of(any_edge()),
        max_wait in any_long(),
        calls in prop::collection::vec((any_edge(), any_edge(), prop_oneof![any::<u64>(), Just(0), Just(u64::MAX)], any_edge(), any_long()), 0..20),
        day in any_edge(),
    ) {
        let unit = |requests: bool| if requests { Unit::Requests } else { Unit::Tokens };
        let buckets = limits.into_iter().map(|(limit, per, burst, requests)| BucketOptions { limit, per, burst, unit: unit(requests) });
        let mut limit = RateLimit::new(&RateLimitOptions { buckets: buckets.collect(), per_day, max_wait });
        limit.restore(vec![("a".to_owned(), day, day)]);
        for (requests, tokens, micros, left, reset) in calls {
            let now = Timestamp::EPOCH + Duration::from_micros(micros);
            let turn = limit.acquire("a", cost(requests, tokens), None, now);
            if let Turn::Wait(after) = turn {
                prop_assert!(after <= max_wait);
            }
            let said = Observed { remaining: left, reset, limit: Some(requests).filter(|limit| limit % 2 == 0) };
            limit.observe("a", unit(left % 2 == 0), said, now);
            if tokens % 2 == 0 {
                limit.slow_down("a", now, now);
            }
        }
    }
}

fn any_edge() -> impl Strategy<Value = u32> {
    prop_oneof![0_u32..3, any::<u32>(), Just(u32::MAX)]
}

fn any_long() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        any::<u64>().prop_map(Duration::from_nanos),
        any::<u64>().prop_map(Duration::from_micros),
        Just(MAX_DURATION),
        Just(Duration::MAX),
    ]
}
