//! Instants that saturate instead of wrapping, and durations as a definition writes them.

use std::time::Duration;

use proptest::prelude::*;
use repflow::time::{MAX_DURATION, Timestamp, parse_duration};

fn at(ms: f64) -> Timestamp {
    Timestamp::from_millis(ms)
}

#[test]
fn an_instant_keeps_microseconds_and_is_never_before_the_epoch() {
    assert_eq!(at(1.0005).as_millis(), 1.001, "half a microsecond is rounded up");
    assert_eq!(at(1_700_000_000_000.25).as_millis(), 1_700_000_000_000.25);
    for nothing in [0.0, -1.0, f64::NEG_INFINITY, f64::NAN] {
        assert_eq!(at(nothing), Timestamp::EPOCH);
    }
    assert_eq!(at(f64::INFINITY) + Duration::from_secs(1), at(f64::INFINITY), "the end of time");
    assert_eq!(Timestamp::EPOCH + Duration::MAX, at(f64::INFINITY));
}

#[test]
fn an_instant_reads_in_seconds() {
    assert_eq!(at(61_000.5).to_string(), "61.000500s");
    assert_eq!(Timestamp::EPOCH.to_string(), "0.000000s");
}

#[test]
fn the_time_since_something_later_is_zero() {
    assert_eq!(at(5.0).since(at(3.5)), Duration::from_micros(1_500));
    assert_eq!(at(3.5).since(at(5.0)), Duration::ZERO);
}

#[test]
fn durations_are_read_as_they_are_written() {
    for (text, micros) in [
        ("250ms", 250_000),
        ("0.5ms", 500),
        ("10s", 10_000_000),
        ("1.5s", 1_500_000),
        ("0s", 0),
        ("007s", 7_000_000),
        ("5m", 300_000_000),
        ("0.25h", 900_000_000),
        ("2d", 172_800_000_000),
        ("3650d", 315_360_000_000_000),
        // Cut, not rounded, to the microsecond.
        ("1.9999999s", 1_999_999),
        ("0.000000999999999999999999999999999999999999s", 0),
    ] {
        assert_eq!(parse_duration(text), Some(Duration::from_micros(micros)), "{text}");
    }
}

#[test]
fn what_is_not_a_duration_is_refused() {
    for text in [
        "", "s", "10", "ms", "-1s", "+1s", "1 s", " 1s", "1s ", "1sec", "1S", "1us", "1w", "1.s", ".5s", "1.5.2s",
        "1e3s", "1,5s", "0x10s", "١s", "1s2s", "NaNs", "infs", "1_000ms", "1ſ",
    ] {
        assert_eq!(parse_duration(text), None, "{text:?}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    assert_eq!(parse_duration("3650d"), Some(MAX_DURATION));
    for text in [
        "3650.000001d",
        // Beyond 64 bits, these would wrap to less than a day.
        "18446744073709552ms",
        "213503983d",
        "18446744073709.999999s",
        "87600.1h",
        "18446744073709551615ms",
        "18446744073709551616ms",
        "99999999999999999999d",
    ] {
        assert_eq!(parse_duration(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn whole_units_are_read_exactly(count in 0_u64..200_000, unit in 0_usize..5) {
        let (name, micros) =
            [("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000)][unit];
        let duration = Duration::from_micros(count * micros);
        let expected = (duration <= MAX_DURATION).then_some(duration);
        prop_assert_eq!(parse_duration(&format!("{count}{name}")), expected);
    }

    #[test]
    fn a_duration_written_in_seconds_is_read_back(micros in 0_u64..=315_360_000_000_000) {
        let text = format!("{}.{:06}s", micros / 1_000_000, micros % 1_000_000);
        prop_assert_eq!(parse_duration(&text), Some(Duration::from_micros(micros)));
        let text = format!("{}.{:03}ms", micros / 1_000, micros % 1_000);
        prop_assert_eq!(parse_duration(&text), Some(Duration::from_micros(micros)));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,12}|[0-9.]{0,25}(ms|s|m|h|d)?") {
        if let Some(duration) = parse_duration(&text) {
            prop_assert!(duration <= MAX_DURATION);
            prop_assert!(text.starts_with(|c: char| c.is_ascii_digit()), "{}", text);
        }
    }

    #[test]
    fn adding_and_subtracting_agree(start in 0_u64..1 << 50, micros in 0_u64..1 << 50) {
        let (start, duration) = (at(start as f64 / 1_000.0), Duration::from_micros(micros));
        prop_assert_eq!((start + duration).since(start), duration);
        prop_assert!(start + duration >= start);
    }
}
