//! What several tests need.

use proptest::test_runner::Config;
use repflow::Error;
use repflow::fitness::request::WorkoutRequest;
use repflow::value::Value;
use serde_json::{Value as Json, json};

/// The request of the example.
pub(crate) fn example() -> Json {
    json!({
        "userId": "user123", "duration": 30, "focus": "strength",
        "equipment": ["dumbbells", "bench"], "fitnessLevel": "intermediate",
    })
}

/// Reads a request that is given as JSON.
pub(crate) fn parse(json: &Json) -> Result<WorkoutRequest, Error> {
    WorkoutRequest::parse(&Value::from(json))
}

/// The example with some keys changed.
pub(crate) fn example_with(changes: Json) -> WorkoutRequest {
    let mut json = example();
    for (key, value) in changes.as_object().unwrap() {
        json[key] = value.clone();
    }
    parse(&json).unwrap()
}

/// The seconds of a workout, counted from its JSON alone: every set, both sides, every pause but the last of a block,
/// every set-up.
pub(crate) fn seconds_of(workout: &Json) -> u64 {
    let mut total = 0;
    for block in workout["blocks"].as_array().unwrap() {
        total += block["setup_s"].as_u64().unwrap();
        let steps = block["steps"].as_array().unwrap();
        let rounds = block["rounds"].as_u64().unwrap();
        for round in 1..=rounds {
            for (i, step) in steps.iter().enumerate() {
                let count = step["goal"]["max"].as_u64().unwrap();
                let each = match step["goal"]["type"].as_str().unwrap() {
                    "reps" => step["tempo_s"].as_u64().unwrap(),
                    "time_s" => 1,
                    other => panic!("a goal of type {other}"),
                };
                let sides = if step["per_side"].as_bool().unwrap() { 2 } else { 1 };
                total += count * each * sides;
                let is_last = round == rounds && i + 1 == steps.len();
                if !is_last {
                    total += step["rest_s"].as_u64().unwrap();
                }
            }
        }
    }
    total
}

/// The configuration of a property that is tried `usual` times: as many times more as `REPFLOW_CASES`, when it is set, is
/// more than the 1,200 sessions that are usual.
pub(crate) fn cases(usual: u32) -> Config {
    let wanted = std::env::var("REPFLOW_CASES").ok().and_then(|text| text.parse::<u64>().ok());
    let cases = wanted.map_or(u64::from(usual), |wanted| (u64::from(usual) * wanted / 1_200).max(1));
    Config { cases: u32::try_from(cases).unwrap(), failure_persistence: None, ..Config::default() }
}
