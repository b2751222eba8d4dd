//! Instants and durations. Nothing in the core reads a clock: the host passes the time in.
//!
//! `std::time::Instant` compiles for wasm and then panics, so an instant is our own newtype; a duration is the
//! standard library's, which is plain data.

use std::fmt;
use std::time::Duration;

/// An instant: whole microseconds since the Unix epoch, as the host's clock tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The Unix epoch, where a virtual clock starts.
    pub const EPOCH: Self = Self(0);

    /// The instant that lies `ms` milliseconds after the Unix epoch; a fraction is kept to the microsecond.
    /// What is not a number, or lies before the epoch, is the epoch.
    #[must_use]
    pub fn from_millis(ms: f64) -> Self {
        // A float cast cuts, saturates, and takes NaN to zero.
        Self((ms * 1_000.0 + 0.5) as u64)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub fn as_millis(self) -> f64 {
        self.0 as f64 / 1_000.0
    }

    /// Whole microseconds since the Unix epoch.
    #[must_use]
    pub(crate) fn as_micros(self) -> u64 {
        self.0
    }

    /// How much later this instant is than `earlier`; zero when it is not later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    /// Saturates at the end of time instead of wrapping.
    fn add(self, duration: Duration) -> Self {
        // Not `as_micros`, whose 128 bits are a function call each in wasm.
        let seconds = duration.as_secs();
        let fits = seconds < u64::MAX / 1_000_000;
        let micros = if fits { seconds * 1_000_000 + u64::from(duration.subsec_micros()) } else { u64::MAX };
        Self(self.0.saturating_add(micros))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// Reads a duration as a definition writes it: whole digits, an optional fraction, and one of the units `ms`, `s`,
/// `m`, `h`, `d` (`"250ms"`, `"1.5s"`, `"5m"`).
///
/// Returns `None` for anything else, also for what would not fit.
///
/// ```
/// use repflow::time::parse_duration;
/// use std::time::Duration;
///
/// assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
/// assert_eq!(parse_duration("1.5s"), Some(Duration::from_millis(1_500)));
/// assert_eq!(parse_duration("10"), None);
/// assert_eq!(parse_duration("-1s"), None);
/// ```
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let unit: u64 = match unit {
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let micros = scaled(whole)?.checked_mul(unit)?.checked_add(fraction_of(fraction, unit)?)?;
    (micros <= MAX_DURATION.as_micros() as u64).then(|| Duration::from_micros(micros))
}

/// A whole number, digits only.
fn scaled(digits: &str) -> Option<u64> {
    // `parse` alone would take a sign.
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// `0.digits` of `unit`, cut to the microsecond. Whole numbers throughout: reading a float would put the tables of the
/// standard library's float parser into the wasm.
fn fraction_of(digits: &str, unit: u64) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut rest = unit;
    Some(digits.bytes().fold(0, |sum, digit| {
        rest /= 10;
        sum + u64::from(digit - b'0') * rest
    }))
}

/// The longest duration a definition may name: ten years. Longer is a slip of the pen, and it keeps arithmetic on
/// timestamps far from overflow.
pub const MAX_DURATION: Duration = Duration::from_secs(10 * 365 * 86_400);
