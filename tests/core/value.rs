//! Values: read by path, written as text or JSON, wherever they live.

use std::rc::Rc;

use proptest::prelude::*;
use repflow::value::{HostValue, Value, ValueKind};
use serde_json::{Value as Json, json};

fn value(json: Json) -> Value {
    Value::from(&json)
}

/// A value on the other side of a border: only a window on it, as JavaScript's are.
#[derive(Debug)]
struct Remote(Json);

impl HostValue for Remote {
    fn kind(&self) -> ValueKind {
        value(self.0.clone()).kind()
    }
    fn scalar(&self) -> Option<Value> {
        (!self.0.is_array() && !self.0.is_object()).then(|| value(self.0.clone()))
    }
    fn size(&self) -> usize {
        value(self.0.clone()).size()
    }
    fn keys(&self) -> Vec<Rc<str>> {
        value(self.0.clone()).keys()
    }
    fn field(&self, key: &str) -> Option<Value> {
        Some(Value::Host(Rc::new(Self(self.0.get(key)?.clone()))))
    }
    fn element(&self, index: usize) -> Option<Value> {
        Some(Value::Host(Rc::new(Self(self.0.get(index)?.clone()))))
    }
    fn to_data(&self) -> Value {
        value(self.0.clone())
    }
    fn describe(&self) -> &'static str {
        "a remote value"
    }
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

#[test]
fn fields_and_elements_are_read_one_at_a_time() {
    let session = json!({ "sets": [{ "reps": 8 }, { "reps": 10 }], "name": "squat" });
    for session in [value(session.clone()), Value::Host(Rc::new(Remote(session)))] {
        let reps = session.field("sets").and_then(|it| it.element(1)).and_then(|it| it.field("reps"));
        assert_eq!(reps.map(|it| Json::from(&it)), Some(json!(10)));
        assert!(session.field("rest").is_none());
        assert!(session.field("sets").and_then(|it| it.element(2)).is_none());
        assert!(session.element(0).is_none(), "a map has no elements");
        assert!(session.field("name").and_then(|it| it.field("length")).is_none(), "a string has no fields");
    }
}

#[test]
fn a_value_tells_its_kind_and_its_size_wherever_it_lives() {
    for (json, kind, size) in [
        (json!(null), ValueKind::Null, 0),
        (json!(true), ValueKind::Bool, 0),
        (json!(1.5), ValueKind::Number, 0),
        (json!("text"), ValueKind::String, 0),
        (json!([1, [2]]), ValueKind::List, 2),
        (json!({ "a": 1, "b": 2, "c": 3 }), ValueKind::Map, 3),
    ] {
        for value in [value(json.clone()), Value::Host(Rc::new(Remote(json.clone())))] {
            assert_eq!((value.kind(), value.size()), (kind, size), "{json}");
            assert_eq!(value.keys().len(), if kind == ValueKind::Map { size } else { 0 });
            let is_scalar = !matches!(kind, ValueKind::List | ValueKind::Map);
            assert_eq!(Json::from(&value.clone().into_scalar()), json);
            assert!(!is_scalar || !matches!(value.into_scalar(), Value::Host(_)), "a scalar is copied");
        }
    }
}

#[test]
fn whole_numbers_become_numbers() {
    assert_eq!(Value::Int(-3).to_text(), "-3");
    assert_eq!(Json::from(&Value::Int(i64::MAX)), json!(i64::MAX));
    assert_eq!((Value::Int(1).kind(), Value::Int(1).describe()), (ValueKind::Number, "a number"));
}

#[test]
fn text_is_written_as_it_is_and_everything_else_as_json() {
    for (json, text) in [
        (json!("a \"quoted\" name"), "a \"quoted\" name"),
        (json!(""), ""),
        (json!(null), "null"),
        (json!(true), "true"),
        (json!(3.0), "3"),
        (json!(-2.5), "-2.5"),
        (json!([1, "two"]), "[1,\"two\"]"),
        (json!({ "reps": 8 }), "{\"reps\":8}"),
    ] {
        assert_eq!(value(json.clone()).to_text(), text);
        let remote = Value::Host(Rc::new(Remote(if json == json!(3.0) { json!(3) } else { json })));
        assert_eq!(remote.to_text(), text);
    }
}

#[test]
fn numbers_are_javascripts() {
    let back = |number: f64| Json::from(&Value::Number(number)).to_string();
    assert_eq!(back(9_007_199_254_740_992.0), "9007199254740992");
    assert_eq!(back(-9_007_199_254_740_992.0), "-9007199254740992");
    assert_eq!(back(1e300), "1e+300");
    assert_eq!(back(0.1), "0.1");
    assert_eq!(back(f64::NAN), "null");
    assert_eq!(back(f64::NEG_INFINITY), "null");
}

#[test]
fn every_kind_has_a_name_for_messages() {
    let kinds = [json!(null), json!(false), json!(1), json!("a"), json!([]), json!({})];
    let names: Vec<&str> = kinds.iter().map(|it| Value::from(it).describe()).collect();
    assert_eq!(names, ["null", "a boolean", "a number", "a string", "a list", "a map"]);
    assert_eq!(Value::Host(Rc::new(Remote(json!(1)))).describe(), "a remote value");
}

/// JSON with the numbers that JavaScript can hold exactly.
fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Json::from),
        "\\PC{0,8}".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map("\\PC{0,4}", inner, 0..4).prop_map(|it| it.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn json_comes_back_as_it_went_in(json in any_json()) {
        prop_assert_eq!(Json::from(&Value::from(&json)), json);
    }
}
