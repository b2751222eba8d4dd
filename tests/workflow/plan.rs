//! A definition compiled: ids are integers, and each step knows who waits for it.

use std::time::Duration;

use repflow::policy::{Backoff, Growth, Jitter, Retry};
use repflow::workflow::definition::Target;
use repflow::workflow::plan::StepKind;
use repflow::workflow::{Plan, StepIx};
use serde_json::{Value as Json, json};

use crate::story::{DEFAULT_TIMEOUT, call, plan, step, workflow};

/// Whom a step waits for, by id.
fn needs(plan: &Plan, id: &str) -> Vec<String> {
    names(plan, &plan.step(step(plan, id)).needs)
}

fn names(plan: &Plan, steps: &[StepIx]) -> Vec<String> {
    steps.iter().map(|step| plan.step(*step).id.to_string()).collect()
}

fn plain(id: &str) -> Json {
    call(id, json!({}))
}

#[test]
fn a_definition_becomes_a_graph() {
    let plan = plan(&json!({
        "$schema": "https://example.org/workflow.json", "description": "A session", "metadata": { "any": ["thing"] },
        "id": "session", "version": "1.0.0", "timeout": "60s", "concurrency": 10,
        "steps": [
            plain("analyse"),
            { "id": "enhance", "parallel": [plain("recommend"), plain("safety"), call("merge", json!({ "needs": ["safety", "recommend", "safety"] }))], "concurrency": 2 },
            { "id": "write", "steps": [plain("draft"), plain("polish")], "needs": [] },
            plain("print"),
        ],
    }));
    assert_eq!((&*plan.id, &*plan.version), ("session", "1.0.0"));
    assert_eq!((plan.timeout, plan.concurrency), (Some(Duration::from_secs(60)), Some(10)));
    let all: Vec<&str> = plan.steps().iter().map(|step| &*step.id).collect();
    assert_eq!(
        all,
        ["analyse", "enhance", "recommend", "safety", "merge", "write", "draft", "polish", "print"],
        "a group stands before its children"
    );
    assert_eq!(names(&plan, &plan.roots), ["analyse", "enhance", "write", "print"]);
    let nobody: [&str; 0] = [];
    assert_eq!(needs(&plan, "analyse"), nobody);
    assert_eq!(needs(&plan, "enhance"), ["analyse"]);
    assert_eq!(needs(&plan, "safety"), nobody, "children in parallel wait for nobody");
    assert_eq!(needs(&plan, "merge"), ["recommend", "safety"], "each once");
    assert_eq!(needs(&plan, "write"), nobody, "`needs: []` starts at once");
    assert_eq!(needs(&plan, "draft"), nobody);
    assert_eq!(needs(&plan, "polish"), ["draft"]);
    assert_eq!(needs(&plan, "print"), ["write"]);
    let dependents = |id| names(&plan, &plan.step(step(&plan, id)).dependents);
    assert_eq!(dependents("analyse"), ["enhance"]);
    assert_eq!(dependents("safety"), ["merge"]);
    assert_eq!(dependents("print"), nobody);
    let parent = |id| plan.step(step(&plan, id)).parent.map(|it| plan.step(it).id.to_string());
    assert_eq!(
        (parent("enhance"), parent("safety").as_deref(), parent("polish").as_deref()),
        (None, Some("enhance"), Some("write"))
    );
    match &plan.step(step(&plan, "enhance")).kind {
        StepKind::Group { children, concurrency } => {
            assert_eq!(
                (names(&plan, children), *concurrency),
                (vec!["recommend".into(), "safety".into(), "merge".into()], Some(2))
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_names_a_feature_and_its_action() {
    let plan = plan(&workflow(
        json!([{ "id": "a", "call": "user-analysis.analyzeProfile", "with": { "userId": 7 } }, plain("b")]),
    ));
    match &plan.steps()[0].kind {
        StepKind::Call(call) => {
            let target = Target::Action { feature: "user-analysis".to_owned(), action: "analyzeProfile".to_owned() };
            assert_eq!((&call.target, call.with.is_some()), (&target, true));
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(&plan.steps()[1].kind, StepKind::Call(call) if call.with.is_none()));
    assert!(plan.output.is_none());
    assert_eq!(&*plan.version, "");
}

#[test]
fn timeouts_and_retries_are_those_written_or_the_defaults() {
    let plan = plan(&workflow(json!([
        plain("plain"),
        call("own", json!({ "timeout": 250, "retry": { "maxAttempts": 5, "backoff": "linear", "delay": "1s", "maxDelay": "1m", "jitter": "equal" } })),
        call("defaults", json!({ "timeout": "2s", "retry": {} })),
        call("constant", json!({ "retry": { "backoff": "constant", "jitter": "none" } })),
        call("exponential", json!({ "retry": { "backoff": "exponential", "jitter": "full" } })),
        { "id": "group", "steps": [] },
    ])));
    let limits = |id| {
        let step = plan.step(step(&plan, id));
        (step.policies.timeout, step.policies.retry.clone())
    };
    assert_eq!(limits("plain"), (Some(DEFAULT_TIMEOUT), None));
    let backoff = Backoff {
        growth: Growth::Linear,
        delay: Duration::from_secs(1),
        max_delay: Duration::from_secs(60),
        jitter: Jitter::Equal,
    };
    assert_eq!(
        limits("own"),
        (Some(Duration::from_millis(250)), Some(Retry { max_attempts: 5, backoff, ..Retry::default() }))
    );
    assert_eq!(limits("defaults"), (Some(Duration::from_secs(2)), Some(Retry::default())));
    let kind = |id| limits(id).1.map(|retry| (retry.backoff.growth, retry.backoff.jitter));
    assert_eq!(kind("constant"), Some((Growth::Constant, Jitter::None)));
    assert_eq!(kind("exponential"), Some((Growth::Exponential, Jitter::Full)));
    assert_eq!(limits("group"), (None, None));
}
