use std::collections::BTreeSet;
use std::time::Duration;

use repflow::fitness::features::features;
use repflow::fitness::templates;
use repflow::workflow::plan::StepKind;
use repflow::workflow::{Plan, StepIx};
use serde_json::{Value as Json, json};

fn definition() -> Json {
    serde_json::from_str(templates::find("comprehensive-workout").unwrap().text).unwrap()
}

/// The steps that call, in order, those of a parallel group together.
fn calls(definition: &Json) -> Vec<Vec<Json>> {
    let steps = definition["steps"].as_array().unwrap().iter();
    steps.map(|step| step["parallel"].as_array().cloned().unwrap_or_else(|| vec![step.clone()])).collect()
}

#[test]
fn six_steps_call_the_six_features() {
    let actions: BTreeSet<String> = features()[..6]
        .iter()
        .map(|one| one.info())
        .map(|info| format!("{}.{}", info.name, info.actions[0].name))
        .collect();
    let called: Vec<String> =
        calls(&definition()).concat().iter().map(|step| step["call"].as_str().unwrap().to_owned()).collect();
    assert_eq!(called.len(), 6);
    assert_eq!(called.into_iter().collect::<BTreeSet<_>>(), actions);
}

#[test]
fn every_call_has_a_timeout_and_a_retry_and_known_keys() {
    for step in calls(&definition()).concat() {
        let keys: BTreeSet<&str> = step.as_object().unwrap().keys().map(String::as_str).collect();
        let mut known = BTreeSet::from(["id", "call", "with", "timeout", "retry"]);
        if ["analyze", "base", "recommend"].contains(&step["id"].as_str().unwrap()) {
            // What a model may do: the strategy it is asked by.
            known.insert("metadata");
            let task = step["metadata"]["task"].as_str().unwrap();
            assert!(repflow::fitness::strategy::Task::parse(task).is_ok());
        }
        if step["id"] == "detail" {
            // An app's own way of writing may fail; the coach's is the last resort.
            known.insert("fallback");
            assert_eq!(step["fallback"], json!([{ "call": "offline-coach.detail" }]));
        }
        assert_eq!(keys, known);
        let retry: BTreeSet<&str> = step["retry"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(retry, BTreeSet::from(["maxAttempts", "backoff", "delay", "maxDelay", "jitter"]));
    }
}

#[test]
fn expressions_are_paths_to_what_has_finished() {
    fn paths<'a>(json: &'a Json, found: &mut Vec<&'a str>) {
        match json {
            Json::String(text) => found.push(text),
            Json::Object(object) => object.values().for_each(|value| paths(value, found)),
            _ => {}
        }
    }
    let definition = definition();
    let mut finished: BTreeSet<String> = BTreeSet::new();
    let outputs = [json!({ "with": definition["output"] })];
    for group in calls(&definition).iter().map(Vec::as_slice).chain([&outputs[..]]) {
        for step in group {
            let mut found = Vec::new();
            paths(&step["with"], &mut found);
            assert!(!found.is_empty());
            for text in found {
                let path = text.strip_prefix("{{ ").and_then(|text| text.strip_suffix(" }}")).unwrap();
                let mut parts = path.split('.');
                match parts.next().unwrap() {
                    "input" => {}
                    "steps" => assert!(finished.contains(parts.next().unwrap()), "{path} is not certain to be there"),
                    other => panic!("{other} in {path}"),
                }
            }
        }
        finished.extend(group.iter().filter_map(|step| step["id"].as_str()).map(str::to_owned));
    }
}

#[test]
fn it_compiles_to_six_calls_three_of_them_side_by_side() {
    let plan =
        Plan::from_json(templates::find("comprehensive-workout").unwrap().text, Duration::from_secs(30)).unwrap();
    let names = |steps: &[StepIx]| steps.iter().map(|step| plan.step(*step).id.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&plan.roots), ["analyze", "base", "enhance", "detail"]);
    let called: Vec<&str> =
        plan.steps().iter().filter(|step| matches!(step.kind, StepKind::Call { .. })).map(|step| &*step.id).collect();
    assert_eq!(called, ["analyze", "base", "recommend", "equipment", "safety", "detail"]);

    let waits_for = |step: &StepIx| names(&plan.step(*step).needs);
    let order: Vec<Vec<String>> = plan.roots.iter().map(waits_for).collect();
    assert_eq!(order, [vec![], vec!["analyze"], vec!["base"], vec!["enhance"]]);
    let StepKind::Group { children, concurrency } = &plan.step(plan.roots[2]).kind else { panic!("no group") };
    assert_eq!(
        (names(children), *concurrency),
        (["recommend", "equipment", "safety"].map(str::to_owned).into(), Some(3))
    );
    assert!(children.iter().all(|step| waits_for(step).is_empty()), "they start together");
    assert!(plan.output.is_some());
}

#[test]
fn a_template_is_found_by_its_id() {
    for template in &templates::ALL {
        let text = template.text;
        let id = serde_json::from_str::<Json>(text).unwrap()["id"].as_str().unwrap().to_owned();
        assert_eq!(templates::find(&id).map(|found| found.text), Some(text));
    }
    assert!(templates::find("dance").is_none());
}

#[test]
fn an_adaptation_compiles_to_five_steps_with_a_choice() {
    let plan = Plan::from_json(templates::find("real-time-adaptation").unwrap().text, Duration::from_secs(30)).unwrap();
    let names = |steps: &[StepIx]| steps.iter().map(|step| plan.step(*step).id.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&plan.roots), ["assess", "conditions", "decide", "alternatives", "validate"]);
    let known = features();
    let mut called = Vec::new();
    for step in plan.steps() {
        if let StepKind::Call { .. } = step.kind {
            called.push(step.id.to_string());
        }
    }
    assert_eq!(called, ["assess", "conditions", "recover", "adapt", "alternatives", "validate"]);
    fn calls<'a>(json: &'a Json, found: &mut Vec<&'a Json>) {
        match json {
            Json::Object(object) => {
                found.extend(object.contains_key("call").then_some(json));
                object.values().for_each(|json| calls(json, found));
            }
            Json::Array(list) => list.iter().for_each(|json| calls(json, found)),
            _ => {}
        }
    }
    let definition: Json = serde_json::from_str(templates::find("real-time-adaptation").unwrap().text).unwrap();
    let mut steps = Vec::new();
    calls(&definition, &mut steps);
    assert_eq!(steps.len(), 6);
    for step in steps {
        let (feature, action) = step["call"].as_str().unwrap().split_once('.').unwrap();
        let info = known.iter().map(|one| one.info()).find(|info| info.name == feature).unwrap();
        assert!(info.actions.iter().any(|known| known.name == action), "{action}");
        assert!(step["timeout"].is_string() && step["retry"].is_object());
        assert_eq!(step["metadata"]["task"].as_str(), (action == "adapt").then_some("adaptation"));
    }
}

#[test]
fn a_group_workout_compiles_to_six_calls_three_of_them_for_everybody() {
    let plan = Plan::from_json(templates::find("group-workout").unwrap().text, Duration::from_secs(30)).unwrap();
    let names = |steps: &[StepIx]| steps.iter().map(|step| plan.step(*step).id.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&plan.roots), ["analyze", "compatibility", "base", "variations"]);
    let StepKind::Group { children, concurrency } = &plan.step(plan.roots[0]).kind else { panic!("no group") };
    assert_eq!(
        (names(children), *concurrency),
        (["fitness", "preferences", "limitations"].map(str::to_owned).into(), None)
    );
    let definition: Json = serde_json::from_str(templates::find("group-workout").unwrap().text).unwrap();
    let mut called = Vec::new();
    for step in calls(&definition).concat() {
        let call = if step["forEach"].is_string() {
            assert_eq!((&step["forEach"], &step["concurrency"]), (&json!("{{ input.participants }}"), &json!(10)));
            step["steps"][0].clone()
        } else {
            step
        };
        assert!(call["timeout"].is_string() && call["retry"]["maxAttempts"] == 3);
        called.push(call["call"].as_str().unwrap().to_owned());
    }
    let known: BTreeSet<String> = features()
        .iter()
        .map(|one| one.info())
        .flat_map(|info| info.actions.into_iter().map(move |action| format!("{}.{}", info.name, action.name)))
        .collect();
    assert_eq!(called.len(), 6);
    assert!(called.iter().all(|call| known.contains(call)), "{called:?}");
    assert_eq!(definition["steps"][2]["metadata"]["task"], "group");
}

/// The four steps of the programme, done by hand, give what `plan` gives in one; and every call is of a feature there is.
#[test]
fn a_programme_is_planned_in_four_steps() {
    let definition: Json = serde_json::from_str(templates::find("progressive-program").unwrap().text).unwrap();
    let plan = Plan::from_json(templates::find("progressive-program").unwrap().text, Duration::from_secs(30)).unwrap();
    let steps = definition["steps"].as_array().unwrap();
    assert_eq!(plan.roots.len(), 4);
    let mut input = crate::support::example();
    input["daysPerWeek"] = json!(2);
    input["tests"] = json!({ "lifts": [{ "exerciseId": "Goblet_Squat", "weightKg": 30, "reps": 5 }] });
    let all = features();
    let call = |step: &Json, params: &Json| {
        let (feature, action) = step["call"].as_str().unwrap().split_once('.').unwrap();
        let found = all.iter().find(|one| one.info().name == feature).unwrap();
        Json::from(&found.call(action, &repflow::value::Value::from(params)).unwrap())
    };
    let assessed = call(&steps[0], &input);
    let mut last = Json::Null;
    for step in &steps[1..] {
        assert_eq!(step["metadata"]["task"], "programme");
        assert!(step["timeout"].is_string() && step["retry"]["maxAttempts"] == 3);
        let mut params = step["with"].clone();
        params["request"] = assessed["request"].clone();
        params["assessment"] = assessed.clone();
        if step["with"].get("plan").is_some() {
            params["plan"] = last;
        }
        last = call(step, &params);
    }
    let whole = call(&json!({ "call": "program-planning.plan" }), &json!({ "request": assessed["request"] }));
    assert_eq!(whole.to_string(), last.to_string());
    assert_eq!(last["weeks"].as_array().unwrap().len(), 12);
}
