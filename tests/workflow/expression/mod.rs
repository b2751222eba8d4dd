//! What stands between `{{` and `}}`, and in `when`.

mod bounds;
mod differential;
mod generate;
mod macros;
mod number;
mod operators;
mod paths;
mod problems;
mod properties;

use std::rc::Rc;

use repflow::error::Code;
use repflow::value::{Value, ValueKind};
use repflow::workflow::expression::{Expression, Names, SyntaxError, Unresolved};
use repflow::workflow::{Root, Scope, StepIx};
use serde_json::{Value as Json, json};

/// An input, the outputs of the steps `analyze` and `my-step`, and the items of the loops around, innermost first.
#[derive(Default)]
pub(crate) struct Data {
    pub(crate) input: Json,
    pub(crate) outputs: Vec<Json>,
    pub(crate) items: Vec<Json>,
}

impl Scope for Data {
    fn root(&self, root: Root) -> Value {
        match root {
            Root::Input => Value::from(&self.input),
            Root::RunId => Value::String("run-7".into()),
            Root::Output(step) => Value::from(&self.outputs[step.0 as usize]),
            Root::Status(step) => Value::String(if step.0 == 0 { "completed" } else { "skipped" }.into()),
            Root::Variable(depth) => Value::from(&self.items[depth as usize]),
            Root::Index => Value::Int(4),
        }
    }
}

/// The two steps, and the variables of the loops around.
pub(crate) struct InSight(Vec<Rc<str>>);

impl InSight {
    fn no_loop() -> Self {
        Self(Vec::new())
    }

    fn loops(variables: &[&str]) -> Self {
        Self(variables.iter().map(|variable| (*variable).into()).collect())
    }
}

impl Names for InSight {
    fn step(&mut self, id: &str) -> Result<StepIx, Unresolved> {
        match id {
            "analyze" => Ok(StepIx(0)),
            "my-step" => Ok(StepIx(1)),
            _ => Err(Unresolved { message: format!("no `{id}`"), suggestion: Some("analyze".to_owned()) }),
        }
    }

    fn variables(&self) -> &[Rc<str>] {
        &self.0
    }
}

fn data() -> Data {
    Data {
        input: json!({
            "goal": "strength", "a key": { "it's": 1 }, "load": null, "done": false, "_id2": 2, "weight": 42.5, "sets": [8, 10, 12],
            "people": [{ "name": "Ada", "age": 36 }, { "name": "Bob" }], "empty": [], "none": {},
        }),
        outputs: vec![
            json!({ "zones": [{ "name": "easy" }, { "name": "hard" }], "matrix": [[1, 2], [3, 4]] }),
            json!("text"),
        ],
        items: Vec::new(),
    }
}

fn parse(source: &str) -> Result<Expression, SyntaxError> {
    Expression::parse(source, &mut InSight::no_loop())
}

fn value_of(source: &str, data: &Data) -> Result<Value, String> {
    let expression = parse(source).unwrap_or_else(|error| panic!("{source}: {error:?}"));
    expression.evaluate(data).map_err(|error| {
        assert_eq!(error.code(), Code::ExpressionFailed);
        error.message().to_owned()
    })
}

/// What an expression is worth as JSON, or the message of what is wrong with it.
fn evaluate(source: &str) -> Result<Json, String> {
    value_of(source, &data()).map(|value| Json::from(&value))
}

/// A value as a literal of the language, which tells whole numbers from doubles.
fn written(value: &Value) -> String {
    match value {
        Value::Number(number) => format!("{number:?}"),
        Value::List(elements) => format!("[{}]", elements.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Map(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(key, field)| format!("{key:?}: {}", written(field))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        value if value.kind() == ValueKind::String => format!("{:?}", value.to_text()),
        value => value.to_text(),
    }
}

/// Every expression has this value, written as a literal.
fn assert_values(table: &[(&str, &str)]) {
    for (source, expected) in table {
        match value_of(source, &data()) {
            Ok(value) => assert_eq!(written(&value), *expected, "{source}"),
            Err(message) => panic!("{source}: {message}"),
        }
    }
}

/// Every expression fails at this column, and says so.
fn assert_failures(table: &[(&str, usize, &str)]) {
    for (source, column, expected) in table {
        let message = value_of(source, &data()).expect_err(source);
        let begin = format!("`{{{{ {source} }}}}` fails at column {column}: {expected}");
        assert!(message.starts_with(&begin), "{message}\n{begin}");
    }
}
