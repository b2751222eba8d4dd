//! Instants that saturate instead of wrapping, and durations as a definition writes them.

use std::time::Duration;

use proptest::prelude::*;
use repflow::time::{MAX_DURATION, Timestamp, parse_duration, parse_instant};

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

#[test]
fn instants_are_read_as_they_are_written() {
    for (text, ms) in [
        ("1970-01-01T00:00:00Z", 0.0),
        ("1970-01-01T00:00Z", 0.0),
        ("1970-01-01t00:00:00.001z", 1.0),
        ("1970-01-01 00:00:00.000001Z", 0.001),
        ("1970-01-01T00:00:00.0000019Z", 0.001),
        ("1970-01-01T01:30:00+01:30", 0.0),
        ("1969-12-31T23:00:00-01:00", -1.0),
        ("1970-01-01T00:00:00-23:59", 86_340_000.0),
        ("2000-02-29T12:00:00Z", 951_825_600_000.0),
        ("2027-01-31T18:00:00Z", 1_801_418_400_000.0),
        // A leap second is the first one of the next minute, as in POSIX.
        ("2016-12-31T23:59:60Z", 1_483_228_800_000.0),
        ("9999-12-31T23:59:59.5Z", 253_402_300_799_500.0),
    ] {
        let expected = (ms >= 0.0).then(|| at(ms));
        assert_eq!(parse_instant(text), expected, "{text}");
    }
}

#[test]
fn what_is_not_an_instant_is_refused() {
    for text in [
        "",
        "now",
        "2027-01-31",
        "2027-01-31T18:00:00",
        "2027-01-31T18Z",
        "2027-01-31T18:0:00Z",
        "2027-1-31T18:00:00Z",
        "27-01-31T18:00:00Z",
        "12027-01-31T18:00:00Z",
        "2027-01-31T18:00:00.Z",
        "2027-01-31T18:00.5Z",
        "2027-01-31T18:00:00,5Z",
        "2027-01-31T24:00:00Z",
        "2027-01-31T18:60:00Z",
        "2027-01-31T18:00:61Z",
        "2027-00-31T18:00:00Z",
        "2027-13-31T18:00:00Z",
        "2027-04-31T18:00:00Z",
        "2027-02-29T18:00:00Z",
        "2100-02-29T18:00:00Z",
        "2027-01-00T18:00:00Z",
        "2027-01-31T18:00:00+0200",
        "2027-01-31T18:00:00+02",
        "2027-01-31T18:00:00+24:00",
        "2027-01-31T18:00:00+02:60",
        "2027-01-31T18:00:00Zulu",
        "2027-01-31T18:00:00Z+02:00",
        "2027-01-31T+8:00:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:30:00+01:00",
        " 2027-01-31T18:00:00Z",
        "２027-01-31T18:00:00Z",
    ] {
        assert_eq!(parse_instant(text), None, "{text}");
    }
}

proptest! {
    /// `httpdate` has its own arithmetic of days.
    #[test]
    fn every_second_is_read_as_another_implementation_writes_it(second in 0_u64..253_402_300_800, offset in -1_439_i64..1_440) {
        let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_secs(second));
        // `Sun, 06 Nov 1994 08:49:37 GMT`
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = months.iter().position(|month| *month == &date[8..11]).expect("it is a month") + 1;
        let text = format!("{}-{month:02}-{}T{}", &date[12..16], &date[5..7], &date[17..25]);
        prop_assert_eq!(parse_instant(&format!("{text}Z")), Some(Timestamp::EPOCH + Duration::from_secs(second)));
        let sign = if offset < 0 { '-' } else { '+' };
        let elsewhere = format!("{text}.25{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60);
        let expected = u64::try_from(second as i64 - offset * 60).ok();
        let expected = expected.map(|second| Timestamp::EPOCH + Duration::from_millis(second * 1_000 + 250));
        prop_assert_eq!(parse_instant(&elsewhere), expected, "{}", elsewhere);
    }

    #[test]
    fn any_text_is_an_instant_or_refused(text in "\\PC{0,30}|[0-9TZ:.+-]{0,30}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{0,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})") {
        _ = parse_instant(&text);
    }
}
