//! What the coach makes with no key and no network.

use repflow::fitness::group::{self, GroupRequest};
use repflow::fitness::programme::{self, ProgrammeRequest};
use repflow::fitness::request::WorkoutRequest;
use repflow::fitness::session;
use repflow::fitness::workout::Status;
use repflow::value::Value;
use serde_json::{Value as Json, json};

use crate::{Once, Workload};

/// Sizes are what is made, or participants.
pub const ALL: &[Workload] = &[
    Workload { name: "session", prepare: sessions },
    Workload { name: "programme", prepare: programmes },
    Workload { name: "group", prepare: group },
];

/// Requests that differ in all that makes a session take longer.
fn requests(count: usize) -> impl Iterator<Item = Json> {
    let (focuses, levels) = (["strength", "hypertrophy", "endurance"], ["beginner", "intermediate", "advanced"]);
    let equipment = [json!(["dumbbells", "bench"]), json!(["full_gym"]), json!([])];
    (0..count).map(move |place| {
        json!({
            "userId": "user123", "age": 30, "weightKg": 75, "seed": place,
            "duration": 30 + 15 * (place % 3), "focus": focuses[place / 3 % 3],
            "fitnessLevel": levels[place / 9 % 3], "equipment": equipment[place / 27 % 3],
        })
    })
}

fn sessions(count: usize) -> Once {
    let requests: Vec<WorkoutRequest> =
        requests(count).map(|json| WorkoutRequest::parse(&Value::from(&json)).expect("the request is valid")).collect();
    Box::new(move || {
        for request in &requests {
            let workout = session::build(request).expect("there is a session");
            assert!(workout.status == Status::Ok && workout.blocks.len() > 2);
        }
    })
}

fn programmes(count: usize) -> Once {
    let json = json!({
        "userId": "user123", "duration": 60, "focus": "hypertrophy", "equipment": ["full_gym"], "age": 30,
        "fitnessLevel": "intermediate", "daysPerWeek": 4, "targetMuscles": ["chest"],
    });
    let request = ProgrammeRequest::parse(&Value::from(&json)).expect("the request is valid");
    Box::new(move || {
        for _ in 0..count {
            programme::build(&request).expect("there is a programme");
        }
    })
}

fn group(participants: usize) -> Once {
    let people: Vec<Json> = requests(participants)
        .enumerate()
        .map(|(place, json)| {
            json!({ "userId": format!("user{place}"), "focus": json["focus"], "fitnessLevel": json["fitnessLevel"], "age": 30 })
        })
        .collect();
    let json = json!({ "participants": people, "duration": 45, "equipment": ["full_gym"], "seed": 7 });
    let request = GroupRequest::parse(&Value::from(&json)).expect("the request is valid");
    Box::new(move || {
        group::build(&request).expect("there is a group workout");
    })
}
