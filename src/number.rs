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
/// The standard library's tables for this are some 12 KB of wasm. Here the digits become one large whole number, which
/// powers of ten multiply or divide until its highest bits are those of the result.
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
    /// More digits than a double can tell apart; of the rest it only matters whether they are all zero.
    const DIGITS: usize = 800;
    const MOST: i32 = 100_000;
    let (negative, text) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    let mut large = Large(Vec::new());
    let (mut read, mut kept, mut exponent) = (0, 0, 0_i32);
    // Whether there is more to the number than `large` holds.
    let mut more = false;
    let mut point = false;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'.' if !point => point = true,
            b'0'..=b'9' => {
                read += 1;
                if kept < DIGITS {
                    large.multiply_and_add(10, u32::from(byte - b'0'));
                    kept += usize::from(!large.0.is_empty());
                    exponent -= i32::from(point);
                } else {
                    more |= *byte != b'0';
                    exponent = (exponent + i32::from(!point)).min(MOST);
                }
            }
            _ => break,
        }
        at += 1;
    }
    if read == 0 {
        return None;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        let (sign, digits) = match &text[at + 1..] {
            [b'-', rest @ ..] => (-1, rest),
            [b'+', rest @ ..] => (1, rest),
            rest => (1, rest),
        };
        let mut written = 0_i32;
        for byte in digits {
            if !byte.is_ascii_digit() {
                return None;
            }
            written = (written * 10 + i32::from(byte - b'0')).min(MOST);
        }
        if digits.is_empty() {
            return None;
        }
        exponent += sign * written;
    } else if at < text.len() {
        return None;
    }
    let size = if large.0.is_empty() || exponent < -1_200 {
        0.0
    } else if exponent > 400 {
        f64::INFINITY
    } else {
        large.times_power_of_ten(exponent, more)
    };
    Some(if negative { -size } else { size })
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

/// A whole number of any size, its lowest 32 bits first, without zeros at the end.
struct Large(Vec<u32>);

impl Large {
    fn multiply_and_add(&mut self, factor: u32, add: u32) {
        let mut carry = add;
        for part in &mut self.0 {
            let product = u64::from(*part) * u64::from(factor) + u64::from(carry);
            *part = product as u32;
            carry = (product >> 32) as u32;
        }
        if carry > 0 {
            self.0.push(carry);
        }
    }

    /// Divides, and says whether nothing is left over.
    fn divide(&mut self, divisor: u32) -> bool {
        let mut rest = 0;
        for part in self.0.iter_mut().rev() {
            let dividend = rest << 32 | u64::from(*part);
            *part = (dividend / u64::from(divisor)) as u32;
            rest = dividend % u64::from(divisor);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        rest == 0
    }

    /// The double nearest to the number times a power of ten; of two that are as near the even one. `more` says that the
    /// number is a little larger than what is held here.
    fn times_power_of_ten(mut self, exponent: i32, mut more: bool) -> f64 {
        let mut shift = 0;
        for _ in 0..exponent {
            self.multiply_and_add(10, 0);
        }
        if exponent < 0 {
            // Enough to leave 64 bits and more: ten is less than 2 to the power of 4.
            let words = exponent.unsigned_abs() as usize / 8 + 3;
            let mut shifted = vec![0; words];
            shifted.append(&mut self.0);
            self.0 = shifted;
            shift = words as i32 * 32;
            for _ in exponent..0 {
                more |= !self.divide(10);
            }
        }
        let mut top = 0_u64;
        for part in self.0.iter().rev().take(2) {
            top = top << 32 | u64::from(*part);
        }
        let mut below = self.0.len().saturating_sub(2);
        let room = top.leading_zeros();
        top <<= room;
        if below > 0 && room > 0 {
            below -= 1;
            // Two words are there, so that at most 31 bits are free.
            top |= u64::from(self.0[below]) >> (32 - room);
            more |= self.0[below] << room != 0;
        }
        more |= self.0[..below].iter().any(|part| *part != 0);
        // The number is at least 2 to the power of `power`, and less than twice that.
        let power = self.0.len().max(2) as i32 * 32 - 1 - room as i32 - shift;
        round(top, power, more)
    }
}

/// The double whose highest 64 bits are `top`, the highest of which is worth 2 to the power of `power`.
fn round(top: u64, power: i32, more: bool) -> f64 {
    const LEAST: i32 = -1_022;
    if power > 1_023 {
        return f64::INFINITY;
    }
    let lost = 11 + (LEAST - power).max(0);
    if lost > 64 {
        return 0.0;
    }
    let (kept, rest) = if lost == 64 { (0, top) } else { (top >> lost, top & ((1 << lost) - 1)) };
    let half = 1 << (lost - 1);
    let up = rest > half || rest == half && (more || kept & 1 == 1);
    // The highest bit of a normal number is not written; a carry makes the exponent one larger, as it should.
    let exponent = if power < LEAST { 0 } else { (power - LEAST) as u64 };
    f64::from_bits((exponent << 52) + kept + u64::from(up))
}
