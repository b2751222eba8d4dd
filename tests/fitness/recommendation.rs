//! What follows from a history: progress inside its bounds, nothing that is not recovered, allowed and there, and an
//! honest word to those who should not train.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use repflow::fitness::catalogue::{self, Exercise};
use repflow::fitness::contraindications::{Restrictions, area};
use repflow::fitness::prescription;
use repflow::fitness::request::WorkoutRequest;
use repflow::fitness::screening::{Clearance, Screening};
use repflow::fitness::session;
use repflow::fitness::strategy::{Accepted, Origin, Task, accept, begin, by_rules};
use repflow::fitness::words::{Area, Equipment, Kind, Level, Muscle, Pattern, Set, Word};
use repflow::value::Value;
use serde_json::{Value as Json, json};

use crate::properties::request;
use crate::support::{call, config, example, parse};

const FEATURE: &str = "workout-recommendations";

fn ask(action: &str, params: &Json) -> Json {
    call(FEATURE, action, params).unwrap_or_else(|error| panic!("{error}: {:?}", error.problems()))
}

/// One session of an exercise: the same set again and again.
fn done(days_ago: f64, id: &str, sets: usize, set: Json) -> Json {
    json!({ "daysAgo": days_ago, "exerciseId": id, "sets": vec![set; sets] })
}

fn example_with(changes: Json) -> Json {
    let mut json = example();
    for (key, value) in changes.as_object().unwrap() {
        json[key] = value.clone();
    }
    json
}

fn words<W: Word>(most: usize) -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(W::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>(), 0..=most)
}

fn entry() -> impl Strategy<Value = Json> {
    let effort = prop_oneof![
        3 => Just(json!({})),
        2 => (0_u32..=5).prop_map(|rir| json!({ "rir": rir })),
        1 => (50_u32..=100).prop_map(|rpe| json!({ "rpe": f64::from(rpe) / 10.0 })),
    ];
    let set = (0_u32..=25, option::weighted(0.8, 1_u32..=400), effort).prop_map(|(reps, weight, effort)| {
        let mut set = effort;
        set["reps"] = json!(reps);
        if let Some(weight) = weight {
            set["weightKg"] = json!(f64::from(weight) / 2.0);
        }
        set
    });
    let days = prop_oneof![3 => 0_u32..=140, 1 => 0_u32..=3_650];
    let feeling = select(vec!["", "easy", "moderate", "hard", "too_hard"]);
    // A few exercises come often, so that there are several sessions of one.
    let exercise = prop_oneof![2 => 0_usize..6, 1 => 0..catalogue::all().len()];
    (days, exercise, vec(set, 1..=5), feeling).prop_map(|(days, exercise, sets, feeling)| {
        let id = &catalogue::all()[exercise * 31 % catalogue::all().len()].id;
        let mut entry = json!({ "daysAgo": f64::from(days) / 10.0, "exerciseId": id, "sets": sets });
        if !feeling.is_empty() {
            entry["feeling"] = json!(feeling);
        }
        entry
    })
}

prop_compose! {
    fn params()(
        request in request(),
        history in vec(entry(), 0..40),
        pain in prop_oneof![2 => Just(Vec::new()), 1 => words::<Area>(2)],
        unavailable in prop_oneof![2 => Just(Vec::new()), 1 => words::<Equipment>(3)],
        taken in vec(0..catalogue::all().len(), 0..4),
    ) -> Json {
        let mut unavailable: Vec<String> = unavailable.into_iter().map(str::to_owned).collect();
        unavailable.extend(taken.into_iter().map(|place| catalogue::all()[place].id.clone()));
        let mut params = json!({ "request": request, "history": history, "pain": pain, "unavailable": unavailable });
        if let Ok(workout) = session::build(&parse(&request).unwrap()) {
            params["workout"] = json!(workout);
        }
        params
    }
}

/// Every exercise id that stands under `key`, at any depth.
fn ids(json: &Json, found: &mut Vec<String>) {
    match json {
        Json::Object(fields) => {
            found.extend(fields.get("exercise_id").and_then(Json::as_str).map(str::to_owned));
            fields.values().for_each(|value| ids(value, found));
        }
        Json::Array(items) => items.iter().for_each(|item| ids(item, found)),
        _ => {}
    }
}

/// Why an exercise must not be named for these params, by the test's own reading of the rules.
fn wrong(exercise: &Exercise, request: &WorkoutRequest, params: &Json) -> Option<&'static str> {
    let texts = |key: &str| params[key].as_array().cloned().unwrap_or_default();
    let mut equipment = request.equipment;
    for text in texts("unavailable") {
        if let Some(item) = Equipment::from_name(text.as_str().unwrap()) {
            equipment.remove(item);
        }
        if text == exercise.id.as_str() {
            return Some("taken");
        }
    }
    for text in texts("pain") {
        let rule = area(Area::from_name(text.as_str().unwrap()).unwrap());
        let tags = rule.exclude_tags.union(rule.severe_tags);
        if !exercise.tags.intersection(tags).is_empty() || rule.severe_patterns.contains(exercise.pattern) {
            return Some("hurts");
        }
    }
    // Jumps are neither for beginners nor for whom they load a mildly injured area.
    let mild = !exercise.tags.intersection(Restrictions::of(request).mild_tags).is_empty();
    let jumps_are_out = request.level == Level::Beginner || mild;
    if !exercise.requires.is_subset(equipment) {
        Some("E1")
    } else if !Restrictions::of(request).allow(exercise) {
        Some("S1")
    } else if exercise.level > request.level || (exercise.kind == Kind::Plyometric && jumps_are_out) {
        Some("S4")
    } else {
        None
    }
}

/// Hard sets of each muscle: those of the last `days` before `now`, whole for main muscles and half for others.
fn sets(history: &Json, muscle: Muscle, (from, to): (f64, f64), main_only: bool) -> f64 {
    let mut sum = 0.0;
    for entry in history.as_array().unwrap() {
        let exercise = catalogue::find(entry["exerciseId"].as_str().unwrap()).unwrap();
        let days = entry["daysAgo"].as_f64().unwrap();
        let trains = !matches!(exercise.pattern, Pattern::Cardio | Pattern::Mobility | Pattern::Stretch);
        let share = exercise.share(muscle);
        if trains && days >= from && days < to && (share == 1.0 || !main_only) {
            let hard = |set: &&Json| {
                let rir = set["rir"].as_f64().or(set["rpe"].as_f64().map(|rpe| 10.0 - rpe));
                set["reps"].as_u64().unwrap() > 0 && rir.is_none_or(|rir| rir < 5.0)
            };
            sum += share * entry["sets"].as_array().unwrap().iter().filter(hard).count() as f64;
        }
    }
    sum
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn advice_keeps_every_promise(params in params(), count in 1_usize..=10) {
        let request = parse(&params["request"]).unwrap();
        let answer = ask("advise", &params);
        prop_assert_eq!(&answer, &ask("advise", &params), "the same bytes");
        prop_assert!(!answer.to_string().contains("null,null"), "{}", answer);

        // Nobody below moderate effort gets an exercise.
        let screening = Screening::of(&request);
        prop_assert_eq!(answer["referral"].is_object(), screening.clearance < Clearance::Full);
        if screening.clearance < Clearance::Moderate {
            let mut named = Vec::new();
            ids(&answer, &mut named);
            prop_assert_eq!(named, Vec::<String>::new());
            return Ok(());
        }

        // What is named is there, allowed and does not hurt.
        let next = answer["next"].as_array().unwrap();
        let mut named = Vec::new();
        ids(&answer["next"], &mut named);
        for one in answer["substitutions"].as_array().unwrap() {
            let planned = one["exercise_id"].as_str().unwrap();
            prop_assert!(wrong(catalogue::find(planned).unwrap(), &request, &params).is_some(), "{planned} could stay");
            let options = one["alternatives"].as_array().unwrap();
            prop_assert!(options.len() <= 3);
            ids(&one["alternatives"], &mut named);
        }
        for id in &named {
            let exercise = catalogue::find(id).unwrap();
            prop_assert_eq!(wrong(exercise, &request, &params), None, "{}", id);
        }

        // What comes next is recovered, and stays inside the session and the week.
        prop_assert!(next.len() <= 5);
        let weekly = prescription::weekly_sets();
        let (_, most) = weekly.of(request.level);
        for (place, muscle) in Muscle::ALL.iter().enumerate() {
            let mut planned = 0.0;
            for one in next {
                let exercise = catalogue::find(one["exercise_id"].as_str().unwrap()).unwrap();
                planned += exercise.share(*muscle) * one["sets"].as_f64().unwrap();
                if exercise.primary.contains(*muscle) {
                    for entry in params["history"].as_array().unwrap() {
                        let days = entry["daysAgo"].as_f64().unwrap();
                        let trained = catalogue::find(entry["exerciseId"].as_str().unwrap()).unwrap();
                        let session = sets(&params["history"], *muscle, (days, days + 0.45), true);
                        let early = days < 2.0 && session >= 3.0 && trained.primary.contains(*muscle);
                        prop_assert!(!early, "{} too early: {days}", exercise.id);
                    }
                }
            }
            let week = sets(&params["history"], *muscle, (0.0, 7.0), false);
            prop_assert_eq!(answer["recovery"]["muscles"][place]["week_sets"].as_f64(), Some(week));
            prop_assert!(planned <= f64::from(weekly.per_session_cap));
            prop_assert!(planned == 0.0 || week + planned <= f64::from(most), "{}: {week} + {planned}", muscle.as_str());
        }

        // Loads go up by at most 10 %, and down for a reason only.
        for one in answer["progression"].as_array().unwrap() {
            let rule = one["rule"].as_str().unwrap();
            let exercise = catalogue::find(one["exercise_id"].as_str().unwrap()).unwrap();
            prop_assert_eq!(rule == "not_now", wrong(exercise, &request, &params).is_some(), "{}", one);
            prop_assert_eq!(rule == "not_now", one["reps_min"].is_null());
            if rule == "lighter_variant" {
                prop_assert!(one["weight_kg"].is_null() && !one["last_weight_kg"].is_null(), "{}", one);
                prop_assert!(next.iter().all(|other| other["exercise_id"] != one["exercise_id"]), "{}", one);
            }
            if let (Some(last), Some(kg)) = (one["last_weight_kg"].as_f64(), one["weight_kg"].as_f64()) {
                let change = kg / last;
                prop_assert!(kg > 0.0 && change <= 1.1 + 1e-9, "{}", one);
                match rule {
                    "two_for_two" => prop_assert!(change >= 1.02 - 1e-9, "{}", one),
                    "missed_twice" | "layoff" => prop_assert!((0.9 - 1e-9..=0.95 + 1e-9).contains(&change), "{}", one),
                    "medical_cap" => {
                        let cap = Restrictions::of(&request).caps.pct_1rm_max.unwrap();
                        prop_assert!(kg <= cap * one["estimated_1rm_kg"].as_f64().unwrap() + 0.01, "{}", one);
                        prop_assert!(kg >= 20.0 || !exercise.requires.contains(Equipment::Barbell), "{}", one);
                    }
                    _ => prop_assert_eq!(kg, last, "{}", one),
                }
            }
        }

        // The parts alone say the same.
        let mut asked = params.clone();
        asked.as_object_mut().unwrap().remove("workout");
        asked["count"] = json!(count);
        let alone = ask("nextExercises", &asked);
        prop_assert!(alone["next"].as_array().unwrap().len() <= count);
        if count == 5 {
            prop_assert_eq!(&alone["next"], &answer["next"]);
        }
        prop_assert!(alone.get("recovery").is_none());
    }

    /// Whatever is asked about: what is offered instead is allowed, and another exercise of the same main muscles.
    #[test]
    fn a_substitute_is_right_or_there_is_none(params in params(), place in 0..catalogue::all().len()) {
        let exercise = &catalogue::all()[place];
        let mut params = params;
        params.as_object_mut().unwrap().remove("history");
        params["exerciseId"] = json!(exercise.id);
        let request = parse(&params["request"]).unwrap();
        let answer = ask("substitute", &params);
        if Screening::of(&request).clearance < Clearance::Moderate {
            prop_assert_eq!(&answer["substitutions"], &json!([]));
            return Ok(());
        }
        let mut workout = Vec::new();
        ids(&params["workout"], &mut workout);
        for option in answer["substitutions"][0]["alternatives"].as_array().unwrap() {
            let other = catalogue::find(option["exercise_id"].as_str().unwrap()).unwrap();
            prop_assert_eq!(wrong(other, &request, &params), None);
            prop_assert!(other.id != exercise.id && !workout.contains(&other.id));
            let share = |a: &Exercise, b: &Exercise| a.primary.iter().any(|muscle| b.share(muscle) > 0.0);
            prop_assert!(share(exercise, other) && share(other, exercise), "{} for {}", other.id, exercise.id);
        }
    }

    /// The feature answers what its own rules answer as a model, through the same checks.
    #[test]
    fn the_offline_coach_stands_for_a_model(params in request()) {
        for (task, action) in [(Task::Analysis, "analysis"), (Task::Generation, "generation")] {
            let value = Value::from(&params);
            let direct = call("offline-coach", action, &params);
            let Ok(begun) = begin(task, &value) else {
                prop_assert!(direct.is_err());
                continue;
            };
            let expected = match begun.output {
                Some(output) => output,
                None => {
                    let text = by_rules(task, &value).unwrap();
                    let answer = Value::from(&serde_json::from_str::<Json>(&text).unwrap());
                    let origin = Origin { provider: "offline-coach".to_owned(), ..Origin::default() };
                    match accept(task, &value, &answer, &origin).unwrap() {
                        Accepted::Output(output) => output,
                        Accepted::Repair { problems, .. } => panic!("{problems:?}"),
                    }
                }
            };
            prop_assert_eq!(direct.unwrap(), Json::from(&expected));
        }
    }
}

/// The rule, the next load and the reason for two sessions of a barbell squat, the latest first.
fn squat(latest: (f64, usize, Json), before: (f64, usize, Json)) -> (String, Option<f64>) {
    let request = example_with(json!({ "equipment": ["barbell", "rack"] }));
    let session = |(days, sets, set): (f64, usize, Json)| done(days, "Barbell_Squat", sets, set);
    let answer = ask("progress", &json!({ "request": request, "history": [session(before), session(latest)] }));
    let one = &answer["progression"][0];
    assert_eq!((&one["reps_min"], &one["reps_max"], &one["rir"]), (&json!(4), &json!(6), &json!(2)));
    (one["rule"].as_str().unwrap().to_owned(), one["weight_kg"].as_f64())
}

#[test]
fn double_progression() {
    let set = |kg: f64, reps: u32| json!({ "reps": reps, "weightKg": kg });
    let rule = |rule: &str, kg: f64| (rule.to_owned(), Some(kg));
    // Two for two: 8 of 6 in both sessions; 102.5 is 2.5 % more.
    assert_eq!(squat((2.0, 3, set(100.0, 8)), (5.0, 3, set(100.0, 8))), rule("two_for_two", 102.5));
    assert_eq!(squat((2.0, 3, set(100.0, 8)), (5.0, 3, set(100.0, 7))), rule("hold", 100.0));
    assert_eq!(squat((2.0, 3, set(100.0, 7)), (5.0, 3, set(100.0, 8))), rule("hold", 100.0));
    // The session before was lighter, so the load was added already.
    assert_eq!(squat((2.0, 3, set(100.0, 8)), (5.0, 3, set(97.5, 8))), rule("hold", 100.0));
    // A reserve counts: 6 with 4 left is as good as 8 with the 2 that are asked for, and 8 to failure is not.
    let reserve = |reps: u32, rir: u32| json!({ "reps": reps, "weightKg": 100, "rir": rir });
    assert_eq!(squat((2.0, 3, reserve(6, 4)), (5.0, 3, reserve(6, 4))), rule("two_for_two", 102.5));
    assert_eq!(squat((2.0, 3, reserve(8, 0)), (5.0, 3, reserve(8, 0))), rule("hold", 100.0));
    // From 20 kg the next step is 12.5 % away.
    assert_eq!(squat((2.0, 3, set(20.0, 8)), (5.0, 3, set(20.0, 8))), rule("step_too_large", 20.0));
    // 25 kg: exactly 10 %.
    assert_eq!(squat((2.0, 3, set(25.0, 8)), (5.0, 3, set(25.0, 8))), rule("two_for_two", 27.5));
    // Missed once is no reason, missed twice is one.
    assert_eq!(squat((2.0, 3, set(100.0, 3)), (5.0, 3, set(100.0, 5))), rule("hold", 100.0));
    assert_eq!(squat((2.0, 3, set(100.0, 3)), (5.0, 3, set(100.0, 2))), rule("missed_twice", 95.0));
    // Four weeks without it.
    assert_eq!(squat((28.0, 3, set(100.0, 8)), (31.0, 3, set(100.0, 8))), rule("two_for_two", 102.5));
    assert_eq!(squat((28.1, 3, set(100.0, 8)), (31.0, 3, set(100.0, 8))), rule("layoff", 95.0));
    // One session in two entries is one session.
    assert_eq!(squat((2.0, 3, set(100.0, 8)), (2.4, 3, set(100.0, 8))), rule("hold", 100.0));
}

#[test]
fn nobody_is_pushed_who_found_it_too_hard() {
    let request = example_with(json!({ "equipment": ["barbell", "rack"] }));
    let mut latest = done(2.0, "Barbell_Squat", 3, json!({ "reps": 8, "weightKg": 100 }));
    let before = done(5.0, "Barbell_Squat", 3, json!({ "reps": 8, "weightKg": 100 }));
    latest["feeling"] = json!("too_hard");
    let answer = ask("progress", &json!({ "request": request, "history": [latest, before] }));
    assert_eq!(answer["progression"][0]["rule"], "hold");
}

#[test]
fn a_medical_cap_limits_the_next_load() {
    let request = example_with(json!({ "equipment": ["barbell", "rack"], "conditions": ["hypertension"], "age": 40 }));
    let cap = Restrictions::of(&parse(&request).unwrap()).caps.pct_1rm_max.expect("a cap");
    let history = [done(2.0, "Barbell_Squat", 3, json!({ "reps": 3, "weightKg": 100 }))];
    let answer = ask("progress", &json!({ "request": request, "history": history }));
    let one = &answer["progression"][0];
    assert_eq!((&one["rule"], &one["estimated_1rm_kg"]), (&json!("medical_cap"), &json!(110)));
    let kg = one["weight_kg"].as_f64().unwrap();
    assert!(kg <= cap * 110.0 && kg > cap * 110.0 - 2.5, "{kg}");
}

/// V3: an empty bar is heavier than what is left, so it is not told to weigh less.
#[test]
fn a_bar_that_is_too_heavy_for_a_cap_asks_for_a_lighter_variant() {
    let request = example_with(json!({ "equipment": ["barbell", "rack"], "age": 70 }));
    let history = [done(2.0, "Barbell_Squat", 3, json!({ "reps": 3, "weightKg": 22.5 }))];
    let answer = ask("advise", &json!({ "request": request, "history": history, "count": 10 }));
    let one = &answer["progression"][0];
    assert_eq!((&one["rule"], &one["weight_kg"]), (&json!("lighter_variant"), &Json::Null));
    assert_eq!(
        one["reason"],
        "The least weight is above the share of the maximum that is allowed: take a lighter variant."
    );
    let mut next = Vec::new();
    ids(&answer["next"], &mut next);
    assert!(!next.is_empty() && !next.contains(&"Barbell_Squat".to_owned()), "{next:?}");
}

#[test]
fn the_maximum_and_its_trend() {
    let request = example_with(json!({ "equipment": ["barbell", "rack"] }));
    let history = [
        done(1.0, "Barbell_Squat", 1, json!({ "reps": 5, "weightKg": 105 })),
        done(8.0, "Barbell_Squat", 1, json!({ "reps": 12, "weightKg": 90 })),
        done(15.0, "Barbell_Squat", 1, json!({ "reps": 5, "weightKg": 100 })),
        done(60.0, "Barbell_Squat", 1, json!({ "reps": 5, "weightKg": 50 })),
    ];
    let one = ask("progress", &json!({ "request": request, "history": history }))["progression"][0].clone();
    assert_eq!((&one["estimated_1rm_kg"], &one["trend_pct"]), (&json!(122.5), &json!(5)));
    let one = ask("progress", &json!({ "request": request, "history": history[1..2] }))["progression"][0].clone();
    assert_eq!((&one["estimated_1rm_kg"], &one["trend_pct"]), (&Json::Null, &Json::Null));
}

#[test]
fn forty_eight_hours() {
    let chest = |history: Json| {
        let answer = ask("recovery", &json!({ "request": example(), "history": history }));
        let muscles = answer["recovery"]["muscles"].as_array().unwrap().clone();
        muscles.into_iter().find(|state| state["muscle"] == "chest").unwrap()
    };
    let press = |days: f64, sets: usize| done(days, "Dumbbell_Bench_Press", sets, json!({ "reps": 8 }));
    let state = chest(json!([press(1.999, 3)]));
    assert_eq!((&state["ready"], &state["hours_since"]), (&json!(false), &json!(47.9)));
    assert_eq!(state["advice"], "recover");
    let state = chest(json!([press(2.0, 3)]));
    assert_eq!((&state["ready"], &state["hours_since"]), (&json!(true), &json!(48)));
    assert_eq!((&state["week_sets"], &state["advice"]), (&json!(3), &json!("train")));
    // Two sets are no session; two and one within half a day are.
    assert_eq!(chest(json!([press(0.5, 2)]))["ready"], true);
    assert_eq!(chest(json!([press(0.5, 2), done(0.9, "Pushups", 1, json!({ "reps": 8 }))]))["ready"], false);
    // Easy sets do not count.
    assert_eq!(chest(json!([done(0.5, "Dumbbell_Bench_Press", 3, json!({ "reps": 8, "rpe": 5 }))]))["ready"], true);
    assert_eq!(chest(json!([press(1.0, 9), press(3.0, 9)]))["advice"], "recover");
    assert_eq!(chest(json!([press(3.0, 9), press(5.0, 9)]))["advice"], "enough");
    assert_eq!(chest(json!([press(3.0, 9), press(7.0, 9)]))["advice"], "maintain");
}

#[test]
fn more_than_six_loaded_weeks_ask_for_a_deload() {
    let weeks = |sets: &[usize]| {
        let press =
            |(week, sets): (usize, &usize)| done(week as f64 * 7.0 + 3.0, "Pushups", *sets, json!({ "reps": 9 }));
        let history: Vec<Json> = sets.iter().enumerate().filter(|(_, n)| **n > 0).map(press).collect();
        let answer = ask("recovery", &json!({ "request": example(), "history": history }));
        (answer["recovery"]["loading_weeks"].as_u64().unwrap(), answer["recovery"]["deload"].as_bool().unwrap())
    };
    assert_eq!(weeks(&[10; 6]), (6, false));
    assert_eq!(weeks(&[10; 7]), (7, true));
    assert_eq!(weeks(&[10, 10, 10, 5, 10, 10, 10, 10]), (3, false));
    assert_eq!(weeks(&[5, 10, 10, 10, 10, 10, 10, 10]), (0, false));
    assert_eq!(weeks(&[10, 10, 0, 10, 10, 10, 10, 10]), (2, false));
    assert_eq!(weeks(&[10; 40]), (40, true));
}

#[test]
fn what_was_neglected_comes_next() {
    let request = example_with(json!({ "equipment": ["full_gym"], "focus": "hypertrophy" }));
    let legs = [
        done(1.0, "Barbell_Squat", 5, json!({ "reps": 8, "weightKg": 100 })),
        done(1.0, "Romanian_Deadlift", 5, json!({ "reps": 8, "weightKg": 90 })),
    ];
    let answer = ask("nextExercises", &json!({ "request": request, "history": legs, "count": 4 }));
    let next = answer["next"].as_array().unwrap();
    assert_eq!(next.len(), 4);
    let patterns: Vec<&str> = next.iter().map(|one| one["pattern"].as_str().unwrap()).collect();
    for pattern in ["squat", "lunge", "hinge"] {
        assert!(!patterns.contains(&pattern), "{patterns:?}");
    }
    assert!(patterns.iter().any(|pattern| pattern.starts_with("push")), "{patterns:?}");
    assert!(patterns.iter().any(|pattern| pattern.starts_with("pull")), "{patterns:?}");
    assert!(next[0]["reason"].as_str().unwrap().contains("; no "), "{}", next[0]["reason"]);
    assert_eq!(answer["provenance"]["provider"], "offline-coach");
    // A load that is known from the history is given.
    let press = [
        done(3.0, "Barbell_Bench_Press_-_Medium_Grip", 3, json!({ "reps": 14, "weightKg": 60 })),
        done(6.0, "Barbell_Bench_Press_-_Medium_Grip", 3, json!({ "reps": 14, "weightKg": 60 })),
    ];
    let answer = ask("advise", &json!({ "request": request, "history": press }));
    assert_eq!(answer["progression"][0]["weight_kg"], 62.5);
}

#[test]
fn a_taken_machine_and_a_new_pain() {
    let request = example_with(json!({ "equipment": ["full_gym"] }));
    let ask = |changes: Json| {
        let mut params = json!({ "request": request, "name": "Barbell Squat" });
        for (key, value) in changes.as_object().unwrap() {
            params[key] = value.clone();
        }
        ask("substitute", &params)["substitutions"][0]["alternatives"].as_array().unwrap().clone()
    };
    let busy = ask(json!({ "unavailable": ["squat rack"] }));
    assert_eq!(busy.len(), 3);
    for option in &busy {
        assert!(option["reason"].as_str().unwrap().starts_with("Same movement: squat"), "{option}");
    }
    let first = busy[0]["exercise_id"].clone();
    let second = ask(json!({ "unavailable": ["rack", first] }));
    assert!(second.iter().all(|option| option["exercise_id"] != first));
    // Nothing trains the front of the thigh and spares the knee.
    assert_eq!(ask(json!({ "pain": ["Knees"] })), Vec::<Json>::new());
}

#[test]
fn everything_wrong_is_listed() {
    let error = call(FEATURE, "advise", &json!({
        "request": example_with(json!({ "duration": 3 })),
        "history": [
            { "daysAgo": -1, "exerciseId": "Moon_Squat", "sets": [] },
            { "daysAgo": 366, "exerciseId": "Pushups", "feeling": "meh", "sets": [
                { "reps": 1.5 }, { "reps": 5, "rir": 1, "rpe": 11 }, { "reps": -1, "weightKg": 1e9 }, 7, { "kilos": 1, "reps": 1 },
            ] },
        ],
        "pain": ["soul", 3], "unavailable": ["barbel", {}], "workout": [], "counts": 1,
    }))
    .unwrap_err();
    let found: Vec<&str> = error.problems().iter().map(|problem| problem.pointer.as_str()).collect();
    for pointer in [
        "/request/duration",
        "/history/0/daysAgo",
        "/history/0/exerciseId",
        "/history/0/sets",
        "/history/1/daysAgo",
        "/history/1/feeling",
        "/history/1/sets/0/reps",
        "/history/1/sets/1/rpe",
        "/history/1/sets/2/reps",
        "/history/1/sets/2/weightKg",
        "/history/1/sets/3",
        "/history/1/sets/4/kilos",
        "/pain/0",
        "/pain/1",
        "/unavailable/0",
        "/unavailable/1",
        "/workout",
        "/counts",
    ] {
        assert!(found.contains(&pointer), "{pointer} in {found:?}");
    }
    let many = vec![done(1.0, "Pushups", 1, json!({ "reps": 1 })); 501];
    let error = call(FEATURE, "recovery", &json!({ "request": example(), "history": many })).unwrap_err();
    assert_eq!(error.problems()[0].pointer, "/history");
    let error = call(FEATURE, "substitute", &json!({ "request": example() })).unwrap_err();
    assert_eq!(error.problems()[0].pointer, "/name");
    let unknown = json!({ "request": example(), "exerciseId": "Moon_Squat" });
    assert_eq!(call(FEATURE, "substitute", &unknown).unwrap_err().problems()[0].pointer, "/exerciseId");
    for history in [json!(null), json!(1), json!({}), json!([null]), json!([[]]), json!([{ "sets": [[[]]] }])] {
        for action in ["recovery", "progress", "advise", "nextExercises"] {
            let result = call(FEATURE, action, &json!({ "request": example(), "history": history }));
            let fine = history.is_null() && ["advise", "nextExercises"].contains(&action);
            assert_eq!(result.is_ok(), fine, "{action} {history}");
        }
    }
}

#[test]
fn the_largest_history_is_read() {
    let sets = vec![json!({ "reps": 3_600, "weightKg": 1_000, "rpe": 10 }); 50];
    let history: Vec<Json> = (0..500)
        .map(|place| {
            let id = &catalogue::all()[place % catalogue::all().len()].id;
            json!({ "daysAgo": place as f64 * 0.73, "exerciseId": id, "sets": sets })
        })
        .collect();
    let answer = ask("advise", &json!({ "request": example(), "history": history }));
    assert_eq!(answer["progression"].as_array().unwrap().len(), catalogue::all().len());
    // Nothing fits a week that is full.
    let full = vec![done(3.0, "Pushups", 50, json!({ "reps": 5 })); 3];
    let answer = ask("nextExercises", &json!({ "request": example(), "history": full }));
    for one in answer["next"].as_array().unwrap() {
        let exercise = catalogue::find(one["exercise_id"].as_str().unwrap()).unwrap();
        assert_eq!(exercise.share(Muscle::Chest), 0.0, "{}", exercise.id);
    }
}

/// A name means one exercise, however it is written.
#[test]
fn names_are_forgiven_and_never_mistaken() {
    for exercise in catalogue::all() {
        let spoken = exercise.name.to_uppercase().replace(' ', "-");
        for name in
            [&exercise.id, &exercise.name, &spoken, &format!("{}s", exercise.name), &format!("{}es", exercise.name)]
        {
            assert_eq!(catalogue::resolve(name).map(|found| &found.id), Some(&exercise.id), "{name}");
        }
    }
    for name in ["", "-", "s", "moon squat", "ü"] {
        assert!(catalogue::resolve(name).is_none(), "{name}");
    }
    assert_eq!(catalogue::resolve("push up").map(|found| found.id.as_str()), Some("Pushups"));
}

#[test]
fn the_offline_coach_answers_every_task() {
    let request = example_with(json!({ "age": 30 }));
    let workout = session::build(&parse(&request).unwrap()).unwrap();
    let both = json!({ "request": request, "workout": workout });
    let ask = |action: &str, params: &Json| call("offline-coach", action, params).unwrap();
    assert_eq!(ask("generation", &request)["provenance"]["provider"], "offline-coach");
    assert_eq!(ask("recommendation", &both)["provenance"]["provider"], "offline-coach");
    assert_eq!(ask("analysis", &request)["insight"]["provenance"]["provider"], "offline-coach");
    // Programme, group and adaptation: whatever their params are, wrong ones are refused as their own task refuses them.
    for task in [Task::Adaptation, Task::Programme, Task::Group] {
        let error = call("offline-coach", task.as_str(), &json!({})).unwrap_err();
        let expected = begin(task, &Value::from(&json!({}))).unwrap_err();
        assert_eq!((error.code(), error.problems()), (expected.code(), expected.problems()), "{}", task.as_str());
    }
    let detail = json!({
        "request": request, "workout": workout, "analysis": {}, "recommendations": {}, "equipment": {}, "safety": {},
    });
    assert_eq!(ask("detail", &detail), call("workout-detail", "write", &detail).unwrap());
}

/// An empty set is what a bodyweight person has.
#[test]
fn without_anything_there_is_still_something_to_do() {
    let request = example_with(json!({ "equipment": [] }));
    let answer = ask("nextExercises", &json!({ "request": request }));
    assert_eq!(answer["next"].as_array().unwrap().len(), 5);
    for one in answer["next"].as_array().unwrap() {
        assert_eq!(catalogue::find(one["exercise_id"].as_str().unwrap()).unwrap().requires, Set::EMPTY);
    }
}
