//! What is no expression of the language, where, and what to write instead.

use std::rc::Rc;

use repflow::workflow::StepIx;
use repflow::workflow::expression::{Expression, Names, Unresolved};
use serde_json::json;

use super::{Data, parse};

#[test]
fn what_is_no_expression_says_where_and_what_was_expected() {
    for (source, offset, message, suggestion) in [
        ("", 0, "expected a value, such as `input.goal`", None),
        ("   ", 3, "expected a value", None),
        ("inptu.goal", 0, "unknown name `inptu`", Some("input")),
        ("  Steps.a", 2, "unknown name `Steps`", Some("steps")),
        ("output", 0, "there are `input`, `parameters`, `steps`, `run`", None),
        ("index", 0, "unknown name `index`", None),
        ("input.", 6, "expected a field name", None),
        ("input..goal", 6, "expected a field name", None),
        ("input.0", 5, "expected an operator", None),
        ("input.größe", 8, "unexpected `ö`", None),
        ("input.my-goal", 9, "a name with `-` is written as a key", None),
        ("input[", 6, "expected a value", None),
        ("input[99999999999999999999]", 6, "`99999999999999999999` is too large for 64 bits", None),
        ("9223372036854775808", 0, "`9223372036854775808` is too large for 64 bits", None),
        ("-9223372036854775809", 1, "`9223372036854775809` is too large for 64 bits", None),
        ("1e999", 0, "`1e999` is too large for 64 bits", None),
        ("input[0", 7, "expected `]`", None),
        ("input['a'", 9, "expected `]`", None),
        ("input['a]", 6, "the string does not end", None),
        ("'\\x'", 1, "unknown escape", None),
        ("'\\ud800'", 1, "unknown escape", None),
        ("'\\x+1'", 1, "unknown escape", None),
        ("'é\\9'", 3, "unknown escape", None),
        ("'a\nb'", 2, "a line break in a string is written `\\n`", None),
        ("'''a'''", 0, "a string has one quote at each end", None),
        ("b'a'", 0, "bytes are not part of the language", None),
        ("12u", 0, "unsigned numbers are not part of the language; write `12`", None),
        ("12a", 2, "expected an operator after the number `12`", None),
        ("0x", 1, "expected an operator after the number `0`", None),
        ("1.", 2, "expected a field name", None),
        ("'a' 'b'", 4, "expected an operator or the end of the expression", None),
        ("input.goal = 'x'", 11, "unexpected `=`; `==` compares two values", None),
        ("input.goal === 'x'", 13, "unexpected `=`; `==` compares two values", None),
        ("true & false", 5, "unexpected `&`; `&&`", None),
        ("true | false", 5, "unexpected `|`; `||`", None),
        ("true and false", 5, "expected an operator or the end of the expression; `&&` is and", Some("&&")),
        ("true or false", 5, "expected an operator or the end", Some("||")),
        ("1 +", 3, "expected a value", None),
        ("* 1", 0, "expected a value", None),
        ("!-1", 1, "expected a value", None),
        ("(1", 2, "expected `)`", None),
        ("1)", 1, "expected an operator or the end", None),
        ("[1 2]", 3, "expected `,` or `]`", None),
        ("{'a' 1}", 5, "expected `:`", None),
        ("{'a': 1", 7, "expected `,` or `}`", None),
        ("{1: 2}", 1, "a key of a map is a string, not a number", None),
        ("true ? 1", 8, "expected `:`", None),
        ("1 // comment", 3, "expected a value", None),
        ("for", 0, "`for` is a word of the language", None),
        ("input.in", 6, "a field of this name is written as `[\"in\"]`", None),
        ("siez(input)", 0, "unknown name `siez`; there are `has`, `string`, `int`, `double`, `size`", Some("size")),
        ("input.filtre(x, x)", 6, "unknown name `filtre`; there are `size`, `contains`", Some("filter")),
        ("input.goal.startswith('a')", 11, "unknown name `startswith`", Some("startsWith")),
        ("contains('a', 'b')", 0, "`contains` is called on a value", Some("value.contains(…)")),
        ("map([1], x, x)", 0, "`map` is called on a value", Some("value.map(…)")),
        ("'a'.int()", 4, "`int` is called with a value: `int(value)`", Some("int(value)")),
        ("size()", 0, "`size` takes one value: `size(value)`", None),
        ("size(1, 2)", 0, "`size` takes one value", None),
        ("'a'.contains()", 4, "`contains` takes one value: `text.contains(\"part\")`", None),
        ("'a'.contains('b',)", 17, "expected a value", None),
        ("has(input)", 0, "`has` takes a field of a value", Some("has(input.goal)")),
        ("has(input['a'])", 0, "`has` takes a field of a value", Some("has(input.goal)")),
        ("has(run.id)", 0, "`has` takes a field of a value", Some("has(input.goal)")),
        ("has(input.a, input.b)", 0, "`has` takes a field of a value", Some("has(input.goal)")),
        ("[1].all(x)", 9, "`all` takes a name and what to ask about it: `list.all(x, x > 0)`", None),
        ("[1].all(1, true)", 8, "`all` takes a name", None),
        ("[1].filter(x, true, x)", 4, "`filter` takes a name", None),
        ("[1].map(x.y, x)", 9, "`map` takes a name and what to ask about it: `list.map(x, x.name)`", None),
        ("[1].map(null, 1)", 8, "`map` takes a name", None),
        ("[1].map(item, itme)", 14, "unknown name `itme`; there are", Some("item")),
        ("[1].map(x, x) + x", 16, "unknown name `x`", None),
        ("run", 0, "`run` has one field, `run.id`", Some("run.id")),
        ("run.name", 0, "`run` has one field", Some("run.id")),
        ("steps", 0, "expected the id of a step after `steps`", None),
        ("steps[0].output", 0, "expected the id of a step after `steps`", None),
        ("steps[input.x].output", 0, "expected the id of a step after `steps`", None),
        ("steps.my-step.output", 8, "a name with `-` is written as a key: `steps[\"my-step\"].output`", None),
        ("steps.analyse.output", 6, "no `analyse`", Some("analyze")),
        ("steps . analyse.output", 8, "no `analyse`", Some("analyze")),
        ("steps['analyse'].output", 6, "no `analyse`", Some("analyze")),
        ("steps.analyze", 6, "expected `output` or `status` after the id of a step", Some("steps.analyze.output")),
        ("steps.analyze.result", 6, "expected `output` or `status`", Some("steps.analyze.output")),
        ("steps.analyze[0]", 6, "expected `output` or `status`", Some("steps.analyze.output")),
        ("steps['my-step']", 6, "expected `output` or `status`", Some("steps[\"my-step\"].output")),
    ] {
        let error = parse(source).expect_err(source);
        assert_eq!((error.offset, error.suggestion.as_deref()), (offset, suggestion), "{source}: {}", error.message);
        assert!(error.message.contains(message), "{source}: {}", error.message);
    }
}

#[test]
fn nothing_of_a_run_but_its_id_can_be_read() {
    let error = super::evaluate("run.id.x").expect_err("a string has no fields");
    assert!(error.contains("there is a string that has no field `x`"), "{error}");
}

/// What there is outside of a workflow: variables only.
struct Outside([Rc<str>; 2]);

impl Names for Outside {
    fn step(&mut self, id: &str) -> Result<StepIx, Unresolved> {
        unreachable!("nobody asks for the step `{id}`")
    }

    fn variables(&self) -> &[Rc<str>] {
        &self.0
    }

    fn are_of_workflow(&self) -> bool {
        false
    }
}

#[test]
fn outside_of_a_workflow_there_are_only_variables() {
    let parse = |source: &str| Expression::parse_condition(source, &mut Outside(["data".into(), "event".into()]));
    let told = Data { items: vec![json!({ "minutes": [20, 45] }), json!({ "source": "coach" })], ..Data::default() };
    let source = "data.minutes.exists(index, index > 30) && event.source == 'coach'";
    assert_eq!(parse(source).expect(source).holds(&told, "filter"), Ok(true), "`index` is a name like any other");
    for name in ["input", "parameters", "steps", "run", "index", "dta"] {
        let source = format!(" size({name}.x) > 0");
        let error = parse(&source).expect_err(&source);
        assert_eq!(error.message, format!("unknown name `{name}`; there are `data`, `event`"));
        assert_eq!((error.offset, error.suggestion.as_deref()), (6, (name == "dta").then_some("data")));
    }
    let error = parse("data.minutes").expect("well formed").holds(&told, "filter").expect_err("a list");
    assert!(error.message().contains("column 6: `filter` takes a boolean, not a list"), "{error}");
}

#[test]
fn a_problem_counts_characters_and_says_where_its_text_stands() {
    let source = "'é' == inptu.goal";
    let problem = parse(source).expect_err(source).problem(source, "/filter".to_owned());
    assert_eq!(
        problem.to_string(),
        "/filter: column 8: unknown name `inptu`; there are `input`, `parameters`, `steps`, `run` (did you mean \
         `input`?)"
    );
}
