//! How many random groups get a session: a group with injured people is what the feature is for.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use repflow::fitness::check::check_group;
use repflow::fitness::group::{self, Counts, GroupRequest, GroupWorkout};
use repflow::fitness::words::Pattern;
use repflow::fitness::workout::Warning;
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

/// What somebody does at each station, and what is said of it.
fn varied(member: &Json) -> Vec<&Json> {
    let warnings = member["workout"]["warnings"].as_array().unwrap();
    warnings.iter().filter(|one| one["code"] == "station_varied").map(|one| &one["pattern"]).collect()
}

fn group(people: &Json, duration: u32, equipment: &Json) -> Json {
    let json = json!({ "participants": people, "duration": duration, "equipment": equipment, "stations": 4 });
    let request = GroupRequest::parse(&Value::from(&json)).unwrap();
    let workout = group::build(&request).unwrap();
    assert_eq!(check_group(&workout, &request), []);
    Json::from(&workout.to_json())
}

/// Random small groups in which somebody does something else at a station.
fn varied_groups() -> Vec<(GroupRequest, GroupWorkout)> {
    let (mut runner, groups, mut found) = (TestRunner::deterministic(), group_of(vec![false]), Vec::new());
    while found.len() < 3 {
        let mut json = groups.new_tree(&mut runner).unwrap().current();
        json["participants"].as_array_mut().unwrap().truncate(5);
        json["duration"] = json!(40);
        let Ok(request) = GroupRequest::parse(&Value::from(&json)) else { continue };
        let Ok(built) = group::build(&request) else { continue };
        if built.warnings.iter().any(|one| one.code == "station_varied") {
            found.push((request, built));
        }
    }
    found
}

/// Whoever does something else is told what and not why, and so is the group.
#[test]
fn who_cannot_do_the_movement_does_another_and_is_told() {
    for (request, built) in varied_groups() {
        assert_eq!(check_group(&built, &request), []);
        let workout = Json::from(&built.to_json());
        let mut said = workout["warnings"].to_string();
        for member in workout["participants"].as_array().unwrap() {
            let summary = member["summary"].as_str().unwrap();
            for pattern in varied(member) {
                let movement = pattern.as_str().unwrap().replace('_', " ");
                assert!(summary.contains(&format!("instead of {movement}")), "{summary}");
                let group = workout["warnings"].as_array().unwrap();
                assert!(group.iter().any(|one| one["code"] == "station_varied" && one["pattern"] == *pattern));
            }
            said.push_str(summary);
        }
        assert!(!["knee", "shoulder", "hip ", "injur", "moderate"].iter().any(|word| said.contains(word)), "{said}");
    }
    // Healthy people of any level, with a gym: never.
    let people =
        json!([{ "userId": "ada", "fitnessLevel": "beginner" }, { "userId": "bob", "fitnessLevel": "advanced" }]);
    let workout = group(&people, 45, &json!(["full_gym"]));
    assert!(workout["participants"].as_array().unwrap().iter().all(|one| varied(one).is_empty()));
}

/// Another movement that is not told, or told where there is none, is found.
#[test]
fn a_movement_that_is_not_told_is_found() {
    for (request, built) in &varied_groups() {
        let broken = |change: &dyn Fn(&mut GroupWorkout)| {
            let mut workout = built.clone();
            change(&mut workout);
            check_group(&workout, request).iter().any(|violation| violation.rule == "G2")
        };
        let is_told = |warnings: &[Warning]| warnings.iter().any(|one| one.code == "station_varied");
        let told = |warnings: &mut Vec<Warning>| warnings.retain(|one| one.code != "station_varied");
        let member = built.participants.iter().position(|one| is_told(&one.workout.warnings)).unwrap();
        let one = built.warnings.iter().find(|one| one.code == "station_varied").unwrap();
        assert!(!broken(&|_| ()));
        assert!(broken(&|w| told(&mut w.participants[member].workout.warnings)));
        assert!(broken(&|w| told(&mut w.warnings)));
        assert!(broken(&|w| w.participants[member].workout.warnings.push(one.clone())));
        // Not even told may all of them do something else, or bring what does not stand there.
        assert!(broken(&|w| w.stations[0].pattern = Pattern::Carry));
        let gear = built.stations.iter().any(|one| one.equipment != Counts::default());
        assert_eq!(gear, broken(&|w| w.stations.iter_mut().for_each(|one| one.equipment = Counts::default())));
    }
}

/// Who is left alone trains alone, on the stations of the group.
#[test]
fn one_who_may_train_keeps_the_stations() {
    let people = json!([
        { "userId": "ada", "fitnessLevel": "beginner", "symptoms": ["chest_pain"] },
        { "userId": "bob", "fitnessLevel": "advanced" },
    ]);
    let workout = group(&people, 45, &json!(["full_gym"]));
    assert_eq!((&workout["status"], workout["participants"].as_array().unwrap().len()), (&json!("ok"), 1));
    assert_eq!(workout["excluded"][0]["user_id"], "ada");
}

#[test]
fn healthy_groups_get_a_session() {
    let (met, asked) = met(true, cases(25));
    println!("healthy: {met} of {asked}");
    assert!(met * 100 >= asked * 95);
}

#[test]
fn groups_with_injured_people_get_a_session() {
    let (met, asked) = met(false, cases(25));
    println!("injured: {met} of {asked}");
    assert!(met * 100 >= asked * 85);
}
