//! When the server says to come back.
//!
//! What it says is a lower bound: coming back earlier is refused again, and often counted against the caller. So
//! everything is rounded up. Whether to wait that long is for the caller to decide.

use std::time::Duration;

use crate::small::trim;
use crate::time::{MAX_DURATION, Timestamp, decimal, read_form, seconds_of};

/// How long the server asks to wait, from the headers `retry-after-ms` and `retry-after` of its answer.
///
/// `retry-after-ms` wins when it is a number of milliseconds. Then `retry-after` is read as a number of seconds, or as an
/// HTTP date in one of the three forms of RFC 9110, section 5.6.7; a date in the past is no wait. Numbers may have a
/// fraction, which some servers send although the RFC knows only whole seconds. What cannot be read is `None`; what is
/// longer than [`MAX_DURATION`] is cut to it.
///
/// ```
/// use repflow::policy::retry_after;
/// use repflow::time::Timestamp;
/// use std::time::Duration;
///
/// let now = Timestamp::from_millis(784_111_770_000.0);
/// assert_eq!(retry_after(Some("1500"), Some("30"), now), Some(Duration::from_millis(1_500)));
/// assert_eq!(retry_after(None, Some("30"), now), Some(Duration::from_secs(30)));
/// assert_eq!(retry_after(None, Some("Sun, 06 Nov 1994 08:49:37 GMT"), now), Some(Duration::from_secs(7)));
/// assert_eq!(retry_after(None, Some("soon"), now), None);
/// ```
#[must_use]
pub fn retry_after(retry_after_ms: Option<&str>, retry_after: Option<&str>, now: Timestamp) -> Option<Duration> {
    let wait = retry_after_ms.and_then(|text| number(trim(text), 1_000)).or_else(|| {
        let text = trim(retry_after?);
        number(text, 1_000_000).or_else(|| {
            let now = now.since(Timestamp::EPOCH);
            Some(http_date(text, now)?.saturating_sub(now))
        })
    })?;
    Some(wait.min(MAX_DURATION))
}

/// A decimal number of units of `unit` microseconds, rounded up to the microsecond.
fn number(text: &str, unit: u64) -> Option<Duration> {
    let (micros, is_cut) = decimal(text, unit)?;
    Some(Duration::from_micros(micros.saturating_add(is_cut.into())))
}

/// What follows the name of the weekday, as a form that dates are read by.
const FORMS: [&str; 3] = [
    // IMF-fixdate
    ", DD ??? YYYY hh:mm:ss GMT",
    // RFC 850, the only one whose years have two digits
    ", DD-???-YY hh:mm:ss GMT",
    // asctime
    " ??? _D hh:mm:ss YYYY",
];

const WEEKDAYS: &[u8] = b"MonTueWedThuFriSatSun";

/// An HTTP date as time since the epoch; a date before the epoch is the epoch. A weekday that is not the date's is let
/// pass: the date is clear without it.
///
/// By hand, since the crate `httpdate` is 7 KB of wasm, and knows no leap seconds.
fn http_date(text: &str, now: Duration) -> Option<Duration> {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (weekday, rest) = text.split_at_checked(letters)?;
    let weekday = weekday.as_bytes().get(..3)?;
    WEEKDAYS.chunks(3).find(|name| *name == weekday)?;
    let (form, mut fields) = FORMS.iter().find_map(|form| Some((*form, read_form(rest, form)?)))?;
    if form == FORMS[1] {
        fields[0] = full_year(fields[0], now);
    }
    seconds_of(fields).map(Duration::from_secs)
}

/// The year that two digits stand for: not more than 50 years from now (RFC 9110, section 5.6.7).
fn full_year(digits: u64, now: Duration) -> u64 {
    // The mean length of a Gregorian year; around New Year it may be off by one, which matters only 50 years from now.
    let earliest = 1970 + now.as_secs() / 31_556_952 - 49;
    earliest + (digits + 100 - earliest % 100) % 100
}
