//! Numbers in text, read without the standard library's tables.

use proptest::prelude::*;
use repflow::number::parse;

/// The standard library reads the same; it also has names for what is not finite.
fn assert_read(text: &str) {
    let expected =
        text.parse::<f64>().ok().filter(|_| !text.bytes().any(|byte| matches!(byte, b'n' | b'N' | b'f' | b'F')));
    assert_eq!(parse(text).map(f64::to_bits), expected.map(f64::to_bits), "{text}");
}

#[test]
fn the_nearest_double_is_found_at_every_edge() {
    for text in [
        "0",
        "-0",
        "0.0",
        "1",
        "+1",
        "0.1",
        "1.",
        ".5",
        ".",
        "",
        "-",
        "e1",
        "1e",
        "1e+",
        "1e5x",
        "1 ",
        "1e400",
        "1e-400",
        "-1e999999999999",
        "0e999999999999",
        "1e-999999999999",
        "9007199254740993",
        "9007199254740992.5",
        "9007199254740993.0000000000000000000000000000001",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "2.2250738585072014e-308",
        "2.2250738585072011e-308",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "5e-324",
        "123456789012345678901234567890",
        "0.000000000000000000000000000001",
        "18446744073709551615",
        "4294967296",
        "1e23",
        "8.5e22",
        "--1",
        "1.2.3",
        "0x1",
        "1e1e1",
        "Infinity",
    ] {
        assert_read(text);
    }
    let long = format!("{}.{}", "9".repeat(900), "9".repeat(900));
    assert_read(&long);
    let half = format!("0.{}{}", "0".repeat(310), "5".repeat(900));
    assert_read(&half);
    assert_read(&format!("{}e-900", "7".repeat(900)));
    assert_read(&format!("9007199254740993{}1", "0".repeat(900)));
    assert_read(&format!("9007199254740993{}1e-901", "0".repeat(900)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_double_is_read_back(bits: u64) {
        let number = f64::from_bits(bits);
        if number.is_finite() {
            assert_read(&format!("{number}"));
            assert_read(&format!("{number:e}"));
        }
    }

    #[test]
    fn any_decimal_is_read(text in "[-+]?[0-9]{0,25}(\\.[0-9]{0,25})?([eE][-+]?[0-9]{1,3})?") {
        assert_read(&text);
    }

    #[test]
    fn what_lies_in_the_middle_is_rounded_to_even(bits: u64, digit in 0..3) {
        // Halfway between a double and the next one, or a little off.
        let number = f64::from_bits(bits & 0x000f_ffff_ffff_ffff | 0x4330_0000_0000_0000);
        let off = ["49999999999999999999999", "5", "50000000000000000000001"][digit as usize];
        assert_read(&format!("{number}.{off}"));
    }
}
