//! How policies are written.

use std::time::Duration;

use proptest::prelude::*;
use repflow::error::{Kind, Severity};
use repflow::policy::{
    AdaptiveOptions, Algorithm, Backoff, BreakerOptions, BucketOptions, BudgetOptions, BulkheadOptions, CacheOptions,
    Filter, Growth, HedgeDelay, HedgeOptions, HedgeWith, Jitter, Options, Part, RateLimitOptions, Retry, Row, Unit,
    Window,
};
use repflow::value::Value;
use serde_json::{Value as Json, json};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn read(json: Json) -> Options {
    Options::new(&Value::from(&json)).unwrap_or_else(|error| panic!("{json}: {:?}", error.problems()))
}

/// The pointers of all problems, in order; the suggestion behind those that have one.
fn problems(json: &Json) -> Vec<String> {
    let error = Options::new(&Value::from(json)).expect_err("this must not pass");
    let problems = error.problems().iter();
    problems
        .map(|problem| match &problem.suggestion {
            Some(suggestion) => format!("{} → {suggestion}", problem.pointer),
            None => problem.pointer.clone(),
        })
        .collect()
}

#[test]
fn every_key_is_read() {
    let options = read(json!({
        "totalTimeout": "1m",
        "cache": { "ttl": "5m", "maxBytes": 1_000, "staleWhileRevalidate": "10s", "staleIfError": "1h" },
        "singleFlight": true,
        "retry": {
            "maxAttempts": 5, "backoff": "linear", "delay": "100ms", "maxDelay": "10s", "jitter": "equal",
            "maxElapsed": "20s", "on": ["timeout", "slow_down", 503],
            "budget": { "ratio": 0.1, "minPerSecond": 0, "ttl": "30s" }
        },
        "circuitBreaker": {
            "window": "1m", "failureRate": 0.25, "slowCall": "2s", "slowCallRate": 0.75, "minCalls": 20,
            "openFor": "5s", "maxOpenFor": "1m", "probes": 3, "on": ["unavailable"]
        },
        "rateLimit": {
            "limit": 60, "per": "1m", "burst": 10, "unit": "requests", "perDay": 1_000, "maxWait": "2s",
            "buckets": [{ "limit": 9_000, "per": "1m", "burst": 500, "unit": "tokens" }]
        },
        "bulkhead": {
            "maxConcurrent": 20, "maxQueue": 7, "maxWait": "3s",
            "adaptive": {
                "algorithm": "gradient", "minConcurrent": 2, "initial": 5, "latency": "4s", "backoffRatio": 0.5
            }
        },
        "timeout": 10_000,
        "hedge": { "delay": "1.5s", "maxExtra": 2, "with": "fallback" },
        "classify": [
            { "code": "oops", "kind": "internal", "severity": "info", "retryable": false },
            { "type": "bad", "name": "MyError", "status": [500, 502], "kind": "unavailable" },
            { "status": 418, "kind": "validation" }
        ]
    }));
    assert_eq!(options.total_timeout, Some(ms(60_000)));
    let (ttl, stale_while_revalidate, stale_if_error) = (ms(300_000), ms(10_000), ms(3_600_000));
    assert_eq!(options.cache, Some(CacheOptions { ttl, max_bytes: 1_000, stale_while_revalidate, stale_if_error }));
    assert!(options.single_flight);
    let (growth, jitter) = (Growth::Linear, Jitter::Equal);
    let expected = Retry {
        max_attempts: 5,
        backoff: Backoff { growth, delay: ms(100), max_delay: ms(10_000), jitter },
        max_elapsed: Some(ms(20_000)),
        on: Some(Filter { kinds: vec![Kind::Timeout], codes: vec!["slow_down".to_owned()], statuses: vec![503] }),
        budget: Some(Part::Own(BudgetOptions { ttl: ms(30_000), min_per_second: 0, ratio: 0.1 })),
    };
    assert_eq!(options.retry, Some(expected));
    let expected = BreakerOptions {
        window: Window::Time(ms(60_000)),
        failure_rate: 0.25,
        slow_call: Some(ms(2_000)),
        slow_call_rate: 0.75,
        min_calls: 20,
        open_for: ms(5_000),
        max_open_for: ms(60_000),
        probes: 3,
    };
    assert_eq!(options.breaker, Some(Part::Own(expected)));
    assert_eq!(options.breaker_on, Some(Filter { kinds: vec![Kind::Unavailable], ..Filter::default() }));
    let per = ms(60_000);
    let expected = RateLimitOptions {
        buckets: vec![
            BucketOptions { limit: 60, per, burst: 10, unit: Unit::Requests },
            BucketOptions { limit: 9_000, per, burst: 500, unit: Unit::Tokens },
        ],
        per_day: Some(1_000),
        max_wait: ms(2_000),
    };
    assert_eq!(options.rate_limit, Some(Part::Own(expected)));
    let (algorithm, latency) = (Algorithm::Gradient, ms(4_000));
    let adaptive = Some(AdaptiveOptions { algorithm, min: 2, max: 20, initial: 5, latency, backoff_ratio: 0.5 });
    let expected = BulkheadOptions { max_concurrent: 20, max_queue: 7, max_wait: Some(ms(3_000)), adaptive };
    assert_eq!(options.bulkhead, Some(Part::Own(expected)));
    assert_eq!(options.timeout, Some(ms(10_000)), "a number is milliseconds");
    assert_eq!(
        options.hedge,
        Some(HedgeOptions { delay: HedgeDelay::Fixed(ms(1_500)), max_extra: 2, with: HedgeWith::Fallback })
    );
    let row =
        |kind| Row { code: None, error_type: None, name: None, status: None, kind, severity: None, retryable: None };
    let oops = Some("oops".to_owned());
    let (bad, name) = (Some("bad".to_owned()), Some("MyError".to_owned()));
    let expected = [
        Row { code: oops, severity: Some(Severity::Info), retryable: Some(false), ..row(Kind::Internal) },
        Row { error_type: bad, name, status: Some((500, 502)), ..row(Kind::Unavailable) },
        Row { status: Some((418, 418)), ..row(Kind::Validation) },
    ];
    assert_eq!(options.classify, expected);
}

#[test]
fn what_is_left_out_has_its_default() {
    let options = read(json!({}));
    assert!(!options.share_something() && options.retry.is_none() && options.classify.is_empty());
    assert_eq!((options.total_timeout, options.timeout, options.single_flight), (None, None, false));

    let options = read(json!({
        "cache": { "ttl": "1s" }, "retry": { "budget": {} }, "circuitBreaker": {}, "rateLimit": { "limit": 5 },
        "bulkhead": { "adaptive": {} }, "hedge": {}
    }));
    assert_eq!(options.cache, Some(CacheOptions { ttl: ms(1_000), ..CacheOptions::default() }));
    let budget = Some(Part::Own(BudgetOptions::default()));
    assert_eq!(options.retry, Some(Retry { budget, ..Retry::default() }));
    assert_eq!((options.breaker, options.breaker_on), (Some(Part::Own(BreakerOptions::default())), None));
    let bucket = BucketOptions { limit: 5, per: ms(1_000), burst: 5, unit: Unit::Requests };
    let expected = RateLimitOptions { buckets: vec![bucket], ..RateLimitOptions::default() };
    assert_eq!(options.rate_limit, Some(Part::Own(expected)), "a burst is as large as the limit");
    let adaptive = Some(AdaptiveOptions { max: 10, ..AdaptiveOptions::default() });
    let expected = BulkheadOptions { adaptive, ..BulkheadOptions::default() };
    assert_eq!(options.bulkhead, Some(Part::Own(expected)), "the limit adapts up to `maxConcurrent`");
    assert_eq!(options.hedge, Some(HedgeOptions::default()));
}

#[test]
fn one_option_moves_the_default_of_another() {
    let breaker = |json: Json| match read(json!({ "circuitBreaker": json })).breaker {
        Some(Part::Own(options)) => options,
        other => panic!("{other:?}"),
    };
    let small = breaker(json!({ "windowCalls": 4 }));
    assert_eq!((small.window, small.min_calls), (Window::Calls(4), 4), "a full window decides");
    assert_eq!(breaker(json!({ "windowCalls": 40 })).min_calls, 10);
    assert_eq!(breaker(json!({ "openFor": "5m" })).max_open_for, ms(300_000));

    let bulkhead = |json: Json| match read(json!({ "bulkhead": json })).bulkhead {
        Some(Part::Own(BulkheadOptions { adaptive: Some(adaptive), .. })) => {
            (adaptive.min, adaptive.initial, adaptive.max)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(bulkhead(json!({ "maxConcurrent": 4, "adaptive": {} })), (1, 4, 4));
    assert_eq!(bulkhead(json!({ "maxConcurrent": 40, "adaptive": { "minConcurrent": 20 } })), (20, 20, 40));

    let hedge = |json: Json| read(json!({ "hedge": json })).hedge.map(|hedge| hedge.delay);
    let percentile = |share, min_calls| Some(HedgeDelay::Percentile { share, min_calls });
    assert_eq!(hedge(json!({ "percentile": 0.9 })), percentile(0.9, 10));
    assert_eq!(hedge(json!({ "minCalls": 50 })), percentile(0.95, 50));
}

#[test]
fn each_choice_is_read() {
    let backoff =
        |json: Json| read(json!({ "retry": json })).retry.map(|retry| (retry.backoff.growth, retry.backoff.jitter));
    for (word, growth) in
        [("constant", Growth::Constant), ("linear", Growth::Linear), ("exponential", Growth::Exponential)]
    {
        assert_eq!(backoff(json!({ "backoff": word })), Some((growth, Jitter::Full)));
    }
    let jitters = [
        ("none", Jitter::None),
        ("full", Jitter::Full),
        ("equal", Jitter::Equal),
        ("decorrelated", Jitter::Decorrelated),
    ];
    for (word, jitter) in jitters {
        assert_eq!(backoff(json!({ "jitter": word })), Some((Growth::Exponential, jitter)));
    }
    let adaptive = read(json!({ "bulkhead": { "adaptive": { "algorithm": "aimd" } } })).bulkhead;
    assert!(
        matches!(adaptive, Some(Part::Own(BulkheadOptions { adaptive: Some(it), .. })) if it.algorithm == Algorithm::Aimd)
    );
    let daily = read(json!({ "rateLimit": { "perDay": 9 } })).rate_limit;
    assert!(matches!(daily, Some(Part::Own(it)) if it.buckets.is_empty() && it.per_day == Some(9)));
    // Without a rate of its own it keeps to what the service says.
    let follows = RateLimitOptions { max_wait: ms(5), ..RateLimitOptions::default() };
    assert_eq!(read(json!({ "rateLimit": { "maxWait": 5 } })).rate_limit, Some(Part::Own(follows)));
    assert_eq!(read(json!({ "rateLimit": {} })).rate_limit, Some(Part::Own(RateLimitOptions::default())));
}

#[test]
fn any_shared_part_is_noticed() {
    for json in [
        json!({ "circuitBreaker": {} }),
        json!({ "rateLimit": { "limit": 1 } }),
        json!({ "bulkhead": {} }),
        json!({ "hedge": {} }),
        json!({ "cache": { "ttl": 1 } }),
        json!({ "singleFlight": true }),
        json!({ "retry": { "budget": {} } }),
    ] {
        assert!(read(json.clone()).share_something(), "{json}");
    }
    let alone = json!({ "retry": {}, "timeout": 1, "totalTimeout": 1, "singleFlight": false, "classify": [] });
    assert!(!read(alone).share_something());
}

/// One pass finds every problem, each where it is.
#[test]
fn every_problem_is_listed_at_once() {
    let wrong = json!({
        "timeuot": "10s",
        "totalTimeout": 0,
        "cache": { "maxBytes": 0 },
        "retry": { "maxAttempts": 0, "delay": -1, "backoff": "linear", "jitter": "decorrelated", "tries": 3,
                   "budget": { "ratio": 0 } },
        "circuitBreaker": { "failureRate": 1.5, "window": "10s", "windowCalls": 10, "slowCallRate": 0.5 },
        "rateLimit": { "per": "1s" },
        "bulkhead": { "maxConcurrent": 1.5, "adaptive": { "backoffRatio": 1 } },
        "hedge": { "delay": "1s", "percentile": 0.9, "maxExtra": 4 },
        "classify": [{}]
    });
    let mut found = problems(&wrong);
    found.sort();
    assert_eq!(
        found,
        [
            "/bulkhead/adaptive/backoffRatio",
            "/bulkhead/maxConcurrent",
            "/cache",
            "/cache/maxBytes",
            "/circuitBreaker/failureRate",
            "/circuitBreaker/slowCallRate",
            "/circuitBreaker/windowCalls",
            "/classify/0",
            "/classify/0",
            "/hedge/maxExtra",
            "/hedge/percentile",
            "/rateLimit/per",
            "/retry/budget/ratio",
            "/retry/delay",
            "/retry/jitter",
            "/retry/maxAttempts",
            "/retry/tries",
            "/timeuot → timeout",
            "/totalTimeout",
        ]
    );
}

/// Each wrong on its own, so that none hides behind another.
#[test]
fn each_mistake_is_found_where_it_is() {
    for (wrong, expected) in [
        (json!([]), ""),
        (json!({ "retry": { "delay": "-1s" } }), "/retry/delay"),
        (json!({ "retry": { "delay": 0.5 } }), "/retry/delay"),
        (json!({ "retry": { "maxDelay": "11y" } }), "/retry/maxDelay"),
        (json!({ "retry": { "maxElapsed": 0 } }), "/retry/maxElapsed"),
        (json!({ "retry": { "maxAttempts": 4_294_967_296_u64 } }), "/retry/maxAttempts"),
        (json!({ "retry": { "backoff": "exponentail" } }), "/retry/backoff → exponential"),
        (json!({ "retry": { "jitter": "ful" } }), "/retry/jitter → full"),
        (json!({ "retry": { "backoff": "constant", "jitter": "decorrelated" } }), "/retry/jitter"),
        (json!({ "retry": { "on": "timeout" } }), "/retry/on"),
        (json!({ "retry": { "on": ["timeuot"] } }), "/retry/on/0 → timeout"),
        (json!({ "retry": { "on": [503, 99] } }), "/retry/on/1"),
        (json!({ "retry": { "on": [true] } }), "/retry/on/0"),
        (json!({ "retry": { "budget": "shared" } }), "/retry/budget"),
        (json!({ "retry": { "budget": { "ratio": 1.1 } } }), "/retry/budget/ratio"),
        (json!({ "retry": { "budget": { "minPerSecond": -1 } } }), "/retry/budget/minPerSecond"),
        (json!({ "retry": { "budget": { "ttl": "0s" } } }), "/retry/budget/ttl"),
        (json!({ "retry": { "maxAttempt": 2 } }), "/retry/maxAttempt → maxAttempts"),
        (json!({ "circuitBreaker": "model" }), "/circuitBreaker"),
        (json!({ "circuitBreaker": { "failureRate": 0 } }), "/circuitBreaker/failureRate"),
        (json!({ "circuitBreaker": { "slowCall": "1s", "slowCallRate": 2 } }), "/circuitBreaker/slowCallRate"),
        (json!({ "circuitBreaker": { "windowCalls": 5, "minCalls": 6 } }), "/circuitBreaker/minCalls"),
        (json!({ "circuitBreaker": { "openFor": "1m", "maxOpenFor": "59s" } }), "/circuitBreaker/maxOpenFor"),
        (json!({ "circuitBreaker": { "maxOpenFor": "9s" } }), "/circuitBreaker/maxOpenFor"),
        (json!({ "circuitBreaker": { "probes": 0 } }), "/circuitBreaker/probes"),
        (json!({ "circuitBreaker": { "window": 0 } }), "/circuitBreaker/window"),
        (json!({ "circuitBreaker": { "on": [{}] } }), "/circuitBreaker/on/0"),
        (json!({ "circuitBreaker": { "openfor": 1 } }), "/circuitBreaker/openfor → openFor"),
        (json!({ "rateLimit": { "perDay": 1, "per": "1s" } }), "/rateLimit/per"),
        (json!({ "rateLimit": { "perDay": 1, "burst": 1 } }), "/rateLimit/burst"),
        (json!({ "rateLimit": { "limit": 0 } }), "/rateLimit/limit"),
        (json!({ "rateLimit": { "limit": 1, "unit": "token" } }), "/rateLimit/unit → tokens"),
        (json!({ "rateLimit": { "buckets": [{ "per": "1s", "limit": 1 }, 7] } }), "/rateLimit/buckets/1"),
        (json!({ "rateLimit": { "buckets": [{ "limit": 1, "maxWait": 1 }] } }), "/rateLimit/buckets/0/maxWait"),
        (json!({ "rateLimit": { "buckets": [{}] } }), "/rateLimit/buckets/0"),
        (json!({ "rateLimit": { "buckets": [] } }), "/rateLimit/buckets"),
        (json!({ "retry": { "maxAttempts": 4_294_967_296_u64 } }), "/retry/maxAttempts"),
        (json!({ "rateLimit": { "buckets": [], "maxWait": "1s" } }), "/rateLimit/buckets"),
        (json!({ "bulkhead": { "maxConcurrent": 0 } }), "/bulkhead/maxConcurrent"),
        (json!({ "bulkhead": { "maxQueue": -1 } }), "/bulkhead/maxQueue"),
        (json!({ "bulkhead": { "maxWait": 0 } }), "/bulkhead/maxWait"),
        (json!({ "bulkhead": { "adaptive": true } }), "/bulkhead/adaptive"),
        (json!({ "bulkhead": { "adaptive": { "minConcurrent": 11 } } }), "/bulkhead/adaptive/minConcurrent"),
        (json!({ "bulkhead": { "adaptive": { "initial": 11 } } }), "/bulkhead/adaptive/initial"),
        (json!({ "bulkhead": { "adaptive": { "minConcurrent": 5, "initial": 4 } } }), "/bulkhead/adaptive/initial"),
        (json!({ "bulkhead": { "adaptive": { "backoffRatio": 0.4 } } }), "/bulkhead/adaptive/backoffRatio"),
        (json!({ "bulkhead": { "adaptive": { "algorithm": "vegas" } } }), "/bulkhead/adaptive/algorithm"),
        (json!({ "hedge": { "delay": 0 } }), "/hedge/delay"),
        (json!({ "hedge": { "delay": 1, "minCalls": 5 } }), "/hedge/minCalls"),
        (json!({ "hedge": { "percentile": 95 } }), "/hedge/percentile"),
        (json!({ "hedge": { "maxExtra": 4 } }), "/hedge/maxExtra"),
        (json!({ "hedge": { "with": "fallbacks" } }), "/hedge/with → fallback"),
        (json!({ "cache": {} }), "/cache"),
        (json!({ "cache": { "ttl": 0 } }), "/cache/ttl"),
        (json!({ "cache": { "ttl": 1, "staleIfErrors": 1 } }), "/cache/staleIfErrors → staleIfError"),
        (json!({ "classify": {} }), "/classify"),
        (json!({ "classify": ["timeout"] }), "/classify/0"),
        (json!({ "classify": [{ "kind": "timeout" }] }), "/classify/0"),
        (json!({ "classify": [{ "code": "x" }] }), "/classify/0"),
        (json!({ "classify": [{ "code": "x", "kind": "timeuot" }] }), "/classify/0/kind → timeout"),
        (json!({ "classify": [{ "code": 7, "kind": "timeout" }] }), "/classify/0/code"),
        (json!({ "classify": [{ "status": [502, 500], "kind": "timeout" }] }), "/classify/0/status"),
        (json!({ "classify": [{ "status": 600, "kind": "timeout" }] }), "/classify/0/status"),
        (json!({ "classify": [{ "status": 500, "kind": "timeout", "severity": "bad" }] }), "/classify/0/severity"),
        (json!({ "classify": [{ "status": 500, "kind": "timeout", "retryable": 1 }] }), "/classify/0/retryable"),
    ] {
        assert_eq!(problems(&wrong), [expected], "{wrong}");
    }
    assert_eq!(Options::from_json("{").unwrap_err().problems().len(), 1);
}

/// Where each key stands, with an object around it that is right without it.
fn with_key(path: &[&str], value: Json) -> Json {
    let mut json = match path[0] {
        "cache" => json!({ "cache": { "ttl": 1 } }),
        "rateLimit" => json!({ "rateLimit": { "limit": 1 } }),
        _ => json!({}),
    };
    let mut place = &mut json;
    for key in path {
        place = &mut place[*key];
    }
    *place = value;
    json
}

const PATHS: &[&str] = &[
    "totalTimeout timeout singleFlight cache retry circuitBreaker rateLimit bulkhead hedge classify",
    "cache/ttl cache/maxBytes cache/staleWhileRevalidate cache/staleIfError",
    "retry/maxAttempts retry/backoff retry/delay retry/maxDelay retry/jitter retry/maxElapsed retry/on retry/budget",
    "retry/budget/ratio retry/budget/minPerSecond retry/budget/ttl",
    "circuitBreaker/window circuitBreaker/windowCalls circuitBreaker/failureRate circuitBreaker/slowCall",
    "circuitBreaker/minCalls circuitBreaker/openFor circuitBreaker/maxOpenFor circuitBreaker/probes circuitBreaker/on",
    "rateLimit/limit rateLimit/per rateLimit/burst rateLimit/unit rateLimit/perDay rateLimit/maxWait rateLimit/buckets",
    "bulkhead/maxConcurrent bulkhead/maxQueue bulkhead/maxWait bulkhead/adaptive",
    "bulkhead/adaptive/algorithm bulkhead/adaptive/minConcurrent bulkhead/adaptive/initial",
    "bulkhead/adaptive/latency bulkhead/adaptive/backoffRatio",
    "hedge/delay hedge/percentile hedge/minCalls hedge/maxExtra hedge/with",
];

fn paths() -> impl Iterator<Item = Vec<&'static str>> {
    PATHS.iter().flat_map(|line| line.split(' ')).map(|path| path.split('/').collect())
}

/// `null` is a value like any other, and nowhere the right one.
#[test]
fn a_value_of_the_wrong_type_is_found_wherever_it_is() {
    for path in paths() {
        let pointer = format!("/{}", path.join("/"));
        for wrong in [json!(null), json!("soon"), json!([[]]), json!(-7), json!({ "surely": "not" })] {
            let json = with_key(&path, wrong);
            let found = problems(&json);
            assert!(found.iter().any(|it| it.starts_with(&pointer)), "{json}: {found:?}");
        }
    }
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        (0..20).prop_map(Json::from),
        prop::sample::select(vec!["1s", "10s", "exponential", "timeout", "tokens", "", "decorrelated"])
            .prop_map(Json::from),
        ".{0,8}".prop_map(Json::from),
    ];
    let words: Vec<&str> = paths().flatten().chain(["code", "kind", "status", "surely"]).collect();
    leaf.prop_recursive(4, 60, 8, move |inner| {
        let key = prop::sample::select(words.clone()).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((key, inner), 0..8).prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever is written, the answer is options or problems; and each problem points at what is there, or at the
    /// object in which something is missing.
    #[test]
    fn reading_never_panics(json in any_json()) {
        if let Err(error) = Options::new(&Value::from(&json)) {
            prop_assert!(!error.problems().is_empty());
            for problem in error.problems() {
                prop_assert!(json.pointer(&problem.pointer).is_some(), "{}: {}", json, problem.pointer);
            }
        }
        let _ = Options::from_json(&json.to_string());
    }

    #[test]
    fn text_that_is_not_json_is_a_problem_and_no_panic(text in ".{0,40}") {
        let _ = Options::from_json(&text);
    }
}

/// What is shared by name is what all calls have in common; the rest would be read and never looked at.
#[test]
fn only_what_calls_share_can_be_shared_by_name() {
    let shared = json!({
        "circuitBreaker": { "minCalls": 3 }, "rateLimit": { "limit": 5 }, "bulkhead": { "maxConcurrent": 2 },
        "retry": { "budget": { "ratio": 0.1 } },
    });
    let options = Options::shared(&Value::from(&shared)).expect("all of it can be shared");
    assert!(options.breaker.is_some() && options.rate_limit.is_some() && options.bulkhead.is_some());
    assert!(options.retry.is_some_and(|retry| retry.budget.is_some()));
    let own = json!({
        "timeout": "1s", "retry": { "maxAttempts": 3, "budget": {} }, "circuitBreaker": { "on": ["network"] },
        "hedge": { "delay": "1s" },
    });
    let error = Options::shared(&Value::from(&own)).expect_err("nothing of it can");
    let mut pointers: Vec<&str> = error.problems().iter().map(|problem| problem.pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/circuitBreaker/on", "/hedge", "/retry/maxAttempts", "/timeout"]);
}

#[test]
fn a_number_that_is_too_large_is_told_how_large_it_may_be() {
    let wrong = json!({ "retry": { "maxAttempts": 1e10 }, "bulkhead": { "maxQueue": 1e10 }, "timeout": 1e15 });
    let error = Options::new(&Value::from(&wrong)).expect_err("none of them fits");
    let messages: Vec<&str> = error.problems().iter().map(|problem| problem.message.as_str()).collect();
    let most = "and 4294967295 at most, not `10000000000`";
    for expected in
        ["`maxAttempts` must be a whole number of at least 1", "`maxQueue` must be a whole number, 0 or more"]
    {
        assert!(messages.contains(&format!("{expected}, {most}").as_str()), "{messages:?}");
    }
    assert!(messages.iter().any(|message| message.contains("up to 3650 days")), "{messages:?}");
}
