//! A session that stays open: sets that are done are never lost, a stop is final, and one spike is none.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use repflow::fitness::catalogue;
use repflow::fitness::contraindications::Restrictions;
use repflow::fitness::session;
use serde_json::{Value as Json, json};

use crate::properties::request;
use crate::support::{call, config, example, parse};

fn live(params: &Json) -> Json {
    call("workout-adaptation", "live", params).unwrap_or_else(|error| panic!("{error}"))
}

fn opened(changes: &Json) -> Json {
    let mut profile = example();
    for (key, value) in changes.as_object().unwrap() {
        profile[key] = value.clone();
    }
    let workout = session::build(&parse(&profile).unwrap()).unwrap();
    live(&json!({ "start": { "userId": "user123", "profile": profile, "workout": workout } }))
}

fn signal(state: &Json, signal: Json) -> Json {
    live(&json!({ "state": state["state"], "signal": signal }))
}

/// The session with warm-up behind it.
fn warmed_up(changes: &Json) -> Json {
    let mut state = opened(changes);
    while !next_step(&state)["main"].as_bool().unwrap() {
        state = signal(&state, json!({ "type": "set-finished" }));
    }
    state
}

/// The step of the state that comes next.
fn next_step(state: &Json) -> Json {
    let id = &state["answer"]["next"]["exercise_id"];
    let steps = state["state"]["steps"].as_array().unwrap();
    steps
        .iter()
        .find(|step| step["exercise_id"] == *id && step["done"].as_u64() < step["sets"].as_u64())
        .unwrap()
        .clone()
}

fn decisions(state: &Json, signals: &[Json]) -> (Json, Vec<String>) {
    let (mut state, mut decisions) = (state.clone(), Vec::new());
    for one in signals {
        state = signal(&state, one.clone());
        decisions.push(state["answer"]["decision"].as_str().unwrap().to_owned());
    }
    (state, decisions)
}

#[test]
fn a_session_goes_through_from_the_first_set_to_the_summary() {
    let mut state = opened(&json!({ "oneRepMaxKg": { "Dumbbell_Bench_Press": 40 } }));
    assert_eq!((&state["answer"]["status"], &state["answer"]["decision"]), (&json!("running"), &json!("hold")));
    assert_eq!(state["answer"]["next"]["set"], 1);
    let planned = state["state"]["planned"].as_u64().unwrap();
    let mut sets = 0;
    while !state["answer"]["next"].is_null() {
        let next = state["answer"]["next"].clone();
        state = signal(
            &state,
            json!({ "type": "set-finished", "exerciseId": next["exercise_id"], "reps": next["goal"]["max"] }),
        );
        assert_eq!(state["answer"]["decision"], "hold");
        sets += 1;
        assert!(sets < 100);
    }
    assert_eq!(state["state"]["log"].as_array().unwrap().len(), sets);
    state = signal(&state, json!({ "type": "finish" }));
    let summary = &state["answer"]["summary"];
    assert_eq!((&summary["sets_done"], &summary["sets_planned"]), (&json!(planned), &json!(planned)));
    assert_eq!(summary["adherence"], 1);
    assert!(summary["volume_kg"].as_f64().unwrap() > 0.0);
    assert!(summary["next_session"][0]["advice"].as_str().unwrap().starts_with("Every set reached"));
    assert_eq!(state["answer"]["status"], "finished");
    assert_eq!(signal(&state, json!({ "type": "skip" }))["answer"]["summary"], *summary);
}

#[test]
fn partners_of_a_superset_take_turns() {
    let mut profile = json!({ "focus": "hypertrophy", "duration": 45 });
    profile["seed"] = json!(3);
    let mut state = warmed_up(&profile);
    let steps = state["state"]["steps"].as_array().unwrap().clone();
    let pair = steps
        .iter()
        .find(|step| step["main"] == true && steps.iter().filter(|other| other["block"] == step["block"]).count() == 2);
    let block = pair.expect("a superset")["block"].clone();
    let mut order = Vec::new();
    while !state["answer"]["next"].is_null() {
        let next = next_step(&state);
        if next["block"] == block {
            order.push(next["exercise_id"].clone());
        }
        state = signal(&state, json!({ "type": "set-finished" }));
    }
    assert!(order.len() >= 4);
    assert!(order.windows(2).all(|two| two[0] != two[1]));
}

#[test]
fn a_hard_set_makes_the_rest_easier_and_an_easy_one_harder() {
    let state =
        warmed_up(&json!({ "oneRepMaxKg": { "Dumbbell_Bench_Press": 80, "Dumbbell_Squat": 80, "Goblet_Squat": 80 } }));
    let before = state["answer"]["next"].clone();
    let hard = signal(&state, json!({ "type": "set-finished", "difficulty": "hard" }));
    assert_eq!(hard["answer"]["decision"], "cut");
    assert_eq!(
        (&hard["answer"]["changes"]["load_pct"], &hard["answer"]["changes"]["rest_pct"]),
        (&json!(-5), &json!(30))
    );
    let rest = before["rest_s"].as_u64().unwrap() * 130 / 100;
    assert_eq!(hard["answer"]["next"]["rest_s"], json!(rest));
    // The same degree again in the same pause is no second cut, a worse one is the difference.
    let (again, said) = decisions(
        &hard,
        &[json!({ "type": "feedback", "difficulty": "hard" }), json!({ "type": "feedback", "difficulty": "too_hard" })],
    );
    assert_eq!(said, ["cut", "strong_cut"]);
    assert_eq!(again["answer"]["changes"]["load_pct"], -10);
    let (worst, _) = decisions(&state, &vec![json!({ "type": "set-finished", "difficulty": "too_hard" }); 4]);
    assert_eq!(
        (&worst["answer"]["changes"]["load_pct"], &worst["answer"]["changes"]["rest_pct"]),
        (&json!(-20), &json!(100))
    );

    let max = before["goal"]["max"].clone();
    let easy = json!({ "type": "set-finished", "reps": max, "rir": before["target"]["rir"].as_u64().unwrap() + 2 });
    let (up, said) = decisions(&state, &vec![easy; 2]);
    assert_eq!((said[0].as_str(), &up["answer"]["changes"]["load_pct"]), ("progress", &json!(5)));
    // Half of the repetitions: the estimate of the fatigue asks for less, and never stops alone.
    let (_, said) = decisions(&state, &[json!({ "type": "set-finished", "reps": 0, "rir": 0 })]);
    assert_eq!(said, ["strong_cut"]);
    // Who may only train lightly, or has pain, gets no more.
    let pain = signal(&state, json!({ "type": "feedback", "pain": ["knee"] }));
    assert_eq!(
        decisions(&pain, &[json!({ "type": "set-finished", "difficulty": "easy", "fatigue": 0.1, "rir": 9 })]).1,
        ["hold"]
    );
}

#[test]
fn a_spike_is_no_stop_and_three_in_a_row_are_a_final_one() {
    // HRmax is 180: the limit is 171.
    let state = warmed_up(&json!({ "age": 40 }));
    let beat = |bpm: u32| json!({ "type": "heart-rate", "bpm": bpm });
    let (spiked, said) = decisions(&state, &[120, 190, 121, 190, 122, 190, 190, 123].map(beat));
    assert_eq!(said, ["hold"; 8]);
    // A set that ends in a spike is not stopped either.
    let one = signal(&state, beat(200));
    assert_eq!(signal(&one, json!({ "type": "set-finished" }))["answer"]["decision"], "hold");
    let (stopped, said) = decisions(&spiked, &[171, 172, 173].map(beat));
    assert_eq!(said, ["hold", "hold", "stop"]);
    assert_eq!(stopped["answer"]["reasons"][0]["rule"], "heart_rate:max");
    assert_eq!(stopped["answer"]["recovery"]["kind"], "active");
    let later = [json!({ "type": "set-finished", "difficulty": "easy" }), beat(80), json!({ "type": "skip" })];
    let (after, said) = decisions(&stopped, &later);
    assert_eq!(said, ["stop"; 3]);
    assert_eq!(after["state"], stopped["state"]);
    assert!(after["answer"]["next"].is_null());
    let finished = signal(&stopped, json!({ "type": "finish" }));
    assert_eq!(
        (&finished["answer"]["decision"], &finished["answer"]["summary"]["sets_done"]),
        (&json!("stop"), &json!(0))
    );
    // A pause between two of them: they are not in a row.
    let at = |bpm: u32, s: u32| json!({ "type": "heart-rate", "bpm": bpm, "atS": s });
    assert_eq!(decisions(&state, &[at(180, 1), at(180, 2), at(180, 100), at(180, 101)]).1, ["hold"; 4]);

    let sign = signal(&state, json!({ "type": "feedback", "symptoms": ["chest pain"] }));
    assert_eq!((&sign["answer"]["decision"], &sign["answer"]["recovery"]["kind"]), (&json!("stop"), &json!("rest")));
    assert!(sign["answer"]["recovery"]["referral"].is_object());
}

#[test]
fn a_set_counts_once_and_what_is_skipped_is_skipped() {
    let state = warmed_up(&json!({}));
    let set = json!({ "type": "set-finished", "set": 1, "exerciseId": state["answer"]["next"]["exercise_id"] });
    let (twice, _) = decisions(&state, &[set.clone(), set]);
    let (once, more) = (&state["state"]["log"], &twice["state"]["log"]);
    assert_eq!(more.as_array().unwrap().len(), once.as_array().unwrap().len() + 1);
    let skipped = signal(&twice, json!({ "type": "skip" }));
    assert_ne!(skipped["answer"]["next"]["exercise_id"], twice["answer"]["next"]["exercise_id"]);
    assert_eq!(skipped["state"]["log"], twice["state"]["log"]);
    let finished = signal(&skipped, json!({ "type": "finish" }));
    assert!(finished["answer"]["summary"]["adherence"].as_f64().unwrap() < 0.2);
}

#[test]
fn a_session_that_must_not_be_does_not_begin() {
    let state = opened(&json!({ "symptoms": ["fainting"] }));
    assert_eq!((&state["answer"]["status"], &state["answer"]["decision"]), (&json!("stopped"), &json!("stop")));
    let light = opened(&json!({ "conditions": ["cardiac"], "exercisesRegularly": true }));
    assert_eq!((&light["answer"]["status"], &light["state"]["most"]), (&json!("running"), &json!("hold")));
    // A workout that was made before somebody said so.
    let healthy = session::build(&parse(&example()).unwrap()).unwrap();
    let mut profile = example();
    profile["conditions"] = json!(["cardiac"]);
    profile["exercisesRegularly"] = json!(true);
    let unfit = live(&json!({ "start": { "userId": "user123", "profile": profile, "workout": healthy } }));
    assert_eq!(
        (&unfit["answer"]["status"], &unfit["answer"]["reasons"][0]["rule"]),
        (&json!("stopped"), &json!("workout:unfit"))
    );
}

#[test]
fn what_loads_a_part_that_hurts_is_left_out() {
    let state = warmed_up(&json!({ "equipment": ["full_gym"], "duration": 45 }));
    let left = |state: &Json| -> Vec<String> {
        let steps = state["state"]["steps"].as_array().unwrap();
        let open = steps.iter().filter(|step| step["done"].as_u64() < step["sets"].as_u64());
        open.map(|step| step["exercise_id"].as_str().unwrap().to_owned()).collect()
    };
    let restrictions = Restrictions::of(&parse(&json!({
        "userId": "u", "duration": 45, "focus": "strength", "equipment": ["full_gym"], "fitnessLevel": "intermediate",
        "injuries": ["knee"],
    })).unwrap());
    let loads = |id: &String| !restrictions.allow(catalogue::find(id).unwrap());
    assert!(left(&state).iter().any(loads));
    let hurt = signal(&state, json!({ "type": "feedback", "pain": ["Knee"] }));
    assert!(!left(&hurt).is_empty() && !left(&hurt).iter().any(loads));
    assert_eq!(hurt["answer"]["reasons"][0]["rule"], "sign:pain");
    let later = signal(&hurt, json!({ "type": "set-finished", "difficulty": "easy", "fatigue": 0.1, "rir": 9 }));
    assert_eq!(
        (&later["answer"]["decision"], &later["answer"]["reasons"][0]["rule"]),
        (&json!("hold"), &json!("sign:pain"))
    );
    // A set that hurt was done, and is the last of its kind.
    let told = json!({ "type": "set-finished", "exerciseId": left(&state).into_iter().find(loads), "pain": ["knee"] });
    let hurt = signal(&state, told);
    assert_eq!(hurt["state"]["log"].as_array().unwrap().len(), state["state"]["log"].as_array().unwrap().len() + 1);
    assert!(!left(&hurt).iter().any(loads));
    let later = signal(&hurt, json!({ "type": "set-finished", "difficulty": "easy", "fatigue": 0.1, "rir": 9 }));
    assert_eq!(later["answer"]["decision"], "hold");
    // Where nobody knows what loads it, it still is no time for more.
    let odd = signal(&state, json!({ "type": "feedback", "pain": ["left thing"] }));
    assert_eq!((left(&odd), &odd["answer"]["decision"]), (left(&state), &json!("hold")));
}

#[test]
fn a_heart_rate_above_what_is_cleared_is_less_or_the_end() {
    // HRmax is 166: light ends at 106, and vigorous begins at 128.
    let state = opened(&json!({ "conditions": ["cardiac"], "exercisesRegularly": true, "age": 60 }));
    let beat = |bpm: u32| json!({ "type": "heart-rate", "bpm": bpm });
    assert_eq!(decisions(&state, &[106, 107, 107].map(beat)).1, ["hold", "cut", "cut"]);
    assert_eq!(decisions(&state, &[128, 129, 130].map(beat)).1, ["cut", "cut", "stop"]);
}

#[test]
fn what_is_wrong_is_said() {
    let state = opened(&json!({}));
    let wrong = |signal: Json| {
        let params = json!({ "state": state["state"], "signal": signal });
        let error = call("workout-adaptation", "live", &params).unwrap_err();
        assert_eq!(error.code().as_str(), "workout.invalid");
        error.problems().iter().map(|problem| problem.pointer.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(wrong(json!({ "type": "dance" })), "/signal/type");
    assert_eq!(wrong(json!({ "type": "heart-rate" })), "/signal/bpm");
    assert_eq!(
        wrong(json!({ "type": "set-finished", "exerciseId": "Moon_Squat", "reps": -1 })),
        "/signal/reps /signal/exerciseId"
    );
    assert!(wrong(json!(3)).starts_with("/signal /signal/type"));
    for params in [
        json!({}),
        json!({ "start": {}, "state": {} }),
        json!({ "start": { "workout": {} } }),
        json!({ "state": { "steps": [{}] } }),
    ] {
        assert_eq!(call("workout-adaptation", "live", &params).unwrap_err().code().as_str(), "workout.invalid");
    }
    let mut huge = state["state"].clone();
    for (pointer, value) in [
        ("/steps/0/sets", json!(4_000_000_000_u32)),
        ("/steps/0/goal/max", json!(4_000_000_000_u32)),
        ("/steps/0/target/weight_kg", json!(-3)),
        ("/load_pct", json!(900)),
        ("/most_pct", json!(-1)),
    ] {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let before = huge.clone();
        match parent {
            "" => huge[key] = value,
            _ => huge.pointer_mut(parent).unwrap()[key] = value,
        }
        let error = call("workout-adaptation", "live", &json!({ "state": huge })).unwrap_err();
        assert_eq!(error.problems()[0].pointer, "/state", "{pointer}");
        huge = before;
    }
}

fn signals() -> impl Strategy<Value = Json> {
    let difficulty = || select(vec!["easy", "moderate", "hard", "too_hard"]);
    prop_oneof![
        8 => (0_u32..=20, 0_u32..=6).prop_map(|(reps, rir)| json!({ "type": "set-finished", "reps": reps, "rir": rir })),
        4 => (difficulty(), 0_u32..90).prop_map(|(word, fatigue)| {
            json!({ "type": "set-finished", "difficulty": word, "fatigue": f64::from(fatigue) / 100.0, "rpe": 7, "weightKg": 12.5 })
        }),
        6 => (60_u32..=190, 0_u32..4_000).prop_map(|(bpm, at)| json!({ "type": "heart-rate", "bpm": bpm, "atS": at })),
        2 => difficulty().prop_map(|word| json!({ "type": "feedback", "difficulty": word })),
        1 => Just(json!({ "type": "feedback", "pain": ["knee"], "fatigue": 0.3 })),
        1 => Just(json!({ "type": "skip" })),
        1 => select(vec!["set-finished", "heart-rate", "nonsense"]).prop_map(|kind| json!({ "type": kind, "bpm": "x" })),
    ]
}

proptest! {
    #![proptest_config(config(30))]

    /// Whatever is signalled: what is done stays done, a stop stays a stop, a heart rate never makes it harder, and the
    /// figures in force are those of one step.
    #[test]
    fn any_sequence_of_signals_keeps_the_promises(profile in request(), all in vec(signals(), 1..200)) {
        let Ok(workout) = session::build(&parse(&profile).unwrap()) else { return Ok(()) };
        let mut state = live(&json!({ "start": { "userId": "u", "profile": profile, "workout": workout } }));
        for one in all {
            let params = json!({ "state": state["state"], "signal": one });
            let Ok(next) = call("workout-adaptation", "live", &params) else { continue };
            let (old, new) = (state["state"]["log"].as_array().unwrap(), next["state"]["log"].as_array().unwrap());
            prop_assert!(new.starts_with(old));
            prop_assert!(new.len() <= old.len() + usize::from(one["type"] == "set-finished"));
            let changes = &next["answer"]["changes"];
            let (load, rest) = (changes["load_pct"].as_f64().unwrap(), changes["rest_pct"].as_f64().unwrap());
            prop_assert!((-20.0..=5.0).contains(&load) && (0.0..=100.0).contains(&rest));
            if one["type"] == "heart-rate" {
                let before = &state["answer"]["changes"];
                prop_assert!(load <= before["load_pct"].as_f64().unwrap());
                prop_assert!(changes["sets_left"].as_u64() <= before["sets_left"].as_u64());
                prop_assert!(rest >= before["rest_pct"].as_f64().unwrap());
            }
            if state["answer"]["status"] == "stopped" {
                prop_assert_eq!(&next["answer"]["decision"], "stop");
                prop_assert_eq!(&next["state"], &state["state"]);
            }
            for step in next["state"]["steps"].as_array().unwrap() {
                prop_assert!(step["done"].as_u64() <= step["sets"].as_u64());
            }
            prop_assert!(!next.to_string().contains("NaN"));
            state = next;
        }
        let end = signal(&state, json!({ "type": "finish" }));
        prop_assert!((0.0..=1.0).contains(&end["answer"]["summary"]["adherence"].as_f64().unwrap()));
    }
}
