//! Instants and durations. Nothing in the core reads a clock: the host passes the time in.
//!
//! `std::time::Instant` compiles for wasm and then panics, so an instant is our own newtype; a duration is the
//! standard library's, which is plain data.

use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

/// An instant: whole microseconds since the Unix epoch, as the host's clock tells it. It is kept as one more than these, so
/// that an instant that may not be known takes no more room than one that is: each step of each run has some.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(NonZeroU64);

impl Default for Timestamp {
    fn default() -> Self {
        Self::EPOCH
    }
}

impl Timestamp {
    /// The Unix epoch, where a virtual clock starts.
    pub const EPOCH: Self = Self(NonZeroU64::MIN);

    /// The instant that lies `ms` milliseconds after the Unix epoch; a fraction is kept to the microsecond.
    /// What is not a number, or lies before the epoch, is the epoch.
    #[must_use]
    pub fn from_millis(ms: f64) -> Self {
        // A float cast cuts, saturates, and takes NaN to zero.
        Self::from_micros((ms * 1_000.0 + 0.5) as u64)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub fn as_millis(self) -> f64 {
        self.as_micros() as f64 / 1_000.0
    }

    /// Whole microseconds since the Unix epoch.
    #[must_use]
    pub(crate) fn as_micros(self) -> u64 {
        self.0.get() - 1
    }

    /// The instant that lies so many microseconds after the Unix epoch.
    const fn from_micros(micros: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(micros))
    }

    /// How much later this instant is than `earlier`; zero when it is not later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.get().saturating_sub(earlier.0.get()))
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    /// Saturates at the end of time instead of wrapping.
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }
}

/// Whole microseconds; the end of time for what does not fit. Not `Duration::as_micros`, whose 128 bits are a function call
/// each in wasm.
pub(crate) fn micros(duration: Duration) -> u64 {
    let seconds = duration.as_secs();
    let fits = seconds < u64::MAX / 1_000_000;
    if fits { seconds * 1_000_000 + u64::from(duration.subsec_micros()) } else { u64::MAX }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timestamp").field(&self.as_micros()).finish()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.as_micros() / 1_000_000, self.as_micros() % 1_000_000)
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
    let unit_at = text.bytes().position(|it| it.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at_checked(unit_at)?;
    let unit: u64 = match unit {
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return None,
    };
    let (micros, _) = decimal(number, unit)?;
    (micros <= MAX_DURATION.as_micros() as u64).then(|| Duration::from_micros(micros))
}

/// What stands before the first of some marks, and behind it. The searchers of the standard library are a kilobyte of wasm.
fn cut<'a>(text: &'a str, marks: &[u8]) -> Option<(&'a str, &'a str)> {
    let at = text.bytes().position(|it| marks.contains(&it))?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// A decimal number of units of `unit` microseconds, cut to the microsecond, and whether anything was cut off. What is too
/// large is the largest number. Read digit by digit: the float parser of the standard library is some 10 KB of wasm.
#[inline(never)]
pub(crate) fn decimal(text: &str, unit: u64) -> Option<(u64, bool)> {
    let (whole, fraction) = cut(text, b".").unwrap_or((text, "0"));
    if whole.is_empty() || fraction.is_empty() {
        return None;
    }
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
    let mut micros = 0_u64;
    for byte in whole.bytes() {
        micros = micros.saturating_mul(10).saturating_add(digit(byte)?.saturating_mul(unit));
    }
    let (mut place, mut is_cut) = (unit, false);
    for byte in fraction.bytes() {
        let digit = digit(byte)?;
        place /= 10;
        micros = micros.saturating_add(digit * place);
        is_cut |= place == 0 && digit > 0;
    }
    Some((micros, is_cut))
}

/// Reads an instant as RFC 3339 and ISO 8601 write it: `2027-01-31T18:00:00Z`, with or without seconds and their
/// fraction, in UTC or with an offset such as `+02:00`.
///
/// Returns `None` for anything else, and for what lies before the Unix epoch.
///
/// ```
/// use repflow::time::parse_instant;
///
/// assert_eq!(parse_instant("1970-01-02T00:00:00Z").map(|it| it.as_millis()), Some(86_400_000.0));
/// assert_eq!(parse_instant("2027-01-31T18:00:00.5+02:00"), parse_instant("2027-01-31T16:00:00.500Z"));
/// assert_eq!(parse_instant("2027-02-30T00:00:00Z"), None);
/// ```
#[must_use]
pub fn parse_instant(text: &str) -> Option<Timestamp> {
    let (date, time) = cut(text, b"Tt ")?;
    let [year, month, day, ..] = read_form(date, "YYYY-NN-DD")?;
    let offset_at = time.bytes().position(|it| b"Zz+-".contains(&it))?;
    let (clock, offset) = time.split_at_checked(offset_at)?;
    let offset = match offset.split_at_checked(1)? {
        ("Z" | "z", "") => 0,
        (sign, offset) => {
            let [.., hours, minutes, _] = read_form(offset, "hh:mm")?;
            let minutes = (hours <= 23 && minutes <= 59).then_some((hours * 60 + minutes) as i64)?;
            if sign == "-" { -minutes } else { minutes }
        }
    };
    // A fraction is one of seconds, so it needs them.
    let form = if clock.len() == 5 { "hh:mm" } else { "hh:mm:ss" };
    let (clock, fraction) = cut(clock, b".").unwrap_or((clock, "0"));
    let (micros, _) = decimal(&format!("0.{fraction}"), 1_000_000)?;
    let [.., hour, minute, second] = read_form(clock, form)?;
    if year < 1970 {
        return None;
    }
    let seconds = seconds_of([year, month, day, hour, minute, second])? as i64 - offset * 60;
    Some(Timestamp::from_micros(u64::try_from(seconds).ok()? * 1_000_000 + micros))
}

/// Year, month, day, hour, minute and second of a text in a form; zero for what the form does not have. In a form `Y`, `N`,
/// `D`, `h`, `m` and `s` are digits, `_` is a digit of the day or a space, `?` is a letter of the month, and the rest
/// stands for itself.
pub(crate) fn read_form(text: &str, form: &str) -> Option<[u64; 6]> {
    const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    if text.len() != form.len() {
        return None;
    }
    let mut fields = [0; 6];
    let mut name = [0; 3];
    for (byte, kind) in text.bytes().zip(form.bytes()) {
        let field = match kind {
            b'_' if byte == b' ' => continue,
            b'_' => 2,
            b'?' => {
                name.rotate_left(1);
                name[2] = byte;
                continue;
            }
            _ => match b"YNDhms".iter().position(|letter| *letter == kind) {
                Some(field) => field,
                None if byte == kind => continue,
                None => return None,
            },
        };
        if !byte.is_ascii_digit() {
            return None;
        }
        fields[field] = fields[field] * 10 + u64::from(byte - b'0');
    }
    if name[0] != 0 {
        fields[1] = MONTHS.chunks(3).position(|month| month == name)? as u64 + 1;
    }
    Some(fields)
}

/// Seconds from the Unix epoch to a second of the Gregorian calendar, in UTC; zero for what lies before it, and `None` for
/// what is no date. Second 60 is a leap second: the time scale of the epoch has none, so it is the second after it.
#[inline(never)]
pub(crate) fn seconds_of([year, month, day, hour, minute, second]: [u64; 6]) -> Option<u64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if day < 1 || day > days || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    if year < 1970 {
        return Some(0);
    }
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

/// The longest duration a definition may name: ten years. Longer is a slip of the pen, and it keeps arithmetic on
/// timestamps far from overflow.
pub const MAX_DURATION: Duration = Duration::from_secs(10 * 365 * 86_400);
