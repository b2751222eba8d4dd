//! What an error of the outside world means.

use std::collections::BTreeSet;

use proptest::prelude::*;
use repflow::error::Code;
use repflow::policy::classify::{Class, Facts, Row, Sign, TABLE, classify};
use repflow::{Kind, Severity};

const UNKNOWN: Class = Class { kind: Kind::Failed, severity: Severity::Error, retryable: true, overloaded: false };

fn code(code: &str) -> Facts<'_> {
    Facts { code: Some(code), ..Facts::default() }
}

fn error_type(error_type: &str) -> Facts<'_> {
    Facts { error_type: Some(error_type), ..Facts::default() }
}

fn name(name: &str) -> Facts<'_> {
    Facts { name: Some(name), ..Facts::default() }
}

fn status(status: u16) -> Facts<'static> {
    Facts { status: Some(status), ..Facts::default() }
}

fn type_error(message: &str) -> Facts<'_> {
    Facts { message: Some(message), ..name("TypeError") }
}

fn row(kind: Kind) -> Row {
    Row { code: None, error_type: None, name: None, status: None, kind, severity: None, retryable: None }
}

fn class(facts: Facts<'_>) -> Class {
    classify(&facts, &[])
}

/// What is told of an error in a table below: its kind, and whether it is retried.
fn told(facts: Facts<'_>) -> (Kind, bool) {
    let class = class(facts);
    (class.kind, class.retryable)
}

/// What the package tells of a plain `Error` is not even its name.
#[test]
fn a_row_for_errors_is_about_those_without_a_name_of_their_own() {
    let own = Row { name: Some("Error".to_owned()), ..row(Kind::Validation) };
    assert_eq!(classify(&Facts::default(), std::slice::from_ref(&own)).kind, Kind::Validation);
    assert_eq!(classify(&name("Error"), std::slice::from_ref(&own)).kind, Kind::Validation);
    assert_eq!(classify(&name("RangeError"), &[own]).kind, class(name("RangeError")).kind);
}

/// `openai-node`, `shouldRetry`: 408, 409, 429 and 500 upwards are retried, other statuses are not. 425 is ours (RFC 8470),
/// and 501 and 505 will be the same the next time (RFC 9110).
#[test]
fn openai_node_which_statuses_are_retried() {
    let retried: Vec<u16> = (400..600).filter(|it| class(status(*it)).retryable).collect();
    let expected: Vec<u16> =
        [408, 409, 425, 429].into_iter().chain(500..600).filter(|it| ![501, 505].contains(it)).collect();
    assert_eq!(retried, expected);
}

#[test]
fn statuses_say_how_to_react() {
    for (given, kind) in [
        (0, Kind::Network),
        (400, Kind::Validation),
        (401, Kind::Unauthorized),
        (402, Kind::Exhausted),
        (403, Kind::Unauthorized),
        (404, Kind::Unavailable),
        (407, Kind::Unauthorized),
        (408, Kind::Timeout),
        (409, Kind::Unavailable),
        (410, Kind::Unavailable),
        (413, Kind::Validation),
        (422, Kind::Validation),
        (425, Kind::Unavailable),
        (429, Kind::RateLimited),
        (451, Kind::Unavailable),
        (499, Kind::Validation),
        (500, Kind::Unavailable),
        (501, Kind::Unavailable),
        (502, Kind::Unavailable),
        (503, Kind::Unavailable),
        (504, Kind::Timeout),
        (505, Kind::Unavailable),
        (511, Kind::Network),
        (522, Kind::Timeout),
        (524, Kind::Timeout),
        (529, Kind::Unavailable),
        (599, Kind::Unavailable),
    ] {
        assert_eq!(class(status(given)).kind, kind, "{given}");
        assert_eq!(class(status(given)).severity, Severity::Error, "{given}");
    }
    for given in [1, 100, 200, 204, 302, 304, 399, 600, 999] {
        assert_eq!(class(status(given)), UNKNOWN, "{given} is no error of HTTP");
    }
}

#[test]
fn too_much_to_do_is_told_from_other_trouble() {
    let overloaded: Vec<u16> = (400..600).filter(|it| class(status(*it)).overloaded).collect();
    assert_eq!(overloaded, [408, 429, 503, 504, 522, 524, 529]);
    for facts in [code("slow_down"), code("server_is_overloaded"), code("ETIMEDOUT"), code("bus.timeout")] {
        assert!(class(facts).overloaded, "{facts:?}");
    }
    assert!(class(error_type("overloaded_error")).overloaded && class(name("TimeoutError")).overloaded);
    for facts in [code("ECONNRESET"), code("insufficient_quota"), name("AbortError"), Facts::default()] {
        assert!(!class(facts).overloaded, "{facts:?}");
    }
    for own in ["rate_limit.exceeded", "bulkhead.full", "circuit.open", "run.timeout", "policy.total_timeout"] {
        assert!(!class(code(own)).overloaded, "{own} is a limit of ours, or counts waits");
    }
}

#[test]
fn our_own_codes_mean_what_their_table_says() {
    for own in Code::ALL {
        // Whatever else the error carries.
        let facts = Facts { status: Some(429), error_type: Some("insufficient_quota"), ..code(own.as_str()) };
        let Class { kind, severity, retryable, .. } = class(facts);
        assert_eq!((kind, severity, retryable), (own.kind(), own.severity(), own.is_retryable()), "{facts:?}");
    }
}

/// OpenAI's guide: retrying does not help when the bill is the trouble, although the status is 429. (Its own clients do
/// retry them.)
#[test]
fn openai_billing_errors_are_never_retried() {
    for word in [
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "monthly_usage_limit_exceeded",
        "billing_hard_limit_reached",
    ] {
        for should_retry in [None, Some(true), Some(false)] {
            let as_code = Facts { status: Some(429), should_retry, error_type: Some("rate_limit_error"), ..code(word) };
            assert_eq!(told(as_code), (Kind::Exhausted, false), "{as_code:?}");
            let as_type = Facts { code: Some("rate_limit_exceeded"), error_type: Some(word), ..as_code };
            assert_eq!(told(as_type), (Kind::Exhausted, false), "{as_type:?}");
        }
    }
    assert_eq!(told(Facts { should_retry: Some(true), ..status(402) }), (Kind::Exhausted, false));
    for other in ["rate_limit_exceeded", "usage_limit_exceeded_soon", "my_limit_exceeded"] {
        assert_eq!(told(Facts { status: Some(429), ..code(other) }), (Kind::RateLimited, true), "{other}");
    }
}

/// `openai-node`: the header `x-should-retry` wins over the status.
#[test]
fn openai_node_x_should_retry_wins() {
    for (facts, kind) in [
        (status(400), Kind::Validation),
        (status(503), Kind::Unavailable),
        (code("slow_down"), Kind::RateLimited),
        (Facts { status: Some(500), ..name("TypeError") }, Kind::Unavailable),
        (Facts::default(), Kind::Failed),
        (code("step.failed"), Kind::Failed),
    ] {
        for retryable in [true, false] {
            assert_eq!(told(Facts { should_retry: Some(retryable), ..facts }), (kind, retryable), "{facts:?}");
        }
    }
}

#[test]
fn what_the_body_says_counts_more_than_the_status_of_a_gateway() {
    assert_eq!(told(Facts { status: Some(502), ..code("invalid_api_key") }), (Kind::Unauthorized, false));
    assert_eq!(told(Facts { status: Some(500), ..error_type("rate_limit_error") }), (Kind::RateLimited, true));
    assert_eq!(told(Facts { status: Some(400), ..code("context_length_exceeded") }), (Kind::Validation, false));
}

#[test]
fn a_type_that_says_little_counts_only_without_a_status() {
    let general = error_type("invalid_request_error");
    assert_eq!(told(Facts { status: Some(401), ..general }), (Kind::Unauthorized, false));
    assert_eq!(told(Facts { status: Some(404), ..general }), (Kind::Unavailable, false));
    assert_eq!(told(Facts { status: Some(409), ..general }), (Kind::Unavailable, true));
    assert_eq!(told(Facts { status: Some(504), ..error_type("server_error") }), (Kind::Timeout, true));
    for in_a_stream in [None, Some(200)] {
        assert_eq!(told(Facts { status: in_a_stream, ..general }), (Kind::Validation, false));
        assert_eq!(told(Facts { status: in_a_stream, ..code("server_error") }), (Kind::Unavailable, true));
    }
}

#[test]
fn a_code_that_is_a_number_stands_in_for_the_status() {
    for in_a_stream in [None, Some(200)] {
        assert_eq!(told(Facts { status: in_a_stream, ..code("429") }), (Kind::RateLimited, true));
        assert_eq!(told(Facts { status: in_a_stream, ..code("401") }), (Kind::Unauthorized, false));
        assert_eq!(told(Facts { status: in_a_stream, ..code("501") }), (Kind::Unavailable, false));
    }
    assert_eq!(class(Facts { status: Some(400), ..code("503") }).kind, Kind::Validation, "a status of its own wins");
    // The `code` of an old DOMException is a number, and others are longer.
    for other in ["20", "4290", "200", "399", "600", "42x", "4 9", "-429", ""] {
        assert_eq!(class(code(other)), UNKNOWN, "{other}");
    }
    let redirect = Row { status: Some((300, 399)), ..row(Kind::Exhausted) };
    assert_eq!(classify(&code("399"), &[redirect]), UNKNOWN);
    let own = Row { status: Some((429, 429)), ..row(Kind::Exhausted) };
    assert_eq!(classify(&code("429"), &[own]).kind, Kind::Exhausted, "for the user's rows too");
}

#[test]
fn who_cannot_be_reached_is_tried_again() {
    for word in "ECONNRESET ECONNREFUSED ENOTFOUND EAI_AGAIN EPIPE ECONNABORTED ENETUNREACH EHOSTUNREACH UND_ERR_SOCKET"
        .split(' ')
    {
        assert_eq!(told(code(word)), (Kind::Network, true), "{word}");
    }
    for word in "ETIMEDOUT UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT".split(' ') {
        assert_eq!(told(code(word)), (Kind::Timeout, true), "{word}");
    }
    assert_eq!(told(code("CERT_HAS_EXPIRED")), (Kind::Network, false), "a certificate does not mend itself");
}

#[test]
fn an_abort_is_a_wish_and_a_timeout_is_not() {
    assert_eq!(
        class(name("AbortError")),
        Class { kind: Kind::Cancelled, severity: Severity::Info, retryable: false, overloaded: false }
    );
    assert_eq!(told(name("TimeoutError")), (Kind::Timeout, true));
    assert_eq!(told(code("ABORT_ERR")), (Kind::Cancelled, false));
    assert_eq!(told(name("NetworkError")), (Kind::Network, true));
    assert_eq!(told(name("QuotaExceededError")), (Kind::Exhausted, false), "a full disk");
    assert_eq!(told(name("NotAllowedError")), (Kind::Unauthorized, false));
}

/// What Chrome, Firefox, Safari and Node reject with when nobody could be reached.
#[test]
fn fetch_a_type_error_of_fetch_is_the_network() {
    for message in [
        "Failed to fetch",
        "Failed to fetch (api.example.com)",
        "NetworkError when attempting to fetch resource.",
        "Load failed",
        "Load failed (api.example.com)",
        "fetch failed",
        "terminated",
    ] {
        assert_eq!(told(type_error(message)), (Kind::Network, true), "{message}");
        // Only `fetch` says so with a `TypeError`.
        assert_eq!(class(Facts { message: Some(message), ..name("Error") }), UNKNOWN, "{message}");
        assert_eq!(class(Facts { message: Some(message), ..Facts::default() }), UNKNOWN, "{message}");
    }
}

#[test]
fn a_mistake_in_the_callers_code_is_not_tried_again() {
    for facts in [
        type_error("x.map is not a function"),
        type_error("Cannot read properties of undefined (reading 'Failed to fetch')"),
        name("TypeError"),
        name("ReferenceError"),
        name("SyntaxError"),
        name("RangeError"),
    ] {
        assert_eq!(class(facts), Class { retryable: false, ..UNKNOWN }, "{facts:?}");
    }
}

#[test]
fn what_is_unknown_may_pass() {
    for facts in [
        Facts::default(),
        name("Error"),
        name("MyError"),
        code("E_MINE"),
        code("Bus.timeout"),
        // A word of the table must be the whole, and in its own field.
        code("ECONN"),
        code("EPIPE ENOTFOUND"),
        code(""),
        code("AbortError"),
        error_type("slow_down"),
        name("ECONNRESET"),
        Facts { message: Some("insufficient_quota"), ..Facts::default() },
    ] {
        assert_eq!(class(facts), UNKNOWN, "{facts:?}");
    }
}

#[test]
fn a_row_of_the_user_comes_first() {
    let own = [
        Row { code: Some("E_LOCKED".to_owned()), ..row(Kind::Unavailable) },
        Row {
            status: Some((500, 599)),
            retryable: Some(false),
            severity: Some(Severity::Critical),
            ..row(Kind::Failed)
        },
        Row { name: Some("AbortError".to_owned()), status: Some((429, 429)), ..row(Kind::Timeout) },
        Row { status: Some((429, 429)), ..row(Kind::Exhausted) },
        Row { error_type: Some("insufficient_quota".to_owned()), retryable: Some(true), ..row(Kind::Exhausted) },
        Row { code: Some("bus.timeout".to_owned()), ..row(Kind::Network) },
    ];
    let class = |facts: Facts<'_>| classify(&facts, &own);
    assert_eq!(class(code("E_LOCKED")), Class { kind: Kind::Unavailable, ..UNKNOWN });
    let critical = Class { kind: Kind::Failed, severity: Severity::Critical, retryable: false, overloaded: false };
    for given in [500, 503, 599] {
        assert_eq!(class(Facts { should_retry: Some(true), ..status(given) }), critical, "no header overrides it");
    }
    assert_eq!(class(status(429)), Class { kind: Kind::Exhausted, retryable: false, ..UNKNOWN });
    assert_eq!(class(Facts { status: Some(429), ..name("AbortError") }).kind, Kind::Timeout, "both must match");
    assert_eq!(class(name("AbortError")).kind, Kind::Cancelled, "both must match");
    assert!(class(error_type("insufficient_quota")).retryable, "even of billing");
    assert_eq!(class(code("bus.timeout")).kind, Kind::Network, "even of our own codes");
    // The rest is as without rows.
    assert_eq!(class(status(404)), classify(&status(404), &[]));
    assert_eq!(classify(&status(404), &[row(Kind::Internal)]).kind, Kind::Internal, "an open row matches everything");
}

#[test]
fn a_row_of_the_user_says_what_it_leaves_open_by_its_kind() {
    let (error, info, critical) = (Severity::Error, Severity::Info, Severity::Critical);
    for (kind, severity, retryable, overloaded) in [
        (Kind::Validation, error, false, false),
        (Kind::Unauthorized, error, false, false),
        (Kind::Timeout, error, true, true),
        (Kind::Cancelled, info, false, false),
        (Kind::RateLimited, error, true, true),
        (Kind::Exhausted, error, false, false),
        (Kind::Network, error, true, false),
        (Kind::Unavailable, error, true, false),
        (Kind::Failed, error, true, false),
        (Kind::Internal, critical, true, false),
    ] {
        let expected = Class { kind, severity, retryable, overloaded };
        assert_eq!(classify(&status(418), &[row(kind)]), expected);
        assert_eq!(Class::of(kind), expected);
        let busy = classify(&status(503), &[row(kind)]);
        assert_eq!(busy, Class { overloaded: overloaded || kind == Kind::Unavailable, ..expected });
    }
}

/// Every way to have exactly what a row is about.
fn examples(sign: Sign) -> Vec<Facts<'static>> {
    match sign {
        Sign::Code(words) => words.split(' ').map(code).collect(),
        Sign::Type(words) => words.split(' ').map(error_type).collect(),
        Sign::Ending(words) => words.split(' ').flat_map(|word| [code(word), error_type(word)]).collect(),
        Sign::Name(words) => words.split(' ').map(name).collect(),
        Sign::Status(from, to) => (from..=to).map(status).collect(),
        Sign::TypeErrorStarting(start) => vec![type_error(start)],
    }
}

/// Whether a row is about an error, the plain way.
fn is_about(sign: Sign, facts: &Facts<'_>) -> bool {
    let given = [facts.code, facts.error_type];
    match sign {
        Sign::Ending(words) => {
            words.split(' ').any(|word| given.iter().flatten().any(|given| given.to_string().ends_with(word)))
        }
        Sign::TypeErrorStarting(start) => {
            facts.name == Some("TypeError") && facts.message.unwrap_or_default().find(start) == Some(0)
        }
        _ => examples(sign).iter().any(|example| {
            (example.code, example.error_type, example.name, example.status)
                == (
                    example.code.and(facts.code),
                    example.error_type.and(facts.error_type),
                    example.name.and(facts.name),
                    example.status.and(facts.status),
                )
        }),
    }
}

fn first_row(facts: &Facts<'_>) -> Option<usize> {
    TABLE.iter().position(|(sign, _)| is_about(*sign, facts))
}

#[test]
fn every_word_of_the_table_is_reached_and_stands_there_once() {
    let mut seen = BTreeSet::new();
    for (at, (sign, class)) in TABLE.iter().enumerate() {
        let examples = examples(*sign);
        let reached: Vec<_> = examples.iter().filter(|facts| first_row(facts) == Some(at)).collect();
        match sign {
            // A range takes what the rows above it left.
            Sign::Status(from, to) => assert!(!reached.is_empty() && from <= to, "{sign:?} is never reached"),
            _ => {
                assert_eq!(reached.len(), examples.len(), "a word of {sign:?} is decided before");
                for facts in &examples {
                    assert!(seen.insert(format!("{facts:?}")), "{facts:?} stands there twice");
                    let words = [facts.code, facts.error_type, facts.name, facts.message];
                    assert!(
                        words.into_iter().flatten().all(|word| !word.is_empty()),
                        "{sign:?} has two spaces in a row"
                    );
                }
            }
        }
        for facts in reached {
            assert_eq!(classify(facts, &[]), *class, "{facts:?}");
        }
    }
}

#[test]
fn only_what_cannot_be_mended_by_waiting_is_final() {
    for (sign, class) in TABLE {
        let waits = matches!(class.kind, Kind::Timeout | Kind::RateLimited);
        assert!(class.retryable || !waits, "{sign:?}");
        let mends = matches!(class.kind, Kind::Validation | Kind::Unauthorized | Kind::Exhausted | Kind::Cancelled);
        assert!(!class.retryable || !mends, "{sign:?}");
        assert!(class.retryable || !class.overloaded, "{sign:?}");
    }
}

fn any_word() -> impl Strategy<Value = Option<&'static str>> {
    let mut words: Vec<&'static str> =
        vec!["other", "", "429", "503", "bus.timeout", "a_spend_limit_exceeded", "fetch failed (x)"];
    for (sign, _) in TABLE {
        match sign {
            Sign::Code(text) | Sign::Type(text) | Sign::Name(text) | Sign::Ending(text) => {
                words.extend(text.split(' '))
            }
            Sign::TypeErrorStarting(start) => words.push(start),
            Sign::Status(..) => {}
        }
    }
    prop::option::of(prop::sample::select(words))
}

proptest! {
    /// The model: the first row of the table that is about the error, looked for the plain way.
    #[test]
    fn the_first_row_decides(
        code in any_word(),
        error_type in any_word(),
        name in prop_oneof![any_word(), Just(Some("TypeError"))],
        status in prop::option::of(prop_oneof![0_u16..700, 400_u16..600]),
        message in any_word(),
        should_retry: Option<bool>,
    ) {
        let facts = Facts { code, error_type, name, status, message, should_retry };
        let number = code.and_then(|code| code.parse().ok()).filter(|_| status.is_none_or(|it| (1..400).contains(&it)));
        let seen = Facts { status: number.or(status), ..facts };
        let mut expected = match first_row(&seen) {
            _ if code == Some("bus.timeout") => Class::of(Kind::Timeout),
            Some(row) => TABLE[row].1,
            None => UNKNOWN,
        };
        if expected.kind != Kind::Exhausted {
            expected.retryable = should_retry.unwrap_or(expected.retryable);
        }
        prop_assert_eq!(class(facts), expected);
    }

    #[test]
    fn any_error_has_a_class(
        code: Option<String>,
        error_type: Option<String>,
        name: Option<String>,
        status: Option<u16>,
        message: Option<String>,
        should_retry: Option<bool>,
    ) {
        let (code, error_type) = (code.as_deref(), error_type.as_deref());
        let (name, message) = (name.as_deref(), message.as_deref());
        let class = class(Facts { code, error_type, name, status, message, should_retry });
        prop_assert!(class.kind != Kind::Internal, "only we have defects of our own");
        if let Some(should_retry) = should_retry.filter(|_| class.kind != Kind::Exhausted) {
            prop_assert_eq!(class.retryable, should_retry);
        }
    }
}
