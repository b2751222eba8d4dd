//! The rules that relate two answers hold, and each of them can fail.

use repflow::fitness::catalogue;
use repflow::fitness::check::relations::{d1, e4, s2, v2};
use repflow::fitness::prescription::{self, Row};
use repflow::fitness::session;
use repflow::fitness::words::{Focus, Level};
use serde_json::json;

use crate::support::example_with;

fn rules(found: &[repflow::fitness::check::Violation]) -> Vec<&'static str> {
    found.iter().map(|violation| violation.rule).collect()
}

#[test]
fn more_equipment() {
    let less = example_with(json!({}));
    let more = example_with(json!({ "equipment": ["dumbbells", "bench", "bands"] }));
    let (one, two) = (session::build(&less).unwrap(), session::build(&more).unwrap());
    assert_eq!(e4(&less, Some(&one), &more, Some(&two)), []);
    assert_eq!(e4(&less, None, &more, None), []);
    let found = e4(&less, Some(&one), &more, None);
    assert_eq!(found[0].message, "the request is infeasible since there is bands");
    // No pair: the other way round, and with another difference.
    assert_eq!(rules(&e4(&more, Some(&two), &less, Some(&one))), ["E4"]);
    let other = example_with(json!({ "equipment": ["dumbbells", "bench", "bands"], "duration": 45 }));
    assert_eq!(rules(&e4(&less, Some(&one), &other, Some(&two))), ["E4"]);
    // A referral is no session.
    let symptom = json!({ "symptoms": ["dizziness"] });
    let sick = example_with(symptom.clone());
    assert_eq!(e4(&sick, Some(&session::build(&sick).unwrap()), &sick, None), []);
}

#[test]
fn one_more_injury() {
    let before = example_with(json!({}));
    let after = example_with(json!({ "injuries": ["knee"] }));
    let mut workout = session::build(&after).unwrap();
    assert_eq!(s2(&before, &after, &workout), []);
    let squat = catalogue::find("Dumbbell_Squat").unwrap();
    for block in [0, 1] {
        workout.blocks[block].steps[0].exercise_id = squat.id.clone();
    }
    assert_eq!(rules(&s2(&before, &after, &workout)), ["S2", "S2"]);
    // What was excluded before is a matter of S1.
    assert_eq!(s2(&after, &after, &workout), []);
    assert_eq!(rules(&s2(&after, &before, &workout)), ["S2"]);
}

#[test]
fn rests() {
    let row = |focus, level| prescription::row(focus, level).clone();
    assert_eq!(v2(&row), []);
    let changed = |focus, level| {
        let row = row(focus, level);
        let same = (focus, level) == (Focus::Hypertrophy, Level::Advanced);
        if same { Row { rest_compound: (180, 300), ..row } } else { row }
    };
    let found = v2(&changed);
    assert_eq!(rules(&found), ["V2"]);
    assert!(found[0].message.starts_with("advanced: strength"), "{}", found[0].message);
}

#[test]
fn the_same_bytes() {
    let (request, other) = (example_with(json!({})), example_with(json!({ "seed": 7 })));
    let workout = session::build(&request).unwrap();
    let mut reseeded = session::build(&other).unwrap();
    assert_eq!(d1(&workout, &workout.clone(), Some((&reseeded, &other))), []);
    let mut again = workout.clone();
    again.totals.sets_per_muscle.set("chest", -0.0);
    let mut zero = workout.clone();
    zero.totals.sets_per_muscle.set("chest", 0.0);
    assert_eq!(again, zero, "the difference is in the bytes alone");
    assert_eq!(rules(&d1(&zero, &again, None)), ["D1"]);
    reseeded.totals.duration_s += 1;
    let found = d1(&workout, &workout, Some((&reseeded, &other)));
    assert!(found[0].message.starts_with("seed 7 breaks T2"), "{}", found[0].message);
}
