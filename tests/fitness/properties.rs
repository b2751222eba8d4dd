//! Thousands of random requests: whatever is asked, the answer is correct or an honest refusal.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use repflow::Kind;
use repflow::fitness::catalogue;
use repflow::fitness::check::{check, relations};
use repflow::fitness::request::WorkoutRequest;
use repflow::fitness::session;
use repflow::fitness::words::{Area, Condition, Equipment, Focus, InjurySeverity, Level, Muscle, Symptom, Word};
use serde_json::{Value as Json, json};

use crate::support::{config, parse, seconds_of};

fn names<W: Word>() -> Vec<&'static str> {
    W::ALL.iter().map(|word| word.as_str()).collect()
}

fn word<W: Word>() -> impl Strategy<Value = &'static str> {
    select(names::<W>())
}

fn some<W: Word>(most: usize) -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(names::<W>(), 0..=most)
}

fn injuries() -> impl Strategy<Value = Vec<Json>> {
    let injury = (word::<Area>(), word::<InjurySeverity>())
        .prop_map(|(area, severity)| json!({ "area": area, "severity": severity }));
    prop_oneof![3 => Just(Vec::new()), 3 => vec(injury, 0..=3)]
}

prop_compose! {
    /// Any request at all.
    pub(crate) fn request()(
        (focus, level, duration) in (word::<Focus>(), word::<Level>(), 15_u32..=90),
        equipment in some::<Equipment>(Equipment::ALL.len()),
        injuries in injuries(),
        conditions in prop_oneof![4 => Just(Vec::new()), 1 => some::<Condition>(3)],
        symptoms in prop_oneof![9 => Just(Vec::new()), 1 => some::<Symptom>(2)],
        target_muscles in some::<Muscle>(3),
        (age, weight_kg) in (option::of(18_u32..=100), option::of(40_u32..=150)),
        (active, seed) in (any::<bool>(), any::<u32>()),
        maxima in vec((0..catalogue::all().len(), 5_u32..=250), 0..40),
    ) -> Json {
        let maxima: serde_json::Map<String, Json> =
            maxima.into_iter().map(|(i, kg)| (catalogue::all()[i].id.clone(), json!(kg))).collect();
        let mut json = json!({
            "userId": "someone", "duration": duration, "focus": focus, "equipment": equipment, "fitnessLevel": level,
            "injuries": injuries, "conditions": conditions, "symptoms": symptoms, "targetMuscles": target_muscles,
            "exercisesRegularly": active, "seed": seed, "oneRepMaxKg": maxima,
        });
        if let Some(age) = age {
            json["age"] = json!(age);
        }
        if let Some(kg) = weight_kg {
            json["weightKg"] = json!(kg);
        }
        json
    }
}

proptest! {
    #![proptest_config(config(1_200))]

    /// Every invariant of the checker, and the time once more by the test's own arithmetic.
    #[test]
    fn an_answer_is_correct_or_an_honest_refusal(json in request()) {
        let request = parse(&json).unwrap();
        match session::build(&request) {
            Ok(workout) => {
                prop_assert_eq!(check(&workout, &request), []);
                let seconds = seconds_of(&json!(workout));
                prop_assert_eq!(seconds, u64::from(workout.totals.duration_s));
                if workout.status != repflow::fitness::workout::Status::Referral {
                    let asked = f64::from(request.duration_min) * 60.0;
                    prop_assert!((seconds as f64 - asked).abs() <= 0.1 * asked);
                }
            }
            Err(error) => {
                prop_assert_eq!(error.kind(), Kind::Validation);
                prop_assert!(error.to_string().starts_with("workout.infeasible: "));
                prop_assert!(!error.message().contains("breaks"), "{}", error);
            }
        }
    }
}

proptest! {
    #![proptest_config(config(300))]

    /// T1: without injuries and conditions, every request is met, whatever the equipment.
    #[test]
    fn a_healthy_person_always_gets_a_session(json in request()) {
        let mut json = json;
        for key in ["injuries", "conditions", "symptoms"] {
            json[key] = json!([]);
        }
        let result = session::build(&parse(&json).unwrap());
        prop_assert!(result.is_ok(), "{:?}", result);
    }

    /// E4: more equipment never makes a feasible request infeasible.
    #[test]
    fn more_equipment_never_hurts(json in request(), more in some::<Equipment>(6)) {
        let less = parse(&json).unwrap();
        let mut json = json;
        json["equipment"].as_array_mut().unwrap().extend(more.into_iter().map(Json::from));
        let more = parse(&json).unwrap();
        let (with_less, with_more) = (session::build(&less), session::build(&more));
        prop_assert_eq!(relations::e4(&less, with_less.as_ref().ok(), &more, with_more.as_ref().ok()), []);
    }

    /// S2: one more injury never adds an exercise that carries a demand it newly excludes.
    #[test]
    fn an_injury_never_adds_what_it_excludes(json in request(), area in word::<Area>(), severity in word::<InjurySeverity>()) {
        let before = parse(&json).unwrap();
        let mut json = json;
        json["injuries"].as_array_mut().unwrap().push(json!({ "area": area, "severity": severity }));
        let after = parse(&json).unwrap();
        if let Ok(workout) = session::build(&after) {
            prop_assert_eq!(relations::s2(&before, &after, &workout), []);
        }
    }

    /// D1: the same request and seed give the same bytes, through the normalised form too; another seed gives a session
    /// that keeps the rules.
    #[test]
    fn the_same_request_gives_the_same_bytes(json in request(), seed in any::<u32>()) {
        let request = parse(&json).unwrap();
        let again = WorkoutRequest::parse(&request.to_json()).unwrap();
        prop_assert_eq!(&request, &again);
        let text = |request| session::build(request).map(|workout| json!(workout).to_string());
        prop_assert_eq!(text(&request), text(&again));
        let mut other = request.clone();
        other.seed = seed;
        if let (Ok(one), Ok(two)) = (session::build(&request), session::build(&again)) {
            let reseeded = session::build(&other);
            prop_assert_eq!(relations::d1(&one, &two, reseeded.as_ref().ok().map(|workout| (workout, &other))), []);
        }
    }
}
