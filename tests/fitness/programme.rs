//! The programme of twelve weeks: whatever is asked, it is correct or an honest refusal.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use repflow::Kind;
use repflow::fitness::check::{check, check_programme};
use repflow::fitness::features::features;
use repflow::fitness::programme::{self, Programme, ProgrammeRequest};
use repflow::fitness::request::WorkoutRequest;
use repflow::fitness::strategy::{Accepted, Origin, Task, accept};
use repflow::fitness::words::{Focus, Level, Word};
use repflow::fitness::workout::Status;
use repflow::value::Value;
use serde_json::{Value as Json, json};

use crate::properties::request;
use crate::support::{example, seconds_of};

/// How many cases a property has: so many, or what `REPFLOW_CASES` says.
fn cases(usual: u32) -> ProptestConfig {
    let cases = std::env::var("REPFLOW_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() }
}

fn parse(json: &Json) -> ProgrammeRequest {
    ProgrammeRequest::parse(&Value::from(json)).unwrap()
}

fn call(feature: &str, action: &str, params: &Json) -> Result<Json, repflow::Error> {
    let all = features();
    let found = all.iter().find(|one| one.info().name == feature).unwrap();
    found.call(action, &Value::from(params)).map(|answer| Json::from(&answer))
}

/// A gym, four days of an hour, and muscles to favour.
fn gym() -> Json {
    json!({
        "userId": "user123", "duration": 60, "focus": "hypertrophy", "equipment": ["full_gym"], "age": 30,
        "fitnessLevel": "intermediate", "daysPerWeek": 4, "targetMuscles": ["chest"],
        "oneRepMaxKg": { "Barbell_Squat": 140, "Barbell_Bench_Press_-_Medium_Grip": 100 },
    })
}

fn with(changes: Json) -> Json {
    let mut json = gym();
    for (key, value) in changes.as_object().unwrap() {
        json[key] = value.clone();
    }
    json
}

prop_compose! {
    /// Any request at all.
    fn any_request()(
        json in request(),
        days in option::of(2_u32..=4),
        date in option::of(select(vec!["2026-01-05", "2028-02-29"])),
    ) -> Json {
        let mut json = json;
        if let Some(days) = days {
            json["daysPerWeek"] = json!(days);
        }
        if let Some(date) = date {
            json["startDate"] = json!(date);
        }
        json
    }
}

/// What was drawn for one phase of these left too little to choose from in the next. The first one was found by chance.
#[test]
fn with_little_time_and_equipment_exercises_are_drawn_until_all_phases_fit() {
    for seed in [366_902_020, 95_028].into_iter().chain(0..20) {
        for days in [2, 3, 4] {
            let request = parse(&json!({
                "userId": "someone", "duration": 15, "focus": "strength", "equipment": ["box"],
                "fitnessLevel": "intermediate", "targetMuscles": ["glutes"], "daysPerWeek": days, "seed": seed,
            }));
            let programme = programme::build(&request);
            assert!(programme.is_ok(), "seed {seed}, {days} days: {programme:?}");
        }
    }
}

/// A refusal is for want of a session that fits, and nothing else.
fn is_honest(error: &repflow::Error) -> bool {
    error.kind() == Kind::Validation && error.message().contains("T1: no session fits")
}

proptest! {
    #![proptest_config(cases(60))]

    /// Every rule of the checker; and by the test's own arithmetic the time of each session, and load, sets and days.
    #[test]
    fn a_programme_is_correct_or_an_honest_refusal(json in any_request()) {
        let request = parse(&json);
        let programme = match programme::build(&request) {
            Ok(programme) => programme,
            Err(error) => {
                prop_assert!(is_honest(&error), "{}", error);
                return Ok(());
            }
        };
        prop_assert_eq!(check_programme(&programme, &request), []);
        if programme.status == Status::Referral {
            prop_assert!(programme.weeks.is_empty() && programme.referral.is_some());
            return Ok(());
        }
        let mut last: Option<(f64, u32)> = None;
        for week in &programme.weeks {
            let mut sets = 0;
            for session in &week.sessions {
                let workout = &session.workout;
                let (seconds, asked) = (seconds_of(&json!(workout)) as f64, f64::from(workout.duration_min) * 60.0);
                prop_assert!((seconds - asked).abs() <= 0.1 * asked);
                sets += workout.totals.sets;
                if !week.deload {
                    let mut asked = request.session.clone();
                    asked.focus = workout.focus;
                    asked.duration_min = workout.duration_min;
                    let capped = workout.warnings.iter().any(|one| one.code == "effort_capped" || one.code == "restriction");
                    let found = check(workout, &asked);
                    // A medical cap may ask for less than the row.
                    prop_assert!(found.is_empty() || capped && found.iter().all(|one| one.rule == "V1"), "{:?}", found);
                }
            }
            if let Some((load, usual)) = last {
                let ratio = week.pct_1rm / load;
                let (from, to) = if week.deload { (0.85, 0.95) } else { (1.0, 1.1) };
                prop_assert!(ratio > from - 1e-9 && ratio < to + 1e-9, "{}", ratio);
                let share = f64::from(sets) / f64::from(usual);
                prop_assert!(!week.deload || (0.4..=0.6).contains(&share), "{}", share);
            }
            if !week.deload {
                last = Some((week.pct_1rm, sets));
            }
        }
        let ids: std::collections::BTreeSet<&str> =
            programme.weeks.iter().flat_map(|week| &week.sessions).map(|session| &*session.session_id).collect();
        prop_assert_eq!(ids.len(), 12 * request.days_per_week as usize);
    }

    /// Without injuries and conditions there is always one.
    #[test]
    fn a_healthy_person_always_gets_a_programme(json in any_request()) {
        let mut json = json;
        for key in ["injuries", "conditions", "symptoms"] {
            json[key] = json!([]);
        }
        let result = programme::build(&parse(&json));
        prop_assert!(result.is_ok(), "{:?}", result);
    }
}

proptest! {
    #![proptest_config(cases(25))]

    /// D1: the same bytes from the same request, in its normalised form, phase by phase and at once; and they read back.
    #[test]
    fn the_same_request_gives_the_same_bytes(json in any_request()) {
        let normal = Json::from(&parse(&json).to_json());
        prop_assert_eq!(parse(&normal), parse(&json));
        let whole = call("program-planning", "plan", &json!({ "request": json }));
        let mut plan = None;
        for phase in ["foundation", "development", "specialization"] {
            let mut params = json!({ "request": normal, "phase": phase });
            if let Some(plan) = plan {
                params["plan"] = plan;
            }
            match call("program-planning", "planPhase", &params) {
                Ok(answer) => plan = Some(answer),
                Err(error) => {
                    prop_assert!(is_honest(&error) && whole.is_err(), "{}", error);
                    return Ok(());
                }
            }
        }
        let (whole, plan) = (whole.unwrap(), plan.unwrap());
        prop_assert_eq!(whole.to_string(), plan.to_string());
        prop_assert_eq!(Json::from(&Programme::from_json(&Value::from(&whole)).unwrap().to_json()), whole);
    }

    /// Whatever a model says of a phase: what is accepted is correct, and the next phase can build on it.
    #[test]
    fn what_is_accepted_of_a_model_is_correct(
        changes in vec((0_usize..4, select(vec!["pct_1rm", "sets_pct", "rir", "week"]), -3_i32..=3), 0..3),
        days in 2_u32..=4,
    ) {
        let request = with(json!({ "daysPerWeek": days, "focus": "strength" }));
        let params = json!({ "request": request, "phase": "foundation" });
        let mut answer = json!({ "summary": "Why.", "weeks": [
            { "week": 1, "pct_1rm": 60, "sets_pct": 100, "rir": 3, "note": "" },
            { "week": 2, "pct_1rm": 62, "sets_pct": 100, "rir": 3, "note": "" },
            { "week": 3, "pct_1rm": 64, "sets_pct": 100, "rir": 3, "note": "" },
            { "week": 4, "pct_1rm": 58, "sets_pct": 50, "rir": 4, "note": "" },
        ]});
        for (week, key, by) in changes {
            let value = answer["weeks"][week][key].as_i64().unwrap() + i64::from(by) * if key == "sets_pct" { 4 } else { 1 };
            answer["weeks"][week][key] = json!(value);
        }
        let origin = Origin { provider: "openai".to_owned(), ..Origin::default() };
        let accepted = accept(Task::Programme, &Value::from(&params), &Value::from(&answer), &origin).unwrap();
        if let Accepted::Output(output) = accepted {
            let next = json!({ "request": request, "phase": "development", "plan": Json::from(&output) });
            let whole = json!({ "request": request, "phase": "specialization",
                "plan": call("program-planning", "planPhase", &next).unwrap() });
            let whole = call("program-planning", "planPhase", &whole).unwrap();
            let programme = Programme::from_json(&Value::from(&whole)).unwrap();
            prop_assert_eq!(check_programme(&programme, &parse(&request)), []);
        }
    }

    /// No params are worth a panic.
    #[test]
    fn hostile_params_are_refused(pick in any::<prop::sample::Index>(), value in select(vec![
        json!(null), json!(-1), json!(1e300), json!("\u{0}"), json!([]), json!({}), json!([[[[1]]]]), json!(true), json!(4_294_967_295_u32),
    ])) {
        let request = with(json!({ "duration": 20, "daysPerWeek": 2 }));
        let plan = call("program-planning", "planPhase", &json!({ "request": request, "phase": "foundation" })).unwrap();
        let params = json!({ "request": request, "phase": "development", "plan": plan });
        let mut pointers = Vec::new();
        paths(&params, &mut String::new(), &mut pointers);
        let mut hostile = params.clone();
        *hostile.pointer_mut(&pointers[pick.index(pointers.len())]).unwrap() = value;
        for (feature, action) in [("program-planning", "planPhase"), ("program-planning", "plan"), ("fitness-assessment", "assess")] {
            let _ = call(feature, action, &hostile);
            let _ = call(feature, action, &hostile["request"]);
        }
        let _ = accept(Task::Programme, &Value::from(&hostile), &Value::Null, &Origin::default());
    }
}

/// Pointers to everything but what is deep inside sessions.
fn paths(json: &Json, at: &mut String, found: &mut Vec<String>) {
    let long = at.len();
    let mut go = |key: String, json: &Json| {
        at.push('/');
        at.push_str(&key);
        found.push(at.clone());
        if at.matches('/').count() < 5 {
            paths(json, at, found);
        }
        at.truncate(long);
    };
    match json {
        Json::Object(object) => object.iter().for_each(|(key, json)| go(key.clone(), json)),
        Json::Array(list) => list.iter().enumerate().for_each(|(place, json)| go(place.to_string(), json)),
        _ => {}
    }
}

/// The example of the data files.
#[test]
fn twelve_weeks_of_strength() {
    let request = parse(&with(json!({ "focus": "strength", "daysPerWeek": 3, "startDate": "2026-01-05" })));
    let programme = programme::build(&request).unwrap();
    let percents: Vec<f64> = programme.weeks.iter().map(|week| (week.pct_1rm * 1_000.0).round() / 10.0).collect();
    assert_eq!(percents, [60.0, 62.5, 65.0, 58.5, 68.0, 71.0, 74.0, 66.5, 77.0, 80.0, 83.0, 75.0]);
    let ratios: Vec<f64> = programme.weeks.iter().filter_map(|week| week.load_ratio).collect();
    assert_eq!(ratios, [1.042, 1.04, 0.9, 1.046, 1.044, 1.042, 0.899, 1.041, 1.039, 1.037, 0.904]);
    let reserve: Vec<u32> = programme.weeks.iter().map(|week| week.rir).collect();
    assert_eq!(reserve, [3, 3, 3, 4, 2, 2, 2, 3, 2, 2, 2, 3]);
    let focuses: Vec<&str> = programme.phases.iter().map(|phase| phase.focus.as_str()).collect();
    assert_eq!(focuses, ["general_fitness", "hypertrophy", "strength"]);
    assert_eq!(programme.weeks[0].sessions.iter().map(|session| session.day).collect::<Vec<_>>(), [1, 3, 5]);
    assert_eq!(programme.start_date.as_deref(), Some("2026-01-05"));
    // A known maximum gives weights, and they rise.
    let squat = |week: usize| {
        let steps =
            programme.weeks[week].sessions.iter().flat_map(|one| &one.workout.blocks).flat_map(|block| &block.steps);
        let mut found = steps.filter(|step| step.exercise_id == "Barbell_Squat" && step.sets > 1);
        found.find_map(|step| step.target.weight_kg).unwrap()
    };
    assert_eq!([0, 4, 10].map(squat), [85.0, 95.0, 115.0]);
}

/// P4 and V1 cannot both hold for goals that are lighter than hypertrophy: the goal's own row is then said to be used.
#[test]
fn loads_rise_for_every_goal_level_and_limit() {
    let limits = [
        json!({}),
        json!({ "conditions": ["hypertension"] }),
        json!({ "age": 70 }),
        json!({ "conditions": ["diabetes"] }),
        json!({ "injuries": [{ "area": "wrist", "severity": "mild" }] }),
        json!({ "conditions": ["hypertension"], "age": 70, "injuries": [{ "area": "knee", "severity": "mild" }] }),
    ];
    for (focus, level) in Focus::ALL.iter().flat_map(|focus| Level::ALL.iter().map(move |level| (focus, level))) {
        for limit in &limits {
            let mut json = with(
                json!({ "focus": focus.as_str(), "fitnessLevel": level.as_str(), "daysPerWeek": 2, "duration": 30, "exercisesRegularly": true }),
            );
            for (key, value) in limit.as_object().unwrap() {
                json[key] = value.clone();
            }
            let programme =
                programme::build(&parse(&json)).unwrap_or_else(|error| panic!("{focus:?} {level:?} {limit} {error}"));
            let own = programme.warnings.iter().any(|warning| warning.code == "phase_changed");
            assert_eq!(programme.phases[1].focus == Focus::Hypertrophy, !own || *focus == Focus::Hypertrophy);
            if limit == &json!({}) {
                let light = matches!(
                    (focus, level),
                    (Focus::Endurance, Level::Beginner | Level::Intermediate) | (Focus::Power, Level::Beginner)
                );
                assert_eq!(own, light, "{focus:?} {level:?}");
            }
        }
    }
}

#[test]
fn nobody_trains_before_a_doctor_agrees() {
    for changes in
        [json!({ "symptoms": ["chest_pain"] }), json!({ "conditions": ["cardiac"], "exercisesRegularly": false })]
    {
        let request = parse(&with(changes));
        let mut programme = programme::build(&request).unwrap();
        assert_eq!((programme.status, programme.weeks.len(), programme.phases.len()), (Status::Referral, 0, 0));
        assert!(programme.referral.as_ref().is_some_and(|referral| !referral.reasons.is_empty()));
        programme.status = Status::Ok;
        assert!(check_programme(&programme, &request).iter().any(|one| one.rule == "S3"));
    }
}

#[test]
fn a_request_says_everything_that_is_wrong() {
    let error = ProgrammeRequest::parse(&Value::from(&with(json!({
        "duration": 3, "daysPerWeek": 5, "weeks": 8, "startDate": "2026-02-29", "dayPerWeek": 3,
    }))))
    .unwrap_err();
    let pointers: Vec<&str> = error.problems().iter().map(|problem| &*problem.pointer).collect();
    for pointer in ["/duration", "/daysPerWeek", "/weeks", "/dayPerWeek"] {
        assert!(pointers.contains(&pointer), "{pointer} in {pointers:?}");
    }
    for (date, right) in [
        ("2026-02-28", true),
        ("2028-02-29", true),
        ("2026-02-29", false),
        ("2026-13-01", false),
        ("2026-1-05", false),
        ("2026-01-05T00:00", false),
        ("+026-01-05", false),
        ("1969-12-31", false),
        ("2026-01", false),
        ("", false),
        ("2026-01-05-01", false),
        ("２026-01-05", false),
    ] {
        let result = ProgrammeRequest::parse(&Value::from(&with(json!({ "startDate": date }))));
        assert_eq!(result.is_ok(), right, "{date}");
    }
    for (level, days) in [("beginner", 3), ("intermediate", 3), ("advanced", 4)] {
        let mut json = example();
        json["fitnessLevel"] = json!(level);
        assert_eq!(parse(&json).days_per_week, days);
    }
}

/// One number changed in a correct programme, and the right rule says so.
#[test]
fn a_changed_number_is_found() {
    type Change = fn(&mut Programme);
    let changes: [(&str, Change); 28] = [
        ("B1", |it| fewer(it, "pull")),
        ("B3", |it| fewer(it, "hinge")),
        ("P1", |it| drop(it.weeks.pop())),
        ("P1", |it| it.weeks[4].week = 6),
        ("P1", |it| it.weeks[2].sessions[1].day = 3),
        ("P1", |it| it.phases[1].weeks = (5, 9)),
        ("P2", |it| it.weeks[5].pct_1rm = it.weeks[4].pct_1rm),
        ("P2", |it| it.weeks[5].pct_1rm = it.weeks[4].pct_1rm * 1.12),
        ("P2", |it| main(it, 6).target.pct_1rm = Some(0.5)),
        ("P2", |it| main(it, 1).sets += 3),
        ("P3", |it| it.weeks[3].deload = false),
        ("P3", |it| it.weeks[3].rir -= 1),
        ("P3", |it| it.weeks[7].pct_1rm = it.weeks[6].pct_1rm),
        ("P3", |it| main(it, 7).target.pct_1rm = Some(0.74)),
        ("P3", |it| it.weeks[1].load_ratio = Some(1.2)),
        ("P3", |it| drop(it.weeks[11].sessions.pop())),
        ("P4", |it| it.weeks[5].rir += 1),
        ("P4", |it| (0..4).for_each(|week| it.weeks[week].pct_1rm = 0.8)),
        ("P4", |it| it.weeks[6].sets_per_muscle.set("chest", 30.0)),
        ("P5", |it| steady(it, 9)),
        ("P6", |it| {
            it.weeks[2].sessions.iter_mut().for_each(|one| one.workout.blocks.retain(|block| !block.kind.is_main()))
        }),
        ("T1", |it| it.weeks[4].sessions[0].workout.duration_min = 90),
        ("T1", |it| it.weeks[4].sessions[0].workout.totals.duration_s += 900),
        ("V1", |it| it.phases[2].focus = Focus::Power),
        ("V1", |it| main(it, 4).goal.max = 30),
        ("V4", |it| main(it, 5).sets += 12),
        ("B2", |it| it.weeks[0].sessions.retain(|one| one.day != 2 && one.day != 5)),
        ("O3", |it| {
            let blocks = it.weeks[3].sessions[0].workout.blocks.clone();
            it.weeks[3].sessions[1].workout.blocks = blocks.clone();
            it.weeks[0].sessions[0].workout.blocks = it.weeks[0].sessions[1].workout.blocks.clone();
        }),
    ];
    let request = parse(&with(json!({ "focus": "weight_loss" })));
    let good = programme::build(&request).unwrap();
    assert_eq!(check_programme(&good, &request), []);
    for (place, (rule, change)) in changes.into_iter().enumerate() {
        let mut bad = good.clone();
        change(&mut bad);
        let found: Vec<&str> = check_programme(&bad, &request).iter().map(|one| one.rule).collect();
        assert!(found.contains(&rule), "{place}: {rule} in {found:?}");
    }
}

/// The first main step with a load in a week.
fn main(programme: &mut Programme, week: usize) -> &mut repflow::fitness::workout::Step {
    let blocks = programme.weeks[week].sessions.iter_mut().flat_map(|one| &mut one.workout.blocks);
    blocks
        .filter(|block| block.kind.is_main())
        .flat_map(|block| &mut block.steps)
        .find(|step| step.target.pct_1rm.is_some())
        .unwrap()
}

/// Leaves one set of some movements in a week.
fn fewer(programme: &mut Programme, pattern: &str) {
    for block in programme.weeks[5].sessions.iter_mut().flat_map(|one| &mut one.workout.blocks) {
        for step in block.steps.iter_mut().filter(|step| step.pattern.as_str().starts_with(pattern)) {
            step.sets = 1;
        }
    }
}

/// Makes the steady work of a week longer.
fn steady(programme: &mut Programme, week: usize) {
    for block in programme.weeks[week].sessions.iter_mut().flat_map(|one| &mut one.workout.blocks) {
        if block.kind.as_str() == "conditioning" {
            block.steps[0].work_s *= 2;
        }
    }
}

/// What is missing is said, and a programme that does not say it is wrong.
#[test]
fn what_a_week_lacks_is_said() {
    for (changes, rule, code) in [
        (json!({ "duration": 20, "daysPerWeek": 2 }), "V4", "volume_low"),
        (json!({ "duration": 30, "daysPerWeek": 2 }), "V5", "volume_low"),
        (json!({ "focus": "power", "fitnessLevel": "beginner" }), "V1", "phase_changed"),
        (
            json!({ "duration": 90, "fitnessLevel": "beginner", "daysPerWeek": 4, "equipment": [], "injuries": ["ankle", "knee"] }),
            "T1",
            "session_shortened",
        ),
    ] {
        let request = parse(&with(changes));
        let mut programme = programme::build(&request).unwrap();
        assert!(programme.warnings.iter().any(|one| one.code == code), "{code}");
        programme.warnings.clear();
        assert!(check_programme(&programme, &request).iter().any(|one| one.rule == rule), "{rule}");
    }
}

/// A gym and three quarters of an hour are enough for a balance and for every main muscle.
#[test]
fn a_gym_lacks_nothing() {
    for (focus, days) in Focus::ALL.iter().flat_map(|focus| (2..=4).map(move |days| (focus, days))) {
        let request = parse(&with(json!({ "focus": focus.as_str(), "daysPerWeek": days, "targetMuscles": [] })));
        let programme = programme::build(&request).unwrap();
        let said: Vec<&str> = programme.warnings.iter().map(|one| &*one.message).collect();
        assert!(!programme.warnings.iter().any(|one| one.code == "balance_off"), "{focus:?} {days}: {said:?}");
        for session in programme.weeks.iter().flat_map(|week| &week.sessions) {
            assert!(session.workout.warnings.iter().all(|one| one.code != "pattern_skipped"), "{focus:?} {days}");
        }
    }
}

#[test]
fn an_assessment_knows_what_was_tested() {
    let mut params = gym();
    params["tests"] = json!({
        "lifts": [{ "exerciseId": "Barbell_Deadlift", "weightKg": 150, "reps": 5 }],
        "restingHeartRateBpm": 60, "pushUps": 30, "plankS": 20,
    });
    let got = call("fitness-assessment", "assess", &params).unwrap();
    assert_eq!(got["request"]["oneRepMaxKg"]["Barbell_Deadlift"], json!(175));
    assert_eq!(got["request"]["daysPerWeek"], 4);
    // 208 - 0.7 * 30 = 187; 60 + 0.4 * 127 and so on.
    assert_eq!(
        got["heart_rate"],
        json!({ "max_bpm": 187, "method": "karvonen", "light_bpm": [98, 111], "moderate_bpm": [111, 136], "vigorous_bpm": [136, 174] })
    );
    let deadlift =
        got["training_maxima"].as_array().unwrap().iter().find(|one| one["exercise_id"] == "Barbell_Deadlift").unwrap();
    assert_eq!(
        (&deadlift["epley_kg"], &deadlift["brzycki_kg"], &deadlift["training_max_kg"]),
        (&json!(175), &json!(169), &json!(157.5))
    );
    assert!(got["strengths"].to_string().contains("30 push-ups in a row"));
    assert!(got["limitations"].to_string().contains("20 s of plank"));
    assert!(ProgrammeRequest::parse(&Value::from(&got["request"])).is_ok());
    params["conditions"] = json!(["beta_blocker"]);
    assert_eq!(call("fitness-assessment", "assess", &params).unwrap()["heart_rate"], Json::Null);
    params["tests"] =
        json!({ "lifts": [{ "exerciseId": "Barbel_Deadlift", "weightKg": 150, "reps": 11 }], "pushups": 3 });
    let error = call("fitness-assessment", "assess", &params).unwrap_err();
    let pointers: Vec<&str> = error.problems().iter().map(|problem| &*problem.pointer).collect();
    assert_eq!(pointers, ["/tests/lifts/0/reps", "/tests/pushups", "/tests/lifts/0/exerciseId"]);
}

/// The workflow plans with maxima that were tested, and the checker takes the same request.
#[test]
fn a_programme_is_checked_with_what_was_tested() {
    let mut request = gym();
    request["tests"] = json!({ "lifts": [{ "exerciseId": "Leg_Press", "weightKg": 150, "reps": 5 }], "pushUps": 12 });
    let assessed = call("fitness-assessment", "assess", &request).unwrap();
    let program = call("program-planning", "plan", &json!({ "request": assessed["request"] })).unwrap();
    assert!(program.to_string().contains("\"Leg_Press\""));
    let mut params = json!({ "request": request, "program": program });
    let checked = call("safety-validation", "checkProgram", &params).unwrap();
    assert_eq!(checked, json!({ "violations": [] }));
    params["request"]["tests"] = json!({ "lifts": [{ "exerciseId": "Leg_Pres", "weightKg": 150, "reps": 5 }] });
    let error = call("safety-validation", "checkProgram", &params).unwrap_err();
    assert_eq!(error.problems()[0].pointer, "/tests/lifts/0/exerciseId");
}

/// The request of a session of a programme stands among other keys.
#[test]
fn a_request_for_a_workout_is_none_for_a_programme() {
    assert!(WorkoutRequest::parse(&Value::from(&gym())).is_err());
    assert!(ProgrammeRequest::parse(&Value::from(&example())).is_ok());
}
