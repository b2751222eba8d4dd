//! The programme of twelve weeks: whatever is asked, it is correct or an honest refusal.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use repflow::fitness::check::check_programme;
use repflow::fitness::programme::{self, ProgrammeRequest};
use repflow::value::Value;
use serde_json::{Value as Json, json};

use crate::properties::request;

pub(crate) fn cases(usual: u32) -> u32 {
    std::env::var("REPFLOW_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn parse(json: &Json) -> ProgrammeRequest {
    ProgrammeRequest::parse(&Value::from(json)).unwrap()
}

prop_compose! {
    /// Any request at all.
    pub(crate) fn any_request()(json in request(), days in option::of(2_u32..=4), date in option::of(select(vec!["2026-01-05", "2028-02-29"]))) -> Json {
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

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(60), failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_programme_is_correct_or_an_honest_refusal(json in any_request()) {
        let request = parse(&json);
        match programme::build(&request) {
            Ok(programme) => prop_assert_eq!(check_programme(&programme, &request), []),
            Err(error) => prop_assert!(error.message().contains("T1: no session fits"), "{}", error),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(60), failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

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

#[test]
fn stats() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut counts = std::collections::BTreeMap::<String, u32>::new();
    for _ in 0..cases(40) {
        let json = any_request().new_tree(&mut runner).unwrap().current();
        let request = parse(&json);
        let start = std::time::Instant::now();
        let result = programme::build(&request);
        let ms = start.elapsed().as_millis();
        *counts.entry(format!("ms {:>3}", ms / 50 * 50)).or_default() += 1;
        match result {
            Ok(programme) => {
                *counts.entry(format!("{:?}", programme.status)).or_default() += 1;
                for warning in programme.warnings {
                    let entry = counts.entry(format!("w {}", warning.code)).or_default();
                    *entry += 1;
                    if *entry < 5 {
                        println!(
                            "{} {} {} {} {}: {}",
                            json["duration"],
                            json["daysPerWeek"],
                            json["focus"],
                            json["fitnessLevel"],
                            json["equipment"],
                            warning.message
                        );
                    }
                }
            }
            Err(error) => {
                for part in error.message().split("; ").skip(1) {
                    let rule = part.split(':').next().unwrap().to_owned();
                    let entry = counts.entry(format!("ERR {rule}")).or_default();
                    *entry += 1;
                    if *entry < 4 {
                        println!("{part}\n   {json}");
                    }
                }
            }
        }
    }
    println!("{counts:#?}");
}
