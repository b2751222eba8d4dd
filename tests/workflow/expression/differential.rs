//! The same expressions over the same data, here and in another implementation of CEL.

use std::collections::BTreeMap;
use std::sync::Arc;

use cel::objects::Key;
use cel::{Context, Env, ExecutionError, Program, Value as Other};
use repflow::rng::Rng;
use repflow::value::Value;
use serde_json::Value as Json;

use super::generate::{data, expression};
use super::{Data, parse, written};

/// Data as CEL maps it from JSON: numbers are doubles.
fn other_value(json: &Json) -> Other {
    match json {
        Json::Null => Other::Null,
        Json::Bool(value) => Other::Bool(*value),
        Json::Number(number) => Other::Float(number.as_f64().expect("a double")),
        Json::String(text) => Other::String(text.clone().into()),
        Json::Array(elements) => Other::List(elements.iter().map(other_value).collect::<Vec<_>>().into()),
        Json::Object(fields) => map(fields.iter().map(|(key, field)| (key.as_str(), other_value(field)))),
    }
}

fn map<'a>(fields: impl IntoIterator<Item = (&'a str, Other)>) -> Other {
    let fields: std::collections::HashMap<Key, Other> =
        fields.into_iter().map(|(key, field)| (Key::from(key), field)).collect();
    fields.into()
}

/// What both write in the same way; the fields of a map by name.
fn other_written(value: &Other) -> String {
    match value {
        Other::Null => "null".to_owned(),
        Other::Bool(value) => value.to_string(),
        Other::Int(number) => number.to_string(),
        Other::Float(number) => format!("{number:?}"),
        Other::String(text) => format!("{text:?}"),
        Other::List(elements) => format!("[{}]", elements.iter().map(other_written).collect::<Vec<_>>().join(", ")),
        Other::Map(map) => {
            let fields: BTreeMap<String, String> =
                map.map.iter().map(|(key, field)| (key.to_string(), other_written(field))).collect();
            let fields: Vec<String> = fields.iter().map(|(key, field)| format!("{key:?}: {field}")).collect();
            format!("{{{}}}", fields.join(", "))
        }
        other => format!("{other:?}"),
    }
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::List(elements) => Value::List(elements.iter().map(sorted).collect::<Vec<_>>().into()),
        Value::Map(fields) => {
            let fields: BTreeMap<_, _> = fields.iter().map(|(key, field)| (key.clone(), sorted(field))).collect();
            Value::Map(fields.into_iter().collect::<Vec<_>>().into())
        }
        other => other.clone(),
    }
}

/// The other implementation, with data.
struct Theirs<'a> {
    env: &'a Arc<Env>,
    data: &'a Data,
}

impl Theirs<'_> {
    fn compile(&self, source: &str) -> Option<Program> {
        self.env.compile(source).ok()
    }

    fn execute(&self, program: &Program) -> Result<String, ExecutionError> {
        let mut context = Context::with_env(Arc::clone(self.env));
        let text = |text: &str| Other::String(text.to_owned().into());
        let step = map([("output", other_value(&self.data.outputs[0])), ("status", text("completed"))]);
        context.add_variable_from_value("input", other_value(&self.data.input));
        context.add_variable_from_value("parameters", other_value(&self.data.input));
        context.add_variable_from_value("run", map([("id", text("run-7"))]));
        context.add_variable_from_value("steps", map([("analyze", step)]));
        program.execute(&context).map(|value| other_written(&value))
    }

    /// The keys of a map have no order in CEL, and here another one each time.
    fn depends_on_order(&self, program: &Program, first: &str) -> bool {
        (0..60).any(|_| self.execute(program).is_ok_and(|again| again != first))
    }
}

/// What only the extension gives a value: two kinds of numbers, and `%` or an index with a double.
fn is_extension(error: &ExecutionError) -> bool {
    match error {
        ExecutionError::UnsupportedBinaryOperator("rem", Other::Float(_), Other::Float(_)) => true,
        ExecutionError::UnsupportedBinaryOperator("add" | "sub" | "mul" | "div" | "rem", left, right) => {
            matches!((left, right), (Other::Int(_), Other::Float(_)) | (Other::Float(_), Other::Int(_)))
        }
        _ => false,
    }
}

/// What CEL has besides the subset, and where the other implementation does what the specification does not say.
fn is_besides(ours: &str) -> bool {
    // Booleans as keys. The other kinds are not generated.
    ours.contains("a key of a map is a string, not a boolean")
        // Adds the keys of a map to a list. The standard definitions of langdef.md have `+` for two lists, none for maps.
        || ours.contains("`+` takes two numbers, two strings or two lists, not a list and a map")
}

/// How `string` writes what is not finite, and when it begins to write an exponent, langdef.md does not say.
fn with_our_numbers(theirs: &str) -> String {
    theirs.replace("inf", "Infinity").replace("9223372036854776000", "9.223372036854776e+18")
}

/// How often both agreed on what.
#[derive(Debug, Default)]
struct Tally {
    values: u32,
    errors: u32,
    extended: u32,
    besides: u32,
    unordered: u32,
}

fn compare(pairs: u32, seed: u64, mixed: bool) -> Tally {
    let env = Arc::new(Env::stdlib());
    let mut rng = Rng::new(seed);
    let mut tally = Tally::default();
    for _ in 0..pairs {
        let data = Data { input: data(&mut rng), outputs: vec![data(&mut rng)], ..Data::default() };
        let source = expression(&mut rng, mixed);
        let ours = match parse(&source) {
            Ok(expression) => expression.evaluate(&data).map(|it| written(&sorted(&it))).map_err(|it| it.to_string()),
            Err(error) => Err(format!("column {}: {}", error.offset + 1, error.message)),
        };
        let other = Theirs { env: &env, data: &data };
        let Some(program) = other.compile(&source) else {
            assert!(ours.is_err(), "{source} is no CEL, and here it is {ours:?}");
            tally.errors += 1;
            continue;
        };
        match (&ours, other.execute(&program)) {
            (Ok(ours), Ok(theirs)) if *ours == theirs || *ours == with_our_numbers(&theirs) => tally.values += 1,
            (Err(_), Err(_)) => tally.errors += 1,
            (Ok(_), Err(error)) if mixed || is_extension(&error) => tally.extended += 1,
            (Err(error), Ok(_)) if is_besides(error) => tally.besides += 1,
            (_, Ok(theirs)) if other.depends_on_order(&program, &theirs) => tally.unordered += 1,
            (ours, theirs) => panic!("{source}\n  data {}\n  ours {ours:?}\n  theirs {theirs:?}", data.input),
        }
    }
    tally
}

#[test]
fn another_implementation_of_cel_agrees() {
    let tally = compare(22_000, 4, false);
    assert!(tally.values > 7_000 && tally.errors > 7_000, "both are worth comparing: {tally:?}");
    assert!(tally.extended + tally.besides + tally.unordered < 1_000, "and little is left out: {tally:?}");
}

#[test]
fn two_kinds_of_numbers_are_all_that_is_extended() {
    let tally = compare(3_000, 5, true);
    assert!(tally.values > 700 && tally.extended > 20, "{tally:?}");
}
