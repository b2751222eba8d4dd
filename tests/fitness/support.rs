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

/// How many cases a property runs: as many as are asked for by `REPFLOW_CASES`, or these.
pub(crate) fn cases(ordinary: u32) -> u32 {
    std::env::var("REPFLOW_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(ordinary)
}

/// The configuration of a property that runs so many cases, unless asked otherwise.
pub(crate) fn config(ordinary: u32) -> Config {
    Config { cases: cases(ordinary), failure_persistence: None, ..Config::default() }
}

/// Asks a feature of the coach.
pub(crate) fn call(feature: &str, action: &str, params: &Json) -> Result<Json, Error> {
    let all = repflow::fitness::features::features();
    let found = all.iter().find(|one| one.info().name == feature).unwrap_or_else(|| panic!("no feature {feature}"));
    found.call(action, &Value::from(params)).map(|answer| Json::from(&answer))
}
