//! What services say of their rate limits.

use std::time::Duration;

use repflow::ai::rate::{Left, RateLimits};
use serde_json::json;

use crate::support;

fn reset(text: &str) -> Option<Duration> {
    RateLimits::read(&[None, Some("1"), Some(text), None, None, None]).requests.map(|left| left.reset)
}

#[test]
fn resets_are_durations_as_go_writes_them_or_seconds() {
    for (text, ms) in [
        ("1s", 1_000),
        ("6m0s", 360_000),
        ("20ms", 20),
        ("1h2m3.5s", 3_723_500),
        ("17ms", 17),
        ("2m59.56s", 179_560),
        ("0s", 0),
        ("1d", 86_400_000),
        ("60", 60_000),
        ("0.25", 250),
        (" 8.64s ", 8_640),
    ] {
        assert_eq!(reset(text), Some(Duration::from_millis(ms)), "{text}");
    }
    for text in ["", "soon", "s", "1x", "-1s", "1.2.3s", "1s2", ".", "2026-11-23T00:00:00Z"] {
        assert_eq!(reset(text), None, "{text}");
    }
    assert_eq!(reset("99999999999999999999h"), Some(repflow::time::MAX_DURATION));
}

#[test]
fn what_is_not_said_is_not_there() {
    let limits = RateLimits::read(&[Some("60"), Some("59"), Some("1s"), Some("150000"), Some("149984"), Some("6m0s")]);
    let left = Left { limit: Some(60), remaining: 59, reset: Duration::from_secs(1) };
    assert_eq!(limits.requests, Some(left));
    assert_eq!(
        support::json(&limits.to_value()),
        json!({
            "requests": { "limit": 60, "remaining": 59, "resetMs": 1000 },
            "tokens": { "limit": 150_000, "remaining": 149_984, "resetMs": 360_000 },
        })
    );
    let limits = RateLimits::read(&[Some("many"), Some("59"), Some("1s"), Some("150000"), None, Some("1s")]);
    assert_eq!(limits.requests, Some(Left { limit: None, ..left }));
    assert_eq!(limits.tokens, None);
    assert_eq!(support::json(&RateLimits::read(&[None; 6]).to_value()), json!({}));
}
