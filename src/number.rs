//! Numbers in messages.
//!
//! The standard library formats every float exactly, at a price of some 25 KB of wasm. A message needs a few decimals.

/// A number as a message shows it: whole numbers without a fraction, others with up to three decimals.
///
/// ```
/// use repflow::number::format;
///
/// assert_eq!(format(30.0), "30");
/// assert_eq!(format(-2.5), "-2.5");
/// assert_eq!(format(1.0 / 3.0), "0.333");
/// assert_eq!(format(f64::NAN), "NaN");
/// ```
#[must_use]
pub fn format(number: f64) -> String {
    /// Above this, a float no longer holds thousandths.
    const EXACT: f64 = (1_u64 << 43) as f64;
    if number.is_nan() {
        return "NaN".to_owned();
    }
    let sign = if number < 0.0 { "-" } else { "" };
    let size = number.abs();
    if size >= EXACT {
        return format!("{sign}{}", if size.is_infinite() { "∞" } else { "a very large number" });
    }
    let thousandths = (size * 1_000.0).round() as u64;
    let (whole, rest) = (thousandths / 1_000, thousandths % 1_000);
    if rest == 0 {
        return format!("{}{whole}", if whole == 0 { "" } else { sign });
    }
    let decimals = format!("{rest:03}");
    format!("{sign}{whole}.{}", decimals.trim_end_matches('0'))
}
