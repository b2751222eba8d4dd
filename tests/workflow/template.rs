//! Data with expressions in it.

use std::rc::Rc;

use proptest::prelude::*;
use repflow::value::{HostValue, Value, ValueKind};
use repflow::workflow::plan::StepKind;
use repflow::workflow::{Plan, Root, Scope, Template};
use serde_json::{Value as Json, json};

use crate::expression::Data;
use crate::story::{DEFAULT_TIMEOUT, call, plan, workflow};

/// The plan of a step `a` and a step `b` with this template.
fn definition(with: &Json) -> Json {
    workflow(json!([call("a", json!({})), call("b", json!({ "with": with }))]))
}

/// The template of the last step.
fn with(plan: &Plan) -> &Template {
    match &plan.steps()[plan.steps().len() - 1].kind {
        StepKind::Call(call) => call.with.as_ref().expect("the step has a template"),
        _ => panic!("the step is a call"),
    }
}

fn filled(template: &Json, data: &Data) -> Result<Json, String> {
    let plan = plan(&definition(template));
    with(&plan).fill(data).map(|value| Json::from(&value)).map_err(|error| error.to_string())
}

fn data() -> Data {
    Data {
        input: json!({ "name": "Ada", "reps": 8, "tags": ["a"], "none": null }),
        outputs: vec![json!({ "kg": 42.5 })],
        ..Data::default()
    }
}

#[test]
fn one_expression_keeps_its_type_and_within_text_it_becomes_text() {
    for (template, value) in [
        (json!("{{ input.reps }}"), json!(8)),
        (json!("{{input.tags}}"), json!(["a"])),
        (json!("{{ input.none }}"), json!(null)),
        (json!("{{ steps.a.output }}"), json!({ "kg": 42.5 })),
        (json!(" {{ input.reps }}"), json!(" 8")),
        (json!("{{ input.reps }}x"), json!("8x")),
        (json!("Hello {{ input.name }}!"), json!("Hello Ada!")),
        (json!("{{ input.reps }}{{ input.tags }}{{ input.none }}"), json!("8[\"a\"]null")),
        (json!("{{ steps.a.output.kg }} kg, {{ run.id }}"), json!("42.5 kg, run-7")),
        (json!("größer {{ input.reps }} ✓"), json!("größer 8 ✓")),
        (json!("{{ \"{{\" }}{{ '}}' }}"), json!("{{}}")),
        (json!("{{ 'it\\'s }}' }}"), json!("it's }}")),
        (json!("{{ \"it's }}\" }}"), json!("it's }}")),
        (json!("}} { } {"), json!("}} { } {")),
        (json!("{{ input.reps }}}"), json!("8}")),
        (json!("{{ {\"a\": {\"b\": input.reps}} }}"), json!({ "a": { "b": 8 } })),
        (json!("{{{\"a\": {\"b\": 1}}}}"), json!({ "a": { "b": 1 } })),
        (json!("<{{ {'a': {}} }}>"), json!("<{\"a\":{}}>")),
        (json!("{{ {'}}': 1} }}}"), json!("{\"}}\":1}}")),
        (json!("{{ r'\\' }}{{ R\"\\\" }}|{{ 'r\\'}}' }}"), json!("\\\\|r'}}")),
        (json!("{{ input.reps * 2 }} times {{ 3 / 2 }}, {{ 3 / 2.0 }}"), json!("16 times 1, 1.5")),
        (json!("{{ input.reps > 5 ? 'many' : 'few' }}"), json!("many")),
        (json!("{{ input.tags + ['b'] }}"), json!(["a", "b"])),
        (json!(""), json!("")),
        (
            json!({ "a": [1, { "b": "{{ input.reps }}" }], "{{ key }}": true }),
            json!({ "a": [1, { "b": 8 }], "{{ key }}": true }),
        ),
        (json!(["{{ input.name }}", null]), json!(["Ada", null])),
    ] {
        assert_eq!(filled(&template, &data()), Ok(value), "{template}");
    }
}

#[test]
fn one_expression_without_a_value_fails_the_whole() {
    let error = filled(&json!({ "a": 1, "b": ["x {{ input.nmae }}"] }), &data()).expect_err("there is no `nmae`");
    assert!(error.starts_with("expression.failed: `{{ input.nmae }}` fails at column 7"), "{error}");
}

/// The very object of a host.
#[derive(Debug)]
struct Object;

impl HostValue for Object {
    fn kind(&self) -> ValueKind {
        ValueKind::Map
    }
    fn size(&self) -> usize {
        self.keys().len()
    }
    fn keys(&self) -> Vec<Rc<str>> {
        vec!["self".into()]
    }
    fn field(&self, key: &str) -> Option<Value> {
        (key == "self").then(|| Value::Host(Rc::new(Self)))
    }
    fn element(&self, _: usize) -> Option<Value> {
        None
    }
    fn scalar(&self) -> Option<Value> {
        Some(Value::String("an object".into()))
    }
    fn to_data(&self) -> Value {
        panic!("nobody asked for a copy")
    }
    fn describe(&self) -> &'static str {
        "an object"
    }
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

struct Host;

impl Scope for Host {
    fn root(&self, root: Root) -> Value {
        match root {
            Root::Input => Value::Host(Rc::new(Object)),
            _ => Value::Null,
        }
    }
}

#[test]
fn a_value_of_the_host_passes_by_reference() {
    let fill = |template| with(&plan(&definition(&template))).fill(&Host).expect("it has a value");
    for template in [json!("{{ input }}"), json!("{{ input.self.self }}")] {
        let Value::Host(object) = fill(template) else { panic!("it stays on the host's side") };
        assert!(object.as_any().is::<Object>());
    }
    assert_eq!(fill(json!("<{{ input }}>")).to_text(), "<an object>");
}

/// Where a template is wrong, and how.
fn problems(template: &Json) -> Vec<(String, String, Option<String>)> {
    let error = Plan::from_json(&definition(template).to_string(), DEFAULT_TIMEOUT).expect_err("the template is wrong");
    error.problems().iter().map(|it| (it.pointer.clone(), it.message.clone(), it.suggestion.clone())).collect()
}

#[test]
fn every_problem_has_its_place_and_its_column() {
    let template = json!({
        "a/b~": ["{{ input.x }}", "ok {{ inptu }} and {{ steps.c.output }}"],
        "bad": "größer {{ ; }}",
        "open": "ß {{ input.x }} {{ input",
        "quoted": "{{ 'it }}",
        "empty": "{{}}",
        "deep": { "er": [[["{{ steps.b.output }}"]]] },
    });
    assert_eq!(
        problems(&template),
        [
            (
                "/steps/1/with/a~1b~0/1",
                "column 7: unknown name `inptu`; there are `input`, `parameters`, `steps`, `run`",
                Some("input")
            ),
            ("/steps/1/with/a~1b~0/1", "column 29: there is no step `c`; there are `a`, `b`", None),
            (
                "/steps/1/with/bad",
                "column 11: unexpected `;`; a key that is no plain name is written as `[\"key\"]`",
                None
            ),
            (
                "/steps/1/with/deep/er/0/0/0",
                "column 10: `b` may not have completed when `b` starts; it completes no earlier than `b` itself",
                None
            ),
            (
                "/steps/1/with/empty",
                "column 3: expected a value, such as `input.goal`, `steps.a.output`, `run.id`, `\"text\"` or `5`",
                None
            ),
            ("/steps/1/with/open", "`{{` at column 17 is not closed by `}}`", None),
            ("/steps/1/with/quoted", "`{{` at column 1 is not closed by `}}`", None),
        ]
        .map(|(pointer, message, suggestion)| (
            pointer.to_owned(),
            message.to_owned(),
            suggestion.map(str::to_owned)
        ))
    );
}

/// JSON without expressions, with the numbers that JavaScript can hold exactly.
fn plain_json() -> impl Strategy<Value = Json> {
    let text = || "\\PC{0,8}|[{} ]{0,6}".prop_filter("no expression", |text| !text.contains("{{"));
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Json::from),
        (-1_000..1_000).prop_map(|n| json!(f64::from(n) + 0.5)),
        text().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            // A key is not a template.
            prop::collection::btree_map("\\PC{0,4}|\\{\\{ x \\}\\}", inner, 0..4)
                .prop_map(|it| it.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn data_without_expressions_stays_as_it_was_written(json in plain_json()) {
        prop_assert_eq!(filled(&json, &data()), Ok(json.clone()));
        // Beside an expression the parts are read one by one.
        prop_assert_eq!(filled(&json!([json, "{{ input.reps }}"]), &data()), Ok(json!([json, 8])));
    }

    #[test]
    fn text_is_filled_piece_by_piece(pieces in prop::collection::vec(("[a}é ]{0,3}", 0_usize..4), 1..6), end in "[a}é ]{0,3}") {
        let expressions = [("input.name", "Ada"), ("steps.a.output.kg", "42.5"), ("'{{'", "{{"), ("\"}}\"", "}}")];
        let (mut source, mut expected) = (String::new(), String::new());
        for (text, which) in &pieces {
            let (expression, value) = expressions[*which];
            source.push_str(&format!("{text}{{{{ {expression} }}}}"));
            expected.push_str(&format!("{text}{value}"));
        }
        source.push_str(&end);
        expected.push_str(&end);
        let value = filled(&json!(source), &data()).expect("it has a value");
        if source.starts_with("{{ steps") && pieces.len() == 1 && end.is_empty() {
            prop_assert_eq!(value, json!(42.5), "alone it keeps its type");
        } else {
            prop_assert_eq!(value, json!(expected));
        }
    }

    #[test]
    fn any_text_is_a_template_or_refused(text in "\\PC{0,20}|(\\{\\{|\\}\\}|\\{|input|\\.a|'|\"|\\\\|é| |steps\\.a\\.output){0,10}") {
        if let Ok(plan) = Plan::from_json(&definition(&json!(text)).to_string(), DEFAULT_TIMEOUT) {
            let _ = with(&plan).fill(&data());
        }
    }
}
