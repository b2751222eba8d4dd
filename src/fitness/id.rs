//! Stable 32-bit hashes (FNV-1a), for seeds and ids.

use crate::value::Value;

/// The hash of a text.
pub(super) fn of_text(text: &str) -> u32 {
    let mut hash = Hash::new();
    hash.text(text);
    hash.0
}

/// The hash of the JSON text of a value, without spaces and with sorted keys. Numbers with a fraction have to be from 1
/// to a million.
pub(super) fn of_json(json: &Value) -> u32 {
    let mut hash = Hash::new();
    hash.json(json);
    hash.0
}

struct Hash(u32);

impl Hash {
    fn new() -> Self {
        Self(0x811c_9dc5)
    }

    fn text(&mut self, text: &str) {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }

    fn json(&mut self, json: &Value) {
        match json {
            Value::Null | Value::Host(_) => self.text("null"),
            Value::Bool(value) => self.text(if *value { "true" } else { "false" }),
            Value::Int(number) => self.text(&number.to_string()),
            Value::Number(number) => self.decimal(*number),
            Value::String(text) => self.quoted(text),
            Value::List(items) => {
                self.text("[");
                for (i, item) in items.iter().enumerate() {
                    self.text(if i > 0 { "," } else { "" });
                    self.json(item);
                }
                self.text("]");
            }
            Value::Map(fields) => {
                self.text("{");
                for (i, (key, value)) in fields.iter().enumerate() {
                    self.text(if i > 0 { "," } else { "" });
                    self.quoted(key);
                    self.text(":");
                    self.json(value);
                }
                self.text("}");
            }
        }
    }

    fn quoted(&mut self, text: &str) {
        quoted(text, &mut |part| self.text(part));
    }

    /// The shortest decimal that is read back as the same number, with at least one digit after the point.
    fn decimal(&mut self, number: f64) {
        // The number is mantissa / 2^shift, and its neighbours are one off in the mantissa.
        let bits = number.to_bits();
        let shift = 1_075 - (bits >> 52) as u32;
        let mantissa = u128::from(bits & ((1 << 52) - 1) | 1 << 52);
        let (mut power, mut decimals) = (1, 0);
        let digits = loop {
            let exact = mantissa * power;
            let digits = (exact + (1 << (shift - 1))) >> shift;
            if (digits << shift).abs_diff(exact) * 2 < power {
                break digits as u64;
            }
            (power, decimals) = (power * 10, decimals + 1);
        };
        let digits = digits.to_string();
        let (whole, fraction) = digits.split_at_checked(digits.len() - decimals).unwrap_or_default();
        self.text(whole);
        self.text(".");
        self.text(if fraction.is_empty() { "0" } else { fraction });
    }
}

/// A text as JSON, in parts: a character or what stands for it.
pub(super) fn quoted(text: &str, put: &mut dyn FnMut(&str)) {
    put("\"");
    for char in text.chars() {
        match char {
            '"' => put("\\\""),
            '\\' => put("\\\\"),
            '\u{8}' => put("\\b"),
            '\u{c}' => put("\\f"),
            '\n' => put("\\n"),
            '\r' => put("\\r"),
            '\t' => put("\\t"),
            '\0'..='\u{1f}' => put(&format!("\\u{:04x}", u32::from(char))),
            _ => put(char.encode_utf8(&mut [0; 4])),
        }
    }
    put("\"");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_hashes_as_its_text_does() {
        for number in [1.0, 1.5, 20.1, 75.0, 81.646_626_6, 399.999, 180.0 / 2.2046, 0.1 + 1.2, 1.0 / 3.0 + 1.0, 512.3] {
            let text = json!(number).to_string();
            assert_eq!(of_json(&Value::Number(number)), of_text(&text), "{number}");
        }
        assert_eq!(of_json(&Value::Int(7)), of_text("7"));
        let json =
            json!({ "b": [null, true, {}, "ü \" \\ \n \u{1} \u{7f} \u{1F3CB} \u{8}\u{c}\r\t/"], "a\"": "7", "c": [] });
        assert_eq!(of_json(&Value::from(&json)), of_text(&json.to_string()));
    }
}
