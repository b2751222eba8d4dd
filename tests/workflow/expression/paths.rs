//! Where expressions begin, and how they walk through data.

use proptest::prelude::*;
use repflow::workflow::expression::Expression;
use serde_json::{Value as Json, json};

use super::{Data, InSight, assert_values, data, evaluate, parse, written};

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
        ("parameters.goal", json!("strength")),
        ("steps.analyze.status", json!("completed")),
        ("steps['my-step'].status == 'skipped'", json!(true)),
        ("input['go' + 'al']", json!("strength")),
        ("input.sets[size(input.sets) - 1]", json!(12)),
        ("input.sets[input._id2]", json!(12)),
        ("[1, 2][1]", json!(2)),
        ("{'a': 1}.a", json!(1)),
        ("\t\n\r input.goal\x0c", json!("strength")),
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
        (" input.gaol ", "`{{ input.gaol }}` fails at column 7: there is a map that has no field `gaol`"),
        ("input.goal.length", "there is a string that has no field `length`"),
        ("input.load.kg", "there is null that has no field `kg`"),
        ("input[0]", "there is a map that has no element `0`"),
        ("steps.analyze.output.zones[2]", "there is a list that has no element `2`"),
        ("steps.analyze.output.zones.name", "there is a list that has no field `name`"),
        ("input.sets[-1]", "column 12: there is a list that has no element `-1`"),
        ("input.sets['a']", "column 12: there is a list that has no field `a`"),
        ("input.people[1].age + 1", "column 17: there is a map that has no field `age`"),
        ("'größer' + input.gaol", "column 18: there is a map that has no field `gaol`"),
        ("input.goal['a']", "there is a string that has no field `a`"),
    ] {
        let error = evaluate(source).expect_err(source);
        assert!(error.contains(message), "{error}");
        assert!(error.ends_with("; check the path, or what the step returns"), "{error}");
    }
}

#[test]
fn a_loop_has_its_variable_and_its_index() {
    let data = Data { items: vec![json!({ "name": "Ada" }), json!(["outer"])], ..data() };
    for (source, expected) in [
        ("person.name", "\"Ada\""),
        ("group[0]", "\"outer\""),
        ("index", "4"),
        ("index + 1", "5"),
        ("index / 3", "1"),
        ("[1].map(index, index)", "[1]"),
        ("[1].map(person, person + index)", "[5]"),
        ("[1].map(x, [2].map(y, x + y + group.size()))", "[[4]]"),
        ("{'person': 1}.person", "1"),
    ] {
        let expression = Expression::parse(source, &mut InSight::loops(&["person", "group"])).expect(source);
        assert_eq!(written(&expression.evaluate(&data).expect(source)), expected, "{source}");
    }
    let error = Expression::parse("prson", &mut InSight::loops(&["person"])).expect_err("a typo");
    assert_eq!(
        error.message,
        "unknown name `prson`; there are `input`, `parameters`, `steps`, `run`, `person`, `index`"
    );
    assert_eq!(error.suggestion.as_deref(), Some("person"));
}

#[test]
fn has_asks_whether_the_last_field_is_there() {
    assert_values(&[
        ("has(input.goal)", "true"),
        ("has(input.gaol)", "false"),
        ("has(input.load)", "true"),
        ("has(input.people[0].age) && !has(input.people[1].age)", "true"),
        ("has(steps.analyze.output.zones)", "true"),
        ("has({'a': 1}.a)", "true"),
        ("has(input.gaol) ? input.gaol : 'none'", "\"none\""),
        ("input.people.filter(p, has(p.age)).map(p, p.name)", "[\"Ada\"]"),
    ]);
    assert!(evaluate("has(input.gaol.x)").is_err_and(|error| error.contains("has no field `gaol`")));
    assert!(
        evaluate("has(input.goal.x)").is_err_and(|error| error.contains("`has` takes a field of a map, not a string"))
    );
    assert!(evaluate("has(input.sets.x)").is_err_and(|error| error.contains("not a list")));
}

#[test]
fn a_condition_is_true_or_false_or_an_error() {
    let condition = |source| Expression::parse_condition(source, &mut InSight::no_loop());
    for (source, expected) in [
        ("input.weight > 40", true),
        ("{{ input.weight > 50 }}", false),
        ("  {{input.done}}\n", false),
        ("{{ {'a': {'b': true}}.a.b }}", true),
        ("{{ '}}' == \"}}\" }}", true),
        ("{{ r'\\' == '\\\\' }}", true),
        ("{{ {'a': {'b': true}}}}['a']", false),
    ] {
        match condition(source) {
            Ok(expression) => assert_eq!(expression.holds(&data(), "when").expect(source), expected, "{source}"),
            Err(error) => {
                assert_eq!((error.offset, source.starts_with("{{ {'a': {'b': true}}}}[")), (0, true), "{error:?}")
            }
        }
    }
    for source in ["{{ input.done", "{{ input.done }} && {{ input.done }}", "{{ input.done }} x"] {
        assert_eq!(
            condition(source).expect_err(source).message,
            "expected one expression, without braces or in one pair of `{{` and `}}`"
        );
    }
    for (source, offset) in [("inptu", 0), (" inptu", 1), ("{{inptu}}", 2), (" {{ inptu }}", 4)] {
        assert_eq!(condition(source).expect_err(source).offset, offset, "{source}");
    }
    let error = condition(" input.sets ").expect("well formed").holds(&data(), "when").expect_err("a list");
    assert_eq!(
        error.message(),
        "`{{ input.sets }}` fails at column 7: `when` takes a boolean, not a list; compare it with something, as in \
         `input.count > 0`"
    );
    assert!(condition("input.gaol").expect("well formed").holds(&data(), "when").is_err());
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
            '\n' => source.push_str("\\n"),
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
        let value = expression.evaluate(&Data { input: input.clone(), ..Data::default() }).ok();
        prop_assert_eq!(value.map(|value| Json::from(&value)), expected.cloned());
    }

    #[test]
    fn every_text_can_be_written(text in "\\PC{0,10}|[\\\\'\"\\n]{0,6}", single: bool) {
        let source = quoted(&text, if single { '\'' } else { '"' });
        let value = parse(&source).expect("the string is well formed").evaluate(&data()).expect("it has a value");
        prop_assert_eq!(value.to_text(), text);
    }
}
