//! The policies around a call, and how they are written: the same words in a definition and in `policy({ … })`.
//!
//! Reading is lenient, as everywhere: one pass finds every problem.

use std::rc::Rc;
use std::time::Duration;

use super::{
    AdaptiveOptions, Algorithm, Backoff, BreakerOptions, BucketOptions, BudgetOptions, BulkheadOptions, CacheOptions,
    Filter, Growth, HedgeDelay, HedgeOptions, HedgeWith, Jitter, RateLimitOptions, Retry, Row, Unit, Window,
};
use crate::error::{Code, Error, Kind, Severity, nearest};
use crate::reader::{At, Object, Problems, describe, describe_value};
use crate::value::{Value, get};

/// The policies around a call. What is not there does nothing.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Bounds the call with all its attempts, delays and fallbacks.
    pub total_timeout: Option<Duration>,
    /// Keeps answers.
    pub cache: Option<CacheOptions>,
    /// Lets callers that ask for the same at the same time share the work. A cache does so in any case.
    pub single_flight: bool,
    /// Tries again.
    pub retry: Option<Retry>,
    /// Stops asking a service that fails.
    pub breaker: Option<Part<BreakerOptions>>,
    /// Which errors the circuit breaker counts; `None` is those that are the fault of the service.
    pub breaker_on: Option<Filter>,
    /// Keeps to a rate.
    pub rate_limit: Option<Part<RateLimitOptions>>,
    /// Limits how many run at once.
    pub bulkhead: Option<Part<BulkheadOptions>>,
    /// Bounds one attempt.
    pub timeout: Option<Duration>,
    /// Asks a second time beside an attempt that takes long.
    pub hedge: Option<HedgeOptions>,
    /// What errors mean, where the table does not know it.
    pub classify: Vec<Row>,
}

/// A part that calls share: the own one of a scope, or one that several scopes know by name.
#[derive(Clone, Debug, PartialEq)]
pub enum Part<T> {
    /// Of this scope.
    Own(T),
    /// Of this name.
    Named(Rc<str>),
}

impl<T> Part<T> {
    fn map<U>(self, read: impl FnOnce(T) -> U) -> Part<U> {
        match self {
            Self::Own(part) => Part::Own(read(part)),
            Self::Named(name) => Part::Named(name),
        }
    }
}

impl Options {
    /// The keys of all policies.
    pub const KEYS: &[&str] = WITH_FALLBACK.split_at(10).0;

    /// Reads `policy({ … })`.
    ///
    /// # Errors
    /// `config.invalid` with every problem, each with its JSON pointer.
    ///
    /// ```
    /// use repflow::policy::Options;
    ///
    /// let options = Options::from_json(r#"{ "timeout": "10s", "retry": { "maxAttempts": 3 } }"#)?;
    /// assert_eq!(options.retry.map(|retry| retry.max_attempts), Some(3));
    ///
    /// let wrong = r#"{ "retry": { "maxAttempts": 0, "delay": -1 }, "timeuot": "10s" }"#;
    /// assert_eq!(Options::from_json(wrong).unwrap_err().problems().len(), 3);
    /// # Ok::<(), repflow::Error>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let json: serde_json::Value = serde_json::from_str(text).map_err(|error| {
            let problem = crate::error::Problem::new("", format!("not JSON: {error}"));
            Error::invalid(Code::ConfigInvalid, WHAT, vec![problem])
        })?;
        Self::new(&Value::from(&json))
    }

    /// Reads options that have been parsed already.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    pub fn new(json: &Value) -> Result<Self, Error> {
        let problems = Problems::default();
        let options = Object::read(json, At::Pointer(""), "a policy", &problems).map(|object| {
            object.check_keys("a policy", WITH_FALLBACK);
            Self::read(&object, Names::Unknown)
        });
        problems.or(options, Code::ConfigInvalid, WHAT)
    }

    /// Reads parts that calls share by name: a circuit breaker, a rate limit, a bulkhead, a retry budget. What each call
    /// has for itself is refused, since nobody would look at it.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    pub fn shared(json: &Value) -> Result<Self, Error> {
        let problems = Problems::default();
        let options = Object::read(json, At::Pointer(""), "shared policies", &problems).map(|object| {
            object.check_keys("shared policies", SHARED_KEYS);
            for (key, own) in [("retry", RETRY_OWN), ("circuitBreaker", &["on"])] {
                let Some(parts) = object.get(key).and_then(Value::as_map) else { continue };
                for part in own.iter().filter(|part| get(parts, part).is_some()) {
                    let message = format_args!("`{part}` belongs to each step, and cannot be shared by name");
                    problems.note(&At::Key(&At::Key(object.at(), key), part), message);
                }
            }
            Self::read(&object, Names::Unknown)
        });
        problems.or(options, Code::ConfigInvalid, WHAT)
    }

    /// Reads the policies among the keys of `object`.
    #[inline(never)]
    pub(crate) fn read(object: &Object<'_>, names: Names) -> Self {
        // A step says in its definition what tells its answers apart; a call of `policy()` says it for each call.
        let cache_keys = if names == Names::Known { STEP_CACHE_KEYS } else { CACHE_KEYS };
        // What has run beside each other is not told apart in a journal, so no fallback of a step starts early.
        let hedge_keys = if names == Names::Known { STEP_HEDGE_KEYS } else { HEDGE_KEYS };
        let mut breaker_on = None;
        Self {
            total_timeout: object.timeout("totalTimeout"),
            cache: object.nested("cache", cache_keys).map(|cache| read_cache(&cache)),
            single_flight: object.flag("singleFlight").unwrap_or_default(),
            retry: object.nested("retry", RETRY_KEYS).map(|retry| read_retry(&retry, names)),
            breaker: part(object, "circuitBreaker", names, BREAKER_KEYS).map(|part| {
                part.map(|breaker| {
                    breaker_on = read_filter(&breaker);
                    read_breaker(&breaker)
                })
            }),
            breaker_on,
            rate_limit: part(object, "rateLimit", names, RATE_LIMIT_KEYS)
                .map(|part| part.map(|limit| read_rate_limit(&limit))),
            bulkhead: part(object, "bulkhead", names, BULKHEAD_KEYS)
                .map(|part| part.map(|bulkhead| read_bulkhead(&bulkhead))),
            timeout: object.timeout("timeout"),
            hedge: object.nested("hedge", hedge_keys).map(|hedge| read_hedge(&hedge)),
            classify: read_rows(object),
        }
    }

    /// Whether nothing is asked for but that an attempt may take so long: then a call is one attempt, and it ends as that
    /// does.
    #[must_use]
    pub fn only_bound_time(&self) -> bool {
        self.total_timeout.is_none() && self.retry.is_none() && !self.share_something()
    }

    /// Whether calls share anything beyond these options.
    #[must_use]
    pub fn share_something(&self) -> bool {
        self.breaker.is_some()
            || self.rate_limit.is_some()
            || self.bulkhead.is_some()
            || self.hedge.is_some()
            || self.cache.is_some()
            || self.single_flight
            || self.retry.as_ref().is_some_and(|retry| retry.budget.is_some())
    }
}

const WHAT: &str = "the options of the policy";

/// The keys of all policies, and `fallback`, whose functions stay with the host, which has taken them out.
const WITH_FALLBACK: &[&str] = &[
    "totalTimeout",
    "cache",
    "singleFlight",
    "retry",
    "circuitBreaker",
    "rateLimit",
    "bulkhead",
    "timeout",
    "hedge",
    "classify",
    "fallback",
];
const SHARED_KEYS: &[&str] = &["circuitBreaker", "rateLimit", "bulkhead", "retry"];
const CACHE_KEYS: &[&str] = &["ttl", "maxBytes", "staleWhileRevalidate", "staleIfError"];
const STEP_CACHE_KEYS: &[&str] = &["ttl", "maxBytes", "staleIfError", "key"];
const RETRY_KEYS: &[&str] = &["maxAttempts", "backoff", "delay", "maxDelay", "jitter", "maxElapsed", "on", "budget"];
/// What of a retry each call has for itself: all but its budget.
const RETRY_OWN: &[&str] = RETRY_KEYS.split_at(7).0;
const BUDGET_KEYS: &[&str] = &["ratio", "minPerSecond", "ttl"];
const BREAKER_KEYS: &[&str] = &[
    "window",
    "windowCalls",
    "failureRate",
    "slowCall",
    "slowCallRate",
    "minCalls",
    "openFor",
    "maxOpenFor",
    "probes",
    "on",
];
const RATE_LIMIT_KEYS: &[&str] = &["limit", "per", "burst", "unit", "perDay", "maxWait", "buckets"];
const BUCKET_KEYS: &[&str] = &["limit", "per", "burst", "unit"];
const BULKHEAD_KEYS: &[&str] = &["maxConcurrent", "maxQueue", "maxWait", "adaptive"];
const ADAPTIVE_KEYS: &[&str] = &["algorithm", "minConcurrent", "initial", "latency", "backoffRatio"];
const HEDGE_KEYS: &[&str] = &["delay", "percentile", "minCalls", "maxExtra", "with"];
const STEP_HEDGE_KEYS: &[&str] = &["delay", "percentile", "minCalls", "maxExtra"];

/// Whether a part may be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// It may: there is somebody who keeps parts by name.
    Known,
    /// It may not.
    Unknown,
}

/// A shared part under a key: an object with no keys but these, or a name.
#[inline(never)]
fn part<'a>(object: &'a Object<'_>, key: &'a str, names: Names, known: &[&str]) -> Option<Part<Object<'a>>> {
    match object.get(key) {
        Some(Value::String(name)) if names == Names::Known => {
            if name.is_empty() {
                object.note(key, format_args!("`{key}` must be an object or a name, not an empty string"));
            }
            Some(Part::Named(name.clone()))
        }
        _ => object.nested(key, known).map(Part::Own),
    }
}

#[inline(never)]
fn read_retry(object: &Object<'_>, names: Names) -> Retry {
    let growths = [Growth::Constant, Growth::Linear, Growth::Exponential];
    let jitters = [Jitter::None, Jitter::Full, Jitter::Equal, Jitter::Decorrelated];
    let mut backoff = Backoff::default();
    let growth = object.choice("backoff", &["constant", "linear", "exponential"], &growths);
    backoff.growth = growth.unwrap_or(backoff.growth);
    let jitter = object.choice("jitter", &["none", "full", "equal", "decorrelated"], &jitters);
    backoff.jitter = jitter.unwrap_or(backoff.jitter);
    if backoff.jitter == Jitter::Decorrelated && backoff.growth != Growth::Exponential {
        object.note("jitter", format_args!("`decorrelated` jitter belongs to the backoff `exponential`"));
    }
    let max_attempts = object.count("maxAttempts").unwrap_or(Retry::default().max_attempts);
    object.duration_into("delay", &mut backoff.delay);
    object.duration_into("maxDelay", &mut backoff.max_delay);
    Retry {
        max_attempts,
        backoff,
        max_elapsed: object.timeout("maxElapsed"),
        on: read_filter(object),
        budget: part(object, "budget", names, BUDGET_KEYS).map(|part| part.map(|budget| read_budget(&budget))),
    }
}

fn read_budget(object: &Object<'_>) -> BudgetOptions {
    let mut budget = BudgetOptions { ..BudgetOptions::default() };
    object.timeout_into("ttl", &mut budget.ttl);
    budget.min_per_second = object.whole("minPerSecond").unwrap_or(budget.min_per_second);
    object.share_into("ratio", &mut budget.ratio);
    budget
}

/// `on`: kinds, codes and HTTP statuses in one list.
#[inline(never)]
fn read_filter(object: &Object<'_>) -> Option<Filter> {
    let elements = object.list("on")?;
    let list = At::Key(object.at(), "on");
    let mut filter = Filter::default();
    for (index, element) in elements.iter().enumerate() {
        let at = At::Place(&list, index);
        match element {
            Value::String(text) => match Kind::from_name(text) {
                Some(kind) => filter.kinds.push(kind),
                None => {
                    if let Some(kind) = nearest(text, Kind::NAMES.iter().copied()) {
                        object.problems.note_near(&at, format_args!("there is no kind `{text}`"), Some(kind));
                    }
                    filter.codes.push(text.to_string());
                }
            },
            other => match status_of(other) {
                Some(status) => filter.statuses.push(status),
                None => {
                    let given = describe_value(other);
                    let message =
                        format_args!("an error is named by its kind, its code or its HTTP status, not {given}");
                    object.problems.note(&at, message);
                }
            },
        }
    }
    Some(filter)
}

fn status_of(json: &Value) -> Option<u16> {
    json.as_f64().filter(|n| n.fract() == 0.0 && (100.0..=599.0).contains(n)).map(|n| n as u16)
}

#[inline(never)]
fn read_breaker(object: &Object<'_>) -> BreakerOptions {
    let mut breaker = BreakerOptions { ..BreakerOptions::default() };
    let time = object.timeout("window");
    let calls = object.count("windowCalls");
    if time.is_some() && calls.is_some() {
        object.note("windowCalls", format_args!("a window is a time or a number of calls, not both"));
    }
    if let Some(time) = time {
        breaker.window = Window::Time(time);
    }
    let min_calls = object.count("minCalls");
    if let Some(calls) = calls {
        breaker.window = Window::Calls(calls);
        breaker.min_calls = breaker.min_calls.min(calls);
        if min_calls.is_some_and(|min| min > calls) {
            let message = "`minCalls` must not be above `windowCalls`: the window would never hold that many";
            object.note("minCalls", format_args!("{message}"));
        }
    }
    breaker.min_calls = min_calls.unwrap_or(breaker.min_calls);
    object.timeout_into("openFor", &mut breaker.open_for);
    breaker.max_open_for = breaker.max_open_for.max(breaker.open_for);
    object.timeout_into("maxOpenFor", &mut breaker.max_open_for);
    if breaker.max_open_for < breaker.open_for {
        object.note("maxOpenFor", format_args!("`maxOpenFor` must not be shorter than `openFor`"));
    }
    breaker.slow_call = object.timeout("slowCall");
    if let Some(rate) = object.share("slowCallRate") {
        breaker.slow_call_rate = rate;
        if !object.has("slowCall") {
            object.note("slowCallRate", format_args!("`slowCallRate` needs `slowCall`: how long a slow call takes"));
        }
    }
    object.share_into("failureRate", &mut breaker.failure_rate);
    object.count_into("probes", &mut breaker.probes);
    breaker
}

#[inline(never)]
fn read_rate_limit(object: &Object<'_>) -> RateLimitOptions {
    let mut buckets: Vec<BucketOptions> = read_bucket(object).into_iter().collect();
    object.each("buckets", "a bucket", BUCKET_KEYS, &mut |_, bucket| {
        bucket.require("limit", "how many may pass");
        buckets.extend(read_bucket(bucket));
    });
    let per_day = object.count("perDay");
    // Without a rate of its own it keeps to what the service says.
    if object.has_empty("buckets") && !object.has("limit") && !object.has("perDay") {
        object.note("buckets", format_args!("`buckets` is empty, so it limits nothing: leave it out"));
    }
    RateLimitOptions { buckets, per_day, max_wait: object.duration("maxWait").unwrap_or_default() }
}

#[inline(never)]
fn read_bucket(object: &Object<'_>) -> Option<BucketOptions> {
    let unit = object.choice("unit", &["requests", "tokens"], &[Unit::Requests, Unit::Tokens]);
    let burst = object.count("burst");
    let per = object.timeout("per");
    let limit = object.count("limit");
    if !object.has("limit") {
        for key in ["per", "burst", "unit"] {
            if object.has(key) {
                object.note(key, format_args!("`{key}` belongs to a `limit`"));
            }
        }
    }
    let limit = limit?;
    let (per, burst) = (per.unwrap_or(Duration::from_secs(1)), burst.unwrap_or(limit));
    Some(BucketOptions { limit, per, burst, unit: unit.unwrap_or(Unit::Requests) })
}

#[inline(never)]
fn read_bulkhead(object: &Object<'_>) -> BulkheadOptions {
    let mut bulkhead = BulkheadOptions { ..BulkheadOptions::default() };
    object.count_into("maxConcurrent", &mut bulkhead.max_concurrent);
    bulkhead.max_queue = object.whole("maxQueue").unwrap_or(bulkhead.max_queue);
    bulkhead.max_wait = object.timeout("maxWait");
    let adaptive = object.nested("adaptive", ADAPTIVE_KEYS);
    bulkhead.adaptive = adaptive.map(|adaptive| read_adaptive(&adaptive, bulkhead.max_concurrent));
    bulkhead
}

fn read_adaptive(object: &Object<'_>, max: u32) -> AdaptiveOptions {
    let mut adaptive = AdaptiveOptions { max, ..AdaptiveOptions::default() };
    object.count_into("minConcurrent", &mut adaptive.min);
    let min = adaptive.min;
    if min > max {
        object.note("minConcurrent", format_args!("`minConcurrent` must not be above `maxConcurrent`"));
    }
    let initial = object.count("initial");
    if initial.is_some_and(|initial| initial < min || initial > max) {
        object.note("initial", format_args!("`initial` must be from `minConcurrent` to `maxConcurrent`"));
    }
    adaptive.initial = initial.unwrap_or(adaptive.initial.min(max).max(min));
    let ratio = object.number("backoffRatio", "a number from 0.5 to below 1", &|n| (0.5..1.0).contains(&n));
    adaptive.backoff_ratio = ratio.unwrap_or(adaptive.backoff_ratio);
    let algorithm = object.choice("algorithm", &["aimd", "gradient"], &[Algorithm::Aimd, Algorithm::Gradient]);
    adaptive.algorithm = algorithm.unwrap_or(adaptive.algorithm);
    object.timeout_into("latency", &mut adaptive.latency);
    adaptive
}

#[inline(never)]
fn read_hedge(object: &Object<'_>) -> HedgeOptions {
    const MOST: u32 = 3;
    let mut hedge = HedgeOptions { ..HedgeOptions::default() };
    let fixed = object.timeout("delay");
    let share = object.share("percentile");
    let min_calls = object.count("minCalls");
    if object.has("delay") {
        for key in ["percentile", "minCalls"] {
            if object.has(key) {
                object.note(key, format_args!("`{key}` belongs to a hedge without a `delay`"));
            }
        }
    }
    object.count_into("maxExtra", &mut hedge.max_extra);
    if hedge.max_extra > MOST {
        object.note("maxExtra", format_args!("`maxExtra` must be {MOST} at most"));
    }
    let with = object.choice("with", &["again", "fallback"], &[HedgeWith::Again, HedgeWith::Fallback]);
    hedge.with = with.unwrap_or_default();
    match (fixed, &mut hedge.delay) {
        (Some(fixed), delay) => *delay = HedgeDelay::Fixed(fixed),
        (None, HedgeDelay::Percentile { share: usual, min_calls: least }) => {
            *usual = share.unwrap_or(*usual);
            *least = min_calls.unwrap_or(*least);
        }
        (None, HedgeDelay::Fixed(_)) => {}
    }
    hedge
}

#[inline(never)]
fn read_cache(object: &Object<'_>) -> CacheOptions {
    let mut cache = CacheOptions { ..CacheOptions::default() };
    object.require("ttl", "how long an answer is good");
    object.timeout_into("ttl", &mut cache.ttl);
    cache.max_bytes = object.count("maxBytes").map_or(cache.max_bytes, u64::from);
    object.duration_into("staleWhileRevalidate", &mut cache.stale_while_revalidate);
    object.duration_into("staleIfError", &mut cache.stale_if_error);
    cache
}

const ROW: &str = "a row of `classify`";
const ROW_KEYS: &[&str] = &["code", "type", "name", "status", "kind", "severity", "retryable"];
/// The keys of a row that say which errors it is about.
const MATCHERS: &[&str] = ROW_KEYS.split_at(4).0;

fn read_rows(object: &Object<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    object.each("classify", ROW, ROW_KEYS, &mut |_, row| rows.extend(read_row(row)));
    rows
}

fn read_row(object: &Object<'_>) -> Option<Row> {
    if !MATCHERS.iter().any(|key| object.has(key)) {
        let message = "a row says which errors it is about: by `code`, `type`, `name` or `status`";
        object.problems.note(object.at(), format_args!("{message}"));
    }
    object.require("kind", "what the error means");
    let text = |key| object.string(key).map(str::to_owned);
    let severities = [Severity::Info, Severity::Error, Severity::Critical];
    Some(Row {
        code: text("code"),
        error_type: text("type"),
        name: text("name"),
        status: read_statuses(object),
        severity: object.choice("severity", &severities.map(Severity::name), &severities),
        retryable: object.flag("retryable"),
        kind: object.choice("kind", Kind::NAMES, Kind::ALL)?,
    })
}

/// An HTTP status, or the first and the last of a range.
fn read_statuses(object: &Object<'_>) -> Option<(u16, u16)> {
    let json = object.get("status")?;
    let range = match json {
        Value::List(ends) => match &ends[..] {
            [first, last] => status_of(first).zip(status_of(last)).filter(|(first, last)| first <= last),
            _ => None,
        },
        one => status_of(one).map(|status| (status, status)),
    };
    if range.is_none() {
        let given = if json.as_f64().is_some() { describe_value(json) } else { describe(json).to_owned() };
        object.must_be("status", "an HTTP status, or the first and the last of a range", &given);
    }
    range
}
