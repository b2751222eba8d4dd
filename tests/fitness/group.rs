//! Groups: whoever trains together, everybody's own part is correct, and so is the whole.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use repflow::fitness::check::check_group;
use repflow::fitness::group::{self, GroupRequest, GroupWorkout};
use repflow::fitness::words::{Equipment, Focus, Word};
use repflow::value::Value;
use serde_json::{Value as Json, json};

use crate::properties::request as one;

fn parse(json: &Json) -> Result<GroupRequest, repflow::Error> {
    GroupRequest::parse(&Value::from(json))
}

fn cases(usual: u32) -> ProptestConfig {
    let cases = std::env::var("REPFLOW_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// A participant of what a request for one says.
fn participant(mut json: Json, id: usize, (focus, limit): (bool, Option<u32>)) -> Json {
    let fields = json.as_object_mut().unwrap();
    for key in ["duration", "equipment", "seed"] {
        fields.remove(key);
    }
    if !focus {
        fields.remove("focus");
    }
    fields.insert("userId".to_owned(), json!(format!("user{id}")));
    if let Some(limit) = limit {
        fields.insert("maxDuration".to_owned(), json!(limit));
    }
    json
}

prop_compose! {
    fn inventory()(counts in vec(prop_oneof![3 => Just(0_u32), 2 => Just(1), 3 => 2_u32..=20], Equipment::ALL.len())) -> Json {
        let words = Equipment::ALL.iter().map(|item| item.as_str().to_owned());
        Json::Object(words.zip(counts.into_iter().map(Json::from)).filter(|(_, count)| *count != json!(0)).collect())
    }
}

prop_compose! {
    /// Any group at all; half of them healthy.
    fn any_group()(
        people in vec((one(), any::<bool>(), option::weighted(0.05, 15_u32..=90)), 2..=20),
        healthy in any::<bool>(),
        equipment in prop_oneof![inventory(), Just(json!(["full_gym"])), Just(json!([]))],
        (duration, seed, focus) in (15_u32..=90, any::<u32>(), option::of(select(Focus::ALL.to_vec()))),
        stations in option::weighted(0.2, 2_u32..=8),
    ) -> Json {
        let mut participants = Vec::new();
        for (place, (mut json, focus, limit)) in people.into_iter().enumerate() {
            if healthy {
                for key in ["injuries", "conditions", "symptoms"] {
                    json[key] = json!([]);
                }
            }
            participants.push(participant(json, place, (focus, limit)));
        }
        let mut json = json!({ "participants": participants, "duration": duration, "equipment": equipment, "seed": seed });
        if let Some(focus) = focus {
            json["focus"] = json!(focus);
        }
        if let Some(stations) = stations {
            json["stations"] = json!(stations);
        }
        json
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn a_group_is_correct_or_honestly_refused(json in any_group()) {
        let request = parse(&json).unwrap();
        match group::build(&request) {
            Ok(workout) => {
                prop_assert_eq!(check_group(&workout, &request), []);
            }
            Err(error) => {
                prop_assert_eq!(error.code().as_str(), "workout.infeasible");
                prop_assert!(!error.message().contains("breaks"), "{}", error);
            }
        }
    }
}

#[test]
#[ignore]
fn how_often() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut ok, mut bad, mut sick_ok, mut sick_bad) = (0, 0, 0, 0);
    let mut slow = std::time::Duration::ZERO;
    for _ in 0..100 {
        let json = any_group().new_tree(&mut runner).unwrap().current();
        let request = parse(&json).unwrap();
        let healthy =
            request.participants.iter().all(|p| p.request.injuries.is_empty() && p.request.conditions.is_empty());
        let start = std::time::Instant::now();
        let built = group::build(&request);
        slow = slow.max(start.elapsed());
        match (built, healthy) {
            (Ok(w), h) => {
                if h {
                    ok += 1
                } else {
                    sick_ok += 1
                }
                println!(
                    "ok {} of {}: {:?}s K={} sets={} I={} cap={} focus {:?}->{:?} cond {} {:?}",
                    w.participants.len(),
                    request.participants.len(),
                    w.clock.total_s,
                    w.stations.len(),
                    w.clock.sets,
                    w.clock.interval_s,
                    w.stations.first().map_or(0, |s| s.capacity),
                    request.focus,
                    w.focus,
                    w.clock.conditioning_s,
                    w.stations.iter().map(|s| s.pattern.as_str()).collect::<Vec<_>>()
                );
            }
            (Err(e), true) => {
                bad += 1;
                println!(
                    "{} {:?} st {:?} limit {:?}: {}",
                    request.duration_min,
                    request.focus,
                    request.stations,
                    request.participants.iter().filter_map(|p| p.max_duration_min).min(),
                    e.message()
                );
            }
            (Err(e), false) => {
                sick_bad += 1;
                println!(
                    "sick: {} {:?} {:?} {}",
                    request.participants.len(),
                    request.focus,
                    request.stations,
                    e.message()
                );
            }
        }
    }
    println!("healthy {ok}/{} sick {sick_ok}/{}, slowest {slow:?}", ok + bad, sick_ok + sick_bad);
}
