//! What a service says of its rate limits, in the `x-ratelimit-*` headers of its answers.

use std::time::Duration;

use super::json::Write;
use crate::time::{MAX_DURATION, decimal};
use crate::value::Value;

/// What is left of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The most in a time.
    pub limit: Option<u64>,
    /// How many of them are left.
    pub remaining: u64,
    /// When all of them are there again.
    pub reset: Duration,
}

/// What is left of the limits of requests and of tokens; none where the headers do not say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests.
    pub requests: Option<Left>,
    /// Tokens.
    pub tokens: Option<Left>,
}

impl RateLimits {
    /// Reads the headers `x-ratelimit-` `limit-requests`, `remaining-requests`, `reset-requests`, `limit-tokens`,
    /// `remaining-tokens` and `reset-tokens`, in this order.
    ///
    /// ```
    /// use repflow::ai::rate::RateLimits;
    /// use std::time::Duration;
    ///
    /// let limits = RateLimits::read(&[Some("60"), Some("59"), Some("1m0.5s"), None, None, None]);
    /// assert_eq!(limits.requests.map(|left| left.reset), Some(Duration::from_millis(60_500)));
    /// assert_eq!(limits.tokens, None);
    /// ```
    #[must_use]
    pub fn read(headers: &[Option<&str>; 6]) -> Self {
        let [limit, remaining, reset, ..] = *headers;
        let [.., token_limit, tokens, token_reset] = *headers;
        Self { requests: left(limit, remaining, reset), tokens: left(token_limit, tokens, token_reset) }
    }

    /// `{ requests?: { limit?, remaining, resetMs }, tokens?: { … } }`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut written = Write::default();
        for (key, left) in [("requests", self.requests), ("tokens", self.tokens)] {
            let Some(left) = left else { continue };
            let mut fields = Write::default();
            fields.maybe_number("limit", left.limit.map(|limit| limit as f64));
            fields.maybe_number("remaining", Some(left.remaining as f64));
            fields.maybe_number("resetMs", Some(left.reset.as_secs_f64() * 1_000.0));
            written.value(key, fields.end());
        }
        written.end()
    }
}

#[inline(never)]
fn left(limit: Option<&str>, remaining: Option<&str>, reset: Option<&str>) -> Option<Left> {
    let count = |text: &str| crate::number::whole(text.trim(), 10);
    Some(Left { limit: limit.and_then(count), remaining: count(remaining?)?, reset: duration(reset?.trim())? })
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
