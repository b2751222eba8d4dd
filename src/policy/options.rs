//! The policies around a call, and how they are written: the same words in a definition and in `policy({ … })`.
//!
//! Reading is lenient, as everywhere: one pass finds every problem.

use std::rc::Rc;
use std::time::Duration;

use serde_json::Value as Json;

use super::{
    AdaptiveOptions, Algorithm, Backoff, BreakerOptions, BucketOptions, BudgetOptions, BulkheadOptions, CacheOptions,
    Filter, Growth, HedgeDelay, HedgeOptions, Jitter, RateLimitOptions, Retry, Row, Unit, Window,
};
use crate::error::{Code, Error, Kind, Severity, nearest};
use crate::reader::{Object, Problems, describe, describe_value, join};

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

impl Options {
    /// The keys of all policies.
    pub const KEYS: &[&str] = &[
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
    ];

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
        let json = serde_json::from_str(text).map_err(|error| {
            let problem = crate::error::Problem::new("", format!("not JSON: {error}"));
            Error::invalid(Code::ConfigInvalid, WHAT, vec![problem])
        })?;
        Self::new(&json)
    }

    /// Reads options that have been parsed already.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    pub fn new(json: &Json) -> Result<Self, Error> {
        let mut problems = Problems::default();
        let options = Object::read(json, "", "a policy", &mut problems).map(|object| {
            // The functions of `fallback` stay with the host, which has taken them out.
            let known = [Self::KEYS, &["fallback"]].concat();
            object.check_keys("a policy", &known, &[], &mut problems);
            Self::read(&object, Names::Unknown, &mut problems)
        });
        match options {
            Some(options) if problems.0.is_empty() => Ok(options),
            _ => Err(Error::invalid(Code::ConfigInvalid, WHAT, problems.0)),
        }
    }

    /// Reads parts that calls share by name: a circuit breaker, a rate limit, a bulkhead, a retry budget. What each call
    /// has for itself is refused, since nobody would look at it.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    pub fn shared(json: &Json) -> Result<Self, Error> {
        let mut problems = Problems::default();
        let options = Object::read(json, "", "shared policies", &mut problems).map(|object| {
            let known = ["circuitBreaker", "rateLimit", "bulkhead", "retry"];
            object.check_keys("shared policies", &known, &[], &mut problems);
            for (key, own) in [("retry", RETRY_OWN), ("circuitBreaker", &["on"])] {
                let pointer = object.pointer_to(key);
                let Some(parts) = object.get(key).and_then(Json::as_object) else { continue };
                for part in own.iter().filter(|part| parts.contains_key(**part)) {
                    let message = format!("`{part}` belongs to each step, and cannot be shared by name");
                    problems.note(join(&pointer, part), message);
                }
            }
            Self::read(&object, Names::Unknown, &mut problems)
        });
        match options {
            Some(options) if problems.0.is_empty() => Ok(options),
            _ => Err(Error::invalid(Code::ConfigInvalid, WHAT, problems.0)),
        }
    }

    /// Reads the policies among the keys of `object`.
    pub(crate) fn read(object: &Object<'_>, names: Names, problems: &mut Problems) -> Self {
        let mut breaker_on = None;
        Self {
            total_timeout: object.timeout("totalTimeout", problems),
            cache: nested(object, "cache", problems, |cache, problems| read_cache(cache, names, problems)),
            single_flight: object.flag("singleFlight", problems).unwrap_or_default(),
            retry: nested(object, "retry", problems, |retry, problems| read_retry(retry, names, problems)),
            breaker: part(object, "circuitBreaker", names, problems, |json, pointer, problems| {
                Object::read(json, pointer, "`circuitBreaker`", problems).map(|object| {
                    breaker_on = read_filter(&object, problems);
                    read_breaker(&object, problems)
                })
            }),
            breaker_on,
            rate_limit: part(object, "rateLimit", names, problems, read_rate_limit),
            bulkhead: part(object, "bulkhead", names, problems, |json, pointer, problems| {
                Object::read(json, pointer, "`bulkhead`", problems).map(|object| read_bulkhead(&object, problems))
            }),
            timeout: object.timeout("timeout", problems),
            hedge: nested(object, "hedge", problems, read_hedge),
            classify: read_rows(object, problems),
        }
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

/// What of a retry each call has for itself: all but its budget.
const RETRY_OWN: &[&str] = &["maxAttempts", "backoff", "delay", "maxDelay", "jitter", "maxElapsed", "on"];

/// Whether a part may be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// It may: there is somebody who keeps parts by name.
    Known,
    /// It may not.
    Unknown,
}

/// An object under a key, read by `read`.
fn nested<T>(
    object: &Object<'_>,
    key: &str,
    problems: &mut Problems,
    read: impl FnOnce(&Object<'_>, &mut Problems) -> T,
) -> Option<T> {
    let json = object.get(key)?;
    let pointer = object.pointer_to(key);
    let nested = Object::read(json, &pointer, &format!("`{key}`"), problems)?;
    Some(read(&nested, problems))
}

/// A shared part under a key: an object that `read` understands, or a name.
fn part<T>(
    object: &Object<'_>,
    key: &str,
    names: Names,
    problems: &mut Problems,
    read: impl FnOnce(&Json, &str, &mut Problems) -> Option<T>,
) -> Option<Part<T>> {
    let json = object.get(key)?;
    let pointer = object.pointer_to(key);
    match json {
        Json::String(name) if names == Names::Known => {
            if name.is_empty() {
                problems.note(pointer, format!("`{key}` must be an object or a name, not an empty string"));
            }
            Some(Part::Named(name.as_str().into()))
        }
        json => read(json, &pointer, problems).map(Part::Own),
    }
}

fn read_retry(object: &Object<'_>, names: Names, problems: &mut Problems) -> Retry {
    const KEYS: &[&str] = &["maxAttempts", "backoff", "delay", "maxDelay", "jitter", "maxElapsed", "on", "budget"];
    object.check_keys("`retry`", KEYS, &[], problems);
    let growths = [("constant", Growth::Constant), ("linear", Growth::Linear), ("exponential", Growth::Exponential)];
    let jitters = [
        ("none", Jitter::None),
        ("full", Jitter::Full),
        ("equal", Jitter::Equal),
        ("decorrelated", Jitter::Decorrelated),
    ];
    let defaults = Retry::default();
    let growth = object.choice("backoff", &growths, problems).unwrap_or(defaults.backoff.growth);
    let jitter = object.choice("jitter", &jitters, problems).unwrap_or(defaults.backoff.jitter);
    if jitter == Jitter::Decorrelated && growth != Growth::Exponential {
        problems.note(object.pointer_to("jitter"), "`decorrelated` jitter belongs to the backoff `exponential`");
    }
    Retry {
        max_attempts: object.count("maxAttempts", problems).unwrap_or(defaults.max_attempts),
        backoff: Backoff {
            growth,
            delay: object.duration("delay", problems).unwrap_or(defaults.backoff.delay),
            max_delay: object.duration("maxDelay", problems).unwrap_or(defaults.backoff.max_delay),
            jitter,
        },
        max_elapsed: object.timeout("maxElapsed", problems),
        on: read_filter(object, problems),
        budget: part(object, "budget", names, problems, |json, pointer, problems| {
            Object::read(json, pointer, "`budget`", problems).map(|object| read_budget(&object, problems))
        }),
    }
}

fn read_budget(object: &Object<'_>, problems: &mut Problems) -> BudgetOptions {
    object.check_keys("`budget`", &["ratio", "minPerSecond", "ttl"], &[], problems);
    let defaults = BudgetOptions::default();
    BudgetOptions {
        ttl: object.timeout("ttl", problems).unwrap_or(defaults.ttl),
        min_per_second: object.whole("minPerSecond", problems).unwrap_or(defaults.min_per_second),
        ratio: object.share("ratio", problems).unwrap_or(defaults.ratio),
    }
}

/// `on`: kinds, codes and HTTP statuses in one list.
fn read_filter(object: &Object<'_>, problems: &mut Problems) -> Option<Filter> {
    let elements = object.list("on", problems)?;
    let pointer = &object.pointer_to("on");
    let mut filter = Filter::default();
    for (index, element) in elements.iter().enumerate() {
        let at = join(pointer, index);
        match element {
            Json::String(text) => match Kind::from_name(text) {
                Some(kind) => filter.kinds.push(kind),
                None => {
                    let kinds = Kind::ALL.iter().map(|kind| kind.name());
                    if nearest(text, kinds.clone()).is_some() {
                        problems.note_unknown(at, format!("there is no kind `{text}`"), text, kinds);
                    }
                    filter.codes.push(text.clone());
                }
            },
            other => match status_of(other) {
                Some(status) => filter.statuses.push(status),
                None => {
                    let given = describe_value(other);
                    problems
                        .note(at, format!("an error is named by its kind, its code or its HTTP status, not {given}"));
                }
            },
        }
    }
    Some(filter)
}

fn status_of(json: &Json) -> Option<u16> {
    json.as_f64().filter(|n| n.fract() == 0.0 && (100.0..=599.0).contains(n)).map(|n| n as u16)
}

fn read_breaker(object: &Object<'_>, problems: &mut Problems) -> BreakerOptions {
    const KEYS: &[&str] = &[
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
    object.check_keys("`circuitBreaker`", KEYS, &[], problems);
    let defaults = BreakerOptions::default();
    let time = object.timeout("window", problems);
    let calls = object.count("windowCalls", problems);
    if time.is_some() && calls.is_some() {
        problems.note(object.pointer_to("windowCalls"), "a window is a time or a number of calls, not both");
    }
    let min_calls = object.count("minCalls", problems);
    if let (Some(calls), Some(min)) = (calls, min_calls)
        && min > calls
    {
        let message = "`minCalls` must not be above `windowCalls`: the window would never hold that many";
        problems.note(object.pointer_to("minCalls"), message);
    }
    let open_for = object.timeout("openFor", problems).unwrap_or(defaults.open_for);
    let max_open_for = object.timeout("maxOpenFor", problems);
    if max_open_for.is_some_and(|max| max < open_for) {
        problems.note(object.pointer_to("maxOpenFor"), "`maxOpenFor` must not be shorter than `openFor`");
    }
    let slow_call = object.timeout("slowCall", problems);
    let slow_call_rate = object.share("slowCallRate", problems);
    if slow_call_rate.is_some() && object.get("slowCall").is_none() {
        problems.note(object.pointer_to("slowCallRate"), "`slowCallRate` needs `slowCall`: how long a slow call takes");
    }
    BreakerOptions {
        window: calls.map(Window::Calls).or(time.map(Window::Time)).unwrap_or(defaults.window),
        failure_rate: object.share("failureRate", problems).unwrap_or(defaults.failure_rate),
        slow_call,
        slow_call_rate: slow_call_rate.unwrap_or(defaults.slow_call_rate),
        min_calls: min_calls.unwrap_or(calls.map_or(defaults.min_calls, |calls| defaults.min_calls.min(calls))),
        open_for,
        max_open_for: max_open_for.unwrap_or(defaults.max_open_for.max(open_for)),
        probes: object.count("probes", problems).unwrap_or(defaults.probes),
    }
}

fn read_rate_limit(json: &Json, pointer: &str, problems: &mut Problems) -> Option<RateLimitOptions> {
    const KEYS: &[&str] = &["limit", "per", "burst", "unit", "perDay", "maxWait", "buckets"];
    let object = Object::read(json, pointer, "`rateLimit`", problems)?;
    object.check_keys("`rateLimit`", KEYS, &[], problems);
    let mut buckets: Vec<BucketOptions> = read_bucket(&object, problems).into_iter().collect();
    if let Some(elements) = object.list("buckets", problems) {
        for (index, element) in elements.iter().enumerate() {
            let at = join(&object.pointer_to("buckets"), index);
            let Some(bucket) = Object::read(element, &at, "a bucket", problems) else { continue };
            bucket.check_keys("a bucket", &["limit", "per", "burst", "unit"], &[], problems);
            if bucket.get("limit").is_none() {
                problems.note(bucket.pointer(), "`limit` is missing: how many may pass");
            }
            buckets.extend(read_bucket(&bucket, problems));
        }
    }
    let per_day = object.count("perDay", problems);
    let none = |key| object.get(key).and_then(Json::as_array).is_some_and(Vec::is_empty);
    if none("buckets") && object.get("limit").is_none() && object.get("perDay").is_none() {
        problems.note(object.pointer_to("buckets"), "`buckets` is empty, so it limits nothing: leave `rateLimit` out");
    }
    if ["limit", "buckets", "perDay"].iter().all(|key| object.get(key).is_none()) {
        problems.note(object.pointer(), "`limit` is missing: how many may pass");
    }
    Some(RateLimitOptions { buckets, per_day, max_wait: object.duration("maxWait", problems).unwrap_or_default() })
}

fn read_bucket(object: &Object<'_>, problems: &mut Problems) -> Option<BucketOptions> {
    let units = [("requests", Unit::Requests), ("tokens", Unit::Tokens)];
    let unit = object.choice("unit", &units, problems).unwrap_or(Unit::Requests);
    let burst = object.count("burst", problems);
    let per = object.timeout("per", problems);
    let limit = object.count("limit", problems);
    if limit.is_none() {
        for key in ["per", "burst", "unit"] {
            if object.get("limit").is_none() && object.get(key).is_some() {
                problems.note(object.pointer_to(key), format!("`{key}` belongs to a `limit`"));
            }
        }
    }
    let limit = limit?;
    Some(BucketOptions { limit, per: per.unwrap_or(Duration::from_secs(1)), burst: burst.unwrap_or(limit), unit })
}

fn read_bulkhead(object: &Object<'_>, problems: &mut Problems) -> BulkheadOptions {
    object.check_keys("`bulkhead`", &["maxConcurrent", "maxQueue", "maxWait", "adaptive"], &[], problems);
    let defaults = BulkheadOptions::default();
    let max_concurrent = object.count("maxConcurrent", problems).unwrap_or(defaults.max_concurrent);
    BulkheadOptions {
        max_concurrent,
        max_queue: object.whole("maxQueue", problems).unwrap_or(defaults.max_queue),
        max_wait: object.timeout("maxWait", problems),
        adaptive: nested(object, "adaptive", problems, |adaptive, problems| {
            read_adaptive(adaptive, max_concurrent, problems)
        }),
    }
}

fn read_adaptive(object: &Object<'_>, max: u32, problems: &mut Problems) -> AdaptiveOptions {
    const KEYS: &[&str] = &["algorithm", "minConcurrent", "initial", "latency", "backoffRatio"];
    object.check_keys("`adaptive`", KEYS, &[], problems);
    let algorithms = [("aimd", Algorithm::Aimd), ("gradient", Algorithm::Gradient)];
    let defaults = AdaptiveOptions::default();
    let min = object.count("minConcurrent", problems).unwrap_or(defaults.min);
    if min > max {
        problems.note(object.pointer_to("minConcurrent"), "`minConcurrent` must not be above `maxConcurrent`");
    }
    let initial = object.count("initial", problems);
    if initial.is_some_and(|initial| initial < min || initial > max) {
        let message = "`initial` must be from `minConcurrent` to `maxConcurrent`";
        problems.note(object.pointer_to("initial"), message);
    }
    let fits = |n: f64| (0.5..1.0).contains(&n);
    let ratio = object.number_within("backoffRatio", "a number from 0.5 to below 1", problems, fits);
    AdaptiveOptions {
        algorithm: object.choice("algorithm", &algorithms, problems).unwrap_or(defaults.algorithm),
        min,
        max,
        initial: initial.unwrap_or(defaults.initial.min(max).max(min)),
        latency: object.timeout("latency", problems).unwrap_or(defaults.latency),
        backoff_ratio: ratio.unwrap_or(defaults.backoff_ratio),
    }
}

fn read_hedge(object: &Object<'_>, problems: &mut Problems) -> HedgeOptions {
    object.check_keys("`hedge`", &["delay", "percentile", "minCalls", "maxExtra"], &[], problems);
    let defaults = HedgeOptions::default();
    let fixed = object.timeout("delay", problems);
    let share = object.share("percentile", problems);
    let min_calls = object.count("minCalls", problems);
    if object.get("delay").is_some() {
        for key in ["percentile", "minCalls"] {
            if object.get(key).is_some() {
                problems.note(object.pointer_to(key), format!("`{key}` belongs to a hedge without a `delay`"));
            }
        }
    }
    let most = 3;
    let max_extra = object.count("maxExtra", problems).unwrap_or(defaults.max_extra);
    if max_extra > most {
        problems.note(object.pointer_to("maxExtra"), format!("`maxExtra` must be {most} at most"));
    }
    let delay = match (fixed, defaults.delay) {
        (Some(delay), _) => HedgeDelay::Fixed(delay),
        (None, HedgeDelay::Percentile { share: usual, min_calls: least }) => {
            HedgeDelay::Percentile { share: share.unwrap_or(usual), min_calls: min_calls.unwrap_or(least) }
        }
        (None, fixed) => fixed,
    };
    HedgeOptions { delay, max_extra }
}

fn read_cache(object: &Object<'_>, names: Names, problems: &mut Problems) -> CacheOptions {
    const KEYS: &[&str] = &["ttl", "maxBytes", "staleWhileRevalidate", "staleIfError"];
    // A step says in its definition what tells its answers apart; a call of `policy()` says it for each call.
    const STEP_KEYS: &[&str] = &["ttl", "maxBytes", "staleIfError", "key"];
    object.check_keys("`cache`", if names == Names::Known { STEP_KEYS } else { KEYS }, &[], problems);
    let defaults = CacheOptions::default();
    if object.get("ttl").is_none() {
        problems.note(object.pointer(), "`ttl` is missing: how long an answer is good");
    }
    CacheOptions {
        ttl: object.timeout("ttl", problems).unwrap_or(defaults.ttl),
        max_bytes: object.count("maxBytes", problems).map_or(defaults.max_bytes, u64::from),
        stale_while_revalidate: object.duration("staleWhileRevalidate", problems).unwrap_or_default(),
        stale_if_error: object.duration("staleIfError", problems).unwrap_or_default(),
    }
}

fn read_rows(object: &Object<'_>, problems: &mut Problems) -> Vec<Row> {
    let pointer = object.pointer_to("classify");
    let elements = object.list("classify", problems).unwrap_or_default();
    let mut rows = Vec::with_capacity(elements.len());
    for (index, element) in elements.iter().enumerate() {
        let at = join(&pointer, index);
        if let Some(row) = Object::read(element, &at, "a row of `classify`", problems) {
            rows.extend(read_row(&row, problems));
        }
    }
    rows
}

fn read_row(object: &Object<'_>, problems: &mut Problems) -> Option<Row> {
    const MATCHERS: &[&str] = &["code", "type", "name", "status"];
    const KEYS: &[&str] = &["code", "type", "name", "status", "kind", "severity", "retryable"];
    object.check_keys("a row of `classify`", KEYS, &[], problems);
    if MATCHERS.iter().all(|key| object.get(key).is_none()) {
        problems.note(object.pointer(), "a row says which errors it is about: by `code`, `type`, `name` or `status`");
    }
    if object.get("kind").is_none() {
        problems.note(object.pointer(), "`kind` is missing: what the error means");
    }
    let kinds: Vec<(&str, Kind)> = Kind::ALL.iter().map(|kind| (kind.name(), *kind)).collect();
    let severities = [Severity::Info, Severity::Error, Severity::Critical].map(|it| (it.name(), it));
    let text = |key, problems: &mut Problems| object.string(key, problems).map(str::to_owned);
    Some(Row {
        code: text("code", problems),
        error_type: text("type", problems),
        name: text("name", problems),
        status: read_statuses(object, problems),
        severity: object.choice("severity", &severities, problems),
        retryable: object.flag("retryable", problems),
        kind: object.choice("kind", &kinds, problems)?,
    })
}

/// An HTTP status, or the first and the last of a range.
fn read_statuses(object: &Object<'_>, problems: &mut Problems) -> Option<(u16, u16)> {
    let json = object.get("status")?;
    let range = match json {
        Json::Array(ends) => match &ends[..] {
            [first, last] => status_of(first).zip(status_of(last)).filter(|(first, last)| first <= last),
            _ => None,
        },
        one => status_of(one).map(|status| (status, status)),
    };
    if range.is_none() {
        let given = if json.is_number() { describe_value(json) } else { describe(json).to_owned() };
        let message = format!("`status` must be an HTTP status, or the first and the last of a range, not {given}");
        problems.note(object.pointer_to("status"), message);
    }
    range
}
