//! What a service says of its rate limits, in the `x-ratelimit-*` headers of its answers.

use std::time::Duration;

use super::json::Write;
use crate::small::{part, rest};
use crate::time::{MAX_DURATION, decimal, parse_duration};
use crate::value::Value;

/// What is left of a limit, of requests or of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The most in a time.
    pub limit: Option<u64>,
    /// How many of them are left.
    pub remaining: u64,
    /// When all of them are there again.
    pub reset: Duration,
}

impl Left {
    /// Reads the headers `x-ratelimit-limit-*`, `-remaining-*` and `-reset-*`, of requests or of tokens. None when what is
    /// left, or until when, is not said or cannot be read.
    ///
    /// ```
    /// use repflow::ai::rate::Left;
    /// use std::time::Duration;
    ///
    /// let left = Left::read([Some("60"), Some("59"), Some("1m0.5s")]);
    /// assert_eq!(left.map(|left| left.reset), Some(Duration::from_millis(60_500)));
    /// ```
    #[must_use]
    pub fn read([limit, remaining, reset]: [Option<&str>; 3]) -> Option<Self> {
        let count = |text: &str| crate::number::whole(text.trim(), 10);
        let limit = limit.and_then(count);
        let reset = reset?.trim();
        let reset = if reset.is_empty() { None } else { duration(reset) };
        Some(Self { limit, remaining: count(remaining?)?, reset: reset? })
    }

    /// `{ limit?, remaining, resetMs }`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Write::default()
            .maybe_number("limit", self.limit.map(|limit| limit as f64))
            .maybe_number("remaining", Some(self.remaining as f64))
            .maybe_number("resetMs", Some(self.reset.as_secs_f64() * 1_000.0))
            .end()
    }
}

/// Reads a duration as Go writes it (`6m0s`, `17ms`, `1h2m3.5s`), or seconds without a unit.
fn duration(mut text: &str) -> Option<Duration> {
    if let Some((micros, _)) = decimal(text, 1_000_000) {
        return Some(Duration::from_micros(micros).min(MAX_DURATION));
    }
    let mut sum = Duration::ZERO;
    while !text.is_empty() {
        let unit = text.find(|c: char| c.is_ascii_alphabetic())?;
        let digit = rest(text, unit).find(|c: char| c.is_ascii_digit());
        let end = digit.map_or(text.len(), |digit| unit + digit);
        sum = sum.saturating_add(parse_duration(part(text, 0..end))?);
        text = rest(text, end);
    }
    Some(sum)
}
