//! What stands between `{{` and `}}`.

use std::rc::Rc;

use proptest::prelude::*;
use repflow::error::Code;
use repflow::value::Value;
use repflow::workflow::expression::{Expression, SyntaxError, Unresolved};
use repflow::workflow::{Scope, StepIx};
use serde_json::{Value as Json, json};

/// An input, and the outputs of the steps `analyze` and `my-step`.
pub(crate) struct Data {
    pub(crate) input: Json,
    pub(crate) outputs: Vec<Json>,
}

impl Scope for Data {
    fn input(&self) -> Value {
        Value::from(&self.input)
    }
    fn output(&self, step: StepIx) -> Value {
        Value::from(&self.outputs[step.0 as usize])
    }
    fn run_id(&self) -> Rc<str> {
        "run-7".into()
    }
}

fn data() -> Data {
    Data {
        input: json!({ "goal": "strength", "a key": { "it's": 1 }, "load": null, "done": false, "_id2": 2 }),
        outputs: vec![
            json!({ "zones": [{ "name": "easy" }, { "name": "hard" }], "matrix": [[1, 2], [3, 4]] }),
            json!("text"),
        ],
    }
}

fn parse(source: &str) -> Result<Expression, SyntaxError> {
    Expression::parse(source, &mut |id| match id {
        "analyze" => Ok(StepIx(0)),
        "my-step" => Ok(StepIx(1)),
        _ => Err(Unresolved { message: format!("no `{id}`"), suggestion: Some("analyze".to_owned()) }),
    })
}

/// What an expression is worth, or the message of what is wrong with it.
fn evaluate(source: &str) -> Result<Json, String> {
    let expression = parse(source).expect("the expression is well formed");
    match expression.evaluate(&data()) {
        Ok(value) => Ok(Json::from(&value)),
        Err(error) => {
            assert_eq!(error.code(), Code::ExpressionFailed);
            Err(error.message().to_owned())
        }
    }
}

#[test]
fn paths_lead_to_values() {
    for (source, value) in [
        ("input.goal", json!("strength")),
        ("  input . goal  ", json!("strength")),
        ("input", data().input),
        ("input[\"a key\"][ 'it\\'s' ]", json!(1)),
        ("input.load", json!(null)),
        ("input.done", json!(false)),
        ("input._id2", json!(2)),
        ("run.id", json!("run-7")),
        ("run['id']", json!("run-7")),
        ("steps.analyze.output.zones[1].name", json!("hard")),
        ("steps.analyze.output.matrix[1][0]", json!(3)),
        ("steps[\"my-step\"].output", json!("text")),
        ("steps['my-step']['output']", json!("text")),
        ("\"plain\"", json!("plain")),
        ("'{{ \"braces\" }}'", json!("{{ \"braces\" }}")),
        (r#""a\n\t\\\"\'b""#, json!("a\n\t\\\"'b")),
        ("''", json!("")),
    ] {
        assert_eq!(evaluate(source), Ok(value), "{source}");
    }
}

#[test]
fn a_path_that_leads_nowhere_says_where_it_ends() {
    for (source, message) in [
        (" input.gaol ", "`{{ input.gaol }}` leads nowhere: there is a map that has no field `gaol`"),
        ("input.goal.length", "there is a string that has no field `length`"),
        ("input.load.kg", "there is null that has no field `kg`"),
        ("input[0]", "there is a map that has no element 0"),
        ("steps.analyze.output.zones[2]", "there is a list that has no element 2"),
        ("steps.analyze.output.zones.name", "there is a list that has no field `name`"),
    ] {
        let error = evaluate(source).expect_err(source);
        assert!(error.contains(message), "{error}");
        assert!(error.ends_with("; check the path, or what the step returns"), "{error}");
    }
}

#[test]
fn what_is_no_expression_says_where_and_what_was_expected() {
    for (source, offset, message, suggestion) in [
        ("", 0, "expected `input`, `steps` or `run`", None),
        ("   ", 3, "expected `input`, `steps` or `run`", None),
        ("1", 0, "expected `input`, `steps` or `run`", None),
        ("inptu.goal", 0, "unknown name `inptu`", Some("input")),
        ("  Steps.a", 2, "unknown name `Steps`", Some("steps")),
        ("output", 0, "there are `input`, `steps` and `run`", None),
        ("input.", 6, "expected a field name", None),
        ("input..goal", 6, "expected a field name", None),
        ("input.0", 6, "expected a field name", None),
        ("input.größe", 8, "expected the end of the expression", None),
        ("input.my-goal", 8, "a name with `-` is written as a key", None),
        ("input[", 6, "expected an index", None),
        ("input[-1]", 6, "expected an index", None),
        ("input[99999999999999999999]", 6, "expected an index", None),
        ("input[0", 7, "expected `]`", None),
        ("input['a'", 9, "expected `]`", None),
        ("input['a]", 6, "the string does not end", None),
        ("'\\x'", 0, "unknown escape", None),
        ("'a' 'b'", 4, "expected the end of the expression", None),
        ("input.goal == 'x'", 11, "this version has paths", None),
        ("run", 0, "`run` has one field, `run.id`", Some("run.id")),
        ("run.name", 0, "`run` has one field", Some("run.id")),
        ("run.id.x", 0, "`run` has one field", Some("run.id")),
        ("steps", 0, "expected the id of a step after `steps`", None),
        ("steps[0].output", 0, "expected the id of a step after `steps`", None),
        ("steps.analyse.output", 6, "no `analyse`", Some("analyze")),
        ("steps . analyse.output", 8, "no `analyse`", Some("analyze")),
        ("steps['analyse'].output", 6, "no `analyse`", Some("analyze")),
        ("steps.analyze", 6, "expected `output` after the id of a step", Some("steps.analyze.output")),
        ("steps.analyze.result", 6, "expected `output` after the id of a step", Some("steps.analyze.output")),
        ("steps.analyze[0]", 6, "expected `output` after the id of a step", Some("steps.analyze.output")),
    ] {
        let error = parse(source).expect_err(source);
        assert_eq!((error.offset, error.suggestion.as_deref()), (offset, suggestion), "{source}: {}", error.message);
        assert!(error.message.contains(message), "{source}: {}", error.message);
    }
}

#[derive(Clone, Debug)]
enum Key {
    Field(String),
    Element(usize),
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        prop::sample::select(&["a", "b", "a b", "'", "\\", "\"\n"][..]).prop_map(|it| Key::Field(it.to_owned())),
        (0_usize..3).prop_map(Key::Element),
    ]
}

fn some_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![Just(json!(null)), (0..9).prop_map(Json::from), "[ab]".prop_map(Json::from)];
    leaf.prop_recursive(4, 40, 4, |inner| {
        let name = prop::sample::select(&["a", "b", "a b", "'", "\\", "\"\n"][..]).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
            prop::collection::btree_map(name, inner, 1..6).prop_map(|it| it.into_iter().collect()),
        ]
    })
}

fn quoted(text: &str, quote: char) -> String {
    let mut source = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => source.push_str("\\\\"),
            c if c == quote => source.extend(['\\', quote]),
            c => source.push(c),
        }
    }
    source.push(quote);
    source
}

proptest! {
    #[test]
    fn a_path_reads_what_json_has_there(input in some_json(), keys in prop::collection::vec(key(), 0..5), dots: bool) {
        let mut source = "input".to_owned();
        let mut expected = Some(&input);
        for key in &keys {
            match key {
                Key::Field(name) if dots && name.bytes().all(|b| b.is_ascii_alphanumeric()) => source.push_str(&format!(".{name}")),
                Key::Field(name) => source.push_str(&format!("[{}]", quoted(name, '"'))),
                Key::Element(index) => source.push_str(&format!("[{index}]")),
            }
            expected = expected.and_then(|json| match key {
                Key::Field(name) => json.get(name),
                Key::Element(index) => json.get(index),
            });
        }
        let expression = parse(&source).expect("the path is well formed");
        let value = expression.evaluate(&Data { input: input.clone(), outputs: Vec::new() }).ok();
        prop_assert_eq!(value.map(|value| Json::from(&value)), expected.cloned());
    }

    #[test]
    fn every_text_can_be_written(text in "\\PC{0,10}|[\\\\'\"\\n]{0,6}", single: bool) {
        let source = quoted(&text, if single { '\'' } else { '"' });
        let value = parse(&source).expect("the string is well formed").evaluate(&data()).expect("it has a value");
        prop_assert_eq!(value.to_text(), text);
    }

    #[test]
    fn any_text_is_an_expression_or_refused_at_a_place_in_it(
        text in "\\PC{0,20}|((input|steps|run|id|output|a|é|\"|'|\\\\|\\.|\\[|\\]|[0-9]| |-)){0,10}",
    ) {
        match Expression::parse(&text, &mut |_| Ok(StepIx(0))) {
            Ok(expression) => { let _ = expression.evaluate(&data()); }
            Err(error) => {
                prop_assert!(text.is_char_boundary(error.offset), "{} in {:?}", error.offset, text);
                prop_assert!(!error.message.is_empty());
            }
        }
    }
}
