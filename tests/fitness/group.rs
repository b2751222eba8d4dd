//! Groups: whoever trains together, everybody's own part is correct, and so is the whole.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use repflow::fitness::catalogue;
use repflow::fitness::check::check_group;
use repflow::fitness::features::features;
use repflow::fitness::group::{self, GroupRequest, GroupWorkout, compatibility};
use repflow::fitness::strategy::{Accepted, Origin, Task, accept, begin, by_rules};
use repflow::fitness::words::{Equipment, Focus, Word};
use repflow::fitness::workout::{BlockKind, Status};
use repflow::value::Value;
use serde_json::{Value as Json, json};

use crate::properties::request as one;
use crate::support::seconds_of;

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
    /// Any group that is healthy or not.
    pub(crate) fn group_of(health: Vec<bool>)(
        people in vec((one(), any::<bool>(), option::weighted(0.05, 15_u32..=90)), 2..=20),
        healthy in select(health),
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

/// Any group at all; half of them healthy.
fn any_group() -> impl Strategy<Value = Json> {
    group_of(vec![false, true])
}

/// The seconds at which each set of a station begins, counted from JSON alone.
fn begins(member: &Json) -> Vec<(String, Vec<u64>)> {
    let (mut now, mut found) = (0, Vec::new());
    for block in member["workout"]["blocks"].as_array().unwrap() {
        let count = block["rounds"].as_u64().unwrap();
        let mut at = now + block["setup_s"].as_u64().unwrap();
        let mut starts = Vec::new();
        for _ in 0..count {
            starts.push(at);
            for step in block["steps"].as_array().unwrap() {
                at += step["work_s"].as_u64().unwrap() + step["rest_s"].as_u64().unwrap();
            }
        }
        now += block["duration_s"].as_u64().unwrap();
        if block["kind"] == "main" {
            found.push((block["steps"][0]["exercise_id"].as_str().unwrap().to_owned(), starts));
        }
    }
    found
}

/// What G2 and G3 ask, by the test's own arithmetic.
fn is_one_session(workout: &Json, inventory: &GroupRequest) -> Result<(), TestCaseError> {
    let members = workout["participants"].as_array().unwrap();
    let stations = workout["stations"].as_array().unwrap().len();
    let sessions: Vec<_> = members.iter().map(begins).collect();
    for (member, session) in members.iter().zip(&sessions) {
        prop_assert_eq!(session.len(), stations);
        prop_assert_eq!(seconds_of(&member["workout"]), workout["clock"]["total_s"].as_u64().unwrap());
        for (turn, (_, starts)) in session.iter().enumerate() {
            prop_assert_eq!(starts, &sessions[0][turn].1, "a set does not begin for everybody at once");
        }
    }
    for turn in 0..stations {
        for item in Equipment::ALL {
            let needs = |session: &&Vec<(String, Vec<u64>)>| {
                catalogue::find(&session[turn].0).unwrap().requires.contains(*item)
            };
            let used = sessions.iter().filter(needs).count();
            prop_assert!(used <= inventory.inventory.of(*item) as usize, "{used} of {}", item.as_str());
        }
        let mut there: Vec<&str> = Vec::new();
        for row in workout["rotation"].as_array().unwrap() {
            there.push(row["stations"][turn].as_str().unwrap());
        }
        for station in workout["stations"].as_array().unwrap() {
            let many = there.iter().filter(|one| **one == station["station"]).count() as u64;
            prop_assert!(many <= station["capacity"].as_u64().unwrap());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(25))]

    /// Every rule of the checker, the session once more by the test's own arithmetic, and the same bytes again.
    #[test]
    fn a_group_is_correct_or_honestly_refused(json in any_group()) {
        let request = parse(&json).unwrap();
        match group::build(&request) {
            Ok(workout) => {
                prop_assert_eq!(check_group(&workout, &request), []);
                let text = Json::from(&workout.to_json());
                is_one_session(&text, &request)?;
                let asked = f64::from(request.duration_min) * 60.0;
                if workout.status == Status::Ok {
                    prop_assert!((f64::from(workout.clock.total_s) - asked).abs() <= 0.1 * asked);
                }
                for one in &request.participants {
                    let limit = one.max_duration_min.unwrap_or(u32::MAX / 66);
                    prop_assert!(workout.clock.total_s <= limit * 66);
                }
                let again = GroupRequest::parse(&request.to_json()).unwrap();
                prop_assert_eq!(Json::from(&request.to_json()), Json::from(&again.to_json()));
                prop_assert_eq!(&text, &Json::from(&group::build(&again).unwrap().to_json()));
                let read = GroupWorkout::from_json(&Value::from(&text)).unwrap();
                prop_assert_eq!(&text, &Json::from(&read.to_json()));
                prop_assert_eq!(&text, &Json::from(&group::vary(&request, &read.base().to_json()).unwrap().to_json()));
            }
            Err(error) => {
                prop_assert_eq!(error.code().as_str(), "workout.infeasible");
                prop_assert!(!error.message().contains("breaks"), "{}", error);
            }
        }
    }

    /// Whoever is named first: the stations and the clock are the same, and everybody does the same.
    #[test]
    fn no_order_matters(json in any_group(), by in 1_usize..20) {
        let request = parse(&json).unwrap();
        let mut json = json;
        let people = json["participants"].as_array_mut().unwrap();
        let by = by % people.len();
        people.rotate_left(by);
        people.swap(0, 1);
        let turned = parse(&json).unwrap();
        let (one, two) = (group::build(&request), group::build(&turned));
        prop_assert_eq!(one.is_ok(), two.is_ok());
        if let (Ok(one), Ok(mut two)) = (one, two) {
            let place = |id: &str| request.participants.iter().position(|one| one.request.user_id == id);
            two.participants.sort_by_key(|one| place(&one.user_id));
            two.rotation.sort_by_key(|one| place(&one.user_id));
            two.excluded.sort_by_key(|one| place(&one.user_id));
            prop_assert_eq!(Json::from(&one.to_json()), Json::from(&two.to_json()));
        }
    }

    /// G4, pair by pair.
    #[test]
    fn compatibility_is_symmetric_and_1_for_equals(json in any_group()) {
        let mut json = json;
        let mut twin = json["participants"][0].clone();
        twin["userId"] = json!("twin");
        json["participants"][1] = twin;
        let request = parse(&json).unwrap();
        let found = compatibility::of(&request);
        for (place, a) in request.participants.iter().enumerate() {
            for b in &request.participants[place + 1..] {
                let score = compatibility::hundredths(&a.request, &b.request);
                prop_assert!(score <= 100);
                prop_assert_eq!(score, compatibility::hundredths(&b.request, &a.request));
            }
        }
        let twins = found.pairs.iter().find(|pair| pair.a == "twin" && pair.b == "user0").unwrap();
        prop_assert_eq!(twins.score, 1.0);
        prop_assert!((0.0..=1.0).contains(&found.score));
    }
}

proptest! {
    #![proptest_config(cases(15))]

    /// Whatever the coach can build for a group, it can also answer as a model would; what a model may name is for somebody;
    /// another rotation is taken when it holds, and never when it does not.
    #[test]
    fn a_model_is_asked_for_any_group_within_the_rules(json in any_group(), pick in any::<usize>(), swap in any::<bool>()) {
        let request = parse(&json).unwrap();
        let begun = begin(Task::Group, &Value::from(&json));
        let Ok(built) = group::build(&request) else {
            prop_assert_eq!(begun.unwrap_err().code().as_str(), "workout.infeasible");
            return Ok(());
        };
        let begun = begun.unwrap();
        prop_assert_eq!(begun.request.is_none(), !built.excluded.is_empty());
        let Some(asked) = begun.request else {
            prop_assert_eq!(Json::from(&begun.output.unwrap()), Json::from(&built.base().to_json()));
            return Ok(());
        };
        let user = &asked.messages[1].content;
        for one in &request.participants {
            prop_assert!(!user.contains(&one.request.user_id));
        }
        let text = by_rules(Task::Group, &Value::from(&json)).unwrap();
        let mut answer: Json = serde_json::from_str(&text).unwrap();
        let origin = Origin { provider: "openai".to_owned(), ..Origin::default() };
        let take = |answer: &Json| accept(Task::Group, &Value::from(&json), &Value::from(answer), &origin).unwrap();
        prop_assert!(matches!(take(&answer), Accepted::Output(_)));
        let schema = Json::from(&asked.schema.unwrap().schema);
        let ids = &schema["properties"]["stations"]["items"]["properties"]["exercise_id"]["enum"];
        let ids = ids.as_array().unwrap();
        prop_assert!((1..=60).contains(&ids.len()));
        let station = &built.stations[pick % built.stations.len()];
        answer["stations"] = json!([{ "station_id": station.station, "exercise_id": ids[pick % ids.len()] }]);
        if swap {
            answer["rotation"][0]["stations"].as_array_mut().unwrap().reverse();
        }
        if let Accepted::Output(base) = take(&answer) {
            let whole = group::vary(&request, &base).unwrap();
            prop_assert_eq!(check_group(&whole, &request), []);
            is_one_session(&Json::from(&whole.to_json()), &request)?;
            prop_assert_eq!(Json::from(&whole.base().to_json()), Json::from(&base));
        }
    }
}

fn four() -> Json {
    json!({
        "participants": [
            { "userId": "ada", "fitnessLevel": "beginner", "focus": "strength", "age": 67, "weightKg": 60 },
            { "userId": "bob", "fitnessLevel": "advanced", "focus": "strength", "injuries": ["shoulder"] },
            { "userId": "cyd", "fitnessLevel": "intermediate", "oneRepMaxKg": { "Goblet_Squat": 40 } },
            { "userId": "dan", "fitnessLevel": "intermediate", "focus": "endurance", "preferences": { "dislikes": ["Pushups"] } },
        ],
        "duration": 45, "equipment": { "dumbbells": 4, "bench": 2, "kettlebell": 2 }, "groupId": "tuesday",
    })
}

fn four_with(changes: Json) -> Json {
    let mut json = four();
    for (key, value) in changes.as_object().unwrap() {
        json[key] = value.clone();
    }
    json
}

fn built(json: &Json) -> (GroupWorkout, GroupRequest) {
    let request = parse(json).unwrap();
    (group::build(&request).unwrap(), request)
}

#[test]
fn four_people_train_on_one_clock() {
    let (workout, request) = built(&four());
    // With 67 years, the loads of strength are not for ada, and so not for this group.
    assert_eq!((workout.status, workout.focus, &*workout.group_id), (Status::Ok, Focus::GeneralFitness, "tuesday"));
    assert!(workout.warnings.iter().any(|warning| warning.code == "focus_changed"));
    let mut younger = four();
    younger["participants"][0]["age"] = json!(40);
    assert_eq!(built(&younger).0.focus, Focus::Strength);
    assert_eq!(workout.participants.len(), 4);
    assert!(workout.stations.len() >= 4);
    assert!((2_430..=2_970).contains(&workout.clock.total_s));
    assert_eq!(check_group(&workout, &request), []);
    // The same clock, and everybody their own part of it.
    let rests: Vec<Vec<u32>> = workout
        .participants
        .iter()
        .map(|one| {
            let main = one.workout.blocks.iter().filter(|block| block.kind == BlockKind::Main);
            main.map(|block| block.steps[0].rest_s).collect()
        })
        .collect();
    assert!(rests.iter().any(|other| *other != rests[0]));
}

#[test]
fn who_must_not_train_is_left_out_and_the_others_train() {
    let mut json = four();
    json["participants"][1]["symptoms"] = json!(["chest_pain"]);
    json["participants"][2]["conditions"] = json!(["cardiac"]);
    let (workout, request) = built(&json);
    assert_eq!(check_group(&workout, &request), []);
    let out: Vec<(&str, &str)> = workout.excluded.iter().map(|one| (&*one.user_id, &*one.referral.clearance)).collect();
    assert_eq!(out, [("bob", "stop_and_refer"), ("cyd", "light_until_cleared")]);
    assert!(workout.excluded[0].reasons[0].contains("see a doctor"));
    assert_eq!(workout.participants.iter().map(|one| &*one.user_id).collect::<Vec<_>>(), ["ada", "dan"]);
    assert!(workout.warnings.iter().any(|warning| warning.code == "excluded"));
    for place in 0..4 {
        json["participants"][place]["symptoms"] = json!(["dizziness"]);
    }
    let (workout, request) = built(&json);
    assert_eq!((workout.status, workout.excluded.len(), workout.stations.len()), (Status::Referral, 4, 0));
    assert_eq!(check_group(&workout, &request), []);
}

#[test]
fn the_focus_is_what_most_want() {
    let of = |changes: Json| parse(&four_with(changes)).unwrap().focus;
    assert_eq!(of(json!({})), Focus::Strength);
    assert_eq!(of(json!({ "focus": "Power" })), Focus::Power);
    let mut tie = four();
    tie["participants"][0]["focus"] = json!("endurance");
    tie["participants"][2]["focus"] = json!("strength");
    assert_eq!(parse(&tie).unwrap().focus, Focus::GeneralFitness);
}

#[test]
fn the_shortest_limit_holds() {
    let mut json = four();
    json["participants"][3]["maxDuration"] = json!(38);
    let (workout, request) = built(&json);
    assert!((2_430..=2_508).contains(&workout.clock.total_s));
    assert_eq!(check_group(&workout, &request), []);
    json["participants"][3]["maxDuration"] = json!(30);
    let error = group::build(&parse(&json).unwrap()).unwrap_err();
    assert_eq!(error.code().as_str(), "workout.infeasible");
    assert!(error.message().ends_with("; 35 minutes are possible"), "{}", error.message());
}

/// Each rule finds what breaks it, and nothing else does.
#[test]
fn what_breaks_a_rule_is_found() {
    let broken = |change: &dyn Fn(&mut GroupWorkout, &mut GroupRequest)| {
        let (mut workout, mut request) = built(&four());
        change(&mut workout, &mut request);
        let mut rules: Vec<&str> = check_group(&workout, &request).iter().map(|violation| violation.rule).collect();
        rules.dedup();
        rules.join(" ")
    };
    let main = |workout: &mut GroupWorkout, who: usize, turn: usize| {
        let blocks = &mut workout.participants[who].workout.blocks;
        blocks.iter_mut().filter(|block| block.kind == BlockKind::Main).nth(turn).unwrap().clone()
    };
    assert_eq!(broken(&|_, _| {}), "");
    assert_eq!(broken(&|w, _| w.participants[0].workout.blocks[1].steps[0].target.rir = Some(0)), "G1");
    assert_eq!(broken(&|w, _| w.participants[1].workout.user_id = "ada".to_owned()), "G1");
    assert_eq!(broken(&|w, _| w.focus = Focus::Power), "G1");
    assert_eq!(broken(&|w, _| w.status = Status::Referral), "G1");
    assert!(broken(&|w, _| drop(w.participants.remove(0))).starts_with("G1 G2"));
    assert!(
        broken(&|_, r| r.participants[0].request = parse(&{
            let mut json = four();
            json["participants"][0]["symptoms"] = json!(["fainting"]);
            json
        })
        .unwrap()
        .participants[0]
            .request
            .clone())
        .starts_with("G1")
    );
    assert_eq!(broken(&|w, _| w.rotation[0].stations.swap(0, 1)), "G2");
    assert_eq!(broken(&|w, _| w.rotation[0] = w.rotation[1].clone()), "G2");
    assert_eq!(broken(&|w, _| w.stations[0].exercises.clear()), "G2");
    assert_eq!(broken(&|w, _| w.rotation[0].stations[1] = w.rotation[0].stations[0].clone()), "G2");
    assert_eq!(
        broken(&|w, r| {
            r.capacity = Some(1);
            for (turn, other) in [(0, 1), (1, 0)] {
                let block = main(w, 0, turn);
                let blocks = w.participants[0].workout.blocks.iter_mut();
                let _ = (block, blocks, other);
            }
            w.rotation[1].stations = w.rotation[0].stations.clone();
        }),
        "G2"
    );
    assert_eq!(broken(&|w, _| w.clock.total_s += 1), "G3");
    assert_eq!(broken(&|w, _| w.clock.interval_s += 5), "G3");
    assert_eq!(broken(&|w, _| w.stations.iter_mut().for_each(|station| station.capacity = 0)), "G2 G3");
    assert_eq!(broken(&|_, r| r.stations = Some(2)), "G3");
    assert_eq!(
        broken(&|w, _| {
            // Longer at the first station, shorter after it: right for one, wrong for the group.
            let blocks = &mut w.participants[2].workout.blocks;
            blocks[1].setup_s += 5;
            blocks[1].duration_s += 5;
            blocks[2].setup_s -= 5;
            blocks[2].duration_s -= 5;
        }),
        "G3"
    );
    assert_eq!(broken(&|_, r| r.inventory = group::Counts::default()), "G3");
    assert_eq!(broken(&|w, _| w.compatibility.pairs[2].score += 0.01), "G4");
    assert_eq!(broken(&|w, _| drop(w.compatibility.pairs.pop())), "G4");
    assert_eq!(broken(&|w, _| w.compatibility.score = 1.5), "G4");
    assert_eq!(broken(&|_, r| r.participants[0].max_duration_min = Some(30)), "G5");
}

#[test]
fn everything_that_is_wrong_is_listed() {
    let pointers = |json: &Json| {
        let error = parse(json).unwrap_err();
        assert_eq!(error.code().as_str(), "workout.invalid");
        error.problems().iter().map(|problem| problem.pointer.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(pointers(&four_with(json!({ "participants": [four()["participants"][0]] }))), "/participants");
    let many: Vec<Json> = (0..50).map(|id| json!({ "userId": format!("u{id}"), "fitnessLevel": "beginner" })).collect();
    assert_eq!(pointers(&four_with(json!({ "participants": many }))), "/participants");
    assert_eq!(pointers(&four_with(json!({ "duration": 0 }))), "/duration");
    assert_eq!(
        pointers(&four_with(json!({ "focus": "strenght", "seed": -1, "stations": 9 }))),
        "/stations /focus /seed"
    );
    assert_eq!(
        pointers(&four_with(json!({ "equipment": { "dumbell": 2, "bench": 1.5 } }))),
        "/equipment/bench /equipment/dumbell"
    );
    assert_eq!(pointers(&four_with(json!({ "equipment": ["bench", "sofa"] }))), "/equipment/1");
    assert_eq!(pointers(&four_with(json!({ "equipment": null }))), "/equipment");
    assert_eq!(pointers(&four_with(json!({ "stations": 2, "capacity": 1 }))), "/capacity");
    assert_eq!(pointers(&four_with(json!({ "statoins": 2 }))), "/statoins");
    let mut json = four();
    json["participants"][3] = json!({
        "userId": "ada", "fitnessLevel": "expertt", "age": 12, "duration": 20, "maxDuration": 2, "sets": 3,
        "preferences": { "likes": "all", "hates": [] }, "injuries": ["soul"],
    });
    let found = pointers(&json);
    for key in [
        "userId",
        "fitnessLevel",
        "age",
        "duration",
        "maxDuration",
        "sets",
        "preferences/likes",
        "preferences/hates",
        "injuries/0",
    ] {
        assert!(found.contains(&format!("/participants/3/{key}")), "{key} in {found}");
    }
    json["participants"][3] = json!("dan");
    assert!(pointers(&json).contains("/participants/3"));
    for nonsense in [json!(null), json!([]), json!(7), json!({}), json!("x")] {
        assert!(!pointers(&nonsense).is_empty());
    }
    let error = GroupRequest::parse(&Value::Map(std::rc::Rc::new(vec![("duration".into(), Value::Number(f64::NAN))])));
    assert!(error.unwrap_err().problems().iter().any(|problem| problem.pointer == "/duration"));
}

fn call(feature: &str, action: &str, params: &Json) -> Result<Json, repflow::Error> {
    let all = features();
    let found = all.iter().find(|one| one.info().name == feature).unwrap();
    found.call(action, &Value::from(params)).map(|answer| Json::from(&answer))
}

/// What the steps of the template hand each other.
#[test]
fn the_template_runs_through_all_features() {
    let request = parse(&four()).unwrap();
    let input = Json::from(&request.to_json());
    for person in input["participants"].as_array().unwrap() {
        let profile = call("user-analysis", "analyzeProfile", person).unwrap();
        assert_eq!(profile["request"]["duration"], 45);
        let preference = call("preference-analysis", "analyzePreferences", person).unwrap();
        assert_eq!((&preference["user_id"], &preference["confidence"]), (&person["userId"], &json!(0)));
        let limitation = call("group-compatibility", "limitations", person).unwrap();
        assert_eq!(limitation["restrictions"], profile["restrictions"]);
    }
    let found = call("group-compatibility", "findCompatibility", &input).unwrap();
    assert_eq!(found["common"]["levels"], json!(["beginner", "advanced"]));
    assert_eq!(found["common"]["limitations"], json!(["age:65", "injury:shoulder:moderate"]));
    let base = call("group-workout", "generateBase", &input).unwrap();
    assert_eq!((&base["participants"], &base["compatibility"]), (&json!([]), &found["compatibility"]));
    let whole = call("group-workout", "createVariations", &json!({ "request": input, "base": base })).unwrap();
    assert_eq!(whole, Json::from(&group::build(&request).unwrap().to_json()));
    assert_eq!(whole, call("group-workout", "createVariations", &json!({ "request": four() })).unwrap());
    let mut wrong = base.clone();
    wrong["rotation"][0]["stations"][0] = json!("s9");
    let error = call("group-workout", "createVariations", &json!({ "request": input, "base": wrong })).unwrap_err();
    assert_eq!((error.code().as_str(), &*error.problems()[0].pointer), ("workout.invalid", "/base/rotation"));
    assert_eq!(error.problems()[0].message, "p1 must be there once, and visit every station once");
}

/// No base from outside breaks a rule, or the coach.
#[test]
fn a_base_is_data_and_no_instruction() {
    let (built, request) = built(&four());
    let base = Json::from(&built.base().to_json());
    let paths = [
        "/stations",
        "/stations/0",
        "/stations/0/exercises",
        "/stations/0/exercises/0",
        "/stations/0/pattern",
        "/rotation",
        "/rotation/0/stations",
        "/rotation/0/user_id",
        "/clock/sets",
        "/clock/interval_s",
        "/clock",
        "/participants",
        "/stations/1/capacity",
    ];
    for path in paths {
        for other in [
            json!(null),
            json!(0),
            json!(4_000_000_000_u32),
            json!("cardio"),
            json!("Barbell_Squat"),
            json!([]),
            json!([{}]),
            json!({}),
            json!("Plank"),
        ] {
            let mut wrong = base.clone();
            *wrong.pointer_mut(path).unwrap() = other;
            let whole = call("group-workout", "createVariations", &json!({ "request": four(), "base": wrong }));
            match whole {
                Ok(whole) => {
                    let whole = GroupWorkout::from_json(&Value::from(&whole)).unwrap();
                    assert_eq!(check_group(&whole, &request), [], "{path}");
                }
                Err(error) => assert!(["workout.invalid", "workout.infeasible"].contains(&error.code().as_str())),
            }
        }
    }
}

#[test]
fn preferences_come_from_what_was_said_and_done() {
    let empty =
        call("user-preference-analysis", "analyzeUserProfile", &json!({ "userId": "user123", "includeHistory": true }));
    let none = json!({ "patterns": [], "muscles": [], "equipment": [], "kinds": [], "exercises": [] });
    assert_eq!(
        empty.unwrap(),
        json!({
            "user_id": "user123", "sessions": 0, "focus": null, "level": null, "preferred": none, "avoided": none,
            "duration_min": null, "completion": null, "confidence": 0,
        })
    );
    let params = json!({
        "userId": "ada", "focus": "strength", "targetMuscles": ["biceps"], "preferences": { "dislikes": ["Pushups"] },
        "history": [
            { "exerciseIds": ["Goblet_Squat", "Plank"], "liked": true, "duration": 40 },
            { "exerciseIds": ["Goblet_Squat"], "completed": true, "duration": 30 },
            { "exerciseIds": ["Plank", "no-such-exercise"], "liked": false, "completed": false, "duration": 90 },
            { "exerciseIds": ["Bodyweight_Walking_Lunge"], "completed": false },
        ],
    });
    let found = call("preference-analysis", "analyzePreferences", &params).unwrap();
    assert_eq!(
        (&found["sessions"], &found["duration_min"], &found["completion"]),
        (&json!(4), &json!(35), &json!(0.5))
    );
    assert_eq!(
        (&found["focus"], &found["level"], &found["confidence"]),
        (&json!("strength"), &json!(null), &json!(0.44))
    );
    assert_eq!(found["preferred"]["patterns"], json!(["squat"]));
    assert_eq!(found["avoided"]["patterns"], json!(["lunge", "push_horizontal"]));
    assert!(found["preferred"]["muscles"].as_array().unwrap().contains(&json!("biceps")));
    assert_eq!(found["avoided"]["exercises"], json!(["Pushups", "Plank"]));
    let mut without = params.clone();
    without["includeHistory"] = json!(false);
    let found = call("user-preference-analysis", "analyzeUserProfile", &without).unwrap();
    assert_eq!((&found["sessions"], &found["confidence"]), (&json!(0), &json!(0)));
    let mut wrong = params;
    wrong["history"][1]["liked"] = json!("yes");
    wrong["history"][2] = json!(7);
    wrong["histroy"] = json!([]);
    let error = call("preference-analysis", "analyzePreferences", &wrong).unwrap_err();
    let pointers: Vec<&str> = error.problems().iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(pointers, ["/history/1/liked", "/history/2", "/histroy"]);
}

#[test]
fn a_dislike_is_avoided_where_there_is_a_choice() {
    let mut json = four_with(json!({ "equipment": ["full_gym"], "focus": "general_fitness" }));
    let (first, _) = built(&json);
    let done = |workout: &GroupWorkout| -> Vec<String> {
        let blocks = workout.participants[2].workout.blocks.iter().filter(|block| block.kind == BlockKind::Main);
        blocks.map(|block| block.steps[0].exercise_id.clone()).collect()
    };
    let before = done(&first);
    json["participants"][2]["preferences"] = json!({ "dislikes": before });
    let (second, _) = built(&json);
    let kept = done(&second).iter().filter(|id| before.contains(id)).count();
    assert!(kept < before.len(), "{before:?}");
}
