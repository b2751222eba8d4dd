use std::collections::BTreeSet;

use repflow::fitness::features::features;
use repflow::fitness::request::WorkoutRequest;
use repflow::fitness::templates::COMPREHENSIVE_WORKOUT;
use repflow::fitness::words::{Area, Condition, Equipment, Focus, InjurySeverity, Level, Muscle, Symptom, Word};
use serde_json::{Value as Json, json};

use crate::support::example;

fn definition() -> Json {
    serde_json::from_str(COMPREHENSIVE_WORKOUT).unwrap()
}

/// The steps that call, in order, those of a parallel group together.
fn calls(definition: &Json) -> Vec<Vec<Json>> {
    let steps = definition["steps"].as_array().unwrap().iter();
    steps.map(|step| step["parallel"].as_array().cloned().unwrap_or_else(|| vec![step.clone()])).collect()
}

#[test]
fn six_steps_call_the_six_features() {
    let actions: BTreeSet<String> =
        features().iter().map(|one| one.info()).map(|info| format!("{}.{}", info.name, info.actions[0])).collect();
    let called: Vec<String> =
        calls(&definition()).concat().iter().map(|step| step["call"].as_str().unwrap().to_owned()).collect();
    assert_eq!(called.len(), 6);
    assert_eq!(called.into_iter().collect::<BTreeSet<_>>(), actions);
}

#[test]
fn every_call_has_a_timeout_and_a_retry_and_known_keys() {
    for step in calls(&definition()).concat() {
        let keys: BTreeSet<&str> = step.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, BTreeSet::from(["id", "call", "with", "timeout", "retry"]));
        let retry: BTreeSet<&str> = step["retry"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(retry, BTreeSet::from(["maxAttempts", "backoff", "delay", "maxDelay", "jitter"]));
    }
}

#[test]
fn expressions_are_paths_to_what_has_finished() {
    fn paths<'a>(json: &'a Json, found: &mut Vec<&'a str>) {
        match json {
            Json::String(text) => found.push(text),
            Json::Object(object) => object.values().for_each(|value| paths(value, found)),
            _ => {}
        }
    }
    let definition = definition();
    let mut finished: BTreeSet<String> = BTreeSet::new();
    let outputs = [json!({ "with": definition["output"] })];
    for group in calls(&definition).iter().map(Vec::as_slice).chain([&outputs[..]]) {
        for step in group {
            let mut found = Vec::new();
            paths(&step["with"], &mut found);
            assert!(!found.is_empty());
            for text in found {
                let path = text.strip_prefix("{{ ").and_then(|text| text.strip_suffix(" }}")).unwrap();
                let mut parts = path.split('.');
                match parts.next().unwrap() {
                    "input" => {}
                    "steps" => assert!(finished.contains(parts.next().unwrap()), "{path} is not certain to be there"),
                    other => panic!("{other} in {path}"),
                }
            }
        }
        finished.extend(group.iter().filter_map(|step| step["id"].as_str()).map(str::to_owned));
    }
}

#[test]
fn its_parameters_are_those_of_a_normalised_request() {
    fn names<W: Word>() -> Json {
        json!(W::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>())
    }
    let definition = definition();
    let properties = definition["parameters"]["properties"].as_object().unwrap();
    assert_eq!(properties["focus"]["enum"], names::<Focus>());
    assert_eq!(properties["fitnessLevel"]["enum"], names::<Level>());
    assert_eq!(properties["equipment"]["items"]["enum"], names::<Equipment>());
    assert_eq!(properties["conditions"]["items"]["enum"], names::<Condition>());
    assert_eq!(properties["symptoms"]["items"]["enum"], names::<Symptom>());
    assert_eq!(properties["targetMuscles"]["items"]["enum"], names::<Muscle>());
    let injury = &properties["injuries"]["items"]["properties"];
    assert_eq!(injury["area"]["enum"], names::<Area>());
    assert_eq!(injury["severity"]["enum"], names::<InjurySeverity>());

    let mut full = example();
    full["age"] = json!(30);
    full["weightKg"] = json!(75);
    full["notes"] = json!("a note");
    let full = WorkoutRequest::parse(&full).unwrap().to_json();
    let plain = WorkoutRequest::parse(&example()).unwrap().to_json();
    let keys = |json: &Json| json.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(&full), properties.keys().cloned().collect());
    let required: BTreeSet<String> = serde_json::from_value(definition["parameters"]["required"].clone()).unwrap();
    assert_eq!(keys(&plain), required);
}
