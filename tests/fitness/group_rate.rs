//! How many random groups get a session: a group with injured people is what the feature is for.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use repflow::fitness::check::check_group;
use repflow::fitness::group::{self, GroupRequest};
use repflow::value::Value;
use serde_json::{Value as Json, json};

use crate::group::any_group;
use crate::support::cases;

/// The kinds of groups, with the least share that is met, in hundredths.
#[derive(Clone, Copy, PartialEq)]
enum Health {
    /// Nobody has anything.
    Healthy,
    /// Anybody may have injuries and conditions.
    Any,
}

/// Of so many random groups of 20 to 75 minutes, how many are met. Nobody's limit contradicts the duration.
fn met(health: Health, count: u32) -> (u32, u32) {
    let mut runner = TestRunner::deterministic();
    let groups = any_group();
    let (mut met, mut asked) = (0, 0);
    while asked < count {
        let mut json = groups.new_tree(&mut runner).unwrap().current();
        let duration = 20 + json["duration"].as_u64().unwrap() % 56;
        json["duration"] = json!(duration);
        for one in json["participants"].as_array_mut().unwrap() {
            if health == Health::Healthy {
                for key in ["injuries", "conditions", "symptoms"] {
                    one[key] = json!([]);
                }
            }
            if let Some(limit) = one["maxDuration"].as_u64() {
                one["maxDuration"] = json!(limit.max(duration * 9 / 10));
            }
            if one["maxDuration"].is_null() {
                one.as_object_mut().unwrap().remove("maxDuration");
            }
        }
        let request = GroupRequest::parse(&Value::from(&json)).unwrap();
        asked += 1;
        match group::build(&request) {
            Ok(workout) => {
                met += 1;
                assert_eq!(check_group(&workout, &request), []);
            }
            Err(error) => {
                assert!(!error.message().contains("breaks"), "{error}");
                if std::env::var("REPFLOW_SHOW").is_ok() {
                    println!(
                        "REFUSED {} people, {duration} min, stations {}, focus {}: {}",
                        request.participants.len(),
                        json["stations"],
                        json["focus"],
                        error.message()
                    );
                    println!("JSON {json}");
                }
            }
        }
    }
    (met, asked)
}

#[test]
fn healthy_groups_get_a_session() {
    let (met, asked) = met(Health::Healthy, cases(25));
    println!("healthy: {met} of {asked}");
    assert!(met * 100 >= asked * 90);
}

#[test]
fn groups_with_injured_people_get_a_session() {
    let (met, asked) = met(Health::Any, cases(25));
    println!("any: {met} of {asked}");
    assert!(met * 100 >= asked * 80);
}
