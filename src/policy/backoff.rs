//! How long to wait before the next attempt.
//!
//! Waiting longer each time gives what failed room to recover; jitter keeps callers that failed together from coming
//! back together (Brooker 2015, "Exponential Backoff And Jitter": full jitter needs the fewest calls).

use std::f64::consts::LN_2;
use std::time::Duration;

use crate::rng::Rng;
use crate::time::micros;

/// How the delay grows from one attempt to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// Always the same.
    Constant,
    /// The base, twice, three times the base, …
    Linear,
    /// The base, doubled each time.
    Exponential,
}

/// How much of the delay is left to chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// Nothing.
    None,
    /// All of it: uniform in `[0, delay)`.
    Full,
    /// Half of it: uniform in `[delay / 2, delay)`.
    Equal,
    /// Drawn along a smooth exponential curve, so that the attempts of many callers spread evenly over time instead of
    /// bunching where each step of the schedule begins; only with [`Growth::Exponential`].
    Decorrelated,
}

/// How far a schedule has come; only [`Jitter::Decorrelated`] remembers something.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// The curve at the last draw, in units of the delay.
    curve: f64,
}

/// A schedule of delays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// How the delay grows.
    pub growth: Growth,
    /// The first delay.
    pub delay: Duration,
    /// No delay is longer than this, whatever the growth says.
    pub max_delay: Duration,
    /// How much is left to chance.
    pub jitter: Jitter,
}

impl Default for Backoff {
    /// Exponential from 200 ms to 30 s with full jitter.
    fn default() -> Self {
        Self {
            growth: Growth::Exponential,
            delay: Duration::from_millis(200),
            max_delay: Duration::from_secs(30),
            jitter: Jitter::Full,
        }
    }
}

impl Backoff {
    /// The delay after attempt number `attempt` failed; the first attempt is 1. Jitter applies after the cap, so the
    /// cap holds and a capped delay is still spread.
    pub fn delay_after(&self, attempt: u32, progress: &mut Progress, rng: &mut Rng) -> Duration {
        if self.jitter == Jitter::Decorrelated {
            return self.decorrelated(attempt, progress, rng);
        }
        let times = attempt.saturating_sub(1);
        let grown = match self.growth {
            Growth::Constant => self.delay,
            Growth::Linear => self.delay.saturating_mul(times.saturating_add(1)),
            Growth::Exponential => self.delay.saturating_mul(2_u32.saturating_pow(times)),
        };
        let capped = grown.min(self.max_delay);
        match self.jitter {
            Jitter::None | Jitter::Decorrelated => capped,
            Jitter::Full => part_of(capped, rng),
            Jitter::Equal => {
                let half = capped / 2;
                half + part_of(capped - half, rng)
            }
        }
    }

    /// The curve is `2^t * tanh(sqrt(4t))` at `t` = attempt + a random part of one; a delay is what it rose since the
    /// last draw, scaled so that the median of the first is the base (Polly, "decorrelated jitter backoff V2": the
    /// factor 4 and the divisor 1.4 are its figures).
    fn decorrelated(&self, attempt: u32, progress: &mut Progress, rng: &mut Rng) -> Duration {
        const LAST: u32 = 64;
        const STEEPNESS: f64 = 4.0;
        const SCALE: f64 = 1.4;
        let times = attempt.saturating_sub(1);
        // Here the curve has risen by 2^63 times the base, which is above every cap. To stop climbing would mean delays
        // of nothing, since a draw may be lower than the one before it.
        if times > LAST {
            return if self.delay.is_zero() { Duration::ZERO } else { self.max_delay };
        }
        let t = f64::from(times) + rng.unit();
        let power = exp(t * LN_2);
        let tanh = 1.0 - 2.0 / (exp(2.0 * (STEEPNESS * t).sqrt()) + 1.0);
        let curve = power * tanh;
        let risen = (curve - progress.curve).max(0.0);
        progress.curve = curve;
        let delay = micros(self.delay) as f64 * risen / SCALE;
        // A float cast saturates.
        Duration::from_micros(delay as u64).min(self.max_delay)
    }
}

/// `e^x` to twelve digits, for an `x` from 0 to 64: of a small part of `x` as a series, then squared as often as `x` was halved. It is the
/// same on every platform, and a fifth of the code that the platform's own takes.
fn exp(x: f64) -> f64 {
    const HALVINGS: i32 = 10;
    let part = x / f64::from(1 << HALVINGS);
    let series = (1..=9).rev().fold(1.0, |sum, term| 1.0 + sum * part / f64::from(term));
    (0..HALVINGS).fold(series, |power, _| power * power)
}

/// A part of `delay`: uniform in `[0, delay)`, cut to the microsecond. `Duration::mul_f64` would round, and so reach
/// the whole of a short delay and overflow on the longest.
fn part_of(delay: Duration, rng: &mut Rng) -> Duration {
    Duration::from_micros((micros(delay) as f64 * rng.unit()) as u64)
}
