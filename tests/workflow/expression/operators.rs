//! Literals, operators and functions, and what they refuse.

use super::{assert_failures, assert_values};

#[test]
fn literals() {
    assert_values(&[
        ("0", "0"),
        ("007", "7"),
        ("0x2A", "42"),
        ("-0x10", "-16"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("1.5", "1.5"),
        (".5", "0.5"),
        ("1e3", "1000.0"),
        ("2.5E-1", "0.25"),
        ("-1.0", "-1.0"),
        ("true", "true"),
        ("false", "false"),
        ("null", "null"),
        ("[]", "[]"),
        ("[1, 2.0, 'a', [null],]", "[1, 2.0, \"a\", [null]]"),
        ("{}", "{}"),
        ("{'a': 1, \"b\": {'c': []},}", "{\"a\": 1, \"b\": {\"c\": []}}"),
        ("{input.goal: 1}", "{\"strength\": 1}"),
        (r#""it's""#, "\"it's\""),
        (r#"'say "hi"'"#, "\"say \\\"hi\\\"\""),
        (r#"size('\a\b\f\n\r\t\v\\\?\"\'\`')"#, "12"),
        (r"'\x41\u00e9\U0001F600\101\X42'", "\"Aé😀AB\""),
        (r"r'a\nb'", "\"a\\\\nb\""),
        (r#"R"\" + r'\'"#, "\"\\\\\\\\\""),
    ]);
}

#[test]
fn arithmetic_keeps_whole_numbers_whole_and_promotes_them_to_doubles() {
    assert_values(&[
        ("1 + 2", "3"),
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("7 % 3", "1"),
        ("-7 % 3", "-1"),
        ("1 + 2 * 3 - 4 / 2", "5"),
        ("(1 + 2) * 3", "9"),
        ("10 - 4 - 3", "3"),
        ("2 * 3 % 4", "2"),
        ("1.5 + 2.5", "4.0"),
        ("7.0 / 2.0", "3.5"),
        ("1.0 / 0.0", "inf"),
        ("0.0 / 0.0", "NaN"),
        ("-5 - -3", "-2"),
        ("--5", "5"),
        ("-(2 + 3)", "-5"),
        ("-input.weight", "-42.5"),
        // The extension: a whole number that meets a double becomes one.
        ("input.weight * 2", "85.0"),
        ("2 * input.weight", "85.0"),
        ("input.sets[0] / 3 * 3", "8.0"),
        ("1 / 2.0", "0.5"),
        ("1 / 0.0", "inf"),
        ("input.sets[1] % 4", "2"),
        ("7.0 % 4.0", "3"),
        ("[1, 2, 3][1.0]", "2"),
    ]);
    assert_failures(&[
        ("1 / 0", 3, "a whole number cannot be divided by 0; check for it with"),
        ("1 % 0", 3, "a whole number cannot be divided by 0"),
        ("9223372036854775807 + 1", 21, "the result does not fit a whole number of 64 bits"),
        ("-9223372036854775808 - 1", 22, "the result does not fit"),
        ("4611686018427387904 * 2", 21, "the result does not fit"),
        ("-(-9223372036854775808)", 1, "the result does not fit"),
        ("-9223372036854775808 / -1", 22, "the result does not fit"),
        ("-9223372036854775808 % -1", 22, "the result does not fit"),
        ("1.5 % 2", 5, "`%` takes two whole numbers, not a number and a number; `int(…)` drops a fraction"),
        ("'a' + 1", 5, "`+` takes two numbers, two strings or two lists, not a string and a number; convert one with"),
        ("1 - true", 3, "`-` takes two numbers, not a number and a boolean"),
        ("null * 1", 6, "`*` takes two numbers, not null and a number"),
        ("[1] + 'a'", 5, "`+` takes two numbers, two strings or two lists, not a list and a string"),
        ("-'a'", 1, "`-` takes a number, not a string"),
        ("!1", 2, "`!` takes a boolean, not a number; compare it with something"),
        ("[1][0.5]", 5, "an index is a whole number, or a string for a field of a map, not a number"),
        ("{'a': 1}[null]", 10, "an index is a whole number, or a string"),
        ("{'a': 1, 'a': 2}", 10, "the key `a` occurs twice in the map"),
        ("{input.weight: 2}", 8, "a key of a map is a string, not a number"),
    ]);
}

#[test]
fn strings_and_lists_are_joined() {
    assert_values(&[
        ("'a' + 'b' + \"c\"", "\"abc\""),
        ("input.goal + '!'", "\"strength!\""),
        ("[1] + [] + [2, [3]]", "[1, 2, [3]]"),
        ("input.sets + [1]", "[8.0, 10.0, 12.0, 1]"),
    ]);
}

#[test]
fn comparison() {
    assert_values(&[
        ("1 == 1.0", "true"),
        ("1 == '1'", "false"),
        ("1 != '1'", "true"),
        ("null == null", "true"),
        ("null == false", "false"),
        ("input.load == null", "true"),
        ("true == true", "true"),
        ("'a' == 'a'", "true"),
        ("[1, [2.0]] == [1.0, [2]]", "true"),
        ("[1] == [1, 2]", "false"),
        ("{'a': 1, 'b': [2]} == {'b': [2], 'a': 1}", "true"),
        ("{'a': 1} == {'b': 1}", "false"),
        ("{} == []", "false"),
        ("0.0 / 0.0 == 0.0 / 0.0", "false"),
        ("0.0 / 0.0 != 0.0 / 0.0", "true"),
        ("0.0 / 0.0 < 1.0 || 0.0 / 0.0 >= 1.0", "false"),
        ("-0.0 == 0.0", "true"),
        ("9223372036854775807 == 9223372036854775806", "false"),
        ("1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3", "true"),
        ("1 < 1.5 && 1.5 > 1", "true"),
        ("input.weight >= 42", "true"),
        ("'a' < 'b' && 'B' < 'a' && 'a' < 'aa' && '￿' < '😀'", "true"),
        ("false < true", "true"),
    ]);
    assert_failures(&[
        (
            "1 < 'a'",
            3,
            "`<` takes two numbers, two strings or two booleans, not a number and a string; convert one with",
        ),
        ("null >= 1", 6, "`>=` takes two numbers, two strings or two booleans, not null and a number"),
        ("[1] < [2]", 5, "`<` takes two numbers, two strings or two booleans, not a list and a list"),
        ("1 < 2 < 3", 7, "`<` takes two numbers, two strings or two booleans, not a boolean and a number"),
        ("input.load > 3", 12, "`>` takes two numbers, two strings or two booleans, not null and a number"),
    ]);
}

#[test]
fn a_side_that_decides_absorbs_the_error_of_the_other() {
    assert_values(&[
        ("true && true", "true"),
        ("true && false", "false"),
        ("false || true", "true"),
        ("false || false", "false"),
        ("true || false && false", "true"),
        ("!true || !false", "true"),
        ("!!true", "true"),
        ("false && 1 / 0 == 0", "false"),
        ("1 / 0 == 0 && false", "false"),
        ("true || input.gaol", "true"),
        ("input.gaol || true", "true"),
        ("1 && false", "false"),
        ("'a' || true", "true"),
        ("has(input.gaol) && input.gaol.x > 1", "false"),
    ]);
    assert_failures(&[
        ("true && 1 / 0 == 0", 11, "a whole number cannot be divided by 0"),
        ("1 / 0 == 0 || false", 3, "a whole number cannot be divided by 0"),
        ("true && 'a'", 9, "`&&` takes a boolean, not a string; compare it with something"),
        ("0 || false", 1, "`||` takes a boolean, not a number; compare it with something"),
        ("input.goal || false", 7, "`||` takes a boolean, not a string"),
    ]);
}

#[test]
fn a_conditional_evaluates_one_side() {
    assert_values(&[
        ("true ? 1 : 1 / 0", "1"),
        ("false ? 1 / 0 : 2", "2"),
        ("1 > 2 ? 'a' : 2 > 1 ? 'b' : 'c'", "\"b\""),
        ("(true ? false : true) ? 1 : 2", "2"),
    ]);
    assert_failures(&[("1 ? 2 : 3", 1, "`?` takes a boolean, not a number; compare it with something")]);
}

#[test]
fn in_looks_into_lists_and_among_keys() {
    assert_values(&[
        ("2 in [1, 2]", "true"),
        ("2.0 in [1, 2]", "true"),
        ("8 in input.sets", "true"),
        ("'2' in [1, 2]", "false"),
        ("[1] in [[1.0]]", "true"),
        ("1 in []", "false"),
        ("'a' in {'a': null}", "true"),
        ("'goal' in input", "true"),
        ("'gaol' in input", "false"),
        ("1 in {'1': 1}", "false"),
        ("!('a' in [])", "true"),
        ("1 in [1] == true", "true"),
    ]);
    assert_failures(&[
        ("'a' in 'abc'", 5, "`in` looks into a list or a map, not a string"),
        ("1 in null", 3, "`in` looks into a list or a map, not null"),
    ]);
}

#[test]
fn functions() {
    assert_values(&[
        ("size('größe')", "5"),
        ("'😀'.size()", "1"),
        ("size([1, 2]) + [].size()", "2"),
        ("{'a': 1}.size()", "1"),
        ("'strength'.contains('eng')", "true"),
        ("'strength'.contains('')", "true"),
        ("input.goal.startsWith('str')", "true"),
        ("input.goal.endsWith('str')", "false"),
        ("string(1)", "\"1\""),
        ("string(-1.5)", "\"-1.5\""),
        ("string(2.0)", "\"2\""),
        ("string(0.0 / 0.0) + string(1.0 / 0.0) + string(-1.0 / 0.0)", "\"NaNInfinity-Infinity\""),
        ("string(true)", "\"true\""),
        ("string('a')", "\"a\""),
        ("string(input.weight) + ' kg'", "\"42.5 kg\""),
        ("int(2.9)", "2"),
        ("int(-2.9)", "-2"),
        ("int('-12')", "-12"),
        ("int('+12')", "12"),
        ("int('9223372036854775807')", "9223372036854775807"),
        ("int('-9223372036854775808')", "-9223372036854775808"),
        ("'a'.contains('aa')", "false"),
        ("''.contains('')", "true"),
        ("int(5)", "5"),
        ("int(input.weight) / 5", "8"),
        ("double(3)", "3.0"),
        ("double('1.25e2')", "125.0"),
        ("double('-Infinity')", "-inf"),
        ("double('NaN')", "NaN"),
        ("double(2.5)", "2.5"),
    ]);
    assert_failures(&[
        ("size(1)", 1, "`size` takes a string, a list or a map, not a number"),
        ("null.size()", 6, "`size` takes a string, a list or a map, not null"),
        ("'a'.contains(1)", 5, "`contains` takes two strings, not a string and a number"),
        ("[1].startsWith('a')", 5, "`startsWith` takes two strings, not a list and a string"),
        ("string([])", 1, "`string` takes a number, a boolean or a string, not a list"),
        ("string(null)", 1, "`string` takes a number, a boolean or a string, not null"),
        ("int('1.5')", 1, "`int` takes a string of digits (`int(double(…))` drops a fraction), not this one"),
        ("int('')", 1, "`int` takes a string of digits"),
        ("int('--1')", 1, "`int` takes a string of digits"),
        ("int('-+1')", 1, "`int` takes a string of digits"),
        ("int(' 1')", 1, "`int` takes a string of digits"),
        ("int('9223372036854775808')", 1, "`int` takes a string of digits"),
        ("int('-9223372036854775809')", 1, "`int` takes a string of digits"),
        ("int(1e19)", 1, "`int` takes a number that fits 64 bits, not this one"),
        ("int(0.0 / 0.0)", 1, "`int` takes a number that fits 64 bits"),
        ("int(true)", 1, "`int` takes a number or a string, not a boolean"),
        ("double('1,5')", 1, "`double` takes a string such as `1.5`, not this one"),
        ("double('1e999')", 1, "`double` takes a string such as `1.5`"),
        ("double([])", 1, "`double` takes a number or a string, not a list"),
    ]);
}
