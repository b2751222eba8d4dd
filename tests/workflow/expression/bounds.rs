//! An expression that comes from anybody, over data that comes from anywhere, ends soon.

use repflow::workflow::expression::{MAX_DEPTH, MAX_SIZE, MAX_STEPS};
use serde_json::json;

use super::{Data, parse, value_of};

#[test]
fn nesting_is_bounded_in_every_direction() {
    let nested = |open: &str, close: &str, count: usize| format!("{}1{}", open.repeat(count), close.repeat(count));
    let chain = |part: &str, count: usize| format!("1{}", part.repeat(count));
    for source in [
        nested("(", ")", MAX_DEPTH - 1),
        nested("[", "]", MAX_DEPTH - 1),
        nested("-", "", MAX_DEPTH),
        chain(" + 1", MAX_DEPTH),
        chain("[0]", MAX_DEPTH),
        chain(".a", MAX_DEPTH),
    ] {
        let expression = parse(&source).unwrap_or_else(|error| panic!("{source}: {error:?}"));
        let _ = expression.evaluate(&Data::default());
    }
    for count in [MAX_DEPTH + 1, 100_000] {
        for source in [
            nested("(", ")", count),
            nested("[", "]", count),
            nested("{'a':", "}", count),
            nested("-(", ")", count),
            nested("true ? 1 : ", "", count),
            nested("size(", ")", count),
            nested("[1].map(x, ", ")", count),
            nested("!", "", count),
            nested("- ", "", count + 1),
            nested("input[", "]", count),
            chain(" + 1", count),
            chain(" || 1", count),
            chain("[0]", count),
            chain(".a", count),
            chain(".size()", count),
            format!("{}{}", "(".repeat(count), "1"),
        ] {
            let error = parse(&source).expect_err("it is too deep");
            assert!(error.message.contains("nested deeper than 64 levels"), "{}: {}", &source[..30], error.message);
        }
    }
    // Chains within nests within chains.
    let mut source = "1".to_owned();
    for _ in 0..MAX_DEPTH - 2 {
        source = format!("({source}{})", " + 1".repeat(MAX_DEPTH - 2));
    }
    assert!(parse(&source).is_err());
}

#[test]
fn the_repetitions_that_cel_asks_for_are_there() {
    // "Implementations are required to support at least", langdef.md, section Syntax.
    for source in [
        vec!["false"; 32].join(" || "),
        vec!["true"; 32].join(" && "),
        vec!["true ? 1 :"; 24].join(" ") + " 2",
        vec!["1"; 24].join(" + "),
        format!("[{}]", ["1"; 32].join(", ")),
        format!("{{{}}}", (0..32).map(|key| format!("'{key}': 1")).collect::<Vec<_>>().join(", ")),
        format!("{}1{}", "int(".repeat(12), ")".repeat(12)),
        format!("{}1{}", "[".repeat(12), "]".repeat(12)),
        format!("{}1{}{}", "{'a': ".repeat(12), "}".repeat(12), ".a".repeat(12)),
        format!("{}1{}{}", "[".repeat(12), "]".repeat(12), "[0]".repeat(12)),
    ] {
        value_of(&source, &Data::default()).expect("it has a value");
    }
}

#[test]
fn steps_are_bounded_and_nothing_absorbs_the_end() {
    let numbers: Vec<u32> = (0..1_000).collect();
    let data = Data { input: json!({ "n": numbers, "text": "a".repeat(100_000) }), ..Data::default() };
    for source in [
        "input.n.all(a, input.n.all(b, input.n.all(c, true)))",
        "input.n.map(a, input.n.map(b, a * b)).size()",
        "input.n.all(a, input.n.all(b, input.n.all(c, true))) || true",
        "!(input.n.exists(a, input.n.exists(b, input.n.exists(c, false))) && false)",
        "input.n.all(a, input.n == input.n)",
        "input.n.all(a, !(-1 in input.n))",
        "input.n.all(a, !input.text.contains('b'))",
        "input.n.all(a, input.text == input.text)",
        "input.n.all(a, size(input.n + input.n) > 0)",
    ] {
        let error = value_of(source, &data).expect_err(source);
        assert!(error.contains(&format!("it takes more than {MAX_STEPS} steps; compute this in a step")), "{error}");
    }
    assert!(
        value_of("input.n.all(a, input.n.exists(b, b == 2))", &data).is_ok(),
        "what is usual is far away from the end"
    );
}

#[test]
fn what_is_built_is_bounded() {
    let data = Data { input: json!({ "text": "a".repeat(50_000) }), ..Data::default() };
    let doubled = |part: &str, times: usize| {
        (0..times).fold(part.to_owned(), |source, index| format!("[{source}].map(v{index}, v{index} + v{index})[0]"))
    };
    assert_eq!(
        value_of(&format!("size({})", doubled("input.text", 3)), &data).map(|it| it.to_text()),
        Ok("400000".to_owned())
    );
    for source in [doubled("input.text", 8), doubled("'a'", 20), format!("{} == '' || true", doubled("'ab'", 20))] {
        let error = value_of(&source, &data).expect_err("it is too large");
        assert!(error.contains(&format!("it builds more than {MAX_SIZE} characters and elements")), "{error}");
    }
    let error = value_of(&doubled("[1]", 20), &data).expect_err("it is too large");
    assert!(error.contains("it takes more than") || error.contains("it builds more than"), "{error}");
}
