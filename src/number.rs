//! Numbers as text.
//!
//! The standard library formats every float exactly, at a price of some 25 KB of wasm. A message needs a few decimals.

use std::cell::Cell;

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
    let mut text = sign.to_owned();
    if size >= EXACT {
        text.push_str(if size.is_infinite() { "∞" } else { "a very large number" });
        return text;
    }
    let thousandths = (size * 1_000.0).round() as u64;
    if thousandths == 0 {
        return "0".to_owned();
    }
    text.push_str(&(thousandths / 1_000).to_string());
    let mut rest = thousandths % 1_000;
    if rest > 0 {
        text.push('.');
    }
    while rest > 0 {
        text.push(char::from(b'0' + (rest / 100) as u8));
        rest = rest % 100 * 10;
    }
    text
}

/// Reads a decimal number such as `12`, `-0.5` or `1e3`: the double that is nearest to it, infinite when it is too large.
/// `None` for what is not a number.
///
/// In wasm the host reads it, which can anyway: the standard library's tables for this are some 12 KB.
///
/// ```
/// use repflow::number::parse;
///
/// assert_eq!(parse("-12.5e-1"), Some(-1.25));
/// assert_eq!(parse("0.1"), Some(0.1));
/// assert_eq!(parse("1,5"), None);
/// ```
#[must_use]
pub fn parse(text: &str) -> Option<f64> {
    is_number(text.as_bytes()).then(|| READ.with(|read| read.get()(text)))
}

/// An optional sign, digits with at most one point, and perhaps an exponent.
fn is_number(text: &[u8]) -> bool {
    let unsigned = |text: &'_ [u8]| usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let mut at = unsigned(text);
    let (mut digits, mut point) = (0, false);
    while let Some(byte) = text.get(at) {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'.' if !point => point = true,
            b'e' | b'E' => {
                let exponent = &text[at + 1..];
                let exponent = &exponent[unsigned(exponent)..];
                return digits > 0 && !exponent.is_empty() && exponent.iter().all(u8::is_ascii_digit);
            }
            _ => return false,
        }
        at += 1;
    }
    digits > 0
}

thread_local! {
    static READ: Cell<fn(&str) -> f64> = const { Cell::new(read) };
}

/// What becomes of text that is a number.
fn read(text: &str) -> f64 {
    if cfg!(target_arch = "wasm32") { f64::NAN } else { text.parse().unwrap_or(f64::NAN) }
}

/// From now on `by` reads what is a number.
#[cfg(target_arch = "wasm32")]
pub fn read_by(by: fn(&str) -> f64) {
    READ.set(by);
}

/// Reads digits of a whole number; `None` for what is none, and above 2 to the power of 63, which is the magnitude of the
/// smallest number of 64 bits.
pub(crate) fn whole(digits: &str, radix: u32) -> Option<u64> {
    const MOST: u64 = 1 << 63;
    let mut number = 0_u64;
    for digit in digits.chars() {
        let digit = digit.to_digit(radix)?;
        if number > MOST / u64::from(radix) {
            return None;
        }
        number = number * u64::from(radix) + u64::from(digit);
    }
    (number <= MOST && !digits.is_empty()).then_some(number)
}
