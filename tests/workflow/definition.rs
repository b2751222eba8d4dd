//! Definitions that are refused: every problem, with its place, what was expected, and what was meant.

use proptest::prelude::*;
use repflow::error::Code;
use repflow::workflow::Plan;
use serde_json::{Value as Json, json};

use crate::story::{DEFAULT_TIMEOUT, call, workflow};

/// A problem as expected: the exact pointer, words of the message, and the exact suggestion.
pub(crate) type Expected<'a> = (&'a str, &'a str, Option<&'a str>);

/// Checks that a text is refused with exactly these problems, in this order.
fn refused_text(text: &str, expected: &[Expected<'_>]) {
    let error = Plan::from_json(text, DEFAULT_TIMEOUT).expect_err(text);
    assert_eq!(error.code(), Code::WorkflowInvalid);
    let found: Vec<_> = error.problems().iter().map(|it| (it.pointer.as_str(), it.suggestion.as_deref())).collect();
    let wanted: Vec<_> = expected.iter().map(|(pointer, _, suggestion)| (*pointer, *suggestion)).collect();
    assert_eq!(found, wanted, "{text}\n{error}");
    for (problem, (_, words, _)) in error.problems().iter().zip(expected) {
        assert!(problem.message.contains(words), "{text}\n`{words}` is not in: {}", problem.message);
    }
}

pub(crate) fn refused(definition: &Json, expected: &[Expected<'_>]) {
    refused_text(&definition.to_string(), expected);
}

/// Checks that one step is refused with exactly these problems, whose pointers start at the step.
pub(crate) fn refused_step(step: &Json, expected: &[Expected<'_>]) {
    let pointers: Vec<String> = expected.iter().map(|(pointer, ..)| format!("/steps/0{pointer}")).collect();
    let expected: Vec<Expected<'_>> =
        expected.iter().zip(&pointers).map(|((_, words, meant), pointer)| (pointer.as_str(), *words, *meant)).collect();
    refused(&workflow(json!([step])), &expected);
}

pub(crate) fn accepted(definition: &Json) -> Plan {
    Plan::from_json(&definition.to_string(), DEFAULT_TIMEOUT).unwrap_or_else(|error| panic!("{definition}\n{error}"))
}

fn plain(id: &str) -> Json {
    call(id, json!({}))
}

#[test]
fn what_is_no_definition_at_all() {
    refused_text("", &[("", "not JSON: EOF", None)]);
    refused_text("{ \"id\": ", &[("", "not JSON", None)]);
    refused_text("{} {}", &[("", "not JSON: trailing characters", None)]);
    for (text, kind) in
        [("null", "null"), ("7", "a number"), ("\"w\"", "a string"), ("[]", "a list"), ("true", "a boolean")]
    {
        refused_text(text, &[("", &format!("a workflow definition must be an object, not {kind}"), None)]);
    }
    refused_text("{}", &[("", "`id` is missing", None), ("", "`steps` is missing", None)]);
}

#[test]
fn deeper_than_json_may_be_is_refused_without_overflow() {
    let nested = |depth| (0..depth).fold(json!([]), |steps, n| json!([{ "id": format!("g{n}"), "steps": steps }]));
    assert_eq!(accepted(&workflow(nested(60))).steps().len(), 60);
    refused(&workflow(nested(100)), &[("", "recursion limit", None)]);
    refused_text(&"[".repeat(1_000_000), &[("", "recursion limit", None)]);
}

#[test]
fn the_keys_of_a_definition() {
    let with = |key: &str, value: Json| {
        let mut definition = workflow(json!([]));
        definition[key] = value;
        definition
    };
    for (key, value, expected) in [
        ("id", json!(7), ("/id", "`id` must be a string, not a number", None)),
        ("id", json!(""), ("/id", "letters, digits, `_` and `-`, not ``", None)),
        ("id", json!("my workflow"), ("/id", "not `my workflow`", None)),
        ("version", json!(1.5), ("/version", "`version` must be a string", None)),
        ("steps", json!({}), ("/steps", "`steps` must be a list, not an object", None)),
        ("steps", json!(null), ("/steps", "`steps` must be a list, not null", None)),
        ("timeout", json!("soon"), ("/timeout", "must be a duration such as \"250ms\"", None)),
        ("timeout", json!("0s"), ("/timeout", "`timeout` must be longer than nothing", None)),
        ("timeout", json!(0), ("/timeout", "`timeout` must be longer than nothing", None)),
        ("concurrency", json!(0), ("/concurrency", "a whole number of at least 1, not `0`", None)),
        ("concurrency", json!("many"), ("/concurrency", "at least 1, not `\"many\"`", None)),
        (
            "step",
            json!([]),
            ("/step", "unknown key `step` in a workflow definition; known keys are `$schema`, `id`", Some("steps")),
        ),
        ("Timeout", json!("1s"), ("/Timeout", "unknown key `Timeout`", Some("timeout"))),
        ("ouptut", json!(1), ("/ouptut", "unknown key", Some("output"))),
        ("needs", json!([]), ("/needs", "unknown key", None)),
        ("a/b~c", json!(1), ("/a~1b~0c", "unknown key `a/b~c`", None)),
        ("parameters", json!("User"), ("/parameters", "`parameters` must be a JSON Schema, not a string", None)),
        ("concurrency", json!({ "limit": 0 }), ("/concurrency/limit", "at least 1, not `0`", None)),
        ("output", json!("{{ steps.a.output }}"), ("/output", "there is no step `a`", None)),
        ("output", json!({ "x": ["{{"] }), ("/output/x/0", "is not closed", None)),
    ] {
        refused(&with(key, value), &[expected]);
    }
}

#[test]
fn durations_counts_and_choices() {
    let year = 365 * 86_400_000_u64;
    for timeout in [
        json!("10"),
        json!("-1s"),
        json!("1 s"),
        json!(""),
        json!(1.5),
        json!(-1),
        json!(null),
        json!([]),
        json!(true),
        json!(10 * year + 1),
        json!("3651d"),
        json!(1e300),
    ] {
        refused_step(&call("a", json!({ "timeout": timeout })), &[("/timeout", "whole milliseconds, not", None)]);
    }
    for timeout in [json!("250ms"), json!("1.5s"), json!(1), json!(1_000.0), json!(10 * year)] {
        accepted(&workflow(json!([call("a", json!({ "timeout": timeout }))])));
    }
    for count in [json!(0), json!(-1), json!(1.5), json!("3"), json!(null), json!(4_294_967_296_u64), json!([3])] {
        refused_step(
            &call("a", json!({ "retry": { "maxAttempts": count } })),
            &[("/retry/maxAttempts", "a whole number of at least 1", None)],
        );
        refused_step(
            &json!({ "id": "g", "parallel": [], "concurrency": count }),
            &[("/concurrency", "a whole number of at least 1", None)],
        );
    }
    for count in [json!(1), json!(3.0), json!(4_294_967_295_u64)] {
        accepted(&workflow(json!([call("a", json!({ "retry": { "maxAttempts": count } }))])));
    }
    for (retry, expected) in [
        (
            json!({ "backoff": "exponentail" }),
            ("/retry/backoff", "one of `constant`, `linear`, `exponential`, not `exponentail`", Some("exponential")),
        ),
        (json!({ "backoff": "none" }), ("/retry/backoff", "one of", None)),
        (json!({ "backoff": 2 }), ("/retry/backoff", "must be a string, not a number", None)),
        (json!({ "jitter": "Full" }), ("/retry/jitter", "one of `none`, `full`, `equal`", Some("full"))),
        (json!({ "jitter": false }), ("/retry/jitter", "must be a string, not a boolean", None)),
        (json!({ "delay": "fast" }), ("/retry/delay", "must be a duration", None)),
        (json!({ "maxDelay": "1y" }), ("/retry/maxDelay", "must be a duration", None)),
        (
            json!({ "maxAttemps": 3 }),
            (
                "/retry/maxAttemps",
                "unknown key `maxAttemps` in `retry`; known keys are `maxAttempts`",
                Some("maxAttempts"),
            ),
        ),
        (json!(3), ("/retry", "`retry` must be an object, not a number", None)),
        (json!(null), ("/retry", "`retry` must be an object, not null", None)),
    ] {
        refused_step(&call("a", json!({ "retry": retry })), &[expected]);
    }
    accepted(&workflow(json!([call("a", json!({ "retry": { "delay": 0, "maxDelay": "0s" } }))])));
}

/// Checks that a call with this policy is refused with exactly these problems, whose pointers start at the policy.
fn refused_policy(key: &str, policy: Json, expected: &[Expected<'_>]) {
    let pointers: Vec<String> = expected.iter().map(|(pointer, ..)| format!("/{key}{pointer}")).collect();
    let expected: Vec<Expected<'_>> =
        expected.iter().zip(&pointers).map(|((_, words, meant), pointer)| (pointer.as_str(), *words, *meant)).collect();
    refused_step(&call("a", json!({ key: policy })), &expected);
}

#[test]
fn wrong_options_of_a_retry() {
    let one = |key: &str, value: Json, words: &str, meant| {
        refused_policy("retry", json!({ key: value }), &[(&format!("/{key}"), words, meant)]);
    };
    one("delay", json!(-1), "must be a duration such as \"250ms\"", None);
    one("delay", json!("-1s"), "not `\"-1s\"`", None);
    one("maxAttempts", json!(0), "a whole number of at least 1, not `0`", None);
    one("maxElapsed", json!("0s"), "`maxElapsed` must be longer than nothing", None);
    one("maxElapsd", json!("1s"), "unknown key `maxElapsd` in `retry`", Some("maxElapsed"));
    one("jitter", json!("decorelated"), "one of `none`, `full`, `equal`, `decorrelated`", Some("decorrelated"));
    one("on", json!("timeout"), "`on` must be a list, not a string", None);
    one("budget", json!(7), "`budget` must be an object, not a number", None);
    one("budget", json!(""), "an object or a name, not an empty string", None);
    for backoff in ["linear", "constant"] {
        let retry = json!({ "backoff": backoff, "jitter": "decorrelated" });
        refused_policy(
            "retry",
            retry,
            &[("/jitter", "`decorrelated` jitter belongs to the backoff `exponential`", None)],
        );
    }
    refused_policy(
        "retry",
        json!({ "on": ["timeot", 99, 503, 600, 503.5, null, "gym.closed", "Network"] }),
        &[
            ("/on/0", "there is no kind `timeot`", Some("timeout")),
            ("/on/1", "by its kind, its code or its HTTP status, not `99`", None),
            ("/on/3", "not `600`", None),
            ("/on/4", "not `503.5`", None),
            ("/on/5", "not null", None),
            ("/on/7", "there is no kind `Network`", Some("network")),
        ],
    );
    refused_policy(
        "retry",
        json!({ "budget": { "ratio": 0, "minPerSecond": -1, "ttl": 0, "share": 1 } }),
        &[
            ("/budget/share", "unknown key `share` in `budget`; known keys are `ratio`", None),
            ("/budget/ttl", "longer than nothing", None),
            ("/budget/minPerSecond", "a whole number, 0 or more, not `-1`", None),
            ("/budget/ratio", "above 0 and up to 1, not `0`", None),
        ],
    );
    accepted(&workflow(json!([call("a", json!({ "retry": { "backoff": "exponential", "jitter": "decorrelated" } }))])));
    accepted(&workflow(json!([call(
        "a",
        json!({ "retry": { "jitter": "decorrelated", "budget": "all", "on": [] } })
    )])));
}

#[test]
fn wrong_options_of_a_circuit_breaker() {
    let one = |key: &str, value: Json, words: &str, meant| {
        refused_policy("circuitBreaker", json!({ key: value }), &[(&format!("/{key}"), words, meant)]);
    };
    one("failureRate", json!(1.01), "above 0 and up to 1, not `1.01`", None);
    one("failureRate", json!(0), "above 0 and up to 1", None);
    one("failureRate", json!("50%"), "above 0 and up to 1, not `\"50%\"`", None);
    one("windowCalls", json!(0), "at least 1", None);
    one("window", json!(0), "longer than nothing", None);
    one("openFor", json!("0ms"), "longer than nothing", None);
    one("maxOpenFor", json!("9s"), "`maxOpenFor` must not be shorter than `openFor`", None);
    one("probes", json!(0), "at least 1", None);
    one("slowCallRate", json!(0.5), "`slowCallRate` needs `slowCall`", None);
    one("failureRatio", json!(0.5), "unknown key `failureRatio` in `circuitBreaker`", Some("failureRate"));
    one("on", json!({}), "`on` must be a list, not an object", None);
}

#[test]
fn options_of_a_circuit_breaker_that_do_not_fit_together() {
    for (breaker, expected) in [
        (
            json!({ "windowCalls": 5, "minCalls": 6 }),
            ("/minCalls", "`minCalls` must not be above `windowCalls`: the window would never hold that many", None),
        ),
        (json!({ "window": "10s", "windowCalls": 5 }), ("/windowCalls", "a time or a number of calls, not both", None)),
        (json!({ "openFor": "1m", "maxOpenFor": "59s" }), ("/maxOpenFor", "must not be shorter than `openFor`", None)),
        (json!(true), ("", "`circuitBreaker` must be an object, not a boolean", None)),
        (json!(""), ("", "an object or a name, not an empty string", None)),
    ] {
        refused_policy("circuitBreaker", breaker, &[expected]);
    }
    for breaker in [
        json!({}),
        json!("model"),
        json!({ "windowCalls": 5 }),
        json!({ "windowCalls": 5, "minCalls": 5 }),
        json!({ "window": "10s", "minCalls": 500 }),
        json!({ "openFor": "5m" }),
        json!({ "slowCall": "1s", "slowCallRate": 1, "failureRate": 1 }),
        json!({ "on": ["network", 500, "gym.closed"] }),
    ] {
        accepted(&workflow(json!([call("a", json!({ "circuitBreaker": breaker }))])));
    }
}

#[test]
fn wrong_options_of_a_rate_limit() {
    refused_policy("rateLimit", json!([]), &[("", "`rateLimit` must be an object, not a list", None)]);
    refused_policy(
        "rateLimit",
        json!({ "per": "1s", "burst": 3, "unit": "tokens" }),
        &[
            ("/per", "`per` belongs to a `limit`", None),
            ("/burst", "`burst` belongs to a `limit`", None),
            ("/unit", "`unit` belongs to a `limit`", None),
        ],
    );
    refused_policy(
        "rateLimit",
        json!({
            "limit": 0, "per": 0, "burst": -1, "unit": "token", "perDay": 0.5, "maxWait": "long", "limits": 1,
            "buckets": [7, {}, { "limit": 5, "size": 1 }],
        }),
        &[
            ("/limits", "unknown key `limits` in `rateLimit`", Some("limit")),
            ("/unit", "one of `requests`, `tokens`, not `token`", Some("tokens")),
            ("/burst", "at least 1, not `-1`", None),
            ("/per", "longer than nothing", None),
            ("/limit", "at least 1, not `0`", None),
            ("/buckets/0", "a bucket must be an object, not a number", None),
            ("/buckets/1", "`limit` is missing", None),
            ("/buckets/2/size", "unknown key `size` in a bucket", None),
            ("/perDay", "at least 1, not `0.5`", None),
            ("/maxWait", "must be a duration", None),
        ],
    );
    for rate in [
        json!("rate"),
        json!({}),
        json!({ "perDay": 100 }),
        json!({ "limit": 3, "maxWait": 0 }),
        json!({ "buckets": [{ "limit": 60, "per": "1m" }, { "limit": 9_000, "per": "1m", "unit": "tokens" }] }),
    ] {
        accepted(&workflow(json!([call("a", json!({ "rateLimit": rate }))])));
    }
}

#[test]
fn wrong_options_of_a_bulkhead_and_a_hedge() {
    refused_policy(
        "bulkhead",
        json!({ "maxConcurrent": 0, "maxQueue": -1, "maxWait": "0s", "maxQeue": 3, "adaptive": { "algorithm": "amid" } }),
        &[
            ("/maxQeue", "unknown key `maxQeue` in `bulkhead`", Some("maxQueue")),
            ("/maxConcurrent", "at least 1, not `0`", None),
            ("/maxQueue", "a whole number, 0 or more, not `-1`", None),
            ("/maxWait", "longer than nothing", None),
            ("/adaptive/algorithm", "one of `aimd`, `gradient`", Some("aimd")),
        ],
    );
    refused_policy(
        "bulkhead",
        json!({ "maxConcurrent": 4, "adaptive": { "minConcurrent": 5, "initial": 9, "backoffRatio": 1 } }),
        &[
            ("/adaptive/minConcurrent", "must not be above `maxConcurrent`", None),
            ("/adaptive/initial", "from `minConcurrent` to `maxConcurrent`", None),
            ("/adaptive/backoffRatio", "from 0.5 to below 1, not `1`", None),
        ],
    );
    refused_policy(
        "hedge",
        json!({ "delay": "100ms", "percentile": 0.9, "minCalls": 5, "maxExtra": 4, "max": 1 }),
        &[
            ("/max", "unknown key `max` in `hedge`; known keys are `delay`", None),
            ("/percentile", "`percentile` belongs to a hedge without a `delay`", None),
            ("/minCalls", "`minCalls` belongs to a hedge without a `delay`", None),
            ("/maxExtra", "`maxExtra` must be 3 at most", None),
        ],
    );
    for (hedge, expected) in [
        (json!("100ms"), ("", "`hedge` must be an object, not a string", None)),
        (json!({ "delay": 0 }), ("/delay", "longer than nothing", None)),
        (json!({ "percentile": 95 }), ("/percentile", "above 0 and up to 1, not `95`", None)),
        (json!({ "maxExtra": 0 }), ("/maxExtra", "at least 1", None)),
    ] {
        refused_policy("hedge", hedge, &[expected]);
    }
    accepted(&workflow(json!([call("a", json!({ "hedge": { "percentile": 1, "maxExtra": 3 }, "bulkhead": "gpu" }))])));
}

#[test]
fn wrong_rows_of_a_classification() {
    refused_policy("classify", json!({}), &[("", "`classify` must be a list, not an object", None)]);
    refused_policy(
        "classify",
        json!([
            "timeout",
            {},
            { "code": 7, "kind": "timeuot" },
            { "status": [500, 400], "kind": "network" },
            { "status": 99, "kind": "network", "severity": "fatal", "retryable": "yes" },
            { "name": "AbortError", "kind": "cancelled", "retriable": true },
        ]),
        &[
            ("/0", "a row of `classify` must be an object, not a string", None),
            ("/1", "a row says which errors it is about", None),
            ("/1", "`kind` is missing", None),
            ("/2/code", "`code` must be a string", None),
            ("/2/kind", "`kind` must be one of `validation`", Some("timeout")),
            ("/3/status", "an HTTP status, or the first and the last of a range, not a list", None),
            ("/4/status", "not `99`", None),
            ("/4/severity", "one of `info`, `error`, `critical`, not `fatal`", None),
            ("/4/retryable", "must be true or false", None),
            ("/5/retriable", "unknown key `retriable` in a row of `classify`", Some("retryable")),
        ],
    );
    accepted(&workflow(json!([call("a", json!({ "classify": [{ "status": [400, 499], "kind": "failed" }] }))])));
}

#[test]
fn a_total_timeout_is_a_duration() {
    for (timeout, words) in
        [(json!("soon"), "must be a duration"), (json!(0), "longer than nothing"), (json!(-1), "not `-1`")]
    {
        refused_policy("totalTimeout", timeout, &[("", words, None)]);
    }
}

#[test]
fn long_values_are_not_repeated_in_messages() {
    let long = "x".repeat(41);
    refused_step(&call("a", json!({ "timeout": long })), &[("/timeout", "not a string", None)]);
    refused_step(
        &call("a", json!({ "timeout": long[1..] })),
        &[("/timeout", &format!("not `\"{}\"`", &long[1..]), None)],
    );
    refused_step(&call("a", json!({ "timeout": { "s": 1 } })), &[("/timeout", "not an object", None)]);
}

#[test]
fn ids_and_calls() {
    for id in ["", "a b", "a.b", "ä", "a/b", "a\n"] {
        refused_step(
            &json!({ "id": id, "call": "gym.do" }),
            &[("/id", "`id` must be letters, digits, `_` and `-`", None)],
        );
    }
    refused_step(&json!({ "call": "gym.do" }), &[("", "`id` is missing: a step needs a name", None)]);
    refused_step(&json!({ "id": null, "call": "gym.do" }), &[("/id", "must be a string, not null", None)]);
    for target in ["", "gym", "gym.", ".do", "gym.do.it", "gym do.it", "gym.dö", "gym/do"] {
        refused_step(
            &json!({ "id": "a", "call": target }),
            &[("/call", &format!("as `feature.action`, not `{target}`"), None)],
        );
    }
    refused_step(&json!({ "id": "a", "call": 7 }), &[("/call", "`call` must be a string", None)]);
    for step in [json!("gym.do"), json!(null), json!([])] {
        refused_step(&step, &[("", "a step must be an object, not", None)]);
    }
    accepted(&workflow(json!([{ "id": "A_1-b", "call": "Gym_1-b.do-It_2" }])));
}

#[test]
fn a_step_does_one_thing() {
    refused_step(
        &json!({ "id": "a" }),
        &[("", "a step does one thing, but none of `call`, `workflow`, `emit`, `parallel`, `switch`", None)],
    );
    refused_step(
        &json!({ "id": "a", "call": "gym.do", "steps": [] }),
        &[("/steps", "it has `call` already, and `steps` too", None)],
    );
    refused_step(
        &json!({ "id": "a", "call": "gym.do", "parallel": [], "steps": [] }),
        &[
            ("/parallel", "it has `call` already, and `parallel` too", None),
            ("/steps", "it has `call` already, and `steps` too", None),
        ],
    );
    refused_step(
        &json!({ "id": "a", "parallel": [], "steps": [] }),
        &[("/steps", "it has `parallel` already, and `steps` too", None)],
    );
}

#[test]
fn keys_belong_to_their_kind() {
    refused_step(
        &call("a", json!({ "concurrency": 2 })),
        &[("/concurrency", "`concurrency` belongs to `parallel`, `steps`, `forEach`, not to `call`", None)],
    );
    for kind in ["parallel", "steps"] {
        for (key, value) in [
            ("with", json!({})),
            ("totalTimeout", json!("1m")),
            ("retry", json!({})),
            ("circuitBreaker", json!("model")),
            ("rateLimit", json!({ "limit": 1 })),
            ("bulkhead", json!({})),
            ("hedge", json!({})),
            ("classify", json!([])),
        ] {
            let mut step = json!({ "id": "g", "needs": [], "concurrency": 1, "description": "", "metadata": {} });
            step[kind] = json!([]);
            accepted(&workflow(json!([step])));
            step[key] = value;
            let words = format!("not to `{kind}`; give it to the steps inside");
            refused_step(&step, &[(&format!("/{key}"), &words, None)]);
        }
    }
}

#[test]
fn near_misses_of_the_keys_of_a_step() {
    for (key, meant) in [
        ("cal", Some("call")),
        ("parralel", Some("parallel")),
        ("need", Some("needs")),
        ("withs", Some("with")),
        ("time_out", Some("timeout")),
        ("retyr", Some("retry")),
        ("total_timeout", Some("totalTimeout")),
        ("circutBreaker", Some("circuitBreaker")),
        ("rateLimits", Some("rateLimit")),
        ("bulkHead", Some("bulkhead")),
        ("hegde", Some("hedge")),
        ("clasify", Some("classify")),
        ("dependsOn", None),
        ("fallbak", Some("fallback")),
        ("single_flight", Some("singleFlight")),
        ("onerror", Some("onError")),
        ("swich", Some("switch")),
        ("foreach", Some("forEach")),
        ("compensation", Some("compensate")),
        ("idempotency_key", Some("idempotencyKey")),
        ("prioritiy", Some("priority")),
        ("wiat", Some("wait")),
        ("emits", Some("emit")),
        ("workflows", Some("workflow")),
    ] {
        let mut step = plain("a");
        step[key] = json!(1);
        let words = format!("unknown key `{key}` in a step; known keys are `id`, `description`, `call`");
        refused_step(&step, &[(&format!("/{key}"), &words, meant)]);
    }
}

#[test]
fn needs_name_other_steps_of_the_same_list() {
    let needs = |needs: Json| {
        workflow(json!([
            plain("warm-up"),
            { "id": "main", "steps": [plain("squats"), call("press", json!({ "needs": needs }))] },
        ]))
    };
    let at = "/steps/1/steps/1/needs";
    for (given, pointer, words, meant) in [
        (json!("squats"), "", "`needs` must be a list, not a string", None),
        (json!(["squats", 7]), "/1", "`needs` lists ids of steps as strings, not a number", None),
        (json!(["press"]), "/0", "a step cannot need itself", None),
        (json!(["squats", "squat"]), "/1", "there is no step `squat` in this list", Some("squats")),
        // Its own name is no help.
        (json!(["pres"]), "/0", "there is no step `pres` in this list", None),
        (json!(["warm-up"]), "/0", "`warm-up` is in another list; `needs` names steps of the same list", None),
        (json!(["main"]), "/0", "`main` is in another list", None),
        (json!([""]), "/0", "there is no step `` in this list", None),
    ] {
        refused(&needs(given), &[(&format!("{at}{pointer}"), words, meant)]);
    }
    accepted(&needs(json!(["squats", "squats"])));
    refused(
        &workflow(
            json!([call("a", json!({ "needs": ["inner"] })), { "id": "g", "needs": [], "steps": [plain("inner")] }]),
        ),
        &[("/steps/0/needs/0", "`inner` is in another list", None)],
    );
}

#[test]
fn an_id_is_taken_once_in_the_whole_definition() {
    refused(
        &workflow(json!([plain("a"), { "id": "g", "parallel": [plain("b"), plain("a")] }, plain("g"), plain("a")])),
        &[
            ("/steps/1/parallel/1/id", "the id `a` is taken by the step at /steps/0", None),
            ("/steps/2/id", "the id `g` is taken by the step at /steps/1", None),
            ("/steps/3/id", "the id `a` is taken by the step at /steps/0", None),
        ],
    );
}

#[test]
fn circles_are_told_with_their_path() {
    let needs = |id: &str, needs: &[&str]| call(id, json!({ "needs": needs }));
    refused(
        &workflow(json!([needs("a", &["c"]), needs("b", &["a"]), needs("c", &["b"])])),
        &[("/steps/0/needs", "in a circle: a needs c needs b needs a", None)],
    );
    refused(&workflow(json!([needs("a", &["b"]), plain("b")])), &[("/steps/0/needs", "a needs b needs a", None)]);
    // What waits for a circle is not part of it.
    refused(
        &workflow(json!([needs("x", &["b"]), needs("a", &["b"]), needs("b", &["a"]), plain("y")])),
        &[("/steps/1/needs", "a needs b needs a", None)],
    );
    refused(
        &workflow(json!([{ "id": "g", "parallel": [plain("free"), needs("a", &["b"]), needs("b", &["free", "a"])] }])),
        &[("/steps/0/parallel/1/needs", "a needs b needs a", None)],
    );
    accepted(&workflow(json!([needs("a", &["c"]), needs("b", &["a"]), needs("c", &[])])));
}

#[test]
fn a_circle_through_the_order_of_the_list_points_to_needs_that_are_written() {
    // `b` waits for `a` because it stands behind it.
    refused(
        &workflow(json!([call("x", json!({ "needs": ["b"] })), call("a", json!({ "needs": ["b"] })), plain("b")])),
        &[("/steps/1/needs", "a needs b needs a", None)],
    );
}

#[test]
fn every_circle_is_told() {
    let needs = |id: &str, needs: &[&str]| call(id, json!({ "needs": needs }));
    refused(
        &workflow(json!([
            needs("a", &["b"]), needs("b", &["a"]),
            needs("c", &["d", "a"]), needs("d", &["c"]),
            { "id": "g", "needs": ["c"], "parallel": [needs("e", &["f"]), needs("f", &["e"])] },
        ])),
        &[
            ("/steps/0/needs", "circle: a needs b needs a", None),
            ("/steps/2/needs", "circle: c needs d needs c", None),
            ("/steps/4/parallel/0/needs", "circle: e needs f needs e", None),
        ],
    );
}

/// A definition where `r` reads the output of `source`, which does not need to have completed.
fn too_early(steps: Json, pointer: &str, source: &str, advice: &str) {
    let words = format!("`{source}` may not have completed when `r` starts; {advice}");
    refused(&workflow(steps), &[(pointer, &words, None)]);
}

/// A call that reads the output of `source`.
fn reads(id: &str, source: &str) -> Json {
    call(id, json!({ "with": { "x": format!("{{{{ steps[\"{source}\"].output }}}}") } }))
}

fn needing(mut step: Json, needs: &[&str]) -> Json {
    step["needs"] = json!(needs);
    step
}

#[test]
fn an_expression_reads_only_what_is_sure_to_have_completed() {
    let group = |id: &str, steps: Json| json!({ "id": id, "steps": steps });
    let parallel = |id: &str, steps: Json| json!({ "id": id, "parallel": steps });
    for steps in [
        json!([plain("a"), reads("r", "a")]),
        json!([plain("a"), plain("b"), reads("r", "a")]),
        json!([plain("a"), needing(plain("b"), &["a"]), plain("c"), needing(reads("r", "a"), &["b"])]),
        // Out of a group that has completed, and the group itself.
        json!([group("g", json!([plain("a")])), reads("r", "a")]),
        json!([group("g", json!([plain("a")])), reads("r", "g")]),
        json!([group("g", json!([parallel("h", json!([plain("a")]))])), plain("b"), reads("r", "a")]),
        // From inside of a group, what completed before the group began.
        json!([plain("a"), group("g", json!([reads("r", "a")]))]),
        json!([plain("a"), group("g", json!([parallel("h", json!([plain("b"), reads("r", "a")]))]))]),
        json!([group("f", json!([plain("a")])), group("g", json!([reads("r", "a")]))]),
        // Within one group.
        json!([parallel("g", json!([plain("a"), needing(reads("r", "a"), &["a"])]))]),
        json!([parallel(
            "g",
            json!([group("h", json!([plain("a")])), needing(group("i", json!([reads("r", "a")])), &["h"])])
        )]),
    ] {
        accepted(&workflow(steps));
    }
}

#[test]
fn an_expression_that_reads_too_early_is_told_what_to_wait_for() {
    let group = |id: &str, steps: Json| json!({ "id": id, "steps": steps });
    let parallel = |id: &str, steps: Json| json!({ "id": id, "parallel": steps });
    let first = "/steps/0/with/x";
    let direct = "name `a` in the `needs` of `r`";
    too_early(json!([reads("r", "r")]), first, "r", "it completes no earlier than `r` itself");
    too_early(json!([reads("r", "a"), plain("a")]), first, "a", direct);
    too_early(json!([plain("a"), needing(reads("r", "a"), &[])]), "/steps/1/with/x", "a", direct);
    too_early(
        json!([plain("a"), plain("b"), needing(plain("c"), &[]), needing(reads("r", "b"), &["a", "c"])]),
        "/steps/3/with/x",
        "b",
        "name `b` in the `needs` of `r`",
    );
    // Siblings in parallel.
    too_early(json!([parallel("g", json!([plain("a"), reads("r", "a")]))]), "/steps/0/parallel/1/with/x", "a", direct);
    // The group that the reader is in.
    too_early(
        json!([plain("a"), group("g", json!([reads("r", "g")]))]),
        "/steps/1/steps/0/with/x",
        "g",
        "it completes no earlier than `r` itself",
    );
    // A step inside of a group, from outside and beside it.
    let whole = "name `g` in the `needs` of `r`";
    too_early(json!([group("g", json!([plain("a")])), needing(reads("r", "a"), &[])]), "/steps/1/with/x", "a", whole);
    too_early(json!([reads("r", "a"), group("g", json!([group("h", json!([plain("a")]))]))]), first, "a", whole);
    // A step outside of a group, from inside.
    let for_all = "name `a` in the `needs` of `g`";
    too_early(json!([group("g", json!([reads("r", "a")])), plain("a")]), "/steps/0/steps/0/with/x", "a", for_all);
    too_early(
        json!([plain("a"), needing(group("g", json!([group("h", json!([reads("r", "a")]))])), &[])]),
        "/steps/1/steps/0/steps/0/with/x",
        "a",
        for_all,
    );
    // Groups side by side.
    too_early(
        json!([parallel("p", json!([group("g", json!([plain("a")])), group("h", json!([reads("r", "a")]))]))]),
        "/steps/0/parallel/1/steps/0/with/x",
        "a",
        "name `g` in the `needs` of `h`",
    );
    // That the group waits for another step does not help.
    too_early(
        json!([group("g", json!([plain("a"), parallel("h", json!([plain("b"), reads("r", "b")]))]))]),
        "/steps/0/steps/1/parallel/1/with/x",
        "b",
        "name `b` in the `needs` of `r`",
    );
}

#[test]
fn a_circle_hides_no_expression_that_reads_too_early() {
    refused(
        &workflow(json!([
            { "id": "g", "needs": ["x"], "parallel": [plain("a"), reads("r", "a")] },
            needing(plain("x"), &["g"]),
        ])),
        &[
            ("/steps/0/needs", "g needs x needs g", None),
            ("/steps/0/parallel/1/with/x", "`a` may not have completed when `r` starts", None),
        ],
    );
}

#[test]
fn expressions_that_name_nobody() {
    refused(
        &workflow(json!([plain("analyze"), reads("r", "analyse")])),
        &[("/steps/1/with/x", "there is no step `analyse`; there are `analyze`, `r`", Some("analyze"))],
    );
    let many: Vec<Json> = (10..40).map(|n| plain(&format!("step{n}"))).chain([reads("r", "nobody")]).collect();
    let error = Plan::from_json(&workflow(json!(many)).to_string(), DEFAULT_TIMEOUT).expect_err("there is no `nobody`");
    assert_eq!(error.problems()[0].message.matches(", ").count(), 19, "twenty names are enough: {error}");
}

#[test]
fn the_output_may_read_every_step() {
    let mut definition = workflow(json!([{ "id": "g", "parallel": [plain("a"), plain("b")] }]));
    definition["output"] =
        json!({ "all": "{{ steps.g.output }}", "b": "{{ steps.b.output.kg }}", "for": "{{ input.name }}" });
    accepted(&definition);
    definition["output"] = json!(["{{ steps.c.output }}", "{{ steps.a.ouput }}", "{{ inputs }}"]);
    refused(
        &definition,
        &[
            ("/output/0", "there is no step `c`; there are `a`, `b`, `g`", None),
            ("/output/1", "expected `output` or `status` after the id of a step", Some("steps.a.output")),
            ("/output/2", "unknown name `inputs`", Some("input")),
        ],
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    let definition = json!({
        "id": "my workflow", "version": 2, "timeout": "soon", "concurrency": 0, "parameters": [], "setps": [],
        "steps": [
            "warm-up",
            { "call": "gym", "ned": [] },
            { "id": "a", "call": "gym.do", "timeout": -5, "retry": { "maxAttempts": 0, "backoff": "linaer", "jiter": "full" }, "concurrency": 2 },
            { "id": "a", "parallel": [
                { "id": "b", "call": "gym.do", "needs": ["c", "x", 7], "with": { "y": "{{ steps.d.output }} {{ 1" } },
                { "id": "c", "call": "gym.do", "needs": ["b"], "steps": [] },
                { "id": "d", "when": "true" },
            ], "retry": {} },
            { "id": "e", "call": "gym.do", "needs": ["b", "e", "aa"], "with": ["{{ steps.f.output }}", "{{ steps.bb.output }}"] },
            { "id": "f" },
        ],
        "output": "{{ steps.z.output }}",
    });
    refused(
        &definition,
        &[
            ("/setps", "unknown key", Some("steps")),
            ("/id", "letters, digits", None),
            ("/steps/0", "a step must be an object", None),
            ("/steps/1/ned", "unknown key", None),
            ("/steps/1", "`id` is missing", None),
            ("/steps/1/call", "`feature.action`", None),
            ("/steps/2/concurrency", "belongs to", None),
            ("/steps/2/retry/jiter", "unknown key", Some("jitter")),
            ("/steps/2/retry/backoff", "must be one of", Some("linear")),
            ("/steps/2/retry/maxAttempts", "at least 1", None),
            ("/steps/2/timeout", "must be a duration", None),
            ("/steps/3/retry", "belongs to `call`, `workflow`, not to `parallel`", None),
            ("/steps/3/parallel/0/needs/2", "as strings", None),
            ("/steps/3/parallel/1/steps", "`call` already", None),
            ("/steps/3/parallel/2", "none of", None),
            ("/steps/5", "none of", None),
            ("/parameters", "must be a JSON Schema, not a list", None),
            ("/concurrency", "at least 1", None),
            ("/version", "must be a string", None),
            ("/timeout", "must be a duration", None),
            ("/steps/3/id", "is taken by the step at /steps/2", None),
            ("/steps/3/parallel/0/needs/1", "there is no step `x`", None),
            ("/steps/4/needs/0", "is in another list", None),
            ("/steps/4/needs/1", "cannot need itself", None),
            ("/steps/4/needs/2", "there is no step `aa`", Some("a")),
            ("/steps/3/parallel/0/needs", "b needs c needs b", None),
            ("/steps/3/parallel/0/with/y", "column 10: `d` may not have completed", None),
            ("/steps/3/parallel/0/with/y", "not closed", None),
            ("/steps/4/with/0", "`f` may not have completed", None),
            ("/steps/4/with/1", "there is no step `bb`", Some("b")),
            ("/output", "there is no step `z`", None),
        ],
    );
    let error = Plan::from_json(&definition.to_string(), DEFAULT_TIMEOUT).expect_err("nearly all of it is wrong");
    assert!(error.message().starts_with("the workflow definition has 31 problems:\n- /setps: "), "{error}");
    assert_eq!(error.message().lines().count(), 32);
}

/// JSON that looks like a definition from afar: known keys with anything under them.
fn nearly_a_definition() -> impl Strategy<Value = Json> {
    let words = [
        "a",
        "b",
        "gym.do",
        "1s",
        "0ms",
        "exponential",
        "full",
        "{{ steps.a.output }}",
        "{{ input.x }} {{",
        "{{ steps.b",
        "",
        "ä b",
    ];
    let leaf = prop_oneof![
        1 => Just(Json::Null),
        1 => any::<bool>().prop_map(Json::from),
        1 => (-2..5).prop_map(Json::from),
        1 => any::<f64>().prop_map(Json::from),
        1 => any::<u64>().prop_map(Json::from),
        6 => prop::sample::select(words.to_vec()).prop_map(Json::from),
        1 => "\\PC{0,4}".prop_map(Json::from),
    ];
    let keys = [
        "id",
        "call",
        "steps",
        "parallel",
        "needs",
        "with",
        "timeout",
        "totalTimeout",
        "retry",
        "circuitBreaker",
        "rateLimit",
        "bulkhead",
        "hedge",
        "classify",
        "on",
        "budget",
        "adaptive",
        "minConcurrent",
        "maxConcurrent",
        "windowCalls",
        "minCalls",
        "openFor",
        "maxOpenFor",
        "slowCallRate",
        "limit",
        "buckets",
        "per",
        "kind",
        "status",
        "maxExtra",
        "percentile",
        "concurrency",
        "output",
        "maxAttempts",
        "backoff",
        "delay",
        "jitter",
        "version",
        "when",
        "forEach",
        "x/y",
        "stesp",
    ];
    leaf.prop_recursive(6, 60, 5, move |inner| {
        let key = prop::sample::select(keys.to_vec()).prop_map(str::to_owned);
        let lists = prop_oneof![Just("steps"), Just("parallel")].prop_map(str::to_owned);
        let steps = prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from);
        let policies =
            prop::sample::select(&["retry", "circuitBreaker", "rateLimit", "bulkhead", "hedge", "classify"][..]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map(key, inner.clone(), 0..6).prop_map(|it| it.into_iter().collect()),
            (prop::sample::select(&["a", "b", "c"][..]), lists, steps, inner.clone())
                .prop_map(|(id, kind, steps, needs)| json!({ "id": id, kind: steps, "needs": [needs] })),
            (prop::sample::select(&["a", "b", "c"][..]), inner.clone())
                .prop_map(|(id, with)| json!({ "id": id, "call": "gym.do", "with": with })),
            (policies, inner).prop_map(|(key, policy)| json!({ "id": "a", "call": "gym.do", key: policy })),
        ]
    })
}

/// Whether a JSON pointer names something that is there, or the object that misses something.
fn is_there(json: &Json, pointer: &str) -> bool {
    json.pointer(pointer).is_some()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn any_json_is_a_plan_or_refused_with_problems_that_point_into_it(json in nearly_a_definition()) {
        for definition in [json.clone(), workflow(json!([json])), json!({ "id": "w", "steps": json, "output": json })] {
            match Plan::from_json(&definition.to_string(), DEFAULT_TIMEOUT) {
                Ok(plan) => prop_assert!(plan.roots.len() <= plan.steps().len()),
                Err(error) => {
                    prop_assert!(!error.problems().is_empty());
                    for problem in error.problems() {
                        prop_assert!(is_there(&definition, &problem.pointer), "{} in {}", problem, definition);
                    }
                }
            }
        }
    }

    /// However steps need each other, in whichever order they are written: who reads a step has waited for it.
    #[test]
    fn a_step_reads_exactly_those_that_it_waits_for(
        steps in prop::collection::vec((prop::option::of(prop::collection::vec(0_usize..12, 0..3)), 0_usize..12), 1..12),
        backwards: bool,
    ) {
        let count = steps.len();
        let mut waits_for = vec![vec![false; count]; count];
        let mut written = Vec::new();
        let mut too_early = Vec::new();
        for (own, (needs, source)) in steps.iter().enumerate() {
            let mut step = reads(&format!("s{own}"), &format!("s{}", source % count));
            let needs: Option<Vec<usize>> =
                needs.as_ref().map(|needs| needs.iter().filter(|_| own > 0).map(|it| it % own.max(1)).collect());
            // Written backwards, no step waits for the one that stands before it.
            let needs = needs.or_else(|| backwards.then(Vec::new));
            for need in needs.clone().unwrap_or_else(|| own.checked_sub(1).into_iter().collect()) {
                let behind_it = waits_for[need].clone();
                waits_for[own][need] = true;
                for (waits, behind) in waits_for[own].iter_mut().zip(behind_it) {
                    *waits |= behind;
                }
            }
            if let Some(needs) = needs {
                step["needs"] = needs.iter().map(|need| format!("s{need}")).collect();
            }
            written.push(step);
            if !waits_for[own][source % count] {
                let place = if backwards { count - 1 - own } else { own };
                too_early.push(format!("/steps/{place}/with/x"));
            }
        }
        if backwards {
            written.reverse();
        }
        let read = Plan::from_json(&workflow(json!(written)).to_string(), DEFAULT_TIMEOUT);
        let mut told: Vec<String> =
            read.err().iter().flat_map(repflow::Error::problems).map(|problem| problem.pointer.clone()).collect();
        told.sort();
        too_early.sort();
        prop_assert_eq!(told, too_early);
    }

    #[test]
    fn any_text_is_a_plan_or_refused(text in "\\PC{0,30}|[\\[\\]{}\":,a0 ]{0,30}") {
        prop_assert!(Plan::from_json(&text, DEFAULT_TIMEOUT).is_err());
    }
}
