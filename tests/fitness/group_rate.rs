//! How many random groups get a session: a group with injured people is what the feature is for.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use repflow::fitness::check::check_group;
use repflow::fitness::group::{self, GroupRequest};
use repflow::value::Value;
use serde_json::{Value as Json, json};

use crate::group::group_of;
use crate::support::cases;

/// Of so many random groups of 20 to 75 minutes, how many are met. Nobody's limit contradicts the duration.
fn met(healthy: bool, count: u32) -> (u32, u32) {
    let mut runner = TestRunner::deterministic();
    let groups = group_of(vec![healthy]);
    let (mut met, mut asked, mut slowest) = (0, 0, std::time::Duration::ZERO);
    while asked < count {
        let mut json = groups.new_tree(&mut runner).unwrap().current();
        let duration = 20 + json["duration"].as_u64().unwrap() % 56;
        json["duration"] = json!(duration);
        for one in json["participants"].as_array_mut().unwrap() {
            if let Some(limit) = one.get("maxDuration").and_then(Json::as_u64) {
                one["maxDuration"] = json!(limit.max(duration * 9 / 10));
            }
        }
        let request = GroupRequest::parse(&Value::from(&json)).unwrap();
        asked += 1;
        let begun = std::time::Instant::now();
        let built = group::build(&request);
        slowest = slowest.max(begun.elapsed());
        match built {
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
    println!("slowest {} ms", slowest.as_millis());
    (met, asked)
}

#[test]
fn healthy_groups_get_a_session() {
    let (met, asked) = met(true, cases(25));
    println!("healthy: {met} of {asked}");
    assert!(met * 100 >= asked * 90);
}

#[test]
fn groups_with_injured_people_get_a_session() {
    let (met, asked) = met(false, cases(25));
    println!("injured: {met} of {asked}");
    assert!(met * 100 >= asked * 80);
}
