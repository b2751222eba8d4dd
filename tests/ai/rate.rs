//! What services say of their rate limits.

use std::time::Duration;

use repflow::ai::rate::Left;
use serde_json::json;

use crate::support;

fn reset(text: &str) -> Option<Duration> {
    Left::read([None, Some("1"), Some(text)]).map(|left| left.reset)
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
    assert_eq!(reset("99999999999999999999h"), None, "no server means that");
    assert_eq!(reset("99999999999999999999"), Some(repflow::time::MAX_DURATION));
}

#[test]
fn what_is_not_said_is_not_there() {
    let left = Left { limit: Some(60), remaining: 59, reset: Duration::from_secs(1) };
    assert_eq!(Left::read([Some("60"), Some("59"), Some("1s")]), Some(left));
    assert_eq!(support::json(&left.to_value()), json!({ "limit": 60, "remaining": 59, "resetMs": 1000 }));
    let unknown = Left { limit: None, ..left };
    assert_eq!(Left::read([Some("many"), Some("59"), Some("1s")]), Some(unknown));
    assert_eq!(support::json(&unknown.to_value()), json!({ "remaining": 59, "resetMs": 1000 }));
    assert_eq!(Left::read([Some("150000"), None, Some("1s")]), None);
    assert_eq!(Left::read([Some("150000"), Some("-1"), Some("1s")]), None);
    assert_eq!(Left::read([None; 3]), None);
}
