//! What a service says of its rate limits, in the `x-ratelimit-*` headers of its answers.

use std::time::Duration;

use super::json::Write;
use crate::time::{MAX_DURATION, decimal};
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
        Some(Self { limit, remaining: count(remaining?)?, reset: duration(reset?.trim())? })
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
fn duration(whole: &str) -> Option<Duration> {
    let (mut text, mut micros) = (whole, 0_u64);
    loop {
        let (number, rest) = split(text, |c| c.is_ascii_digit() || c == '.');
        let (unit, rest) = split(rest, |c| !c.is_ascii_digit());
        let unit = match unit {
            "ms" => 1_000,
            "s" => 1_000_000,
            "" if text.len() == whole.len() => 1_000_000,
            "m" => 60_000_000,
            "h" => 3_600_000_000,
            "d" => 86_400_000_000,
            _ => return None,
        };
        micros = micros.saturating_add(decimal(number, unit)?.0);
        if rest.is_empty() {
            return Some(Duration::from_micros(micros).min(MAX_DURATION));
        }
        text = rest;
    }
}

/// What a text begins with, and the rest.
fn split(text: &str, belongs: fn(char) -> bool) -> (&str, &str) {
    text.split_at_checked(text.find(|c| !belongs(c)).unwrap_or(text.len())).unwrap_or_default()
}
