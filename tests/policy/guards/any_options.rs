//! Any options, with few different durations.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use repflow::policy::{
    AdaptiveOptions, Backoff, BreakerOptions, BucketOptions, BudgetOptions, BulkheadOptions, CacheOptions, Growth,
    HedgeDelay, HedgeOptions, HedgeWith, Jitter, Options, Part, RateLimitOptions, Retry, Unit, Window,
};

/// Few durations, so that different things are often due at the same instant.
fn some_time() -> impl Strategy<Value = Duration> {
    select(vec![0, 100, 200, 300, 1_000, 2_000]).prop_map(Duration::from_millis)
}

fn any_retry() -> impl Strategy<Value = Retry> {
    let growth = select(vec![Growth::Constant, Growth::Linear, Growth::Exponential]);
    let jitter = select(vec![Jitter::None, Jitter::Full, Jitter::Equal]);
    let backoff = (growth, some_time(), some_time(), jitter);
    let backoff = backoff.prop_map(|(growth, delay, max_delay, jitter)| Backoff { growth, delay, max_delay, jitter });
    let budget = (1..4_u64, 0..2_u32, select(vec![0.0, 0.2, 1.0])).prop_map(|(ttl, min_per_second, ratio)| {
        Part::Own(BudgetOptions { ttl: Duration::from_secs(ttl), min_per_second, ratio })
    });
    (1..5_u32, backoff, option(some_time()), option(budget)).prop_map(|(max_attempts, backoff, max_elapsed, budget)| {
        Retry { max_attempts, backoff, max_elapsed, on: None, budget }
    })
}

fn any_breaker() -> impl Strategy<Value = BreakerOptions> {
    let window = select(vec![Window::Calls(2), Window::Calls(5), Window::Time(Duration::from_secs(1))]);
    (window, 1..4_u32, some_time(), 1..3_u32, option(some_time())).prop_map(
        |(window, min_calls, open_for, probes, slow_call)| {
            let max_open_for = open_for * 4;
            BreakerOptions { window, min_calls, open_for, max_open_for, probes, slow_call, ..BreakerOptions::default() }
        },
    )
}

fn any_bulkhead() -> impl Strategy<Value = BulkheadOptions> {
    let adaptive = (1..3_u32).prop_map(|min| AdaptiveOptions {
        min,
        max: 3,
        initial: 2,
        latency: Duration::from_millis(500),
        ..AdaptiveOptions::default()
    });
    (1..4_u32, 0..4_u32, option(some_time()), option(adaptive)).prop_map(
        |(max_concurrent, max_queue, max_wait, adaptive)| {
            // As they are read: the limit adapts up to the most.
            let adaptive = adaptive.map(|it| AdaptiveOptions { max: max_concurrent.max(it.min), ..it });
            let max_concurrent = adaptive.map_or(max_concurrent, |it| it.max);
            BulkheadOptions { max_concurrent, max_queue, max_wait, adaptive }
        },
    )
}

fn any_rate_limit() -> impl Strategy<Value = RateLimitOptions> {
    let per = Duration::from_secs(1);
    let unit = select(vec![Unit::Requests, Unit::Tokens]);
    (1..9_u32, 3..6_u32, unit, some_time(), option(3..30_u32)).prop_map(
        move |(limit, burst, unit, max_wait, per_day)| RateLimitOptions {
            buckets: vec![BucketOptions { limit, per, burst, unit }],
            per_day,
            max_wait,
        },
    )
}

fn any_cache() -> impl Strategy<Value = CacheOptions> {
    (some_time(), some_time(), some_time(), 30..200_u64).prop_map(|(ttl, revalidate, error, max_bytes)| CacheOptions {
        ttl,
        max_bytes,
        stale_while_revalidate: revalidate,
        stale_if_error: error,
    })
}

fn option<T: std::fmt::Debug>(of: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    proptest::option::weighted(0.6, of)
}

pub(super) fn any_options() -> impl Strategy<Value = Options> {
    let with = select(vec![HedgeWith::Again, HedgeWith::Fallback]);
    let hedge = (some_time(), 1..4_u32, with).prop_map(|(delay, max_extra, with)| HedgeOptions {
        delay: HedgeDelay::Fixed(delay),
        max_extra,
        with,
    });
    let timeouts = (option(some_time()), option(some_time()), any::<bool>());
    let limits = (option(any_rate_limit()), option(any_bulkhead()), option(hedge));
    let parts = (option(any_cache()), option(any_retry()), option(any_breaker()));
    (timeouts, limits, parts).prop_map(|((total, timeout, single_flight), limits, (cache, retry, breaker))| {
        let mut options = Options::default();
        let some = |timeout: Option<Duration>, factor| timeout.filter(|it| !it.is_zero()).map(|it| it * factor);
        options.total_timeout = some(total, 3);
        options.timeout = some(timeout, 1);
        options.single_flight = single_flight;
        (options.cache, options.retry, options.breaker) = (cache, retry, breaker.map(Part::Own));
        (options.rate_limit, options.bulkhead) = (limits.0.map(Part::Own), limits.1.map(Part::Own));
        options.hedge = limits.2;
        options
    })
}
