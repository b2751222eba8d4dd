//! Load and effort: the one-repetition maximum, repetitions in reserve, and the share of the maximum they stand for.

/// The one-repetition maximum by Epley (1985), `w(1 + r/30)`; `w` itself for one repetition. Valid to 10 repetitions.
#[must_use]
pub fn epley_kg(weight_kg: f64, reps: u32) -> f64 {
    if reps <= 1 { weight_kg } else { weight_kg * (1.0 + f64::from(reps) / 30.0) }
}

/// The one-repetition maximum by Brzycki (1993), `36w/(37 − r)`. Valid to 10 repetitions; meets Epley there.
#[must_use]
pub fn brzycki_kg(weight_kg: f64, reps: u32) -> f64 {
    36.0 * weight_kg / (37.0 - f64::from(reps.min(36)))
}

/// The share of the one-repetition maximum with which `reps` leave `rir` in reserve: Epley turned round,
/// `1/(1 + (reps + rir)/30)`; 1 for a single at failure.
///
/// ```
/// use repflow::fitness::strength::pct_1rm;
///
/// assert_eq!((pct_1rm(8, 2) * 100.0).round(), 75.0);
/// ```
#[must_use]
pub fn pct_1rm(reps: u32, rir: u32) -> f64 {
    let total = reps + rir;
    if total <= 1 { 1.0 } else { 1.0 / (1.0 + f64::from(total) / 30.0) }
}

/// The repetitions in reserve that keep `reps` at or below `pct` of the maximum: [`pct_1rm`] solved for `rir`.
#[must_use]
pub fn rir_for(reps: u32, pct: f64) -> u32 {
    let total = (30.0 * (1.0 / pct - 1.0) - 1e-9).ceil().max(0.0) as u32;
    total.saturating_sub(reps)
}

/// The rating of perceived exertion on the lifting scale, `10 − RIR` (Zourdos 2016).
#[must_use]
pub fn rpe(rir: u32) -> u32 {
    10_u32.saturating_sub(rir)
}

/// `weight_kg` rounded to the nearest `increment_kg`.
#[must_use]
pub fn round_to_kg(weight_kg: f64, increment_kg: f64) -> f64 {
    (weight_kg / increment_kg).round() * increment_kg
}
